r"""What a dtype holds: integers wrap, floats round, and a number is taken for exact only where it
is shown to fit.

An integer that may lie outside of its dtype of :math:`b` bits is wrapped as the machine does it,
:math:`((v - l) \bmod 2^b) + l` with the least number :math:`l`. A number that a float may not hold
becomes `Cast`, of which nothing is said.
"""

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import torch

from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    Range,
    polynomial,
)
from stsm_ref.proofs.index_maps.maps import (
    ZERO,
    Cast,
    Constant,
    Integer,
    Ite,
    Load,
    Sum,
    SymbolicTensor,
    UnsupportedError,
    Value,
    as_index,
)
from stsm_ref.proofs.index_maps.maps import map_leaves_knowing as under

ONE = Constant(Fraction(1))
BITS = {"uint8": 8, "int8": 8, "int16": 16, "int32": 32, "int64": 64}
WHOLE_DTYPES = frozenset({*BITS, "bool"})
LARGEST_EXACT = {"float64": 2**53, "float32": 2**24, "float16": 2**11, "bfloat16": 2**8}
"""Every integer up to this is held."""
HOLDS_FLOAT32 = frozenset({"float32", "float64"})
MAX_ENTRIES_BITS = 48
"""It is assumed that an input has fewer than 2**48 entries, so that places and counts fit into
int64.
"""


def dtype_name(dtype: torch.dtype) -> str:
    """``torch.float32`` as ``"float32"``."""
    return str(dtype).removeprefix("torch.")


def torch_dtype(name: str) -> torch.dtype:
    """The dtype of a name."""
    found: torch.dtype = getattr(torch, name)
    return found


def least(name: str) -> int:
    """The least number of an integer dtype."""
    return 0 if name == "uint8" else -(2 ** (BITS[name] - 1))


def constant(number: Any) -> Constant:
    """A Python number as a constant.

    Raises
    ------
    UnsupportedError
        If it is complex, infinite or NaN.
    """
    if isinstance(number, complex) or not math.isfinite(number):
        raise UnsupportedError(f"the number {number}, which is not real and finite")
    return Constant(Fraction(number), str(number).startswith("-") and not number)


def number_in(number: Any, name: str) -> Value:
    """A Python number as torch puts it into a tensor of a dtype.

    Raises
    ------
    UnsupportedError
        If torch refuses it, as 300 for uint8, or the dtype is not in the table.
    """
    _require_known(name)
    if isinstance(number, Polynomial):
        raise UnsupportedError(
            f"{number}, which depends on the sizes, where a fixed number was expected"
        )
    try:
        return constant(torch.full((), number, dtype=torch_dtype(name)).item())
    except (RuntimeError, TypeError) as error:
        raise UnsupportedError(f"{number!r} in a tensor of {name}: {error}") from None


def size_in(size: Polynomial, name: str, shape: Sequence[Polynomial] = ()) -> SymbolicTensor:
    """A tensor of one size, which is an int64 before it is anything else."""
    _require_known(name)

    def read(_: Any, known: Assumptions) -> Value:
        return under(
            wrapped(size, "int64", known),
            known,
            lambda leaf, more: converted_leaf(leaf, "int64", name, more),
        )

    return SymbolicTensor(tuple(shape), read, name)


def _require_known(name: str) -> None:
    if name not in WHOLE_DTYPES and name not in LARGEST_EXACT:
        raise UnsupportedError(f"numbers of dtype {name}")


def fits(number: Fraction, name: str) -> bool:
    """Whether a float dtype holds a number exactly."""
    try:
        near = float(number)
    except OverflowError:
        return False
    return (
        Fraction(near) == number
        and torch.tensor(near, dtype=torch.float64).to(torch_dtype(name)).item() == near
    )


def represented_in(value: Value, name: str, assumptions: Assumptions) -> Value:
    """A leaf that arithmetic gave, over the integers or the real numbers, in the dtype of the
    result.
    """
    if isinstance(value, Constant):
        if name in BITS:
            return wrapped(as_index(value), name, assumptions)
        if name == "bool":
            return ONE if value.value else ZERO
        return value if fits(value.value, name) else Cast(name, value)
    if isinstance(value, Integer):
        if name in BITS:
            return wrapped(value.value, name, assumptions)
        return truth(value, assumptions) if name == "bool" else _float_of(value, name, assumptions)
    return value


def wrapped(value: Polynomial, name: str, assumptions: Assumptions) -> Value:
    """An integer in an integer dtype: itself where it is shown to fit, else what the machine
    makes of it.
    """
    low, count = least(name), 2 ** BITS[name]
    if value.constant is not None:
        return Constant(Fraction((value.constant - low) % count + low))
    if not _fits(value, low, low + count - 1, assumptions):
        value = assumptions.divide(value - low, polynomial(count))[1] + low
    return Integer(value)


def _float_of(value: Integer, name: str, assumptions: Assumptions) -> Value:
    most = LARGEST_EXACT[name]
    return value if _fits(value.value, -most, most, assumptions) else Cast(name, value)


def _fits(value: Polynomial, low: int, high: int, assumptions: Assumptions) -> bool:
    if high >= 2**62 and _bits(value, assumptions) < 63:
        return True
    return bool(assumptions.is_nonnegative(value - low)) and bool(
        assumptions.is_nonnegative(high - value)
    )


def _bits(value: Polynomial, assumptions: Assumptions) -> int:
    """A number of bits that the value never exceeds, if the sizes are those of an input with
    fewer than ``2**48`` entries.
    """
    return sum(
        abs(factor) << _bits_of(monomial, assumptions) for monomial, factor in value.terms.items()
    ).bit_length()


def _bits_of(monomial: tuple[str, ...], assumptions: Assumptions) -> int:
    """Bits of a product: the sizes of different axes have 48 bits together, a size times itself
    has twice as many.
    """
    sizes: Counter[str] = Counter()
    slack = 0
    for name in monomial:
        axes, more = _axes_behind(name, assumptions)
        sizes += axes
        slack += more
    return MAX_ENTRIES_BITS * max(sizes.values(), default=0) + slack


def _axes_behind(name: str, assumptions: Assumptions) -> tuple[Counter[str], int]:
    """The sizes whose product bounds a variable, and by how many bits it may exceed them; for
    one that nothing bounds, far too many.
    """
    low, high = assumptions.ranges.get(name, Range(None, None))
    if low is None or name not in assumptions.ranges:
        return Counter({name: 2}), 0
    if high is None:
        # a size is bounded by the input; a quotient, which is named in lower case, may be larger
        # than every size
        return Counter({name: 2 if name.startswith("q") else 1}), 0
    if high.constant is not None:
        return Counter(), high.constant.bit_length()
    monomials = [monomial for monomial in high.terms if monomial]
    if len(monomials) > 1 or high.terms[monomials[0]] != 1:
        return Counter({name: 2}), 0
    axes: Counter[str] = Counter()
    slack = (1 + abs(high.terms.get((), 0))).bit_length()
    for each in monomials[0]:
        found, more = _axes_behind(each, assumptions)
        axes += found
        slack += more
    return axes, slack


def truth(value: Value, assumptions: Assumptions) -> Value:
    """Whether a leaf is something else than 0, as a bool."""
    if isinstance(value, Constant):
        return ONE if value.value else ZERO
    if isinstance(value, Integer):
        known = assumptions.holds(Constraint(value.value, equal=True))
        if known is not None:
            return ZERO if known else ONE
        return Ite((Constraint(value.value, equal=True),), ZERO, ONE)
    return Cast("bool", value)


def converted_leaf(value: Value, before: str, after: str, assumptions: Assumptions) -> Value:
    """A leaf of one dtype in another."""
    if before == after or (isinstance(value, Load | Sum) and {before, after} <= HOLDS_FLOAT32):
        return value
    if after == "bool":
        return truth(value, assumptions)
    if isinstance(value, Integer):
        return represented_in(value, after, assumptions)
    if isinstance(value, Constant):
        if after not in BITS:
            return _rounded_by_torch(value, before, after)
        whole = int(value.value)  # towards zero
        if before in WHOLE_DTYPES or least(after) <= whole < least(after) + 2 ** BITS[after]:
            return wrapped(polynomial(whole), after, assumptions)
    return Cast(after, value)


def _rounded_by_torch(value: Constant, before: str, after: str) -> Value:
    number = (
        int(value.value)
        if before in WHOLE_DTYPES
        else -0.0
        if value.negative
        else float(value.value)
    )
    found = torch.tensor(number, dtype=torch_dtype(before)).to(torch_dtype(after)).item()
    return constant(found) if abs(found) < float("inf") else Cast(after, value)


def converted(x: SymbolicTensor, dtype: torch.dtype | None) -> SymbolicTensor:
    """The tensor in another dtype: unchanged where that holds all its values, otherwise
    wrapped, rounded, or unknown.
    """
    name = x.dtype if dtype is None else dtype_name(dtype)
    if name == x.dtype:
        return x
    for each in (name, x.dtype):
        if not each.startswith("complex"):
            _require_known(each)

    def read(index: Any, known: Assumptions) -> Value:
        return under(
            x.read(index, known),
            known,
            lambda leaf, more: converted_leaf(leaf, x.dtype, name, more),
        )

    return SymbolicTensor(x.shape, read, name)


def promoted(*operands: Any) -> str:
    """The dtype in which torch computes with tensors, numbers and sizes: a tensor with axes
    counts for more than one without.
    """
    stands = [_stand_in(each) for each in operands]
    found = torch.result_type(stands[0], stands[-1])
    return dtype_name(found)


def _stand_in(operand: Any) -> Any:
    if isinstance(operand, SymbolicTensor):
        return torch.empty((1,) * min(operand.rank, 1), dtype=torch_dtype(operand.dtype))
    return 1 if isinstance(operand, Polynomial) else operand
