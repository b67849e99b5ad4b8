"""Symbolic integers: the package's code runs on them, and its path conditions become the formulas
to prove.

Where the code branches on a symbol, each side that the premises allow is followed in a run of its
own. Where it would leave exact integers (a float, a list index), it stops with `SymbolError`, and
nothing is proved.
"""

import operator
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias

from stsm_ref.errors import StsmError
from stsm_ref.proofs.smt.z3_terms import Term, z3

Number: TypeAlias = "SymInt | int"


class SymbolError(StsmError):
    """Code did something to a symbol that cannot be followed exactly, so nothing can be proved
    of it.
    """


class SymInt:
    """An integer given by a term."""

    def __init__(self, term: Term) -> None:
        self.term = term

    def __repr__(self) -> str:
        return str(self.term)

    def __add__(self, other: Number) -> "SymInt":
        return SymInt(self.term + term(other))

    __radd__ = __add__

    def __sub__(self, other: Number) -> "SymInt":
        return SymInt(self.term - term(other))

    def __rsub__(self, other: Number) -> "SymInt":
        return SymInt(term(other) - self.term)

    def __mul__(self, other: Number) -> "SymInt":
        return SymInt(self.term * term(other))

    __rmul__ = __mul__

    def __neg__(self) -> "SymInt":
        return SymInt(-self.term)

    def __abs__(self) -> "SymInt":
        return -self if self < 0 else self

    def __divmod__(self, other: Number) -> tuple["SymInt", "SymInt"]:
        return _current_path().divide(self.term, term(other))

    def __floordiv__(self, other: Number) -> "SymInt":
        return divmod(self, other)[0]

    def __rfloordiv__(self, other: Number) -> "SymInt":
        return divmod(SymInt(term(other)), self)[0]

    def __mod__(self, other: Number) -> "SymInt":
        return divmod(self, other)[1]

    def __lt__(self, other: Number) -> bool:
        return _current_path().branch(self.term < term(other))

    def __le__(self, other: Number) -> bool:
        return _current_path().branch(self.term <= term(other))

    def __gt__(self, other: Number) -> bool:
        return _current_path().branch(self.term > term(other))

    def __ge__(self, other: Number) -> bool:
        return _current_path().branch(self.term >= term(other))

    def __eq__(self, other: object) -> bool:
        if other is None or isinstance(other, str | tuple):
            return NotImplemented  # no number equals these; a float might, and is refused
        return _current_path().branch(self.term == term(other))

    def __hash__(self) -> int:
        raise SymbolError(f"{self} was used as a key: which one it is, is not known")

    def __bool__(self) -> bool:
        return _current_path().branch(self.term != 0)

    def __truediv__(self, other: object) -> Any:
        raise SymbolError(
            f"{self} / {other} is a float in Python, and rounds: use whole numbers or fractions"
        )

    __rtruediv__ = __truediv__

    def __index__(self) -> int:
        raise SymbolError(f"{self} was used where a single number must stand: it stands for all")

    __int__ = __float__ = __round__ = __index__


class SymFraction(NamedTuple):
    """A fraction of two symbols, which need not be in lowest terms."""

    numerator: Number
    denominator: Number


def term(value: Any) -> Term:
    """Return the term of a number: a symbol's own, or a constant."""
    if isinstance(value, SymInt):
        return value.term
    if isinstance(value, bool | float):
        raise SymbolError(f"{value!r} met a symbol: only whole numbers may")
    return z3.IntVal(operator.index(value))


def all_of(*conditions: Term) -> Term:
    """Their conjunction; of a single one, itself, since SMT-LIB's ``and`` takes two or more."""
    return conditions[0] if len(conditions) == 1 else z3.And(*conditions)


class Division:
    """A dividend, a divisor, and two symbols for what comes of them."""

    def __init__(self, dividend: Term, divisor: Term, quotient: Term, remainder: Term) -> None:
        self.dividend, self.divisor, self.quotient, self.remainder = (
            dividend,
            divisor,
            quotient,
            remainder,
        )

    @property
    def definition(self) -> Term:
        """What defines the two where the divisor is positive; there is exactly one such pair."""
        inside = z3.And(self.remainder >= 0, self.remainder < self.divisor)
        return z3.Implies(
            self.divisor > 0,
            z3.And(self.dividend == self.divisor * self.quotient + self.remainder, inside),
        )


class ExecutionPath:
    """One run through the code: the choices made at its branches, and what must hold besides."""

    def __init__(
        self,
        premises: Sequence[Term],
        choices: Sequence[bool],
        number: int,
        divisions: "list[Division]",
    ) -> None:
        self.number = number
        self._named = 0
        self.choices = list(choices)
        self.alternatives: list[list[bool]] = []  # the runs that are still to be made
        self.conditions: list[Term] = []
        self.obligations: list[Term] = []
        self.lemmas: list[Term] = []
        self._decided = 0
        # by the number of a term, which is its own for as long as the term is kept
        self._known: dict[int, tuple[Term, bool]] = {}
        self._certain: dict[int, Term] = {}
        self._divisions = divisions  # of all runs: the same division has the same result in each
        self._divided: list[Division] = []
        self._solver = z3.Solver()
        self._solver.set("timeout", 2000)
        self._solver.set(
            "ctrl_c", False
        )  # an interrupt is for Python: z3 would take it as "unknown" and go on
        self._solver.add(*premises)

    def fresh(self, name: str) -> str:
        """A name that no other run has, and the same one whenever this run is made: queries are
        the same text each time.
        """
        self._named += 1
        return f"{name}_{self.number}_{self._named}"

    def guarded(self, conclusion: Term) -> Term:
        """The conclusion, for the cases that this run is about."""
        return z3.Implies(all_of(z3.BoolVal(True), *self.conditions, *self.obligations), conclusion)

    def branch(self, condition: Term) -> bool:
        """Take one side of a branch; the other is noted, if it can be reached at all."""
        if condition.get_id() in self._known:
            return self._known[condition.get_id()][1]
        if self._decided < len(self.choices):
            choice = self.choices[self._decided]
        else:
            choice = self.may(condition)
            if choice and self.may(z3.Not(condition)):
                self.alternatives.append([*self.choices, False])
            self.choices.append(choice)
        self._decided += 1
        self._known[condition.get_id()] = condition, choice
        taken = condition if choice else z3.Not(condition)
        self.conditions.append(taken)
        self._solver.add(taken)
        return choice

    def may(self, condition: Term) -> bool:
        """Whether the condition can hold here; not known counts as yes. It only saves runs: the
        proof covers every case again.
        """
        return bool(self._solver.check(condition) != z3.unsat)

    def must(self, condition: Term) -> bool:
        """Whether the condition cannot fail here; once so, it stays so."""
        key = condition.get_id()
        if key not in self._certain and not self.may(z3.Not(condition)):
            self._certain[key] = condition
        return key in self._certain

    def divide(self, dividend: Term, divisor: Term) -> tuple[SymInt, SymInt]:
        """Quotient and remainder as two new symbols with the property that defines them: there
        is exactly one such pair.
        """
        if not self.branch(divisor > 0):
            raise SymbolError(f"{dividend} is divided by {divisor}, which may be zero or negative")
        found = next(
            (
                one
                for one in self._divisions
                if dividend.eq(one.dividend) and divisor.eq(one.divisor)
            ),
            None,
        )
        if found is None:
            number = len(self._divisions) + 1
            found = Division(
                dividend, divisor, z3.Int(f"quotient_{number}"), z3.Int(f"remainder_{number}")
            )
            self._divisions.append(found)
        if found not in self._divided:
            self._divided.append(found)
            self._solver.add(found.definition)
        return SymInt(found.quotient), SymInt(found.remainder)


_CURRENT: ContextVar[ExecutionPath] = ContextVar("walk")


def _current_path() -> ExecutionPath:
    path = _CURRENT.get(None)
    if path is None:
        raise SymbolError("a symbol was used outside of a proof")
    return path


def fresh_name(name: str) -> str:
    """A name of its own in the run that is under way."""
    return _current_path().fresh(name)


def require_always(condition: Term) -> None:
    """Note something that must hold for the code to mean what it is taken to mean; it becomes
    part of what is proved.
    """
    _current_path().obligations.append(condition)


def assume_lemma(condition: Term) -> None:
    """Use a lemma, in the cases of this run; it counts only if a claim before this one proved
    it, word for word.
    """
    _current_path().lemmas.append(_current_path().guarded(condition))


def is_certain(condition: Term) -> bool:
    """Whether the condition holds in every case of this run, as far as the solver sees at once."""
    return _current_path().must(condition)


class Exploration(NamedTuple):
    """What all runs together say: symbols' definitions, and "some run was taken, and in it the goal
    holds".

    `lemmas` is what was used without proof here, `conclusions` what each run says alone, which
    later claims may use.
    """

    definitions: tuple[Term, ...]
    goal: Term
    runs: int
    errors: tuple[str, ...]
    lemmas: tuple[Term, ...]
    conclusions: tuple[Term, ...]


MAX_PATHS = 5000


def explore_paths(premises: Sequence[Term], body: Callable[[], Term]) -> Exploration:
    """Run `body` once for every path through its branches.

    A path that raises, whatever it raises, is one on which the goal does not hold.

    Parameters
    ----------
    premises : sequence of terms
        What may be assumed; paths that they rule out are not run.
    body : callable
        Runs the code on symbols and returns the term that shall hold at its end.

    Raises
    ------
    SymbolError
        If a symbol is used in a way that cannot be followed, or there are too many ways.
    """
    pending: list[list[bool]] = [[]]
    divisions: list[Division] = []
    cases: list[Term] = []
    errors: list[str] = []
    lemmas: list[Term] = []
    conclusions: list[Term] = []
    runs = 0
    while pending:
        path = ExecutionPath(premises, pending.pop(), runs, divisions)
        token = _CURRENT.set(path)
        try:
            goal = body()
        except SymbolError:
            raise
        except (
            Exception
        ) as error:  # a mistake in the proof itself as well: it can only leave a claim unproved
            errors.append(f"{type(error).__name__}: {error}")
        else:
            cases.append(all_of(*path.conditions, *path.obligations, goal))
            conclusions.append(path.guarded(goal))
        finally:
            _CURRENT.reset(token)
        pending += path.alternatives
        lemmas += path.lemmas
        runs += 1
        if runs + len(pending) > MAX_PATHS:
            raise SymbolError(f"more than {MAX_PATHS} ways through the code: too many to follow")
    together = cases[0] if len(cases) == 1 else z3.Or(*cases) if cases else z3.BoolVal(False)
    return Exploration(
        tuple(division.definition for division in divisions),
        together,
        runs,
        tuple(errors),
        tuple(lemmas),
        tuple(conclusions),
    )
