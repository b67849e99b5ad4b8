"""The score of the suite: every planted mutant must be killed, and every right implementation
must pass.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from stsm_ref._suggest import suggest
from stsm_ref.bugs.implementation import Implementation
from stsm_ref.conformance.suite import run_suite
from stsm_ref.errors import SpecError
from stsm_ref.evidence.options import RunOptions
from stsm_ref.evidence.report.report import Report
from stsm_ref.evidence.suite_context import Level
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.python import PythonTarget

Frameworks = Literal["numpy", "torch", "all"]


def planted(framework: Frameworks = "all") -> tuple[Implementation, ...]:
    """Every implementation of a framework, wrong ones first.

    Raises
    ------
    MissingExtraError
        If torch is asked for and not installed.
    """
    from stsm_ref.bugs import correct, gradients, rare, stateful
    from stsm_ref.bugs.catalogue import BUGS
    from stsm_ref.bugs.implementation import planted as in_ours

    if framework not in get_args(Frameworks):
        raise SpecError(f"framework={framework!r} is none of {', '.join(get_args(Frameworks))}")
    found: list[Sequence[Implementation]] = []
    if framework != "torch":
        found += [[in_ours(bug) for bug in BUGS.values() if bug.mutant]]
        found += [stateful.MUTANTS, gradients.MUTANTS, rare.MUTANTS, correct.RIGHT]
    if framework != "numpy":
        import stsm_ref.nn  # noqa: F401 # says what is missing where torch is
        from stsm_ref.bugs import torch

        found += [
            torch.moves.MUTANTS,
            torch.stateful.MUTANTS,
            torch.rare.MUTANTS,
            torch.unusual.MUTANTS,
            torch.correct.RIGHT,
        ]
    every = [implementation for table in found for implementation in table]
    return (
        *(entry for entry in every if not entry.right),
        *(entry for entry in every if entry.right),
    )


def named(name: str, framework: Frameworks = "all") -> tuple[Implementation, ...]:
    """The implementation of that name, alone.

    Raises
    ------
    SpecError
        If there is none; the message names the nearest.
    """
    # a name that NumPy has must not load torch
    known = {
        entry.name: entry
        for entry in planted(
            "numpy" if framework == "all" and not name.startswith("torch-") else framework
        )
    }
    if name not in known:
        hint = suggest(name, known, "see stsm-ref mutants")
        raise SpecError(f"name={name!r} is not a planted implementation: {hint}")
    return (known[name],)


def as_target(implementation: Implementation) -> PythonTarget:
    """The implementation as the suite takes it, without memory of earlier runs."""
    fresh = implementation.fresh()
    return PythonTarget(
        fresh.forward,
        layout=fresh.layout,
        framework=fresh.framework,
        vjp=fresh.vjp,
        jvp=fresh.jvp,
        name=fresh.name,
        dtypes=fresh.dtypes,
        moves_bits=fresh.moves_bits,
    )


def examine(
    implementation: Implementation,
    *,
    level: Level = "smoke",
    first: bool = False,
    shrink: bool = False,
) -> Report:
    """Hold one implementation to the suite: to all of it or, with `first`, to the first
    violation; `shrink` looks for smaller cases.
    """
    spec = ShiftSpec.parse(implementation.spec)
    options = RunOptions(spec, level, first=first, shrink=shrink, keep_memory_format=True)
    return run_suite(as_target(implementation), options)


@dataclass(frozen=True)
class Verdict:
    """What the suite made of one implementation."""

    implementation: Implementation
    report: Report

    @property
    def killed_by(self) -> tuple[str, ...]:
        """The rules that it breaks, in the order in which they are tried, or during which it
        gave no answer.
        """
        return tuple(
            result.rule
            for result in self.report.results
            if result.outcome in ("violated", "broken")
        )

    @property
    def seconds(self) -> float:
        """From the first question to the first rule that it broke."""
        spent = 0.0
        for result in self.report.results:
            spent += result.seconds
            if result.outcome in ("violated", "broken"):
                break
        return spent

    @property
    def as_it_should(self) -> bool:
        """A mutant violates a rule or gives no answer; a right implementation passes. Undecided
        is neither.
        """
        return self.report.passed if self.implementation.right else bool(self.killed_by)

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain data."""
        entry, violations = self.implementation, self.report.violations
        return {
            "name": entry.name,
            "what": entry.what,
            "right": entry.right,
            "bug": entry.bug or None,
            "framework": entry.framework,
            "layout": entry.layout,
            "spec": entry.spec,
            "level": self.report.level,
            "outcome": self.report.outcome,
            "as_it_should": self.as_it_should,
            "killed_by": list(self.killed_by),
            "requirement": violations[0].requirement if violations else None,
            "message": violations[0].message if violations else self.report.broken,
            "guess": violations[0].guess if violations else "",
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Score:
    """All verdicts of one level; `later` are mutants that only a higher one is to kill, and
    that were not tried.
    """

    level: Level
    verdicts: tuple[Verdict, ...]
    later: tuple[Implementation, ...] = ()

    @property
    def mutants(self) -> tuple[Verdict, ...]:
        """Those of wrong implementations."""
        return tuple(verdict for verdict in self.verdicts if not verdict.implementation.right)

    @property
    def right(self) -> tuple[Verdict, ...]:
        """Those of right implementations."""
        return tuple(verdict for verdict in self.verdicts if verdict.implementation.right)

    @property
    def as_it_should(self) -> bool:
        """Every mutant killed, no false alarm, and something was tried."""
        return bool(self.verdicts) and all(verdict.as_it_should for verdict in self.verdicts)

    def only_killed_by(self) -> dict[str, tuple[str, ...]]:
        """For each rule that was tried, the mutants that it alone kills."""
        alone: dict[str, list[str]] = {
            result.rule: [] for verdict in self.verdicts for result in verdict.report.results
        }
        for verdict in self.mutants:
            if len(verdict.killed_by) == 1:
                alone[verdict.killed_by[0]].append(verdict.implementation.name)
        return {rule: tuple(names) for rule, names in alone.items()}

    def summary(self) -> str:
        """The score in a line."""
        killed, passed = (sum(v.as_it_should for v in side) for side in (self.mutants, self.right))
        line = (
            f"{killed} of {len(self.mutants)} mutants killed, {passed} of {len(self.right)} "
            f"right ones pass, at level {self.level}"
        )
        return (
            f"{line}; {len(self.later)} more need larger clips, level {self.later[0].level}"
            if self.later
            else line
        )

    def as_dict(self) -> dict[str, Any]:
        """The score as plain data, format version 1."""
        return {
            "format": "stsm-ref mutants",
            "version": 1,
            "level": self.level,
            "as_it_should": self.as_it_should,
            "summary": self.summary(),
            "later": [{"name": entry.name, "level": entry.level} for entry in self.later],
            "rules": {
                rule: {"kills_alone": list(names), "why_not": WHY_NOT_ALONE.get(rule, "")}
                for rule, names in self.only_killed_by().items()
            },
            "implementations": [verdict.as_dict() for verdict in self.verdicts],
        }


def score(
    implementations: Iterable[Implementation],
    *,
    level: Level = "smoke",
    first: bool = False,
    shrink: bool = False,
    on_each: Callable[[Implementation], None] | None = None,
    above: bool = False,
) -> Score:
    """Hold each implementation to the suite; `on_each` is called before each, `first` and `shrink`
    are those of `examine`.

    What only a higher level is to kill is left for later or, with `above`, held to that level.
    """
    verdicts, later, levels = [], [], get_args(Level)
    for implementation in implementations:
        if on_each:
            on_each(implementation)
        needed = max(level, implementation.level, key=levels.index)
        if needed != level and not above:
            later.append(implementation)
            continue
        verdicts.append(
            Verdict(
                implementation, examine(implementation, level=needed, first=first, shrink=shrink)
            )
        )
    return Score(level, tuple(verdicts), tuple(later))


WHY_NOT_ALONE: dict[str, str] = {
    "forward_equals_definition": "at level smoke other rules draw shapes of the same kinds; at ci "
    "and night it draws by far the most",
    "vjp_equals_definition": "at level smoke other rules draw gradients of the same kinds; at ci "
    "and night it draws by far the most",
    "clips_do_not_mix": "labels are unique over all clips, so that a value from another clip "
    "shows in every comparison; this one names it",
    "it_is_tsm": "under TSM's spec the definition is TSM; it is written out once more so that the "
    "definition is held to TSM too",
    "vjp_is_the_adjoint": "forward and backward that equal the definition fit each other; a pair "
    "that fits and is wrong passes here",
    "vjp_does_not_depend_on_x": "the certificate takes its gradients at x = 0, where such a "
    "backward is wrong too",
    "the_rest_stays": "bits_are_moved looks at all groups, X_N among them; this one says that it "
    "is X_N",
    "it_is_a_sparse_convolution": "the definition is the convolution (CONV-2); it holds the "
    "suite's own two sides together",
    "forward_is_linear": "what is not linear is wrong on values too; the certificate assumes it "
    "and must not stand without it",
    "strides_of_the_gradient_make_no_difference": "gradients_of_any_strides_come_back lists what "
    "this one draws, at other sizes",
    "the_gradient_of_a_sum_comes_back": "gradients_of_any_strides_come_back asks for it among "
    "others; this one says that it is a sum",
    "large_clips_are_right": "it is not tried at level smoke; the mutants of level ci are those "
    "that it kills",
    "large_gradients_come_back": "it is not tried at level smoke; the mutants of level ci are "
    "those that it kills",
    "labels_at_the_size_of_a_network": "it is not tried at level smoke, at which every mutant "
    "must be killed",
}
"""Why a rule kills no mutant that another does not kill too, for each rule of which that is so
at level smoke.
"""
