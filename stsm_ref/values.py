"""Kinds of values that arrays are filled with, each from a seed: what `stsm_ref.strategies` draws
and the conformance suite asks.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from stsm_ref.errors import SpecError
from stsm_ref.geometry import Array

DTYPES = tuple(
    np.dtype(c)
    for c in ("f4", "f8", "f2", "i4", "i8", "i1", "i2", "u1", "u2", "u4", "u8", "?", "c8", "c16")
)
"""bool, all integers, float16 to float64, complex64 and complex128; float32 first, so that examples
shrink to it.
"""

Values = Literal[
    "labels",
    "finite",
    "bits",
    "scattered",
    "zero",
    "single",
    "constant",
    "static",
    "negative",
    "huge",
    "tiny",
    "subnormal",
    "nan",
    "infinite",
]
"""Kinds of values; see `stsm_ref.strategies.arrays`."""

Layout = Literal["C", "F", "strided", "reversed", "channels-last"]
"""How an array lies in memory."""


def has_values(dtype: np.dtype[Any], values: Values) -> bool:
    """Whether a dtype has values of a kind.

    >>> from typing import get_args
    >>> [kind for kind in get_args(Values) if not has_values(np.dtype("u1"), kind)]
    ['negative', 'tiny', 'subnormal', 'nan', 'infinite']
    """
    if values == "bits":
        return True  # every dtype has those, a structured one too
    kinds = {
        "negative": "ifc",
        "huge": "iufc",
        "tiny": "fc",
        "subnormal": "fc",
        "nan": "fc",
        "infinite": "fc",
    }
    return dtype.kind in kinds.get(values, "biufc")


def labels(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    """Unique values in random order, none 0; odd and above 2**16, so that no half precision holds
    them, where the dtype allows.

    Parameters
    ----------
    shape : sequence of int
        Of the array.
    dtype : dtype
        Of the array.
    rng : Generator
        What the order is drawn from.

    Raises
    ------
    SpecError
        If the dtype has fewer values than the array has places.
    """
    count = int(np.prod(shape, dtype=np.int64))
    largest = {"b": 1, "i": 2**31, "u": 2**31, "f": 2**24, "c": 2**24}[dtype.kind]
    if dtype.kind in "iu":
        largest = min(largest, np.iinfo(dtype).max)
    elif dtype.kind in "fc":
        largest = min(largest, int(2 ** (np.finfo(dtype).nmant + 1)))
    start, step = (2**16 + 1, 2) if largest >= 2**16 + 1 + 2 * count else (1, 1)
    if start + step * (count - 1) > largest:
        raise SpecError(
            f"dtype={dtype} has no {count} different labels: use a wider dtype or a smaller shape "
            f"than {tuple(shape)}"
        )
    return rng.permutation(start + step * np.arange(count)).reshape(shape).astype(dtype)


def _finite(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        # the ends of a 64-bit range are left out: an engine that sums in float64 cannot be exact
        # there, and says so
        info, limit = np.iinfo(dtype), 2**53
        return rng.integers(
            max(info.min, -limit), min(int(info.max), limit), shape, endpoint=True
        ).astype(dtype)
    real = rng.uniform(-100, 100, shape)
    return (real + 1j * rng.uniform(-100, 100, shape) if dtype.kind == "c" else real).astype(dtype)


def _bits(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    raw = rng.integers(0, 2 if dtype.kind == "b" else 256, (*shape, dtype.itemsize), dtype=np.uint8)
    x = np.ascontiguousarray(raw).view(dtype)[..., 0]
    if dtype.kind in "fc":
        special = rng.choice(np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0]), shape).astype(
            dtype
        )
        x = np.where(rng.random(shape) < 0.3, special, x)
        _put_signalling(x, rng)
    return x


def _put_signalling(x: Array, rng: np.random.Generator) -> None:
    """Make one number in ten a signalling NaN: arithmetic, and a cast there and back, would quieten
    it by setting a bit.
    """
    real = np.dtype(x.real.dtype)
    info, whole = np.finfo(real), np.dtype(f"u{real.itemsize}")
    numbers = x.view(whole)  # of a complex number both parts, side by side
    there = rng.random(numbers.shape) < 0.1
    payload = rng.integers(1, 1 << (info.nmant - 1), int(there.sum()), dtype=np.uint64).astype(
        whole
    )
    sign = numbers[there] & whole.type(1 << (8 * real.itemsize - 1))
    numbers[there] = sign | payload | np.array(np.inf, real).view(whole)


PERIOD = 65521
"""A prime, so that no size of an axis goes with it."""


def _scattered(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    """Random numbers that come again after `PERIOD` places, each time with another one added."""
    parts = 2 if dtype.kind == "c" else 1
    real = np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
    count = int(np.prod(shape, dtype=np.int64)) * parts
    whole = np.dtype(f"u{real.itemsize}")
    period = min(count, PERIOD)
    block = rng.integers(0, np.iinfo(whole).max, period, dtype=whole, endpoint=True)
    added = rng.integers(
        0, np.iinfo(whole).max, -(-count // max(period, 1)), dtype=whole, endpoint=True
    )
    numbers = np.add(block, added[:, None]).reshape(-1)[:count]  # unsigned: they wrap
    if real.kind == "b":
        numbers &= whole.type(1)
    elif (
        real.kind == "f"
    ):  # integers that the dtype holds exactly, with a 1 in front of all their digits
        info = np.finfo(real)
        sign = 1 << (8 * real.itemsize - 1)
        numbers &= whole.type(sign | ((1 << info.nmant) - 1))
        numbers |= np.array(2.0**info.nmant, real).view(whole)
    return numbers.view(dtype).reshape(shape)


def _zero(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    return np.zeros(shape, dtype)


def _single(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    x = np.zeros(shape, dtype)
    if x.size:
        x.reshape(-1)[rng.integers(x.size)] = labels((1,), dtype, rng)[0]
    return x


def _constant(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    return np.full(shape, labels((1,), dtype, rng)[0])


def _static(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    """All frames equal, where the last four axes are those of a clip; everything along the first
    axis elsewhere.
    """
    axis = max(len(shape) - 4, 0)
    frame = _finite([*shape[:axis], 1, *shape[axis + 1 :]], dtype, rng)
    return np.repeat(frame, shape[axis], axis)


def _negative(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    if dtype.kind == "i":
        return rng.integers(max(np.iinfo(dtype).min, -(2**53)), -1, shape, endpoint=True).astype(
            dtype
        )
    real = -rng.uniform(1, 100, shape)
    return (real - 1j * rng.uniform(1, 100, shape) if dtype.kind == "c" else real).astype(dtype)


def _huge(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    """From half of the largest number up, and for integers the ends themselves."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        low = [info.min, info.min + 1] if dtype.kind == "i" else []
        return rng.choice(np.array([*low, info.max // 2 + 1, info.max - 1, info.max], dtype), shape)
    return _parts(
        shape,
        dtype,
        lambda real: (
            rng.uniform(0.5, 1, shape) * float(np.finfo(real).max) * rng.choice([-1, 1], shape)
        ),
    )


def _tiny(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    """About 1e-8, as a loss that is scaled leaves them, or the smallest normal numbers where those
    are larger.
    """
    return _parts(
        shape,
        dtype,
        lambda real: (
            rng.uniform(1, 4, shape)
            * max(1e-8, float(np.finfo(real).tiny))
            * rng.choice([-1, 1], shape)
        ),
    )


def _subnormal(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    def part(real: np.dtype[Any]) -> Array:
        steps = rng.integers(1, 1 << np.finfo(real).nmant, shape)
        return np.asarray(
            steps * np.finfo(real).smallest_subnormal * rng.choice(np.array([-1, 1], real), shape)
        )

    return _parts(shape, dtype, part)


def _nan(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    return _parts(shape, dtype, lambda real: np.full(shape, np.nan))


def _infinite(shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
    return _parts(shape, dtype, lambda real: rng.choice([-np.inf, np.inf], shape))


def _parts(
    shape: Sequence[int], dtype: np.dtype[Any], part: Callable[[np.dtype[Any]], Array]
) -> Array:
    """Floats made by `part` from their dtype; of a complex number both parts, without arithmetic
    between them.
    """
    x = np.empty(shape, dtype)
    if dtype.kind == "c":
        x.real, x.imag = (part(x.real.dtype) for _ in range(2))
    else:
        x[...] = part(dtype)
    return x


FILLS: dict[Values, Callable[[Sequence[int], np.dtype[Any], np.random.Generator], Array]] = {
    "labels": labels,
    "finite": _finite,
    "bits": _bits,
    "scattered": _scattered,
    "zero": _zero,
    "single": _single,
    "constant": _constant,
    "static": _static,
    "negative": _negative,
    "huge": _huge,
    "tiny": _tiny,
    "subnormal": _subnormal,
    "nan": _nan,
    "infinite": _infinite,
}


def make_array(
    shape: Sequence[int],
    dtype: np.dtype[Any],
    *,
    seed: int | Sequence[int],
    values: Values = "bits",
    layout: Layout = "C",
) -> Array:
    """Make one array of such `values`, as `stsm_ref.strategies.arrays` lists them, in such a
    layout.

    It is the same for the same arguments and the same NumPy.

    Parameters
    ----------
    shape : sequence of int
        Of the array.
    dtype : dtype
        Of the array.
    seed : int or sequence of int
        What the values are drawn from.
    values : Values
        What it is filled with.
    layout : Layout
        How it lies in memory.

    Raises
    ------
    SpecError
        If the dtype has no such values, or fewer different labels than the array has places.
    """
    if not has_values(dtype, values):
        raise SpecError(f"values={values!r}: {dtype} has none such; see has_values")
    return _laid_out(FILLS[values](shape, dtype, np.random.default_rng(seed)), layout)


def _laid_out(x: Array, layout: Layout) -> Array:
    """The same values in another memory layout."""
    if layout == "F":
        return np.asfortranarray(x)
    if layout == "reversed":
        return x[..., ::-1].copy()[..., ::-1]
    if layout == "channels-last" and x.ndim > 2:  # of (..., C, H, W)
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, -3, -1)), -1, -3)
    if layout == "strided":
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    return np.ascontiguousarray(x)
