"""Hold a target to every rule that applies to it, and report."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from stsm_ref.bugs.guess import Diagnosis
from stsm_ref.checks.any_implementation import (
    certificate,
    cost,
    gradients,
    memory,
    modes,
    refusals,
    repetition,
    shift,
    sizes,
    value_kinds,
    values,
    vectors,
)
from stsm_ref.errors import SpecError
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import Check, registered
from stsm_ref.evidence.comparison import requirement_of
from stsm_ref.evidence.executor import RuleExecutor
from stsm_ref.evidence.failure import Failure
from stsm_ref.evidence.failure import Violation as BrokenRule
from stsm_ref.evidence.options import SILENT, RunListener, RunOptions
from stsm_ref.evidence.outcome import Outcome
from stsm_ref.evidence.provenance import environment, hashes
from stsm_ref.evidence.repeat_command import line
from stsm_ref.evidence.report.report import Report, RuleResult, Violation
from stsm_ref.evidence.standing import OPS, as_case, unasked
from stsm_ref.evidence.suite_context import Level, SuiteContext
from stsm_ref.implementations.base import Declined, Target, TargetError
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.requirements import requirement
from stsm_ref.values import DTYPES

SHRINKING: dict[Level, int] = {"smoke": 600, "ci": 6000, "night": 60000}
"""How many smaller cases a run tries, over all rules: a number and not a time, so that the same
seed reports the same case everywhere.
"""

HANDSHAKE = "handshake"
SMALL = (2, 3, 2, 3, 2)
# what is quick and telling comes first; memory_rules look at what the others saw
RULES = registered(
    *(shift, vectors, gradients, values, value_kinds, sizes, modes, certificate),
    *(repetition, memory, cost, refusals),
)


def run_suite(target: Target, options: RunOptions, listener: RunListener = SILENT) -> Report:
    """Run the rules on `target`.

    Parameters
    ----------
    target : Target
        It is neither started nor closed here.
    options : RunOptions
        What it must do, and how much it is asked.
    listener : RunListener
        Told of each case and of each rule.

    Returns
    -------
    Report
        It never raises for what the target does; a target that answers nothing is `broken`.

    Raises
    ------
    SpecError
        If `options.only` names no rule or case.
    """
    started = time.perf_counter()
    chosen = _chosen(options.only)
    if chosen and isinstance(chosen[1], Case):
        options = replace(options, spec=chosen[1].spec)
    run = _Run(target, options, listener)
    run.shake_hands()
    if not run.broken and run.does_spec:
        run.run_rule(*chosen) if chosen else run.run_all(first=options.first)
    return Report(
        target=options.target or target.name,
        name=target.name,
        kind=target.kind,
        layout=target.layout,
        spec=str(run.context.spec),
        level=options.level,
        seed=options.seed,
        declared=run.declared,
        seconds=round(time.perf_counter() - started, 3),
        results=tuple(run.results),
        broken=run.broken,
        limits=tuple(run.limits()),
        unasked=()
        if chosen or run.broken
        else tuple(unasked(run.context, RULES.values(), run.results)),
        environment=environment(target.kind),
        hashes=hashes(),
    )


def plan(target: Target, options: RunOptions) -> int:
    """Count the cases that `run_suite` declares for this target; it may be fewer if the target
    then declines an operation.
    """
    if options.only:
        return 2
    context = SuiteContext(target, options.spec, level=options.level)
    return 1 + sum(
        rule.declared(context) for rule in RULES.values() if not rule.skip_reason(context)
    )


def _chosen(only: str | None) -> tuple[Check, object] | None:
    """Read ``RULE/CASE`` or ``CASE``."""
    if only is None:
        return None
    name, slash, text = only.partition("/")
    if slash and name in RULES:
        return RULES[name], RULES[name].parse(text)
    if slash and "@" not in name:
        raise SpecError(f"case={only!r}: {name!r} is no rule of the suite: {', '.join(RULES)}")
    case = Case.parse(only)
    forward = "bits_are_moved" if case.values == "bits" else "forward_equals_definition"
    return RULES[
        {"forward": forward, "vjp": "vjp_equals_definition", "jvp": "jvp_is_the_shift"}[case.op]
    ], case


class _Run:
    """A run as it goes."""

    def __init__(self, target: Target, options: RunOptions, listener: RunListener) -> None:
        self.target, self.options, self.listener = target, options, listener
        self.context = SuiteContext(target, options.spec, level=options.level, seed=options.seed)
        self.results: list[RuleResult] = []
        self.begun = 0
        self.declared = 1
        self.broken = ""
        self.does_spec = True
        self.tries = SHRINKING[options.level] if options.shrink else 0
        self.declared_by_rule: dict[str, int] = {}
        self.diagnosis = Diagnosis(self.context)

    def shake_hands(self) -> None:
        """Put one small clip through each operation: a target that does not answer this is not
        judged at all.
        """
        started, outcome, note = time.perf_counter(), "passed", ""
        try:
            self.target.use(self.context.spec)
            self._ask_once()
        except Declined as error:
            outcome, note, self.does_spec = (
                "skipped",
                f"the target does not do {self.context.spec}: {error}",
                False,
            )
        except TargetError as error:
            arguments = (
                f"\n{self.target.given(self.context.first_case('forward').shape)}"
                if isinstance(self.target, PythonTarget)
                else ""
            )
            outcome, note = "broken", f"{error}{arguments}"
            self.broken = note
        statement = "It answers a small clip with an array of that shape and dtype"
        cases = int(outcome == "passed")
        self._add(RuleResult(HANDSHAKE, statement, (), "L0", outcome, cases, _since(started), note))  # type: ignore[arg-type]  # three of the five

    def _ask_once(self) -> None:
        for op in ("forward", "vjp", "jvp"):
            if op not in self.target.ops:
                continue
            case = self.context.first_case(op)
            try:
                output = self.context.run(case).output
            except Declined as error:
                if op == "forward":
                    raise
                self.context.declined_ops[op] = str(error)
                continue
            self.context.first_outputs.setdefault(case, output.copy())
            if output.dtype != case.dtype:
                raise TargetError(
                    f"{op} returned {output.dtype} for {case.dtype}: the dtype must be kept (NUM-2)"
                )

    def limits(self) -> Iterator[str]:
        """What cannot be asked of this target, and so was not seen."""
        for axis, size in self.target.fixed.items():
            if not (axis == "N" and self.target.layout == "TCHW"):
                yield f"{axis} is {size} and no other size of it was seen"
        missing = [d.name for d in DTYPES if d not in self.target.dtypes]
        if missing:
            yield f"not asked in {', '.join(missing)}"
        if not self.target.sees_memory:
            yield "writes to the input and shared memory cannot be seen in another process"

    def run_all(self, *, first: bool) -> None:
        """Every rule in turn."""
        reasons = {rule.name: rule.skip_reason(self.context) for rule in RULES.values()}
        self.declared_by_rule = {
            name: rule.declared(self.context) for name, rule in RULES.items() if not reasons[name]
        }
        self.declared += sum(self.declared_by_rule.values())
        for rule in RULES.values():
            if reasons[rule.name]:
                self._note(rule, "skipped", note=reasons[rule.name])
                continue
            result = self._execute(rule)
            if (first and result.outcome == "violated") or (
                result.outcome == "broken" and not self._answers()
            ):
                return

    def run_rule(self, rule: Check, case: object) -> None:
        """One rule on one case."""
        self.declared += 1
        self._execute(rule, case)

    def _answers(self) -> bool:
        """Whether a target that broke still answers what it answered at first; a program that was
        ended does not.
        """
        try:
            self._ask_once()
        except (TargetError, Declined):
            return False
        return True

    def _begin(self, case: str) -> None:
        self.begun += 1
        self.listener.case_begun(case, self.begun)

    def _begin_smaller(self, case: str) -> None:
        """A smaller case is none of those that were planned."""
        self.listener.case_begun(case, self.begun)

    def _execute(self, rule: Check, case: object = None) -> RuleResult:
        started = time.perf_counter()
        executor = RuleExecutor(rule, self.context, self._begin, self._begin_smaller, self.tries)
        executor.run(case)
        self.tries = max(0, executor.tries)
        seconds = _since(started)
        declared = 1 if case is not None else self.declared_by_rule[rule.name]
        # a rule may look once more at what another one saw: no more than was declared is counted
        ran = min(executor.ran, declared)
        outcome, note = executor.verdict(declared)
        asked: dict[str, tuple[str, ...]] = {
            identifier: tuple(op for op in OPS if op in ops)
            for identifier, ops in executor.asked.items()
            if ops
        }
        if isinstance(executor.failure, BrokenRule):
            violation = self._violation(rule, executor.failing, executor.failure.failure)
            if violation.aspect == "layout" and not self.options.keep_memory_format:
                self.declared -= declared - ran  # it was not demanded
                return self._note(rule, "warned", ran, seconds, "it was not demanded", violation)
            return self._note(rule, "violated", ran, seconds, violation=violation, asked=asked)
        if outcome == "broken":
            self.broken = self.broken or note
        return self._note(
            rule, outcome, ran, seconds, note, asked=asked if outcome == "passed" else {}
        )

    def _note(
        self,
        rule: Check,
        outcome: Outcome,
        cases: int = 0,
        seconds: float = 0.0,
        note: str = "",
        violation: Violation | None = None,
        asked: dict[str, tuple[str, ...]] | None = None,
    ) -> RuleResult:
        what = rule.name, rule.statement, rule.requirements, rule.rung
        return self._add(RuleResult(*what, outcome, cases, seconds, note, violation, asked or {}))

    def _add(self, result: RuleResult) -> RuleResult:
        self.results.append(result)
        self.listener.rule_ended(result)
        return result

    def _violation(self, rule: Check, case: Any, failure: Failure) -> Violation:
        drawn = isinstance(case, Case)
        identifier = requirement_of(as_case(case), failure, rule.requirements)
        return Violation.of(
            replace(failure, operation=failure.operation or as_case(case).op),
            rule=rule.name,
            requirement=identifier,
            statement=rule.statement,
            place=requirement(identifier).place,
            case=case.id,
            guess=self.diagnosis.guess(
                case if drawn else self.context.case(case.kind, *SMALL), failure
            ),
            reproduce=line(
                self.options.target, self.target, self.context.spec, f"{rule.name}/{case.id}"
            ),
        )


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 4)
