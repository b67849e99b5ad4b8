"""Wrong gradients: the forward is right."""

from collections.abc import Callable

import numpy as np

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.bugs.parts import (
    Backward,
    backward_from,
    moved,
    moved_back,
    pulled_back,
    put_together,
    shifted,
    vacant,
)
from stsm_ref.geometry import Array, ShiftSpec

Change = Callable[[Array, Array, Array, ShiftSpec], Array]


def _afterwards(change: Change) -> Backward:
    """The right gradient with something done to it; `change` takes (x, grad, back, spec)."""

    def vjp(x: Array, grad: Array, spec: ShiftSpec) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(change(x, grad, pulled_back(x, grad, spec), spec))

    return vjp


def _grad_overwritten(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    grad[...] = back
    return back


def _input_overwritten(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    x[...] = back
    return back


def _half_precision(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return back.astype("f2").astype(back.dtype) if back.dtype.kind == "f" else back


def _single_precision(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return back.astype("f4") if back.dtype.kind == "f" else back


def _divided(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return np.asarray(back / back.shape[-4], back.dtype)


def _masked_by_input(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return np.where(x != 0, back, np.zeros((), back.dtype))


def _rest_lost(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    back[..., spec.partition(back.shape[-3])[-1].start :, :, :] = 0
    return back


def _moved_lost(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    back[..., : spec.partition(back.shape[-3])[-1].start, :, :] = 0
    return back


def _clips_mixed(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    return pulled_back(x, grad.reshape(-1, *grad.shape[-3:]), spec).reshape(grad.shape)


def _identity_at_one_frame(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return grad.copy() if grad.shape[-4] == 1 else back


def _identity_at_odd_width(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return grad.copy() if grad.shape[-1] % 2 and grad.shape[-1] > 1 else back


def _identity_at_one_size(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return grad.copy() if grad.shape[1:2] + grad.shape[3:] == (8, 7, 5) else back


def _grad_handed_back(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return grad if spec.partition(grad.shape[-3])[-1].start == 0 else back


def _input_added(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return (grad + back).astype(back.dtype)


def _clipped(x: Array, grad: Array, back: Array, spec: ShiftSpec) -> Array:
    return np.clip(back, -1e4, 1e4).astype(back.dtype) if back.dtype.kind == "f" else back


class _SecondTimeDoubled:
    """Gradients add up over calls: the buffer was never cleared."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Array, grad: Array, spec: ShiftSpec) -> Array:
        self.calls += 1
        return np.asarray(pulled_back(x, grad, spec) * np.asarray(min(self.calls, 2), grad.dtype))


def _contiguous_assumed(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    return pulled_back(x, grad.ravel(order="K").reshape(grad.shape), spec)


def _mutant(
    name: str, vjp: Function, bug: int, what: str, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(name, shifted, what, bug, spec, vjp=vjp)


MUTANTS = (
    _mutant(
        "backward-is-forward",
        lambda x, grad, spec: shifted(grad, spec),
        27,
        "the gradient moves as the input does, not against it",
    ),
    _mutant(
        "backward-is-identity",
        lambda x, grad, spec: grad.copy(),
        27,
        "the gradient stays where it is",
    ),
    _mutant("backward-is-zero", lambda x, grad, spec: np.zeros_like(grad), 27, "no gradient"),
    _mutant(
        "backward-rolls",
        moved_back(lambda p, d: np.roll(p, tuple(d), (-4, -2, -1))),
        8,
        "the gradient wraps around",
    ),
    _mutant(
        "backward-keeps-the-edge",
        moved_back(lambda p, d: np.where(vacant(p, d), p, moved(p, d))),
        7,
        "the gradient's edge stays",
    ),
    _mutant(
        "backward-swaps-height-and-width",
        moved_back(lambda p, d: moved(p, (d.dt, d.dw, d.dh))),
        15,
        "the gradient's H and W are swapped",
    ),
    _mutant(
        "backward-height-reversed",
        moved_back(lambda p, d: moved(p, (d.dt, -d.dh, d.dw))),
        2,
        "only the gradient's height is reversed",
    ),
    _mutant(
        "backward-in-time-only",
        moved_back(lambda p, d: moved(p, (d.dt, 0, 0))),
        27,
        "the gradient does not move in space",
    ),
    _mutant("backward-mixes-clips", _clips_mixed, 17, "only the gradient mixes the clips"),
    _mutant(
        "gradient-overwritten",
        _afterwards(_grad_overwritten),
        5,
        "the incoming gradient is overwritten",
    ),
    _mutant(
        "backward-overwrites-the-input",
        _afterwards(_input_overwritten),
        4,
        "the saved input is overwritten by the backward",
    ),
    _mutant(
        "backward-in-half-precision",
        _afterwards(_half_precision),
        20,
        "the gradient passes through half precision",
    ),
    _mutant(
        "backward-in-single-precision",
        _afterwards(_single_precision),
        21,
        "the gradient comes back as float32",
        "H+W@2/3",
    ),
    _mutant(
        "backward-wrong-at-eight-by-seven-by-five",
        _afterwards(_identity_at_one_size),
        28,
        "the gradient is wrong where T, H, W = 8, 7, 5",
    ),
    _mutant(
        "backward-is-a-mean",
        _afterwards(_divided),
        0,
        "the gradient is divided by the number of frames",
    ),
    _mutant(
        "backward-looks-at-the-input",
        _afterwards(_masked_by_input),
        0,
        "no gradient where the input is 0",
    ),
    _mutant("backward-loses-the-rest", _afterwards(_rest_lost), 27, "X_N gets no gradient"),
    _mutant(
        "backward-loses-what-moves", _afterwards(_moved_lost), 27, "what moves gets no gradient"
    ),
    _mutant(
        "backward-wrong-at-one-frame",
        _afterwards(_identity_at_one_frame),
        28,
        "the gradient is wrong where T = 1",
    ),
    _mutant(
        "backward-wrong-at-odd-width",
        _afterwards(_identity_at_odd_width),
        28,
        "the gradient is wrong where W is odd",
    ),
    _mutant(
        "backward-hands-the-gradient-back",
        _afterwards(_grad_handed_back),
        29,
        "too few channels to move: the gradient itself comes back",
    ),
    _mutant(
        "backward-adds-the-shortcut",
        _afterwards(_input_added),
        0,
        "the shortcut's gradient is added",
    ),
    _mutant("backward-clipped", _afterwards(_clipped), 0, "gradients stop at 10000"),
    _mutant(
        "backward-adds-up",
        _SecondTimeDoubled,
        5,
        "from the second call on, gradients come back doubled",
    ),
    _mutant(
        "backward-assumes-contiguous",
        _contiguous_assumed,
        19,
        "strides of the gradient are ignored",
    ),
    Implementation(
        "tangent-stays",
        shifted,
        "the tangent does not move",
        0,
        "H+W@2/3",
        vjp=pulled_back,
        jvp=lambda x, dx, spec: dx.copy(),
    ),
    Implementation(
        "tangent-moves-back",
        shifted,
        "the tangent moves as a gradient does",
        vjp=pulled_back,
        jvp=pulled_back,
    ),
    Implementation(
        "both-reversed",
        put_together(lambda p, d: moved(p, -d)),
        "forward and gradient fit each other and run the wrong way",
        1,
        vjp=backward_from(shifted),
    ),
)
