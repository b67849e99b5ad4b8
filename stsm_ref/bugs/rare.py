"""Wrong where few look: nothing moves at one size, in one memory layout or for one kind of
value.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.bugs.batches import RARE
from stsm_ref.bugs.bug import by_result, left_alone
from stsm_ref.bugs.implementation import OURS, Function, Implementation, shifted
from stsm_ref.evidence.suite_context import Level
from stsm_ref.geometry import Array, ShiftSpec

AXES = ("clip", "frame", "channel", "row", "column")
MOBILE = (160, 192, 320, 384, 576, 640, 768, 960)
"""Channel counts of MobileNetV2 that are not powers of two."""


def _strides(x: Array) -> tuple[int, ...]:
    """Strides in numbers along axes that are longer than one; a 1 along the others."""
    return tuple(
        stride // x.itemsize if size > 1 else 1
        for stride, size in zip(x.strides, x.shape, strict=True)
    )


def wide(x: Array) -> bool:
    """In other dtypes than float32 a vector loop is used from 9 columns on."""
    return x.dtype != np.float32 and x.shape[-1] > 8


def backward_in_time(x: Array) -> bool:
    """A clip that runs backward or upside down."""
    return x.shape[1] > 1 and (x.strides[1] < 0 or x.strides[3] < 0)


def pooled(grad: Array) -> bool:
    """What the mean over a frame sends back."""
    return grad.strides[-1] == 0 and grad.strides[2] != 0 and grad.shape[-1] > 1


def of_a_network(grad: Array) -> bool:
    """From 64 channels and 7 rows on."""
    return bool(grad.shape[2] >= 64 and grad.shape[3] >= 7)


def _slice_of_channels(x: Array) -> bool:
    _, frame, channel, *_ = _strides(x)
    return bool(frame > channel * x.shape[2] and channel == x.shape[3] * x.shape[4] > 1)


def _slice_of_frames(x: Array) -> bool:
    dense = _strides(np.empty(x.shape, x.dtype))
    return len(x) > 1 and _strides(x)[1:] == dense[1:] and not x.flags.c_contiguous


def _channels_before_frames(x: Array) -> bool:
    _, frame, channel, _, column = x.strides
    return bool(min(x.shape[1:3]) > 1 and 0 < frame < channel and column == x.itemsize)


def _no_copy(x: Array) -> bool:
    """A contiguous part of a larger buffer."""
    return bool(
        x.flags.c_contiguous
        and x.flags.writeable
        and x.flags.aligned
        and not x.flags.owndata
        and 0 not in x.strides
    )


def _stacked(x: Array, spec: ShiftSpec) -> Array:
    """Clip by clip; of no clips NumPy makes float64."""
    return np.array([shifted(clip, spec) for clip in x]) if len(x) else np.zeros(x.shape)


def _none_left(x: Array, spec: ShiftSpec) -> Array:
    """The batch axis is lost where there is no clip."""
    return shifted(x, spec) if len(x) else np.zeros(x.shape[1:], x.dtype)


def _all(test: Callable[[Array], Any]) -> Callable[[Array], bool]:
    """Whether all numbers of an array of several are so; of float dtypes only."""

    def when(x: Array) -> bool:
        with np.errstate(all="ignore"):
            return bool(x.dtype.kind == "f" and x.size > 1 and np.all(test(x)))

    return when


def constant(x: Array) -> bool:
    """One number, not 0, stands everywhere."""
    return bool(x.size > 1 and x.any() and np.all(x == x.reshape(-1)[0]))


def _static(x: Array) -> bool:
    """All frames are equal, and not each in itself."""
    return bool(x.shape[1] > 2 and x[0, 0].size > 30 and not constant(x) and np.all(x == x[:, :1]))


HUGE = _all(lambda x: np.abs(x) > np.sqrt(np.finfo(x.dtype).max))
TINY = _all(lambda x: (np.abs(x) < 1e-6) & (np.abs(x) >= np.finfo(x.dtype).tiny))
SUBNORMAL = _all(lambda x: (np.abs(x) < np.finfo(x.dtype).tiny) & (x != 0))
NEGATIVE = _all(lambda x: (x < 0) & (x > -1000))
NAN, INFINITE = _all(np.isnan), _all(np.isinf)


def _double_in_place(x: Array, y: Array, spec: ShiftSpec) -> Array:
    if x.dtype == np.float64:
        x[...] = y
    return y


def _quiet(x: Array, y: Array, spec: ShiftSpec) -> Array:
    """What a move through a floating-point unit does to a signalling NaN: one bit is set."""
    if x.dtype.kind == "f":
        whole = np.dtype(f"u{x.itemsize}")
        bits = y.view(whole)
        bits[np.isnan(y)] |= whole.type(1 << (np.finfo(x.dtype).nmant - 1))
    return y


def _channels_last(x: Array) -> bool:
    return not x.flags.c_contiguous and np.moveaxis(x, -3, -1).flags.c_contiguous


def _nothing_is_something(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return y if x.any() or not x.size else np.full_like(y, 1)


def _mutant(
    name: str, forward: Function, what: str, bug: int = 28, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(name, forward, what, bug, spec)


def _alone(
    name: str,
    when: Callable[[Array], Any],
    where: str,
    bug: int = 28,
    spec: str = "T+H+W@3/8",
    level: Level = "smoke",
) -> Implementation:
    """Nothing moves where `when` says so of the input."""
    return Implementation(
        name, left_alone(when)(OURS), f"nothing moves {where}", bug, spec, level=level
    )


def _third(axis: int, name: str) -> Implementation:
    """Wrong at a step of three along an axis."""

    def steps(x: Array) -> bool:
        return bool(_strides(x)[axis] == 3 * np.prod(x.shape[axis + 1 :]))

    return _alone(
        f"wrong-at-every-third-{name}", steps, f"where memory holds every third {name}", 19
    )


def _many(axis: int, name: str, spec: str = "T+H+W@3/8") -> Implementation:
    """Wrong where an axis is longer than 16 bits can count."""

    def many(x: Array) -> bool:
        return bool(x.shape[axis] > 65536)

    return _alone(
        f"{name}-counted-in-sixteen-bits", many, f"beyond 65,536 {name}", spec=spec, level="ci"
    )


# a table: a bug a line or two
# fmt: off
MUTANTS = (
    _mutant("double-in-place", by_result(_double_in_place)(OURS),
        "the input is overwritten where it is float64", 4),
    _mutant("nan-quietened", by_result(_quiet)(OURS), "signalling NaNs come back quiet", 33),
    _alone("channels-last-left-alone", _channels_last, "where memory is channels-last", 19),
    _alone("wrong-at-many-channels", lambda x: x.shape[2] == 2048, "where C = 2048"),
    _alone("half-wrong-at-four-frames", lambda x: x.dtype == np.float16 and x.shape[1] == 4,
        "in float16 where T = 4"),
    _alone("complex-wrong-at-five-by-seven",
        lambda x: x.dtype == np.complex64 and x.shape[1::2] == (5, 7),
        "in complex64 where T = 5 and H = 7"),
    _alone("sparse-left-alone", lambda x: np.count_nonzero(x) * 20 < x.size,
        "in clips that are almost empty: a short cut", 0, RARE),
    _mutant("nothing-is-something", by_result(_nothing_is_something)(OURS),
        "a clip of zeros becomes one of ones", 0),
    _alone("wrong-beyond-eight-columns-in-other-dtypes", wide, "beyond 8 columns, but in float32"),
    _alone("wrong-at-widths-of-mobilenet", lambda x: x.shape[2] in MOBILE,
        "at eight of MobileNetV2's widths"),
    _alone("wrong-at-seventy-two-channels", lambda x: x.shape[2] == 72 and x.shape[4] == 7,
        "at 72 channels of 7 x 7"),
    _alone("wrong-beyond-2048-channels", lambda x: x.shape[2] > 2048, "beyond 2048 channels",
        spec=RARE),
    _alone("wrong-at-forty-eight-frames", lambda x: x.shape[1] == 48, "at 48 frames", spec=RARE),
    _alone("wrong-at-thirty-six-columns", lambda x: x.shape[4] == 36, "at 36 columns"),
    _alone("frames-counted-in-seven-bits", lambda x: x.shape[1] > 129, "beyond 129 frames"),
    _alone("channels-in-blocks-of-64-in-float64",
        lambda x: x.dtype == np.float64 and x.shape[2] > 64, "in float64 beyond 64 channels",
        spec=RARE),
    _alone("wrong-where-time-runs-backward", backward_in_time,
        "in a clip that runs backward or upside down", 19),
    _alone("wrong-where-channels-run-backward", lambda x: x.strides[2] < 0,
        "where channels run backward", 19, RARE),
    _alone("wrong-where-clips-run-backward", lambda x: x.strides[0] < 0,
        "where clips run backward", 19),
    *(_third(axis, name) for axis, name in enumerate(AXES)),
    _alone("wrong-in-a-slice-of-channels",
        _slice_of_channels,
        "in a slice of the channels of a wider clip", 19, RARE),
    _alone("wrong-in-a-slice-of-frames",
        _slice_of_frames,
        "in a slice of the frames of a longer clip", 19),
    _alone("wrong-in-a-part-of-a-buffer", _no_copy, "where the clip is a part of a larger buffer",
        19),
    _alone("wrong-where-unaligned", lambda x: not x.flags.aligned,
        "where a number begins at an odd byte", 19),
    _alone("read-only-is-shared", lambda x: not x.flags.writeable,
        "in a read-only clip, taken for one that need not move", 19),
    _alone("still-image-left-alone", lambda x: 0 in x.strides and x.strides[4],
        "where frames are one in memory", 19),
    _alone("wrong-where-mirrored-both-ways",
        lambda x: x.strides[3] < 0 and x.strides[4] < 0 and min(x.shape[3:]) > 1,
        "in a frame that is turned around", 19),
    _alone("wrong-where-memory-is-ncthw",
        _channels_before_frames,
        "where memory holds channels before frames", 18, RARE),
    _alone("wrong-at-sixteen-by-nine", lambda x: x.shape[3] * 16 == x.shape[4] * 9,
        "in frames of 16 by 9", spec=RARE),
    _alone("nan-left-alone", NAN, "where all is NaN: nothing to save there", 33, RARE),
    _alone("infinity-left-alone", INFINITE, "where all is infinite", 33, RARE),
    _alone("constant-left-alone", constant,
        "where one number stands everywhere: zeros would enter", 7, RARE),
    _alone("static-left-alone", _static, "where all frames are equal", 7, RARE),
    _alone("negative-left-alone", NEGATIVE, "where all is negative: nothing is active there", 0,
        RARE),
    _alone("huge-left-alone", HUGE, "where a sum of squares would overflow", 0, RARE),
    _alone("tiny-left-alone", TINY, "where all is below 1e-6", 0, RARE),
    _alone("subnormal-left-alone", SUBNORMAL, "where all is subnormal", 0, RARE),
    _alone("complex-nan-left-alone", lambda x: x.dtype == np.complex128 and np.isnan(x).any(),
        "in complex128 where there is a NaN", 33, RARE),
    _alone("double-channels-last-left-alone",
        lambda x: x.dtype == np.float64 and _channels_last(x),
        "in float64 where memory is channels-last", 19, RARE),
    _mutant("empty-batch-is-float64", _stacked,
        "clip by clip: an empty batch comes back as float64", 32),
    _mutant("empty-batch-loses-an-axis", _none_left,
        "an empty batch comes back without its first axis", 32, RARE),
    _alone("pixels-counted-in-sixteen-bits",
        lambda x: x.shape[3] * x.shape[4] > 65535 and x.shape[3] > 1 < x.shape[4],
        "in a frame of more than 65,535 pixels", level="ci"),
    _many(0, "clips"),
    _many(1, "frames"),
    _many(2, "channels", RARE),
    _many(3, "rows", RARE),
    _many(4, "columns", RARE),
    _alone("places-counted-in-24-bits", lambda x: x.size > 2**24,
        "beyond 2**24 numbers: indices in float32", level="ci"),
    _alone("two-large-clips", lambda x: x.dtype == np.float32 and len(x) > 1 and x.size > 2**23,
        "in float32 beyond 2**23 numbers in two clips", level="ci"),
    _alone("wrong-in-a-layer-of-mobilenet", lambda x: x.shape[2:] == (576, 14, 14),
        "at 576 channels of 14 x 14", level="ci"),
    _alone("half-places-counted-in-fifteen-bits",
        lambda x: x.dtype == np.float16 and x[:1, :1].size > 32767,
        "in float16 in frames of more than 32,767 numbers", level="ci"),
    _alone("rests-of-thirteen-columns", lambda x: x.shape[4] > 16 and x.shape[4] % 16 == 13,
        "where a vector loop leaves a rest of 13 columns", level="ci"),
    _alone("large-views-left-alone", lambda x: not x.flags.c_contiguous and x.size > 20000,
        "in large clips that are not contiguous", level="ci"),
    _alone("half-wrong-at-thirty-three-columns",
        lambda x: x.dtype == np.float16 and x.shape[4] == 33, "in float16 at 33 columns",
        level="ci"),
    _alone("bool-wrong-where-time-runs-backward",
        lambda x: x.dtype == np.bool_ and x.shape[1] > 1 and x.strides[1] < 0,
        "in bool in a clip that runs backward", level="ci"),
)
# fmt: on
