"""Wrong moves: the channels are cut right, and a group goes or leaves what it should not."""

from collections.abc import Callable, Iterable

import numpy as np

from stsm_ref.bugs.bug import (
    AXES,
    Bug,
    Build,
    Parts,
    by_displacement,
    by_move,
    by_result,
    by_whole,
)
from stsm_ref.geometry import Array, Displacement, ShiftSpec

PLANES = "TH+TW+HW@3/4"
Three = tuple[int, int, int]


def _rolled(letters: str) -> Build:
    """Wraps around along these axes and moves rightly along the others."""

    def move(parts: Parts, part: Array, d: Displacement) -> Array:
        steps = list(zip("THW", d, strict=True))
        around = tuple(step if letter in letters else 0 for letter, step in steps)
        beside = tuple(0 if letter in letters else step for letter, step in steps)
        return parts.moved(np.roll(part, around, AXES), beside)

    return by_move(move)


def _rolled_as_one_row(parts: Parts, part: Array, d: Displacement) -> Array:
    """The width is shifted on flattened frames."""
    flat = parts.moved(part, (d.dt, d.dh, 0))
    flat = flat.reshape(*part.shape[:-2], part.shape[-2] * part.shape[-1])
    y = np.zeros_like(flat)
    if d.dw > 0:
        y[..., 1:] = flat[..., :-1]
    elif d.dw < 0:
        y[..., :-1] = flat[..., 1:]
    else:
        y = flat
    return y.reshape(part.shape)


def _filled(fill: Callable[[Array], Array]) -> Build:
    """Vacated places get something of the group instead of zeros."""

    def move(parts: Parts, part: Array, d: Displacement) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(np.where(parts.vacant(part, d), fill(part), parts.moved(part, d)))

    return by_move(move)


def _mean(part: Array) -> Array:
    plain = not part.size or part.dtype.kind == "b"
    return np.asarray(0 if plain else part.mean()).astype(part.dtype)


def _padded(mode: str) -> Build:
    """Vacated places are filled as `numpy.pad` does in this mode."""

    def move(parts: Parts, part: Array, d: Displacement) -> Array:
        if 0 in part.shape:
            return part
        width = [(0, 0)] * (part.ndim - 4) + [(1, 1), (0, 0), (1, 1), (1, 1)]
        padded = np.pad(part, width, mode=mode)  # type: ignore[call-overload]  # a mode by name
        return parts.moved(padded, d)[..., 1:-1, :, 1:-1, 1:-1]

    return by_move(move)


def _smeared(letter: str, towards: int) -> Build:
    """Copies over what it has yet to read, along one axis and in one of its directions."""
    place = "THW".index(letter)

    def move(parts: Parts, part: Array, d: Displacement) -> Array:
        if d[place] != towards or sum(map(abs, d)) != 1:
            return parts.moved(part, d)
        y = np.moveaxis(part.copy(), AXES[place], 0)
        first, last = y[:1].copy(), y[-1:].copy()
        y[...] = first if towards > 0 else last
        y[:1] = 0 if towards > 0 else y[:1]
        y[-1:] = 0 if towards < 0 else y[-1:]
        return np.moveaxis(y, 0, AXES[place])

    return by_move(move)


def _both_axes_in_turn(parts: Parts, part: Array, d: Displacement) -> Array:
    """Adds the two one-axis shifts up where one had to follow the other."""
    alone = [
        tuple(distance if k == axis else 0 for k, distance in enumerate(d)) for axis in range(3)
    ]
    alone = [one for one in alone if any(one)]
    if len(alone) < 2:
        return parts.moved(part, d)
    with np.errstate(all="ignore"):
        total = sum((parts.moved(part, one) for one in alone), np.zeros((), part.dtype))
        return np.asarray(total, part.dtype)


def _half_a_step(parts: Parts, part: Array, d: Displacement) -> Array:
    """What a resampler does whose grid is off by half a pixel."""
    if part.dtype.kind not in "fc" or not any(d):
        return parts.moved(part, d)
    with np.errstate(all="ignore"):
        return ((part + parts.moved(part, d)) / 2).astype(part.dtype)


def _one_frame_lost(parts: Parts, part: Array, d: Displacement) -> Array:
    y = parts.moved(part, d)
    if d.dt > 0 and part.shape[-4] > 1:
        y[..., -1, :, :, :] = 0
    return y


def _as_convolved(flip: bool, pad: bool, axes: tuple[int, ...]) -> Build:
    """Correlation with the kernel flipped, or its padding on the other side, along `axes`."""

    def move(parts: Parts, part: Array, d: Displacement) -> Array:
        steps = list(zip(AXES, d, strict=True))
        y = parts.moved(part, [0 if axis in axes else distance for axis, distance in steps])
        for axis, distance in steps:
            if axis in axes and distance:
                kernel = (1, 0) if (distance > 0) != flip else (0, 1)
                y = _correlated(y, kernel, (distance > 0) != pad, axis)
        return y

    return by_move(move)


def _correlated(x: Array, kernel: tuple[int, int], before: bool, axis: int) -> Array:
    width = [(0, 0)] * x.ndim
    width[axis] = (1, 0) if before else (0, 1)
    padded = np.pad(x, width)
    taps = [np.take(padded, range(k, k + x.shape[axis]), axis=axis) for k in (0, 1)]
    with np.errstate(all="ignore"):
        first, second = (tap * np.asarray(k, x.dtype) for tap, k in zip(taps, kernel, strict=True))
        return np.asarray(first + second, x.dtype)


def _rest_zeroed(x: Array, y: Array, spec: ShiftSpec) -> Array:
    y[..., spec.partition(x.shape[-3])[-1].start :, :, :] = 0
    return y


def _rest_moves(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    y = parts.shifted(x, spec)
    *_, last, rest = spec.partition(x.shape[-3])
    y[..., rest.start :, :, :] = parts.moved(x[..., rest.start :, :, :], last.displacement)
    return y


def _signs_transposed(d: Displacement) -> Iterable[int]:
    turned = iter([sign for sign in reversed(d) if sign])
    return [next(turned) if sign else 0 for sign in d]


def _one_axis(d: Displacement) -> Three:
    return d.dt, 0 if d.dt else d.dh, 0 if d.dt or d.dh else d.dw


def _without(letter: str) -> Build:
    return by_displacement(lambda d: (0, 0, 0) if d["THW".index(letter)] else d)


def _bug(name: str, row: int, what: str, build: Build, spec: str = "T+H+W@3/8") -> Bug:
    return Bug(name, row, what, build, spec)


def _output(name: str, row: int, what: str, build: Build) -> Bug:
    return Bug(name, row, what, build, mutant=False)


# a table: a bug a line or two
# fmt: off
BUGS = (
    _bug("directions-swapped", 1, "+1 and -1 exchanged: the other order's output",
        by_displacement(lambda d: -d)),
    _bug("t-reversed", 2, "time alone runs the other way",
        by_displacement(lambda d: (-d.dt, d.dh, d.dw))),
    _bug("h-reversed", 2, "height alone runs the other way",
        by_displacement(lambda d: (d.dt, -d.dh, d.dw))),
    _bug("w-reversed", 2, "width alone runs the other way",
        by_displacement(lambda d: (d.dt, d.dh, -d.dw))),
    _bug("always-forward", 2, "the backward half moves forward too",
        by_displacement(lambda d: map(abs, d))),
    _bug("smeared", 6, "an in-place copy forward in time reads what it has written",
        _smeared("T", 1)),
    _bug("smeared-backward", 6, "an in-place copy backward in time reads what it has written",
        _smeared("T", -1)),
    _output("smeared-along-h", 6, "the same forward in height", _smeared("H", 1)),
    _output("smeared-along-h-backward", 6, "the same backward in height", _smeared("H", -1)),
    _output("smeared-along-w", 6, "the same forward in width", _smeared("W", 1)),
    _output("smeared-along-w-backward", 6, "the same backward in width", _smeared("W", -1)),
    _bug("edge-kept", 7, "vacated places keep their old content", _filled(lambda part: part)),
    _bug("edge-repeated", 7, "vacated places take the nearest content (replicate padding)",
        _padded("edge")),
    _bug("edge-reflected", 7, "vacated places mirror the content (reflection padding)",
        _padded("reflect")),
    _bug("rolled", 8, "what leaves enters at the other end", _rolled("THW")),
    _bug("rolled-along-t", 8, "wraps around along time alone", _rolled("T")),
    _bug("rolled-along-h", 8, "wraps around along height alone", _rolled("H")),
    _bug("rolled-along-w", 8, "wraps around along width alone", _rolled("W")),
    _bug("rows-run-on", 8, "what leaves a row enters the next one: frames were flattened",
        by_move(_rolled_as_one_row)),
    _bug("h-and-w-swapped", 15, "height taken for width",
        by_displacement(lambda d: (d.dt, d.dw, d.dh))),
    _bug("t-and-h-swapped", 15, "time taken for height",
        by_displacement(lambda d: (d.dh, d.dt, d.dw))),
    _output("t-and-w-swapped", 15, "time taken for width",
        by_displacement(lambda d: (d.dw, d.dh, d.dt))),
    _bug("half-a-step", 0, "interpolates between a place and its neighbour", by_move(_half_a_step)),
    _bug("one-frame-lost", 0, "the forward groups lose one frame too many",
        by_move(_one_frame_lost)),
    _bug("filled-with-ones", 0, "ones enter instead of zeros",
        _filled(lambda part: np.ones((), part.dtype))),
    _bug("filled-with-the-mean", 0, "the mean of the group enters instead of zeros",
        _filled(_mean)),
    _bug("kernel-flipped", 26, "a true convolution: in height and width the kernel is flipped",
        _as_convolved(True, False, (-2, -1))),
    _bug("padding-on-the-other-side", 26, "kernel right, zeros on the wrong side: nothing moves",
        _as_convolved(False, True, AXES)),
    _bug("kernel-and-padding-flipped", 26, "kernel flipped and zeros on the wrong side",
        _as_convolved(True, True, AXES)),
    _bug("one-axis-at-most", 0, "2-D is 1-D", by_displacement(_one_axis), PLANES),
    _bug("plane-moved-as-a-sum", 0, "a two-axis group is the sum of two one-axis shifts",
        by_move(_both_axes_in_turn), PLANES),
    _bug("diagonals-swapped", 2, "HW groups move along the wrong diagonal",
        by_displacement(lambda d: (0, d.dh, -d.dw) if not d.dt else d), PLANES),
    _bug("signs-transposed", 0, "directions ordered by the last axis first",
        by_displacement(_signs_transposed), "HW@1"),
    _bug("nothing-moved", 26, "the identity: the zeros stand on the wrong side of the kernel",
        by_whole(lambda parts, x, spec: x.copy())),
    _bug("all-zero", 0, "an output that was never written",
        by_whole(lambda parts, x, spec: np.zeros_like(x))),
    _bug("input-added", 0, "the input is added: the shortcut is inside the shift",
        by_result(lambda x, y, spec: np.asarray(x + y, x.dtype))),
    _bug("rest-zeroed", 0, "X_N is lost", by_result(_rest_zeroed)),
    _bug("rest-moves", 0, "X_N moves with the last group", by_whole(_rest_moves)),
    _bug("moved-twice", 23, "every group moves by two",
        by_displacement(lambda d: (2 * d.dt, 2 * d.dh, 2 * d.dw))),
    _output("t-forgotten", 0, "what should move in time stays", _without("T")),
    _output("h-forgotten", 0, "what should move in height stays", _without("H")),
    _output("w-forgotten", 0, "what should move in width stays", _without("W")),
    _output("backward-half-stays", 0, "only groups without a step of -1 move",
        by_displacement(lambda d: (0, 0, 0) if min(d) < 0 else d)),
    _output("forward-half-stays", 0, "only groups without a step of +1 move",
        by_displacement(lambda d: (0, 0, 0) if max(d) > 0 else d)),
)
# fmt: on
