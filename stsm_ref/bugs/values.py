"""Wrong values and wrong memory: all goes to the right place, and does not arrive whole.

Or it does arrive, and the input is harmed or shared.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.bugs.bug import (
    AXES,
    Bug,
    Build,
    Parts,
    by_move,
    by_result,
    by_whole,
    left_alone,
)
from stsm_ref.geometry import Array, Displacement, ShiftSpec


def _vacated(fill: Callable[[Array], Array]) -> Build:
    """Zeros are computed from the content; of integers and bool they are made rightly."""

    def move(parts: Parts, part: Array, d: Displacement) -> Array:
        if part.dtype.kind not in "fc":
            return parts.moved(part, d)
        with np.errstate(all="ignore"):
            y = np.where(parts.vacant(part, d), fill(part), parts.moved(part, d))
        return np.asarray(y, part.dtype)

    return by_move(move)


def _masked(parts: Parts, part: Array, d: Displacement) -> Array:
    """Rolls, then multiplies by a mask of zeros and ones: inf * 0 is NaN."""
    with np.errstate(all="ignore"):
        return np.asarray(np.roll(part, tuple(d), AXES) * ~parts.vacant(part, d), part.dtype)


def _through(dtype: str, *, moving: bool | None = None, only: str = "f") -> Build:
    """Values of kind `only` pass through `dtype`: all, or those that move, or those that rest."""

    def change(x: Array, y: Array, spec: ShiftSpec) -> Array:
        if x.dtype.kind not in only:
            return y
        rest = spec.partition(x.shape[-3])[-1].start
        there = (
            slice(None) if moving is None else slice(None, rest) if moving else slice(rest, None)
        )
        y[..., there, :, :] = y[..., there, :, :].astype(dtype).astype(x.dtype)
        return y

    return by_result(change)


def _through_bfloat16(x: Array, y: Array, spec: ShiftSpec) -> Array:
    """Rounded to nearest, ties to even."""
    if x.dtype != np.float32:
        return y
    bits = np.ascontiguousarray(y).view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    return ((bits + np.uint32(0x7FFF) + odd) & np.uint32(0xFFFF0000)).view(np.float32)


def _promoted(kinds: str, dtype: str, *, size: int = 0) -> Build:
    """Another dtype comes back for these kinds (and item size, if given)."""
    return _where_kind(kinds, lambda x, y: y.astype(dtype) if size in (0, x.dtype.itemsize) else y)


def _where_kind(kinds: str, change: Callable[[Array, Array], Any]) -> Build:
    """The result of these kinds of dtype is changed."""
    return by_result(lambda x, y, spec: change(x, y) if x.dtype.kind in kinds else y)


def _one_nan(x: Array, y: Array) -> Array:
    y[np.isnan(y)] = np.nan
    return y


def _flushed(x: Array, y: Array) -> Array:
    y[np.abs(y) < np.finfo(y.dtype).tiny] = 0
    return y


def _overwrites(x: Array, y: Array, spec: ShiftSpec) -> Array:
    if x.flags.writeable:
        x[...] = y
    return y


def _in_place(x: Array, y: Array, spec: ShiftSpec) -> Array:
    x[...] = y
    return x


def _clears_the_edge(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    """Zeros the vacated places in the input before it copies."""
    for start, stop, d in spec.partition(x.shape[-3]):
        part = x[..., start:stop, :, :]
        part[parts.vacant(part, -d)] = 0
    return parts.shifted(x, spec)


def _view_where_nothing_moves(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return x[...] if spec.partition(x.shape[-3])[-1].start == 0 else y


def _view_of_one_pixel(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return x if (1, 1) in (x.shape[-4:-2], x.shape[-2:]) else y


def _contiguous_assumed(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    return parts.shifted(x.ravel(order="K").reshape(x.shape), spec)


def _contiguous_required(x: Array, y: Array, spec: ShiftSpec) -> Array:
    if not x.flags.c_contiguous:
        raise ValueError("ndarray is not C-contiguous")
    return y


def _bug(name: str, row: int, what: str, build: Build, spec: str = "T+H+W@3/8") -> Bug:
    return Bug(name, row, what, build, spec)


# a table: a bug a line or two
# fmt: off
BUGS = (
    _bug("input-overwritten", 4, "the answer is right, and the input holds it too",
        by_result(_overwrites)),
    _bug("in-place", 22, "the input is shifted and handed back: the shortcut is shifted with it",
        by_result(_in_place)),
    _bug("edge-cleared-in-the-input", 4, "the input's edge is cleared before the copy",
        by_whole(_clears_the_edge)),
    _bug("zeros-by-subtraction", 9, "zeros made as x - x, NaN beside infinity and NaN",
        _vacated(lambda part: part - part), "H+W@2/3"),
    _bug("zeros-by-multiplying", 9, "zeros made as x * 0: also -0.0 where x is negative",
        _vacated(lambda part: part * 0)),
    Bug("difference-added", 9, "x - x is added: NaN where x is infinite or NaN",
        by_result(lambda x, y, spec: y if x.dtype.kind == "b" else y + (x - x)), mutant=False),
    _bug("moved-by-masking", 33, "wrapped around and multiplied by a mask, so that 0 * inf is NaN",
        by_move(_masked)),
    _bug("contiguous-assumed", 19, "strides are ignored: other memory layouts are read wrongly",
        by_whole(_contiguous_assumed)),
    _bug("contiguous-required", 19, "fails on other memory layouts",
        by_result(_contiguous_required)),
    _bug("rest-in-half-precision", 20, "X_N passes through half precision",
        _through("f2", moving=False)),
    _bug("moved-in-half-precision", 20, "what moves passes through half precision",
        _through("f2", moving=True)),
    Bug("through-float16", 20, "everything passes through half precision", _through("f2"),
        mutant=False),
    Bug("through-bfloat16", 20, "everything passes through bfloat16", by_result(_through_bfloat16),
        mutant=False),
    _bug("double-through-single", 20, "float64 passes through float32", _through("f4"), "H+W@2/3"),
    _bug("integers-through-double", 20, "integers pass through float64: those beyond 2**53 change",
        _through("f8", only="iu")),
    _bug("dtype-hard-coded", 21, "float32 comes back, whatever went in", _promoted("iufb", "f4")),
    _bug("integers-promoted", 32, "integers come back as float64", _promoted("iu", "f8")),
    _bug("bool-promoted", 32, "bool comes back as uint8", _promoted("b", "u1")),
    _bug("half-promoted", 21, "float16 comes back as float32", _promoted("f", "f4", size=2)),
    _bug("imaginary-lost", 21, "the imaginary part is lost",
        _where_kind("c", lambda x, y: y.real.astype(y.dtype))),
    _bug("negative-zero-lost", 33, "0 was added, and -0.0 became 0.0",
        _where_kind("fc", lambda x, y: y + np.zeros((), y.dtype))),
    _bug("nan-replaced", 33, "NaN and infinities are replaced by numbers",
        _where_kind("fc", lambda x, y: np.nan_to_num(y))),
    _bug("nan-made-plain", 33, "every NaN comes back as the same one", _where_kind("f", _one_nan)),
    _bug("subnormals-flushed", 33, "the smallest numbers become 0", _where_kind("f", _flushed)),
    _bug("one-added", 0, "a bias of 1", _where_kind("f", lambda x, y: y + np.ones((), y.dtype))),
    _bug("zeros-nudged", 0, "zeros of the input become 1e-6",
        _where_kind("f", lambda x, y: np.where((x == 0) & (y == 0), np.asarray(1e-6, y.dtype), y))),
    _bug("negatives-lost", 0, "a rectifier is fused in",
        _where_kind("fi", lambda x, y: np.maximum(y, 0).astype(y.dtype))),
    _bug("saturated", 0, "values stop at 65504",
        _where_kind("f", lambda x, y: np.clip(y, -65504, 65504).astype(y.dtype))),
    _bug("stops-at-nan", 0, "nothing moves where there is a NaN",
        left_alone(lambda x: x.dtype.kind in "fc" and np.isnan(x).any()), "H+W@2/3"),
    _bug("view-where-nothing-moves", 29, "too few channels to move: the input itself comes back",
        by_result(_view_where_nothing_moves)),
    _bug("view-of-one-pixel", 29, "frames of one pixel or one row: the input itself comes back",
        by_result(_view_of_one_pixel)),
)
# fmt: on
