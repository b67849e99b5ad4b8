"""`STSM` and `SparseConvSTSM`: what they hold, what they say, what they refuse, and that they are
one map.
"""

import copy
import io
import pickle

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from stsm_ref import ArrayError, ShiftSpec, SpecError, strategies
from stsm_ref.errors import ModelError
from stsm_ref.nn import STSM, SparseConvSTSM, stsm

from .support import LAYOUTS, SPECS, fold, from_numpy, labels, laid_out

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


@pytest.mark.requirement("COST-1")
@pytest.mark.parametrize("module", [STSM(8), SparseConvSTSM(16, 8)], ids=lambda m: type(m).__name__)
def test_nothing_reaches_the_state_dict(module):
    """No parameters, no buffers, an empty state dict, and a strict load of one."""
    assert not list(module.parameters())
    assert not module.state_dict()
    module.load_state_dict({}, strict=True)
    assert not list(module.buffers())


def test_repr_says_it_all():
    """The printed module names its segments and a spec that parses back."""
    spec = ShiftSpec("T+HW", "1/4", "backward-first")
    assert repr(STSM(8, spec)) == "STSM(num_segments=8, spec='T+HW@1/4,backward-first,floor')"
    assert (
        repr(SparseConvSTSM(16, 4, spec))
        == "SparseConvSTSM(channels=16, num_segments=4, spec='T+HW@1/4,backward-first,floor')"
    )


@pytest.mark.parametrize(
    "module",
    [STSM(3, ShiftSpec("THW", 1)), SparseConvSTSM(16, 3, ShiftSpec("THW", 1))],
    ids=lambda m: type(m).__name__,
)
def test_copies_and_pickles(module):
    """A deep copy and a pickled copy do what the original does."""
    x = torch.randn(6, 16, 2, 3)
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(twin(x), module(x))
        assert repr(twin) == repr(module)


@pytest.mark.requirement("CONV-2", "KERN-3D", "PAD-1")
@settings(deadline=None, max_examples=50)
@given(strategies.clip_cases(batch_axes=(1,), values="finite", layouts=("C", "F", "strided")))
def test_twin_is_value_equal(case):
    """On finite values of any dtype that torch convolves the twin gives the values of the shift, in
    the same dtype.
    """
    x = from_numpy(fold(case.x))
    twin = SparseConvSTSM(x.shape[1], case.x.shape[1], case.spec)
    if x.dtype in (torch.bool, torch.uint16, torch.uint32, torch.uint64):
        with pytest.raises(ArrayError, match="which torch does not convolve on cpu"):
            twin(x)
        return
    convolved = twin(x)
    assert convolved.dtype == x.dtype
    assert torch.equal(convolved, stsm(x, case.spec, case.x.shape[1]))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.complex128], ids=str)
def test_twin_in_other_dtypes_and_layouts(dtype, layout):
    """Half precisions and complex numbers are exact too, since a sum of one product does not round;
    channels-last stays so.
    """
    x = laid_out(
        torch.randn(6, 24, 3, 2, dtype=torch.complex64 if dtype.is_complex else torch.float32).to(
            dtype
        ),
        layout,
    )
    for spec in SPECS:
        y = SparseConvSTSM(24, 3, spec)(x)
        assert torch.equal(y, STSM(3, spec)(x))
        assert layout != "channels_last" or y.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.requirement("CONV-2")
def test_twin_is_not_bit_equal():
    """Infinity times the zeros of a kernel is NaN, and -0.0 loses its sign: a convolution is
    arithmetic, a shift is not.
    """
    x = torch.zeros(1, 2, 1, 3)
    x[..., 1] = float("inf")
    assert SparseConvSTSM(2, 1, ShiftSpec("W", 1))(x).isnan().any()
    assert not STSM(1, ShiftSpec("W", 1))(x).isnan().any()
    zeros = torch.full((1, 2, 1, 3), -0.0)
    assert not SparseConvSTSM(2, 1, ShiftSpec("W", 1))(zeros)[0, 0, 0].signbit().any()
    assert STSM(1, ShiftSpec("W", 1))(zeros)[0, 0, 0].signbit().tolist() == [False, True, True]


def test_twin_keeps_its_dtype_under_autocast_and_conversion():
    """Autocast does not lower the twin's precision, and converting the module does not change its
    kernels.
    """
    x = torch.from_numpy(fold(labels((2, 3, 16, 2, 2)))).float()
    twin = SparseConvSTSM(16, 3).half()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(twin(x), STSM(3)(x))


@pytest.mark.parametrize("shape", [(0, 16, 3, 3), (6, 16, 0, 3), (6, 0, 3, 3)])
def test_empty_frames(shape):
    """No clips, no pixels, no channels: both give nothing back, of the right shape."""
    for module in (STSM(3), SparseConvSTSM(shape[1], 3)):
        x = torch.zeros(shape)
        assert module(x).shape == shape
        assert module(x) is not x


@pytest.mark.requirement("GRAD-4")
def test_compiles_inside_a_network():
    """A block with the module compiles in one graph, and trains as the eager one does."""
    block = nn.Sequential(STSM(3, ShiftSpec(alpha=1)), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
    twin = copy.deepcopy(block)
    x = torch.randn(6, 8, 4, 5)
    for network in (block, torch.compile(twin, fullgraph=True)):
        network(x).square().sum().backward()
    torch.testing.assert_close(twin[1].weight.grad, block[1].weight.grad)


EXPORTED = {"x": {0: 3 * torch.export.Dim("n"), 2: torch.export.Dim("h"), 3: torch.export.Dim("w")}}


@pytest.mark.parametrize("spec", [ShiftSpec(), ShiftSpec("T+HW+THW", 1, "backward-first")], ids=str)
def test_exports_for_all_sizes(spec):
    """One exported program, made of views, pads and slices alone, serves other N, H and W: one
    clip, no clip, one pixel.
    """
    program = torch.export.export(
        STSM(3, spec), (torch.randn(6, 32, 4, 5),), dynamic_shapes=EXPORTED
    )
    called = {
        str(node.target)
        for node in program.graph.nodes
        if node.op == "call_function" and "aten" in str(node.target)
    }
    plain = {
        "sym_size.int",
        "split_with_sizes.default",
        "pad.default",
        "reshape.default",
        "narrow.default",
        "flatten.using_ints",
        "cat.default",
    }
    assert called <= {f"aten.{name}" for name in plain}
    for shape in ((6, 32, 4, 5), (3, 32, 1, 1), (15, 32, 7, 2), (0, 32, 3, 3)):
        x = torch.randn(shape)
        assert torch.equal(program.module()(x), STSM(3, spec)(x))


def test_export_keeps_the_rule_that_segments_divide():
    """A batch that is not a multiple of the clip length is refused by the exported program
    as well.
    """
    program = torch.export.export(STSM(3), (torch.randn(6, 16, 4, 5),), dynamic_shapes=EXPORTED)
    with pytest.raises(Exception, match="3"):
        program.module()(torch.randn(7, 16, 4, 5))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: STSM(0), SpecError, "num_segments=0 is less than 1: a clip has 1 frame or more"),
        (lambda: STSM("8"), SpecError, "num_segments='8' is not an integer: give an int"),
        (
            lambda: STSM(8, "T"),
            SpecError,
            "spec='T' is not a ShiftSpec: write ShiftSpec.parse('T+H+W@3/8')",
        ),
        (
            lambda: STSM(8)(torch.zeros(12, 8, 2, 2)),
            ArrayError,
            "num_segments=8 does not divide the leading axis 12",
        ),
        (lambda: SparseConvSTSM(-1, 8), SpecError, "channels=-1 is negative"),
        (lambda: SparseConvSTSM(16, 0), SpecError, "num_segments=0 is less than 1"),
        (
            lambda: SparseConvSTSM(20, 8, ShiftSpec(rounding="exact")),
            SpecError,
            "gives 5/4 channels a direction",
        ),
        (
            lambda: SparseConvSTSM(16, 8)(torch.zeros(8, 12, 2, 2)),
            ArrayError,
            "x has shape (8, 12, 2, 2), and channels=16",
        ),
        (
            lambda: SparseConvSTSM(16, 8)(torch.zeros(12, 16, 2, 2)),
            ArrayError,
            "num_segments=8 does not divide the leading axis 12",
        ),
        (
            lambda: SparseConvSTSM(2, 1)(torch.zeros(1, 2, 2, 2, dtype=torch.bool)),
            ArrayError,
            "x has dtype torch.bool, which torch does not convolve on cpu",
        ),
    ],
)
def test_bad_input(call, error, message):
    """Each bad argument is refused by name, with its value, the rule and the way out."""
    with pytest.raises(error) as raised:
        call()
    assert message in str(raised.value)


def test_twin_has_a_shape_on_meta():
    """On a device without autocast and without values the twin still says what shape comes out."""
    assert SparseConvSTSM(16, 2)(torch.empty(4, 16, 3, 3, device="meta")).shape == (4, 16, 3, 3)


def test_twin_comes_back_from_meta():
    """Built on meta, or sent there, and given memory of a device that nobody filled, it is the
    shift.
    """
    torch.use_deterministic_algorithms(True)  # fills new memory, so that chance does not help
    try:
        with torch.device("meta"):
            built = nn.Sequential(SparseConvSTSM(16, 2))
        for network in (built, nn.Sequential(SparseConvSTSM(16, 2)).to("meta")):
            x = torch.randn(4, 16, 3, 3)
            assert torch.equal(network.to_empty(device="cpu")(x), STSM(2)(x))
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("shift", [STSM(2), SparseConvSTSM(16, 2)], ids=lambda m: type(m).__name__)
def test_symbolic_trace(shift):
    """In a graph of `torch.fx`, both are one call of a module, alone and inside a network."""
    network, x = nn.Sequential(nn.Sequential(shift), nn.Conv2d(16, 8, 1)), torch.randn(6, 16, 3, 5)
    graph = torch.fx.symbolic_trace(network)
    assert [node.target for node in graph.graph.nodes if node.op == "call_module"] == ["0.0", "1"]
    assert torch.equal(graph(x), network(x))


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_twin_compiles_exports_and_traces():
    """Its kernels are made in `forward`, in the compiled graph, the exported program and the trace
    as well.
    """
    twin, sizes = SparseConvSTSM(32, 3), ((6, 32, 4, 5), (9, 32, 1, 2))
    compiled, traced = (
        torch.compile(twin, fullgraph=True),
        torch.jit.trace(twin, torch.randn(6, 32, 4, 5)),
    )
    exported = torch.export.export(
        twin, (torch.randn(6, 32, 4, 5),), dynamic_shapes=EXPORTED
    ).module()
    for call in (compiled, traced, exported):
        for shape in sizes:
            x = torch.randn(shape)
            assert torch.equal(call(x), STSM(3)(x))


@pytest.mark.filterwarnings("ignore")
def test_what_torch_cannot_read_is_refused_with_a_way_out() -> None:
    """Scripting names tracing, for modules, inside of networks and for the function; the old ONNX
    exporter names STSM.
    """

    def scripted(x: torch.Tensor) -> torch.Tensor:
        return stsm(x, ShiftSpec(), 2)

    sparse = SparseConvSTSM(8, 2)
    for script in (STSM(2), sparse, torch.nn.Sequential(STSM(2)), stsm, scripted):
        with pytest.raises(
            ModelError,
            match=r"torch.jit.script cannot compile .*: use torch.jit.trace, whose graph serves",
        ):
            torch.jit.script(script)
    frames = torch.ones(4, 8, 2, 3)
    with pytest.raises(
        ModelError,
        match=r"torch.onnx.export\(dynamo=False\) cannot convolve .*: use STSM, which is the "
        r"same map",
    ):
        torch.onnx.export(sparse, (frames,), io.BytesIO(), dynamo=False)
    torch.testing.assert_close(torch.jit.trace(sparse, frames)(frames), sparse(frames))
