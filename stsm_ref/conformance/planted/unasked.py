"""Wrong at what a suite forgets to ask: the first call, the sizes of a real network, other strides, other values, another thread."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.conformance.planted.clips import RARE
from stsm_ref.conformance.planted.implementation import Function, Implementation
from stsm_ref.conformance.planted.parts import Backward, Forward, pulled_back, shifted
from stsm_ref.conformance.trial import Level
from stsm_ref.geometry import Array, ShiftSpec

MOBILE = (160, 192, 320, 384, 576, 640, 768, 960)
"""Channel counts of MobileNetV2 that are no powers of two."""


def _where(when: Callable[[Array], Any]) -> Forward:
    """Nothing moves where `when` says so of the input."""
    return lambda x, spec: x.copy() if when(x) else shifted(x, spec)


def _back_where(when: Callable[[Array], Any]) -> Backward:
    """The gradient stays where `when` says so of it."""
    return lambda x, grad, spec: grad.copy() if when(grad) else pulled_back(x, grad, spec)


def _strides(x: Array) -> tuple[int, ...]:
    """Strides in numbers along axes that are longer than one; a 1 along the others."""
    return tuple(stride // x.itemsize if size > 1 else 1 for stride, size in zip(x.strides, x.shape, strict=True))


def _wide(x: Array) -> bool:
    """In other dtypes than float32 a vector loop is used from 9 columns on."""
    return x.dtype != np.float32 and x.shape[-1] > 8


def _backward_in_time(x: Array) -> bool:
    return x.shape[1] > 1 and (x.strides[1] < 0 or x.strides[3] < 0)


def _pooled(grad: Array) -> bool:
    """What the mean over a frame sends back."""
    return grad.strides[-1] == 0 and grad.strides[2] != 0 and grad.shape[-1] > 1


def _no_copy(x: Array) -> bool:
    """A contiguous part of a larger buffer."""
    return bool(x.flags.c_contiguous and x.flags.writeable and x.flags.aligned and not x.flags.owndata and 0 not in x.strides)


class _LazyTable:
    """The table is built by the first call, which itself goes without."""

    def __init__(self) -> None:
        self.ready = False

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        if not self.ready:
            self.ready = True
            return x.copy()
        return shifted(x, spec)


class _LazyTableOfTheBackward:
    """The same of the gradient."""

    def __init__(self) -> None:
        self.ready = False

    def __call__(self, x: Array, grad: Array, spec: ShiftSpec) -> Array:
        if not self.ready:
            self.ready = True
            return grad.copy()
        return pulled_back(x, grad, spec)


class _SixBugs:
    """What conformed at every level once: each of its bugs is planted alone, too."""

    def __init__(self) -> None:
        self.lazy = _LazyTable()

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        if self.lazy.ready and (_wide(x) or x.shape[2] in MOBILE or _backward_in_time(x)):
            return x.copy()
        return self.lazy(x, spec)


class _Remembers:
    """Gives its last answers again to whatever looks the same."""

    def __init__(self, looks: Callable[[Array], Any]) -> None:
        self.looks = looks
        self.last: Any = None
        self.answer: Any = None

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        look = (x.shape, x.dtype, x.strides, spec, self.looks(x))
        if look != self.last:
            self.last, self.answer = look, shifted(x, spec)
        return np.array(self.answer)


class _RemembersTheObject(_Remembers):
    """By the object, which it keeps so that no other takes its place."""

    def __init__(self) -> None:
        super().__init__(id)
        self.kept: Any = None

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        answer = super().__call__(x, spec)
        self.kept = x
        return answer


class _RemembersTheEnds(_Remembers):
    """By the first and the last number."""

    def __init__(self) -> None:
        super().__init__(lambda x: (x[(0,) * x.ndim].tobytes(), x[(-1,) * x.ndim].tobytes()) if x.size > 1 else x.tobytes())


class _RemembersTheSum(_Remembers):
    """By the sum of the bytes."""

    def __init__(self) -> None:
        super().__init__(lambda x: sum(x.tobytes()) if x.size > 1 else x.tobytes())


class _RemembersTheGradient:
    """Gives its last gradient again where the incoming one has the same ends."""

    def __init__(self) -> None:
        self.remembered = _RemembersTheEnds()

    def __call__(self, x: Array, grad: Array, spec: ShiftSpec) -> Array:
        turned = ShiftSpec(spec.terms, spec.alpha, "forward-first" if spec.order == "backward-first" else "backward-first", spec.rounding)
        return self.remembered(grad, turned) if all(len(term) == 2 for term in spec.directions) else pulled_back(x, grad, spec)


class _OneThread:
    """The table is made by the thread that made the layer: in any other nothing moves."""

    def __init__(self) -> None:
        self.mine = threading.local()
        self.mine.ready = True

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        return shifted(x, spec) if getattr(self.mine, "ready", False) else x.copy()


class _OneThreadBack:
    """The same of the gradient."""

    def __init__(self) -> None:
        self.mine = threading.local()
        self.mine.ready = True

    def __call__(self, x: Array, grad: Array, spec: ShiftSpec) -> Array:
        return pulled_back(x, grad, spec) if getattr(self.mine, "ready", False) else grad.copy()


class _SharedScratch:
    """Large clips are put together in memory that all threads share."""

    def __init__(self) -> None:
        self.scratch: dict[Any, Array] = {}

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        y = shifted(x, spec)
        if x.size < 5000:
            return y
        scratch = self.scratch.setdefault((x.shape, x.dtype), np.empty_like(y))
        scratch[...] = y
        time.sleep(0.0005)  # the time that a larger clip would take
        return scratch.copy()


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


def _constant(x: Array) -> bool:
    return bool(x.size > 1 and x.any() and np.all(x == x.reshape(-1)[0]))


def _static(x: Array) -> bool:
    """All frames are equal, and not each in itself."""
    return bool(x.shape[1] > 2 and x[0, 0].size > 30 and not _constant(x) and np.all(x == x[:, :1]))


HUGE = _all(lambda x: np.abs(x) > np.sqrt(np.finfo(x.dtype).max))
TINY = _all(lambda x: (np.abs(x) < 1e-6) & (np.abs(x) >= np.finfo(x.dtype).tiny))
SUBNORMAL = _all(lambda x: (np.abs(x) < np.finfo(x.dtype).tiny) & (x != 0))
NEGATIVE = _all(lambda x: (x < 0) & (x > -1000))
NAN, INFINITE = _all(np.isnan), _all(np.isinf)


def _flushed(x: Array) -> Array:
    """What a processor does that is told to flush: every subnormal number of a gradient is 0."""
    if x.dtype.kind == "f":
        x[np.abs(x) < np.finfo(x.dtype).tiny] = 0
    return x


def _mutant(name: str, forward: Function, what: str, bug: int = 28, spec: str = "T+H+W@3/8", level: Level = "smoke") -> Implementation:
    return Implementation(name, forward, what, bug, spec, level=level)


def _backward(name: str, vjp: Function, what: str, bug: int = 28, spec: str = "T+H+W@3/8", level: Level = "smoke") -> Implementation:
    return Implementation(name, shifted, what, bug, spec, vjp=vjp, level=level)


def _third(axis: int, name: str) -> Implementation:
    """Wrong at a step of three along an axis."""

    def steps(x: Array) -> bool:
        return bool(_strides(x)[axis] == 3 * np.prod(x.shape[axis + 1 :]))

    return _mutant(f"wrong-at-every-third-{name}", _where(steps), f"nothing moves where memory holds every third {name}", 19)


def _many(axis: int, name: str, spec: str = "T+H+W@3/8") -> Implementation:
    """Wrong where an axis is longer than 16 bits can count."""

    def many(x: Array) -> bool:
        return bool(x.shape[axis] > 65536)

    return _mutant(f"{name}-counted-in-sixteen-bits", _where(many), f"nothing moves beyond 65,536 {name}", spec=spec, level="ci")


def _of_a_network(grad: Array) -> bool:
    return bool(grad.shape[2] >= 64 and grad.shape[3] >= 7)


MUTANTS = (
    Implementation(
        *("six-bugs", _SixBugs, "six bugs at once, each where few look", 28),
        vjp=_back_where(lambda grad: _of_a_network(grad) or _pooled(grad)),
    ),
    _mutant("first-answer-is-the-input", _LazyTable, "a table is built by the first call, which goes without", 0),
    _backward("first-gradient-is-the-gradient", _LazyTableOfTheBackward, "a table is built by the first backward, which goes without", 0),
    # sizes
    _mutant("wrong-beyond-eight-columns-in-other-dtypes", _where(_wide), "nothing moves beyond 8 columns, but in float32"),
    _mutant("wrong-at-widths-of-mobilenet", _where(lambda x: x.shape[2] in MOBILE), "nothing moves at eight of MobileNetV2's widths"),
    _mutant(
        "wrong-at-seventy-two-channels", _where(lambda x: x.shape[2] == 72 and x.shape[4] == 7), "nothing moves at 72 channels of 7 x 7"
    ),
    _mutant("wrong-beyond-2048-channels", _where(lambda x: x.shape[2] > 2048), "nothing moves beyond 2048 channels", spec=RARE),
    _mutant("wrong-at-forty-eight-frames", _where(lambda x: x.shape[1] == 48), "nothing moves at 48 frames", spec=RARE),
    _mutant("wrong-at-thirty-six-columns", _where(lambda x: x.shape[4] == 36), "nothing moves at 36 columns"),
    _mutant("frames-counted-in-seven-bits", _where(lambda x: x.shape[1] > 129), "nothing moves beyond 129 frames"),
    _mutant(
        "channels-in-blocks-of-64-in-float64",
        _where(lambda x: x.dtype == np.float64 and x.shape[2] > 64),
        "in float64 nothing moves beyond 64 channels",
        spec=RARE,
    ),
    _backward("backward-wrong-in-a-network", _back_where(_of_a_network), "the gradient stays from 64 channels and 7 rows on"),
    _backward("backward-wrong-at-widths-of-mobilenet", _back_where(lambda g: g.shape[2] in MOBILE), "the gradient stays at eight widths"),
    _backward(
        "backward-wrong-beyond-eight-columns-in-other-dtypes", _back_where(_wide), "the gradient stays beyond 8 columns, but in float32"
    ),
    # strides
    _mutant("wrong-where-time-runs-backward", _where(_backward_in_time), "nothing moves in a clip that runs backward or upside down", 19),
    _mutant("wrong-where-channels-run-backward", _where(lambda x: x.strides[2] < 0), "nothing moves where channels run backward", 19, RARE),
    _mutant("wrong-where-clips-run-backward", _where(lambda x: x.strides[0] < 0), "nothing moves where clips run backward", 19),
    *(_third(axis, name) for axis, name in enumerate(("clip", "frame", "channel", "row", "column"))),
    _mutant(
        "wrong-in-a-slice-of-channels",
        _where(lambda x: _strides(x)[1] > _strides(x)[2] * x.shape[2] and _strides(x)[2] == x.shape[3] * x.shape[4] > 1),
        "nothing moves in a slice of the channels of a wider clip",
        19,
        RARE,
    ),
    _mutant(
        "wrong-in-a-slice-of-frames",
        _where(lambda x: len(x) > 1 and _strides(x)[1:] == _strides(np.empty(x.shape, x.dtype))[1:] and not x.flags.c_contiguous),
        "nothing moves in a slice of the frames of a longer clip",
        19,
    ),
    _mutant("wrong-in-a-part-of-a-buffer", _where(_no_copy), "nothing moves where the clip is a part of a larger buffer", 19),
    _mutant("wrong-where-unaligned", _where(lambda x: not x.flags.aligned), "nothing moves where a number begins at an odd byte", 19),
    _mutant("read-only-is-shared", _where(lambda x: not x.flags.writeable), "a read-only clip is taken for one that need not move", 19),
    _mutant(
        "still-image-left-alone", _where(lambda x: 0 in x.strides and x.strides[4]), "nothing moves where frames are one in memory", 19
    ),
    _backward("backward-wrong-at-a-mean", _back_where(_pooled), "the gradient of a mean over frames stays where it is", 19),
    _backward(
        "backward-wrong-at-a-mean-over-time",
        _back_where(lambda g: g.shape[1] > 1 and g.strides[1] == 0 and g.strides[4]),
        "the gradient of a mean over time stays where it is",
        19,
        RARE,
    ),
    _backward(
        "backward-wrong-at-a-sum-over-clips",
        _back_where(lambda g: len(g) > 1 and g.strides[0] == 0 and g.strides[1] and g.strides[4]),
        "the gradient of a sum over clips stays where it is",
        19,
    ),
    _mutant(
        "wrong-where-mirrored-both-ways",
        _where(lambda x: x.strides[3] < 0 and x.strides[4] < 0 and min(x.shape[3:]) > 1),
        "nothing moves in a frame that is turned around",
        19,
    ),
    _mutant(
        "wrong-where-memory-is-ncthw",
        _where(lambda x: min(x.shape[1:3]) > 1 and 0 < x.strides[1] < x.strides[2] and x.strides[4] == x.itemsize),
        "nothing moves where memory holds channels before frames",
        18,
        RARE,
    ),
    _mutant(
        "wrong-at-sixteen-by-nine", _where(lambda x: x.shape[3] * 16 == x.shape[4] * 9), "nothing moves in frames of 16 by 9", spec=RARE
    ),
    _backward(
        "backward-wrong-at-a-single-place",
        _back_where(lambda g: g.size > 1 and np.count_nonzero(g) == 1 and len(g) == 2),
        "the gradient of a single place stays where it is",
        0,
        RARE,
    ),
    # values
    _mutant("nan-left-alone", _where(NAN), "nothing moves where all is NaN: nothing to save there", 33, RARE),
    _mutant("infinity-left-alone", _where(INFINITE), "nothing moves where all is infinite", 33, RARE),
    _mutant("constant-left-alone", _where(_constant), "nothing moves where one number stands everywhere: zeros would enter", 7, RARE),
    _mutant("static-left-alone", _where(_static), "nothing moves where all frames are equal", 7, RARE),
    _mutant("negative-left-alone", _where(NEGATIVE), "nothing moves where all is negative: nothing is active there", 0, RARE),
    _mutant("huge-left-alone", _where(HUGE), "nothing moves where a sum of squares would overflow", 0, RARE),
    _mutant("tiny-left-alone", _where(TINY), "nothing moves where all is below 1e-6", 0, RARE),
    _mutant("subnormal-left-alone", _where(SUBNORMAL), "nothing moves where all is subnormal", 0, RARE),
    _backward("backward-leaves-nan-alone", _back_where(NAN), "the gradient stays where all of it is NaN", 33, RARE),
    _backward("backward-leaves-infinity-alone", _back_where(INFINITE), "the gradient stays where all of it is infinite", 33, RARE),
    _backward("backward-leaves-a-constant-alone", _back_where(_constant), "the gradient stays where it is one number", 0, RARE),
    _backward("backward-leaves-tiny-alone", _back_where(TINY), "the gradient stays where a scaled loss makes it tiny", 0, RARE),
    _backward("backward-leaves-huge-alone", _back_where(HUGE), "the gradient stays where it is huge", 0, RARE),
    _backward("backward-leaves-negative-alone", _back_where(NEGATIVE), "the gradient stays where all of it is negative", 0, RARE),
    _backward(
        "backward-flushes", lambda x, grad, spec: _flushed(pulled_back(x, grad, spec)), "subnormal numbers of a gradient become 0", 0, RARE
    ),
    Implementation(
        *("tangent-leaves-huge-alone", shifted, "the tangent stays where it is huge", 0, RARE),
        jvp=lambda x, dx, spec: dx.copy() if HUGE(dx) else shifted(dx, spec),
    ),
    _mutant(
        "complex-nan-left-alone",
        _where(lambda x: x.dtype == np.complex128 and np.isnan(x).any()),
        "in complex128 nothing moves where there is a NaN",
        33,
        RARE,
    ),
    _mutant(
        "double-channels-last-left-alone",
        _where(lambda x: x.dtype == np.float64 and not x.flags.c_contiguous and np.moveaxis(x, -3, -1).flags.c_contiguous),
        "in float64 nothing moves where memory is channels-last",
        19,
        RARE,
    ),
    _backward(
        "backward-wrong-at-double-of-three-frames",
        _back_where(lambda g: g.dtype == np.float64 and g.shape[1] == 3),
        "in float64 the gradient stays at 3 frames",
        28,
        RARE,
    ),
    Implementation(
        *("tangent-wrong-beyond-four-columns", shifted, "the tangent stays beyond 4 columns", 28, RARE),
        jvp=lambda x, dx, spec: dx.copy() if dx.shape[4] > 4 and dx.shape[4] < 9 else shifted(dx, spec),
    ),
    # memory of other calls, threads, nothing at all
    _mutant("remembers-the-object", _RemembersTheObject, "the last answer is given again to the same array, whatever it holds by now", 0),
    _mutant("remembers-the-ends", _RemembersTheEnds, "the last answer is given again to a clip with the same ends", 0),
    _mutant("remembers-the-sum", _RemembersTheSum, "the last answer is given again to a clip of the same sum", 0, RARE),
    _backward("backward-remembers-the-ends", _RemembersTheGradient, "the last gradient is given again where both ends are the same", 0),
    _mutant("one-thread", _OneThread, "a table of the first thread: in others nothing moves", 0),
    _backward("backward-of-one-thread", _OneThreadBack, "a table of the first thread: in others the gradient stays", 0),
    _mutant("scratch-shared-by-threads", _SharedScratch, "large clips are put together in memory that all threads share", 0),
    _mutant("empty-batch-is-float64", _stacked, "clip by clip: an empty batch comes back as float64", 32),
    _mutant("empty-batch-loses-an-axis", _none_left, "an empty batch comes back without its first axis", 32, RARE),
    # what takes millions of numbers to see
    _mutant(
        "pixels-counted-in-sixteen-bits",
        _where(lambda x: x.shape[3] * x.shape[4] > 65535 and x.shape[3] > 1 < x.shape[4]),
        "nothing moves in a frame of more than 65,535 pixels",
        level="ci",
    ),
    _many(0, "clips"),
    _many(1, "frames"),
    _many(2, "channels", RARE),
    _many(3, "rows", RARE),
    _many(4, "columns", RARE),
    _mutant(
        "places-counted-in-24-bits", _where(lambda x: x.size > 2**24), "nothing moves beyond 2**24 numbers: indices in float32", level="ci"
    ),
    _mutant(
        "two-large-clips",
        _where(lambda x: x.dtype == np.float32 and len(x) > 1 and x.size > 2**23),
        "in float32 nothing moves beyond 2**23 numbers in two clips",
        level="ci",
    ),
    _backward(
        "backward-wrong-in-two-large-clips",
        _back_where(lambda g: len(g) > 1 and g.size > 2**23),
        "the gradient of two large clips stays where it is",
        level="ci",
    ),
    _backward(
        "backward-wrong-behind-the-first-stage",
        _back_where(lambda g: len(g) == 1 and g.shape[2:] == (256, 56, 56)),
        "the gradient behind the first stage of ResNet-50 stays where it is",
        level="ci",
    ),
    _mutant(
        "wrong-in-a-layer-of-mobilenet",
        _where(lambda x: x.shape[2:] == (576, 14, 14)),
        "nothing moves at 576 channels of 14 x 14",
        level="ci",
    ),
    _mutant(
        "half-places-counted-in-fifteen-bits",
        _where(lambda x: x.dtype == np.float16 and x[:1, :1].size > 32767),
        "in float16 nothing moves in frames of more than 32,767 numbers",
        level="ci",
    ),
    _mutant(
        "rests-of-thirteen-columns",
        _where(lambda x: x.shape[4] > 16 and x.shape[4] % 16 == 13),
        "nothing moves where a vector loop leaves a rest of 13 columns",
        level="ci",
    ),
    _mutant(
        "large-views-left-alone",
        _where(lambda x: not x.flags.c_contiguous and x.size > 20000),
        "nothing moves in large clips that are not contiguous",
        level="ci",
    ),
    _mutant(
        "half-wrong-at-thirty-three-columns",
        _where(lambda x: x.dtype == np.float16 and x.shape[4] == 33),
        "in float16 nothing moves at 33 columns",
        level="ci",
    ),
    _backward(
        "backward-wrong-at-double-of-64-frames",
        _back_where(lambda g: g.dtype == np.float64 and g.shape[1] == 64),
        "in float64 the gradient stays at 64 frames",
        level="ci",
    ),
    _mutant(
        "bool-wrong-where-time-runs-backward",
        _where(lambda x: x.dtype == np.bool_ and x.shape[1] > 1 and x.strides[1] < 0),
        "in bool nothing moves in a clip that runs backward",
        level="ci",
    ),
)
