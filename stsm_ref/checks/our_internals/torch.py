"""What only PyTorch can show: autograd in every direction, memory formats, modules without state,
and whole networks.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # its name everywhere

from stsm_ref import definition, strategies
from stsm_ref import nn as snn
from stsm_ref.checks.our_internals.torch_operators import computing_operators
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import require, same_bits, same_values
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.ours import Subject
from stsm_ref.models import cost, create_model
from stsm_ref.nn.insertion import exchange_shifts
from stsm_ref.strategies import ClipCase

DOUBLES: dict[str, Any] = {
    "dtypes": [np.dtype(np.float64)],
    "values": "labels",
    "batch_axes": (1,),
    "layouts": ["C"],
}
TORCH = ("torch",)
SMALL_SPECS = [ShiftSpec(terms, 1) for terms in ("T+H+W", "TH+TW+HW", "THW")]


def _frames(case: ClipCase) -> tuple[Tensor, ShiftSpec, int]:
    """A batch of clips as frames, its spec and its segments."""
    return torch.from_numpy(case.x).flatten(0, 1), case.spec, case.x.shape[1]


@check("GRAD-1", "GRAD-3", rung="L1", each=lambda _: SMALL_SPECS, sides=TORCH)
def autograd_passes_gradcheck(subject: Subject, spec: ShiftSpec) -> None:
    """`gradcheck` and `gradgradcheck` in float64, every entry (never `fast_mode`, which takes a
    wrong backward), also forward-mode.
    """
    x = torch.linspace(-1, 1, 2 * 24 * 2).reshape(2, 24, 2, 1).double().requires_grad_()

    def forward(frames: Tensor) -> Tensor:
        shifted: Tensor = subject.torch.stsm(frames, spec, 2)
        return shifted

    for name, passes in (
        (
            "gradcheck",
            torch.autograd.gradcheck(forward, (x,), check_forward_ad=True, raise_exception=False),
        ),
        ("gradgradcheck", torch.autograd.gradgradcheck(forward, (x,), raise_exception=False)),
    ):
        require(passes, f"{name} of stsm with {spec} fails")


@check("GRAD-2", rung="L1", strategy=strategies.clip_cases(**DOUBLES), sides=TORCH)
def forward_mode_is_the_shift(subject: Subject, case: ClipCase) -> None:
    """`torch.func.jvp` along v is stsm(v), and `torch.func.vmap` over clips is clip by clip."""
    x, spec, segments = _frames(case)
    v = x.flip(0)
    _, tangent, *_ = torch.func.jvp(
        lambda frames: subject.torch.stsm(frames, spec, segments), (x,), (v,)
    )
    same_bits(tangent.numpy(), subject.torch.stsm(v, spec, segments).numpy(), f"jvp of {case}")
    clips = torch.unflatten(x, 0, (-1, segments))
    mapped = torch.func.vmap(lambda clip: subject.torch.stsm(clip, spec, segments))(clips)
    same_bits(
        mapped.flatten(0, 1).numpy(),
        subject.torch.stsm(x, spec, segments).numpy(),
        f"vmap of {case}",
    )


@check("GRAD-4", "CONV-2", rung="L1", strategy=strategies.clip_cases(**DOUBLES), sides=TORCH)
def autograd_through_a_convolution(subject: Subject, case: ClipCase) -> None:
    """Autograd through shift and a 3x3 convolution equals autograd through sparse convolution and
    the same, weights and input, exactly.
    """
    frames, spec, segments = _frames(case)
    generator = torch.Generator().manual_seed(0)
    weights = torch.randint(-3, 4, (2, frames.shape[1], 3, 3), generator=generator).double()
    gradients = []
    for module in (
        subject.torch.module(segments, spec),
        subject.torch.sparse_module(frames.shape[1], segments, spec),
    ):
        x, w = frames.clone().requires_grad_(), weights.clone().requires_grad_()
        y = F.conv2d(module(x), w, padding=1)
        gradients.append(
            torch.autograd.grad((y * torch.arange(y.numel()).view_as(y) % 7).sum(), (x, w))
        )
    for name, by_shift, by_sparse in zip(("input", "weight"), *gradients, strict=True):
        same_values(by_shift.numpy(), by_sparse.numpy(), f"{name} gradients of {case}")


@check("PURE-1", "PURE-2", rung="L1", strategy=strategies.clip_cases(**DOUBLES), sides=TORCH)
def a_residual_block_keeps_its_shortcut(subject: Subject, case: ClipCase) -> None:
    """In x + stsm(x) the shortcut and its gradient stay whole, and neither x nor the incoming
    gradient is written.
    """
    frames, spec, segments = _frames(case)
    x = frames.clone().requires_grad_()
    # both branches are handed one and the same gradient
    y = subject.torch.stsm(x, spec, segments) + x
    grad = frames.flip(0).clone()
    (back,) = torch.autograd.grad(y, x, grad)
    same_bits(x.detach().numpy(), frames.numpy(), f"x after the block on {case}")
    same_bits(grad.numpy(), frames.flip(0).numpy(), f"incoming gradient after the block on {case}")
    opposite = definition.stsm_vjp(frames.flip(0).reshape(case.x.shape).numpy(), spec).reshape(
        frames.shape
    )
    same_bits(back.numpy(), frames.flip(0).numpy() + opposite, f"gradient of the block on {case}")


@check(
    "BATCH-1",
    rung="L1",
    strategy=strategies.clip_cases(**(DOUBLES | {"batch_axes": (1, 2)})),
    sides=TORCH,
)
def gradients_stay_in_their_clip(subject: Subject, case: ClipCase) -> None:
    """With frames folded as (N*T, C, H, W), the gradient of one clip's output is zero in every
    other clip.
    """
    segments = case.x.shape[-4]
    x = torch.from_numpy(case.x).reshape(-1, *case.x.shape[-3:]).requires_grad_()
    first = subject.torch.stsm(x, case.spec, segments)[:segments]
    (back,) = torch.autograd.grad(first.sum(), x)
    require(not back[segments:].any(), f"{case}: the first clip's output depends on another clip")


@check(
    "NUM-1",
    "NUM-2",
    "MEM-1",
    rung="L1",
    each=lambda _: [
        (t, f) for t in (torch.bfloat16, torch.float16, torch.int8) for f in ("NCHW", "NHWC")
    ],
    sides=TORCH,
)
def memory_formats_are_kept(subject: Subject, case: tuple[torch.dtype, str]) -> None:
    """bfloat16 too, and channels-last frames come out channels-last."""
    dtype, layout = case
    x = torch.randint(-100, 100, (6, 32, 3, 5), generator=torch.Generator().manual_seed(0)).to(
        dtype
    )
    x = x.contiguous(
        memory_format=torch.channels_last if layout == "NHWC" else torch.contiguous_format
    )
    y = subject.torch.stsm(x, ShiftSpec(), 3)
    require(
        (y.dtype, y.stride()) == (x.dtype, x.stride()),
        f"{dtype}, {layout}: came out as {y.dtype} with strides {y.stride()}",
    )
    want = definition.stsm(x.to(torch.float64).numpy().reshape(2, 3, 32, 3, 5)).reshape(x.shape)
    same_values(y.to(torch.float64).numpy(), want, f"stsm of {dtype}, {layout}")


@check("TSM-1", rung="L1", strategy=strategies.clip_cases(**DOUBLES), sides=TORCH)
def tsm_in_torch_is_a_special_case(subject: Subject, case: ClipCase) -> None:
    """The published TSM manner, zeros and three slice copies on (N, T, C, H, W), equals
    `ShiftSpec.tsm(8)`.
    """
    frames, _, segments = _frames(case)
    x = torch.unflatten(frames, 0, (-1, segments))
    fold = x.shape[2] // 8
    want = torch.zeros_like(x)
    want[:, :-1, :fold] = x[:, 1:, :fold]
    want[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold]
    want[:, :, 2 * fold :] = x[:, :, 2 * fold :]
    same_bits(
        subject.torch.stsm(frames, ShiftSpec.tsm(8), segments).numpy(),
        want.flatten(0, 1).numpy(),
        f"TSM of {case}",
    )


@check("COST-1", rung="L1", each=lambda _: SMALL_SPECS, sides=TORCH)
def modules_have_no_state(subject: Subject, spec: ShiftSpec) -> None:
    """Neither module has a parameter, nor anything in its state dict."""
    for module in (subject.torch.module(8, spec), subject.torch.sparse_module(24, 8, spec)):
        require(not list(module.parameters()), f"{module} has parameters")
        require(
            not module.state_dict(), f"{module} has {list(module.state_dict())} in its state dict"
        )


def _laid_out(layout: str) -> Tensor:
    """Two clips of three frames, with a value of its own in each place."""
    frames = torch.arange(6 * 24 * 2 * 3, dtype=torch.float32).reshape(6, 24, 2, 3)
    if layout == "every second column":
        return frames.repeat_interleave(2, dim=-1)[..., ::2]
    return frames.contiguous(
        memory_format=torch.channels_last if layout == "NHWC" else torch.contiguous_format
    )


@check(
    "COST-2",
    rung="L1",
    each=lambda _: [
        (spec, layout) for spec in SMALL_SPECS for layout in ("NCHW", "NHWC", "every second column")
    ],
    sides=TORCH,
)
def no_operator_computes(subject: Subject, case: tuple[ShiftSpec, str]) -> None:
    """Every operator of torch that the function and the module run, forward and backward, is on a
    list of those that only move data.
    """
    spec, layout = case
    frames = _laid_out(layout)
    module = subject.torch.module(3, spec)
    for name, function in (
        ("stsm", lambda x: subject.torch.stsm(x, spec, 3)),
        ("the module", module),
    ):
        computing = computing_operators(function, frames)
        require(
            not computing,
            f"{name} with {spec} in {layout}: runs {', '.join(computing)}, "
            "of which it is not known that they only move data",
        )


# frames, size, classes, mmcv operations, parameters: with and without shift; the tables print their
# digits, the last cut off (23.8M)
COSTS = [(8, 256, 400, 43_055_054_848, 24_327_632), (8, 256, 174, 43_051_352_064, 23_864_558)]


@check(
    "COST-1",
    "COST-2",
    rung="L0",
    each=lambda _: [(COSTS[0], "none"), (COSTS[0], "stsm"), (COSTS[1], "stsm")],
    sides=TORCH,
)
def networks_cost_what_the_paper_prints(
    subject: Subject, case: tuple[tuple[int, ...], str]
) -> None:
    """ResNet-50 counts to the unit to what rounds to 43.1 G and 24.3 M, and for 174 classes to
    23.86 M, with STSM and without.
    """
    (frames, size, classes, operations, parameters), shift = case
    with torch.device("meta"):
        model = create_model("tsn_resnet50", shift="none", num_segments=frames, num_classes=classes)
        if shift == "stsm":
            _insert(model.backbone, lambda channels: subject.torch.module(frames, ShiftSpec()))
    total = cost(model, size=size, convention="mmcv")
    require(
        total.left_out == 0,
        f"R-50, {shift}: {total.left_out:,} multiply-accumulates run "
        "where the convention does not see them",
    )
    got = (total.operations, total.parameters)
    require(
        got == (operations, parameters),
        f"R-50, {shift}, {classes} classes: {got}, should be {(operations, parameters)}",
    )


def _insert(network: nn.Module, build: Callable[[int], nn.Module]) -> None:
    """Insert the shift, and put modules of our own choice in its places."""
    snn.insert_shift(network, 1, quiet=True)
    exchange_shifts(network, build)


@check("CONV-2", "GRAD-4", rung="L1", each=lambda _: ["tsn_resnet18"], sides=TORCH)
def a_network_equals_its_sparse_twin(subject: Subject, name: str) -> None:
    """Logits and input gradients of a whole network with STSM equal those with sparse convolutions,
    in float64 to 1e-12.
    """
    torch.manual_seed(0)
    model = create_model(name, shift="none", num_segments=3, num_classes=5).double().eval()
    x = torch.randn(3, 3, 17, 22, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    outcomes = []
    for sparse in (False, True):
        if sparse:
            _insert(
                model.backbone,
                lambda channels: subject.torch.sparse_module(channels, 3, ShiftSpec()).double(),
            )
        else:
            _insert(model.backbone, lambda channels: subject.torch.module(3, ShiftSpec()))
        frames = x.clone().requires_grad_()
        logits = model(frames)
        outcomes.append(
            (
                logits.detach(),
                *torch.autograd.grad(
                    (logits * torch.arange(5.0, dtype=torch.float64)).sum(), frames
                ),
            )
        )
        snn.remove_shift(model.backbone)
    for what, by_shift, by_sparse in zip(("logits", "input gradients"), *outcomes, strict=True):
        worst = float((by_shift - by_sparse).abs().max() / by_sparse.abs().max())
        require(worst <= 1e-12, f"{what} of {name} differ by {worst:.1e}, relative to the largest")
