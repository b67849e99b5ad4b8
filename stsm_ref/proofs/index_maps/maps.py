r"""A tensor as an index map: its shape, and for each position what stands there, in terms of the
input's entries.

A value is a tree: an entry of the input, a number, a choice between two values by a condition on
positions and sizes, a weighted sum, or a value rounded to a narrower dtype. Positions and sizes are
polynomials, so that one tree speaks for all sizes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from stsm_ref.proofs.index_maps.integers import Assumptions, Constraint, Polynomial, polynomial

Index = tuple[Polynomial, ...]
Shape = tuple[Polynomial, ...]


class UnsupportedError(Exception):
    """What the validator has no meaning for: an operator, or an argument of one."""


@dataclass(frozen=True)
class Constant:
    """A number, exactly; of a zero, `negative` says that it is the -0.0 of a float."""

    value: Fraction
    negative: bool = False


@dataclass(frozen=True)
class Integer:
    """A whole number that depends on positions or sizes, as `arange` makes."""

    value: Polynomial


@dataclass(frozen=True)
class Load:
    """The entry at `index` of the tensor called `name`; ``uninitialised`` memory is a tensor
    too, of which nothing is known.
    """

    name: str
    index: Index


@dataclass(frozen=True)
class Ite:
    """One value where all of `condition` holds, another elsewhere."""

    condition: tuple[Constraint, ...]
    then: "Value"
    otherwise: "Value"


@dataclass(frozen=True)
class Sum:
    r""":math:`\sum_k a_k v_k`, over the real numbers. One of a single term with weight 1 says that
    arithmetic was done.

    Sums inside sums stay: which numbers met first decides whether something was rounded
    (`index_map_exact`).
    """

    terms: tuple[tuple[Fraction, "Value"], ...]


@dataclass(frozen=True)
class Cast:
    """A value that was brought into a dtype that may not hold it: of what became of it, nothing
    is said.
    """

    dtype: str
    value: "Value"


Value = Constant | Integer | Load | Ite | Sum | Cast
Read = Callable[[Index, Assumptions], Value]
ZERO = Constant(Fraction(0))
UNINITIALISED = "uninitialised"
"""The name of the tensor of which nothing is known, not even that it is the same from one look
to the next.
"""


@dataclass(frozen=True)
class SymbolicTensor:
    """A shape and a way to read; `read` takes a position inside the shape and what is known of
    it.
    """

    shape: Shape
    read: Read
    dtype: str = "float32"

    def __post_init__(self) -> None:
        assert all(isinstance(size, Polynomial) for size in self.shape)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def axis(self, axis: int) -> int:
        """The axis counted from the front."""
        if not -max(self.rank, 1) <= axis < max(self.rank, 1):
            raise UnsupportedError(f"axis {axis} of a tensor of rank {self.rank}")
        return axis % max(self.rank, 1)


def input_tensor(name: str, shape: Sequence[Polynomial]) -> SymbolicTensor:
    """A tensor of which nothing is known but its name and shape."""
    return SymbolicTensor(tuple(shape), lambda index, _: Load(name, index))


def filled(shape: Sequence[Polynomial], value: Value, dtype: str = "float32") -> SymbolicTensor:
    """A tensor that holds one value everywhere."""
    return SymbolicTensor(tuple(shape), lambda *_: value, dtype)


def choose(
    condition: Sequence[Constraint],
    then: Callable[[Assumptions], Value],
    otherwise: Callable[[Assumptions], Value],
    assumptions: Assumptions,
) -> Value:
    """Choose, and look at a side only where what is known leaves it open; each side is read
    knowing which it is.
    """
    known = [assumptions.holds(constraint) for constraint in condition]
    if False in known:
        return otherwise(assumptions)
    open_constraints = tuple(
        constraint
        for constraint, simplified in zip(condition, known, strict=True)
        if not simplified
    )
    if not open_constraints:
        return then(assumptions)
    yes = then(assumptions.assuming(open_constraints))
    # that all of several atoms do not hold says nothing of any one of them
    alone = len(open_constraints) == 1 and not open_constraints[0].equal
    no = otherwise(
        assumptions.assuming([Constraint(-open_constraints[0].value - 1)]) if alone else assumptions
    )
    return yes if yes == no else Ite(open_constraints, yes, no)


def inside(position: Polynomial, size: Polynomial) -> tuple[Constraint, Constraint]:
    """The condition ``0 <= position < size``."""
    return Constraint(position), Constraint(size - 1 - position)


def map_leaves(value: Value, function: Callable[[Value], Value]) -> Value:
    """Apply `function` to what each choice ends in."""
    if not isinstance(value, Ite):
        return function(value)
    then, otherwise = map_leaves(value.then, function), map_leaves(value.otherwise, function)
    return then if then == otherwise else Ite(value.condition, then, otherwise)


def map_leaves_knowing(
    value: Value, assumptions: Assumptions, function: Callable[[Value, Assumptions], Value]
) -> Value:
    """Apply `function` to what each choice ends in, and to what is known there."""
    if not isinstance(value, Ite):
        return function(value, assumptions)
    return choose(
        value.condition,
        lambda known: map_leaves_knowing(value.then, known, function),
        lambda known: map_leaves_knowing(value.otherwise, known, function),
        assumptions,
    )


def weighted(terms: Sequence[tuple[Fraction, Value]]) -> Value:
    """The weighted sum. Zeros fall away, and what is finite with weight 0, but that it is a sum
    stays visible.
    """
    return Sum(
        tuple((weight, value) for weight, value in terms if not _adds_nothing(weight, value))
    )


def _adds_nothing(weight: Fraction, value: Value) -> bool:
    """Whether a term is 0, for finite inputs: 0 times what may be infinite or NaN is not, and a
    product or a sum may be infinite.
    """
    if isinstance(value, Constant) and not value.value:
        return True
    return not weight and not any(
        is_unknown(part) or isinstance(part, Sum) for part in parts(value)
    )


def is_unknown(value: Value) -> bool:
    """Whether nothing is known of a value, not even that it is finite."""
    return isinstance(value, Cast) or (isinstance(value, Load) and value.name == UNINITIALISED)


def parts(value: Value) -> Iterator[Value]:
    """The value and all that it is made of."""
    yield value
    if isinstance(value, Ite):
        yield from parts(value.then)
        yield from parts(value.otherwise)
    elif isinstance(value, Sum):
        for _, each in value.terms:
            yield from parts(each)
    elif isinstance(value, Cast):
        yield from parts(value.value)


def as_index(value: Value) -> Polynomial:
    """A leaf as an integer."""
    if isinstance(value, Integer):
        return value.value
    if isinstance(value, Constant):
        if value.value.denominator == 1:
            return polynomial(int(value.value))
        raise UnsupportedError(f"the number {value.value} where an integer was expected")
    if isinstance(value, Cast):
        raise UnsupportedError(f"a number that may not fit into {value.dtype}")
    if isinstance(value, Sum) and not any(isinstance(part, Load) for part in parts(value)):
        raise UnsupportedError(
            "a number that was computed in floats, and may be rounded, in an index or a condition"
        )
    raise UnsupportedError("an index or a condition that depends on the values of the input")


def substituted(value: Value, values: Mapping[str, Polynomial]) -> Value:
    """The value with polynomials in the place of variables."""
    match value:
        case Integer(number):
            return Integer(number.substitute(values))
        case Load(name, index):
            return Load(name, tuple(each.substitute(values) for each in index))
        case Ite(condition, then, otherwise):
            constraints = tuple(
                Constraint(constraint.value.substitute(values), constraint.equal)
                for constraint in condition
            )
            return Ite(constraints, substituted(then, values), substituted(otherwise, values))
        case Sum(terms):
            return Sum(tuple((weight, substituted(each, values)) for weight, each in terms))
        case Cast(dtype, inner):
            return Cast(dtype, substituted(inner, values))
    return value
