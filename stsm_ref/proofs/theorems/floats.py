"""Theorems about float32: a tap of weight 1 beside one of weight 0 keeps every finite value,
and its bits but for -0.0.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from stsm_ref.proofs.smt.z3_terms import Term, z3
from stsm_ref.proofs.theorems.theorem import Claim, Theorem, Values, Variant

SINGLE, NEAREST = z3.FPSort(8, 24), z3.RNE()
X_BITS, Y_BITS = z3.BitVecs(
    "x_bits y_bits", 32
)  # bits, because values are not all told apart when they are printed
X, Y = z3.fpBVToFP(X_BITS, SINGLE), z3.fpBVToFP(Y_BITS, SINGLE)
ZERO, ONE = z3.fpPlusZero(SINGLE), z3.FPVal(1, SINGLE)
NEGATIVE_ZERO = 0x8000_0000
FINITE = tuple(z3.Not(z3.Or(z3.fpIsNaN(value), z3.fpIsInf(value))) for value in (X, Y))
SUM = z3.fpAdd(NEAREST, z3.fpMul(NEAREST, ZERO, X), z3.fpMul(NEAREST, ONE, Y))


def _in_numpy(values: Values) -> tuple[Any, Any, Any]:
    x, y = (np.array(values[name], np.uint32).view(np.float32)[()] for name in ("x_bits", "y_bits"))
    with np.errstate(invalid="ignore"):
        return x, y, np.float32(0) * x + np.float32(1) * y


def _value_lost(values: Values) -> str:
    x, y, total = _in_numpy(values)
    return "" if total == y else f"NumPy gives 0*{x} + 1*{y} = {total}"


def _bits_lost(values: Values) -> str:
    x, y, total = _in_numpy(values)
    return "" if total.tobytes() == y.tobytes() else f"NumPy gives 0*{x} + 1*{y} = {total}"


def _claim(
    name: str, premises: tuple[Term, ...], goal: Callable[[], Term], replay: Callable[[Values], str]
) -> Claim:
    return Claim(name, {"x_bits": X_BITS, "y_bits": Y_BITS}, premises, goal, replay)


def claims() -> Iterator[Claim]:
    """Equal in value always; equal in bits unless y is -0.0 and 0 times x is +0.0."""
    yield _claim("0*x + 1*y equals y", FINITE, lambda: z3.fpEQ(SUM, Y), _value_lost)
    lost = z3.And(Y_BITS == NEGATIVE_ZERO, z3.Not(z3.fpIsNegative(X)))
    yield _claim(
        "its bits are those of y, unless y is -0.0 and x has no minus sign",
        FINITE,
        lambda: (SUM == Y) == z3.Not(lost),
        _bits_lost,
    )


def _bitwise() -> Iterator[Claim]:
    yield _claim("its bits are those of y", FINITE, lambda: SUM == Y, _bits_lost)


def _of_anything() -> Iterator[Claim]:
    yield _claim("0*x + 1*y equals y", FINITE[1:], lambda: z3.fpEQ(SUM, Y), _value_lost)


THEOREMS = (
    Theorem(
        "one_and_zero_taps_keep_the_value",
        claims,
        (
            Variant("bit for bit", claims=_bitwise),
            Variant("for infinities and NaN as well", claims=_of_anything),
        ),
    ),
)
