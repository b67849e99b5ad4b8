"""`create_model` and `list_models`, the heads and the average over views, and what they say to bad
input.
"""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from stsm_ref import ShiftSpec, StsmError
from stsm_ref import nn as snn
from stsm_ref.errors import ArrayError, ModelError, ReportError, SpecError
from stsm_ref.models import (
    TSN,
    MobileNetV2Classifier,
    ResNet,
    ResNetClassifier,
    average_views,
    create_model,
    list_models,
    model_cost,
    save_checkpoint,
)
from stsm_ref.models.fold import fold_clips, unfold_clips
from stsm_ref.models.non_local import NonLocal
from stsm_ref.models.tanet import TAM
from stsm_ref.models.tdn import LongTermDifference, TDNResNet

NAMES = (
    "tsn_resnet18",
    "tsn_resnet34",
    "tsn_resnet50",
    "tsn_resnet101",
    "tsn_resnet152",
    "tsn_mobilenet_v2",
    "tsn_resnet50_nl",
    "tanet_resnet50",
    "tdn_resnet50",
)


def on_meta(name: str, **options: object) -> nn.Module:
    """A network without memory for its weights."""
    with torch.device("meta"):
        return create_model(name, **options)


def sites(model: nn.Module) -> dict[str, int]:
    """The convolutions before which a shift stands, with the channels that come in."""
    return {shift.name: shift.channels for shift in snn.shifts_of(model)}


def test_the_list_is_what_can_be_made() -> None:
    """The listed names are these, and each makes a network of its number of classes."""
    assert list_models() == NAMES
    for name in NAMES:
        assert on_meta(name, num_classes=7).head.fc.out_features == 7


BLOCKS_50 = tuple(enumerate((3, 4, 6, 3), start=1))


def test_sites_in_resnet50_are_the_first_convolutions_of_its_sixteen_blocks() -> None:
    """In R-50, with non-local blocks and with TAM too, the shift stands before conv1 of every
    block, whose input is the block's.
    """
    widths = {1: (64, 256), 2: (256, 512), 3: (512, 1024), 4: (1024, 2048)}
    expected = {
        f"layer{s}.{b}.conv1": widths[s][min(b, 1)] for s, count in BLOCKS_50 for b in range(count)
    }
    assert len(expected) == 16
    for name in ("tsn_resnet50", "tsn_resnet50_nl", "tanet_resnet50"):
        assert sites(on_meta(name).backbone) == expected, name


def test_sites_in_mobilenet_v2_are_ten_expanding_convolutions() -> None:
    """In MobileNetV2 the shift stands before the expansion of the ten blocks that have both a
    shortcut and an expansion.
    """
    blocks = {3: 24, 5: 32, 6: 32, 8: 64, 9: 64, 10: 64, 12: 96, 13: 96, 15: 160, 16: 160}
    assert sites(on_meta("tsn_mobilenet_v2").backbone) == {
        f"features.{block}.conv.0.0": width for block, width in blocks.items()
    }


def test_sites_in_tdn_are_where_its_own_convolution_was() -> None:
    """In TDN the shift stands before conv2 of layers 2 to 4, on `planes` channels, and the
    learnable convolution is gone.
    """
    planes = {2: 128, 3: 256, 4: 512}
    model = on_meta("tdn_resnet50")
    assert sites(model.backbone) == {
        f"layer{s}.{b}.conv2": planes[s] for s, count in BLOCKS_50 if s > 1 for b in range(count)
    }
    assert not any(".temporal." in key for key in model.state_dict())
    own = on_meta("tdn_resnet50", shift="tsm")
    assert not sites(own.backbone)
    assert own.spec is None
    assert sum(".temporal.conv.weight" in key for key in own.state_dict()) == 13


def test_resnet101_skips_every_second_block_of_each_stage() -> None:
    """From R-101 on, blocks 0, 2, 4, ... of each stage shift."""
    expected = {
        f"layer{s}.{b}.conv1"
        for s, count in enumerate((3, 4, 23, 3), start=1)
        for b in range(0, count, 2)
    }
    assert set(sites(on_meta("tsn_resnet101").backbone)) == expected


@pytest.mark.parametrize(
    ("shift", "spec"),
    [
        ("stsm", "T+H+W@3/8,forward-first,floor"),
        ("tsm", "T@1/4,backward-first,floor"),
        ("T+HW@1/2", "T+HW@1/2,forward-first,floor"),
        (ShiftSpec("H", "1/4"), "H@1/4,forward-first,floor"),
        ("none", "None"),
        (ShiftSpec(alpha=0), "None"),
    ],
)
def test_shift_by_name_text_or_spec(shift: str | ShiftSpec, spec: str) -> None:
    """A shift is given by name, as text or as a spec; the model says which it has, and alpha = 0 is
    no shift.
    """
    assert str(on_meta("tsn_resnet18", shift=shift).spec) == spec


def test_spec_follows_what_stands_in_the_network() -> None:
    """Once the shift is taken out by hand the model does not claim one."""
    model = on_meta("tsn_resnet18")
    snn.remove_shift(model.backbone)
    assert model.spec is None


def test_making_a_model_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """`create_model` is silent."""
    on_meta("tsn_resnet18")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"name": "tsn_resnet5O"},
            ModelError,
            r"name='tsn_resnet5O' is not one of .*: did you mean 'tsn_resnet50'",
        ),
        ({"name": "resnet50"}, ModelError, r"did you mean .*'tsn_resnet50'"),
        ({"name": 50}, ModelError, r"name=50 is not one of 'tsn_resnet18', "),
        (
            {"shift": "stms"},
            ModelError,
            r"shift='stms' is not one of 'stsm', 'tsm', 'none': did you mean 'stsm'\?",
        ),
        ({"shift": "W+T+T"}, SpecError, r"terms='W\+T\+T' repeats a term: write 'W\+T'"),
        (
            {"shift": None},
            ModelError,
            r"shift=None is not a shift: give one of 'stsm', 'tsm', 'none', or a ShiftSpec",
        ),
        (
            {"num_segments": 0},
            ModelError,
            r"num_segments=0 is less than 1: there would be nothing to compute, so give 1 or more",
        ),
        ({"num_segments": 8.0}, SpecError, r"num_segments=8.0 is not an integer: give an int"),
        (
            {"num_classes": -1},
            ModelError,
            r"num_classes=-1 is less than 1: there would be nothing to compute, so give 1 or more",
        ),
        ({"head": "avg"}, ModelError, r"head='avg' is not one of 'tsm', 'tsn'"),
        ({"dropout": 1.0}, ModelError, r"dropout=1.0 is outside \[0, 1\)"),
        ({"dropout": float("nan")}, ModelError, r"dropout=nan is outside \[0, 1\)"),
        (
            {"dropout": "a"},
            ModelError,
            r"^dropout='a' is not a number: give the share of the features that is dropped in "
            r"training, 0 for none$",
        ),
        ({"dropout": None}, ModelError, r"^dropout=None is not a number: give the share"),
        (
            {"name": "tanet_resnet50", "num_segments": 1},
            ModelError,
            r"num_segments=1 is less than 2: a temporal kernel needs neighbours",
        ),
        (
            {"name": "tdn_resnet50", "num_segments": 1},
            ModelError,
            r"num_segments=1 is less than 2: a difference needs a neighbour",
        ),
        (
            {"name": "tsn_mobilenet_v2", "shift": ShiftSpec(rounding="exact")},
            SpecError,
            r"channels=24 with alpha=3/8",
        ),
        (
            {"name": "tsn_mobilenet_v2", "shift": ShiftSpec(alpha="1/100")},
            SpecError,
            r"24 channels, of which spec='.*' moves none",
        ),
    ],
)
def test_bad_arguments_are_told_by_name_and_value(
    options: dict[str, object], error: type[StsmError], message: str
) -> None:
    """Each wrong argument is refused with its value, the rule and the way out."""
    with torch.device("meta"), pytest.raises(error, match=message):
        create_model(**({"name": "tsn_resnet18"} | options))


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        (
            "tsn_resnet18",
            (3, 32, 32),
            r"x has shape \(3, 32, 32\), rank 3: give clips \(N, T, 3, H, W\) or folded frames "
            r"\(N\*T, 3, ",
        ),
        ("tsn_resnet18", (1, 1, 4, 3, 32, 32), r"rank 6: give clips"),
        (
            "tsn_resnet18",
            (6, 3, 32, 32),
            r"num_segments=4 does not divide the leading axis 6: frames must arrive as "
            r"N\*num_segments",
        ),
        (
            "tsn_resnet18",
            (2, 8, 3, 32, 32),
            r"8 frames a clip: this network reads num_segments = 4, so sample 4",
        ),
        (
            "tsn_resnet18",
            (2, 3, 4, 32, 32),
            r"4 channels: the axes are \(N, T, C, H, W\) and frames are RGB, C = 3",
        ),
        (
            "tanet_resnet50",
            (1, 5, 3, 32, 32),
            r"5 frames a clip: this network reads num_segments = 4, so sample 4",
        ),
        (
            "tdn_resnet50",
            (1, 4, 3, 64, 64),
            r"4 frames a clip: this network reads num_segments\*5 = 20, so sample 20",
        ),
        (
            "tdn_resnet50",
            (24, 3, 64, 64),
            r"num_segments\*5=20 does not divide the leading axis 24: frames must arrive as N\*num_",
        ),
        (
            "tdn_resnet50",
            (20, 3, 32, 64),
            r"x has frames of 32x64: this network pools them away, so give 33x33 or more",
        ),
        (
            "tsn_resnet50_nl",
            (4, 3, 16, 64),
            r"x has frames of 16x64: this network pools them away, so give 17x17 or more",
        ),
    ],
)
def test_clips_that_do_not_fit_are_refused(name: str, shape: tuple[int, ...], message: str) -> None:
    """A batch of the wrong rank, number of frames, channels or size is refused with its shape and
    the way out.
    """
    with torch.device("meta"):
        model, x = create_model(name, num_segments=4), torch.zeros(shape)
    with pytest.raises(ArrayError, match=message):
        model(x)


def test_whole_numbers_are_no_frames() -> None:
    """Frames of integers are refused before a convolution fails on them."""
    model = on_meta("tsn_resnet18", num_segments=4)
    with pytest.raises(
        ArrayError,
        match=r"x has dtype torch.uint8: a convolution needs floats, so normalise the frames first",
    ):
        model(torch.zeros(4, 3, 32, 32, dtype=torch.uint8, device="meta"))


@pytest.mark.parametrize(
    "x", [np.zeros((1, 4, 3, 32, 32), np.float32), None], ids=["array", "None"]
)
def test_what_is_no_tensor_is_refused_by_type(x: object) -> None:
    """A NumPy array and None are refused as clips, as views and as scores, with their type."""
    model, name = on_meta("tsn_resnet18", num_segments=4), type(x).__name__
    with pytest.raises(
        ArrayError,
        match=rf"^x has type {name}, which is not a tensor: give clips \(N, T, 3, H, W\), as "
        r"torch.as_tensor",
    ):
        model(x)
    with pytest.raises(
        ArrayError,
        match=rf"^views has type {name}, which is not a tensor: give \(N, V, T, 3, H, W\)",
    ):
        model.predict(x)
    with pytest.raises(
        ArrayError,
        match=rf"^scores has type {name}, which is not a tensor: give \(N, views, num_classes\)$",
    ):
        average_views(x)


def test_frames_of_another_dtype_are_refused() -> None:
    """Doubles for a network of floats are refused with both dtypes, and so the other way round; of
    one dtype, they pass.
    """
    model, x = (
        create_model("tsn_resnet18", num_segments=2, num_classes=5).eval(),
        torch.zeros(2, 3, 32, 32),
    )
    message = (
        r"^x has dtype torch.float64, the network torch.float32: a convolution mixes none, "
        r"so give x.to\(torch.float32\) or convert"
    )
    with pytest.raises(ArrayError, match=message):
        model(x.double())
    with torch.no_grad():
        assert model.double()(x.double()).dtype == torch.float64
    for device in ("cpu", "meta"):
        with pytest.raises(
            ArrayError, match=r"^x has dtype torch.float32, the network torch.float64: "
        ):
            model(x.to(device))


def test_autocast_brings_dtypes_together() -> None:
    """Under autocast halves pass through a network of floats, and doubles, which it leaves alone,
    do not.
    """
    model, x = (
        create_model("tsn_resnet18", num_segments=2, num_classes=5).eval(),
        torch.zeros(2, 3, 32, 32),
    )
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for dtype in (torch.float32, torch.bfloat16):
            assert model(x.to(dtype)).dtype == torch.bfloat16
        with pytest.raises(
            ArrayError, match=r"^x has dtype torch.float64, the network torch.float32: "
        ):
            model(x.double())


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_size_is_enough(name: str) -> None:
    """Each network takes frames of the smallest size that it names."""
    model = on_meta(name, num_segments=4).eval()
    clip = torch.zeros(
        1, 4 * model.frames_per_segment, 3, model.smallest_size, model.smallest_size, device="meta"
    )
    assert model(clip).shape == (1, 400)


@pytest.mark.parametrize(
    "name",
    ["tsn_resnet18", "tsn_mobilenet_v2", "tsn_resnet50_nl", "tanet_resnet50", "tdn_resnet50"],
)
def test_no_clips_have_no_scores(name: str) -> None:
    """At rest each network maps an empty batch to an empty batch of scores."""
    model = create_model(name, num_segments=4, num_classes=5).eval()
    with torch.no_grad():
        assert model(torch.zeros(0, 4 * model.frames_per_segment, 3, 64, 64)).shape == (0, 5)


def test_views_are_averaged_by_score_or_by_probability() -> None:
    """`predict` runs every view as a clip and averages what it is told to; the two averages
    differ.
    """
    torch.manual_seed(0)
    model = create_model("tsn_resnet18", num_segments=2, num_classes=5).eval()
    nn.init.normal_(model.head.fc.weight)
    views = torch.randn(2, 3, 2, 3, 32, 32)
    with torch.no_grad():
        each = torch.stack([model(views[:, view]) for view in range(3)], dim=1)  # (N, V, classes)
        torch.testing.assert_close(model.predict(views), each.mean(1), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(
            model.predict(views, "probabilities"), each.softmax(-1).mean(1), rtol=1e-4, atol=1e-5
        )
        torch.testing.assert_close(model.predict(views, "probabilities").sum(-1), torch.ones(2))


def test_no_videos_have_no_scores_and_no_views_no_average() -> None:
    """`predict` maps no videos to no scores; videos without a view are refused, for their average
    would be NaN.
    """
    model = create_model("tsn_resnet18", num_segments=2, num_classes=5).eval()
    with torch.no_grad():
        assert model.predict(torch.zeros(0, 3, 2, 3, 32, 32)).shape == (0, 5)
    for videos in (0, 2):
        message = (
            rf"^views has shape \({videos}, 0, 2, 3, 32, 32\), 0 views a video: nothing has "
            r"no average, so give V = 1 or more$"
        )
        with pytest.raises(ArrayError, match=message):
            model.predict(torch.zeros(videos, 0, 2, 3, 32, 32))
    with pytest.raises(
        ArrayError,
        match=r"^scores has shape \(2, 0, 5\), 0 views: nothing has no average, so give 1 view "
        r"or more$",
    ):
        average_views(torch.zeros(2, 0, 5))


def test_bad_views_are_refused() -> None:
    """Views of the wrong rank and an unknown average are refused by value."""
    model = on_meta("tsn_resnet18", num_segments=2)
    with pytest.raises(
        ArrayError,
        match=r"views has shape \(2, 2, 3, 32, 32\), rank 5: give \(N, V, T, 3, H, W\), V = crops "
        r"\* clips",
    ):
        model.predict(torch.zeros(2, 2, 3, 32, 32, device="meta"))
    with pytest.raises(
        ModelError,
        match=r"average='prob' is not one of 'scores', 'probabilities': say what is averaged "
        r"over views",
    ):
        average_views(torch.zeros(1, 2, 3), "prob")
    with pytest.raises(
        ArrayError, match=r"scores has shape \(2, 3\), rank 2: give \(N, views, num_classes\)"
    ):
        average_views(torch.zeros(2, 3))
    with pytest.raises(
        ArrayError,
        match=r"^scores has dtype torch.int64: an average needs floats, as in scores.float\(\)$",
    ):
        average_views(torch.zeros(1, 2, 3, dtype=torch.int64))


def test_heads_start_as_published() -> None:
    """The last linear map starts at zero bias and a deviation of 0.001 in the TSM head, 0.01 in the
    TSN head, after dropout 0.5.
    """
    for head, deviation in (("tsm", 0.001), ("tsn", 0.01)):
        model = create_model("tsn_resnet18", head=head)
        assert model.head.fc.weight.detach().std().item() == pytest.approx(deviation, rel=0.02)
        assert not model.head.fc.bias.any()
        assert model.head.dropout.p == 0.5


def test_a_name_with_its_options_has_a_cost() -> None:
    """`model_cost` refuses what `create_model` refuses."""
    with pytest.raises(ModelError, match=r"name='tsn_resnet51' is not one of"):
        model_cost("tsn_resnet51")


def test_without_torch_the_missing_extra_is_named() -> None:
    """Importing the models without torch says which extra brings it."""
    code = "import sys; sys.modules['torch'] = None\nimport stsm_ref.models"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].endswith(
        "stsm_ref.models needs torch, which is not installed: pip install 'stsm_ref[torch]'"
    )


def test_a_network_cannot_be_told_another_clip_length() -> None:
    """The number of segments is that of every part, so setting it on the network is refused, and
    nothing changes.
    """
    model = create_model("tsn_resnet18", num_segments=4, num_classes=3).eval()
    message = (
        r"^num_segments=8: this network was built for clips of 4, which its parts know too: "
        r"build another with create_model"
    )
    with pytest.raises(ModelError, match=message):
        model.num_segments = 8
    assert model.num_segments == 4
    with pytest.raises(ArrayError, match=r"8 frames a clip: this network reads num_segments = 4"):
        model(torch.zeros(1, 8, 3, 32, 32))


def test_parts_of_another_clip_length_are_refused() -> None:
    """A shift that was inserted for clips of 2 in a network of clips of 4 would cut each clip in
    two: the network names it.
    """
    model = create_model("tsn_resnet18", shift="none", num_segments=4, num_classes=3).eval()
    snn.insert_shift(model.backbone, 2, sites=["layer1.0.conv1"], quiet=True)
    with pytest.raises(
        ModelError,
        match=r"^model.backbone.layer1.0.conv1.* has num_segments=2, the network 4: its frames "
        r"would be cut into other",
    ):
        model(torch.zeros(8, 3, 32, 32))


@pytest.mark.parametrize("head", ["tsm", "tsn"])
def test_a_network_that_sees_no_time_takes_clips_of_any_length(head: str) -> None:
    """Without a shift the scores of a clip of 5 frames are the mean of its frames' scores, whatever
    the network was built for.
    """
    torch.manual_seed(0)
    model = create_model(
        "tsn_resnet18", shift="none", num_segments=2, num_classes=3, head=head
    ).eval()
    clips = torch.randn(2, 5, 3, 32, 32)
    with torch.no_grad():
        alone = (
            torch.stack([model(frame.expand(1, 2, 3, 32, 32))[0] for frame in clips.flatten(0, 1)])
            .reshape(2, 5, 3)
            .mean(1)
        )
        torch.testing.assert_close(model(clips), alone, rtol=1e-4, atol=1e-5)
        assert model(clips.flatten(0, 1)).shape == (
            5,
            3,
        )  # folded frames are cut as the network was built
    with pytest.raises(ArrayError, match=r"0 frames a clip"):
        model(clips[:, :0])
    for name in ("tsn_resnet50_nl", "tanet_resnet50"):
        with pytest.raises(
            ArrayError, match=r"5 frames a clip: this network reads num_segments = 4, so sample 4"
        ):
            on_meta(name, shift="none", num_segments=4)(clips.to("meta"))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"backbone": nn.Linear(2, 2)},
            ModelError,
            r"^backbone=Linear does not say its frames_per_segment \(1 where .*\), smallest_size "
            r".*: give it these",
        ),
        (
            {"backbone": None},
            ModelError,
            r"^backbone=None has type NoneType, which is not an nn.Module: give a backbone, such as",
        ),
        (
            {"num_segments": 0},
            ModelError,
            r"^num_segments=0 is less than 1: there would be nothing to compute, so give 1 or more$",
        ),
        ({"num_segments": 2.5}, SpecError, r"^num_segments=2.5 is not an integer"),
        (
            {"num_classes": 0},
            ModelError,
            r"^num_classes=0 is less than 1: there would be nothing to compute",
        ),
        ({"head": "avg"}, ModelError, r"^head='avg' is not one of 'tsm', 'tsn'"),
        ({"dropout": 2}, ModelError, r"^dropout=2 is outside \[0, 1\)"),
    ],
)
def test_a_network_of_ones_own_backbone_is_checked_like_any_other(
    options: dict[str, object], error: type[Exception], message: str
) -> None:
    """`TSN` itself refuses a backbone that does not describe itself, and numbers and names that
    mean nothing.
    """
    with torch.device("meta"):
        backbone = ResNet(18)
    with pytest.raises(error, match=message):
        TSN(**{"backbone": backbone} | options)


BAD_PARTS = [
    (
        lambda: ResNet([50]),
        ModelError,
        r"^depth=\[50\] is not the depth of a ResNet: use one of 18, 34",
    ),
    (lambda: ResNet(50.0), ModelError, r"^depth=50.0 is not the depth of a ResNet"),
    (
        lambda: ResNet(18, 3),
        ModelError,
        r"^block=3 is not callable: give a function of a BlockSpec that returns an nn.Module$",
    ),
    (
        lambda: ResNetClassifier(18, 0),
        ModelError,
        r"^num_classes=0 is less than 1: there would be nothing to compute",
    ),
    (lambda: MobileNetV2Classifier(2.5), SpecError, r"^num_classes=2.5 is not an integer"),
    (
        lambda: NonLocal(1, 2),
        ModelError,
        r"^channels=1 is less than 2: attention is over half of them, so give 2 or more$",
    ),
    (lambda: NonLocal(64, "a"), SpecError, r"^num_segments='a' is not an integer"),
    (
        lambda: TAM(6, 2),
        ModelError,
        r"^channels=6: the local branch has a quarter of them, so give a multiple of 4$",
    ),
    (lambda: TAM(64, None), SpecError, r"^num_segments=None is not an integer"),
    (
        lambda: LongTermDifference(4, 2),
        ModelError,
        r"^channels=4 is less than 16: they are reduced to one in 16, so give 16 or more$",
    ),
    (lambda: TDNResNet(2.5, own_shift=True), SpecError, r"^num_segments=2.5 is not an integer"),
    (
        lambda: fold_clips(torch.zeros(8, 3, 4, 4), 0),
        ArrayError,
        r"^num_segments=0 is less than 1: a clip has 1 frame or more$",
    ),
    (
        lambda: fold_clips(torch.zeros(8, 3, 4, 4), 8, -1),
        ArrayError,
        r"^frames_per_segment=-1 is less than 1",
    ),
    (
        lambda: fold_clips(torch.zeros(8, 3, 4, 4), "a"),
        SpecError,
        r"^num_segments='a' is not an integer",
    ),
    (
        lambda: fold_clips(torch.zeros(8, 3, 4, 4).to_sparse(), 8),
        ArrayError,
        r"^x is of layout torch.sparse_coo: frames must be a dense tensor",
    ),
    (
        lambda: unfold_clips(torch.tensor(3.0), 2),
        ArrayError,
        r"^x=tensor\(3.\) has no leading axis of frames: give a tensor",
    ),
    (lambda: unfold_clips(torch.zeros(8), -2), ArrayError, r"^num_segments=-2 is less than 1"),
    (
        lambda: save_checkpoint(on_meta("tsn_resnet18"), 3),
        ReportError,
        r"^path=3 is not a path of a file: give a string or a Path$",
    ),
    (
        lambda: save_checkpoint(on_meta("tsn_resnet18"), "a\0b"),
        ReportError,
        r"^path='a\\x00b' is not a path of a file",
    ),
    (
        lambda: on_meta("tsn_resnet18", num_segments=2)(torch.zeros(1, 2, 3, 32, 32)),
        ArrayError,
        r"^x is on cpu, the network on meta: give x.to\('meta'\), or move the network$",
    ),
]


@pytest.mark.parametrize(
    ("act", "error", "message"), BAD_PARTS, ids=[message[1:24] for *_, message in BAD_PARTS]
)
def test_parts_refuse_what_means_nothing(
    act: Callable[[], object], error: type[StsmError], message: str
) -> None:
    """Every part of these networks that takes a number, a shape or a path says what is wrong with
    one.
    """
    with pytest.raises(error, match=message):
        act()
