"""The torch shift against `Tensor.clone`, against TSM's published code and against grouped
convolution; R-50 with it and without.
"""

import statistics
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from stsm_ref import nn as snn
from stsm_ref.bench.timing import Comparison, side_by_side
from stsm_ref.geometry import ShiftSpec
from stsm_ref.models import create_model
from stsm_ref.nn.insertion import exchange_shifts

SEGMENTS, CLIPS = 8, 4
STAGES = ((64, 56), (256, 56), (512, 28), (1024, 14), (2048, 7))
"""Channels and size of what enters the stages of ResNet-50 at 224x224, and of what leaves
the last.
"""

FORMATS = {"NCHW": torch.contiguous_format, "NHWC": torch.channels_last}
LIMITS = {"NCHW": 1.15, "NHWC": 1.4}
THREADS = 2


def tsm_shift(x: Tensor, num_segments: int = SEGMENTS, fold_div: int = 8) -> Tensor:
    """TSM's shift as published: view as clips, zeros, three slice copies, view back; the memory
    layout stays.

    Parameters
    ----------
    x : Tensor
        Frames ``(N*T, C, H, W)``.
    num_segments : int
        Frames in a clip, T.
    fold_div : int
        One in so many channels moves each way.
    """
    clips = x.view(-1, num_segments, *x.shape[1:])
    fold = clips.shape[2] // fold_div
    out = torch.zeros_like(clips)
    out[:, :-1, :fold] = clips[:, 1:, :fold]
    out[:, 1:, fold : 2 * fold] = clips[:, :-1, fold : 2 * fold]
    out[:, :, 2 * fold :] = clips[:, :, 2 * fold :]
    return out.flatten(0, 1)


def comparisons(*, rounds: int = 15) -> Iterator[Comparison]:
    """Measure on two threads, as medians, their geometric mean over the stages; one comparison
    after the other.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield from _shift_alone(rounds)
        yield from _in_resnet_50(max(rounds // 3, 3))
    finally:
        torch.set_num_threads(threads)


def _shift_alone(rounds: int) -> Iterator[Comparison]:
    spec = ShiftSpec()
    for layout, memory_format in FORMATS.items():
        ratios: dict[str, list[float]] = {}
        for channels, size in STAGES:
            x = torch.randn(CLIPS * SEGMENTS, channels, size, size).contiguous(
                memory_format=memory_format
            )
            twin = snn.SparseConvSTSM(channels, SEGMENTS, spec)
            with torch.no_grad():
                medians = side_by_side(
                    {
                        "clone": x.clone,
                        "stsm": lambda x=x: snn.stsm(x, spec, SEGMENTS),  # type: ignore[misc]  # mypy cannot type the default
                        "TSM's code": lambda x=x: tsm_shift(x),  # type: ignore[misc]  # as above
                    },
                    rounds=rounds,
                )
                against_twin = side_by_side(
                    {
                        "clone": x.clone,
                        "stsm": lambda x=x: snn.stsm(x, spec, SEGMENTS),  # type: ignore[misc]  # as above
                        "twin": lambda x=x, twin=twin: twin(x),  # type: ignore[misc]  # as above
                    },
                    rounds=3,
                )
            both_ways = side_by_side(
                {
                    "clone": _forward_and_backward(x, torch.clone),
                    "stsm": _forward_and_backward(x, lambda x: snn.stsm(x, spec, SEGMENTS)),
                },
                rounds=max(rounds // 2, 3),
            )
            ratios.setdefault("stsm", []).append(medians["stsm"] / medians["clone"])
            ratios.setdefault("TSM's code", []).append(medians["TSM's code"] / medians["clone"])
            ratios.setdefault("stsm forward and backward", []).append(
                both_ways["stsm"] / both_ways["clone"]
            )
            ratios.setdefault("twin", []).append(against_twin["stsm"] / against_twin["twin"])
            ratios.setdefault("clone by twin", []).append(
                against_twin["clone"] / against_twin["twin"]
            )
        mean = {name: statistics.geometric_mean(values) for name, values in ratios.items()}
        yield Comparison(
            f"torch stsm forward, {layout}", "Tensor.clone", mean["stsm"], LIMITS[layout]
        )
        yield Comparison(
            f"TSM's published code, {layout}", "Tensor.clone", mean["TSM's code"], None
        )
        yield Comparison(
            f"torch stsm forward+backward, {layout}",
            "clone, whose backward is free",
            mean["stsm forward and backward"],
            None,
        )
        yield Comparison(
            f"torch stsm forward, {layout}", "grouped convolution", mean["twin"], 1 / 25
        )
        yield Comparison(
            f"Tensor.clone, {layout} (the least there can be)",
            "grouped convolution",
            mean["clone by twin"],
            None,
        )


def _forward_and_backward(x: Tensor, function: Callable[[Tensor], Tensor]) -> Callable[[], Any]:
    """A call that differentiates `function` at `x` along a gradient made beforehand."""
    leaf, grad = x.clone().requires_grad_(), torch.randn_like(x)
    return lambda: torch.autograd.grad(function(leaf), leaf, grad)


class _Clone(nn.Module):
    """The least that a module can do which must not give its input back."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clone()


def _in_resnet_50(rounds: int) -> Iterator[Comparison]:
    x = torch.randn(1, SEGMENTS, 3, 224, 224)
    networks = {
        shift: create_model("tsn_resnet50", shift=shift, num_segments=SEGMENTS).eval()
        for shift in ("none", "stsm")
    }
    networks["clone"] = create_model("tsn_resnet50", shift="stsm", num_segments=SEGMENTS).eval()
    exchange_shifts(networks["clone"], lambda channels: _Clone())
    with torch.no_grad():
        passes = {shift: partial(network, x) for shift, network in networks.items()}
        medians = side_by_side(passes, rounds=rounds)
    yield Comparison(
        "R-50 8x224 with STSM", "R-50 8x224 without", medians["stsm"] / medians["none"], 1.04
    )
    yield Comparison(
        "R-50 8x224 with a clone in its place",
        "R-50 8x224 without",
        medians["clone"] / medians["none"],
        None,
    )
