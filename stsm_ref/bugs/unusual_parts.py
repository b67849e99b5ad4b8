"""The parts of `unasked`: when nothing moves there, and what is remembered from call to call."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.bugs.parts import Backward, Forward, pulled_back, shifted
from stsm_ref.evidence.suite_context import Level
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
    return tuple(
        stride // x.itemsize if size > 1 else 1
        for stride, size in zip(x.strides, x.shape, strict=True)
    )


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
    return bool(
        x.flags.c_contiguous
        and x.flags.writeable
        and x.flags.aligned
        and not x.flags.owndata
        and 0 not in x.strides
    )


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
        super().__init__(
            lambda x: (
                (x[(0,) * x.ndim].tobytes(), x[(-1,) * x.ndim].tobytes())
                if x.size > 1
                else x.tobytes()
            )
        )


class _RemembersTheSum(_Remembers):
    """By the sum of the bytes."""

    def __init__(self) -> None:
        super().__init__(lambda x: sum(x.tobytes()) if x.size > 1 else x.tobytes())


class _RemembersTheGradient:
    """Gives its last gradient again where the incoming one has the same ends."""

    def __init__(self) -> None:
        self.remembered = _RemembersTheEnds()

    def __call__(self, x: Array, grad: Array, spec: ShiftSpec) -> Array:
        turned = ShiftSpec(
            spec.terms,
            spec.alpha,
            "forward-first" if spec.order == "backward-first" else "backward-first",
            spec.rounding,
        )
        return (
            self.remembered(grad, turned)
            if all(len(term) == 2 for term in spec.directions)
            else pulled_back(x, grad, spec)
        )


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


def _mutant(
    name: str,
    forward: Function,
    what: str,
    bug: int = 28,
    spec: str = "T+H+W@3/8",
    level: Level = "smoke",
) -> Implementation:
    return Implementation(name, forward, what, bug, spec, level=level)


def _backward(
    name: str,
    vjp: Function,
    what: str,
    bug: int = 28,
    spec: str = "T+H+W@3/8",
    level: Level = "smoke",
) -> Implementation:
    return Implementation(name, shifted, what, bug, spec, vjp=vjp, level=level)


def _third(axis: int, name: str) -> Implementation:
    """Wrong at a step of three along an axis."""

    def steps(x: Array) -> bool:
        return bool(_strides(x)[axis] == 3 * np.prod(x.shape[axis + 1 :]))

    return _mutant(
        f"wrong-at-every-third-{name}",
        _where(steps),
        f"nothing moves where memory holds every third {name}",
        19,
    )


def _many(axis: int, name: str, spec: str = "T+H+W@3/8") -> Implementation:
    """Wrong where an axis is longer than 16 bits can count."""

    def many(x: Array) -> bool:
        return bool(x.shape[axis] > 65536)

    return _mutant(
        f"{name}-counted-in-sixteen-bits",
        _where(many),
        f"nothing moves beyond 65,536 {name}",
        spec=spec,
        level="ci",
    )


def _of_a_network(grad: Array) -> bool:
    return bool(grad.shape[2] >= 64 and grad.shape[3] >= 7)
