"""A layer with the shift before it, through what other people do to networks: the shift stays, or
it is said aloud that it does not.
"""

import copy
import pickle

import pytest
import torch
from torch import fx, nn
from torch.ao import quantization
from torch.ao.quantization import quantize_fx
from torch.fx.experimental.optimization import fuse
from torch.nn.utils import parametrizations, parametrize, prune, spectral_norm, weight_norm
from torch.optim.swa_utils import AveragedModel
from torch.utils import mkldnn
from torch.utils.checkpoint import checkpoint

from stsm_ref import ShiftSpec, StsmError
from stsm_ref.errors import ModelError
from stsm_ref.models import ResNet as OurResNet
from stsm_ref.models import create_model
from stsm_ref.nn import STSM, SparseConvSTSM, insert_shift, remove_shift, shifts_of, stsm

from . import blocks
from .networks import Bottleneck, ResNet

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)

SITES = ("layer1.0.conv1", "layer2.0.conv1")


def frames(seed=0):
    """Four frames of a clip."""
    return torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def network():
    """Two residual blocks with statistics of their own, in evaluation."""
    torch.manual_seed(0)
    model = ResNet((1, 1), planes=4).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.5, 1.5)
    return model


@pytest.fixture(scope="module")
def plain():
    """What the network computes without the shift."""
    return network()(frames()).detach()


@pytest.fixture(scope="module")
def shifted():
    """What it computes with the shift, written out by hand at both places."""
    model = network()
    for stage in (model.layer1, model.layer2):
        stage[0].conv1 = nn.Sequential(STSM(4), stage[0].conv1)
    return model(frames()).detach()


@pytest.fixture
def model():
    """The network with the shift inserted."""
    model = network()
    assert tuple(site.name for site in insert_shift(model, 4, quiet=True).sites) == SITES
    return model


def names(model):
    """Where shifts are."""
    return tuple(shift.name for shift in shifts_of(model))


def hears_its_neighbours(model):
    """Whether a change of one frame is heard in another."""
    other = frames()
    other[0] += 3
    with torch.no_grad():
        return bool((model(frames()) - model(other))[1:].any())


def with_norm(register, remove=None):
    """The network with the weights of its first layers under a norm, which is then taken off if
    `remove` says how.
    """

    def change(model):
        for name in SITES:
            register(model.get_submodule(name))
            if remove:
                remove(model.get_submodule(name), "weight")
        return model

    return change


def averaged(model):
    """An average of one."""
    average = AveragedModel(model)
    average.update_parameters(model)
    return average


CHANGES = {
    "deep copy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "averaged": averaged,
    "checkpointed": lambda model: lambda x: checkpoint(model, x, use_reentrant=False),
    "functional": lambda model: (
        lambda x: torch.func.functional_call(
            network_with_shift(), dict(model.named_parameters()), x
        )
    ),
    "symbolic trace": fx.symbolic_trace,
    "fx fuse": fuse,
    "fuse_fx": quantize_fx.fuse_fx,
    "jit trace": lambda model: torch.jit.trace(model, frames()),
    "weight norm": with_norm(parametrizations.weight_norm),
    "weight norm and back": with_norm(
        parametrizations.weight_norm, parametrize.remove_parametrizations
    ),
    "old weight norm": with_norm(weight_norm),
    "pruned": with_norm(lambda layer: prune.l1_unstructured(layer, "weight", 0.0)),
    "data parallel part": lambda model: (
        setattr(model, "layer1", nn.DataParallel(model.layer1)) or model
    ),
    "children": lambda model: nn.Sequential(
        *list(model.children())[:-1], nn.AdaptiveAvgPool2d(1), nn.Flatten(), model.fc
    ),
    "export": lambda model: torch.export.export(model, (frames(),)).module(),
}


def network_with_shift():
    """As the fixture."""
    model = network()
    insert_shift(model, 4, quiet=True)
    return model


@pytest.mark.parametrize("change", CHANGES)
def test_the_numbers_stay(model, shifted, change):
    """Through each of these, an inserted network computes what it did."""
    torch.testing.assert_close(CHANGES[change](model)(frames()), shifted, rtol=1e-4, atol=1e-5)


def test_spectral_norm_and_autocast(model):
    """Where the numbers change by intention, frames hear their neighbours still."""
    with torch.autocast("cpu", torch.bfloat16):
        assert hears_its_neighbours(model)
    assert hears_its_neighbours(with_norm(spectral_norm)(model))


@pytest.mark.parametrize("training", [False, True])
def test_int8_by_fx_keeps_the_shift(model, training):
    """Static int8 and quantization-aware training leave the layer in floating point, with the shift
    before it.
    """
    if training:
        prepared = quantize_fx.prepare_qat_fx(
            model.train(), quantization.get_default_qat_qconfig_mapping("fbgemm"), (frames(),)
        )
    else:
        prepared = quantize_fx.prepare_fx(
            model, quantization.get_default_qconfig_mapping("fbgemm"), (frames(),)
        )
    for i in range(20 if training else 1):
        prepared(frames(i))
    converted = quantize_fx.convert_fx(prepared.eval())
    assert names(prepared) == names(converted) == SITES
    assert hears_its_neighbours(converted)
    assert "QuantizedConv2d" in repr(converted)


def test_eager_quantization_is_refused_aloud():
    """Fusing by hand finds no way to fuse the layer, and int8 by hand hands it what it names, with
    a way out.
    """
    block = blocks.Plain().eval()
    insert_shift(block, 4, quiet=True)
    chain = nn.Sequential(
        quantization.QuantStub(), block.conv1, nn.BatchNorm2d(16), quantization.DeQuantStub()
    ).eval()
    with pytest.raises(AssertionError, match="ShiftedConv2d"):
        quantization.fuse_modules(chain, [["1", "2"]])
    chain.qconfig = quantization.get_default_qconfig("fbgemm")
    x = torch.randn(4, 16, 3, 3)
    prepared = quantization.prepare(chain)
    prepared(x)
    with pytest.raises(
        StsmError,
        match=r"before the Conv2d at 'conv1', which the shift keeps in floating point: convert "
        r"with .*quantize_fx",
    ):
        quantization.convert(prepared)(x)
    remove_shift(block)
    assert type(block.conv1) is nn.Conv2d


def test_fused_first_then_inserted():
    """The way out of a refused fusing: a fused layer takes the shift, and computes what the two
    layers did.
    """
    chain = nn.Sequential(nn.Conv2d(16, 16, 1), nn.BatchNorm2d(16), nn.ReLU()).eval()
    x = torch.randn(4, 16, 3, 3)
    want = chain(stsm(x, ShiftSpec(), 4))
    fused = quantization.fuse_modules(chain, [["0", "1", "2"]])
    insert_shift(fused, 4, sites=["0.0"], quiet=True)
    torch.testing.assert_close(fused(x), want)


def as_a_new_layer(model):
    """Rebuild a layer by its type, as adapters and other tools do."""
    model.layer1[0].conv1 = blocks.PeftLike(model.layer1[0].conv1)


def test_new_layers_of_its_type_are_refused(model):
    """An adapter that makes its weights by the layer's type is refused before it has changed
    anything, with the way out.
    """
    with pytest.raises(ModelError) as raised:
        as_a_new_layer(model)
    assert (
        "ShiftedConv2d has been asked for a new layer, which would have no shift before it"
        in str(raised.value)
    )
    assert "snn.remove_shift(model) first, change the network, then insert the shift again" in str(
        raised.value
    )
    assert names(model) == SITES


def rebuilt(model):
    """Overwrite a layer by a plain one with its weights."""
    old = model.layer1[0].conv1
    model.layer1[0].conv1 = nn.Conv2d(
        old.in_channels, old.out_channels, old.kernel_size, bias=False
    )
    return model


def adapted(model):
    """Put an adapter around a layer, whose own weights see frames that are not shifted."""
    model.layer1[0].conv1 = blocks.Adapted(model.layer1[0].conv1)
    return model


def gone(model):
    """Take a block out."""
    model.layer1 = nn.Identity()
    return model


LOSSES = {
    "rebuilt": (rebuilt, "there is now a Conv2d"),
    "adapted": (adapted, "there is now a Adapted"),
    "gone": (gone, "there is now nothing"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_shift_is_noticed_by_the_next_pass(model, loss):
    """Also in a copy, under `torch.compile`, and by a second insertion; `remove_shift` takes out
    the rest and forgets.
    """
    lose, message = LOSSES[loss]
    lose(model)
    compiled = torch.compile(copy.deepcopy(model), backend="eager")
    for call in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model)), compiled):
        with pytest.raises(ModelError) as raised:
            call(frames())
        assert (
            f"model=ResNet has lost 1 of 2 shifts: where 'layer1.0.conv1' had one {message}"
            in str(raised.value)
        )
        assert "or call snn.remove_shift(model) to go on without" in str(raised.value)
    with pytest.raises(ModelError, match="has lost 1 of 2 shifts"):
        insert_shift(model, 4)
    remove_shift(model)
    assert names(model) == ()
    model(frames())


def test_re_parameterisation_is_noticed():
    """RepVGG's own conversion builds a new layer without a shift, and the next pass says so."""
    block = blocks.Parallel().eval()
    insert_shift(block, 4, quiet=True)
    deployed = copy.deepcopy(block)
    deployed.merged = blocks.conv()
    del deployed.large, deployed.small
    with pytest.raises(ModelError, match="has lost 2 of 2 shifts"):
        deployed(torch.zeros(4, 16, 3, 3))
    assert names(deployed) == ()
    assert remove_shift(deployed) == ()
    with pytest.raises(ModelError, match="no inserted shift to remove"):
        remove_shift(deployed)


def test_an_adapter_that_is_merged_is_noticed():
    """Merged, PEFT leaves the base where the adapter was, which had the shift; taken out and put in
    again it is right.
    """
    block, x = Bottleneck(16, 4).eval(), torch.randn(4, 16, 3, 3)
    block.conv1 = blocks.PeftLike(block.conv1)
    insert_shift(block, 4, quiet=True)
    want = block(x)
    merged = copy.deepcopy(block)
    merged.conv1 = merged.conv1.merged()
    with pytest.raises(ModelError, match="where 'conv1' had one there is now a Conv2d"):
        merged(x)
    remove_shift(merged)
    insert_shift(merged, 4, quiet=True)
    torch.testing.assert_close(merged(x), want)


def test_a_network_that_is_taken_out_of_a_wrapper_is_watched(model):
    """Inserted through a wrapper, which is then taken off, a network still notices a loss, and
    removal forgets it at every level.
    """
    remove_shift(model)
    wrapper = nn.ModuleDict({"inner": model})
    insert_shift(wrapper, 4, quiet=True)
    assert names(wrapper) == tuple(f"inner.{name}" for name in SITES)
    model(frames())
    with pytest.raises(ModelError, match="has lost 1 of 2 shifts: where 'layer1"):
        rebuilt(model)(frames())
    assert remove_shift(wrapper) == ("inner.layer2.0.conv1",)
    assert not any(module._forward_pre_hooks for module in wrapper.modules())


def test_a_part_that_is_taken_out_is_not_missed(model):
    """Removing from a part of the network leaves the rest, and the network does not call that a
    loss.
    """
    assert remove_shift(model.layer1) == ("0.conv1",)
    model(frames())
    assert names(model) == SITES[1:]
    assert remove_shift(model) == SITES[1:]


def test_deep_copy_then_remove(model, plain, shifted):
    """A copy that gives the shift up is the plain network in classes, tree and numbers; the
    original keeps it.
    """
    twin = copy.deepcopy(model)
    remove_shift(twin)
    assert torch.equal(twin(frames()), plain)
    assert [type(module) for module in twin.modules()] == [
        type(module) for module in network().modules()
    ]
    assert repr(twin) == repr(network())
    assert set(vars(twin.layer1[0].conv1)) == set(vars(network().layer1[0].conv1))
    torch.testing.assert_close(model(frames()), shifted)


@pytest.mark.parametrize("first", ["shift", "norm"])
@pytest.mark.parametrize("last", ["shift", "norm"])
def test_parametrizations_come_and_go_in_any_order(plain, shifted, first, last):
    """A parametrized layer takes the shift, and one with the shift a parametrization; either may be
    removed first.
    """
    model = network()
    insert = {
        "shift": lambda: insert_shift(model, 4, quiet=True),
        "norm": lambda: with_norm(parametrizations.weight_norm)(model),
    }
    remove = {
        "shift": lambda: remove_shift(model),
        "norm": lambda: [
            parametrize.remove_parametrizations(model.get_submodule(name), "weight")
            for name in SITES
        ],
    }
    insert[first]()
    insert[{"shift": "norm", "norm": "shift"}[first]]()
    torch.testing.assert_close(model(frames()), shifted)
    torch.testing.assert_close(copy.deepcopy(model)(frames()), shifted)
    remove[{"shift": "norm", "norm": "shift"}[last]]()
    torch.testing.assert_close(model(frames()), shifted if last == "shift" else plain)
    remove[last]()
    torch.testing.assert_close(model(frames()), plain)
    assert [type(module) for module in model.modules()] == [
        type(module) for module in network().modules()
    ]


def test_leaf_modules_stay_leaves(model):
    """Tools that visit leaf modules, or run a network's children, count and compute what they did;
    types and names stay.
    """
    leaves = [name for name, module in model.named_modules() if not list(module.children())]
    assert leaves == [
        name for name, module in network().named_modules() if not list(module.children())
    ]
    layer = model.layer1[0].conv1
    assert isinstance(layer, nn.Conv2d)
    assert list(layer.children()) == []
    assert [name for name, _ in model.named_parameters()] == [
        name for name, _ in network().named_parameters()
    ]
    x = torch.randn(4, 16, 3, 3)
    chain = nn.Sequential(*list(model.layer1[0].children())[:2])
    torch.testing.assert_close(
        chain(x), model.layer1[0].bn1(network().layer1[0].conv1(stsm(x, ShiftSpec(), 4)))
    )


def test_shifts_of_tells_what_is_in_place(model):
    """Inserted or by hand, plain or sparse, in wrapped and traced networks; an empty answer where
    there is none.
    """
    first = shifts_of(model)[0]
    assert (
        first.name,
        first.num_segments,
        first.spec,
        first.channels,
        first.moved,
        first.sparse,
    ) == (
        SITES[0],
        4,
        ShiftSpec(),
        16,
        6,
        False,
    )
    by_hand = shifts_of(nn.Sequential(STSM(4), SparseConvSTSM(16, 4)))
    assert [(shift.name, shift.channels, shift.moved, shift.sparse) for shift in by_hand] == [
        ("0", None, None, False),
        ("1", 16, 6, True),
    ]
    assert names(nn.DataParallel(model)) == tuple(f"module.{name}" for name in SITES)
    assert names(torch.compile(model, backend="eager")) == tuple(
        f"_orig_mod.{name}" for name in SITES
    )
    assert names(fx.symbolic_trace(model)) == SITES
    assert (
        names(create_model("tsn_resnet18", num_segments=2, num_classes=2).backbone)[0]
        == "layer1.0.conv1"
    )
    loaded = network()
    loaded.load_state_dict(model.state_dict())
    assert names(loaded) == names(OurResNet(18)) == ()


def test_a_rebuilt_network_tells_by_shifts_of(model):
    """Torch's own oneDNN conversion rebuilds each convolution by `isinstance`: nothing is raised
    there, and `shifts_of` tells.
    """
    assert names(mkldnn.to_mkldnn(model.layer1[0])) == ()
    with pytest.raises(ModelError, match="has lost 1 of 2 shifts"):
        model(frames())


@pytest.mark.parametrize(
    "graph",
    [
        lambda model: torch.jit.trace(model, frames()),
        lambda model: torch.export.export(model, (frames(),)).module(),
    ],
)
def test_what_cannot_be_told_is_refused(model, graph):
    """In a traced or exported graph a shift cannot be told from other operations; that is an error,
    not an empty answer.
    """
    with pytest.raises(ModelError, match="insert"):
        shifts_of(graph(model))
    with pytest.raises(ModelError, match=r"which is not an nn\.Module"):
        shifts_of([model])


@pytest.mark.parametrize(
    "subject",
    [
        network_with_shift,
        lambda: STSM(4),
        lambda: SparseConvSTSM(16, 4),
        lambda: stsm,
        lambda: create_model("tsn_resnet18", num_segments=2),
    ],
    ids=["network", "STSM", "SparseConvSTSM", "stsm", "TSN"],
)
def test_scripting_says_what_to_do_instead(subject):
    """`torch.jit.script` of whatever holds a shift names `torch.jit.trace`."""
    with pytest.raises(
        ModelError, match=r"torch.jit.script cannot compile .*: use torch.jit.trace"
    ):
        torch.jit.script(subject())
