"""Right shifts in torch, each in a manner of its own: the suite must let all of them pass."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from stsm_ref import nn as snn
from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Layout


def _tsm(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """TSM as it is published and used: eighths of the channels, backward first; the spec is not
    looked at.
    """
    nt, c, h, w = x.size()
    x = x.reshape(nt // num_segments, num_segments, c, h, w)
    fold = c // 8
    out = torch.zeros_like(x)
    out[:, :-1, :fold] = x[:, 1:, :fold]  # from the future
    out[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold]  # from the past
    out[:, :, 2 * fold :] = x[:, :, 2 * fold :]
    return out.view(nt, c, h, w)


def _by_padding(x: Tensor, spec: ShiftSpec) -> Tensor:
    """NTCHW: `torch.nn.functional.pad` with negative widths, group by group."""
    parts = []
    for start, stop, d in spec.partition(x.shape[2]):
        widths = [side for k in (d.dw, d.dh, 0, d.dt) for side in (k, -k)]
        parts.append(functional.pad(x[:, :, start:stop], widths))
    return torch.cat(parts, 2)


def _by_rolling(x: Tensor, spec: ShiftSpec) -> Tensor:
    """NCTHW: `torch.roll`, then a mask that selects and does not multiply."""
    parts = []
    for start, stop, d in spec.partition(x.shape[1]):
        part = torch.roll(x[:, start:stop], tuple(d), (2, 3, 4))
        for axis, distance in zip((2, 3, 4), d, strict=True):
            if distance:
                wrapped = torch.zeros(x.shape[axis], dtype=torch.bool)
                wrapped[0 if distance > 0 else -1] = True
                part = part.masked_fill(wrapped.view(-1, *[1] * (4 - axis)), 0)
        parts.append(part)
    return torch.cat(parts, 1)


def _by_unfolding(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """Windows of three over a padded clip, of which each group takes one place."""
    clips = functional.pad(x.reshape(-1, num_segments, *x.shape[1:]), (1, 1, 1, 1, 0, 0, 1, 1))
    windows = clips.unfold(1, 3, 1).unfold(3, 3, 1).unfold(4, 3, 1)
    parts = [
        windows[:, :, a:b, ..., 1 - d.dt, 1 - d.dh, 1 - d.dw]
        for a, b, d in spec.partition(x.shape[1])
    ]
    y = torch.cat(parts, 2).reshape(x.shape)
    return y.contiguous(memory_format=torch.channels_last) if _is_channels_last(x) else y


def _is_channels_last(x: Tensor) -> bool:
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def _convolved_bytes(x: Tensor, spec: ShiftSpec, direction: int) -> Tensor:
    """A grouped `conv3d` with one-hot kernels over the bytes of the numbers, which floats hold
    exactly. NCTHW.
    """
    n, c, t, h, w = x.shape
    raw = (
        x.clone(memory_format=torch.contiguous_format)
        .flatten()
        .view(torch.uint8)
        .reshape(n, c, t, h, w, -1)
        .movedim(-1, 2)
    )  # (N, C, bytes, T, H, W)
    size = raw.shape[2]
    kernels = torch.zeros(c, 1, 3, 3, 3)
    for start, stop, d in spec.partition(c):
        kernels[start:stop, 0, 1 - direction * d.dt, 1 - direction * d.dh, 1 - direction * d.dw] = 1
    moved = functional.conv3d(
        raw.reshape(n, c * size, t, h, w).float(),
        kernels.repeat_interleave(size, 0),
        padding=1,
        groups=c * size,
    )
    out = moved.to(torch.uint8).reshape(n, c, size, t, h, w).movedim(2, -1)
    return out.flatten().view(x.dtype).reshape(x.shape)


class _Convolution(torch.autograd.Function):
    """Its backward is the transposed convolution."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, spec: ShiftSpec, direction: int) -> Tensor:
        return _convolved_bytes(x, spec, direction)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, ctx.spec, ctx.direction = inputs

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _Convolution.apply(grad, ctx.spec, -ctx.direction), None, None  # type: ignore[no-untyped-call]  # torch's

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        return _Convolution.apply(tangent, ctx.spec, ctx.direction)  # type: ignore[no-any-return,no-untyped-call]  # torch's


def _by_convolution(x: Tensor, spec: ShiftSpec) -> Tensor:
    return _Convolution.apply(x, spec, 1)  # type: ignore[no-any-return,no-untyped-call]  # torch's


def _by_gathering(x: Tensor, spec: ShiftSpec) -> Tensor:
    """NTHWC: `index_select` along each axis from a clip with one row of zeros in front."""
    parts = []
    for start, stop, d in spec.partition(x.shape[-1]):
        part = x[..., start:stop]
        for axis, distance in zip((1, 2, 3), d, strict=True):
            size = part.shape[axis]
            source = torch.arange(size) - distance
            source = torch.where((source >= 0) & (source < size), source + 1, 0)
            zero = torch.zeros_like(part.narrow(axis, 0, 1))
            part = torch.cat((zero, part), axis).index_select(axis, source)
        parts.append(part)
    return torch.cat(parts, -1)


def _by_sparse_convolution(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """The paper's other form, which multiplies by zeros: on finite values it is the shift
    (CONV-2).
    """
    return snn.SparseConvSTSM(x.shape[1], num_segments, spec)(x)  # type: ignore[no-any-return]  # torch's


def _module(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """Our own module, in a chain of modules."""
    return nn.Sequential(nn.Identity(), snn.STSM(num_segments, spec))(x)  # type: ignore[no-any-return]  # torch's


def _right(
    name: str, forward: Function, what: str, layout: Layout, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(f"torch-right-{name}", forward, what, None, spec, layout, "torch")


RIGHT = (
    _right("tsm", _tsm, "TSM as published", "(NT)CHW", "T@1/4,backward-first"),
    _right("padded", _by_padding, "functional.pad with negative widths", "NTCHW", "T+H+W+HW@3/4"),
    _right("rolled", _by_rolling, "torch.roll and masked_fill", "NCTHW"),
    _right("unfolded", _by_unfolding, "Tensor.unfold", "(NT)CHW", "THW@1"),
    _right(
        "convolved",
        _by_convolution,
        "grouped conv3d over bytes, its gradient written by hand",
        "NCTHW",
        "TH+TW+HW@3/4",
    ),
    _right("gathered", _by_gathering, "index_select, channels last", "NTHWC"),
    _right("module", _module, "STSM in a chain of modules", "(NT)CHW", "T+H+W@1"),
    replace(
        _right(
            "sparse-convolution",
            _by_sparse_convolution,
            "the paper's sparse convolution, which says that it computes",
            "(NT)CHW",
        ),
        moves_bits=False,
        dtypes=("f4", "f8"),
    ),
)
