"""What a run found, as plain data: everything that is printed or written is made from a `Report`."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["passed", "violated", "broken", "undecided", "skipped"]
"""`broken`: the target gave no answer that could be judged. `skipped`: it does not do this, or it cannot be seen there."""

EXIT_CODES: dict[Outcome, int] = {"passed": 0, "violated": 1, "broken": 2, "undecided": 3, "skipped": 3}
SEVERITY: tuple[Outcome, ...] = ("violated", "broken", "undecided", "passed", "skipped")


@dataclass(frozen=True)
class Violation:
    """One rule broken on the smallest case that was found.

    `message` says where, what stands there and what should: ``out[0, 3, 2, 0] = 5.0, should be 0.0 (4 of 96 places differ)``. `guess` names
    the known wrong shift that gives this whole output, or is empty. `reproduce` is one shell command.
    """

    rule: str
    requirement: str
    statement: str
    place: str
    case: str
    message: str
    guess: str
    reproduce: str

    def __str__(self) -> str:
        return f"{self.requirement} ({self.rule}): {self.message}; case {self.case}"


@dataclass(frozen=True)
class RuleResult:
    """What one rule of the suite found; `note` says why it is skipped, broken or undecided."""

    rule: str
    statement: str
    requirements: tuple[str, ...]
    rung: str
    outcome: Outcome
    cases: int
    seconds: float
    note: str = ""
    violation: Violation | None = None


@dataclass(frozen=True)
class Report:
    """A whole run.

    `declared` is the number of cases that the level promises; a run that executed fewer without a violation is undecided, never a pass.
    `broken` is the reason why the target could not be judged to the end, with the tail of its standard error, or empty.
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
    environment: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        """Cases executed, over all rules."""
        return sum(result.cases for result in self.results)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """One for each rule that is broken."""
        return tuple(result.violation for result in self.results if result.violation)

    @property
    def outcome(self) -> Outcome:
        """Violated before broken before undecided before passed; a run of fewer cases than declared passes nothing."""
        found = {result.outcome for result in self.results}
        if self.broken:
            found.add("broken")
        if self.cases < self.declared or not found - {"skipped"}:
            found.add("undecided")
        return next(outcome for outcome in SEVERITY if outcome in found)

    @property
    def passed(self) -> bool:
        """Whether every rule that applies holds and enough was run."""
        return self.outcome == "passed"

    @property
    def exit_code(self) -> int:
        """0 conforms, 1 violation, 2 broken, 3 undecided."""
        return EXIT_CODES[self.outcome]

    def requirements(self) -> dict[str, tuple[Outcome, str]]:
        """Each requirement that some rule speaks for: the worst outcome, and the strongest rung that passed ("none" if none did)."""
        table: dict[str, tuple[Outcome, str]] = {}
        for identifier in dict.fromkeys(i for result in self.results for i in result.requirements):
            mine = [result for result in self.results if identifier in result.requirements]
            outcomes = {result.outcome for result in mine}
            rung = max((result.rung for result in mine if result.outcome == "passed"), default="none")
            table[identifier] = next(outcome for outcome in SEVERITY if outcome in outcomes), rung
        return table

    @property
    def rung(self) -> str:
        """The strongest rung that a passed run reached, "none" otherwise."""
        return max((r.rung for r in self.results if r.outcome == "passed"), default="none") if self.passed else "none"

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, format version 1."""
        return {
            "format": "stsm-ref check",
            "version": 1,
            **asdict(self),
            "outcome": self.outcome,
            "passed": self.passed,
            "rung": self.rung,
            "cases": self.cases,
            "requirements": {key: {"outcome": outcome, "rung": rung} for key, (outcome, rung) in self.requirements().items()},
        }
