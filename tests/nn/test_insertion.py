"""Plug and play: where the shift goes, what stays as it was, and what is refused aloud."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from stsm_ref import ShiftSpec, SpecError, StsmError
from stsm_ref.errors import ModelError
from stsm_ref.nn import STSM, SparseConvSTSM, insert_shift, remove_shift

from .networks import Bottleneck, HomeMade, InvertedResidual, ResNet, Undecided, mobilenet_features
from .support import fold, labels

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


def inserted(model, *args, **kwargs):
    """Insert without printing and return the names of the sites."""
    return [site.name for site in insert_shift(model, *args, quiet=True, **kwargs).sites]


def test_resnet_sites():
    """Every block's first convolution, also in a block that projects its shortcut; never the stem,
    never the projection.
    """
    assert inserted(ResNet((2, 1)), 8) == ["layer1.0.conv1", "layer1.1.conv1", "layer2.0.conv1"]


def test_long_stages_are_thinned_out():
    """With 23 blocks in the third stage, every second block of each stage is passed over, and the
    report says which.
    """
    report = insert_shift(ResNet((3, 4, 23, 3)), 8, quiet=True)
    kept = [
        f"layer{stage}.{i}.conv1"
        for stage, depth in ((1, 3), (2, 4), (3, 23), (4, 3))
        for i in range(0, depth, 2)
    ]
    assert [site.name for site in report.sites] == kept
    assert len(report.skipped) == 33 - len(kept)
    assert "every second block left as it was" in str(report)
    assert len(inserted(ResNet((3, 4, 22, 3)), 8)) == 32


def test_mobilenet_sites():
    """Inverted residuals with a shortcut and an expansion, before the expanding 1x1: the ten of
    TSM, and these widths.
    """
    report = insert_shift(mobilenet_features(), 8, quiet=True)
    assert [site.name.split(".")[1] for site in report.sites] == [
        "3",
        "5",
        "6",
        "8",
        "9",
        "10",
        "12",
        "13",
        "15",
        "16",
    ]
    assert [site.channels for site in report.sites] == [24, 32, 32, 64, 64, 64, 96, 96, 160, 160]
    assert {site.name.partition(".conv.")[2] for site in report.sites} == {"0.0"}


def test_home_made_sites():
    """Blocks are found by the sums in `forward`: other names, pre-activation, `torch.add`, several
    in one module.
    """
    assert inserted(HomeMade(), 8) == ["squeeze", "tail.1"]


class TwoBranches(nn.Module):
    """A sum of two branches that both convolve: neither is a shortcut."""

    def __init__(self, short: int, long: int) -> None:
        super().__init__()
        self.short = nn.Sequential(*(nn.Conv2d(16, 16, 1) for _ in range(short)))
        self.long = nn.Sequential(
            *(layer for _ in range(long) for layer in (nn.Conv2d(16, 16, 1), nn.ReLU()))
        )

    def forward(self, x):  # noqa: D102  # the class says it
        return self.short(x) + self.long(x)


def test_what_is_no_shortcut():
    """A branch is a shortcut if it has no convolution, or one beside several; an embedding that is
    added is none.
    """
    assert inserted(TwoBranches(0, 1), 8) == ["long.0"]
    assert inserted(TwoBranches(1, 2), 8) == ["long.0"]
    for short, long in ((1, 1), (2, 3), (2, 2)):
        with pytest.raises(StsmError, match="has no residual block"):
            insert_shift(TwoBranches(short, long), 8)


def test_inverted_residuals_without_expansion():
    """A block that begins with its depthwise convolution gets nothing, although it has a
    shortcut.
    """
    assert inserted(
        nn.Sequential(InvertedResidual(16, 16, 1, 1), InvertedResidual(16, 16, 1, 2)), 8
    ) == ["1.conv.0.0"]


def test_other_hooks_stay():
    """Someone's own hook on the same convolution outlives the removal."""
    model, seen = ResNet((1,)), []
    model.layer1[0].conv1.register_forward_pre_hook(lambda module, args: seen.append(args[0].shape))
    inserted(model, 4)
    remove_shift(model)
    model(torch.randn(4, 3, 32, 32))
    assert len(seen) == 1


def test_named_sites():
    """Named sites are taken as named, in that order, also in a model where nothing could be
    found.
    """
    for sites in (["b", "a"], iter(["b", "a"]), np.array(["b", "a"])):
        assert inserted(Undecided(), 8, sites=sites) == ["b", "a"]


def test_report_is_a_printed_table(capsys):
    """The report names sites, channels and how many move; it is what gets printed."""
    report = insert_shift(ResNet((1,)), 8, ShiftSpec("T+HW", "1/4"))
    assert str(report).splitlines() == [
        "STSM T+HW@1/4,forward-first,floor, num_segments=8: 1 inserted, 0 parameters added",
        "before          channels  move",
        "layer1.0.conv1        32     8",
    ]
    assert capsys.readouterr().out == f"{report}\n"


def test_what_could_not_be_searched_is_told():
    """A module whose forward depends on values is named, so that its blocks are not missed in
    silence.
    """
    report = insert_shift(nn.Sequential(Bottleneck(32, 8), Undecided(32)), 8, quiet=True)
    assert report.untraceable == ("1",)
    assert "not searched, since forward depends on values (name sites=[...] there): 1" in str(
        report
    )


class Unreadable(nn.Module):
    """A block whose convolutions lie in a container, or in units, and whose `forward` looks at a
    size.
    """

    def __init__(self, *, units: bool) -> None:
        super().__init__()
        layers = [Unit() if units else nn.Conv2d(16, 16, 1) for _ in range(2)]
        self.branch = nn.Sequential(nn.Sequential(*layers), nn.ReLU())

    def forward(self, x):  # noqa: D102  # the class says it
        return x + self.branch(x) if x.shape[0] > 3 else x


class Unit(nn.Module):
    """One convolution and a `forward` of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(16, 16, 1)

    def forward(self, x):  # noqa: D102  # the class says it
        return self.conv(x).relu()


@pytest.mark.parametrize("units", [False, True], ids=["container", "units"])
def test_what_could_not_be_searched_is_told_where_convolutions_lie_deeper(units):
    """A block is named too if its convolutions are no children of its own; what holds whole blocks
    is not.
    """
    network = nn.Sequential(Bottleneck(16, 4), Unreadable(units=units))
    assert insert_shift(network, 8, quiet=True).untraceable == ("1",)
    with pytest.raises(
        ModelError, match=r"\(forward of 0 could not be read\): name the convolutions"
    ):
        insert_shift(nn.Sequential(Unreadable(units=units)), 8)

    class Around(nn.Sequential):
        def forward(self, x):
            return super().forward(x) if x.shape[0] > 3 else x

    assert (
        insert_shift(
            nn.Sequential(nn.ModuleDict({"a": Around(Bottleneck(16, 4))})), 8, quiet=True
        ).untraceable
        == ()
    )


class ByName(nn.Module):
    """A convolution that gets its input by name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(16, 16, 3, padding=1)

    def forward(self, x):  # noqa: D102  # the class says it
        return x + self.conv(input=x)


def test_input_by_name():
    """A convolution that is called with `input=` gets shifted frames too: eager, copied, compiled
    and exported; and is set free again.
    """
    model, x = ByName().eval(), torch.randn(8, 16, 5, 6)
    plain = copy.deepcopy(model)
    assert inserted(model, 4) == ["conv"]
    want = x + plain.conv(STSM(4)(x))
    compiled = torch.compile(model, fullgraph=True)
    exported = torch.export.export(
        model, (x,), dynamic_shapes=({0: 4 * torch.export.Dim("n")},)
    ).module()
    for call in (
        model,
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        compiled,
        exported,
    ):
        torch.testing.assert_close(call(x), want)
    with pytest.raises(TypeError, match="input"):
        model.conv()
    remove_shift(model)
    assert torch.equal(model(x), plain(x))
    assert not model.conv._forward_pre_hooks_with_kwargs


def compiled_in_place():
    """A model that was compiled by its own method."""
    model = ResNet((1,))
    model.compile(backend="eager")
    return model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            lambda: torch.compile(ResNet((1,)), backend="eager"),
            "model is a compiled ResNet, which would not notice that a shift comes or goes",
        ),
        (
            lambda: nn.Sequential(torch.compile(Bottleneck(16, 4), backend="eager")),
            "model.0 is a compiled Bottleneck, which",
        ),
        (compiled_in_place, "model is a compiled ResNet, which would"),
        (
            lambda: None,
            "model=None has type NoneType, which is not an nn.Module: give the network itself",
        ),
        (lambda: "resnet", "model='resnet' has type str, which is not an nn.Module: give"),
        (
            lambda: abs,
            "model=<built-in function abs> has type builtin_function_or_method, which is not an "
            "nn.Module: give",
        ),
        (lambda: ResNet, "has type type, which is not an nn.Module: give the network itself"),
    ],
)
def test_models_that_take_no_shift(model, message):
    """What is compiled, or no model, is refused by insertion and removal alike."""
    model = model()
    for change in (lambda: insert_shift(model, 4), lambda: remove_shift(model)):
        with pytest.raises(ModelError) as raised:
            change()
        assert message in str(raised.value)


def test_a_function_compiled_elsewhere_needs_a_reset():
    """As documented: after `torch.compiler.reset()`, compiled code that calls the model has the
    shift, and loses it again.
    """
    model, x = nn.Sequential(Bottleneck(16, 4)).eval(), torch.randn(8, 16, 6, 6)
    compiled = torch.compile(lambda v: model(v) + 0, backend="eager")
    for change in (lambda: None, lambda: inserted(model, 4), lambda: remove_shift(model)):
        change()
        torch.compiler.reset()
        torch.testing.assert_close(compiled(x), model(x) + 0)


def test_one_convolution_called_twice():
    """As documented: a site is a convolution, and the shift stands before each of its calls."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(16, 16, 1)

        def forward(self, x):
            return x + self.conv(self.conv(x))

    model, x = Twice(), torch.randn(4, 16, 3, 3)
    plain = copy.deepcopy(model).conv
    assert inserted(model, 4) == ["conv"]
    torch.testing.assert_close(model(x), x + plain(STSM(4)(plain(STSM(4)(x)))))


@pytest.mark.requirement("COST-1")
def test_state_dict_stays_as_it_was():
    """Keys, their order and values stay; a checkpoint from before loads strictly; so it is after
    removal, with the module tree.
    """
    model = ResNet()
    before, tree = {k: v.clone() for k, v in model.state_dict().items()}, repr(model)
    inserted(model, 4)
    assert list(model.state_dict()) == list(before)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    model.load_state_dict(before, strict=True)
    ResNet().load_state_dict(model.state_dict(), strict=True)
    assert len(list(model.parameters())) == len(list(ResNet().parameters()))
    assert (
        "(conv1): ShiftedConv2d(32, 8, kernel_size=(1, 1), stride=(1, 1), bias=False, "
        "stsm=STSM(num_segments=4, spec="
    ) in repr(model)
    assert remove_shift(model) == (
        "layer1.0.conv1",
        "layer1.1.conv1",
        "layer2.0.conv1",
        "layer2.1.conv1",
    )
    assert repr(model) == tree
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_removal_restores_the_function():
    """Inserted, the network computes something else; removed, what it did before, bit for bit."""
    model, x = ResNet().eval(), torch.randn(8, 3, 32, 32)
    before = model(x)
    inserted(model, 4)
    assert not torch.equal(model(x), before)
    remove_shift(model)
    assert torch.equal(model(x), before)


@pytest.mark.requirement("PURE-1", "GRAD-1")
@pytest.mark.parametrize("project", [False, True])
def test_the_shortcut_and_its_gradient_stay_whole(project):
    """In a real block: the branch sees shifted frames, the shortcut the block's own, and each sends
    back its own gradient.
    """
    block = Bottleneck(32, 8, project=project).double().eval()
    x = (torch.from_numpy(fold(labels((2, 3, 32, 4, 4)))) / 2**16).requires_grad_()
    by_hand = copy.deepcopy(block)
    inserted(block, 3)

    def shortcut():
        return by_hand.downsample(x) if project else x

    branch = by_hand.conv2(by_hand.relu(by_hand.bn1(by_hand.conv1(STSM(3)(x)))))
    want = torch.relu(by_hand.bn3(by_hand.conv3(by_hand.relu(by_hand.bn2(branch)))) + shortcut())
    got = block(x)
    torch.testing.assert_close(got, want, rtol=0, atol=0)
    grad = torch.randn_like(got)
    torch.testing.assert_close(
        torch.autograd.grad(got, x, grad),
        torch.autograd.grad(want, x, grad),
        rtol=1e-12,
        atol=1e-12,
    )

    # with a branch of zeros only the shortcut is left: nothing of it has moved
    nn.init.zeros_(block.bn3.weight)
    got, want = block(x), torch.relu(shortcut())
    assert torch.equal(got, want)
    assert torch.equal(*(torch.autograd.grad(y, x, grad)[0] for y in (got, want)))


@pytest.mark.requirement("CONV-2", "GRAD-4")
def test_network_with_the_twin_is_the_same_network():
    """Logits, input gradients and weight gradients with `STSM` equal those with `SparseConvSTSM`:
    float64 exactly, float32 to 1e-5.
    """
    for dtype, tolerance in ((torch.float64, 0.0), (torch.float32, 1e-5)):
        torch.manual_seed(0)
        network, x = ResNet().to(dtype), torch.randn(8, 3, 32, 32, dtype=dtype, requires_grad=True)
        twin = copy.deepcopy(network)
        inserted(network, 4, ShiftSpec("T+HW", "3/4"))
        inserted(twin, 4, ShiftSpec("T+HW", "3/4"), sparse=True)
        assert isinstance(twin.layer1[0].conv1.stsm, SparseConvSTSM)
        ours, theirs = network(x), twin(x)
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)
        gradients = [
            torch.autograd.grad(y.square().sum(), (x, *net.parameters()))
            for y, net in ((ours, network), (theirs, twin))
        ]
        torch.testing.assert_close(*gradients, rtol=tolerance, atol=tolerance)


def test_copies_and_pickles():
    """A deep copy and a pickled copy carry the shift, and giving one up leaves the other."""
    model, x = ResNet().eval(), torch.randn(8, 3, 32, 32)
    plain = copy.deepcopy(model)
    inserted(model, 4)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(twin(x), model(x))
        remove_shift(twin)
        assert torch.equal(twin(x), plain(x))
        assert not torch.equal(model(x), plain(x))


def test_compiles_and_exports():
    """Hook and child are in one compiled graph and in an exported program that serves other numbers
    of clips.
    """
    model, x = nn.Sequential(Bottleneck(16, 4)).eval(), torch.randn(8, 16, 6, 6)
    inserted(model, 4)
    torch.testing.assert_close(torch.compile(model, fullgraph=True)(x), model(x))
    program = torch.export.export(model, (x,), dynamic_shapes=({0: 4 * torch.export.Dim("n")},))
    for clips in (1, 2, 3):
        x = torch.randn(4 * clips, 16, 6, 6)
        torch.testing.assert_close(program.module()(x), model(x))


def test_traces():
    """Traced by `torch.jit.trace`, a network with the shift serves other sizes, layouts and places
    in memory.
    """
    model = nn.Sequential(Bottleneck(16, 4)).eval()
    inserted(model, 4)
    with torch.no_grad():
        traced = torch.jit.trace(model, torch.randn(8, 16, 6, 6))
        for x in (
            torch.randn(12, 16, 3, 7),
            torch.randn(8, 16, 6, 6).to(memory_format=torch.channels_last),
            torch.randn(16, 16, 6, 6)[8:],
        ):
            torch.testing.assert_close(traced(x), model(x))


def test_frozen_half_and_moved():
    """Training mode, precision and device of the model carry over to what is inserted."""
    model = ResNet().eval().double()
    inserted(model, 4, sparse=True)
    assert not any(module.training for module in model.modules())
    assert model(torch.randn(4, 3, 32, 32, dtype=torch.float64)).dtype == torch.float64


class Taken(nn.Conv2d):
    """A convolution with an attribute of the name that the shift would take."""

    stsm = "mine"


def twice():
    """A model that has the shift."""
    model = ResNet()
    inserted(model, 8)
    return model


@pytest.mark.parametrize(
    ("model", "arguments", "error", "message"),
    [
        (
            twice,
            {},
            ModelError,
            "model has a shift already, at 'layer1.0.conv1' and 3 other places: call "
            "remove_shift(model) first",
        ),
        (twice, {"sites": ["conv1"]}, ModelError, "model has a shift already, at 'layer1.0.conv1'"),
        (
            lambda: nn.Sequential(STSM(8), Bottleneck(32, 8)),
            {},
            ModelError,
            "model has a shift already, at '0'",
        ),
        (
            lambda: nn.Conv2d(3, 8, 1),
            {},
            ModelError,
            "model=Conv2d has no residual block of nn.Conv2d layers that could be found: it has "
            "no nn.Conv2d with channels enough to move",
        ),
        (
            Undecided,
            {},
            ModelError,
            "could be found (forward of (the model itself) could not be read): name the "
            "convolutions, sites=['a', 'b'",
        ),
        (
            ResNet,
            {"sites": ["layer1.0.conv9"]},
            ModelError,
            "sites: 'layer1.0.conv9' is not a module of ResNet: near it are",
        ),
        (
            ResNet,
            {"sites": ["layer1.0.conv1", "layer1.0.bn1"]},
            ModelError,
            "sites: 'layer1.0.bn1' is a BatchNorm2d: the shift stands before an nn.Conv2d",
        ),
        (
            ResNet,
            {"sites": ["layer1.0.conv1"] * 2},
            ModelError,
            "sites: 'layer1.0.conv1' and 'layer1.0.conv1' are one convolution: name it once",
        ),
        (
            ResNet,
            {"sites": "layer1.0.conv1"},
            ModelError,
            "sites='layer1.0.conv1' is not a list of names: write sites=['layer1.0.conv1'], "
            "or leave",
        ),
        (ResNet, {"sites": []}, ModelError, "sites=[] is not a list of names"),
        (
            ResNet,
            {"sites": 5},
            ModelError,
            "sites=5 is not a list of names: write sites=['layer1.0.conv1', ...], or leave it out",
        ),
        (ResNet, {"sites": True}, ModelError, "sites=True is not a list of names"),
        (ResNet, {"sites": [[]]}, ModelError, "sites=[[]] is not a list of names"),
        (ResNet, {"sites": np.arange(2)}, ModelError, "sites=array([0, 1]) is not a list of names"),
        (ResNet, {"sites": b"conv1"}, ModelError, "sites=b'conv1' is not a list of names"),
        (
            ResNet,
            {"sites": ["layer1.0.conv1", "conv1"]},
            SpecError,
            "site 'conv1' has 3 channels, of which spec='T+H+W@3/8,forward-first,floor' moves none",
        ),
        (
            ResNet,
            {"spec": ShiftSpec(alpha=0)},
            SpecError,
            "site 'layer1.0.conv1' has 32 channels, of which spec='T+H+W@0,forward-first,floor' "
            "moves none",
        ),
        (
            lambda: ResNet((1,), planes=5),
            {"spec": ShiftSpec(rounding="exact")},
            SpecError,
            "site 'layer1.0.conv1': channels=20 with alpha=3/8",
        ),
        (
            lambda: nn.Sequential(Taken(16, 4, 1)),
            {"sites": ["0"]},
            ModelError,
            "site '0' has an attribute 'stsm' of its own",
        ),
        (
            ResNet,
            {"num_segments": 0},
            SpecError,
            "num_segments=0 is less than 1: a clip has 1 frame or more",
        ),
        (ResNet, {"spec": "T"}, SpecError, "spec='T' is not a ShiftSpec"),
    ],
)
def test_refusals_leave_the_model_alone(model, arguments, error, message):
    """Each is refused by name, with the way out, and the model is as it was."""
    model = model()
    before = repr(model), [len(module._forward_pre_hooks) for module in model.modules()]
    with pytest.raises(error) as raised:
        insert_shift(model, **{"num_segments": 8} | arguments)
    assert message in str(raised.value)
    assert (repr(model), [len(module._forward_pre_hooks) for module in model.modules()]) == before


def test_nothing_to_remove():
    """Removing what is not there is an error; a shift that someone placed by hand is theirs."""
    for model in (ResNet(), nn.Sequential(STSM(8))):
        with pytest.raises(
            ModelError,
            match=r"has no inserted shift to remove: insert_shift\(model, num_segments\) puts "
            r"one in",
        ):
            remove_shift(model)
