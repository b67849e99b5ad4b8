"""Wrong shifts in torch on purpose, for the checks that only the torch side can fail."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from stsm_ref import nn as snn
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.ours_torch import TorchSide, torch_subject
from tests.bugs.faults import Fault


def planted(*caught_by: str, **functions: Any) -> Fault:
    """Our torch subject with other functions."""
    return Fault(0, torch_subject(TorchSide(**functions)), caught_by)


def by_function(
    forward: Callable[..., Tensor], backward: Callable[..., Tensor]
) -> Callable[..., Tensor]:
    """A shift with a hand-written backward."""

    class Shift(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
            ctx.spec, ctx.segments = spec, segments
            return forward(x, spec, segments)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
            return backward(grad, ctx.spec, ctx.segments), None, None

    return Shift.apply


def _opposite(grad: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    _, pull = torch.func.vjp(lambda x: snn.stsm(x, spec, segments), torch.zeros_like(grad))
    return pull(grad)[0]


def _grad_overwritten(grad: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    back = _opposite(grad, spec, segments)
    grad.copy_(back)
    return back


def _input_overwritten(x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    y = snn.stsm(x, spec, segments)
    x.detach().copy_(y.detach())
    return y


def _one_long_clip(x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    return snn.stsm(x, spec, x.shape[0])


def _layout_lost(x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    return snn.stsm(x.contiguous(), spec, segments)


def _forward_first_always(x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    return snn.stsm(x, ShiftSpec(spec.terms, spec.alpha), segments)


def _followed_by(compute: Callable[[Tensor], Tensor]) -> Fault:
    """The right shift, and then arithmetic that changes no value of a finite clip."""
    return planted(
        "no_operator_computes", stsm=lambda x, spec, segments: compute(snn.stsm(x, spec, segments))
    )


def _preceded_by(compute: Callable[[Tensor], Tensor]) -> Fault:
    """The same arithmetic, and then the right shift."""
    return planted(
        "no_operator_computes", stsm=lambda x, spec, segments: snn.stsm(compute(x), spec, segments)
    )


def _masked(x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    return snn.stsm(x, spec, segments) * snn.stsm(torch.ones_like(x), spec, segments)


def _chosen(x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    arrived = snn.stsm(torch.ones_like(x), spec, segments) > 0
    return torch.where(arrived, snn.stsm(x, spec, segments), x * 0)


def _only_outside_modes(x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    """Multiplies where no dispatch mode looks on."""
    y = snn.stsm(x, spec, segments)
    return y if torch._C._len_torch_dispatch_stack() else y * 1


def _by_numpy(x: Tensor) -> Tensor:
    return torch.from_numpy(x.numpy() * 1)


def _scaled_gradient(grad: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
    return _opposite(grad, spec, segments) * 1


class _WithParameter(snn.STSM):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.scale = nn.Parameter(torch.ones(()))


class _Multiplies(snn.STSM):
    def forward(self, x: Tensor) -> Tensor:
        shifted = super().forward(x)
        return nn.functional.conv2d(
            shifted, torch.ones(x.shape[1], 1, 1, 1, device=x.device), groups=x.shape[1]
        )


class _WithBuffers(snn.SparseConvSTSM):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.register_buffer("kernel", torch.ones(()))


class _MovesTheOtherWay(snn.SparseConvSTSM):
    def __init__(self, channels: int, segments: int, spec: ShiftSpec = ShiftSpec()) -> None:
        super().__init__(
            channels,
            segments,
            ShiftSpec(
                spec.terms,
                spec.alpha,
                "backward-first" if spec.order == "forward-first" else "forward-first",
            ),
        )


class _WrongTangent(torch.autograd.Function):
    """The value and the backward are right; the tangent does not move."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, spec: ShiftSpec, segments: int) -> Tensor:
        return snn.stsm(x, spec, segments)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, ctx.spec, ctx.segments = inputs

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _opposite(grad, ctx.spec, ctx.segments), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        return tangent.clone()


TORCH_FAULTS: dict[str, Fault] = {
    "torch-backward-is-forward": planted(
        "autograd_passes_gradcheck", "vjp_equals_definition", stsm=by_function(snn.stsm, snn.stsm)
    ),
    "torch-gradient-overwritten": planted(
        "a_residual_block_keeps_its_shortcut", stsm=by_function(snn.stsm, _grad_overwritten)
    ),
    "torch-input-overwritten": planted(
        "a_residual_block_keeps_its_shortcut", "arguments_are_not_written", stsm=_input_overwritten
    ),
    "torch-clips-mixed": planted(
        "gradients_stay_in_their_clip", "clips_do_not_mix", stsm=_one_long_clip
    ),
    "torch-layout-lost": planted("memory_formats_are_kept", stsm=_layout_lost),
    "torch-order-ignored": planted("tsm_in_torch_is_a_special_case", stsm=_forward_first_always),
    "torch-tangent-wrong": planted(
        "forward_mode_is_the_shift", "autograd_passes_gradcheck", stsm=_WrongTangent.apply
    ),
    "torch-a-parameter": planted(
        "modules_have_no_state", "networks_cost_what_the_paper_prints", module=_WithParameter
    ),
    "torch-multiplies": planted(
        "networks_cost_what_the_paper_prints", "no_operator_computes", module=_Multiplies
    ),
    "torch-times-ones": _followed_by(lambda y: y * torch.ones_like(y)),
    "torch-times-one": _followed_by(lambda y: y * 1),
    "torch-plus-zero": _followed_by(lambda y: y + 0),
    "torch-minus-zero": _preceded_by(lambda x: x - 0),
    "torch-in-place": _followed_by(lambda y: y.clone().mul_(1)),
    "torch-times-a-mask": planted("no_operator_computes", stsm=_masked),
    "torch-chosen-by-a-mask": planted("no_operator_computes", stsm=_chosen),
    "torch-by-a-permutation-matrix": _followed_by(
        lambda y: (torch.eye(y.shape[-1], dtype=y.dtype, device=y.device) @ y.mT).mT
    ),
    "torch-by-an-identity-map": _followed_by(
        lambda y: nn.functional.linear(y, torch.eye(y.shape[-1], dtype=y.dtype, device=y.device))
    ),
    "torch-by-a-convolution-of-one-hot-kernels": planted(
        "no_operator_computes",
        stsm=lambda x, spec, segments: snn.SparseConvSTSM(x.shape[1], segments, spec)(x),
    ),
    "torch-by-double-precision": _followed_by(lambda y: y.double().to(y.dtype)),
    "torch-computes-where-nobody-looks": planted("no_operator_computes", stsm=_only_outside_modes),
    "torch-computes-in-numpy": _preceded_by(lambda x: x if x.requires_grad else _by_numpy(x)),
    "torch-computes-in-the-backward": planted(
        "no_operator_computes", stsm=by_function(snn.stsm, _scaled_gradient)
    ),
    "torch-fills-by-subtraction": _followed_by(lambda y: y.clone().add_(y.new_full((), 1)).sub_(1)),
    "torch-buffers-in-the-state-dict": planted("modules_have_no_state", sparse_module=_WithBuffers),
    "torch-twin-moves-the-other-way": planted(
        "autograd_through_a_convolution",
        "a_network_equals_its_sparse_twin",
        "stsm_is_a_convolution",
        sparse_module=_MovesTheOtherWay,
    ),
}
