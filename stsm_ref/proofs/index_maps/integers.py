"""Whole numbers that depend on free sizes and positions: polynomials, what is known of their
range, and division with remainder.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

Monomial = tuple[str, ...]
Number = "Polynomial | int"


class Polynomial:
    """A polynomial with whole coefficients, such as ``n*T + t - 1``; equal polynomials are equal
    objects for ``==`` and as keys.

    >>> n, size = Polynomial.variable("n"), Polynomial.variable("T")
    >>> print((n + 1) * size - size)
    T*n
    """

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms: dict[Monomial, int] = {
            monomial: terms[monomial] for monomial in sorted(terms) if terms[monomial]
        }
        self._hash = hash(tuple(self.terms.items()))

    @classmethod
    def variable(cls, name: str) -> "Polynomial":
        """The polynomial that is one variable."""
        return cls({(name,): 1})

    @property
    def constant(self) -> int | None:
        """Its value if it has no variable, else None."""
        return self.terms.get((), 0) if all(not monomial for monomial in self.terms) else None

    @property
    def degree(self) -> int:
        """The most names in one product; 0 for a number."""
        return max(map(len, self.terms), default=0)

    @property
    def variables(self) -> set[str]:
        """The names in it."""
        return {name for monomial in self.terms for name in monomial}

    def __add__(self, other: "Polynomial | int") -> "Polynomial":
        terms = dict(self.terms)
        for monomial, factor in polynomial(other).terms.items():
            terms[monomial] = terms.get(monomial, 0) + factor
        return Polynomial(terms)

    def __mul__(self, other: "Polynomial | int") -> "Polynomial":
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in polynomial(other).terms.items():
                monomial = tuple(sorted(left + right))
                terms[monomial] = terms.get(monomial, 0) + a * b
        return Polynomial(terms)

    def __neg__(self) -> "Polynomial":
        return self * -1

    def __sub__(self, other: "Polynomial | int") -> "Polynomial":
        return self + -polynomial(other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: int) -> "Polynomial":
        return -self + other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        parts = [
            "*".join((*([] if factor == 1 and monomial else [str(factor)]), *monomial))
            for monomial, factor in self.terms.items()
        ]
        return " + ".join(reversed(parts)) or "0"

    __repr__ = __str__

    def substitute(self, values: Mapping[str, "Polynomial | int"]) -> "Polynomial":
        """Put `values` in the place of variables."""
        total = Polynomial({})
        for monomial, factor in self.terms.items():
            product = Polynomial({(): factor})
            for name in monomial:
                product = product * (values[name] if name in values else Polynomial.variable(name))
            total = total + product
        return total

    def split(self, name: str) -> tuple["Polynomial", "Polynomial"] | None:
        """Factor and rest, ``name*factor + rest``; None if the variable occurs squared."""
        factor: dict[Monomial, int] = {}
        rest: dict[Monomial, int] = {}
        for monomial, value in self.terms.items():
            if monomial.count(name) > 1:
                return None
            if name in monomial:
                factor[tuple(each for each in monomial if each != name)] = value
            else:
                rest[monomial] = value
        return Polynomial(factor), Polynomial(rest)


def polynomial(value: "Polynomial | int") -> Polynomial:
    """Return an int as a polynomial, a polynomial as it is."""
    return value if isinstance(value, Polynomial) else Polynomial({(): value})


def product(values: Iterable["Polynomial | int"]) -> Polynomial:
    """Multiply all of them; 1 if there are none."""
    total = polynomial(1)
    for value in values:
        total = total * value
    return total


class Constraint(NamedTuple):
    """What a condition is made of: `value` is 0 or more, or, with `equal`, it is exactly 0."""

    value: Polynomial
    equal: bool = False


class UndeterminedError(Exception):
    """The shape of a tensor hangs on whether `value` is 0 or more, and what is known does not
    settle it: look at both cases.
    """

    def __init__(self, value: Polynomial) -> None:
        super().__init__(f"{value} >= 0")
        self.value = value


class Range(NamedTuple):
    """The values that a variable can take; an end that is None is open."""

    low: Polynomial | None
    high: Polynomial | None


@dataclass(frozen=True)
class Assumptions:
    """What is known: the range of each variable, later ones in terms of earlier ones, and facts ``f
    >= 0``.

    `definitions` collects the quotients and remainders that had to be named; every scope made from
    another shares it.
    """

    ranges: dict[str, Range]
    facts: tuple[Polynomial, ...] = ()
    definitions: dict[tuple[Polynomial, Polynomial], tuple[Polynomial, Polynomial]] = field(
        default_factory=dict
    )

    def assuming(self, constraints: Iterable[Constraint]) -> "Assumptions":
        """The same with more facts."""
        more = [
            value
            for constraint in constraints
            for value in (
                (constraint.value, -constraint.value) if constraint.equal else (constraint.value,)
            )
        ]
        return replace(self, facts=(*self.facts, *more)) if more else self

    def allows(self, name: str, value: int) -> bool:
        """Whether a number is in the range of a variable whose ends are numbers."""
        low, high = self.ranges[name]
        ends = (low.constant if low else None), (high.constant if high else None)
        return (ends[0] is None or ends[0] <= value) and (ends[1] is None or value <= ends[1])

    def minimum(self, value: Polynomial) -> int | None:
        """A number that `value` never falls below, or None if none is found."""
        if not value.variables <= self.ranges.keys():
            return None
        for name in [
            each
            for each in reversed(self.ranges)
            if each in value.variables or self.ranges[each].high is not None
        ]:
            low, high = self.ranges[name]
            if name not in value.variables or (high is None and low is not None):
                continue
            parts = value.split(name)
            if parts is None:
                return None
            factor, rest = parts
            end = (
                low
                if _at_least(self.minimum(factor), 0)
                else high
                if _at_least(self.minimum(-factor), 0)
                else None
            )
            if end is None:
                return None
            value = factor * end + rest
        # what is left is open above: count it from its low end, and the value is least where all
        # are 0, if no term falls
        value = value.substitute(
            {
                name: Polynomial.variable(name) + low
                for name in value.variables
                if (low := self.ranges[name].low)
            }
        )
        open_terms = (factor for monomial, factor in value.terms.items() if monomial)
        return value.terms.get((), 0) if all(factor >= 0 for factor in open_terms) else None

    def is_nonnegative(self, value: Polynomial) -> bool | None:
        """Whether ``value >= 0`` always (True), never (False), or neither can be said (None)."""
        if self._shown(value):
            return True
        return False if self._shown(-value - 1) else None

    def holds(self, constraint: Constraint) -> bool | None:
        """Whether `constraint` always holds (True), never (False), or neither can be said
        (None).
        """
        if not constraint.equal:
            return self.is_nonnegative(constraint.value)
        signs = self.is_nonnegative(constraint.value), self.is_nonnegative(-constraint.value)
        return False if False in signs else True if signs == (True, True) else None

    def decide(self, value: Polynomial) -> bool:
        """Whether ``value >= 0``, or `UndeterminedError`."""
        known = self.is_nonnegative(value)
        if known is None:
            raise UndeterminedError(value)
        return known

    def decide_equal(self, value: Polynomial) -> bool:
        """Whether ``value == 0``, or `UndeterminedError`."""
        return self.decide(value) and self.decide(-value)

    def _shown(self, value: Polynomial) -> bool:
        if _at_least(self.minimum(value), 0):
            return True
        return any(_at_least(self.minimum(value - fact), 0) for fact in self.facts)

    def divide(self, value: Polynomial, divisor: Polynomial) -> tuple[Polynomial, Polynomial]:
        """Quotient, rounded down, and remainder, for a positive divisor.

        Where the range of the remainder cannot be shown, quotient and remainder are named, and
        their definition is kept.
        """
        if not self.decide(divisor - 1):
            raise ZeroDivisionError(f"{value} divided by {divisor}, which is not positive")
        if value.constant is not None and divisor.constant is not None:
            quotient, remainder = divmod(value.constant, divisor.constant)
            return polynomial(quotient), polynomial(remainder)
        guess, rest = divide_terms(value, divisor)
        for step in (0, -1, 1):
            if self.is_nonnegative(rest - divisor * step) and self.is_nonnegative(
                divisor * (step + 1) - 1 - rest
            ):
                return guess + step, rest - divisor * step
        known = self.definitions.get((value, divisor))
        if known is None:
            number = len(self.definitions)
            names = f"q{number}", f"r{number}"
            known = self.definitions[value, divisor] = (
                Polynomial.variable(names[0]),
                Polynomial.variable(names[1]),
            )
            # the name outlives the facts under which it was asked for, so they have no say in its
            # range
            self.ranges[names[0]] = Range(
                polynomial(0) if _at_least(self.minimum(value), 0) else None, None
            )
            self.ranges[names[1]] = Range(polynomial(0), divisor - 1)
        return known


def _at_least(value: int | None, least: int) -> bool:
    return value is not None and value >= least


def divide_terms(value: Polynomial, divisor: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Take the divisor out of `value` as often as its leading terms allow."""
    lead, lead_factor = max(divisor.terms.items(), key=lambda term: (len(term[0]), term[0]))
    quotient, rest = polynomial(0), value
    for monomial, factor in _leading_first(value):
        current = rest.terms.get(monomial, 0)
        missing = _without(monomial, lead)
        if missing is None or not current or not factor:
            continue
        times = Polynomial({missing: current // lead_factor})
        quotient, rest = quotient + times, rest - divisor * times
    return quotient, rest


def _leading_first(value: Polynomial) -> Iterator[tuple[Monomial, int]]:
    yield from sorted(value.terms.items(), key=lambda term: (-len(term[0]), term[0]))


def _without(monomial: Monomial, part: Monomial) -> Monomial | None:
    """The monomial divided by another, or None."""
    left = list(monomial)
    for name in part:
        if name not in left:
            return None
        left.remove(name)
    return tuple(left)
