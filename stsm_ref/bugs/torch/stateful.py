"""Wrong gradients, memory and state in torch: what a test of the forward's values alone does
not see.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from stsm_ref import nn as snn
from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.geometry import ShiftSpec

right: Callable[..., Tensor] = snn.stsm


def _opposite(grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """The right gradient."""
    with torch.enable_grad():
        x = torch.zeros_like(grad, requires_grad=True)
        return torch.autograd.grad(
            right(x, spec, num_segments), x, grad, create_graph=grad.requires_grad
        )[0]


def _by_function(backward: Callable[[Tensor, Tensor, ShiftSpec, int], Tensor]) -> Function:
    """The right forward with a hand-written backward of (x, grad, spec, num_segments);
    integers, which have none, go past it.
    """

    class Shift(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
            ctx.save_for_backward(x)
            ctx.arguments = spec, num_segments
            return right(x.detach(), spec, num_segments)

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
            return backward(ctx.saved_tensors[0], grad, *ctx.arguments), None, None

    def forward(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        return Shift.apply(x, spec, num_segments)  # type: ignore[no-any-return,no-untyped-call]  # torch's

    return forward


def _halved(x: Tensor) -> Tensor:
    return x.half().to(x.dtype) if x.is_floating_point() else x


def _grad_overwritten(x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    back = _opposite(grad, spec, num_segments)
    grad.copy_(back)
    return back


def _input_overwritten_by_backward(
    x: Tensor, grad: Tensor, spec: ShiftSpec, num_segments: int
) -> Tensor:
    back = _opposite(grad, spec, num_segments)
    x.data.copy_(back)
    return back


def _input_overwritten(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    y = right(x, spec, num_segments)
    x.data.copy_(y.data)
    return y


def _in_place(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """TSM's in-place variant: writes the input and hands it back."""
    x.data.copy_(right(x.data, spec, num_segments))
    return x


def _in_place_without_gradient(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """A short cut for inference: in place where nothing is differentiated."""
    y = right(x, spec, num_segments)
    if not x.requires_grad:
        x.copy_(y)
    return y


def _other_path_for_inference(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return (
        right(x, spec, num_segments)
        if x.requires_grad
        else right(x, ShiftSpec(spec.terms, spec.alpha, "backward-first"), num_segments)
    )


def _other_path_under_gradient(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return x.clone() if x.requires_grad else right(x, spec, num_segments)


def _view_where_nothing_moves(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return (
        x.view(x.shape)
        if spec.partition(x.shape[1])[-1].start == 0
        else right(x, spec, num_segments)
    )


class _WithParameter(torch.nn.Module):
    """The right shift, and a parameter that does nothing yet."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = torch.nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        return right(x, spec, num_segments)


def _channels_last_lost(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return right(x.contiguous(), spec, num_segments)


def _viewed(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return right(x.view(-1, num_segments * x[0].numel()).view(x.shape), spec, num_segments)


def _strides_ignored(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    _, c, h, w = x.shape
    dense = x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last)
    return right(
        x.as_strided(x.shape, (c * h * w, h * w, w, 1)) if dense else x, spec, num_segments
    )


class _OneBuffer:
    """The answer is always written into the same memory."""

    def __init__(self) -> None:
        self.buffers: dict[Any, Tensor] = {}

    def __call__(self, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        y = right(x, spec, num_segments)
        if x.requires_grad:
            return y
        buffer = self.buffers.setdefault((x.shape, x.dtype, x.stride()), torch.empty_like(y))
        return buffer.copy_(y)


class _EveryFifthCall:
    """Every fifth call does nothing."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        self.calls += 1
        return x.clone() if self.calls % 5 == 0 else right(x, spec, num_segments)


class _Scaled:
    """Dropout left on: now and then, what remains is doubled."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(0)

    def __call__(self, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        y = right(x, spec, num_segments)
        if not x.dtype.is_floating_point or torch.rand((), generator=self.generator) > 0.3:
            return y
        return y * 2


class _WrongTangent(torch.autograd.Function):
    """Value and backward are right; the tangent does not move."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        return right(x, spec, num_segments)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, ctx.spec, ctx.num_segments = inputs

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _opposite(grad, ctx.spec, ctx.num_segments), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        return tangent.clone()


def _wrong_tangent(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return _WrongTangent.apply(x, spec, num_segments)  # type: ignore[no-any-return,no-untyped-call]  # torch's


def _gradient_by_hook(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """The gradient is moved by a hook on the input, where a shortcut's gradient arrives too:
    right alone, wrong beside a shortcut.
    """
    if not x.requires_grad:
        return right(x, spec, num_segments)
    x.register_hook(lambda grad: _opposite(grad, spec, num_segments))  # type: ignore[no-untyped-call]  # torch's
    return _Unmoved.apply(x, spec, num_segments)  # type: ignore[no-any-return,no-untyped-call]  # torch's


class _Unmoved(torch.autograd.Function):
    """The right value, and a gradient that is handed on as it comes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        return right(x.detach(), spec, num_segments)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return grad, None, None


def _mutant(name: str, forward: Function, bug: int, what: str) -> Implementation:
    return Implementation(f"torch-{name}", forward, what, bug, layout="(NT)CHW", framework="torch")


def _backward(
    name: str, backward: Callable[[Tensor, Tensor, ShiftSpec, int], Tensor], bug: int, what: str
) -> Implementation:
    return _mutant(name, _by_function(backward), bug, what)


MUTANTS = (
    _backward(
        "backward-is-forward",
        lambda x, grad, s, t: right(grad, s, t),
        27,
        "the backward shifts forward",
    ),
    _backward(
        "backward-nothing-moved",
        lambda x, grad, s, t: grad.clone(),
        27,
        "the gradient stays where it is",
    ),
    _backward(
        "backward-clips-mixed",
        lambda x, grad, s, t: _opposite(grad, s, len(grad)),
        17,
        "only the backward mixes the clips",
    ),
    _backward(
        "backward-is-a-mean",
        lambda x, grad, s, t: _opposite(grad, s, t) / t,
        0,
        "the gradient is divided by num_segments",
    ),
    _backward(
        "backward-through-float16",
        lambda x, g, s, t: _opposite(_halved(g), s, t),
        20,
        "the gradient passes through float16",
    ),
    _backward(
        "backward-looks-at-the-input",
        lambda x, grad, s, t: _opposite(grad, s, t) * (x != 0),
        0,
        "no gradient where the input is 0",
    ),
    _backward(
        "backward-wrong-at-three-frames",
        lambda x, g, s, t: g.clone() if t == 3 else _opposite(g, s, t),
        28,
        "wrong gradient at T = 3",
    ),
    _backward("gradient-overwritten", _grad_overwritten, 5, "the incoming gradient is overwritten"),
    _backward(
        "backward-overwrites-the-input",
        _input_overwritten_by_backward,
        4,
        "the backward writes into the saved input",
    ),
    _mutant(
        "input-overwritten",
        _input_overwritten,
        4,
        "the input is overwritten, out of autograd's sight",
    ),
    _mutant(
        "in-place",
        _in_place,
        22,
        "the input is shifted and handed back: the shortcut is shifted with it",
    ),
    _mutant(
        "in-place-without-gradient",
        _in_place_without_gradient,
        4,
        "in place where nothing is differentiated",
    ),
    _mutant(
        "other-path-for-inference",
        _other_path_for_inference,
        3,
        "without gradient the order turns around",
    ),
    _mutant(
        "other-path-under-gradient", _other_path_under_gradient, 3, "with gradient nothing moves"
    ),
    _mutant(
        "view-where-nothing-moves",
        _view_where_nothing_moves,
        29,
        "too few channels to move: a view of the input",
    ),
    _mutant(
        "gradient-by-hook",
        _gradient_by_hook,
        4,
        "the gradient is moved by a hook on the input: wrong beside a shortcut",
    ),
    _mutant(
        "with-a-parameter",
        _WithParameter,
        0,
        "a module with a parameter, which the shift has none of",
    ),
    _mutant("channels-last-lost", _channels_last_lost, 19, "channels-last goes in, NCHW comes out"),
    _mutant("view-of-frames", _viewed, 19, "x.view fails on other memory layouts"),
    _mutant("strides-ignored", _strides_ignored, 19, "channels-last memory is read as NCHW"),
    _mutant("one-buffer", _OneBuffer, 29, "a later call changes an earlier answer"),
    _mutant("every-fifth-call", _EveryFifthCall, 0, "every fifth call does nothing"),
    _mutant("dropout-left-on", _Scaled, 0, "now and then values are doubled"),
    _mutant(
        "tangent-stays", _wrong_tangent, 0, "forward-mode differentiation does not move the tangent"
    ),
)
