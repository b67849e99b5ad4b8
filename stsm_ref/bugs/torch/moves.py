"""Wrong shifts in torch, written as users write them: frames ``(N*T, C, H, W)`` and
``num_segments``.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from stsm_ref import nn as snn
from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.geometry import Displacement, ShiftSpec

TSM = "T@1/4,backward-first"
right: Callable[..., Tensor] = snn.stsm


def _with_zeros(move: Callable[[Tensor, Tensor, Displacement], None]) -> Function:
    """TSM's manner: fresh zeros, into which `move` copies each group (source, target,
    displacement), clips apart.
    """

    def forward(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        clips = x.reshape(-1, num_segments, *x.shape[1:])
        out = torch.zeros_like(clips)
        for start, stop, d in spec.partition(x.shape[1]):
            move(clips[:, :, start:stop], out[:, :, start:stop], d)
        return out.view(x.shape)

    return forward


def _ends(size: int, distance: int) -> tuple[slice, slice]:
    if distance > 0:
        return slice(None, -1), slice(1, None)
    return (slice(1, None), slice(None, -1)) if distance < 0 else (slice(None), slice(None))


def _copy(source: Tensor, target: Tensor, d: Displacement) -> None:
    ends = [
        _ends(source.shape[axis], distance) for axis, distance in zip((1, 3, 4), d, strict=True)
    ]
    (t_from, t_to), (h_from, h_to), (w_from, w_to) = ends
    target[:, t_to, :, h_to, w_to] = source[:, t_from, :, h_from, w_from]


def _copy_directions_swapped(source: Tensor, target: Tensor, d: Displacement) -> None:
    _copy(source, target, -d)


def _copy_height_and_width_swapped(source: Tensor, target: Tensor, d: Displacement) -> None:
    _copy(source, target, Displacement(d.dt, d.dw, d.dh))


def _copy_rolled(source: Tensor, target: Tensor, d: Displacement) -> None:
    target.copy_(torch.roll(source, d, (1, 3, 4)))


def _copy_keeping_the_edge(source: Tensor, target: Tensor, d: Displacement) -> None:
    target.copy_(source)
    _copy(source, target, d)


def _copy_without_gradient(source: Tensor, target: Tensor, d: Displacement) -> None:
    _copy(source.detach() if any(d) else source, target, d)


def _copy_rest_without_gradient(source: Tensor, target: Tensor, d: Displacement) -> None:
    _copy(source if any(d) else source.detach(), target, d)


def _same_padding(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """Kernels ``[1 0]`` and ``[0 1]`` with what ``padding="same"`` pads, which is on the right
    only: one direction does not move at all.
    """
    y = right(x, ShiftSpec(spec.terms, spec.alpha, spec.order), num_segments)
    if not x.dtype.is_floating_point:
        return y
    for start, stop, d in spec.partition(x.shape[1]):
        if d.dw and stop > start:
            kernel = torch.zeros(stop - start, 1, 1, 2, dtype=x.dtype)
            kernel[..., 0 if d.dw > 0 else 1] = 1
            padded = functional.pad(x[:, start:stop], (0, 1))
            y = torch.cat(
                (y[:, :start], functional.conv2d(padded, kernel, groups=stop - start), y[:, stop:]),
                1,
            )
    return y


def _padded_with_borders(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    y = right(x, spec, num_segments).clone()
    for start, stop, d in spec.partition(x.shape[1]):
        if d.dw:
            edge = 0 if d.dw > 0 else -1
            y[..., edge][:, start:stop] = x[..., edge][:, start:stop]
    return y


def _one_long_clip(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return right(x, spec, max(len(x), 1))


def _segments_hard_coded(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return right(x, spec, 8 if len(x) % 8 == 0 else num_segments)


def _viewed_as_ncthw(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    n, (c, h, w) = len(x) // num_segments, x.shape[1:]
    frames = x.reshape(n, c, num_segments, h, w).transpose(1, 2).reshape(x.shape)
    return (
        right(frames, spec, num_segments)
        .reshape(n, num_segments, c, h, w)
        .transpose(1, 2)
        .reshape(x.shape)
    )


def _batch_and_time_swapped(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    clips = x.reshape(num_segments, -1, *x.shape[1:]).transpose(0, 1)
    shifted = right(clips.reshape(x.shape), spec, num_segments)
    return shifted.reshape(clips.shape).transpose(0, 1).reshape(x.shape)


def _fold_of(size: Callable[[ShiftSpec, int], int]) -> Function:
    """TSM with another size of fold."""

    def forward(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        clips = x.reshape(-1, num_segments, *x.shape[1:])
        out, fold = clips.clone(), size(spec, x.shape[1])
        out[:, :-1, :fold], out[:, -1, :fold] = clips[:, 1:, :fold], 0
        out[:, 1:, fold : 2 * fold], out[:, 0, fold : 2 * fold] = clips[:, :-1, fold : 2 * fold], 0
        return out.view(x.shape)

    return forward


def _order_ignored(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    return right(x, ShiftSpec(spec.terms, spec.alpha), num_segments)


def _through(dtype: torch.dtype) -> Function:
    """Like autocast around it: floats go through a narrower type."""

    def forward(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
        return right(
            x.to(dtype).to(x.dtype) if x.dtype.is_floating_point else x, spec, num_segments
        )

    return forward


def _zeros_of_float(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """``torch.cat`` with ``torch.zeros(...)`` of no dtype: the result is float32 at least."""
    y = right(x, spec, num_segments)
    return torch.cat((torch.zeros(len(x), 1, *x.shape[2:]), y), 1)[:, 1:].clone()


def _zeros_by_subtraction(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    y = right(x, spec, num_segments)
    if x.dtype is torch.bool:
        return y
    vacated = right(torch.ones_like(x, requires_grad=False), spec, num_segments) == 0
    return torch.where(vacated, x - x, y)


def _multiplied_by_a_mask(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    clips = x.reshape(-1, num_segments, *x.shape[1:])
    parts = [
        torch.roll(clips[:, :, start:stop], tuple(d), (1, 3, 4))
        for start, stop, d in spec.partition(x.shape[1])
    ]
    mask = right(torch.ones_like(x, requires_grad=False), spec, num_segments)
    return (torch.cat(parts, 2).reshape(x.shape) * mask).to(x.dtype)


def _wrong_where(when: Callable[[Tensor, int], Any]) -> Function:
    return lambda x, spec, num_segments: (
        x.clone() if when(x, num_segments) else right(x, spec, num_segments)
    )


def _mutant(
    name: str, forward: Function, bug: int, what: str, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(
        f"torch-{name}", forward, what, bug, spec, layout="(NT)CHW", framework="torch"
    )


MUTANTS = (
    _mutant(
        "directions-swapped",
        _with_zeros(_copy_directions_swapped),
        1,
        "every group moves the other way",
    ),
    _mutant(
        "order-ignored", _order_ignored, 1, "always forward first, whatever the spec says", TSM
    ),
    _mutant("rolled", _with_zeros(_copy_rolled), 8, "torch.roll without zeros"),
    _mutant(
        "edge-kept",
        _with_zeros(_copy_keeping_the_edge),
        7,
        "copied into a clone: the edge keeps its content",
    ),
    _mutant("borders-repeated", _padded_with_borders, 7, "in width the border is repeated"),
    _mutant(
        "h-and-w-swapped", _with_zeros(_copy_height_and_width_swapped), 15, "H and W are swapped"
    ),
    _mutant(
        "same-padding",
        _same_padding,
        26,
        'padding="same" for a kernel of two: W moves in neither direction or not at all',
    ),
    _mutant("clips-mixed", _one_long_clip, 17, "the batch is shifted as one clip"),
    _mutant(
        "segments-are-eight", _segments_hard_coded, 16, "num_segments is 8 wherever that divides"
    ),
    _mutant("viewed-as-ncthw", _viewed_as_ncthw, 18, "view(n, c, t, h, w)"),
    _mutant("frames-interleaved", _batch_and_time_swapped, 16, "view(t, n, c, h, w)"),
    _mutant(
        "fold-rounded-up",
        _fold_of(lambda s, c: -(-c * s.alpha.numerator // (2 * s.alpha.denominator))),
        10,
        "the fold is rounded up",
        TSM,
    ),
    _mutant(
        "fold-in-floats",
        _fold_of(lambda s, c: int(c * (float(s.alpha) / 2))),
        12,
        "int(C * r) in floats",
        "T@2/49,backward-first",
    ),
    _mutant("through-float16", _through(torch.float16), 20, "float16 inside"),
    _mutant("through-bfloat16", _through(torch.bfloat16), 20, "bfloat16 inside"),
    _mutant("zeros-of-float32", _zeros_of_float, 21, "zeros of the default dtype promote the rest"),
    _mutant("zeros-by-subtraction", _zeros_by_subtraction, 9, "zeros made as x - x"),
    _mutant("moved-by-masking", _multiplied_by_a_mask, 33, "rolled and multiplied by a mask"),
    _mutant(
        "wrong-at-one-frame", _wrong_where(lambda x, t: t == 1), 28, "nothing moves where T = 1"
    ),
    _mutant(
        "wrong-at-three-frames", _wrong_where(lambda x, t: t == 3), 28, "nothing moves where T = 3"
    ),
    _mutant(
        "wrong-at-odd-width",
        _wrong_where(lambda x, t: x.shape[-1] % 2),
        28,
        "nothing moves where W is odd",
    ),
    _mutant(
        "moved-is-detached",
        _with_zeros(_copy_without_gradient),
        27,
        "no gradient reaches what moves",
    ),
    _mutant(
        "rest-is-detached", _with_zeros(_copy_rest_without_gradient), 27, "no gradient reaches X_N"
    ),
)
