"""Theorems about networks: what the order of frames, the company in a batch and the manner of
shifting do to the scores.
"""

import copy
import functools
import itertools

import pytest
import torch
from torch import Tensor, nn

from stsm_ref import ShiftSpec
from stsm_ref import nn as snn
from stsm_ref.models import TSN, create_model, list_models

T = 4


def network(name: str, shift: str | ShiftSpec, dtype: torch.dtype = torch.float64) -> TSN:
    """A network at rest whose every normalisation does something, the last one of a non-local block
    too; no test changes it.
    """
    made = _made(name, ShiftSpec() if shift == "stsm" else shift)
    return made if dtype == torch.float64 else copy.deepcopy(made).to(dtype)


@functools.lru_cache(maxsize=2)  # making one costs more than running it
def _made(name: str, shift: str | ShiftSpec) -> TSN:
    torch.manual_seed(0)
    model = create_model(name, shift=shift, num_segments=T, num_classes=5)
    normalisations = [
        module
        for module in model.modules()
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d)
    ]
    for module in normalisations:
        nn.init.uniform_(module.weight, 0.5, 1.5)
        module.momentum = 1.0
    nn.init.normal_(model.head.fc.weight)
    with (
        torch.no_grad()
    ):  # one pass in training mode, whose statistics all stay: no unit is dead or blown up
        model.train()(clips_for(model, 2, dtype=torch.float32))
    return model.double().eval()


def clips_for(model: TSN, n: int, size: int = 33, dtype: torch.dtype = torch.float64) -> Tensor:
    """Random clips that `model` reads."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(
        n, T * model.frames_per_segment, 3, size, size, dtype=dtype, generator=generator
    )


def relative_distance(a: Tensor, b: Tensor) -> float:
    """The largest difference, in parts of the largest entry."""
    return float((a - b).abs().max() / b.abs().max())


def distances_under_every_order(model: TSN) -> list[float]:
    """How far the scores of a clip go when its frames come in each of the 23 other orders."""
    first, *others = itertools.permutations(range(T))
    clip = clips_for(model, 1)[0]
    with torch.no_grad():
        scores = model(torch.stack([clip[list(order)] for order in (first, *others)]))
    return [relative_distance(reordered, scores[0]) for reordered in scores[1:]]


@pytest.mark.parametrize("name", ["tsn_resnet18", "tsn_mobilenet_v2"])
def test_a_tsn_does_not_see_the_order_of_its_frames(name: str) -> None:
    """Without a shift the scores are the same under each of the 23 other orders of 4 frames."""
    assert max(distances_under_every_order(network(name, "none"))) < 1e-12


@pytest.mark.parametrize("shift", ["stsm", "tsm"])
@pytest.mark.parametrize("name", ["tsn_resnet18", "tsn_mobilenet_v2"])
def test_an_stsm_network_sees_every_change_of_order(name: str, shift: str) -> None:
    """With a shift along time the scores change under each of the 23 other orders."""
    assert min(distances_under_every_order(network(name, shift))) > 1e-3


def test_a_shift_in_space_alone_leaves_the_order_unseen() -> None:
    """Under H+W nothing moves along time, and the order of the frames cannot matter."""
    assert (
        max(distances_under_every_order(network("tsn_resnet18", ShiftSpec("H+W", "1/4")))) < 1e-12
    )


BATCH_HOSTS = [
    *((name, "stsm") for name in list_models() if not name.endswith(("34", "101", "152"))),
    ("tanet_resnet50", "none"),
    ("tdn_resnet50", "tsm"),
]


@pytest.mark.requirement("BATCH-1")
@pytest.mark.parametrize(("name", "shift"), BATCH_HOSTS)
def test_clips_in_a_batch_do_not_affect_each_other(name: str, shift: str) -> None:
    """The gradient of one clip's scores is exactly zero in every other clip, and its scores are
    those that it has alone.
    """
    model = network(name, shift)
    clips = clips_for(model, 3).requires_grad_()
    scores = model(clips)
    (gradient,) = torch.autograd.grad(scores[1].sum(), clips)
    assert gradient[1].abs().max() > 0
    assert not gradient[0].any()
    assert not gradient[2].any()
    with torch.no_grad():
        assert relative_distance(model(clips[1:2]), scores[1:2]) < 1e-12


@pytest.mark.requirement("BATCH-1")
def test_folded_frames_are_the_same_batch() -> None:
    """Clips ``(N, T, 3, H, W)`` and the same frames folded into ``(N*T, 3, H, W)`` give the same
    scores.
    """
    model = network("tsn_resnet18", "stsm")
    clips = clips_for(model, 2)
    with torch.no_grad():
        torch.testing.assert_close(model(clips.flatten(0, 1)), model(clips), rtol=0, atol=0)


def with_sparse_convolutions(name: str, spec: ShiftSpec, shifted: TSN) -> TSN:
    """The network of `shifted` without its shift, and a `SparseConvSTSM` before each convolution
    where that had one.
    """
    twin = create_model(name, shift="none", num_segments=T, num_classes=5)
    twin.load_state_dict(shifted.state_dict(), strict=True)
    twin.to(next(shifted.parameters()).dtype).eval()
    for site in SITES[name]:
        convolution = twin.backbone.get_submodule(site)
        sparse = snn.SparseConvSTSM(convolution.in_channels, T, spec).to(convolution.weight.dtype)
        convolution.register_forward_pre_hook(lambda _, args, sparse=sparse: (sparse(args[0]),))
    return twin


SITES = {
    "tsn_resnet18": [f"layer{stage}.{block}.conv1" for stage in (1, 2, 3, 4) for block in (0, 1)],
    "tsn_resnet50_nl": [
        f"layer{stage}.{block}.conv1"
        for stage, count in enumerate((3, 4, 6, 3), start=1)
        for block in range(count)
    ],
    "tanet_resnet50": [
        f"layer{stage}.{block}.conv1"
        for stage, count in enumerate((3, 4, 6, 3), start=1)
        for block in range(count)
    ],
    "tsn_mobilenet_v2": [
        f"features.{block}.conv.0.0" for block in (3, 5, 6, 8, 9, 10, 12, 13, 15, 16)
    ],
    "tdn_resnet50": [
        f"layer{stage}.{block}.conv2"
        for stage, count in enumerate((4, 6, 3), start=2)
        for block in range(count)
    ],
}


@pytest.mark.requirement("CONV-2", "GRAD-4")
@pytest.mark.parametrize(
    ("dtype", "scores_within", "gradients_within"),
    [(torch.float64, 1e-13, 1e-12), (torch.float32, 1e-5, 1e-4)],
    ids=["float64", "float32"],
)
@pytest.mark.parametrize("name", list(SITES))
def test_scores_and_gradients_equal_those_under_sparse_convolutions(
    name: str, dtype: torch.dtype, scores_within: float, gradients_within: float
) -> None:
    """STSM and its sparse-convolution twin, at the same sites, give the same scores and input
    gradients, in parts of the largest.
    """
    spec = ShiftSpec()
    shifted = network(name, spec, dtype)
    twin = with_sparse_convolutions(name, spec, shifted)
    clips = clips_for(shifted, 2, dtype=dtype).requires_grad_()
    results = []
    for model in (shifted, twin):
        scores = model(clips)
        (gradient,) = torch.autograd.grad(scores.square().sum(), clips)
        results.append((scores.detach(), gradient))
    (scores, gradient), (twin_scores, twin_gradient) = results
    assert relative_distance(scores, twin_scores) <= scores_within
    assert relative_distance(gradient, twin_gradient) <= gradients_within


def test_every_second_block_shifts_from_resnet_101_on() -> None:
    """R-101 with STSM equals the same network with sparse convolutions in blocks 0, 2, 4, ... of
    each stage, as TSM places them.
    """
    spec = ShiftSpec()
    shifted = network("tsn_resnet101", spec)
    counts = enumerate((3, 4, 23, 3), start=1)
    SITES["tsn_resnet101"] = [
        f"layer{stage}.{block}.conv1" for stage, count in counts for block in range(0, count, 2)
    ]
    twin = with_sparse_convolutions("tsn_resnet101", spec, shifted)
    clips = clips_for(shifted, 1, size=33)
    with torch.no_grad():
        assert relative_distance(shifted(clips), twin(clips)) <= 1e-13


@pytest.mark.parametrize("name", ["tsn_resnet18", "tsn_resnet50_nl"])
def test_both_heads_end_in_the_same_scores(name: str) -> None:
    """At rest the TSN head and the TSM head give the same scores from the same weights: an average
    and a linear map change places.
    """
    per_frame = network(name, "stsm")
    per_clip = create_model(name, num_segments=T, num_classes=5, head="tsn").double().eval()
    per_clip.load_state_dict(per_frame.state_dict(), strict=True)
    clips = clips_for(per_frame, 2)
    with torch.no_grad():
        assert relative_distance(per_clip(clips), per_frame(clips)) < 1e-12
