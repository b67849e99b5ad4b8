"""The counter itself: its rules on single layers, its totals against torch's own counter, its table
and its errors.
"""

import json
import threading
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere
from torch.utils.flop_counter import FlopCounterMode

from stsm_ref.errors import ArrayError, ModelError, SpecError
from stsm_ref.models import cost, create_model, list_models, model_cost

SINGLE_LAYERS = [
    # layer, input, operations under mmcv, operations under macs
    (nn.Conv2d(4, 6, 3, padding=1), (2, 4, 5, 7), 2 * 6 * 35 * (4 * 9 + 1), 2 * 6 * 35 * 4 * 9),
    (
        nn.Conv2d(4, 6, 3, padding=1, bias=False),
        (2, 4, 5, 7),
        2 * 6 * 35 * 4 * 9,
        2 * 6 * 35 * 4 * 9,
    ),
    (
        nn.Conv2d(4, 8, (1, 3), stride=2, groups=4, bias=False),
        (1, 4, 5, 7),
        8 * 3 * 3 * 3,
        8 * 3 * 3 * 3,
    ),
    (nn.Conv1d(4, 4, 3, padding=1, groups=4, bias=False), (2, 4, 9), 2 * 4 * 9 * 3, 2 * 4 * 9 * 3),
    (nn.Conv3d(4, 2, 1), (1, 4, 3, 5, 7), 2 * 105 * 5, 2 * 105 * 4),
    (nn.Linear(5, 3), (2, 4, 5), 2 * 4 * 5 * 3, 2 * 4 * 5 * 3),
    (nn.BatchNorm2d(4), (2, 4, 5, 7), 2 * 280, 0),
    (nn.ReLU(), (2, 4, 5, 7), 280, 0),
    (nn.ReLU6(), (2, 4, 5, 7), 280, 0),
    (nn.MaxPool2d(2), (2, 4, 6, 8), 2 * 4 * 48, 0),
    (nn.AvgPool2d(2), (2, 4, 6, 8), 2 * 4 * 48, 0),
    (nn.AdaptiveAvgPool2d(1), (2, 4, 5, 7), 280, 0),
    (nn.Sigmoid(), (2, 4), 0, 0),
    (nn.Softmax(-1), (2, 4), 0, 0),
    (nn.Dropout(), (2, 4), 0, 0),
]


@pytest.mark.parametrize(
    ("layer", "shape", "mmcv", "macs"), SINGLE_LAYERS, ids=lambda value: type(value).__name__
)
def test_rules_on_single_layers(
    layer: nn.Module, shape: tuple[int, ...], mmcv: int, macs: int
) -> None:
    """Each kind of layer counts what the convention says of it, bias and groups included."""
    assert cost(layer, input_shape=shape, convention="mmcv").operations == mmcv
    assert cost(layer, input_shape=shape, convention="macs").operations == macs


@pytest.mark.parametrize("name", list_models())
def test_macs_are_half_of_the_flops_that_torch_counts(name: str) -> None:
    """On every host the total under macs is half of what torch's FlopCounterMode counts."""
    with torch.device("meta"):
        model = create_model(name, num_segments=2, num_classes=5).eval()
        clip = torch.zeros(1, 2 * model.frames_per_segment, 3, 64, 64)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(clip)
    total = cost(model, size=64, convention="macs")
    assert 2 * total.operations == counter.get_total_flops()
    assert total.input_shape == tuple(clip.shape)


@pytest.mark.parametrize("name", list_models())
def test_parameters_by_layer_add_up(name: str) -> None:
    """The layers' parameters add up to the network's."""
    with torch.device("meta"):
        model = create_model(name)
    assert cost(model, size=64).parameters == sum(p.numel() for p in model.parameters())


def test_a_shared_layer_owns_its_parameters_once_and_costs_each_time() -> None:
    """A layer used twice has its parameters counted once and its operations twice."""
    layer = nn.Linear(4, 4, bias=False)
    network = nn.Sequential(layer, nn.ReLU(), layer)
    total = cost(network, input_shape=(1, 4), convention="macs")
    assert (total.parameters, total.operations) == (16, 32)
    assert layer.weight.device.type == "cpu"


def test_tied_weights_are_owned_once() -> None:
    """Two layers with one weight between them count it once."""
    first, second = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    second.weight = first.weight
    total = cost(nn.Sequential(first, second), input_shape=(1, 4), convention="macs")
    assert (total.parameters, total.operations) == (16, 32)


def test_layers_called_by_keyword_count_too() -> None:
    """A layer that is handed its input by name costs the same."""

    class ByName(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self[0](input=x)

    for convention in ("mmcv", "macs"):
        assert (
            cost(ByName(nn.Linear(4, 3)), input_shape=(2, 4), convention=convention).operations
            == 24
        )


def test_counting_leaves_the_network_as_it_was() -> None:
    """Counting changes no tensor, no mode and no hook, of a network that is half in training."""
    model = create_model("tsn_resnet18", num_segments=2, num_classes=5)
    model.head.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    hooks = [
        (len(module._forward_hooks), len(module._forward_pre_hooks)) for module in model.modules()
    ]
    cost(model, size=32)
    assert (model.backbone.training, model.head.training, model.head.dropout.training) == (
        True,
        False,
        False,
    )
    assert [
        (len(module._forward_hooks), len(module._forward_pre_hooks)) for module in model.modules()
    ] == hooks
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)


def test_a_sparse_convolution_does_multiply() -> None:
    """A shift written as a grouped convolution is not free: macs sees its two taps an element, and
    mmcv says what it leaves out.
    """

    class OneHot(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weights = x.new_tensor([1.0, 0.0]).expand(16, 1, 1, 2)
            return F.conv2d(F.pad(x, (1, 0)), weights, groups=16)

    shape = (4, 16, 5, 7)
    assert cost(OneHot(), input_shape=shape, convention="macs").operations == 2 * 4 * 16 * 35
    total = cost(OneHot(), input_shape=shape, convention="mmcv")
    assert (total.operations, total.left_out) == (0, 2 * 4 * 16 * 35)


def test_table_and_dict_say_the_same() -> None:
    """The table ends in the totals with their convention, and the dict goes through JSON
    unchanged.
    """
    total = model_cost("tsn_resnet18", shift="tsm", num_segments=2, size=64, num_classes=5)
    lines = str(total).splitlines()
    assert lines[0].split()[:3] == ["layer", "kind", "parameters"]
    assert lines[0].endswith("operations (mmcv)")
    assert lines[-1].startswith("tsn_resnet18 shift=tsm")
    assert lines[-1].endswith(f"{total.operations:,}")
    read = json.loads(json.dumps(total.as_dict()))
    assert (read["operations"], read["parameters"], read["convention"]) == (
        total.operations,
        total.parameters,
        "mmcv",
    )
    assert sum(layer["operations"] for layer in read["layers"]) == total.operations


def test_layers_group_by_depth_without_loss() -> None:
    """Grouping by the first parts of the names keeps the totals."""
    total = model_cost("tsn_resnet18", num_segments=2, size=64)
    short = total.by_depth(2)
    assert [layer.name for layer in short.layers][-3:] == [
        "backbone.layer4",
        "head.pool",
        "head.fc",
    ]
    assert (short.operations, short.parameters) == (total.operations, total.parameters)
    with pytest.raises(
        ModelError,
        match=r"depth=0 is less than 1: names are cut after the first part or later, so give 1 "
        r"or more",
    ):
        total.by_depth(0)


def test_sizes_and_depths_are_whole_numbers() -> None:
    """A size, an input shape and a depth that are no integers are refused with their value,
    before anything runs.
    """
    model = create_model("tsn_resnet18", num_segments=2)
    with pytest.raises(SpecError, match=r"^size=2.5 is not an integer: give an int$"):
        cost(model, size=2.5)
    with pytest.raises(SpecError, match=r"^size='a' is not an integer: give an int$"):
        model_cost("tsn_resnet18", size="a")
    for shape, shown in (("abc", "'abc'"), (5, "5"), ((1, 2.0), r"\(1, 2.0\)")):
        with pytest.raises(
            ArrayError,
            match=rf"^input_shape={shown} is not a sequence of integers: say what the network reads",
        ):
            cost(nn.Linear(2, 2), input_shape=shape)
    with pytest.raises(
        ArrayError,
        match=r"^input_shape=\(-1, 2\) has a negative size: say what the network reads, as in "
        r"\(8, 3, 224, 224\)$",
    ):
        cost(nn.Linear(2, 2), input_shape=(-1, 2))
    for depth in ("a", 1.5):
        with pytest.raises(SpecError, match=rf"^depth={depth!r} is not an integer: give an int$"):
            cost(nn.Linear(2, 2), input_shape=(1, 2)).by_depth(depth)


def test_wrong_use_is_refused_by_value() -> None:
    """An unknown convention, a network without a known input and a size of nothing are refused."""
    model = create_model("tsn_resnet18", num_segments=2)
    with pytest.raises(
        ModelError, match=r"convention='flops' is not one of 'mmcv', 'macs': say what is counted"
    ):
        cost(model, convention="flops")
    with pytest.raises(
        ModelError,
        match=r"model=Linear is not a network of create_model: say what it reads: input_shape=",
    ):
        cost(nn.Linear(2, 2))
    with pytest.raises(ArrayError, match=r"size=0 is less than 1: frames are size x size pixels"):
        cost(model, size=0)
    with pytest.raises(
        ArrayError,
        match=r"x has frames of 32x32: this network pools them away, so give 33x33 or more",
    ):
        model_cost("tdn_resnet50", size=32)
    assert model.training


class Applied(nn.Module):
    """A network that is one function, with layers or tensors of its own."""

    def __init__(self, function: Callable[..., torch.Tensor], **parts: object) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it."""
        return self.function(self, x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            lambda: Applied(lambda _, x: x if x.sum() > 0 else -x),
            r"^model \(Applied\) .* \(Tensor.item.*\): what it does depends on values, and here",
        ),
        (
            lambda: Applied(lambda _, x: x[x > 0]),
            r"^model \(Applied\) .*nonzero.*: what it does depends on values, .* count the parts "
            r"that it chooses",
        ),
        (
            lambda: Applied(lambda _, x: torch.from_numpy(x.numpy())),
            r"can't convert meta device.*: what it does depends on values",
        ),
        (
            lambda: nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 4)),
            r"^model.0 \(Embedding\) cannot be counted on an input of shape \(2, 2\) and "
            r"torch.float32 .*, say dtype=torch.int64$",
        ),
        (
            lambda: nn.Sequential(nn.ReLU(), nn.LazyLinear(4)),
            r"^model.1 is a LazyLinear, which has no shape before its first input: run the "
            r"network once on a real input$",
        ),
        (
            lambda: torch.jit.trace(nn.Linear(2, 2), torch.zeros(2, 2)),
            r"^model is scripted or traced, .*: count the network that it was made from$",
        ),
        (
            lambda: nn.Linear(3, 3),
            r"^model \(Linear\) cannot be counted .*: say the input that it reads: one tensor, as "
            r"in input_shape=\(8, 3",
        ),
        (
            lambda: nn.Bilinear(2, 2, 2),
            r"missing 1 required positional argument.*: say the input that it reads: one tensor",
        ),
        (
            lambda: Applied(lambda _, x: x, lock=threading.Lock()),
            r"^model=Applied cannot be copied, and counting runs on a copy \(cannot pickle",
        ),
        (
            lambda: nn.Linear,
            r"^model=<class '.*Linear'> has type type, which is not an nn.Module: give the "
            r"network itself$",
        ),
        (lambda: None, r"^model=None has type NoneType, which is not an nn.Module"),
    ],
    ids=[
        "a choice",
        "a mask",
        "numpy",
        "embedding",
        "lazy",
        "traced",
        "another width",
        "two inputs",
        "a lock",
        "a class",
        "none",
    ],
)
def test_what_cannot_be_counted_is_told_with_the_way_out(
    model: Callable[[], nn.Module], message: str
) -> None:
    """A network that depends on values, reads integers, has no shape yet or takes another input
    names its part and what to do.
    """
    with pytest.raises(ModelError, match=message) as caught:
        cost(model(), input_shape=(2, 2))
    assert len(str(caught.value)) < 500


def test_an_input_of_integers_is_counted_when_said_so() -> None:
    """With the dtype that it reads, a network that begins with an embedding is counted; what is no
    dtype is refused.
    """
    network = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 4))
    assert (
        cost(network, input_shape=(2, 2), dtype=torch.int64, convention="macs").operations
        == 4 * 3 * 4
    )
    with pytest.raises(
        ArrayError,
        match=r"^dtype='int64' is not a dtype of torch: say what the network reads, such as "
        r"torch.int64$",
    ):
        cost(network, input_shape=(2, 2), dtype="int64")


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_constants_and_computed_weights_do_not_stop_the_count() -> None:
    """Tensors that a network makes, holds beside its parameters, or computes from them are counted
    on like the others.
    """
    for network in (
        Applied(lambda _, x: x * torch.ones(2)),
        Applied(lambda self, x: x * self.scale, scale=torch.ones(2)),
        Applied(
            lambda self, x: self.layer(x), layer=nn.utils.weight_norm(nn.Linear(2, 2, bias=False))
        ),
    ):
        assert cost(network, input_shape=(3, 2), convention="macs").operations == (
            12 if hasattr(network, "layer") else 0
        )


@pytest.mark.parametrize(
    ("function", "shape", "macs"),
    [
        (lambda _, x: x @ x[0], (3, 2), 6),
        (lambda _, x: torch.addmv(x[:, 0], x, x[0]), (3, 2), 6),
        (lambda _, x: x @ x, (5,), 5),
        (lambda _, x: torch.vdot(x, x), (5,), 5),
        (lambda _, x: torch.einsum("ab,cb->ac", x, x), (3, 2), 18),
    ],
    ids=["mv", "addmv", "dot", "vdot", "einsum"],
)
def test_products_with_a_vector_count_too(
    function: Callable[..., torch.Tensor], shape: tuple[int, ...], macs: int
) -> None:
    """A matrix by a vector and a vector by a vector multiply under macs, and are told as left out
    under mmcv.
    """
    assert cost(Applied(function), input_shape=shape, convention="macs").operations == macs
    assert cost(Applied(function), input_shape=shape, convention="mmcv").left_out == macs
