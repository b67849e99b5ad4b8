"""Run the checks on a subject and gather what each requirement has reached."""

import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import hypothesis
import numpy as np
import scipy
from hypothesis.errors import Unsatisfiable

import stsm_ref
from stsm_ref.checks.our_internals.check import Check
from stsm_ref.errors import MissingExtraError
from stsm_ref.evidence.failure import Undecided
from stsm_ref.evidence.outcome import RUNGS
from stsm_ref.implementations.ours import OURS, Subject
from stsm_ref.requirements import REQUIREMENTS, Requirement

Outcome = Literal["passed", "violated", "undecided"]
EXIT_CODES: dict[Outcome, int] = {"passed": 0, "violated": 1, "undecided": 3}


@dataclass(frozen=True)
class Result:
    """What one check found; `failure` is empty unless it is violated or undecided."""

    check: str
    side: str
    statement: str
    rung: str
    outcome: Outcome
    cases: int
    seconds: float
    failure: str
    assumes: str = ""


@dataclass(frozen=True)
class Row:
    """A requirement and the results of its checks."""

    requirement: Requirement
    results: tuple[Result, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of its checks; no check that ran is undecided, never a pass."""
        return worst(result.outcome for result in self.results)

    def rung(self, side: str | None = None) -> str:
        """The strongest rung among the checks that passed, of one side or of all; "none" where
        there is no such check.
        """
        passed = (r.rung for r in self.results if r.outcome == "passed" and side in (None, r.side))
        return max(passed, default="none")

    @property
    def cases(self) -> int:
        """Cases run, over all checks."""
        return sum(result.cases for result in self.results)

    @property
    def seconds(self) -> float:
        """Time taken, over all checks; a check of several requirements counts in each."""
        return sum(result.seconds for result in self.results)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Violated before undecided before passed; of nothing at all, undecided."""
    found = set(outcomes) or {"undecided"}
    return next(outcome for outcome in ("violated", "undecided", "passed") if outcome in found)


def run_check(check: Check, subject: Subject = OURS, *, examples: int = 100) -> Result:
    """Run one check on drawn cases that are the same in every run; any exception of the subject is
    a violation.

    A check of which the subject takes no case leaves it undecided.
    """
    sampling = hypothesis.settings(
        max_examples=examples, derandomize=True, database=None, print_blob=False
    )
    started = time.perf_counter()
    cases, outcome, failure = 0, "passed", ""
    try:
        cases = check.run(subject, sampling)
        if cases == 0:
            outcome, failure = "undecided", "no case ran"
    except MissingExtraError:
        raise
    except (Unsatisfiable, Undecided) as error:
        outcome, failure = "undecided", str(error)
    except Exception as error:  # whatever the subject raises on valid input breaks the rule
        outcome = "violated"
        failure = "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
    seconds = time.perf_counter() - started
    return Result(
        check.name,
        subject.name,
        check.statement,
        check.rung,
        outcome,
        cases,
        seconds,
        failure,
        check.assumes,
    )  # type: ignore[arg-type]  # one of the three


def plan(checks: Mapping[str, Check], subjects: Iterable[Subject]) -> list[tuple[Check, Subject]]:
    """Pair each subject with every check that concerns it."""
    return [
        (check, subject)
        for subject in subjects
        for check in checks.values()
        if not check.why_not(subject)
    ]


def rows(results: Iterable[Result], *, only_concerned: bool = False) -> tuple[Row, ...]:
    """Sort results under the requirements that they speak for, in the order of the table.

    A requirement without a result is undecided, unless `only_concerned` leaves it out: half of the
    implementations is not held to all.
    """
    found = tuple(results)
    table = tuple(
        Row(entry, tuple(r for name in entry.checks for r in found if r.check == name))
        for entry in REQUIREMENTS
    )
    return tuple(row for row in table if row.results) if only_concerned else table


def as_json(table: tuple[Row, ...]) -> dict[str, Any]:
    """The table as plain data, format version 1."""
    return {
        "format": "stsm-ref verify",
        "version": 1,
        "outcome": worst(row.outcome for row in table),
        "environment": environment(),
        "rungs": RUNGS,
        "requirements": [
            row.requirement.as_dict()
            | {
                "outcome": row.outcome,
                "rung": row.rung(),
                "cases": row.cases,
                "seconds": round(row.seconds, 3),
            }
            | {
                "standing_in_words": row.requirement.standing_in_words,
                "rung_in_words": row.requirement.rung_in_words(row.rung()),
            }
            | {
                "checks": [
                    asdict(result) | {"seconds": round(result.seconds, 3)} for result in row.results
                ]
            }
            for row in table
        ],
    }


def environment() -> dict[str, str]:
    """Versions that a reader needs to run the same again."""
    return {
        "stsm_ref": stsm_ref.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "hypothesis": hypothesis.__version__,
        "platform": platform.platform(),
    }
