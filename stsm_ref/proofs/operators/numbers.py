"""Meanings of arithmetic: exact over the real numbers for weighted sums of entries, and the
machine's own for integers.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import torch

from stsm_ref.proofs.index_maps.integers import Assumptions, Constraint, Polynomial, polynomial
from stsm_ref.proofs.index_maps.maps import (
    ZERO,
    Cast,
    Constant,
    Index,
    Integer,
    Ite,
    Sum,
    SymbolicTensor,
    UnsupportedError,
    Value,
    as_index,
    choose,
    filled,
    weighted,
)
from stsm_ref.proofs.index_maps.maps import map_leaves_knowing as under
from stsm_ref.proofs.operators.dtypes import (
    BITS,
    LARGEST_EXACT,
    ONE,
    WHOLE_DTYPES,
    constant,
    converted,
    dtype_name,
    fits,
    least,
    number_in,
    promoted,
    represented_in,
    size_in,
    torch_dtype,
)
from stsm_ref.proofs.operators.shape import broadcast, common_shape
from stsm_ref.proofs.operators.table import as_size, meaning

Leaves = Callable[..., Value]
"""From leaves, and what is known there last, to a value."""


@meaning("aten.to.dtype")
def to_dtype(_: Assumptions, x: SymbolicTensor, dtype: torch.dtype, *__: Any) -> SymbolicTensor:
    """Conversion."""
    return converted(x, dtype)


@meaning("aten._to_copy.default", "aten.to.dtype_layout")
def to_copy(
    _: Assumptions, x: SymbolicTensor, dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Conversion of dtype; device and memory layout are not looked at."""
    return converted(x, dtype)


def operand(value: Any, name: str) -> SymbolicTensor:
    """A tensor brought into a dtype, or a number as a tensor of it without axes."""
    if isinstance(value, SymbolicTensor):
        return converted(value, torch_dtype(name))
    return (
        size_in(value, name)
        if isinstance(value, Polynomial)
        else filled((), number_in(value, name), name)
    )


def together(
    assumptions: Assumptions, tensors: list[SymbolicTensor], function: Leaves, name: str
) -> SymbolicTensor:
    """Apply a function of values, and of what is known, entry by entry, shapes broadcast; the
    result is of dtype `name`.
    """
    shape = common_shape(assumptions, *(each.shape for each in tensors))
    wide = [broadcast(assumptions, each, shape) for each in tensors]
    return SymbolicTensor(
        shape, lambda i, known: function(*(each.read(i, known) for each in wide), known), name
    )


def arithmetic(
    assumptions: Assumptions, function: Leaves, *operands: Any, result: str | None = None
) -> SymbolicTensor:
    """Bring operands into their common dtype, compute with their leaves, and bring what comes
    out into that dtype again.
    """
    common = promoted(*operands)
    name = result or common

    def compute(*values: Any) -> Value:
        *values_, known = values
        return under_all(
            values_, known, lambda *leaves: represented_in(function(*leaves), name, leaves[-1])
        )

    return together(assumptions, [operand(each, common) for each in operands], compute, name)


def under_all(values: list[Value], known: Assumptions, function: Leaves, *leaves: Value) -> Value:
    """Apply a function of leaves, and of what is known, under the choices of all values."""
    if not values:
        return function(*leaves, known)
    return under(
        values[0], known, lambda leaf, more: under_all(values[1:], more, function, *leaves, leaf)
    )


def is_number(value: Value) -> bool:
    """Whether a leaf does not hang on the input."""
    return isinstance(value, Constant | Integer)


def is_negative(value: Constant) -> bool:
    """Whether a number has a minus sign, as -0.0 has."""
    return value.value < 0 or value.negative


def _signed(value: Fraction, negative: bool, name: str) -> Constant:
    """A number; if it is the 0 of a float, with a sign."""
    return Constant(value, negative and not value and name not in WHOLE_DTYPES)


def total(assumptions: Assumptions, a: Any, b: Any, weight: Fraction) -> SymbolicTensor:
    """``a + weight*b``, entry by entry."""
    name = promoted(a, b)

    def leaves(one: Value, other: Value) -> Value:
        if isinstance(one, Constant) and isinstance(other, Constant):
            scaled = Constant(weight * other.value)
            if name in LARGEST_EXACT and not fits(scaled.value, name):
                return Cast(
                    name, Constant(one.value + scaled.value)
                )  # what was rounded first is not known
            both_negative = is_negative(one) and is_negative(other) != (weight < 0)
            return _signed(one.value + scaled.value, both_negative, name)
        if is_number(one) and is_number(other):
            found = as_index(one) + as_index(other) * as_index(Constant(weight))
            # an integer as a float has no -0.0, but -0.0 and 0.0 may have met
            plain = name in WHOLE_DTYPES or not any(
                isinstance(each, Constant) and each.negative for each in (one, other)
            )
            return Integer(found) if plain else Sum(((Fraction(1), Integer(found)),))
        return weighted([(Fraction(1), one), (weight, other)])

    def compute(one: Value, other: Value, known: Assumptions) -> Value:
        if is_sum_of_entries(one) or is_sum_of_entries(other):
            return weighted([(Fraction(1), one), (weight, other)])
        return under_all(
            [one, other], known, lambda p, q, more: represented_in(leaves(p, q), name, more)
        )

    return together(assumptions, [operand(a, name), operand(b, name)], compute, name)


def is_sum_of_entries(value: Value) -> bool:
    """Whether a value hangs on the input in some case."""
    if isinstance(value, Ite):
        return is_sum_of_entries(value.then) or is_sum_of_entries(value.otherwise)
    return not is_number(value)


def product_of(one: Value, other: Value, name: str, known: Assumptions) -> Value:
    """A product of leaves, one of which does not hang on the input."""
    if isinstance(other, Constant):
        one, other = other, one
    if isinstance(one, Constant):
        if isinstance(other, Constant):
            return _signed(one.value * other.value, is_negative(one) != is_negative(other), name)
        if not isinstance(other, Integer):
            return weighted([(one.value, other)])
    if not (is_number(one) and is_number(other)):
        raise UnsupportedError(
            "a product that is not linear in the input, or of numbers that may be rounded"
        )
    found = Integer(as_index(one) * as_index(other))
    # 0.0 times a negative float is -0.0, which an integer cannot say: that arithmetic was done says
    # that the sign is not known
    plain = name in WHOLE_DTYPES or all(
        known.is_nonnegative(as_index(each)) for each in (one, other)
    )
    return found if plain else Sum(((Fraction(1), represented_in(found, name, known)),))


@meaning("aten.add.Tensor", "aten.add.Scalar")
def add(assumptions: Assumptions, x: Any, other: Any, alpha: Any) -> SymbolicTensor:
    """``x + alpha*other``."""
    return total(assumptions, x, other, _weight(alpha, x, other))


@meaning("aten.sub.Tensor", "aten.sub.Scalar")
def subtract(assumptions: Assumptions, x: Any, other: Any, alpha: Any) -> SymbolicTensor:
    """``x - alpha*other``."""
    if promoted(x, other) == "bool":
        raise UnsupportedError("a difference of conditions")
    return total(assumptions, x, other, -_weight(alpha, x, other))


def _weight(alpha: Any, x: Any, other: Any) -> Fraction:
    """The factor of a sum, as the dtype of the sum has it."""
    found = number_in(alpha, promoted(x, other))
    assert isinstance(found, Constant)
    return found.value


@meaning("aten.rsub.Scalar", "aten.rsub.Tensor")
def subtract_from(assumptions: Assumptions, x: Any, other: Any, alpha: Any) -> SymbolicTensor:
    """``other - alpha*x``."""
    return subtract(assumptions, other, x, alpha)


@meaning("aten.mul.Tensor", "aten.mul.Scalar")
def multiply(assumptions: Assumptions, x: Any, other: Any) -> SymbolicTensor:
    """``x * other``."""
    name = promoted(x, other)
    return arithmetic(assumptions, lambda a, b, known: product_of(a, b, name, known), x, other)


@meaning("aten.div.Tensor", "aten.div.Scalar")
def divide(assumptions: Assumptions, x: Any, other: Any) -> SymbolicTensor:
    """``x / other``, by a number that is not 0; integers become floats first."""
    name = promoted(x, other)
    if name in WHOLE_DTYPES:
        name = dtype_name(torch.get_default_dtype())
        x, other = operand(x, name), operand(other, name)

    def leaves(one: Value, divisor: Value, known: Assumptions) -> Value:
        if not isinstance(divisor, Constant) or not divisor.value:
            raise UnsupportedError("a division by something else than a number that is not 0")
        if isinstance(one, Integer) and abs(divisor.value) != 1:
            return Cast(name, Sum(((1 / divisor.value, one),)))
        return product_of(one, Constant(1 / divisor.value), name, known)

    return arithmetic(assumptions, leaves, x, other, result=name)


@meaning("aten.neg.default")
def negate(assumptions: Assumptions, x: SymbolicTensor) -> SymbolicTensor:
    """``-x``."""
    if x.dtype == "bool":
        raise UnsupportedError("the negative of a condition")
    return arithmetic(
        assumptions, lambda a, known: product_of(a, Constant(Fraction(-1)), x.dtype, known), x
    )


def _integers(*operands: Any) -> str:
    """The common dtype of operands that have to be integers."""
    name = promoted(*operands)
    if name not in BITS:
        raise UnsupportedError(f"this of {name}, where integers were expected")
    return name


@meaning("aten.abs.default")
def absolute(assumptions: Assumptions, x: SymbolicTensor) -> SymbolicTensor:
    """The absolute value of integers."""
    name = _integers(x)

    def leaf(value: Value, known: Assumptions) -> Value:
        number = as_index(value)
        return choose(
            [Constraint(number)],
            lambda s: represented_in(Integer(number), name, s),
            lambda s: represented_in(Integer(-number), name, s),
            known,
        )

    return together(assumptions, [x], lambda a, known: under(a, known, leaf), name)


@meaning("aten.remainder.Scalar", "aten.remainder.Tensor")
def remainder(assumptions: Assumptions, x: Any, other: Any) -> SymbolicTensor:
    """The remainder of integers by a positive integer, which is 0 or more."""
    return _divided(assumptions, x, other, lambda pair: pair[1])


@meaning("aten.floor_divide.default", "aten.floor_divide.Scalar")
def floor_divide(assumptions: Assumptions, x: Any, other: Any) -> SymbolicTensor:
    """The quotient of integers by a positive integer, rounded down."""
    return _divided(assumptions, x, other, lambda pair: pair[0])


@meaning("aten.div.Tensor_mode", "aten.div.Scalar_mode")
def divide_by_mode(
    assumptions: Assumptions, x: Any, other: Any, mode: str | None
) -> SymbolicTensor:
    """The quotient, rounded down if the mode says so."""
    if mode is None:
        return divide(assumptions, x, other)
    if mode != "floor":
        raise UnsupportedError(f"a quotient rounded by mode {mode!r}")
    return floor_divide(assumptions, x, other)


def _divided(
    assumptions: Assumptions,
    x: Any,
    other: Any,
    take: Callable[[tuple[Polynomial, Polynomial]], Polynomial],
) -> SymbolicTensor:
    def leaves(one: Value, divisor: Value, known: Assumptions) -> Value:
        below = as_index(divisor)
        if known.is_nonnegative(below - 1) is not True:
            raise UnsupportedError(f"a quotient by {below}, which is not shown to be positive")
        return Integer(take(known.divide(as_index(one), below)))

    _integers(x, other)
    return arithmetic(assumptions, leaves, x, other)


def _comparison(
    constraints: Callable[[Polynomial], Constraint], *, opposite: bool = False
) -> Callable[[Assumptions, Any, Any], SymbolicTensor]:
    def leaves(one: Value, other: Value, known: Assumptions) -> Value:
        constraint = constraints(_difference(one, other))
        return choose(
            [constraint],
            lambda _: ZERO if opposite else ONE,
            lambda _: ONE if opposite else ZERO,
            known,
        )

    def compare(assumptions: Assumptions, x: Any, other: Any) -> SymbolicTensor:
        """Compare numbers that do not hang on the input."""
        common = promoted(x, other)
        tensors = [operand(x, common), operand(other, common)]
        return together(
            assumptions, tensors, lambda a, b, known: under_all([a, b], known, leaves), "bool"
        )

    return compare


def _difference(one: Value, other: Value) -> Polynomial:
    """A polynomial with the sign of ``one - other``."""
    one, other = _before_rounding(one, other), _before_rounding(other, one)
    scales = [each.value.denominator if isinstance(each, Constant) else 1 for each in (one, other)]
    scale = scales[0] * scales[1]
    return _scaled(one, scale) - _scaled(other, scale)


def _scaled(value: Value, scale: int) -> Polynomial:
    return as_index(Constant(value.value * scale) if isinstance(value, Constant) else value) * (
        1 if isinstance(value, Constant) else scale
    )


def _before_rounding(value: Value, other: Value) -> Value:
    """An integer before it became a float, if the other is a number below which every integer
    is held: rounding keeps order.
    """
    if (
        not isinstance(value, Cast)
        or not isinstance(value.value, Integer)
        or not isinstance(other, Constant)
    ):
        return value
    return value.value if abs(other.value) < LARGEST_EXACT.get(value.dtype, 0) else value


for _name, _atom in {
    "ge": Constraint,
    "gt": lambda difference: Constraint(difference - 1),
    "le": lambda difference: Constraint(-difference),
    "lt": lambda difference: Constraint(-difference - 1),
    "eq": lambda difference: Constraint(difference, equal=True),
}.items():
    meaning(f"aten.{_name}.Tensor", f"aten.{_name}.Scalar")(_comparison(_atom))
meaning("aten.ne.Tensor", "aten.ne.Scalar")(
    _comparison(lambda difference: Constraint(difference, equal=True), opposite=True)
)


def _logic(function: Callable[..., bool]) -> Callable[..., SymbolicTensor]:
    """An operator on conditions; a number counts as whether it is not 0."""

    def leaves(*values: Any) -> Value:
        return ONE if function(*(_truth(each) for each in values[:-1])) else ZERO

    def apply(assumptions: Assumptions, *operands: Any) -> SymbolicTensor:
        # torch brings operands into one dtype first, where -2**31 of int32 may become 0 of uint8
        common = promoted(*operands)
        conditions = [operand(operand(each, common), "bool") for each in operands]
        return together(
            assumptions, conditions, lambda *a: under_all(list(a[:-1]), a[-1], leaves), "bool"
        )

    return apply


LOGIC: dict[str, Callable[..., bool]] = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "xor": lambda a, b: a != b,
}
for _name, _function in LOGIC.items():
    meaning(f"aten.logical_{_name}.default")(_logic(_function))
meaning("aten.logical_not.default")(_logic(lambda a: not a))


def _bitwise(logical: Callable[..., SymbolicTensor]) -> Callable[..., SymbolicTensor]:
    def apply(assumptions: Assumptions, *operands: Any) -> SymbolicTensor:
        """An operator on bits, of conditions alone."""
        if promoted(*operands) != "bool":
            raise UnsupportedError(f"an operator on the bits of {promoted(*operands)}")
        return logical(assumptions, *operands)

    return apply


for _name, _function in LOGIC.items():
    meaning(f"aten.bitwise_{_name}.Tensor", f"aten.__{_name}__.Tensor")(_bitwise(_logic(_function)))
meaning("aten.bitwise_not.default")(_bitwise(_logic(lambda a: not a)))


@meaning("aten.where.self", "aten.where.ScalarOther", "aten.where.ScalarSelf", "aten.where.Scalar")
def where(
    assumptions: Assumptions, condition: SymbolicTensor, x: Any, other: Any
) -> SymbolicTensor:
    """One entry where the condition holds, the other elsewhere."""
    name = promoted(x, other)
    tensors = [operand(condition, "bool"), operand(x, name), operand(other, name)]
    return together(assumptions, tensors, _choice, name)


def _choice(condition: Value, then: Value, otherwise: Value, known: Assumptions) -> Value:
    return under(condition, known, lambda leaf, _: then if _truth(leaf) else otherwise)


@meaning("aten.masked_fill.Scalar", "aten.masked_fill.Tensor")
def masked_fill(
    assumptions: Assumptions, x: SymbolicTensor, mask: SymbolicTensor, value: Any
) -> SymbolicTensor:
    """A number where the mask holds."""
    if mask.dtype != "bool":
        raise UnsupportedError(f"a mask of {mask.dtype}")
    if promoted(x, value) != x.dtype:
        raise UnsupportedError(f"{value} written into {x.dtype}")
    tensors = [mask, operand(value, x.dtype), x]
    return together(assumptions, tensors, _choice, x.dtype)


@meaning("aten.clamp.default")
def clamp(assumptions: Assumptions, x: SymbolicTensor, low: Any, high: Any) -> SymbolicTensor:
    """Integers brought between two bounds; where they cross, the high one wins."""
    x = x if low is None else clamp_min(assumptions, x, low)
    return x if high is None else clamp_max(assumptions, x, high)


@meaning("aten.clamp_min.default")
def clamp_min(assumptions: Assumptions, x: SymbolicTensor, low: Any) -> SymbolicTensor:
    """Integers, no less than a bound."""
    return _bounded(assumptions, x, low, 1)


@meaning("aten.clamp_max.default")
def clamp_max(assumptions: Assumptions, x: SymbolicTensor, high: Any) -> SymbolicTensor:
    """Integers, no more than a bound."""
    return _bounded(assumptions, x, high, -1)


@meaning("aten.maximum.default")
def maximum(assumptions: Assumptions, x: SymbolicTensor, other: SymbolicTensor) -> SymbolicTensor:
    """The larger of two integers."""
    return _extreme(assumptions, x, other, 1)


@meaning("aten.minimum.default")
def minimum(assumptions: Assumptions, x: SymbolicTensor, other: SymbolicTensor) -> SymbolicTensor:
    """The smaller of two integers."""
    return _extreme(assumptions, x, other, -1)


def _bounded(assumptions: Assumptions, x: SymbolicTensor, bound: Any, sign: int) -> SymbolicTensor:
    name = _integers(x, bound)
    number = as_size(bound).constant
    fitting = (
        name == "int64" if number is None else least(name) <= number < least(name) + 2 ** BITS[name]
    )
    if name != x.dtype or not fitting:
        raise UnsupportedError(f"a bound {bound} of {x.dtype}")
    return _extreme(assumptions, x, bound, sign)


def _extreme(assumptions: Assumptions, x: Any, other: Any, sign: int) -> SymbolicTensor:
    _integers(x, other)

    def leaves(one: Value, two: Value, known: Assumptions) -> Value:
        difference = (as_index(one) - as_index(two)) * sign
        return choose([Constraint(difference)], lambda _: one, lambda _: two, known)

    common = promoted(x, other)
    return together(
        assumptions,
        [operand(x, common), operand(other, common)],
        lambda a, b, known: under_all([a, b], known, leaves),
        common,
    )


def _truth(value: Value) -> bool:
    if not isinstance(value, Constant):
        raise UnsupportedError(
            "a condition that depends on the values of the input, or on a number that may not fit"
        )
    return bool(value.value)


def table(name: str, values: torch.Tensor) -> SymbolicTensor:
    """A tensor of known numbers: a parameter, a buffer or a constant of the module."""
    flat = values.detach().cpu()

    def read(index: Index, assumptions: Assumptions) -> Value:
        return _look_up(flat, index, assumptions)

    return SymbolicTensor(
        tuple(polynomial(size) for size in values.shape), read, dtype_name(values.dtype)
    )


LARGEST_TABLE = 512


def _look_up(values: torch.Tensor, index: Index, assumptions: Assumptions) -> Value:
    """The number at an index; at an unknown position, a choice over all of them."""
    if not index:
        return constant(values.item())
    place = index[0].constant
    if place is not None:
        return _look_up(values[place], index[1:], assumptions)
    if len(values) > LARGEST_TABLE:
        raise UnsupportedError(
            f"a table of {len(values)} numbers, read at a place that depends on the sizes"
        )
    found = _look_up(values[-1], index[1:], assumptions)
    for position in reversed(range(len(values) - 1)):
        other = _look_up(values[position], index[1:], assumptions)
        found = (
            found
            if other == found
            else Ite((Constraint(index[0] - position, equal=True),), other, found)
        )
    return found
