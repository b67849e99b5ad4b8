"""A check: a statement, the requirements it speaks for, and the cases on which it must hold.

There is one kind of check, one decorator and one registry for `stsm-ref verify`, which asks our own
implementations, and `stsm-ref check`, which asks anybody's. What differs is the context that a
check is given beside a case: a `Subject`, the bundle of our functions, or a `SuiteContext`, a
target under one spec.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.outcome import Rung
from stsm_ref.evidence.suite_context import Draw, Level
from stsm_ref.requirements import requirement

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Body = Callable[[Any, Any], None]


class Counts(NamedTuple):
    """How many cases are drawn, by level."""

    smoke: int
    ci: int
    night: int

    def at(self, level: Level) -> int:
        """The count of a level."""
        return int(getattr(self, level))


FEW = Counts(5, 50, 1000)


def always(context: Any) -> str:
    """For every implementation."""
    return ""


@dataclass(frozen=True)
class Check:
    """One statement that can be checked.

    Parameters
    ----------
    body : callable
        Given a context and a case, it raises `Violation` where the implementation breaks the rule.
    each : callable, optional
        Lists the cases for a context.
    draw : callable, optional
        Makes, for a context, what draws one case from random numbers; `counts` says how many.
    strategy : SearchStrategy, optional
        Draws cases with hypothesis.
    applies : callable
        Says why a context is not asked, or nothing.
    parse : callable
        Reads a case that is named on the command line.
    sides : tuple of str
        Which of our sides it is run on; empty for every implementation. `why_one_side` says why one
        is left out that has code of its own for what the check asks.
    assumes : str
        What a theorem takes for granted.
    """

    name: str
    statement: str
    requirements: tuple[str, ...]
    rung: Rung
    body: Body
    each: Callable[[Any], Iterable[Any]] | None = None
    draw: Callable[[Any], Draw] | None = None
    strategy: "SearchStrategy[Any] | None" = None
    counts: Counts = FEW
    applies: Callable[[Any], str] = always
    parse: Callable[[str], Any] = Case.parse
    sides: tuple[str, ...] = ()
    why_one_side: str = ""
    assumes: str = ""

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> str:
        """Where the paper says it."""
        return requirement(self.requirements[0]).place

    def skip_reason(self, context: Any) -> str:
        """Why the implementation is not asked, or nothing.

        The sides are declared, not guessed from the code: a test runs every check and records what
        it reads of its subject.
        """
        if self.sides and context.name not in self.sides:
            return (
                self.why_one_side
                or f"it reads nothing of its subject that {context.name} has a code of its own for"
            )
        return self.applies(context)

    def declared(self, context: Any) -> int:
        """The number of cases that the level of the context promises."""
        return len(list(self.each(context))) if self.each else self.counts.at(context.level)


_REGISTERED: dict[tuple[str, str], Check] = {}


def registered(*modules: ModuleType) -> dict[str, Check]:
    """The checks of some modules by name, in the order of the modules and within one as written."""
    names = [module.__name__ for module in modules]
    chosen = [check for check in _REGISTERED.values() if check.body.__module__ in names]
    return {
        check.name: check
        for check in sorted(chosen, key=lambda one: names.index(one.body.__module__))
    }


def check(*requirements: str, rung: Rung = "L1", **how: Any) -> Callable[[Body], Body]:
    """Register a function of a context and a case as a check; the first paragraph of its docstring
    is the statement.

    Parameters
    ----------
    *requirements : str
        Identifiers of the requirements that it speaks for.
    rung : {"L0", "L1", "L2", "L3", "L4"}
        The evidence that it gives.
    **how
        Further fields of `Check`: cases from `each`, from `draw`, from a `strategy`, or listed ones
        and a strategy.

    Raises
    ------
    ValueError
        If there is no source of cases, an unknown rung, no docstring, or the name is taken.
    """
    if (
        rung not in get_args(Rung)
        or not how.keys() & {"each", "draw", "strategy"}
        or {"each", "draw"} <= how.keys()
    ):
        raise ValueError(
            f"a check has a rung of {get_args(Rung)} and cases from `each`, `draw` or `strategy`"
        )

    def register(body: Body) -> Body:
        # the checks of our own code and those of anybody's are two sets of names
        key = body.__module__.rpartition(".")[0], body.__name__
        if key in _REGISTERED or not body.__doc__:
            raise ValueError(f"check {body.__name__!r} must have a docstring and a name of its own")
        statement = " ".join(inspect.cleandoc(body.__doc__).split("\n\n")[0].split()).rstrip(".")
        _REGISTERED[key] = Check(body.__name__, statement, requirements, rung, body, **how)
        return body

    return register
