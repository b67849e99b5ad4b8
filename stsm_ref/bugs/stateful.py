"""Wrong by memory of other calls, by chance, or by the thread that asks: right on most calls."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.bugs.batches import RARE
from stsm_ref.bugs.implementation import OURS, Function, Implementation, pulled_back, shifted
from stsm_ref.bugs.partitions import opposite
from stsm_ref.bugs.rare import MOBILE, backward_in_time, of_a_network, pooled, wide
from stsm_ref.geometry import Array, ShiftSpec


class _StaleCache:
    """Remembers the answer by shape and dtype and gives it again, whatever the values."""

    def __init__(self) -> None:
        self.known: dict[Any, Array] = {}

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        return self.known.setdefault((x.shape, x.dtype, spec), shifted(x, spec)).copy()


class _OneBuffer:
    """Every answer of one shape and dtype is written into the same memory."""

    def __init__(self) -> None:
        self.buffers: dict[Any, Array] = {}

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        y = self.buffers.setdefault((x.shape, x.dtype), np.zeros(x.shape, x.dtype))
        y[...] = shifted(x, spec)
        return y


class _DirtyBuffer:
    """The vacated places hold what an earlier call left there: `numpy.empty`, partly written."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        self.calls += 1
        dirt = np.asarray(self.calls % 100 + 1).astype(x.dtype)
        return OURS.put_together(
            lambda part, d: np.where(OURS.vacant(part, d), dirt, OURS.moved(part, d))
        )(x, spec)


class _EveryFifthCall:
    """Every fifth call leaves everything where it was."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        self.calls += 1
        return x.copy() if self.calls % 5 == 0 else shifted(x, spec)


class _FirstCut:
    """The channels are cut once, for the first input, and never again."""

    def __init__(self) -> None:
        self.groups: Any = None

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        self.groups = self.groups or spec.partition(x.shape[-3])[:-1]
        return OURS.put_together(cut=lambda *_: self.groups)(x, spec)


class _Random:
    """One place in a hundred calls or so is another: a race between threads."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        y = shifted(x, spec)
        if y.size and self.rng.random() < 0.3:
            y.reshape(-1)[self.rng.integers(y.size)] = 0
        return y


class _SeenBefore:
    """A cache of inputs where one of outputs was meant."""

    def __init__(self) -> None:
        self.seen: set[tuple[Any, ...]] = set()

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        key = (x.shape, x.dtype, x.tobytes())
        if key in self.seen and x.any():
            return x.copy()
        self.seen.add(key)
        return shifted(x, spec)


class _OnlyOnce:
    """What it has shifted it does not shift again: a guard against being inserted twice."""

    def __init__(self) -> None:
        self.given: set[tuple[Any, ...]] = set()

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        if (x.shape, x.dtype, x.tobytes()) in self.given:
            return x.copy()
        y = shifted(x, spec)
        if not np.array_equal(x, y):
            self.given.add((y.shape, y.dtype, y.tobytes()))
        return y


class _SizesBakedIn:
    """The table of indices is built for the first input and cut to fit later ones."""

    def __init__(self) -> None:
        self.mask: Array | None = None

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        if self.mask is None:
            self.mask = np.ones(x.shape[-4:], np.uint8)
            self.mask = shifted(self.mask, spec)
        y = shifted(x, spec)
        if self.mask.shape[1] == x.shape[-3]:
            t, c, h, w = (
                slice(0, min(a, b)) for a, b in zip(self.mask.shape, x.shape[-4:], strict=True)
            )
            y[..., t, c, h, w] = np.where(
                self.mask[t, c, h, w], y[..., t, c, h, w], np.zeros((), y.dtype)
            )
        return y


class _TwoBuffers:
    """Answers of one shape and dtype are written into two buffers in turn."""

    def __init__(self) -> None:
        self.buffers: dict[Any, Array] = {}
        self.calls = 0

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        self.calls += 1
        y = self.buffers.setdefault((x.shape, x.dtype, self.calls % 2), np.zeros(x.shape, x.dtype))
        y[...] = shifted(x, spec)
        return y


class _BackwardBuffer:
    """Every gradient of one shape and dtype is written into the same memory."""

    def __init__(self) -> None:
        self.buffers: dict[Any, Array] = {}

    def __call__(self, x: Array, grad: Array, spec: ShiftSpec) -> Array:
        back = self.buffers.setdefault((grad.shape, grad.dtype), np.zeros(grad.shape, grad.dtype))
        back[...] = pulled_back(x, grad, spec)
        return back


class _ClearsTheLastInput:
    """Clears the input of the call before: memory that was not its own goes into a pool."""

    def __init__(self) -> None:
        self.last: Array | None = None

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        if self.last is not None:
            self.last[...] = 0
        self.last = x
        return shifted(x, spec)


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
        if self.lazy.ready and (wide(x) or x.shape[2] in MOBILE or backward_in_time(x)):
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
        if any(len(term) != 2 for term in spec.directions):
            return pulled_back(x, grad, spec)
        return self.remembered(grad, opposite(spec))


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


def _not_there(x: Array, spec: ShiftSpec) -> Array:
    raise NotImplementedError("to be written")


def _one_frame_short(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x, spec)[:, 1:]


def _changes_the_spec(x: Array, spec: ShiftSpec) -> Array:
    y = shifted(x, spec)
    object.__setattr__(
        spec, "order", "forward-first" if spec.order == "backward-first" else "backward-first"
    )
    return y


def _draws(x: Array, spec: ShiftSpec) -> Array:
    """Dropout with a probability of 0 still draws."""
    drawn = np.random.random()  # noqa: NPY002 # the global state is the bug
    return shifted(x, spec) if drawn >= 0 else x.copy()


def _six_bugs_back(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    alone = of_a_network(grad) or pooled(grad)
    return grad.copy() if alone else pulled_back(x, grad, spec)


def _mutant(
    name: str, forward: Function, bug: int, what: str, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(name, forward, what, bug, spec)


def _backward(name: str, vjp: Function, bug: int, what: str) -> Implementation:
    return Implementation(name, shifted, what, bug, vjp=vjp)


# a table: a bug a line or two
# fmt: off
MUTANTS = (
    _mutant("stale-cache", _StaleCache, 0, "the answer is remembered by shape"),
    _mutant("one-buffer", _OneBuffer, 29, "a later call changes an earlier answer"),
    _mutant("two-buffers", _TwoBuffers, 29,
        "two buffers take turns: the second call after an answer changes it"),
    _backward("backward-one-buffer", _BackwardBuffer, 5,
        "a later gradient is written over an earlier one"),
    _mutant("dirty-buffer", _DirtyBuffer, 7, "vacated places hold whatever memory held"),
    _mutant("every-fifth-call", _EveryFifthCall, 0, "every fifth call does nothing"),
    _mutant("first-cut", _FirstCut, 10, "the channels are cut for the first input only"),
    _mutant("sizes-baked-in", _SizesBakedIn, 25,
        "the zeros of the first input's size stay for all others"),
    _mutant("a-race", _Random, 0, "now and then one value is lost"),
    _mutant("seen-before", _SeenBefore, 0, "an input that it has seen before comes back unshifted"),
    _mutant("shifts-once", _OnlyOnce, 23, "what it has shifted it does not shift again"),
    _mutant("clears-the-last-input", _ClearsTheLastInput, 4,
        "the input of the call before is cleared"),
    _mutant("spec-changed", _changes_the_spec, 4,
        "the answer is right, and the spec that it was given is changed"),
    _mutant("draws-random-numbers", _draws, 0,
        "draws from NumPy's global random numbers, and does nothing with them"),
    _mutant("not-there", _not_there, 0, "fails whatever it is asked"),
    _mutant("one-frame-short", _one_frame_short, 0, "the output has a frame less"),
    Implementation("six-bugs", _SixBugs, "six bugs at once, each where few look", 28,
        vjp=_six_bugs_back),
    _mutant("first-answer-is-the-input", _LazyTable, 0,
        "a table is built by the first call, which goes without"),
    _backward("first-gradient-is-the-gradient", _LazyTableOfTheBackward, 0,
        "a table is built by the first backward, which goes without"),
    _mutant("remembers-the-object", _RemembersTheObject, 0,
        "the last answer is given again to the same array, whatever it holds by now"),
    _mutant("remembers-the-ends", _RemembersTheEnds, 0,
        "the last answer is given again to a clip with the same ends"),
    _mutant("remembers-the-sum", _RemembersTheSum, 0,
        "the last answer is given again to a clip of the same sum", RARE),
    _backward("backward-remembers-the-ends", _RemembersTheGradient, 0,
        "the last gradient is given again where both ends are the same"),
    _mutant("one-thread", _OneThread, 0, "a table of the first thread: in others nothing moves"),
    _backward("backward-of-one-thread", _OneThreadBack, 0,
        "a table of the first thread: in others the gradient stays"),
    _mutant("scratch-shared-by-threads", _SharedScratch, 0,
        "large clips are put together in memory that all threads share"),
)
# fmt: on
