"""Other people's checkpoints: files written here under their names, loaded by key mapping, and
refused where they do not fit.
"""

import argparse
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from stsm_ref import ShiftSpec
from stsm_ref import nn as snn
from stsm_ref.errors import ModelError, ReportError
from stsm_ref.models import (
    TSN,
    MobileNetV2Classifier,
    ResNetClassifier,
    create_model,
    load_checkpoint,
    save_checkpoint,
)
from stsm_ref.models.checkpoints.reading import LoadReport

SHIFTED_MOBILENET = (3, 5, 6, 8, 9, 10, 12, 13, 15, 16)
FIRST_BLOCKS = (1, 2, 4, 7, 11, 14, 17, 18)
"""Where the stages of MobileNetV2 begin."""


def model_of(name: str, shift: str | ShiftSpec = "tsm", seed: int = 0, num_classes: int = 5) -> TSN:
    """A network at rest whose every tensor is random, running statistics too."""
    torch.manual_seed(seed)
    model = create_model(name, shift=shift, num_segments=2, num_classes=num_classes).eval()
    for value in model.state_dict().values():
        if value.is_floating_point() and value.ndim == 1:
            value.copy_(torch.rand(value.shape) + 0.5)
    return model


@pytest.fixture(scope="module")
def small() -> dict[str, torch.Tensor]:
    """Tensors for a TSM ResNet-18 that hold one number each, of which a file is small; many files
    here hold them under other names.
    """
    with torch.device("meta"):
        shapes = create_model(
            "tsn_resnet18", shift="tsm", num_segments=2, num_classes=5
        ).state_dict()
    return {
        key: torch.tensor(k, dtype=value.dtype).expand(value.shape)
        for k, (key, value) in enumerate(shapes.items(), start=1)
    }


@pytest.fixture(scope="module")
def empty_networks() -> dict[str, TSN]:
    """A ResNet-18 without a shift and with two, to be used by many."""
    return {
        shift: create_model("tsn_resnet18", shift=shift, num_segments=2, num_classes=5)
        for shift in ("none", "tsm", "stsm")
    }


@pytest.fixture
def empty(empty_networks: dict[str, TSN]) -> dict[str, TSN]:
    """Those networks, every tensor of theirs zero."""
    for network in empty_networks.values():
        for value in network.state_dict().values():
            value.zero_()
    return empty_networks


@pytest.fixture
def fresh(empty: dict[str, TSN]) -> TSN:
    """A TSM ResNet-18 of zeros, to be filled and not otherwise changed."""
    return empty["tsm"]


def same_tensors(model: TSN, state: dict[str, torch.Tensor]) -> bool:
    """Whether the network has exactly these."""
    return all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def is_untouched(model: TSN) -> bool:
    """Whether the network is as the fixture made it."""
    return not any(value.any() for value in model.state_dict().values())


def replaced(key: str, *rules: tuple[str, str | Callable[[re.Match[str]], str]]) -> str:
    """Apply substitutions one after another."""
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key


def tsm_resnet(key: str) -> str:
    """TSM's repository wraps every shifted convolution, and names the last linear map
    ``new_fc``.
    """
    return replaced(
        key,
        (r"^head\.", "module.new_"),
        (r"^backbone\.", "module.base_model."),
        (r"(\d\.conv1)\.", r"\1.net."),
    )


def tsm_non_local(key: str) -> str:
    """TSM's repository wraps a block and its non-local block side by side."""
    return replaced(
        tsm_resnet(key),
        (r"(layer2\.[02]|layer3\.[024])\.(?!nl\.)", r"\1.block."),
        (r"\.nl\.(g|phi)\.", r".nl.\1.0."),
        (r"\.nl\.out\.", ".nl.W.0."),
        (r"\.nl\.bn\.", ".nl.W.1."),
    )


def tsm_mobilenet(key: str) -> str:
    """TSM's repository has the layers of an inverted residual side by side, ReLU6 counted."""
    key = replaced(key, (r"^head\.", "module.new_"), (r"^backbone\.", "module.base_model."))
    if match := re.match(r"(.*\.features\.(\d+)\.conv)\.(.*)\.(\w+)$", key):
        start, block, place, leaf = match.groups()
        flat = (
            {"0.0": 0, "0.1": 1, "1": 3, "2": 4}
            if block == "1"
            else {"0.0": 0, "0.1": 1, "1.0": 3, "1.1": 4, "2": 6, "3": 7}
        )
        net = ".net" if int(block) in SHIFTED_MOBILENET and place == "0.0" else ""
        return f"{start}.{flat[place]}{net}.{leaf}"
    return key


def mmaction2_resnet(key: str) -> str:
    """MMAction2 pairs each convolution with its BatchNorm."""
    return replaced(
        key,
        (r"^head\.fc\.", "cls_head.fc_cls."),
        (r"\.conv(\d)\.", r".conv\1.conv."),
        (r"\.bn(\d)\.", r".conv\1.bn."),
        (r"\.downsample\.0\.", ".downsample.conv."),
        (r"\.downsample\.1\.", ".downsample.bn."),
        (r"(\d\.conv1\.conv)\.", r"\1.net."),
    )


def mmaction2_non_local(key: str) -> str:
    """MMAction2 wraps a block and its non-local block side by side."""
    return replaced(
        mmaction2_resnet(key),
        (r"(layer2\.[02]|layer3\.[024])\.(?!nl\.)", r"\1.block."),
        (r"\.nl\.(g|phi)\.", r".non_local_block.\1.0.conv."),
        (r"\.nl\.theta\.", ".non_local_block.theta.conv."),
        (r"\.nl\.out\.", ".non_local_block.conv_out.conv."),
        (r"\.nl\.bn\.", ".non_local_block.conv_out.bn."),
    )


def mmaction2_tanet(key: str) -> str:
    """MMAction2 wraps a block and its TAM side by side; its TANet has no shift."""
    return replaced(
        mmaction2_resnet(key).replace(".net.", "."),
        (r"(layer\d\.\d+)\.(?!tam\.)", r"\1.block."),
        (r"\.tam\.global_branch\.", ".tam.G."),
        (r"\.tam\.local_branch\.", ".tam.L."),
    )


def tanet_repository(key: str) -> str:
    """TANet's repository wraps a block and its TAM side by side, and calls the block ``net``; there
    is not a shift.
    """
    return replaced(
        key,
        (r"^head\.", "module.new_"),
        (r"^backbone\.", "module.base_model."),
        (r"(layer\d\.\d+)\.(?!tam\.)", r"\1.net."),
        (r"\.tam\.global_branch\.", ".tam.G."),
        (r"\.tam\.local_branch\.", ".tam.L."),
    )


def tdn_repository(key: str) -> str:
    """TDN's repository takes a ResNet apart and puts it together under names of its own."""
    parts = {
        "reduce.0": "conv1",
        "reduce.1": "bn1",
        "align": "conv2",
        "expand.0": "conv3",
        "expand.1": "bn3",
    }
    scales = {
        f"{scale}.{k}": f"{part}3_smallscale{n}"
        for scale, n in (("coarse", 2), ("fine", 4))
        for k, part in enumerate(("conv", "bn"))
    }
    return replaced(
        key,
        *(
            (rf"\.difference\.{ours}\.", f".mse.{theirs}.")
            for ours, theirs in (parts | scales).items()
        ),
        (r"\.temporal\.conv\.", ".shift.conv."),
        (r"^head\.", "module.new_"),
        (r"^backbone\.layer(\d)", r"module.base_model.layer\1_bak"),
        (r"^backbone\.difference_layer1", "module.base_model.resnext_layer1"),
        (
            r"^backbone\.difference_stem\.([12])",
            lambda match: f"module.base_model.conv1_5.{int(match[1]) - 1}",
        ),
        (r"^backbone\.", "module.base_model."),
    )


def mmaction2_mobilenet(key: str) -> str:
    """MMAction2 counts MobileNetV2's stages as layers, and pairs convolution and BatchNorm."""
    key = replaced(
        key,
        (r"^head\.fc\.", "cls_head.fc_cls."),
        (r"\.features\.0\.0\.", ".conv1.conv."),
        (r"\.features\.0\.1\.", ".conv1.bn."),
        (r"\.features\.18\.0\.", ".conv2.conv."),
        (r"\.features\.18\.1\.", ".conv2.bn."),
    )
    if match := re.match(r"backbone\.features\.(\d+)\.conv\.(.*)\.(\w+)$", key):
        block, place, leaf = int(match[1]), match[2], match[3]
        layer = max(stage for stage, first in enumerate(FIRST_BLOCKS, start=1) if first <= block)
        last = {"1": "1.conv", "2": "1.bn"} if block == 1 else {"2": "2.conv", "3": "2.bn"}
        pair = last.get(place) or place.replace(".0", ".conv").replace(".1", ".bn")
        if block in SHIFTED_MOBILENET and place in {"0.0", "0.1"}:
            pair = pair.replace(
                "0.", "0.net."
            )  # it wraps the convolution together with its BatchNorm
        return f"backbone.layer{layer}.{block - FIRST_BLOCKS[layer - 1]}.conv.{pair}.{leaf}"
    return key


FORMATS: list[tuple[str, str, str, Callable[[str], str], dict[str, tuple[int, ...]]]] = [
    # source, model, shift, our key -> theirs, keys that such a file really has
    (
        "tsm",
        "tsn_resnet50",
        "tsm",
        tsm_resnet,
        {
            "module.base_model.conv1.weight": (64, 3, 7, 7),
            "module.base_model.layer1.0.conv1.net.weight": (64, 64, 1, 1),
            "module.base_model.layer1.0.downsample.1.running_mean": (256,),
            "module.new_fc.weight": (5, 2048),
        },
    ),
    (
        "tsm",
        "tsn_resnet50_nl",
        "tsm",
        tsm_non_local,
        {
            "module.base_model.layer2.0.block.conv1.net.weight": (128, 256, 1, 1),
            "module.base_model.layer2.1.conv1.net.weight": (128, 512, 1, 1),
            "module.base_model.layer3.4.nl.g.0.weight": (512, 1024, 1, 1, 1),
            "module.base_model.layer3.4.nl.theta.bias": (512,),
            "module.base_model.layer3.4.nl.W.1.running_var": (1024,),
        },
    ),
    (
        "tsm",
        "tsn_mobilenet_v2",
        "tsm",
        tsm_mobilenet,
        {
            "module.base_model.features.0.0.weight": (32, 3, 3, 3),
            "module.base_model.features.1.conv.3.weight": (16, 32, 1, 1),
            "module.base_model.features.2.conv.0.weight": (96, 16, 1, 1),
            "module.base_model.features.3.conv.0.net.weight": (144, 24, 1, 1),
            "module.base_model.features.3.conv.7.running_mean": (24,),
            "module.base_model.features.18.0.weight": (1280, 320, 1, 1),
        },
    ),
    (
        "mmaction2",
        "tsn_resnet50",
        "tsm",
        mmaction2_resnet,
        {
            "backbone.conv1.conv.weight": (64, 3, 7, 7),
            "backbone.conv1.bn.running_mean": (64,),
            "backbone.layer1.0.conv1.conv.net.weight": (64, 64, 1, 1),
            "backbone.layer1.0.conv2.bn.weight": (64,),
            "backbone.layer1.0.downsample.conv.weight": (256, 64, 1, 1),
            "cls_head.fc_cls.bias": (5,),
        },
    ),
    (
        "mmaction2",
        "tsn_resnet50_nl",
        "tsm",
        mmaction2_non_local,
        {
            "backbone.layer2.0.block.conv1.conv.net.weight": (128, 256, 1, 1),
            "backbone.layer2.0.non_local_block.g.0.conv.weight": (256, 512, 1, 1, 1),
            "backbone.layer2.0.non_local_block.theta.conv.bias": (256,),
            "backbone.layer2.0.non_local_block.conv_out.bn.weight": (512,),
        },
    ),
    (
        "mmaction2",
        "tanet_resnet50",
        "none",
        mmaction2_tanet,
        {
            "backbone.layer1.0.block.conv1.conv.weight": (64, 64, 1, 1),
            "backbone.layer1.0.tam.G.0.weight": (4, 2),
            "backbone.layer1.0.tam.L.3.weight": (64, 16, 1),
        },
    ),
    (
        "mmaction2",
        "tsn_mobilenet_v2",
        "tsm",
        mmaction2_mobilenet,
        {
            "backbone.layer1.0.conv.0.conv.weight": (32, 1, 3, 3),
            "backbone.layer1.0.conv.1.bn.weight": (16,),
            "backbone.layer2.1.conv.0.net.conv.weight": (144, 24, 1, 1),
            "backbone.layer2.1.conv.0.net.bn.weight": (144,),
            "backbone.layer7.0.conv.2.bn.running_var": (320,),
            "backbone.conv2.conv.weight": (1280, 320, 1, 1),
        },
    ),
    (
        "tanet",
        "tanet_resnet50",
        "none",
        tanet_repository,
        {
            "module.base_model.conv1.weight": (64, 3, 7, 7),
            "module.base_model.layer1.0.net.conv1.weight": (64, 64, 1, 1),
            "module.base_model.layer1.0.net.downsample.0.weight": (256, 64, 1, 1),
            "module.base_model.layer1.0.tam.G.3.weight": (3, 4),
            "module.base_model.layer1.0.tam.L.1.running_var": (16,),
            "module.new_fc.weight": (5, 2048),
        },
    ),
    (
        "tdn",
        "tdn_resnet50",
        "tsm",
        tdn_repository,
        {
            "module.base_model.conv1.bias": (64,),
            "module.base_model.conv1_5.0.weight": (64, 12, 7, 7),
            "module.base_model.conv1_5.1.running_mean": (64,),
            "module.base_model.resnext_layer1.0.downsample.0.bias": (256,),
            "module.base_model.layer1_bak.2.bn3.weight": (256,),
            "module.base_model.layer2_bak.0.shift.conv.weight": (128, 1, 3),
            "module.base_model.layer2_bak.0.mse.conv1.weight": (8, 128, 1, 1),
            "module.base_model.layer2_bak.0.mse.conv2.weight": (8, 1, 3, 3),
            "module.base_model.layer3_bak.5.mse.conv3_smallscale2.weight": (16, 16, 3, 3),
            "module.base_model.layer3_bak.5.mse.bn3_smallscale4.weight": (16,),
            "module.base_model.layer4_bak.2.mse.bn3.bias": (512,),
            "module.new_fc.bias": (5,),
        },
    ),
    (
        "stsm_ref",
        "tdn_resnet50",
        "stsm",
        lambda key: key,
        {"backbone.difference_stem.1.weight": (64, 12, 7, 7)},
    ),
]


@pytest.mark.parametrize(
    ("source", "name", "shift", "their_name", "samples"),
    FORMATS,
    ids=[f"{s}-{n}" for s, n, *_ in FORMATS],
)
def test_a_file_under_their_names_fills_every_key(
    *,
    tmp_path: Path,
    source: str,
    name: str,
    shift: str,
    their_name: Callable[[str], str],
    samples: dict[str, tuple[int, ...]],
) -> None:
    """A file under the names of that source fills every key of a fresh model, which then gives the
    scores of the saved one.
    """
    saved, fresh = model_of(name, shift, seed=1), model_of(name, shift, seed=2)
    theirs = {their_name(key): value for key, value in saved.state_dict().items()}
    assert {key: tuple(theirs[key].shape) for key in samples} == samples
    torch.save({"epoch": 3, "state_dict": theirs}, tmp_path / "file.pth")
    report = load_checkpoint(fresh, tmp_path / "file.pth")
    assert report == LoadReport(
        str(tmp_path / "file.pth"), source, tuple(saved.state_dict()), (), ()
    )
    clips = torch.randn(1, 2 * saved.frames_per_segment, 3, 40, 40)
    with torch.no_grad():
        torch.testing.assert_close(fresh(clips), saved(clips), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "classifier"), [("tsn_resnet50", "fc"), ("tsn_mobilenet_v2", "classifier.1")]
)
def test_torchvisions_files_fill_the_backbone(tmp_path: Path, name: str, classifier: str) -> None:
    """A torchvision file fills the backbone; its classifier is reported unused, the head missed and
    left as it was.
    """
    torch.manual_seed(1)
    theirs = (
        ResNetClassifier(50) if name == "tsn_resnet50" else MobileNetV2Classifier()
    ).state_dict()
    torch.save(theirs, tmp_path / "resnet.pth")
    model = model_of(name, "stsm")
    head = model.head.fc.weight.detach().clone()
    report = load_checkpoint(model, tmp_path / "resnet.pth")
    assert (report.source, len(report.loaded)) == ("torchvision", len(theirs) - 2)
    assert report.missed == ("head.fc.weight", "head.fc.bias")
    assert report.unused == (f"{classifier}.weight", f"{classifier}.bias")
    state = model.state_dict()
    for key in report.loaded:
        torch.testing.assert_close(
            state[key], theirs[key.removeprefix("backbone.")], rtol=0, atol=0
        )
    torch.testing.assert_close(model.head.fc.weight.detach(), head, rtol=0, atol=0)
    assert str(report).splitlines()[1:] == [
        "  missed, as before: head.fc.weight",
        "  missed, as before: head.fc.bias",
        f"  unused: {classifier}.weight",
        f"  unused: {classifier}.bias",
    ]


@pytest.mark.parametrize(
    ("name", "added"), [("tanet_resnet50", ".tam."), ("tsn_resnet50_nl", ".nl.")]
)
def test_torchvisions_files_leave_what_a_host_adds(tmp_path: Path, name: str, added: str) -> None:
    """From a torchvision file TANet and NL get their ResNet; every key of their own is reported as
    missed.
    """
    torch.save(ResNetClassifier(50).state_dict(), tmp_path / "resnet.pth")
    model = model_of(name, "stsm")
    report = load_checkpoint(model, tmp_path / "resnet.pth")
    assert set(report.missed) == {
        key for key in model.state_dict() if added in key or key.startswith("head.")
    }


def test_tsms_extra_bias_is_swallowed_by_the_batch_norm(tmp_path: Path) -> None:
    """The bias of W that TSM's non-local blocks have is folded into the running mean: BN(Wy + b)
    with the mean is BN(Wy) with mean - b.
    """
    saved, fresh = model_of("tsn_resnet50_nl", seed=1), model_of("tsn_resnet50_nl", seed=2)
    theirs = {tsm_non_local(key): value for key, value in saved.state_dict().items()}
    bias = torch.rand(512)
    theirs["module.base_model.layer2.0.nl.W.0.bias"] = bias
    torch.save({"state_dict": theirs}, tmp_path / "nl.pth")
    report = load_checkpoint(fresh, tmp_path / "nl.pth")
    assert (report.missed, report.unused) == ((), ())
    mean = "backbone.layer2.0.nl.bn.running_mean"
    torch.testing.assert_close(
        fresh.state_dict()[mean], saved.state_dict()[mean] - bias, rtol=0, atol=0
    )


def saved_tsm(path: Path, num_classes: int = 5) -> Path:
    """Write a TSM ResNet-18 under the names of TSM's repository."""
    state = model_of("tsn_resnet18", num_classes=num_classes).state_dict()
    torch.save({"state_dict": {tsm_resnet(key): value for key, value in state.items()}}, path)
    return path


@pytest.mark.requirement("GEO-5")
@pytest.mark.parametrize(
    "shift",
    ["stsm", "none", ShiftSpec("T", "1/4", "forward-first"), ShiftSpec(order="backward-first")],
)
def test_weights_of_the_other_order_are_refused(tmp_path: Path, shift: str | ShiftSpec) -> None:
    """Weights that were trained with the first group moving backward are refused by a model that
    does not, unless only to start from.
    """
    path = saved_tsm(tmp_path / "tsm.pth")
    model = model_of("tsn_resnet18", shift, seed=1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    message = (
        r"with a shift whose first group moves backward in time, and along no other axis, "
        r"model.spec=.*: use create_model\(.*'tsm'\)"
    )
    with pytest.raises(ModelError, match=message):
        load_checkpoint(model, path)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    assert load_checkpoint(model, path, as_initialisation=True).missed == ()
    eighth = model_of(
        "tsn_resnet18", ShiftSpec("T", "1/8", "backward-first"), seed=1
    )  # what TSM's repository calls shift_div=16
    assert load_checkpoint(eighth, path).missed == ()


def test_other_classes_are_refused_or_left(tmp_path: Path) -> None:
    """A file of another number of classes is refused with both numbers; ``head=False`` keeps the
    fresh head and reports it.
    """
    path = saved_tsm(tmp_path / "tsm.pth", num_classes=7)
    model = model_of("tsn_resnet18", seed=1)
    with pytest.raises(
        ModelError,
        match=r"classifies 7 classes, model 5: use create_model\(\.\.\., num_classes=7\), or "
        r"head=False",
    ):
        load_checkpoint(model, path)
    report = load_checkpoint(model, path, head=False)
    assert report.missed == ("head.fc.weight", "head.fc.bias")
    assert report.unused == ("module.new_fc.weight", "module.new_fc.bias")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "tsn_resnet34",
            r"is the checkpoint of another network \(tsm\): backbone.layer1.2.conv1.weight gets "
            r"no tensor; .*, and \d+ more",
        ),
        (
            "tsn_mobilenet_v2",
            r"another network \(tsm\): backbone.conv1.weight has no place in the model",
        ),
        ("tsn_resnet50", r"another network \(tsm\): backbone.layer1.0.conv3.weight gets no tensor"),
    ],
)
def test_checkpoints_of_another_network_are_refused_whole(
    tmp_path: Path, name: str, message: str
) -> None:
    """A ResNet-18 loads into no other network, and nothing of the other is changed."""
    path = saved_tsm(tmp_path / "tsm.pth")
    model = model_of(name, seed=1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ModelError, match=message):
        load_checkpoint(model, path)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)


def test_a_single_wrong_key_or_shape_is_enough(tmp_path: Path) -> None:
    """One key too many, one too few or one of another shape is refused by name; counters of batches
    may be missing.
    """
    state = dict(model_of("tsn_resnet18").state_dict())
    model, path = model_of("tsn_resnet18", seed=1), tmp_path / "file.pth"
    bias = "backbone.layer4.1.bn2.bias"
    for broken, message in [
        (
            state | {"backbone.layer4.1.bn3.bias": state[bias]},
            r"backbone.layer4.1.bn3.bias has no place in the model: create the model",
        ),
        (
            {key: value for key, value in state.items() if key != bias},
            r"layer4.1.bn2.bias gets no tensor",
        ),
        (state | {bias: torch.zeros(7)}, r"layer4.1.bn2.bias has shape \(7,\), not \(512,\)"),
        (
            {key: value for key, value in state.items() if not key.startswith("head.")},
            r"head.fc.weight gets no tensor",
        ),
    ]:
        torch.save(broken, path)
        with pytest.raises(ModelError, match=message):
            load_checkpoint(model, path)
    torch.save(
        {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")},
        path,
    )
    assert all(key.endswith("num_batches_tracked") for key in load_checkpoint(model, path).missed)


@pytest.mark.parametrize("shift", ["stsm", "tsm", "none", "TH+W@1/2,exact"])
def test_our_files_remember_their_shift(tmp_path: Path, shift: str) -> None:
    """A saved network loads into one of its spec, number for number; its record is plain text and
    ints.
    """
    saved, fresh = model_of("tsn_resnet18", shift, seed=1), model_of("tsn_resnet18", shift, seed=2)
    save_checkpoint(saved, str(tmp_path / "ours.pth"))
    assert [file.name for file in tmp_path.iterdir()] == ["ours.pth"]
    content = torch.load(tmp_path / "ours.pth", weights_only=True)
    sites = [f"backbone.layer{stage}.{block}.conv1" for stage in (1, 2, 3, 4) for block in (0, 1)]
    assert content["stsm_ref"] == {
        "spec": None if shift == "none" else str(saved.spec),
        "num_segments": 2,
        "sites": [] if shift == "none" else sites,
    }
    report = load_checkpoint(fresh, tmp_path / "ours.pth")
    assert (report.source, report.missed, report.unused) == ("stsm_ref", (), ())
    for key, value in fresh.state_dict().items():
        torch.testing.assert_close(value, saved.state_dict()[key], rtol=0, atol=0)


@pytest.mark.requirement("GEO-5")
@pytest.mark.parametrize(
    ("trained", "shift", "message"),
    [
        (
            "tsm",
            "stsm",
            r"was trained under spec=T@1/4,backward-first,floor, "
            r"model.spec=T\+H\+W@3/8,forward-first,floor: use create_model",
        ),
        (
            "tsm",
            "none",
            r"model.spec=None: use create_model\(\.\.\., shift='T@1/4,backward-first,floor'\), or "
            r"as_initialisation=True",
        ),
        (
            "none",
            "stsm",
            r"was trained under spec=None, model.spec=T\+H\+W.*: use create_model\(\.\.\., "
            r"shift='none'\)",
        ),
        (
            "T@1/4",
            "tsm",
            r"was trained under spec=T@1/4,forward-first,floor, "
            r"model.spec=T@1/4,backward-first,floor",
        ),
    ],
)
def test_our_files_are_refused_under_another_spec(
    tmp_path: Path, trained: str, shift: str, message: str
) -> None:
    """Our file is refused by a model of another spec, which keeps its tensors, unless it is only to
    start from.
    """
    save_checkpoint(model_of("tsn_resnet18", trained), tmp_path / "ours.pth")
    model = model_of("tsn_resnet18", shift, seed=1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ModelError, match=message):
        load_checkpoint(model, tmp_path / "ours.pth")
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    assert load_checkpoint(model, tmp_path / "ours.pth", as_initialisation=True).missed == ()


def test_a_bare_state_dict_says_nothing_of_its_shift(tmp_path: Path) -> None:
    """Without a record our file loads under any shift, alone or under ``state_dict``; a record that
    names no spec is refused.
    """
    state = dict(model_of("tsn_resnet18", "tsm").state_dict())
    model, path = model_of("tsn_resnet18", "stsm", seed=1), tmp_path / "bare.pth"
    for bare in (state, {"state_dict": state}):
        torch.save(bare, path)
        assert load_checkpoint(model, path).missed == ()
    for record in ({}, {"spec": 3}, "T@1/4"):
        torch.save({"state_dict": state, "stsm_ref": record}, path)
        with pytest.raises(
            ModelError,
            match=r"bare.pth' has a record 'stsm_ref' that names no spec: write the file with "
            r"save_checkpoint",
        ):
            load_checkpoint(model, path)


def test_what_cannot_be_saved_is_told(tmp_path: Path) -> None:
    """A folder that is not there, a network of someone else's and one without values are refused,
    and no file appears.
    """
    with pytest.raises(
        ReportError,
        match=r"ours.pth' cannot be written: '.*missing' is not a folder that you may write to",
    ):
        save_checkpoint(model_of("tsn_resnet18"), tmp_path / "missing" / "ours.pth")
    with pytest.raises(ReportError, match=r"is a folder: name a file in it"):
        save_checkpoint(model_of("tsn_resnet18"), tmp_path)
    with pytest.raises(
        ModelError, match=r"model=ResNetClassifier is not a network of create_model: use torch.save"
    ):
        save_checkpoint(ResNetClassifier(18), tmp_path / "ours.pth")
    with torch.device("meta"):
        without_values = create_model("tsn_resnet18")
    with pytest.raises(
        ModelError,
        match=r"model has backbone.conv1.weight on the device meta, which has no values: save a "
        r"model that",
    ):
        save_checkpoint(without_values, tmp_path / "ours.pth")
    assert list(tmp_path.iterdir()) == []


def with_tensor(
    small: dict[str, torch.Tensor],
    key: str,
    change: Callable[[torch.Tensor], torch.Tensor],
    path: Path,
) -> Path:
    """Write a ResNet-18 with one of its tensors in another form."""
    torch.save(small | {key: change(small[key].contiguous())}, path)
    return path


WEIGHT, COUNTER = "head.fc.weight", "backbone.bn1.num_batches_tracked"


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        (
            WEIGHT,
            torch.Tensor.to_sparse,
            r"has head.fc.weight as a sparse_coo tensor \(torch.float32\), model as a tensor of "
            r"floating-point",
        ),
        (
            WEIGHT,
            lambda x: x.to("meta"),
            r"has head.fc.weight as a meta tensor \(torch.float32\), model as",
        ),
        (
            WEIGHT,
            lambda x: x.to(torch.int32),
            r"as a tensor of integers \(torch.int32\), model as a tensor of floating-point numbers",
        ),
        (
            WEIGHT,
            lambda x: x.to(torch.complex64),
            r"as a tensor of complex numbers \(torch.complex64\), model as",
        ),
        (WEIGHT, lambda x: x > 0, r"as a tensor of booleans \(torch.bool\), model as"),
        (
            COUNTER,
            torch.Tensor.float,
            r"num_batches_tracked as a tensor of floating-point .*, model as a tensor of integers "
            r"\(torch.int64\)",
        ),
        (WEIGHT, lambda x: x[0, 0], r"head.fc.weight has shape \(\), not \(5, 512\)"),
    ],
    ids=["sparse", "meta", "int32", "complex", "bool", "float-counter", "scalar"],
)
def test_tensors_of_another_form_are_refused_whole(
    *,
    tmp_path: Path,
    key: str,
    change: Callable[[torch.Tensor], torch.Tensor],
    message: str,
    small: dict[str, torch.Tensor],
    fresh: TSN,
) -> None:
    """One tensor that is sparse, without memory or of another kind of number is refused by name,
    and no tensor of the model is changed.
    """
    path = with_tensor(small, key, change, tmp_path / "file.pth")
    with pytest.raises(ModelError, match=message):
        load_checkpoint(fresh, path)
    assert is_untouched(fresh)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantized_tensors_are_refused(
    tmp_path: Path, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """A quantized weight is refused by name, and the model keeps its own."""
    path = with_tensor(
        small,
        WEIGHT,
        lambda x: torch.quantize_per_tensor(x, 0.01, 0, torch.qint8),
        tmp_path / "file.pth",
    )
    with pytest.raises(
        ModelError,
        match=r"has head.fc.weight as a quantized tensor \(torch.qint8\), model as .*: save dense "
        r"tensors",
    ):
        load_checkpoint(fresh, path)
    assert is_untouched(fresh)


def test_floats_that_torch_cannot_convert_are_refused(
    tmp_path: Path, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """Packed pairs of 4-bit floats, which torch stores and does not convert, are refused before
    anything is copied.
    """
    packed = torch.zeros(5, 512, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    path = with_tensor(small, WEIGHT, lambda _: packed, tmp_path / "file.pth")
    with pytest.raises(
        ModelError,
        match=r"has tensors that torch cannot convert \(.*\): save them in the model's dtype",
    ):
        load_checkpoint(fresh, path)
    assert is_untouched(fresh)


def test_a_head_that_is_not_loaded_may_have_any_form(
    tmp_path: Path, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """With ``head=False`` a sparse classifier is as good as any."""
    path = with_tensor(small, WEIGHT, torch.Tensor.to_sparse, tmp_path / "file.pth")
    assert load_checkpoint(fresh, path, head=False).unused == ("head.fc.weight", "head.fc.bias")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floats_of_another_precision_are_converted(
    tmp_path: Path, dtype: torch.dtype, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """Halves and doubles fill a model of floats, which keeps its dtype."""
    path = with_tensor(small, WEIGHT, lambda x: x.to(dtype), tmp_path / "file.pth")
    load_checkpoint(fresh, path)
    expected = small[WEIGHT].to(dtype).float()
    torch.testing.assert_close(fresh.head.fc.weight.detach(), expected, rtol=0, atol=0)


def test_a_bias_of_another_form_is_not_folded(tmp_path: Path) -> None:
    """TSM's extra bias is folded into the running mean only as floats; a sparse one is refused by
    name.
    """
    theirs = {
        tsm_non_local(key): value for key, value in model_of("tsn_resnet50_nl").state_dict().items()
    }
    theirs["module.base_model.layer2.0.nl.W.0.bias"] = torch.rand(512).to_sparse()
    torch.save({"state_dict": theirs}, tmp_path / "nl.pth")
    with pytest.raises(
        ModelError, match=r"backbone.layer2.0.nl.out.bias has no place in the model"
    ):
        load_checkpoint(model_of("tsn_resnet50_nl", seed=1), tmp_path / "nl.pth")
    with pytest.raises(
        ModelError,
        match=r"another network \(tsm\): backbone.layer2.0.nl.* has no place in the model",
    ):
        load_checkpoint(model_of("tsn_resnet50"), tmp_path / "nl.pth")


class Payload:
    """What a hostile file would run: its mark is a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.mark,)


def test_files_are_data(tmp_path: Path) -> None:
    """A file that would run code is refused, and does not run it."""
    mark, path = tmp_path / "it-ran", tmp_path / "evil.pth"
    torch.save({"state_dict": Payload(mark)}, path)
    with pytest.raises(
        ModelError,
        match=r"evil.pth' holds more than tensors \(the first is '.*'\), as whole networks and "
        r"files to resume training from do: where",
    ):
        load_checkpoint(model_of("tsn_resnet18"), path)
    assert not mark.exists()


def test_what_is_no_checkpoint_is_refused_by_path(tmp_path: Path) -> None:
    """A missing file, rubbish, a truncated file, a list and a dict of unknown names are refused
    with the path.
    """
    model = model_of("tsn_resnet18")
    with pytest.raises(
        ModelError,
        match=r"missing.pth' cannot be read \(No such file or directory\): give a file that "
        r"torch.save wrote",
    ):
        load_checkpoint(model, tmp_path / "missing.pth")
    with pytest.raises(ModelError, match=r"cannot be read \(Is a directory\)"):
        load_checkpoint(model, tmp_path)
    whole = saved_tsm(tmp_path / "tsm.pth").read_bytes()
    for content in (b"", b"rubbish", whole[: len(whole) // 2]):
        (tmp_path / "damaged.pth").write_bytes(content)
        with pytest.raises(ModelError, match=r"damaged.pth'"):
            load_checkpoint(model, tmp_path / "damaged.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(
        ModelError,
        match=r"list.pth' is not a state dict: save a dict of tensors by name, alone or under "
        r"'state_dict'",
    ):
        load_checkpoint(model, tmp_path / "list.pth")
    torch.save({"weights": torch.zeros(1)}, tmp_path / "unknown.pth")
    with pytest.raises(
        ModelError,
        match=r"unknown.pth' has keys like 'weights': known are torchvision's, TSM's, TDN's, "
        r"TANet's, MMAction2's and ours$",
    ):
        load_checkpoint(model, tmp_path / "unknown.pth")


def test_a_classifier_has_its_own_loading(tmp_path: Path) -> None:
    """`load_checkpoint` is for networks of `create_model`; a plain classifier is told to use its
    own.
    """
    with pytest.raises(
        ModelError,
        match=r"model=ResNetClassifier is not a network of create_model: use its own "
        r"load_state_dict",
    ):
        load_checkpoint(ResNetClassifier(18), tmp_path / "any.pth")


def test_two_keys_for_one_place_are_refused(tmp_path: Path) -> None:
    """A file that fills one place by two keys, as two saved networks in one would, is refused."""
    state = {tsm_resnet(key): value for key, value in model_of("tsn_resnet18").state_dict().items()}
    state["module.base_model.layer1.0.conv1.weight"] = state[
        "module.base_model.layer1.0.conv1.net.weight"
    ]
    torch.save(state, tmp_path / "twice.pth")
    with pytest.raises(
        ModelError,
        match=r"fills one place twice, by 'module.base_model.layer1.0.conv1.net.weight' and "
        r"another key",
    ):
        load_checkpoint(model_of("tsn_resnet18"), tmp_path / "twice.pth")


def around(holder: str, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every name with that in front."""
    return {f"{holder}{key}": value for key, value in state.items()}


AVERAGED = {"n_averaged": torch.tensor(3)}
HOLDERS: dict[str, Callable[[dict[str, torch.Tensor]], object]] = {
    "DataParallel": lambda state: around("module.", state),
    "torch.compile": lambda state: around("_orig_mod.", state),
    "both": lambda state: around("module._orig_mod.", state),
    "a compiled backbone": lambda state: {
        key.replace("backbone.", "backbone._orig_mod."): value for key, value in state.items()
    },
    "a checkpointed stage": lambda state: {
        key.replace("layer1.0.", "layer1.0._checkpoint_wrapped_module."): v
        for key, v in state.items()
    },
    "Lightning": lambda state: {
        "state_dict": around("model.", state),
        "epoch": 3,
        "loops": {"fit": {"steps": 5}},
    },
    "AveragedModel": lambda state: around("module.", state) | AVERAGED,
    "AveragedModel in Lightning": lambda state: {
        "state_dict": around("ema_model.module.", state) | AVERAGED
    },
    "an averaged model of one's own": lambda state: {"ema": around("averaged.", state)},
    "timm, the averaged ones alone": lambda state: {
        "state_dict_ema": state,
        "arch": "resnet18",
        "metric": 0.5,
    },
    "torchvision's references": lambda state: {
        "model": state,
        "optimizer": {"state": {}, "param_groups": []},
        "epoch": 3,
    },
    "PyTorch's tutorial": lambda state: {"model_state_dict": state, "loss": torch.tensor(0.5)},
    "losses beside it": lambda state: {
        "state_dict": state,
        "metrics": {"loss": torch.tensor(0.5), "top1": torch.tensor(0.7)},
    },
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_holds_a_network_does_not_matter(
    tmp_path: Path, holder: str, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """A file of a wrapped, averaged or trained network fills the plain one, as long as it holds one
    network.
    """
    torch.save(HOLDERS[holder](small), tmp_path / "held.pth")
    report = load_checkpoint(fresh, tmp_path / "held.pth")
    assert (report.source, report.missed, len(report.loaded)) == ("stsm_ref", (), len(small))
    assert report.unused in {(), ("n_averaged",)}
    assert same_tensors(fresh, small)


@pytest.mark.parametrize("prefix", ["module.", "model.module.", "_orig_mod."])
def test_holders_of_other_peoples_networks_do_not_matter_either(
    tmp_path: Path, prefix: str, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """TSM's file under Lightning, and MMAction2's of a parallel model, are known as what
    they are.
    """
    for name, source in ((tsm_resnet, "tsm"), (mmaction2_resnet, "mmaction2")):
        torch.save(
            {"state_dict": around(prefix, {name(key): value for key, value in small.items()})},
            tmp_path / "held.pth",
        )
        assert load_checkpoint(fresh, tmp_path / "held.pth").source == source


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            lambda state: {"state_dict": state, "state_dict_ema": state},
            r"more than one network, 'state_dict' and 'state_dict_ema': save .*, as in "
            r"torch.save\(torch.load\(path\)\['state_dict_ema'\]",
        ),
        (
            lambda state: (
                around("online_model.", state)
                | around("ema_model.", state)
                | {"initted": torch.tensor(True)}
            ),
            r"holds more than one network, such as that under 'ema_model.' and 'online_model.': "
            r"save the one that you mean alone$",
        ),
        (
            lambda state: around("model.", state) | {"criterion.weight": torch.ones(5)},
            r"holds more than one network, such as that under 'model.': save the one that you "
            r"mean alone$",
        ),
        (lambda state: {}, r"two.pth' holds no tensor: save a network's state_dict\(\)$"),
        (
            lambda state: {"state_dict": {}},
            r"two.pth' is not a state dict: save a dict of tensors by name",
        ),
        (
            lambda state: state | around("module.", {"head.fc.bias": state["head.fc.bias"]}),
            r"fills one place twice, by 'head.fc.bias' and another key",
        ),
        (
            lambda state: around("logit_scale.", {}) | state | {"logit_scale": torch.tensor(0.5)},
            r"is the checkpoint of another network \(stsm_ref\): logit_scale has no place in "
            r"the model",
        ),
    ],
    ids=[
        "timm",
        "ema-pytorch",
        "a loss",
        "nothing",
        "an empty state dict",
        "twice",
        "a parameter beside",
    ],
)
def test_more_or_less_than_one_network_is_refused(
    tmp_path: Path,
    content: Callable[[dict[str, torch.Tensor]], object],
    message: str,
    small: dict[str, torch.Tensor],
    fresh: TSN,
) -> None:
    """Where it cannot be known which network is meant nothing is loaded, and the message says which
    there are.
    """
    torch.save(content(small), tmp_path / "two.pth")
    with pytest.raises(ModelError, match=message):
        load_checkpoint(fresh, tmp_path / "two.pth")
    assert is_untouched(fresh)


def test_a_network_with_a_compiled_part_is_saved_and_loaded_under_plain_names(
    tmp_path: Path, small: dict[str, torch.Tensor]
) -> None:
    """What `torch.compile` puts into the names of parts does not reach the file, and a network with
    such parts takes a plain file.
    """
    model = model_of("tsn_resnet18", seed=1)
    model.backbone = torch.compile(model.backbone)
    save_checkpoint(model, tmp_path / "compiled.pth")
    assert list(torch.load(tmp_path / "compiled.pth", weights_only=True)["state_dict"]) == list(
        small
    )
    torch.save(small, tmp_path / "plain.pth")
    report = load_checkpoint(model, tmp_path / "plain.pth")
    assert report.loaded == tuple(model.state_dict())
    assert all(
        torch.equal(value, small[key.replace("_orig_mod.", "")])
        for key, value in model.state_dict().items()
    )


@pytest.mark.parametrize(
    ("wrap", "kind", "attribute"),
    [
        (torch.nn.DataParallel, "DataParallel", "module"),
        (torch.compile, "OptimizedModule", "_orig_mod"),
    ],
)
def test_a_wrapped_network_is_told_to_give_the_one_inside(
    *, tmp_path: Path, wrap: Callable[[TSN], torch.nn.Module], kind: str, attribute: str, fresh: TSN
) -> None:
    """Saving or loading a wrapper is refused with where the network is."""
    wrapped = wrap(fresh)
    for act in (save_checkpoint, load_checkpoint):
        with pytest.raises(
            ModelError,
            match=rf"^model={kind} wraps a network of create_model: give that, model\.{attribute}$",
        ):
            act(wrapped, tmp_path / "any.pth")
    with pytest.raises(ModelError, match=r"^model=NoneType is not a network of create_model"):
        load_checkpoint(None, tmp_path / "any.pth")


def test_a_network_without_memory_takes_no_values(
    tmp_path: Path, small: dict[str, torch.Tensor]
) -> None:
    """Into a network on the device meta nothing can be loaded, and the message does not blame the
    file.
    """
    torch.save(small, tmp_path / "file.pth")
    with torch.device("meta"):
        model = create_model("tsn_resnet18", shift="tsm", num_segments=2, num_classes=5)
    with pytest.raises(
        ModelError,
        match=r"^model has backbone.conv1.weight on the device meta, which has no values: load "
        r"into a model that",
    ):
        load_checkpoint(model, tmp_path / "file.pth")


ELSEWHERE: dict[str, tuple[Callable[[str], str], str]] = {
    "shift_place=block": (
        lambda key: replaced(
            tsm_resnet(key).replace(".net.", "."), (r"(layer\d\.\d)\.", r"\1.net.")
        ),
        r"\(tsm\): its shift stands before whole blocks \(shift_place='block'\), as "
        r"'backbone.layer1.0.net.conv1.weight' says; ",
    ),
    "temporal_pool": (
        lambda key: tsm_resnet(key).replace("layer2.", "layer2.net."),
        r"\(tsm\): it pools over time before a stage \(temporal_pool\), as "
        r"'backbone.layer2.net.0.conv1.net.weight' says; ",
    ),
    "MMAction2's shift_place=block": (
        lambda key: replaced(
            mmaction2_resnet(key).replace(".net.", "."), (r"(layer\d\.\d)\.", r"\1.net.")
        ),
        r"\(mmaction2\): its shift stands before whole blocks \(shift_place='block'\)",
    ),
    "MMAction2's temporal_pool": (
        lambda key: mmaction2_resnet(key).replace("layer2.", "layer2.net."),
        r"\(mmaction2\): it pools over time before a stage \(temporal_pool\)",
    ),
    "before the second convolution": (
        lambda key: tsm_resnet(key).replace(".net.", ".").replace(".conv2.", ".conv2.net."),
        r"\(tsm\): its shift stands where none stands here, as "
        r"'backbone.layer1.0.conv2.net.weight' says",
    ),
    "a block in a wrapper alone": (
        lambda key: replaced(tsm_resnet(key), (r"(layer2\.1)\.", r"\1.block.")),
        r"\(tsm\): it wraps a whole block, and nothing that is known here stands beside it, as "
        r"'base_model.layer2.1.block.conv1",
    ),
    "around the stem": (
        lambda key: tsm_resnet(key).replace("base_model.conv1.", "base_model.conv1.net."),
        r"\(tsm\): its shift stands where none stands here, as 'backbone.conv1.net.weight' says",
    ),
    "in front of everything": (
        lambda key: tsm_resnet(key).replace("base_model.", "base_model.net."),
        r"another network \(tsm\): its shift stands where none stands here",
    ),
}


@pytest.mark.parametrize("place", ELSEWHERE)
@pytest.mark.parametrize("as_initialisation", [False, True])
def test_a_wrapper_elsewhere_says_that_the_network_is_another(
    *,
    tmp_path: Path,
    place: str,
    as_initialisation: bool,
    small: dict[str, torch.Tensor],
    fresh: TSN,
) -> None:
    """``.net.`` passes after the first convolution of a block; around a block or a stage it is of
    another network.
    """
    name, message = ELSEWHERE[place]
    torch.save(
        {"state_dict": {name(key): value for key, value in small.items()}}, tmp_path / "other.pth"
    )
    with pytest.raises(ModelError, match=message):
        load_checkpoint(fresh, tmp_path / "other.pth", as_initialisation=as_initialisation)
    assert is_untouched(fresh)


@pytest.mark.requirement("GEO-5")
def test_places_of_the_shift_must_be_the_models(
    tmp_path: Path, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """A file whose shift stands before other convolutions than the model's is refused, theirs by
    their wrappers, ours by its record.
    """
    path = tmp_path / "file.pth"
    fewer = {
        tsm_resnet(key).replace("layer1.0.conv1.net", "layer1.0.conv1"): value
        for key, value in small.items()
    }
    torch.save(fewer, path)
    message = (
        r"was trained with the shift at other places, 'backbone.layer1.0.conv1' and 0 more "
        r"differ: put it before the same convolutions, or"
    )
    with pytest.raises(ModelError, match=message):
        load_checkpoint(fresh, path)
    assert load_checkpoint(fresh, path, as_initialisation=True).missed == ()

    one = create_model("tsn_resnet18", shift="none", num_segments=2, num_classes=5)
    snn.insert_shift(one.backbone, 2, ShiftSpec.tsm(), sites=["layer4.1.conv1"], quiet=True)
    save_checkpoint(one, path)
    with pytest.raises(
        ModelError,
        match=r"with the shift at other places, 'backbone.layer1.0.conv1' and 6 more differ: put "
        r"it before",
    ):
        load_checkpoint(fresh, path)
    assert (
        load_checkpoint(one, path).missed
        == load_checkpoint(fresh, path, as_initialisation=True).missed
        == ()
    )


@pytest.mark.parametrize(
    ("name", "their_name"), [("tsm", tsm_resnet), ("mmaction2", mmaction2_resnet)]
)
@pytest.mark.parametrize("shift", ["stsm", "tsm"])
def test_weights_without_a_shift_are_refused_where_there_is_one(
    *,
    tmp_path: Path,
    name: str,
    their_name: Callable[[str], str],
    shift: str,
    small: dict[str, torch.Tensor],
    empty: dict[str, TSN],
) -> None:
    """A TSN of TSM's repository or of MMAction2, which no wrapper marks, loads into a network with
    a shift only to start from.
    """
    torch.save(
        {their_name(key).replace(".net.", "."): value for key, value in small.items()},
        tmp_path / "tsn.pth",
    )
    model = empty[shift]
    message = (
        r"was trained without a shift, model.spec=T.*: use create_model\(\.\.\., "
        r"shift='none'\), or as_initialisation=True to train on"
    )
    with pytest.raises(ModelError, match=message):
        load_checkpoint(model, tmp_path / "tsn.pth")
    assert load_checkpoint(model, tmp_path / "tsn.pth", as_initialisation=True).source == name
    assert load_checkpoint(empty["none"], tmp_path / "tsn.pth").missed == ()


def test_one_network_has_one_spec(tmp_path: Path) -> None:
    """A network whose shifts are of two specs has no spec that a file could name."""
    mixed = create_model("tsn_resnet18", shift="tsm", num_segments=2, num_classes=5)
    mixed.get_submodule(snn.shifts_of(mixed)[0].name).stsm.spec = ShiftSpec("H")
    with pytest.raises(
        ModelError,
        match=r"^model has shifts of 2 specs, such as H@3/8,forward-first,floor and "
        r"T@1/4,backward-first,floor: ask each",
    ):
        save_checkpoint(mixed, tmp_path / "two.pth")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def tdn() -> dict[str, TSN]:
    """A TDN as its repository trains it, and one with STSM in the place of its convolutions."""
    return {
        shift: create_model("tdn_resnet50", shift=shift, num_segments=2, num_classes=5)
        for shift in ("tsm", "stsm")
    }


def test_tdns_file_loads_into_stsm_and_tdn_only_to_start_from(
    tmp_path: Path, tdn: dict[str, TSN], fresh: TSN
) -> None:
    """TDN's temporal convolutions are refused by STSM+TDN, or left out by name; the one that TDN
    never calls is left out always.
    """
    state = {
        tdn_repository(key): torch.zeros((), dtype=v.dtype).expand(v.shape)
        for key, v in tdn["tsm"].state_dict().items()
    }
    dead = {
        f"module.base_model.conv1_temp{k}.{leaf}": state[f"module.base_model.conv1.{leaf}"]
        for k in ("", "1")
        for leaf in ("weight", "bias")
    }
    torch.save({"state_dict": state | dead}, tmp_path / "tdn.pth")
    message = (
        r"was trained with TDN's own temporal convolution, which model has not: use "
        r"create_model\('tdn_resnet50', shift='tsm'\), or as_init"
    )
    with pytest.raises(ModelError, match=message):
        load_checkpoint(tdn["stsm"], tmp_path / "tdn.pth")
    report = load_checkpoint(tdn["stsm"], tmp_path / "tdn.pth", as_initialisation=True)
    assert (report.source, report.missed) == ("tdn", ())
    assert set(report.unused) == {*dead, *(key for key in state if ".shift.conv." in key)}
    assert load_checkpoint(tdn["tsm"], tmp_path / "tdn.pth").unused == tuple(dead)
    with pytest.raises(
        ModelError, match=r"another network \(tdn\): backbone.conv1.bias has no place in the model"
    ):
        load_checkpoint(fresh, tmp_path / "tdn.pth")


@pytest.mark.parametrize("biased", [False, True], ids=["torchvision", "biased"])
def test_tdn_starts_from_a_plain_resnet(
    tmp_path: Path, tdn: dict[str, TSN], *, biased: bool
) -> None:
    """From an ImageNet file TDN gets its ResNet, the second first stage as a copy and the second
    stem as a mean over colours.
    """
    torch.manual_seed(2)
    with torch.device("meta"):
        shapes = ResNetClassifier(50).state_dict()
    theirs = {}
    for key, value in shapes.items():
        name = key.replace("fc.", "last_linear.") if biased else key
        numbers = torch.rand(value.shape[:2]) if value.is_floating_point() else torch.tensor(1)
        theirs[name] = numbers[(..., *[None] * (value.ndim - 2))].expand(value.shape)
    if biased:
        theirs |= {
            f"{key.removesuffix('weight')}bias": torch.rand(len(value))
            for key, value in theirs.items()
            if value.ndim == 4
        }
    torch.save(theirs, tmp_path / "resnet.pth")
    report = load_checkpoint(tdn["tsm"], tmp_path / "resnet.pth")
    state = tdn["tsm"].state_dict()
    assert {
        key for key in report.missed if not re.search(r"\.difference\.|\.temporal\.|^head\.", key)
    } == {
        f"backbone.difference_stem.2.{leaf}"
        for leaf in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    }
    for key in report.loaded:
        plain = key.removeprefix("backbone.").replace("difference_layer1", "layer1")
        if key == "backbone.difference_stem.1.weight":
            for channel in range(12):
                torch.testing.assert_close(
                    state[key][:, channel], theirs["conv1.weight"].mean(1), rtol=0, atol=0
                )
        elif plain in theirs:
            torch.testing.assert_close(state[key], theirs[plain], rtol=0, atol=0)
        else:
            assert not biased
            assert key.endswith(".bias")
            assert not state[key].any()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
def test_files_of_training_and_damaged_files_are_told_apart(
    tmp_path: Path, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """A file that resumes a training names the first object in it and the way out; a damaged one is
    called damaged.
    """
    path = tmp_path / "file.pth"
    for kept in (argparse.Namespace(lr=0.1), np.float64(0.5), torch.nn.Linear(2, 2)):
        torch.save(
            {"state_dict": {"conv1.weight": small["backbone.conv1.weight"]}, "kept": kept}, path
        )
        with pytest.raises(
            ModelError,
            match=r"holds more than tensors \(the first is '.*\.(Namespace|scalar|Linear)'\), as "
            r"whole .* where you trust it",
        ):
            load_checkpoint(fresh, path)
    torch.save(small, path)
    cut_short = path.read_bytes()[:5000]
    for content in (b"\x1f\x8bpacked", pickle.dumps({"a": 1}, protocol=4), cut_short):
        path.write_bytes(content)
        with pytest.raises(
            ModelError,
            match=r"is damaged, or is not a file of torch.save: give a file that torch.save wrote$",
        ):
            load_checkpoint(fresh, path)


def test_names_from_files_are_quoted_and_cut(
    tmp_path: Path, small: dict[str, torch.Tensor], fresh: TSN
) -> None:
    """A key of a file cannot command a terminal nor fill it."""
    for state in (
        {"\x1b[2J" * 1000: torch.ones(1)},
        small | {"backbone.\x1b[2J" + "a" * 10**6: torch.ones(1)},
    ):
        torch.save(state, tmp_path / "odd.pth")
        with pytest.raises(ModelError, match=r"odd.pth'") as caught:
            load_checkpoint(fresh, tmp_path / "odd.pth")
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 1000


def test_what_unpacks_to_more_than_it_takes_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compressed archive, one whose entries lie over one another, a pipe and a sparse file never
    reach torch; an honest file does.
    """
    read: list[object] = []
    monkeypatch.setattr(torch, "load", lambda path, **_: read.append(path) or {})
    bomb, sparse, pipe, honest = (
        tmp_path / name for name in ("bomb.pth", "sparse.pth", "pipe.pth", "honest.pth")
    )
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(1 << 22))
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(pipe)
    torch.save({"x": torch.zeros(9)}, honest)
    model = model_of("tsn_resnet18")
    for path, why in (
        (bomb, r"unpacks to 4.0 MiB, where torch.save compresses nothing"),
        (sparse, "has 1024.0 GiB"),
        (pipe, "is a pipe"),
    ):
        with pytest.raises(ModelError, match=why):
            load_checkpoint(model, path)
    assert read == []
    with pytest.raises(ModelError, match="holds no tensor: save a network"):
        load_checkpoint(model, honest)
    assert read == [honest]
