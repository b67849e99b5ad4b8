"""Meanings of arithmetic: exact over the real numbers for weighted sums of entries, exact for whole numbers that count or place."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import torch

from stsm_ref.proofs.index_map import (
    ZERO,
    Choice,
    Constant,
    Index,
    Rounded,
    SymbolicTensor,
    UnsupportedError,
    Value,
    Whole,
    as_index,
    filled,
    map_leaves,
    weighted,
)
from stsm_ref.proofs.index_map_integers import Atom, Polynomial, Scope, polynomial
from stsm_ref.proofs.operators import meaning
from stsm_ref.proofs.operators_shape import broadcast, common_shape

HOLDS_FLOAT32 = frozenset({"float32", "float64"})
WHOLE_DTYPES = frozenset({"int64", "int32", "int16", "int8", "uint8", "bool"})
BITS = {"float64": 64, "float32": 32, "int64": 64, "int32": 32}


def dtype_name(dtype: torch.dtype) -> str:
    """``torch.float32`` as ``"float32"``."""
    return str(dtype).removeprefix("torch.")


def exact(number: Any) -> Constant:
    """A Python number as a constant."""
    if isinstance(number, complex) or not math.isfinite(number):
        raise UnsupportedError(f"the number {number}, which is not real and finite")
    return Constant(Fraction(number))


def converted(x: SymbolicTensor, dtype: torch.dtype | None) -> SymbolicTensor:
    """The tensor in another dtype: unchanged where that holds all its values, otherwise rounded in a way of which nothing is known."""
    name = x.dtype if dtype is None else dtype_name(dtype)
    if name == x.dtype:
        return x

    def leaf(value: Value) -> Value:
        if isinstance(value, Whole):
            return value if name in {"int64", "int32", *HOLDS_FLOAT32} else Rounded(name, value)
        if isinstance(value, Constant):
            return exact(torch.tensor(float(value.value), dtype=torch.float64).to(getattr(torch, name)).item())
        return value if name in HOLDS_FLOAT32 else Rounded(name, value)

    return SymbolicTensor(x.shape, lambda i, known: map_leaves(x.read(i, known), leaf), name)


@meaning("aten.to.dtype")
def to_dtype(_: Scope, x: SymbolicTensor, dtype: torch.dtype, *__: Any) -> SymbolicTensor:
    """Conversion."""
    return converted(x, dtype)


@meaning("aten._to_copy.default", "aten.to.dtype_layout")
def to_copy(_: Scope, x: SymbolicTensor, dtype: torch.dtype | None, *__: Any) -> SymbolicTensor:
    """Conversion of dtype; device and memory layout are not looked at."""
    return converted(x, dtype)


def operand(value: Any) -> SymbolicTensor:
    """A tensor, or a number as a tensor without axes."""
    if isinstance(value, SymbolicTensor):
        return value
    if isinstance(value, Polynomial):
        return filled((), Whole(value), "int64")
    return filled((), exact(value), "int64" if isinstance(value, int) else "float32")


def elementwise(scope: Scope, function: Callable[..., Value], *operands: Any, dtype: str | None = None) -> SymbolicTensor:
    """Apply a function of values entry by entry, shapes broadcast."""
    tensors = [operand(each) for each in operands]
    shape = common_shape(scope, *(each.shape for each in tensors))
    wide = [broadcast(scope, each, shape) for each in tensors]
    # a float wins over a whole number, and among the floats a tensor with axes over one without
    ranked = sorted(tensors, key=lambda each: (each.dtype in WHOLE_DTYPES, not each.rank, -BITS.get(each.dtype, 0)))
    result = dtype or ranked[0].dtype
    return SymbolicTensor(shape, lambda i, known: function(*(each.read(i, known) for each in wide)), result)


def is_number(value: Value) -> bool:
    """Whether no entry of the input is in it."""
    if isinstance(value, Choice):
        return is_number(value.then) and is_number(value.otherwise)
    return isinstance(value, Constant | Whole)


def both_leaves(a: Value, b: Value, function: Callable[[Value, Value], Value]) -> Value:
    """Apply a function of two leaves under the choices of both."""
    return map_leaves(a, lambda one: map_leaves(b, lambda other: function(one, other)))


def total(a: Value, b: Value, weight: Fraction) -> Value:
    """``a + weight*b``."""
    if not (is_number(a) and is_number(b)):
        return weighted([(Fraction(1), a), (weight, b)])

    def leaves(one: Value, other: Value) -> Value:
        if isinstance(one, Constant) and isinstance(other, Constant):
            return Constant(one.value + weight * other.value)
        return Whole(as_index(one) + as_index(other) * as_index(Constant(weight)))

    return both_leaves(a, b, leaves)


def times(a: Value, b: Value) -> Value:
    """``a * b``, where not both hang on the input."""

    def leaves(one: Value, other: Value) -> Value:
        if isinstance(other, Constant) and not isinstance(one, Constant):
            one, other = other, one
        if isinstance(one, Constant):
            if isinstance(other, Constant):
                return Constant(one.value * other.value)
            if isinstance(other, Whole):
                return Whole(other.value * as_index(one))
            return weighted([(one.value, other)])
        if isinstance(one, Whole) and isinstance(other, Whole):
            return Whole(one.value * other.value)
        raise UnsupportedError("a product that is not linear in the input")

    return both_leaves(a, b, leaves)


@meaning("aten.add.Tensor", "aten.add.Scalar")
def add(scope: Scope, x: Any, other: Any, alpha: Any) -> SymbolicTensor:
    """``x + alpha*other``."""
    weight = exact(alpha).value
    return elementwise(scope, lambda a, b: total(a, b, weight), x, other)


@meaning("aten.sub.Tensor", "aten.sub.Scalar")
def subtract(scope: Scope, x: Any, other: Any, alpha: Any) -> SymbolicTensor:
    """``x - alpha*other``."""
    weight = -exact(alpha).value
    return elementwise(scope, lambda a, b: total(a, b, weight), x, other)


@meaning("aten.rsub.Scalar", "aten.rsub.Tensor")
def subtract_from(scope: Scope, x: Any, other: Any, alpha: Any) -> SymbolicTensor:
    """``other - alpha*x``."""
    return subtract(scope, other, x, alpha)


@meaning("aten.mul.Tensor", "aten.mul.Scalar")
def multiply(scope: Scope, x: Any, other: Any) -> SymbolicTensor:
    """``x * other``."""
    return elementwise(scope, times, x, other)


@meaning("aten.div.Tensor", "aten.div.Scalar")
def divide(scope: Scope, x: Any, other: Any) -> SymbolicTensor:
    """``x / other``, by a number that is not 0."""

    def leaf(value: Value) -> Value:
        if not isinstance(value, Constant) or not value.value:
            raise UnsupportedError("a division by something else than a number that is not 0")
        return Constant(1 / value.value)

    whole = operand(x).dtype in WHOLE_DTYPES
    return elementwise(scope, lambda a, b: times(a, map_leaves(b, leaf)), x, other, dtype="float32" if whole else None)


@meaning("aten.neg.default")
def negate(scope: Scope, x: Any) -> SymbolicTensor:
    """``-x``."""
    return multiply(scope, x, -1)


def _comparison(atoms: Callable[[Polynomial], Atom]) -> Callable[[Scope, Any, Any], SymbolicTensor]:
    def leaves(one: Value, other: Value) -> Value:
        return Choice((atoms(as_index(one) - as_index(other)),), ONE, ZERO)

    def compare(scope: Scope, x: Any, other: Any) -> SymbolicTensor:
        """Compare whole numbers that do not hang on the input."""
        return elementwise(scope, lambda a, b: both_leaves(a, b, leaves), x, other, dtype="bool")

    return compare


ONE = Constant(Fraction(1))
for _name, _atom in {
    "ge": Atom,
    "gt": lambda difference: Atom(difference - 1),
    "le": lambda difference: Atom(-difference),
    "lt": lambda difference: Atom(-difference - 1),
    "eq": lambda difference: Atom(difference, equal=True),
}.items():
    meaning(f"aten.{_name}.Tensor", f"aten.{_name}.Scalar")(_comparison(_atom))


@meaning("aten.logical_not.default", "aten.bitwise_not.default")
def logical_not(scope: Scope, x: SymbolicTensor) -> SymbolicTensor:
    """Not, of a condition."""
    if x.dtype != "bool":
        raise UnsupportedError(f"'not' of {x.dtype}")
    return elementwise(scope, lambda a: map_leaves(a, lambda leaf: ZERO if _truth(leaf) else ONE), x)


@meaning("aten.logical_and.default", "aten.bitwise_and.Tensor")
def logical_and(scope: Scope, x: SymbolicTensor, other: SymbolicTensor) -> SymbolicTensor:
    """And, of two conditions."""
    if {x.dtype, other.dtype} != {"bool"}:
        raise UnsupportedError(f"'and' of {x.dtype} and {other.dtype}")
    return elementwise(scope, lambda a, b: both_leaves(a, b, lambda one, two: ONE if _truth(one) and _truth(two) else ZERO), x, other)


@meaning("aten.where.self", "aten.where.ScalarOther", "aten.where.ScalarSelf", "aten.where.Scalar")
def where(scope: Scope, condition: SymbolicTensor, x: Any, other: Any) -> SymbolicTensor:
    """One entry where the condition holds, the other elsewhere."""
    one, two = operand(x), operand(other)
    dtype = (one if one.rank or one.dtype not in WHOLE_DTYPES else two).dtype
    return elementwise(scope, lambda c, a, b: map_leaves(c, lambda leaf: a if _truth(leaf) else b), condition, one, two, dtype=dtype)


@meaning("aten.masked_fill.Scalar")
def masked_fill(scope: Scope, x: SymbolicTensor, mask: SymbolicTensor, value: Any) -> SymbolicTensor:
    """A number where the mask holds."""
    return elementwise(scope, lambda a, c: map_leaves(c, lambda leaf: exact(value) if _truth(leaf) else a), x, mask, dtype=x.dtype)


@meaning("aten.clamp.default")
def clamp(scope: Scope, x: SymbolicTensor, low: Any, high: Any) -> SymbolicTensor:
    """Whole numbers brought between two bounds."""

    def leaf(value: Value) -> Value:
        number = as_index(value)
        found: Value = Whole(number)
        if high is not None:
            found = Choice((Atom(operand_size(high) - number),), found, Whole(operand_size(high)))
        if low is not None:
            # the low bound is applied first, so the high one wins where they cross
            least = operand_size(low)
            lifted: Value = Whole(least)
            if high is not None:
                lifted = Choice((Atom(operand_size(high) - least),), lifted, Whole(operand_size(high)))
            found = Choice((Atom(number - least),), found, lifted)
        return found

    return elementwise(scope, lambda a: map_leaves(a, leaf), x)


def operand_size(value: Any) -> Polynomial:
    """A bound that is a whole number or a size."""
    return as_index(operand(value).read((), Scope({})))


def _truth(value: Value) -> bool:
    if not isinstance(value, Constant):
        raise UnsupportedError("a condition that hangs on the input")
    return bool(value.value)


def table(name: str, values: torch.Tensor) -> SymbolicTensor:
    """A tensor of known numbers: a parameter, a buffer or a constant of the module."""
    flat = values.detach().cpu()

    def read(index: Index, scope: Scope) -> Value:
        return _look_up(flat, index, scope)

    return SymbolicTensor(tuple(polynomial(size) for size in values.shape), read, dtype_name(values.dtype))


LARGEST_TABLE = 512


def _look_up(values: torch.Tensor, index: Index, scope: Scope) -> Value:
    """The number at an index; at an unknown position, a choice over all of them."""
    if not index:
        return exact(values.item())
    place = index[0].constant
    if place is not None:
        return _look_up(values[place], index[1:], scope)
    if len(values) > LARGEST_TABLE:
        raise UnsupportedError(f"a table of {len(values)} numbers, read at a place that depends on the sizes")
    found = _look_up(values[-1], index[1:], scope)
    for position in reversed(range(len(values) - 1)):
        other = _look_up(values[position], index[1:], scope)
        found = found if other == found else Choice((Atom(index[0] - position, equal=True),), other, found)
    return found
