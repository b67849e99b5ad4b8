"""Wrong values and wrong memory: everything goes to the right place, and does not arrive whole,
or something else is harmed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.bugs.parts import Forward, afterwards, moved, put_together, shifted, vacant
from stsm_ref.geometry import Array, Displacement, ShiftSpec


def _quietly(change: Callable[[Array, Array, ShiftSpec], Any]) -> Forward:
    """The right shift with its result changed, without NumPy's warnings about NaN and overflow."""

    def forward(x: Array, spec: ShiftSpec) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(change(x, shifted(x, spec), spec))

    return forward


def _self_subtracted(part: Array, d: Displacement) -> Array:
    if part.dtype.kind not in "fc":
        return moved(part, d)
    with np.errstate(all="ignore"):
        return np.where(vacant(part, d), part - part, moved(part, d))


def _times_zero(part: Array, d: Displacement) -> Array:
    if part.dtype.kind not in "fc":
        return moved(part, d)
    with np.errstate(all="ignore"):
        return np.asarray(np.where(vacant(part, d), part * 0, moved(part, d)), part.dtype)


def _masked(part: Array, d: Displacement) -> Array:
    """Rolls, then multiplies by a mask of zeros and ones: inf * 0 is NaN."""
    with np.errstate(all="ignore"):
        return np.asarray(np.roll(part, tuple(d), (-4, -2, -1)) * ~vacant(part, d), part.dtype)


def _through(dtype: str, *, moving: bool | None = None, only: str = "f") -> Forward:
    """Values of kind `only` pass through `dtype`: all of them, or those that move, or those
    that rest.
    """

    def change(x: Array, y: Array, spec: ShiftSpec) -> Array:
        if x.dtype.kind not in only:
            return y
        rest = spec.partition(x.shape[-3])[-1].start
        there = (
            slice(None) if moving is None else slice(None, rest) if moving else slice(rest, None)
        )
        y[..., there, :, :] = y[..., there, :, :].astype(dtype).astype(x.dtype)
        return y

    return _quietly(change)


def _promoted(kinds: str, dtype: str, *, size: int = 0) -> Forward:
    """Another dtype comes back for these kinds (and item size, if given)."""
    return _quietly(
        lambda x, y, spec: (
            y.astype(dtype) if x.dtype.kind in kinds and size in (0, x.dtype.itemsize) else y
        )
    )


def _adds_zero(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return y + np.zeros((), y.dtype) if x.dtype.kind in "fc" else y


def _no_nan(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return np.nan_to_num(y) if x.dtype.kind in "fc" else y


def _one_nan(x: Array, y: Array, spec: ShiftSpec) -> Array:
    if x.dtype.kind == "f":
        y[np.isnan(y)] = np.nan
    return y


def _flushed(x: Array, y: Array, spec: ShiftSpec) -> Array:
    if x.dtype.kind == "f":
        y[np.abs(y) < np.finfo(y.dtype).tiny] = 0
    return y


def _imaginary_lost(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return y.real.astype(y.dtype) if x.dtype.kind == "c" else y


def _one_added(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return y + np.ones((), y.dtype) if x.dtype.kind == "f" else y


def _zeros_nudged(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return np.where((x == 0) & (y == 0), np.asarray(1e-6, y.dtype), y) if x.dtype.kind == "f" else y


def _negatives_lost(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return np.maximum(y, 0).astype(y.dtype) if x.dtype.kind in "fi" else y


def _saturated(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return np.clip(y, -65504, 65504).astype(y.dtype) if x.dtype.kind == "f" else y


def _stops_at_nan(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return x.copy() if x.dtype.kind in "fc" and np.isnan(x).any() else y


def _overwrites(x: Array, y: Array, spec: ShiftSpec) -> Array:
    x[...] = y
    return y


def _in_place(x: Array, y: Array, spec: ShiftSpec) -> Array:
    x[...] = y
    return x


def _clears_the_edge(x: Array, y: Array, spec: ShiftSpec) -> Array:
    """Zeros the vacated places in the input before it copies."""
    for start, stop, d in spec.partition(x.shape[-3]):
        part = x[..., start:stop, :, :]
        part[vacant(part, -d)] = 0
    return shifted(x, spec)


def _view_where_nothing_moves(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return x[...] if spec.partition(x.shape[-3])[-1].start == 0 else y


def _view_of_a_longer_clip(x: Array, spec: ShiftSpec) -> Array:
    """Only one frame, nothing to move in time and no channel to move in space: hands the input
    itself back.
    """
    return x if x.shape[-4:-2] == (1, 1) or x.shape[-2:] == (1, 1) else shifted(x, spec)


def _contiguous_assumed(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x.ravel(order="K").reshape(x.shape), spec)


def _contiguous_required(x: Array, spec: ShiftSpec) -> Array:
    if not x.flags.c_contiguous:
        raise ValueError("ndarray is not C-contiguous")
    return shifted(x, spec)


def _mutant(
    name: str, forward: Function, bug: int, what: str, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(name, forward, what, bug, spec)


MUTANTS = (
    _mutant(
        "input-overwritten",
        afterwards(_overwrites),
        4,
        "the answer is right, and the input holds it too",
    ),
    _mutant(
        "in-place",
        afterwards(_in_place),
        22,
        "the input is shifted and handed back: the shortcut is shifted with it",
    ),
    _mutant(
        "edge-cleared-in-the-input",
        afterwards(_clears_the_edge),
        4,
        "the input's edge is cleared before the copy",
    ),
    _mutant(
        "zeros-by-subtraction",
        put_together(_self_subtracted),
        9,
        "zeros made as x - x: NaN where x is not finite",
        "H+W@2/3",
    ),
    _mutant(
        "zeros-by-multiplying",
        put_together(_times_zero),
        9,
        "zeros made as x * 0: also -0.0 where x is negative",
    ),
    _mutant("moved-by-masking", put_together(_masked), 33, "rolled and multiplied by a mask"),
    _mutant(
        "contiguous-assumed",
        _contiguous_assumed,
        19,
        "strides are ignored: other memory layouts are read wrongly",
    ),
    _mutant("contiguous-required", _contiguous_required, 19, "fails on other memory layouts"),
    _mutant(
        "rest-in-half-precision",
        _through("f2", moving=False),
        20,
        "X_N passes through half precision",
    ),
    _mutant(
        "moved-in-half-precision",
        _through("f2", moving=True),
        20,
        "what moves passes through half precision",
    ),
    _mutant(
        "double-through-single", _through("f4"), 20, "float64 passes through float32", "H+W@2/3"
    ),
    _mutant(
        "integers-through-double",
        _through("f8", only="iu"),
        20,
        "integers pass through float64: those beyond 2**53 change",
    ),
    _mutant(
        "always-single-precision",
        _promoted("iufb", "f4"),
        21,
        "float32 comes back, whatever went in",
    ),
    _mutant("integers-promoted", _promoted("iu", "f8"), 32, "integers come back as float64"),
    _mutant("bool-promoted", _promoted("b", "u1"), 32, "bool comes back as uint8"),
    _mutant("half-promoted", _promoted("f", "f4", size=2), 21, "float16 comes back as float32"),
    _mutant("imaginary-lost", _quietly(_imaginary_lost), 21, "the imaginary part is lost"),
    _mutant("negative-zero-lost", _quietly(_adds_zero), 33, "adds 0, which turns -0.0 into 0.0"),
    _mutant("nan-replaced", _quietly(_no_nan), 33, "NaN and infinities are replaced by numbers"),
    _mutant("nan-made-plain", _quietly(_one_nan), 33, "every NaN comes back as the same one"),
    _mutant("subnormals-flushed", _quietly(_flushed), 33, "the smallest numbers become 0"),
    _mutant("one-added", _quietly(_one_added), 0, "a bias of 1"),
    _mutant("zeros-nudged", _quietly(_zeros_nudged), 0, "zeros of the input become 1e-6"),
    _mutant("negatives-lost", _quietly(_negatives_lost), 0, "a rectifier is fused in"),
    _mutant("saturated", _quietly(_saturated), 0, "values stop at 65504"),
    _mutant(
        "stops-at-nan", _quietly(_stops_at_nan), 0, "nothing moves where there is a NaN", "H+W@2/3"
    ),
    _mutant(
        "view-where-nothing-moves",
        afterwards(_view_where_nothing_moves),
        29,
        "too few channels to move: the input itself comes back",
    ),
    _mutant(
        "view-of-one-pixel",
        _view_of_a_longer_clip,
        29,
        "frames of one pixel or one row: the input itself comes back",
    ),
)
