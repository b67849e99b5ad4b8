"""Run the checks on a subject and gather what each requirement has reached."""

import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import hypothesis
import numpy as np
import scipy

import stsm_ref
from stsm_ref.evidence.check import Check
from stsm_ref.evidence.executor import RuleExecutor
from stsm_ref.evidence.outcome import RUNGS, Outcome, worst
from stsm_ref.evidence.report.report import RuleResult
from stsm_ref.implementations.ours import OURS, Subject
from stsm_ref.requirements import REQUIREMENTS, Requirement


@dataclass(frozen=True)
class Result(RuleResult):
    """What one check found on one of our sides; `note` is empty unless it is violated or
    undecided.
    """

    side: str = ""
    assumes: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a program."""
        names = ("side", "statement", "rung", "outcome", "cases")
        data = {"check": self.rule} | {name: getattr(self, name) for name in names}
        return data | {
            "seconds": round(self.seconds, 3),
            "failure": self.note,
            "assumes": self.assumes,
        }


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


def run_check(check: Check, subject: Subject = OURS, *, examples: int = 100) -> Result:
    """Run one check on drawn cases that are the same in every run; any exception of the subject is
    a violation.

    A check of which the subject takes no case leaves it undecided.

    Parameters
    ----------
    check : Check
        What is asked.
    subject : Subject
        The side that is asked.
    examples : int
        How many cases a strategy draws.

    Raises
    ------
    MissingExtraError
        If the check needs an extra that is not installed.
    """
    sampling = hypothesis.settings(
        max_examples=examples, derandomize=True, database=None, print_blob=False
    )
    started = time.perf_counter()
    executor = RuleExecutor(check, subject, sampling=sampling).run()
    outcome, note = executor.verdict()
    if (error := executor.failure) is not None:
        note = "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
    seconds = time.perf_counter() - started
    what = check.name, check.statement, check.requirements, check.rung
    return Result(
        *what, outcome, executor.ran, seconds, note, side=subject.name, assumes=check.assumes
    )


def plan(checks: Mapping[str, Check], subjects: Iterable[Subject]) -> list[tuple[Check, Subject]]:
    """Pair each subject with every check that concerns it."""
    return [
        (check, subject)
        for subject in subjects
        for check in checks.values()
        if not check.skip_reason(subject)
    ]


def rows(results: Iterable[Result], *, only_concerned: bool = False) -> tuple[Row, ...]:
    """Sort results under the requirements that they speak for, in the order of the table.

    A requirement without a result is undecided, unless `only_concerned` leaves it out: half of the
    implementations is not held to all.
    """
    found = tuple(results)
    table = tuple(
        Row(entry, tuple(r for name in entry.checks for r in found if r.rule == name))
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
            | {"checks": [result.as_dict() for result in row.results]}
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
