"""Wrong gradients and tangents: the forward is right.

A bug of a forward that stands in the backward alone has the name of that bug after ``backward-``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.bugs.batches import RARE
from stsm_ref.bugs.catalogue import BUGS
from stsm_ref.bugs.implementation import (
    OURS,
    OURS_BACK,
    Function,
    Implementation,
    pulled_back,
    shifted,
)
from stsm_ref.bugs.rare import (
    HUGE,
    INFINITE,
    MOBILE,
    NAN,
    NEGATIVE,
    TINY,
    constant,
    of_a_network,
    pooled,
    wide,
)
from stsm_ref.evidence.suite_context import Level
from stsm_ref.geometry import Array, ShiftSpec

Backward = Callable[[Array, Array, ShiftSpec], Array]


def _changed(change: Callable[[Array, Array, Array, ShiftSpec], Any]) -> Backward:
    """The right gradient with something done to it; `change` takes (x, grad, back, spec)."""

    def vjp(x: Array, grad: Array, spec: ShiftSpec) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(change(x, grad, pulled_back(x, grad, spec), spec))

    return vjp


def _input_overwritten(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    x[...] = back
    return back


def _moved_lost(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    back[..., : spec.partition(back.shape[-3])[-1].start, :, :] = 0
    return back


def _clipped(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return np.clip(back, -1e4, 1e4).astype(back.dtype) if back.dtype.kind == "f" else back


def _in_place_at_eight(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    if grad.shape[1] == 8:
        grad[...] = back
    return back


def _in_time_only(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    return OURS_BACK.put_together(lambda part, d: OURS.moved(part, (d.dt, 0, 0)))(grad, spec)


def _tangent_overwritten(x: Array, dx: Array, spec: ShiftSpec) -> Array:
    tangent = shifted(dx, spec)
    dx[...] = tangent
    return tangent


class _SecondTimeDoubled:
    """Gradients add up over calls: the buffer was never cleared."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Array, grad: Array, spec: ShiftSpec) -> Array:
        self.calls += 1
        times = np.asarray(min(self.calls, 2), grad.dtype)
        return np.asarray(pulled_back(x, grad, spec) * times)


def _mutant(
    name: str,
    vjp: Function,
    what: str,
    bug: int = 0,
    spec: str = "T+H+W@3/8",
    level: Level = "smoke",
) -> Implementation:
    return Implementation(name, shifted, what, bug, spec, vjp=vjp, level=level)


def _back(name: str, spec: str = "T+H+W@3/8", called: str = "") -> Implementation:
    """The bug of that name, in the backward alone."""
    bug, wrong = BUGS[name], BUGS[name].build(OURS_BACK)

    def vjp(x: Array, grad: Array, spec: ShiftSpec) -> Array:
        return wrong(grad, spec)

    what = f"in the gradient alone: {bug.what}"
    return _mutant(called or f"backward-{name}", vjp, what, bug.row, spec)


def _stays(
    name: str,
    when: Callable[[Array], Any],
    where: str,
    bug: int = 28,
    spec: str = "T+H+W@3/8",
    level: Level = "smoke",
) -> Implementation:
    """The gradient stays where `when` says so of it."""

    def vjp(x: Array, grad: Array, spec: ShiftSpec) -> Array:
        return grad.copy() if when(grad) else pulled_back(x, grad, spec)

    return _mutant(f"backward-{name}", vjp, f"the gradient stays {where}", bug, spec, level)


def _tangent(
    name: str, jvp: Function, what: str, bug: int = 0, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(f"tangent-{name}", shifted, what, bug, spec, jvp=jvp)


# a table: a bug a line or two
# fmt: off
MUTANTS = (
    _mutant("backward-is-forward", lambda x, grad, spec: shifted(grad, spec),
        "the gradient moves as the input does, not against it", 27),
    _back("nothing-moved"),
    _back("all-zero"),
    _back("rolled"),
    _back("edge-kept"),
    _back("h-and-w-swapped"),
    _back("h-reversed"),
    _mutant("backward-in-time-only", _in_time_only, "the gradient does not move in space", 27),
    _back("clips-mixed"),
    _back("input-overwritten", called="gradient-overwritten"),
    _mutant("backward-overwrites-the-input", _changed(_input_overwritten),
        "the saved input is overwritten by the backward", 4),
    _back("through-float16"),
    _mutant("backward-in-single-precision",
        _changed(lambda x, grad, back, spec: back.astype("f4") if back.dtype.kind == "f" else back),
        "the gradient comes back as float32", 21, RARE),
    _back("wrong-at-eight-by-seven-by-five"),
    _mutant("backward-is-a-mean",
        _changed(lambda x, grad, back, spec: np.asarray(back / back.shape[-4], back.dtype)),
        "the gradient is divided by the number of frames"),
    _mutant("backward-looks-at-the-input",
        _changed(lambda x, grad, back, spec: np.where(x != 0, back, np.zeros((), back.dtype))),
        "no gradient where the input is 0"),
    _back("rest-zeroed"),
    _mutant("backward-loses-what-moves", _changed(_moved_lost), "what moves gets no gradient", 27),
    _back("wrong-at-one-frame"),
    _back("wrong-at-odd-width"),
    _back("view-where-nothing-moves"),
    _mutant("backward-adds-the-shortcut",
        _changed(lambda x, grad, back, spec: (grad + back).astype(back.dtype)),
        "the shortcut's gradient is added"),
    _mutant("backward-clipped", _changed(_clipped), "gradients stop at 10000"),
    _mutant("backward-adds-up", _SecondTimeDoubled,
        "from the second call on, gradients come back doubled", 5),
    _back("contiguous-assumed"),
    Implementation("tangent-stays", shifted, "the tangent does not move", 0, RARE, vjp=pulled_back,
        jvp=lambda x, dx, spec: dx.copy()),
    Implementation("tangent-moved-back", shifted, "the tangent moves as a gradient does",
        vjp=pulled_back, jvp=pulled_back),
    Implementation("both-reversed", BUGS["directions-swapped"].build(OURS),
        "forward and gradient fit each other and run the wrong way", 1,
        vjp=lambda x, grad, spec: shifted(grad, spec)),
    _mutant("backward-in-place-at-eight-frames", _changed(_in_place_at_eight),
        "the incoming gradient is overwritten where T = 8", 5),
    _stays("wrong-at-a-sum", lambda g: g.size > 1 and not any(g.strides),
        "where it is a sum's, which has strides of 0", 19),
    _stays("wrong-beyond-eight-frames", lambda g: g.shape[1] > 8, "beyond 8 frames"),
    _tangent("overwritten", _tangent_overwritten, "the incoming tangent is overwritten", 5),
    _stays("wrong-in-a-network", of_a_network, "from 64 channels and 7 rows on"),
    _stays("wrong-at-widths-of-mobilenet", lambda g: g.shape[2] in MOBILE, "at eight widths"),
    _stays("wrong-beyond-eight-columns-in-other-dtypes", wide, "beyond 8 columns, but in float32"),
    _stays("wrong-at-a-mean", pooled, "where it is a mean's over frames", 19),
    _stays("wrong-at-a-mean-over-time",
        lambda g: g.shape[1] > 1 and g.strides[1] == 0 and g.strides[4],
        "where it is a mean's over time", 19, RARE),
    _stays("wrong-at-a-sum-over-clips",
        lambda g: len(g) > 1 and g.strides[0] == 0 and g.strides[1] and g.strides[4],
        "where it is a sum's over clips", 19),
    _stays("wrong-at-a-single-place",
        lambda g: g.size > 1 and np.count_nonzero(g) == 1 and len(g) == 2,
        "where it is one of a single place", 0, RARE),
    _stays("leaves-nan-alone", NAN, "where all of it is NaN", 33, RARE),
    _stays("leaves-infinity-alone", INFINITE, "where all of it is infinite", 33, RARE),
    _stays("leaves-a-constant-alone", constant, "where it is one number", 0, RARE),
    _stays("leaves-tiny-alone", TINY, "where a scaled loss makes it tiny", 0, RARE),
    _stays("leaves-huge-alone", HUGE, "where it is huge", 0, RARE),
    _stays("leaves-negative-alone", NEGATIVE, "where all of it is negative", 0, RARE),
    _back("subnormals-flushed", RARE),
    _tangent("leaves-huge-alone", lambda x, dx, spec: dx.copy() if HUGE(dx) else shifted(dx, spec),
        "the tangent stays where it is huge", 0, RARE),
    _stays("wrong-at-double-of-three-frames", lambda g: g.dtype == np.float64 and g.shape[1] == 3,
        "in float64 at 3 frames", 28, RARE),
    _tangent("wrong-beyond-four-columns",
        lambda x, dx, spec: dx.copy() if 4 < dx.shape[4] < 9 else shifted(dx, spec),
        "the tangent stays beyond 4 columns", 28, RARE),
    _stays("wrong-in-two-large-clips", lambda g: len(g) > 1 and g.size > 2**23,
        "in two large clips", level="ci"),
    _stays("wrong-behind-the-first-stage", lambda g: len(g) == 1 and g.shape[2:] == (256, 56, 56),
        "behind the first stage of ResNet-50", level="ci"),
    _stays("wrong-at-double-of-64-frames", lambda g: g.dtype == np.float64 and g.shape[1] == 64,
        "in float64 at 64 frames", level="ci"),
)
# fmt: on
