"""Wrong in torch where few look: in a mode, in bfloat16, after another call, at a gradient of
strange strides.
"""

from typing import Any

import torch
from torch import Tensor, nn

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.bugs.torch.stateful import _by_function, _opposite, right
from stsm_ref.geometry import ShiftSpec


class _TwoBuffers:
    """Two buffers take turns where nothing is differentiated."""

    def __init__(self) -> None:
        self.buffers: dict[Any, Tensor] = {}
        self.calls = 0

    def __call__(self, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        y = right(x, spec, num_segments)
        if x.requires_grad:
            return y
        self.calls += 1
        key = (
            x.shape,
            x.dtype,
            x.stride(),
            x.requires_grad,
            torch.is_inference_mode_enabled(),
            self.calls % 2,
        )
        return self.buffers.setdefault(key, torch.empty_like(y)).copy_(y)


class _LastForward:
    """The backward takes the number of frames from whatever forward came last: state on the
    module, not on the graph.
    """

    def __init__(self) -> None:
        self.frames = 0

    def __call__(self, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        self.frames = num_segments
        known = _by_function(
            lambda x, grad, s, t: _opposite(
                grad, s, self.frames if len(grad) % self.frames == 0 else t
            )
        )
        return known(x, spec, num_segments)  # type: ignore[no-any-return]  # a tensor


class _Evaluated(nn.Module):
    """Does nothing in evaluation."""

    def forward(self, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        return right(x, spec, num_segments) if self.training else x.clone()


def _left_alone_without_gradient(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return right(x, spec, num_segments) if torch.is_grad_enabled() else x.clone()


def _left_alone_in_bfloat16(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return x.clone() if x.dtype == torch.bfloat16 else right(x, spec, num_segments)


def _layout_lost_under_gradient(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return right(x.contiguous() if x.requires_grad else x, spec, num_segments)


def _in_place_at_eight(x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    back = _opposite(grad, spec, num_segments)
    if num_segments == 8:
        grad.copy_(back)
    return back


def _of_a_sum(x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return (
        grad.clone()
        if grad.numel() > 1 and not any(grad.stride())
        else _opposite(grad, spec, num_segments)
    )


def _mutant(name: str, forward: Function, bug: int, what: str) -> Implementation:
    return Implementation(f"torch-{name}", forward, what, bug, layout="(NT)CHW", framework="torch")


MUTANTS = (
    _mutant(
        "two-buffers",
        _TwoBuffers,
        29,
        "two buffers take turns: the second call after an answer changes it",
    ),
    _mutant(
        "state-of-the-last-forward",
        _LastForward,
        16,
        "the backward takes num_segments from the last forward, whichever that was",
    ),
    _mutant("left-alone-in-evaluation", _Evaluated, 3, "a module in evaluation does nothing"),
    _mutant(
        "left-alone-without-gradient",
        _left_alone_without_gradient,
        3,
        "under no_grad nothing moves",
    ),
    _mutant("left-alone-in-bfloat16", _left_alone_in_bfloat16, 21, "in bfloat16 nothing moves"),
    _mutant(
        "layout-lost-under-gradient",
        _layout_lost_under_gradient,
        19,
        "channels-last is lost where a gradient is to come",
    ),
    _mutant(
        "backward-in-place-at-eight-frames",
        _by_function(_in_place_at_eight),
        5,
        "the incoming gradient is overwritten where T = 8",
    ),
    _mutant(
        "backward-wrong-at-a-sum",
        _by_function(_of_a_sum),
        19,
        "the gradient of a sum, which has strides of 0, stays where it is",
    ),
)
