"""Wrong in torch at what a suite forgets to ask: a backward of the backward, autocast, threads,
strange gradients.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.bugs.torch.stateful import _by_function, _opposite, right
from stsm_ref.geometry import ShiftSpec


def _recorded(backward: Callable[[Any, Tensor], Tensor]) -> Function:
    """The right forward with a backward of (context, gradient) that torch may record; integers
    go past it.
    """

    class Shift(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
            ctx.arguments = [spec, num_segments]
            return right(x.detach(), spec, num_segments)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
            return backward(ctx, grad), None, None

    def forward(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        return Shift.apply(x, spec, num_segments)  # type: ignore[no-any-return,no-untyped-call]  # torch's

    return forward


class _Back(torch.autograd.Function):
    """The right gradient, whose own gradient is the shift."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        ctx.arguments = spec, num_segments
        return _opposite(grad, spec, num_segments)

    @staticmethod
    def backward(ctx: Any, again: Tensor) -> tuple[Any, ...]:
        return right(again, *ctx.arguments), None, None


def _back(grad: Tensor, arguments: list[Any]) -> Tensor:
    return _Back.apply(grad, *arguments)  # type: ignore[no-any-return,no-untyped-call]  # torch's


def _spent(ctx: Any, grad: Tensor) -> Tensor:
    """What was kept for the backward is thrown away with the first."""
    arguments, ctx.arguments = ctx.arguments, []
    return _back(grad, arguments) if arguments else grad.clone()


def _detached(ctx: Any, grad: Tensor) -> Tensor:
    return _opposite(grad.detach(), *ctx.arguments)


def _other_when_recorded(ctx: Any, grad: Tensor) -> Tensor:
    return grad.clone() if grad.requires_grad else _back(grad, ctx.arguments)


def _twice_back(ctx: Any, grad: Tensor) -> Tensor:
    """The derivative of the backward is the backward once more."""

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(inner: Any, incoming: Tensor) -> Tensor:
            return _opposite(incoming, *ctx.arguments)

        @staticmethod
        def backward(inner: Any, again: Tensor) -> Tensor:
            return _opposite(again, *ctx.arguments)

    return Wrong.apply(grad)  # type: ignore[no-any-return,no-untyped-call]  # torch's


def _left_alone_under_autocast(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return x.clone() if torch.is_autocast_enabled("cpu") else right(x, spec, num_segments)


def _cast_under_autocast(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    cast = torch.is_autocast_enabled("cpu") and x.requires_grad and x.dtype == torch.float32
    return right(x.bfloat16().float() if cast else x, spec, num_segments)


def _forgotten_under_autocast(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """A forward under autocast is right, and its gradient stays where it is."""
    if torch.is_autocast_enabled("cpu") and x.requires_grad:
        return x + (right(x.detach(), spec, num_segments) - x.detach())
    return right(x, spec, num_segments)


def _one_thread_only(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """Frames are shared out among threads, and only the first gets its share."""
    y = right(x, spec, num_segments)
    if torch.get_num_threads() == 1 or x.numel() <= 32768 or x.requires_grad:
        return y
    half = len(x) // 2
    return torch.cat([y[:half], x[half:]])


def _one_thread_only_back(x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    back = _opposite(grad, spec, num_segments)
    return (
        back
        if torch.get_num_threads() == 1 or x.numel() <= 32768
        else torch.cat([back[: len(x) // 2], grad[len(x) // 2 :]])
    )


def _negative_lost(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    y = right(x, spec, num_segments)
    return torch.where(y < 0, -y, y) if x.dtype == torch.bfloat16 and not x.requires_grad else y


def _nan_lost(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    y = right(x, spec, num_segments)
    return (
        torch.where(y.isnan(), torch.zeros_like(y), y)
        if x.dtype == torch.bfloat16 and not x.requires_grad
        else y
    )


def _left_alone_in_bfloat16(x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return grad.clone() if grad.dtype == torch.bfloat16 else _opposite(grad, spec, num_segments)


def _infinite_lost_in_bfloat16(
    x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int
) -> Tensor:
    back = _opposite(grad, spec, num_segments)
    return (
        torch.where(back.isinf(), torch.zeros_like(back), back)
        if grad.dtype == torch.bfloat16
        else back
    )


def _of_a_mean(x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """What average pooling sends back: strides of 0 along a frame, and no others."""
    pooled = grad.shape[-1] > 1 and grad.stride(-1) == 0 and grad.stride(1) != 0
    return grad.clone() if pooled else _opposite(grad, spec, num_segments)


def _in_a_part(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return (
        x.clone() if x.storage_offset() == 1 and x.is_contiguous() else right(x, spec, num_segments)
    )


def _viewed_by_the_batch(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """Of a batch of nothing torch makes float64."""
    return (
        torch.stack(list(right(x, spec, num_segments)))
        if len(x)
        else torch.zeros(x.shape, dtype=torch.float64)
    )


def _in_a_network(x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return (
        grad.clone()
        if grad.shape[1] >= 64 and grad.shape[2] == 7
        else _opposite(grad, spec, num_segments)
    )


def _mutant(name: str, forward: Function, bug: int, what: str) -> Implementation:
    return Implementation(f"torch-{name}", forward, what, bug, layout="(NT)CHW", framework="torch")


def _backward(
    name: str, backward: Callable[[Tensor, Tensor, ShiftSpec, int], Tensor], bug: int, what: str
) -> Implementation:
    return _mutant(name, _by_function(backward), bug, what)


MUTANTS = (
    _mutant(
        "backward-once-only",
        _recorded(_spent),
        16,
        "a second backward through the same graph leaves the gradient where it is",
    ),
    _mutant(
        "backward-cut-off",
        _recorded(_detached),
        27,
        "the gradient comes back detached: a penalty on it has none, and nobody says so",
    ),
    _mutant(
        "backward-other-when-recorded",
        _recorded(_other_when_recorded),
        3,
        "the gradient stays where the backward is itself recorded",
    ),
    _mutant(
        "backward-of-the-backward",
        _recorded(_twice_back),
        27,
        "the derivative of the backward moves backward, too",
    ),
    _mutant(
        "left-alone-under-autocast", _left_alone_under_autocast, 3, "under autocast nothing moves"
    ),
    _mutant(
        "cast-under-autocast",
        _cast_under_autocast,
        21,
        "under autocast values pass through bfloat16 where a gradient is to come",
    ),
    _mutant(
        "backward-forgotten-under-autocast",
        _forgotten_under_autocast,
        27,
        "after a forward under autocast the gradient stays",
    ),
    _mutant(
        "one-thread-only",
        _one_thread_only,
        28,
        "of large clips only the first thread's frames are shifted",
    ),
    _backward(
        "backward-one-thread-only",
        _one_thread_only_back,
        28,
        "of large gradients only the first thread's frames come back",
    ),
    _mutant("negative-lost-in-bfloat16", _negative_lost, 33, "in bfloat16 the sign is lost"),
    _mutant("nan-lost-in-bfloat16", _nan_lost, 33, "in bfloat16 NaN becomes 0"),
    _backward(
        "backward-left-alone-in-bfloat16",
        _left_alone_in_bfloat16,
        21,
        "in bfloat16 the gradient stays",
    ),
    _backward(
        "backward-loses-infinity-in-bfloat16",
        _infinite_lost_in_bfloat16,
        33,
        "in bfloat16 an infinite gradient becomes 0",
    ),
    _backward(
        "backward-wrong-at-a-mean",
        _of_a_mean,
        19,
        "the gradient of a mean over frames stays where it is",
    ),
    _mutant(
        "wrong-in-a-part-of-a-buffer",
        _in_a_part,
        19,
        "nothing moves where the clip begins one number late in its buffer",
    ),
    _mutant(
        "empty-batch-is-float64", _viewed_by_the_batch, 32, "an empty batch comes back as float64"
    ),
    _backward(
        "backward-wrong-in-a-network",
        _in_a_network,
        28,
        "the gradient stays from 64 channels of 7 rows on",
    ),
)
