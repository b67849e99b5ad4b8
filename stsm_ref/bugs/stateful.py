"""Wrong by memory of earlier calls, by chance, or by what kind of input it is: right on most
calls.
"""

from typing import Any

import numpy as np

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.bugs.parts import afterwards, moved, put_together, shifted, vacant
from stsm_ref.geometry import Array, ShiftSpec


class _StaleCache:
    """Remembers the answer by shape and dtype and gives it again, whatever the values."""

    def __init__(self) -> None:
        self.known: dict[Any, Array] = {}

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        return self.known.setdefault((x.shape, x.dtype, spec), shifted(x, spec)).copy()


class _OneBuffer:
    """Every answer of one shape and dtype is written into the same memory: a later call changes
    an earlier answer.
    """

    def __init__(self) -> None:
        self.buffers: dict[Any, Array] = {}

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        y = self.buffers.setdefault((x.shape, x.dtype), np.zeros(x.shape, x.dtype))
        y[...] = shifted(x, spec)
        return y


class _DirtyBuffer:
    """The vacated places hold what an earlier call left there: memory from `numpy.empty`,
    written in part.
    """

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        self.calls += 1
        dirt = np.asarray(self.calls % 100 + 1).astype(x.dtype)
        return put_together(lambda part, d: np.where(vacant(part, d), dirt, moved(part, d)))(
            x, spec
        )


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
        return put_together(cut=lambda *_: self.groups)(x, spec)


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
    """What it has been asked before comes back unshifted: a cache of inputs where one of
    outputs was meant.
    """

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


def _sparse_left_alone(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return x.copy() if np.count_nonzero(x) * 20 < x.size else y


def _nothing_is_something(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return y if x.any() or not x.size else np.full_like(y, 1)


def _not_there(x: Array, spec: ShiftSpec) -> Array:
    raise NotImplementedError("to be written")


def _one_frame_short(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x, spec)[:, 1:]


def _mutant(
    name: str, forward: Function, bug: int, what: str, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(name, forward, what, bug, spec)


MUTANTS = (
    _mutant("stale-cache", _StaleCache, 0, "the answer is remembered by shape"),
    _mutant("one-buffer", _OneBuffer, 29, "a later call changes an earlier answer"),
    _mutant("dirty-buffer", _DirtyBuffer, 7, "vacated places hold whatever memory held"),
    _mutant("every-fifth-call", _EveryFifthCall, 0, "every fifth call does nothing"),
    _mutant("first-cut", _FirstCut, 10, "the channels are cut for the first input only"),
    _mutant("a-race", _Random, 0, "now and then one value is lost"),
    _mutant("seen-before", _SeenBefore, 0, "an input that it has seen before comes back unshifted"),
    _mutant("shifts-once", _OnlyOnce, 23, "what it has shifted it does not shift again"),
    _mutant(
        "sparse-left-alone",
        afterwards(_sparse_left_alone),
        0,
        "a short cut for clips that are almost empty leaves them alone",
        "H+W@2/3",
    ),
    _mutant(
        "nothing-is-something",
        afterwards(_nothing_is_something),
        0,
        "a clip of zeros becomes one of ones",
    ),
    _mutant("not-there", _not_there, 0, "fails whatever it is asked"),
    _mutant("one-frame-short", _one_frame_short, 0, "the output has a frame less"),
)
