"""What a run found, as plain data: all that is printed or written is made from a `Report`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from stsm_ref.errors import MissingExtraError, ReportError
from stsm_ref.evidence.failure import Failure
from stsm_ref.evidence.outcome import EXIT_CODES, Outcome, worst
from stsm_ref.evidence.standing import (
    OPS,
    WORST_FIRST,
    OperationStanding,
    Standing,
    State,
    Unasked,
    operations,
    standing,
)
from stsm_ref.implementations.base import Op

FORMAT, VERSION = "stsm-ref check", 2
"""The format of a report in JSON; version 2 has the fields of a `Failure`."""

Record = TypeVar("Record")

TELLING = ("values", "crash", "bits", "dtype", "memory", "compared", "rounding", "other", "layout")
"""What a violation can be about, what says most about a bug first."""

ORDINARY = ("labels", "finite")
"""Values of a case that nobody excepts; NaN and infinities say less of what moves where."""


@dataclass(frozen=True, kw_only=True)
class Violation(Failure):
    """One rule broken, on the smallest case that was found.

    It is a `Failure`, whose `message` says where, what stands there and what should
    (``out[0, 3, 2, 0, 0] = 5.0, should be 0.0 (4 of 96 places differ)``), with these fields more.

    Attributes
    ----------
    rule, statement : str
        The rule and what it states.
    requirement, place : str
        The requirement that is broken, and where the paper says it.
    case : str
        The case, or the golden vector, on which the rule is broken.
    guess : str
        The known wrong shift that gives this whole output, or empty.
    reproduce : str
        One shell command that shows it again.
    operation : {"forward", "vjp", "jvp"}
        The operation that failed.
    """

    rule: str
    requirement: str
    statement: str
    place: str
    case: str
    guess: str = ""
    reproduce: str = ""
    operation: Op = "forward"

    @classmethod
    def of(cls, failure: Failure, **about: str) -> "Violation":
        """The record of `failure`; `about` has the other fields."""
        found: dict[str, Any] = {one.name: getattr(failure, one.name) for one in fields(Failure)}
        return cls(**found | about)

    @property
    def tells(self) -> tuple[int, int, bool]:
        """A sorting key that puts first what says most about a bug, as wrong values do."""
        kind: str = self.aspect
        drawn, ordinary = ":" in self.case, any(f":{values}:" in self.case for values in ORDINARY)
        if kind == "values" and not ordinary and (drawn or self.special):
            kind = "bits"
        elif kind == "values" and self.compared:
            kind = "compared"
        return (
            TELLING.index(kind),
            OPS.index(self.operation),
            not drawn,
        )  # a golden vector is never made smaller

    def __str__(self) -> str:
        return f"{self.requirement} ({self.rule}): {self.message}; case {self.case}"


@dataclass(frozen=True)
class RuleResult:
    """What one rule of the suite found; `note` says why it is skipped, broken or undecided.

    `asked` has, for each requirement about which its cases said something, the operations in which
    they did.
    """

    rule: str
    statement: str
    requirements: tuple[str, ...]
    rung: str
    outcome: Outcome
    cases: int
    seconds: float
    note: str = ""
    violation: Violation | None = None
    asked: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RuleResult":
        """Read what `dataclasses.asdict` made; raise `ReportError` if it is something else."""
        return read_as(cls, data)


@dataclass(frozen=True)
class Report:
    """A whole run.

    `declared` is the number of cases that the level promises; a run that executed fewer without a
    violation is undecided, never a pass.
    `limits` says what this target cannot be asked and so was not seen, such as sizes that it fixes.
    `broken` is the reason why the target could not be judged to the end, with the tail of its
    standard error, or empty.
    """

    target: str
    name: str
    kind: str
    layout: str
    spec: str
    level: str
    seed: int
    declared: int
    seconds: float
    results: tuple[RuleResult, ...]
    broken: str = ""
    limits: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    unasked: tuple[Unasked, ...] = ()

    @property
    def cases(self) -> int:
        """Cases executed, over all rules."""
        return sum(result.cases for result in self.results)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """One for each rule that is broken, the most telling first."""
        found = [
            result.violation
            for result in self.results
            if result.violation and result.outcome == "violated"
        ]
        return tuple(sorted(found, key=lambda violation: violation.tells))

    @property
    def warnings(self) -> tuple[Violation, ...]:
        """What does not hold and was not demanded."""
        return tuple(
            result.violation
            for result in self.results
            if result.violation and result.outcome == "warned"
        )

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations about which anything was asked."""
        asked: set[str] = {
            op for result in self.results for ops in result.asked.values() for op in ops
        }
        return tuple(
            op for op in OPS if op in asked | {violation.operation for violation in self.violations}
        )

    @property
    def scope(self) -> str:
        """What the verdict is about, such as "forward only"; empty where it is all operations."""
        asked = self.operations
        return (
            ""
            if len(asked) in (0, len(OPS))
            else f"{asked[0]} only"
            if len(asked) == 1
            else " and ".join(asked)
        )

    @property
    def outcome(self) -> Outcome:
        """Violated before broken before undecided before passed.

        A run of fewer cases than declared passes nothing.
        """
        found = {result.outcome for result in self.results}
        if self.broken:
            found.add("broken")
        if self.cases < self.declared or not found - {"skipped", "warned"}:
            found.add("undecided")
        return worst(found)

    @property
    def counted(self) -> str:
        """How many cases ran of those declared; looking for a smaller failing case adds to them."""
        if self.cases > self.declared:
            return f"{self.cases:,} cases, {self.declared:,} of them declared,"
        return f"{self.cases:,} of {self.declared:,} cases"

    def reasons(self) -> dict[tuple[State, str], list[str]]:
        """By state and reason, the requirements that were not asked or do not apply.

        Each with the operation where it is about several.
        """
        found: dict[tuple[State, str], list[str]] = {}
        for identifier, stands in self.requirements().items():
            for op, one in stands.operations.items():
                if one.outcome in ("not asked", "does not apply") and one.why:
                    name = (
                        identifier if len(stands.operations) == 1 else f"{identifier} in the {op}"
                    )
                    found.setdefault((one.outcome, one.why), []).append(name)
        return dict(sorted(found.items(), key=lambda entry: WORST_FIRST.index(entry[0][0])))

    @property
    def passed(self) -> bool:
        """Whether every rule that applies holds and enough was run."""
        return self.outcome == "passed"

    @property
    def exit_code(self) -> int:
        """0 conforms, 1 violation, 2 broken, 3 undecided."""
        return EXIT_CODES[self.outcome]

    def requirements(self) -> dict[str, Standing]:
        """How each requirement of the rules stands, in each operation that it is about."""
        named = dict.fromkeys(
            identifier for result in self.results for identifier in result.requirements
        )
        named |= dict.fromkeys(
            violation.requirement for violation in (*self.violations, *self.warnings)
        )
        named |= dict.fromkeys(one.requirement for one in self.unasked)
        return {
            identifier: standing(
                {op: self._stands(identifier, op) for op in operations(identifier)}
            )
            for identifier in named
        }

    def _stands(self, identifier: str, op: str) -> OperationStanding:
        """One requirement in one operation: the worst that the rules which asked it found."""
        found: dict[State, str] = {}
        rung = "none"
        for result in self.results:
            blamed = result.violation is not None and result.violation.requirement == identifier
            if identifier not in result.requirements and not blamed:
                continue
            if result.outcome == "passed":
                if op in result.asked.get(identifier, ()):
                    found["passed"] = ""
                    rung = result.rung if rung == "none" else max(rung, result.rung)
            elif result.outcome in ("violated", "warned"):
                blamed = blamed or result.violation is None
                at = op if result.violation is None else result.violation.operation
                if at == op or (blamed and at not in operations(identifier)):
                    # a rule ends where it is broken: of its other requirements it says nothing
                    found.setdefault(
                        result.outcome if blamed else "undecided",
                        f"{result.rule} ended before it was decided",
                    )
            elif result.outcome in ("broken", "undecided") and op in (
                self.operations or ("forward",)
            ):
                found.setdefault(result.outcome, result.note)
        for state in ("violated", "broken", "undecided", "warned", "passed"):
            if state in found:
                return OperationStanding(state, rung, found[state] if state == "undecided" else "")
        told = next(
            (one for one in self.unasked if (one.requirement, one.operation) == (identifier, op)),
            None,
        )
        return (
            OperationStanding(told.state, "none", told.why)
            if told
            else OperationStanding("not asked", "none")
        )

    @property
    def rung(self) -> str:
        """The strongest rung that a passed run reached, "none" otherwise."""
        return (
            max((r.rung for r in self.results if r.outcome == "passed"), default="none")
            if self.passed
            else "none"
        )

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, format version 2."""
        return {
            "format": FORMAT,
            "version": VERSION,
            **asdict(self),
            "outcome": self.outcome,
            "passed": self.passed,
            "rung": self.rung,
            "cases": self.cases,
            "scope": self.scope,
            "operations": list(self.operations),
            "requirements": {
                identifier: one.as_dict() for identifier, one in self.requirements().items()
            },
        }

    def broken_by(self, reason: str) -> "Report":
        """The report with what went wrong after the last case, unless it has a reason already."""
        return self if self.broken else replace(self, broken=reason)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Report":
        """Read what `as_dict` made; what is computed from the rest is computed again.

        Raises
        ------
        ReportError
            If it is something else.
        """
        return read_as(cls, data)


def read_as(kind: type[Record], data: Mapping[str, Any]) -> Record:
    """Make a record of plain data whose every field has the type that the record gives it."""
    try:
        import msgspec
    except ModuleNotFoundError:
        raise MissingExtraError("reading a report", "msgspec", "verify") from None
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ReportError(f"the data does not make a {kind.__name__}: {error}") from None
