"""Where the shift goes in blocks of other shapes than ResNet's: the right place, or a reason by
name.
"""

import copy

import pytest
import torch
from torch import fx, nn

from stsm_ref.errors import ModelError
from stsm_ref.nn import STSM, insert_shift

from . import blocks
from .networks import Bottleneck, InvertedResidual, ResNet


def reading(block, *, beside=True):
    """Sites in a block, and why it is left out; beside an ordinary block, so that something is
    found.
    """
    model = nn.Sequential(block, blocks.Plain()) if beside else block
    report = insert_shift(model, 4, quiet=True)
    names = [site.name for site in report.sites]
    assert not beside or names.pop() == "1.conv1"
    return [name.removeprefix("0.") for name in names], [
        (left.name, left.reason) for left in report.left_out
    ]


@pytest.mark.parametrize(
    ("block", "sites"),
    [
        (blocks.Plain, ["conv1"]),
        (blocks.GateLater, ["conv1"]),
        (blocks.SpatialGateFirst, ["conv1", "mask"]),
        (blocks.WithContext, ["conv1"]),
        (blocks.Res2Net, ["conv1"]),
        (blocks.Parallel, ["large.0", "small.0"]),
        (blocks.Stacked, ["large.0", "small.0"]),
        (blocks.Inception, ["one", "two.0"]),
        (blocks.LongSkip, ["body.0.conv1", "body.1.conv1"]),
        (lambda: blocks.LongSkip(head=True), ["body.1.conv1", "body.2.conv1"]),
        (lambda: blocks.SumOfSequence(blocks.conv(), nn.ReLU(), blocks.conv()), ["0"]),
        *(
            (lambda spelling=spelling: blocks.BySpelling(spelling), ["conv1"])
            for spelling in ("named", "stack", "stack, dim", "module", "python")
        ),
    ],
)
def test_sites(block, sites):
    """Every convolution that the block's input reaches first, no other, and nothing in sums inside
    the block.
    """
    found, left_out = reading(block())
    assert (sorted(found), left_out) == (sorted(sites), [])


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (blocks.Depthwise, "begins with a depthwise convolution"),
        (lambda: InvertedResidual(16, 16, 1, 1), "begins with a depthwise convolution"),
        (
            blocks.GateFirst,
            "has several convolutions that its input reaches, not all of them alike: "
            "'0.gate.fc1', '0.conv1'",
        ),
        (
            lambda: blocks.GateFirst(nn.Linear),
            "begins with '0.gate.fc1', '0.conv1', of which one is 'gate.fc1', a Linear",
        ),
        (
            blocks.Attention,
            "has several convolutions that its input reaches, not all of them alike: '0.query', "
            "'0.key', '0.value'",
        ),
        (
            blocks.Context,
            "has several convolutions that its input reaches, not all of them alike: '0.logits', "
            "'0.add'",
        ),
        (
            blocks.Mixed,
            "has several convolutions that its input reaches, not all of them alike: '0.small', "
            "'0.large'",
        ),
        (
            blocks.Dense,
            "has several convolutions that its input reaches, not all of them alike: '0.a', '0.b'",
        ),
        (blocks.TransposedFirst, "begins with 'up', a ConvTranspose2d"),
        (blocks.FunctionFirst, "begins with the function conv2d"),
        (blocks.OpaqueFirst, "begins with 'mixing', an Opaque whose forward cannot be read"),
        (blocks.Pyramid, "merges features of two sizes"),
    ],
)
def test_left_out_with_a_reason(block, reason):
    """What cannot be said to be the branch's first convolution gets no shift, and the report says
    why.
    """
    assert reading(block()) == ([], [("0", reason)])


def test_left_out_blocks_stand_in_the_printed_report():
    """One line a reason, with the names of the blocks."""
    report = insert_shift(
        nn.Sequential(blocks.Depthwise(), blocks.Depthwise(), blocks.Plain()), 4, quiet=True
    )
    assert (
        str(report).splitlines()[-1]
        == "left out, since the block begins with a depthwise convolution: 0, 1"
    )


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            lambda: nn.Sequential(nn.Conv2d(3, 16, 1), *(blocks.Depthwise() for _ in range(4))),
            "model=Sequential has 4 residual blocks, none of which takes the shift by itself (4 "
            "left out, since the block begins with a "
            "depthwise convolution: 1, 2, 3, ...): name the convolutions, sites=['1.dw', '1.pw1', "
            "'1.pw2', ...]",
        ),
        (
            lambda: nn.Sequential(nn.Conv2d(3, 16, 1), nn.ReLU(), nn.Conv2d(16, 8, 1)),
            "model=Sequential has no residual block of nn.Conv2d layers that could be found: name "
            "the convolutions, sites=['2', ...]",
        ),
        (
            lambda: torch.jit.trace(blocks.Plain(), torch.zeros(4, 16, 3, 3)),
            "model is a TopLevelTracedModule, compiled by torch.jit: insert the shift first, "
            "script or trace after",
        ),
        (
            lambda: torch.jit.script(blocks.Plain()),
            "model is a RecursiveScriptModule, compiled by torch.jit: insert the shift first",
        ),
        (
            lambda: torch.export.export(blocks.Plain(), (torch.zeros(4, 16, 3, 3),)),
            "model is an ExportedProgram, a finished graph: insert the shift into the network "
            "first, export it after",
        ),
        (
            lambda: torch.export.export(blocks.Plain(), (torch.zeros(4, 16, 3, 3),)).module(),
            "model is the graph of an exported program, which has operations and no layers: "
            "insert first, export after",
        ),
    ],
    ids=["depthwise", "no block", "traced", "scripted", "program", "exported"],
)
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_where_nothing_is_found_the_reason_is_this_models(model, message):
    """The message counts what was found, says what the model is, and names layers that it has."""
    with pytest.raises(ModelError) as raised:
        insert_shift(model(), 4)
    assert message in str(raised.value)


def test_lazy_layers():
    """A layer that does not know its channels yet is refused as that, and taken after a first
    batch.
    """
    model = nn.Sequential(nn.LazyConv2d(8, 1), nn.ReLU())
    with pytest.raises(
        ModelError,
        match=r"site '0' is lazy and knows its channels only after a first batch: run "
        r"model\(frames\) once",
    ):
        insert_shift(model, 4, sites=["0"])
    model(torch.zeros(4, 16, 2, 2))
    assert insert_shift(model, 4, sites=["0"], quiet=True).sites[0].moved == 6


def test_graphs_of_whole_networks():
    """Traced by `torch.fx` into one graph, a network has the sites that it had as modules."""
    for model in (
        nn.Sequential(
            ResNet((2,)).layer1, blocks.LongSkip(), blocks.Res2Net(), blocks.WithContext()
        ),
        ResNet((2, 1)),
    ):
        want = [
            site.name
            for site in insert_shift(copy.deepcopy(model), 4, quiet=True, sites=None).sites
        ]
        if isinstance(model, ResNet):
            assert [
                site.name for site in insert_shift(fx.symbolic_trace(model), 4, quiet=True).sites
            ] == want
        else:
            assert want == [
                "0.0.conv1",
                "0.1.conv1",
                "1.body.0.conv1",
                "1.body.1.conv1",
                "2.conv1",
                "3.conv1",
            ]


def test_parallel_branches_are_the_branch_on_shifted_frames():
    """With the shift before each of the parallel entries, the block is: identity of x plus both
    branches of shift(x).
    """
    block, x = blocks.Parallel().eval(), torch.randn(4, 16, 3, 3)
    plain = copy.deepcopy(block)
    insert_shift(block, 4, quiet=True)
    moved = STSM(4)(x)
    torch.testing.assert_close(
        block(x), torch.relu(plain.identity(x) + plain.large(moved) + plain.small(moved))
    )


def test_an_adapter_by_hand_is_one_convolution():
    """The base and the adapter beside it both see shifted frames; the adapter is no residual block
    of its own.
    """
    block, x = Bottleneck(16, 4).eval(), torch.randn(4, 16, 3, 3)
    block.conv1 = blocks.Adapted(block.conv1)
    plain = copy.deepcopy(block.conv1)
    assert reading(block, beside=False) == (["conv1.base", "conv1.down"], [])
    torch.testing.assert_close(block.conv1(x), plain(STSM(4)(x)))


def test_an_adapter_as_peft_writes_it_is_one_convolution():
    """The site is the adapter itself, by default and by name; its base alone is refused, with the
    way out.
    """
    block, x = Bottleneck(16, 4).eval(), torch.randn(4, 16, 3, 3)
    block.conv1 = blocks.PeftLike(block.conv1)
    plain = copy.deepcopy(block.conv1)
    with pytest.raises(
        ModelError,
        match=r"'conv1.base_layer' is the base of the adapter 'conv1', whose own weights .*: name "
        r"'conv1'",
    ):
        insert_shift(block, 4, sites=["conv1.base_layer"])
    assert (
        insert_shift(copy.deepcopy(block), 4, sites=["conv1"], quiet=True).sites[0].channels == 16
    )
    assert reading(block, beside=False) == (["conv1"], [])
    torch.testing.assert_close(block.conv1(x), plain(STSM(4)(x)))
