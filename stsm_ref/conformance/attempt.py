"""One rule on one target: its cases, one after another, and the smallest of those that fail.

A failing case is made plainer and smaller axis by axis, drawn or listed: Hypothesis would ask ten times as much. It ends when the time for
it is used up, and the smallest failing case so far is what is reported. What is smallest, `smallest` says.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

from stsm_ref.conformance.cases import Case
from stsm_ref.conformance.crashing import as_violation, crashed, told
from stsm_ref.conformance.rule import Rule
from stsm_ref.conformance.smallest import smaller_from, too_short, weight
from stsm_ref.conformance.standing import note_asked
from stsm_ref.conformance.target import CrashError, Declined, Op, TargetError
from stsm_ref.conformance.trial import Trial, fitting
from stsm_ref.verification.compare import Violation

Watch = Callable[[str], None]

SLOWER = 20
"""A target in this process that waits instead of computing may take so many times longer."""


class _Stop(BaseException):
    """Leaves Hypothesis at once: an answer that never came is not searched for a smaller one."""


class Attempt:
    """What became of the cases: how many ran, the smallest failure, why the target broke, why it declined."""

    def __init__(self, rule: Rule, trial: Trial, watch: Watch | None = None, shrink_seconds: float = 1.0) -> None:
        self.rule, self.trial = rule, trial
        self.ran = 0
        self.failing: Any = None
        self.failure: Violation | None = None
        self.asked: dict[str, set[Op]] = {}
        self.broken = self.declined = ""
        self._watch = watch
        self._shrink_seconds = shrink_seconds
        self._deadline = float("inf")

    def run(self, only: Any = None) -> "Attempt":
        """Try the cases of the rule, or the one that is given."""
        try:
            if only is not None:
                self._each([only])
            elif self.rule.each:
                self._each(self.rule.each(self.trial))
                self._shrink()
            elif self.rule.draw:
                self._drawn()
                self._shrink()
        except _Stop:
            pass
        return self

    def _each(self, cases: Iterable[Any]) -> None:
        for case in cases:
            if self._fails(case):
                return

    def _drawn(self) -> None:
        rule, count = self.rule, self.rule.counts.at(self.trial.level)
        assert rule.draw is not None
        how = settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        how = settings(how, report_multiple_bugs=False, print_blob=False)

        def body(case: Case) -> None:
            if self._fails(case):
                raise Violation

        try:
            seed(self.trial.seed)(how(given(rule.draw(self.trial))(body)))()
        except (Violation, HypothesisException):  # a target that fails at random makes Hypothesis complain, rightly
            if self.failure is None:
                raise

    def _fails(self, case: Any) -> bool:
        """Try one case; keep it if it fails and none smaller has."""
        if self._time() > self._deadline:
            raise _Stop
        if self._watch:
            self._watch(f"{self.rule.name}/{case.id}")
        self.trial.target.answered.clear()
        try:
            with np.errstate(all="ignore"):  # a wrong answer may overflow where a right one does not: the verdict says it, no warning
                self.rule.body(self.trial, case)
        except Violation as error:
            return self._keep(case, error)
        except Declined as error:
            self.declined = str(error)
            return False
        except TargetError as error:
            crash = as_violation(self.trial, case, error) if isinstance(error, CrashError) else None
            if crash is not None:
                # while a smaller case is looked for, a crash is another bug than wrong values
                return (self.failure is None or crashed(self.failure)) and self._keep(case, crash)
            if self.failure is None:
                self.broken = told(self.trial, case, error)
            raise _Stop from None
        self.ran += 1
        note_asked(self.asked, self.rule.requirements, case, self.trial.target)
        return False

    def _keep(self, case: Any, error: Violation) -> bool:
        if self.failure is None:
            self._deadline = self._time() + self._shrink_seconds
        if self.failing is None or weight(self.trial, case) <= weight(self.trial, self.failing):
            self.failing, self.failure = case, error
        return True

    def _time(self) -> float:
        """Seconds of this process where the target runs in it, so that a busy machine shrinks as far as an idle one; else of the clock."""
        return time.process_time() + time.perf_counter() / SLOWER if self.trial.target.sees_memory else time.perf_counter()

    def _shrink(self) -> None:
        """Try plain memory, dtype and seed, then smaller sizes along each axis, smallest first, until none fails any more."""
        if isinstance(self.failing, Case):
            for plain in ({"memory": "C"}, {"dtype": self.trial.case(self.failing.op, 1, 1, 1, 1, 1).dtype}, {"seed": self.trial.seed}):
                case = fitting(self.failing.smaller(**plain))
                if case != self.failing:
                    self._fails(case)
            for axis, enough in too_short(self.trial, self.failing):
                self._try_size(axis, enough)
        smaller = isinstance(self.failing, Case)
        while smaller:
            smaller = False
            for axis in (0, 3, 4, 1, 2):
                before: Case = self.failing
                for size in range(smaller_from(self.trial, axis, before.shape[axis]), before.shape[axis]):
                    if self._try_size(axis, size):
                        smaller = True
                        break

    def _try_size(self, axis: int, size: int) -> bool:
        shape = tuple(size if place == axis else n for place, n in enumerate(self.failing.shape))
        return self._can_be(shape) and self._fails(fitting(self.failing.smaller(shape=shape)))

    def _can_be(self, shape: tuple[int, ...]) -> bool:
        return self.trial.divides(shape[2]) and shape == self.trial.shape(*shape)
