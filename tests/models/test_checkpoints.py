"""Other people's checkpoints: files written here under their names, loaded by key mapping, and refused where they do not fit."""

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from stsm_ref import ShiftSpec
from stsm_ref.errors import ModelError, ReportError
from stsm_ref.models import TSN, MobileNetV2Classifier, ResNetClassifier, create_model, load_checkpoint, save_checkpoint
from stsm_ref.models.checkpoints import LoadReport

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


def replaced(key: str, *rules: tuple[str, str]) -> str:
    """Apply substitutions one after another."""
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key


def tsm_resnet(key: str) -> str:
    """TSM's repository wraps every shifted convolution, and names the last linear map ``new_fc``."""
    return replaced(key, (r"^head\.", "module.new_"), (r"^backbone\.", "module.base_model."), (r"(\d\.conv1)\.", r"\1.net."))


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
        flat = {"0.0": 0, "0.1": 1, "1": 3, "2": 4} if block == "1" else {"0.0": 0, "0.1": 1, "1.0": 3, "1.1": 4, "2": 6, "3": 7}
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
        net = ".net" if block in SHIFTED_MOBILENET and place == "0.0" else ""
        return f"backbone.layer{layer}.{block - FIRST_BLOCKS[layer - 1]}.conv.{pair}{net}.{leaf}"
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
            "backbone.layer2.1.conv.0.conv.net.weight": (144, 24, 1, 1),
            "backbone.layer7.0.conv.2.bn.running_var": (320,),
            "backbone.conv2.conv.weight": (1280, 320, 1, 1),
        },
    ),
    ("stsm_ref", "tdn_resnet50", "stsm", lambda key: key, {"backbone.difference_stem.1.weight": (64, 12, 7, 7)}),
]


@pytest.mark.parametrize(("source", "name", "shift", "their_name", "samples"), FORMATS, ids=[f"{s}-{n}" for s, n, *_ in FORMATS])
def test_a_file_under_their_names_fills_every_key(
    *, tmp_path: Path, source: str, name: str, shift: str, their_name: Callable[[str], str], samples: dict[str, tuple[int, ...]]
) -> None:
    """A file under the names of that source fills every key of a fresh model, which then gives the scores of the saved one."""
    saved, fresh = model_of(name, shift, seed=1), model_of(name, shift, seed=2)
    theirs = {their_name(key): value for key, value in saved.state_dict().items()}
    assert {key: tuple(theirs[key].shape) for key in samples} == samples
    torch.save({"epoch": 3, "state_dict": theirs}, tmp_path / "file.pth")
    report = load_checkpoint(fresh, tmp_path / "file.pth")
    assert report == LoadReport(str(tmp_path / "file.pth"), source, tuple(saved.state_dict()), (), ())
    clips = torch.randn(1, 2 * saved.frames_per_segment, 3, 40, 40)
    with torch.no_grad():
        torch.testing.assert_close(fresh(clips), saved(clips), rtol=0, atol=0)


@pytest.mark.parametrize(("name", "classifier"), [("tsn_resnet50", "fc"), ("tsn_mobilenet_v2", "classifier.1")])
def test_torchvisions_files_fill_the_trunk(tmp_path: Path, name: str, classifier: str) -> None:
    """A torchvision file fills the trunk; its classifier is reported unused, the head missed and left as it was."""
    torch.manual_seed(1)
    theirs = (ResNetClassifier(50) if name == "tsn_resnet50" else MobileNetV2Classifier()).state_dict()
    torch.save(theirs, tmp_path / "resnet.pth")
    model = model_of(name, "stsm")
    head = model.head.fc.weight.detach().clone()
    report = load_checkpoint(model, tmp_path / "resnet.pth")
    assert (report.source, len(report.loaded)) == ("torchvision", len(theirs) - 2)
    assert report.missed == ("head.fc.weight", "head.fc.bias")
    assert report.unused == (f"{classifier}.weight", f"{classifier}.bias")
    state = model.state_dict()
    for key in report.loaded:
        torch.testing.assert_close(state[key], theirs[key.removeprefix("backbone.")], rtol=0, atol=0)
    torch.testing.assert_close(model.head.fc.weight.detach(), head, rtol=0, atol=0)
    assert str(report).splitlines()[1:] == [
        "  missed, as before: head.fc.weight",
        "  missed, as before: head.fc.bias",
        f"  unused: {classifier}.weight",
        f"  unused: {classifier}.bias",
    ]


@pytest.mark.parametrize(("name", "added"), [("tanet_resnet50", ".tam."), ("tsn_resnet50_nl", ".nl.")])
def test_torchvisions_files_leave_what_a_host_adds(tmp_path: Path, name: str, added: str) -> None:
    """From a torchvision file TANet and NL get their ResNet; every key of their own is reported as missed."""
    torch.save(ResNetClassifier(50).state_dict(), tmp_path / "resnet.pth")
    model = model_of(name, "stsm")
    report = load_checkpoint(model, tmp_path / "resnet.pth")
    assert set(report.missed) == {key for key in model.state_dict() if added in key or key.startswith("head.")}


def test_tsms_extra_bias_is_swallowed_by_the_batch_norm(tmp_path: Path) -> None:
    """The bias of W that TSM's non-local blocks have is folded into the running mean: BN(Wy + b) with the mean is BN(Wy) with mean - b."""
    saved, fresh = model_of("tsn_resnet50_nl", seed=1), model_of("tsn_resnet50_nl", seed=2)
    theirs = {tsm_non_local(key): value for key, value in saved.state_dict().items()}
    bias = torch.rand(512)
    theirs["module.base_model.layer2.0.nl.W.0.bias"] = bias
    torch.save({"state_dict": theirs}, tmp_path / "nl.pth")
    report = load_checkpoint(fresh, tmp_path / "nl.pth")
    assert (report.missed, report.unused) == ((), ())
    mean = "backbone.layer2.0.nl.bn.running_mean"
    torch.testing.assert_close(fresh.state_dict()[mean], saved.state_dict()[mean] - bias, rtol=0, atol=0)


def saved_tsm(path: Path, num_classes: int = 5) -> Path:
    """Write a TSM ResNet-18 under the names of TSM's repository."""
    state = model_of("tsn_resnet18", num_classes=num_classes).state_dict()
    torch.save({"state_dict": {tsm_resnet(key): value for key, value in state.items()}}, path)
    return path


@pytest.mark.requirement("GEO-5")
@pytest.mark.parametrize("shift", ["stsm", "none", ShiftSpec("T", "1/4", "forward-first")])
def test_weights_of_the_other_order_are_refused(tmp_path: Path, shift: str | ShiftSpec) -> None:
    """Weights that were trained with the first group moving backward are refused by a model that does not, unless only to start from."""
    path = saved_tsm(tmp_path / "tsm.pth")
    model = model_of("tsn_resnet18", shift, seed=1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    message = r"was trained with a shift whose first group moves backward in time, model.spec=.*: use create_model\(\.\.\., shift='tsm'\)"
    with pytest.raises(ModelError, match=message):
        load_checkpoint(model, path)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    assert load_checkpoint(model, path, as_initialisation=True).missed == ()
    stsm_backward_first = model_of("tsn_resnet18", ShiftSpec(order="backward-first"), seed=1)
    assert load_checkpoint(stsm_backward_first, path).missed == ()


def test_other_classes_are_refused_or_left(tmp_path: Path) -> None:
    """A file of another number of classes is refused with both numbers; ``head=False`` keeps the fresh head and reports it."""
    path = saved_tsm(tmp_path / "tsm.pth", num_classes=7)
    model = model_of("tsn_resnet18", seed=1)
    with pytest.raises(ModelError, match=r"classifies 7 classes, model 5: use create_model\(\.\.\., num_classes=7\), or head=False"):
        load_checkpoint(model, path)
    report = load_checkpoint(model, path, head=False)
    assert report.missed == ("head.fc.weight", "head.fc.bias")
    assert report.unused == ("module.new_fc.weight", "module.new_fc.bias")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tsn_resnet34", r"is the checkpoint of another network \(tsm\): backbone.layer1.2.conv1.weight gets no tensor; .*, and \d+ more"),
        ("tsn_mobilenet_v2", r"another network \(tsm\): backbone.conv1.weight has no place in the model"),
        ("tsn_resnet50", r"another network \(tsm\): backbone.layer1.0.conv3.weight gets no tensor"),
    ],
)
def test_checkpoints_of_another_network_are_refused_whole(tmp_path: Path, name: str, message: str) -> None:
    """A ResNet-18 loads into no other network, and nothing of the other is changed."""
    path = saved_tsm(tmp_path / "tsm.pth")
    model = model_of(name, seed=1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ModelError, match=message):
        load_checkpoint(model, path)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)


def test_a_single_wrong_key_or_shape_is_enough(tmp_path: Path) -> None:
    """One key too many, one too few or one of another shape is refused by name; counters of batches may be missing."""
    state = dict(model_of("tsn_resnet18").state_dict())
    model, path = model_of("tsn_resnet18", seed=1), tmp_path / "file.pth"
    bias = "backbone.layer4.1.bn2.bias"
    for broken, message in [
        (state | {"backbone.layer4.1.bn3.bias": state[bias]}, r"backbone.layer4.1.bn3.bias has no place in the model: create the model"),
        ({key: value for key, value in state.items() if key != bias}, r"layer4.1.bn2.bias gets no tensor"),
        (state | {bias: torch.zeros(7)}, r"layer4.1.bn2.bias has shape \(7,\), not \(512,\)"),
        ({key: value for key, value in state.items() if not key.startswith("head.")}, r"head.fc.weight gets no tensor"),
    ]:
        torch.save(broken, path)
        with pytest.raises(ModelError, match=message):
            load_checkpoint(model, path)
    torch.save({key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}, path)
    assert all(key.endswith("num_batches_tracked") for key in load_checkpoint(model, path).missed)


@pytest.mark.parametrize("shift", ["stsm", "tsm", "none", "TH+W@1/2,exact"])
def test_our_files_remember_their_shift(tmp_path: Path, shift: str) -> None:
    """A saved network loads into one of its spec, number for number; its record is plain text and ints."""
    saved, fresh = model_of("tsn_resnet18", shift, seed=1), model_of("tsn_resnet18", shift, seed=2)
    save_checkpoint(saved, str(tmp_path / "ours.pth"))
    assert [file.name for file in tmp_path.iterdir()] == ["ours.pth"]
    content = torch.load(tmp_path / "ours.pth", weights_only=True)
    assert content["stsm_ref"] == {"spec": None if shift == "none" else str(saved.spec), "num_segments": 2}
    report = load_checkpoint(fresh, tmp_path / "ours.pth")
    assert (report.source, report.missed, report.unused) == ("stsm_ref", (), ())
    for key, value in fresh.state_dict().items():
        torch.testing.assert_close(value, saved.state_dict()[key], rtol=0, atol=0)


@pytest.mark.requirement("GEO-5")
@pytest.mark.parametrize(
    ("trained", "shift", "message"),
    [
        ("tsm", "stsm", r"was trained under spec=T@1/4,backward-first,floor, model.spec=T\+H\+W@3/8,forward-first,floor: use create_model"),
        ("tsm", "none", r"model.spec=None: use create_model\(\.\.\., shift='T@1/4,backward-first,floor'\), or as_initialisation=True"),
        ("none", "stsm", r"was trained under spec=None, model.spec=T\+H\+W.*: use create_model\(\.\.\., shift='none'\)"),
        ("T@1/4", "tsm", r"was trained under spec=T@1/4,forward-first,floor, model.spec=T@1/4,backward-first,floor"),
    ],
)
def test_our_files_are_refused_under_another_spec(tmp_path: Path, trained: str, shift: str, message: str) -> None:
    """Our file is refused by a model of another spec, which keeps its tensors, unless it is only to start from."""
    save_checkpoint(model_of("tsn_resnet18", trained), tmp_path / "ours.pth")
    model = model_of("tsn_resnet18", shift, seed=1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ModelError, match=message):
        load_checkpoint(model, tmp_path / "ours.pth")
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    assert load_checkpoint(model, tmp_path / "ours.pth", as_initialisation=True).missed == ()


def test_a_bare_state_dict_says_nothing_of_its_shift(tmp_path: Path) -> None:
    """Without a record our file loads under any shift, alone or under ``state_dict``; a record that names no spec is refused."""
    state = dict(model_of("tsn_resnet18", "tsm").state_dict())
    model, path = model_of("tsn_resnet18", "stsm", seed=1), tmp_path / "bare.pth"
    for bare in (state, {"state_dict": state}):
        torch.save(bare, path)
        assert load_checkpoint(model, path).missed == ()
    for record in ({}, {"spec": 3}, "T@1/4"):
        torch.save({"state_dict": state, "stsm_ref": record}, path)
        with pytest.raises(ModelError, match=r"bare.pth' has a record 'stsm_ref' that names no spec: write the file with save_checkpoint"):
            load_checkpoint(model, path)


def test_what_cannot_be_saved_is_told(tmp_path: Path) -> None:
    """A folder that is not there, a network of someone else's and one without values are refused, and no file appears."""
    with pytest.raises(ReportError, match=r"ours.pth' cannot be written: '.*missing' is no folder that you may write to"):
        save_checkpoint(model_of("tsn_resnet18"), tmp_path / "missing" / "ours.pth")
    with pytest.raises(ReportError, match=r"is a folder: name a file in it"):
        save_checkpoint(model_of("tsn_resnet18"), tmp_path)
    with pytest.raises(ModelError, match=r"model=ResNetClassifier is no network of create_model: use torch.save"):
        save_checkpoint(ResNetClassifier(18), tmp_path / "ours.pth")
    with torch.device("meta"):
        without_values = create_model("tsn_resnet18")
    with pytest.raises(ModelError, match=r"model has backbone.conv1.weight on the device meta, which has no values: save a model that"):
        save_checkpoint(without_values, tmp_path / "ours.pth")
    assert list(tmp_path.iterdir()) == []


def with_tensor(key: str, change: Callable[[torch.Tensor], torch.Tensor], path: Path) -> Path:
    """Write our ResNet-18 with one of its tensors in another form."""
    state = dict(model_of("tsn_resnet18").state_dict())
    torch.save(state | {key: change(state[key])}, path)
    return path


WEIGHT, COUNTER = "head.fc.weight", "backbone.bn1.num_batches_tracked"


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        (
            WEIGHT,
            torch.Tensor.to_sparse,
            r"has head.fc.weight as a sparse_coo tensor \(torch.float32\), model as a tensor of floating-point",
        ),
        (WEIGHT, lambda x: x.to("meta"), r"has head.fc.weight as a meta tensor \(torch.float32\), model as"),
        (WEIGHT, lambda x: x.to(torch.int32), r"as a tensor of whole numbers \(torch.int32\), model as a tensor of floating-point numbers"),
        (WEIGHT, lambda x: x.to(torch.complex64), r"as a tensor of complex numbers \(torch.complex64\), model as"),
        (WEIGHT, lambda x: x > 0, r"as a tensor of boolean numbers \(torch.bool\), model as"),
        (
            COUNTER,
            torch.Tensor.float,
            r"num_batches_tracked as a tensor of floating-point .*, model as a tensor of whole numbers \(torch.int64\)",
        ),
        (WEIGHT, lambda x: x[0, 0], r"head.fc.weight has shape \(\), not \(5, 512\)"),
    ],
    ids=["sparse", "meta", "int32", "complex", "bool", "float-counter", "scalar"],
)
def test_tensors_of_another_form_are_refused_whole(
    tmp_path: Path, key: str, change: Callable[[torch.Tensor], torch.Tensor], message: str
) -> None:
    """One tensor that is sparse, without memory or of another kind of number is refused by name, and no tensor of the model is changed."""
    path = with_tensor(key, change, tmp_path / "file.pth")
    model = model_of("tsn_resnet18", seed=1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ModelError, match=message):
        load_checkpoint(model, path)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantized_tensors_are_refused(tmp_path: Path) -> None:
    """A quantized weight is refused by name, and the model keeps its own."""
    path = with_tensor(WEIGHT, lambda x: torch.quantize_per_tensor(x, 0.01, 0, torch.qint8), tmp_path / "file.pth")
    model = model_of("tsn_resnet18", seed=1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ModelError, match=r"has head.fc.weight as a quantized tensor \(torch.qint8\), model as .*: save dense tensors"):
        load_checkpoint(model, path)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_floats_that_torch_cannot_convert_are_refused(tmp_path: Path) -> None:
    """Packed pairs of 4-bit floats, which torch stores and does not convert, are refused before anything is copied."""
    packed = torch.zeros(5, 512, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    path = with_tensor(WEIGHT, lambda _: packed, tmp_path / "file.pth")
    model = model_of("tsn_resnet18", seed=1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ModelError, match=r"has tensors that torch cannot convert \(.*\): save them in the model's dtype"):
        load_checkpoint(model, path)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_a_head_that_is_not_loaded_may_have_any_form(tmp_path: Path) -> None:
    """With ``head=False`` a sparse classifier is as good as any."""
    path = with_tensor(WEIGHT, torch.Tensor.to_sparse, tmp_path / "file.pth")
    assert load_checkpoint(model_of("tsn_resnet18", seed=1), path, head=False).unused == ("head.fc.weight", "head.fc.bias")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floats_of_another_precision_are_converted(tmp_path: Path, dtype: torch.dtype) -> None:
    """Halves and doubles fill a model of floats, which keeps its dtype."""
    path = with_tensor(WEIGHT, lambda x: x.to(dtype), tmp_path / "file.pth")
    model = model_of("tsn_resnet18", seed=1)
    load_checkpoint(model, path)
    expected = model_of("tsn_resnet18").head.fc.weight.detach().to(dtype).float()
    torch.testing.assert_close(model.head.fc.weight.detach(), expected, rtol=0, atol=0)


def test_a_bias_of_another_form_is_not_folded(tmp_path: Path) -> None:
    """TSM's extra bias is folded into the running mean only as floats; a sparse one is refused by name."""
    theirs = {tsm_non_local(key): value for key, value in model_of("tsn_resnet50_nl").state_dict().items()}
    theirs["module.base_model.layer2.0.nl.W.0.bias"] = torch.rand(512).to_sparse()
    torch.save({"state_dict": theirs}, tmp_path / "nl.pth")
    with pytest.raises(ModelError, match=r"backbone.layer2.0.nl.out.bias has no place in the model"):
        load_checkpoint(model_of("tsn_resnet50_nl", seed=1), tmp_path / "nl.pth")
    with pytest.raises(ModelError, match=r"another network \(tsm\): backbone.layer2.0.nl.* has no place in the model"):
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
    with pytest.raises(ModelError, match=r"evil.pth' holds more than tensors, or is damaged: save its state_dict\(\) alone"):
        load_checkpoint(model_of("tsn_resnet18"), path)
    assert not mark.exists()


def test_what_is_no_checkpoint_is_refused_by_path(tmp_path: Path) -> None:
    """A missing file, rubbish, a truncated file, a list and a dict of unknown names are refused with the path."""
    model = model_of("tsn_resnet18")
    with pytest.raises(ModelError, match=r"missing.pth' cannot be read \(No such file or directory\): give a file that torch.save wrote"):
        load_checkpoint(model, tmp_path / "missing.pth")
    with pytest.raises(ModelError, match=r"cannot be read \(Is a directory\)"):
        load_checkpoint(model, tmp_path)
    whole = saved_tsm(tmp_path / "tsm.pth").read_bytes()
    for content in (b"", b"rubbish", whole[: len(whole) // 2]):
        (tmp_path / "damaged.pth").write_bytes(content)
        with pytest.raises(ModelError, match=r"damaged.pth'"):
            load_checkpoint(model, tmp_path / "damaged.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ModelError, match=r"list.pth' is no state dict: save a dict of tensors by name, alone or under 'state_dict'"):
        load_checkpoint(model, tmp_path / "list.pth")
    torch.save({"weights": torch.zeros(1)}, tmp_path / "unknown.pth")
    with pytest.raises(ModelError, match=r"unknown.pth' has keys like 'weights': known are torchvision's, TSM's, MMAction2's and ours"):
        load_checkpoint(model, tmp_path / "unknown.pth")


def test_a_classifier_has_its_own_loading(tmp_path: Path) -> None:
    """`load_checkpoint` is for networks of `create_model`; a plain classifier is told to use its own."""
    with pytest.raises(ModelError, match=r"model=ResNetClassifier is no network of create_model: use its own load_state_dict"):
        load_checkpoint(ResNetClassifier(18), tmp_path / "any.pth")


def test_two_keys_for_one_place_are_refused(tmp_path: Path) -> None:
    """A file that fills one place by two keys, as two saved networks in one would, is refused."""
    state = {tsm_resnet(key): value for key, value in model_of("tsn_resnet18").state_dict().items()}
    state["module.base_model.layer1.0.conv1.weight"] = state["module.base_model.layer1.0.conv1.net.weight"]
    torch.save(state, tmp_path / "twice.pth")
    with pytest.raises(ModelError, match=r"fills one place twice, by 'module.base_model.layer1.0.conv1.net.weight' and another key"):
        load_checkpoint(model_of("tsn_resnet18"), tmp_path / "twice.pth")


def test_what_unpacks_to_more_than_it_takes_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed archive, one whose entries lie over one another, a pipe and a sparse file never reach torch; an honest file does."""
    read: list[object] = []
    monkeypatch.setattr(torch, "load", lambda path, **_: read.append(path) or {})
    bomb, sparse, pipe, honest = (tmp_path / name for name in ("bomb.pth", "sparse.pth", "pipe.pth", "honest.pth"))
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(1 << 22))
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(pipe)
    torch.save({"x": torch.zeros(9)}, honest)
    model = model_of("tsn_resnet18")
    for path, why in ((bomb, r"unpacks to 4.0 MiB, where torch.save compresses nothing"), (sparse, "has 1024.0 GiB"), (pipe, "is a pipe")):
        with pytest.raises(ModelError, match=why):
            load_checkpoint(model, path)
    assert read == []
    with pytest.raises(ModelError, match="has keys like None"):
        load_checkpoint(model, honest)
    assert read == [honest]
