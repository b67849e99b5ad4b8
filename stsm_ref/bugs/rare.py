"""Wrong where few look: one dtype at one size, one memory layout, a buffer that comes round
again, an argument that is not an array.
"""

from typing import Any

import numpy as np

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.bugs.parts import afterwards, pulled_back, shifted
from stsm_ref.geometry import Array, ShiftSpec


class _TwoBuffers:
    """Answers of one shape and dtype are written into two buffers in turn: the second call
    after an answer changes it.
    """

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
    """Keeps its input, and clears it when the next one comes: memory that was not its own goes
    back into a pool.
    """

    def __init__(self) -> None:
        self.last: Array | None = None

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        if self.last is not None:
            self.last[...] = 0
        self.last = x
        return shifted(x, spec)


def _double_in_place(x: Array, y: Array, spec: ShiftSpec) -> Array:
    if x.dtype == np.float64:
        x[...] = y
    return y


def _changes_the_spec(x: Array, spec: ShiftSpec) -> Array:
    y = shifted(x, spec)
    object.__setattr__(
        spec, "order", "forward-first" if spec.order == "backward-first" else "backward-first"
    )
    return y


def _draws(x: Array, spec: ShiftSpec) -> Array:
    """Dropout with a probability of 0 still draws."""
    return shifted(x, spec) if np.random.random() >= 0 else x.copy()  # noqa: NPY002 # the global state is the bug


def _quiet(x: Array, y: Array, spec: ShiftSpec) -> Array:
    """What a move through a floating-point unit does to a signalling NaN: one bit is set."""
    if x.dtype.kind == "f":
        whole = np.dtype(f"u{x.itemsize}")
        bits = y.view(whole)
        bits[np.isnan(y)] |= whole.type(1 << (np.finfo(x.dtype).nmant - 1))
    return y


def _left_alone_channels_last(x: Array, y: Array, spec: ShiftSpec) -> Array:
    plain = x.flags.c_contiguous or not np.moveaxis(x, -3, -1).flags.c_contiguous
    return y if plain else x.copy()


def _backward_in_place_at_eight(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    back = pulled_back(x, grad, spec)
    if grad.shape[1] == 8:
        grad[...] = back
    return back


def _backward_of_a_sum(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    return grad.copy() if grad.size > 1 and not any(grad.strides) else pulled_back(x, grad, spec)


def _tangent_overwritten(x: Array, dx: Array, spec: ShiftSpec) -> Array:
    tangent = shifted(dx, spec)
    dx[...] = tangent
    return tangent


def _mutant(name: str, forward: Function, bug: int, what: str) -> Implementation:
    return Implementation(name, forward, what, bug)


def _backward(name: str, vjp: Function, bug: int, what: str) -> Implementation:
    return Implementation(name, shifted, what, bug, vjp=vjp)


MUTANTS = (
    _mutant(
        "two-buffers",
        _TwoBuffers,
        29,
        "two buffers take turns: the second call after an answer changes it",
    ),
    _mutant(
        "clears-the-last-input", _ClearsTheLastInput, 4, "the input of the call before is cleared"
    ),
    _mutant(
        "double-in-place",
        afterwards(_double_in_place),
        4,
        "the input is overwritten where it is float64",
    ),
    _mutant(
        "spec-changed",
        _changes_the_spec,
        4,
        "the answer is right, and the spec that it was given is changed",
    ),
    _mutant(
        "draws-random-numbers",
        _draws,
        0,
        "draws from NumPy's global random numbers, and does nothing with them",
    ),
    _mutant("nan-quietened", afterwards(_quiet), 33, "signalling NaNs come back quiet"),
    _mutant(
        "channels-last-left-alone",
        afterwards(_left_alone_channels_last),
        19,
        "nothing moves where memory is channels-last",
    ),
    _mutant(
        "wrong-at-many-channels",
        afterwards(lambda x, y, s: x.copy() if x.shape[2] == 2048 else y),
        28,
        "nothing moves where C = 2048",
    ),
    _mutant(
        "half-wrong-at-four-frames",
        afterwards(lambda x, y, s: x.copy() if x.dtype == np.float16 and x.shape[1] == 4 else y),
        28,
        "nothing moves in float16 where T = 4",
    ),
    _mutant(
        "complex-wrong-at-five-by-seven",
        afterwards(
            lambda x, y, s: x.copy() if x.dtype == np.complex64 and x.shape[1::2] == (5, 7) else y
        ),
        28,
        "nothing moves in complex64 where T = 5 and H = 7",
    ),
    _backward(
        "backward-one-buffer", _BackwardBuffer, 5, "a later gradient is written over an earlier one"
    ),
    _backward(
        "backward-in-place-at-eight-frames",
        _backward_in_place_at_eight,
        5,
        "the incoming gradient is overwritten where T = 8",
    ),
    _backward(
        "backward-wrong-at-a-sum",
        _backward_of_a_sum,
        19,
        "the gradient of a sum, which has strides of 0, stays where it is",
    ),
    _backward(
        "backward-wrong-beyond-eight-frames",
        lambda x, grad, spec: grad.copy() if grad.shape[1] > 8 else pulled_back(x, grad, spec),
        28,
        "the gradient is wrong beyond 8 frames",
    ),
    Implementation(
        "tangent-overwritten",
        shifted,
        "the incoming tangent is overwritten",
        5,
        jvp=_tangent_overwritten,
    ),
)
