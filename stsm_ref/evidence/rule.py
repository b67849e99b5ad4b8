"""A rule of the suite: a statement about any target, the requirements it speaks for, and the
cases on which it is tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.outcome import Rung
from stsm_ref.evidence.suite_context import Draw, Level, Trial
from stsm_ref.requirements import requirement


class Counts(NamedTuple):
    """How many cases are drawn, by level."""

    smoke: int
    ci: int
    night: int

    def at(self, level: Level) -> int:
        """The count of a level."""
        return int(getattr(self, level))


FEW = Counts(5, 50, 1000)


def always(trial: Trial) -> str:
    """For every target."""
    return ""


@dataclass(frozen=True)
class Rule:
    """`body` raises `failure.Violation` where a target breaks the rule on a case; `applies`
    says why a target is not asked, or nothing.
    """

    name: str
    statement: str
    requirements: tuple[str, ...]
    rung: Rung
    body: Callable[[Trial, Any], None]
    each: Callable[[Trial], Sequence[Any]] | None
    draw: Callable[[Trial], Draw] | None
    counts: Counts
    applies: Callable[[Trial], str]
    parse: Callable[[str], Any]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> str:
        """Where the paper says it."""
        return requirement(self.requirements[0]).place

    def declared(self, trial: Trial) -> int:
        """The number of cases that the level of the trial promises."""
        return len(self.each(trial)) if self.each else self.counts.at(trial.level)


_REGISTERED: dict[str, Rule] = {}


def registered(*modules: ModuleType) -> dict[str, Rule]:
    """The rules of some modules by name, in the order of the modules and within one as they are
    written.
    """
    return {
        name: rule
        for module in modules
        for name, rule in _REGISTERED.items()
        if rule.body.__module__ == module.__name__
    }


def rule(
    *requirements: str,
    rung: Rung = "L1",
    each: Callable[[Trial], Sequence[Any]] | None = None,
    draw: Callable[[Trial], Draw] | None = None,
    counts: Counts = FEW,
    applies: Callable[[Trial], str] = always,
    parse: Callable[[str], Any] = Case.parse,
) -> Callable[[Callable[[Trial, Any], None]], Callable[[Trial, Any], None]]:
    """Register a rule; its docstring is the statement."""
    if (each is None) == (draw is None):
        raise ValueError("a rule has cases from `each` or from `draw`")

    def register(body: Callable[[Trial, Any], None]) -> Callable[[Trial, Any], None]:
        if body.__name__ in _REGISTERED or not body.__doc__:
            raise ValueError(f"rule {body.__name__!r} must have a docstring and a name of its own")
        statement = body.__doc__.splitlines()[0].rstrip(".")
        _REGISTERED[body.__name__] = Rule(
            body.__name__, statement, requirements, rung, body, each, draw, counts, applies, parse
        )
        return body

    return register
