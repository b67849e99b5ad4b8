"""Wrong moves: the channels are cut right, and a group goes to the wrong place or leaves the
wrong thing behind.
"""

import numpy as np

from stsm_ref.bugs.implementation import Implementation
from stsm_ref.bugs.parts import Forward, Move, afterwards, moved, put_together, shifted, vacant
from stsm_ref.geometry import Array, Displacement, ShiftSpec

PLANES = "TH+TW+HW@3/4"


def _rolled(part: Array, d: Displacement) -> Array:
    return np.roll(part, tuple(d), axis=(-4, -2, -1))


def _rolled_in_time(part: Array, d: Displacement) -> Array:
    return np.roll(moved(part, (0, d.dh, d.dw)), d.dt, axis=-4)


def _rolled_in_height(part: Array, d: Displacement) -> Array:
    return np.roll(moved(part, (d.dt, 0, d.dw)), d.dh, axis=-2)


def _rolled_in_width(part: Array, d: Displacement) -> Array:
    return np.roll(moved(part, (d.dt, d.dh, 0)), d.dw, axis=-1)


def _rolled_as_one_row(part: Array, d: Displacement) -> Array:
    """What leaves a row on the right enters the next one on the left: the width is shifted on
    flattened frames.
    """
    flat = moved(part, (d.dt, d.dh, 0)).reshape(*part.shape[:-2], part.shape[-2] * part.shape[-1])
    y = np.zeros_like(flat)
    if d.dw > 0:
        y[..., 1:] = flat[..., :-1]
    elif d.dw < 0:
        y[..., :-1] = flat[..., 1:]
    else:
        y = flat
    return y.reshape(part.shape)


def _edge_kept(part: Array, d: Displacement) -> Array:
    return np.where(vacant(part, d), part, moved(part, d))


def _padded(mode: str) -> Move:
    """Vacant places filled as `numpy.pad` does in this mode."""

    def move(part: Array, d: Displacement) -> Array:
        y = part
        for axis, distance in zip((-4, -2, -1), d, strict=True):
            if distance and part.shape[axis] > 1:
                width = [(0, 0)] * part.ndim
                width[axis] = (max(distance, 0), max(-distance, 0))
                kept = slice(None, -1) if distance > 0 else slice(1, None)
                y = np.pad(y, width, mode=mode)  # type: ignore[call-overload]  # a mode by name
                y = y[(..., kept, *[slice(None)] * (-axis - 1))]
            elif distance:
                y = np.zeros_like(y)
        return np.asarray(y)

    return move


def _smeared(towards: int) -> Move:
    """Copies frame by frame over what it has yet to read, in one of the two directions of time."""

    def move(part: Array, d: Displacement) -> Array:
        if d.dt != towards:
            return moved(part, d)
        y = moved(part, (0, d.dh, d.dw))
        frames = range(1, y.shape[-4]) if towards > 0 else range(y.shape[-4] - 2, -1, -1)
        for t in frames:
            y[..., t, :, :, :] = y[..., t - towards, :, :, :]
        y[..., 0 if towards > 0 else -1, :, :, :] = 0
        return y

    return move


def _filled_with_ones(part: Array, d: Displacement) -> Array:
    return np.where(vacant(part, d), np.ones((), part.dtype), moved(part, d))


def _filled_with_the_mean(part: Array, d: Displacement) -> Array:
    if not part.size or part.dtype.kind == "b":
        return moved(part, d)
    with np.errstate(all="ignore"):
        return np.where(vacant(part, d), part.mean().astype(part.dtype), moved(part, d))


def _first_axis_only(part: Array, d: Displacement) -> Array:
    left = [k for k, distance in enumerate(d) if distance][:1]
    return moved(part, [distance if k in left else 0 for k, distance in enumerate(d)])


def _both_axes_in_turn(part: Array, d: Displacement) -> Array:
    """Adds the two one-axis shifts up where one had to follow the other."""
    alone = [
        tuple(distance if k == axis else 0 for k, distance in enumerate(d))
        for axis in range(3)
        if d[axis]
    ]
    if len(alone) < 2:
        return moved(part, d)
    with np.errstate(all="ignore"):
        return np.asarray(
            sum((moved(part, one) for one in alone), np.zeros((), part.dtype)), part.dtype
        )


def _half_a_step(part: Array, d: Displacement) -> Array:
    """Interpolates between the place and its neighbour, as a resampler whose grid is off by
    half a pixel does.
    """
    if part.dtype.kind not in "fc" or not any(d):
        return moved(part, d)
    with np.errstate(all="ignore"):
        return ((part + moved(part, d)) / 2).astype(part.dtype)


def _one_frame_lost(part: Array, d: Displacement) -> Array:
    y = moved(part, d)
    if d.dt > 0 and part.shape[-4] > 1:
        y[..., -1, :, :, :] = 0
    return y


def _against_the_paper(part: Array, d: Displacement) -> Array:
    return moved(part, -d)


def _one_direction_only(part: Array, d: Displacement) -> Array:
    return moved(part, [abs(distance) for distance in d])


def _as_convolved(flip: bool, pad: bool, axes: tuple[int, ...]) -> Move:
    """Correlation with the kernel flipped, or its padding on the other side, along `axes`."""

    def move(part: Array, d: Displacement) -> Array:
        y = moved(
            part,
            [
                0 if axis in axes else distance
                for axis, distance in zip((-4, -2, -1), d, strict=True)
            ],
        )
        for axis, distance in zip((-4, -2, -1), d, strict=True):
            if axis in axes and distance:
                kernel = (1, 0) if (distance > 0) != flip else (0, 1)
                before = (distance > 0) != pad
                y = _correlated(y, kernel, before, axis)
        return y

    return move


def _correlated(x: Array, kernel: tuple[int, int], before: bool, axis: int) -> Array:
    width = [(0, 0)] * x.ndim
    width[axis] = (1, 0) if before else (0, 1)
    padded = np.pad(x, width)
    first, second = (np.take(padded, range(k, k + x.shape[axis]), axis=axis) for k in (0, 1))
    with np.errstate(all="ignore"):
        return np.asarray(
            first * np.asarray(kernel[0], x.dtype) + second * np.asarray(kernel[1], x.dtype),
            x.dtype,
        )


def _input_added(x: Array, y: Array, spec: ShiftSpec) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(x + y, x.dtype)


def _rest(change: str) -> Forward:
    """X_N zeroed, or moved with the last group."""

    def forward(x: Array, spec: ShiftSpec) -> Array:
        y = shifted(x, spec)
        *groups, rest = spec.partition(x.shape[-3])
        untouched = (..., slice(rest.start, rest.stop), slice(None), slice(None))
        y[untouched] = 0 if change == "zeroed" else moved(x[untouched], groups[-1].displacement)
        return y

    return forward


def _mutant(name: str, move: Move, bug: int, what: str, spec: str = "T+H+W@3/8") -> Implementation:
    return Implementation(name, put_together(move), what, bug, spec)


MUTANTS = (
    _mutant("directions-swapped", _against_the_paper, 1, "every group moves the other way"),
    _mutant(
        "time-reversed",
        lambda p, d: moved(p, (-d.dt, d.dh, d.dw)),
        2,
        "time runs the other way, height and width are right",
    ),
    _mutant(
        "height-reversed",
        lambda p, d: moved(p, (d.dt, -d.dh, d.dw)),
        2,
        "height runs the other way, time and width are right",
    ),
    _mutant(
        "width-reversed",
        lambda p, d: moved(p, (d.dt, d.dh, -d.dw)),
        2,
        "width runs the other way, time and height are right",
    ),
    _mutant("always-forward", _one_direction_only, 2, "the backward half moves forward too"),
    _mutant(
        "smeared-forward",
        _smeared(1),
        6,
        "an overlapping copy smears the first frame; only forward is wrong",
    ),
    _mutant(
        "smeared-backward",
        _smeared(-1),
        6,
        "an overlapping copy smears the last frame; only backward is wrong",
    ),
    _mutant("edge-kept", _edge_kept, 7, "vacated places keep their old content"),
    _mutant(
        "edge-repeated",
        _padded("edge"),
        7,
        "vacated places repeat their neighbour (border padding)",
    ),
    _mutant(
        "edge-reflected",
        _padded("reflect"),
        7,
        "vacated places mirror the content (reflection padding)",
    ),
    _mutant("rolled", _rolled, 8, "what leaves on one side enters on the other"),
    _mutant("rolled-in-time", _rolled_in_time, 8, "time wraps around, height and width do not"),
    _mutant("rolled-in-height", _rolled_in_height, 8, "height wraps around, time and width do not"),
    _mutant("rolled-in-width", _rolled_in_width, 8, "width wraps around, time and height do not"),
    _mutant(
        "rows-run-on",
        _rolled_as_one_row,
        8,
        "what leaves a row enters the next one: frames were flattened",
    ),
    _mutant(
        "height-and-width-swapped",
        lambda p, d: moved(p, (d.dt, d.dw, d.dh)),
        15,
        "the H groups move along W, the W groups along H",
    ),
    _mutant(
        "time-and-height-swapped",
        lambda p, d: moved(p, (d.dh, d.dt, d.dw)),
        0,
        "the T groups move along H, the H groups along T",
    ),
    _mutant("half-a-step", _half_a_step, 0, "interpolates between a place and its neighbour"),
    _mutant("one-frame-lost", _one_frame_lost, 0, "the forward groups lose one frame too many"),
    _mutant("filled-with-ones", _filled_with_ones, 0, "ones enter instead of zeros"),
    _mutant(
        "filled-with-the-mean",
        _filled_with_the_mean,
        0,
        "the mean of the group enters instead of zeros",
    ),
    _mutant(
        "kernel-flipped",
        _as_convolved(True, False, (-2, -1)),
        26,
        "a true convolution: in height and width the kernel is flipped",
    ),
    _mutant(
        "padding-on-the-other-side",
        _as_convolved(False, True, (-4, -2, -1)),
        26,
        "kernel right, zeros on the wrong side: nothing moves",
    ),
    _mutant(
        "kernel-and-padding-flipped",
        _as_convolved(True, True, (-4, -2, -1)),
        26,
        "kernel flipped and zeros on the wrong side",
    ),
    _mutant(
        "plane-moved-along-one-axis",
        _first_axis_only,
        0,
        "a two-axis group moves along its first axis only",
        PLANES,
    ),
    _mutant(
        "plane-moved-as-a-sum",
        _both_axes_in_turn,
        0,
        "a two-axis group is the sum of two one-axis shifts",
        PLANES,
    ),
    _mutant(
        "diagonals-swapped",
        lambda p, d: moved(p, (d.dt, d.dh, -d.dw) if d.dt == 0 else d),
        2,
        "HW groups move along the wrong diagonal",
        PLANES,
    ),
    Implementation(
        "nothing-moves",
        lambda x, spec: x.copy(),
        "a copy of the input: the insertion matched no layer, say",
        23,
    ),
    Implementation("all-zero", lambda x, spec: np.zeros_like(x), "the output was never written"),
    Implementation(
        "input-added",
        afterwards(_input_added),
        "the input is added: the shortcut is inside the shift",
    ),
    Implementation("rest-zeroed", _rest("zeroed"), "X_N is lost"),
    Implementation("rest-moves", _rest("moved"), "X_N moves with the last group"),
    Implementation(
        "shifted-twice",
        lambda x, spec: shifted(shifted(x, spec), spec),
        "the shift was inserted twice",
        23,
    ),
)
