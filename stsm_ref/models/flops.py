r"""What a network costs: parameters and operations, layer by layer, under a named convention
(COST-1, COST-2; Tables 2 to 7).

The paper's "GFLOPs" are what MMCV's counter prints. It adds multiply-accumulates, biases, and one
or two operations an element for normalisation, ReLU and pooling *modules*; a matmul, a sum or a
functional call counts nothing. ``macs`` is the other convention: every multiply-accumulate that a
convolution, a linear map or a matmul really does, whoever calls it, and nothing else.
"""

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, SupportsIndex, get_args

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from stsm_ref import _validation
from stsm_ref._validation import one_of
from stsm_ref.errors import ArrayError, ModelError, StsmError
from stsm_ref.models._arguments import at_least
from stsm_ref.models._countable import refuse_uncountable, why_it_stopped, without_memory
from stsm_ref.models.tsn import TSN
from stsm_ref.nn.shifted import plain_class

Convention = Literal["mmcv", "macs"]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
POOLINGS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
ADAPTIVE_POOLINGS = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
VECTOR_PRODUCTS = {
    torch.ops.aten.mv: 0,
    torch.ops.aten.addmv: 1,
    torch.ops.aten.dot: 0,
    torch.ops.aten.vdot: 0,
}
"""Products with a vector, which torch's table of operations leaves out: one multiply-accumulate an
entry of the argument of this number.
"""


def _convolution(layer: nn.Module, x: Tensor, y: Tensor) -> int:
    """One operation a tap, an input channel of the group and an output element, and one an element
    for the bias.
    """
    assert isinstance(layer, CONVOLUTIONS)
    taps = math.prod(layer.kernel_size) * (layer.in_channels // layer.groups)
    return y.numel() * (taps + (layer.bias is not None))


def _linear(layer: nn.Module, x: Tensor, y: Tensor) -> int:
    """One operation an input feature and an output element; none for the bias."""
    return y.numel() * x.shape[-1]


MMCV_RULES: tuple[
    tuple[tuple[type[nn.Module], ...], Callable[[nn.Module, Tensor, Tensor], int]], ...
] = (
    (CONVOLUTIONS, _convolution),
    ((nn.Linear,), _linear),
    (NORMALISATIONS, lambda layer, x, y: 2 * x.numel()),
    ((nn.ReLU, nn.ReLU6), lambda layer, x, y: y.numel()),
    (POOLINGS + ADAPTIVE_POOLINGS, lambda layer, x, y: x.numel()),
)


@dataclass(frozen=True)
class LayerCost:
    """One module: its name in the network, its kind, the parameters it owns itself, and the
    operations of one pass.
    """

    name: str
    kind: str
    parameters: int
    operations: int


@dataclass(frozen=True)
class Cost:
    r"""What a network costs on one input of `input_shape`, in operations of the `convention` that
    it names.

    `left_out` is the number of multiply-accumulates that the convention does not see, because no
    module that it knows does them: the matmuls of attention, a convolution whose kernel is
    computed. It is 0 under ``macs``.
    """

    model: str
    input_shape: tuple[int, ...]
    convention: Convention
    layers: tuple[LayerCost, ...]
    left_out: int

    @property
    def parameters(self) -> int:
        """Parameters of the whole network."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def operations(self) -> int:
        """Operations of one pass; the paper's "GFLOPs" are these by 10**9, under ``mmcv``."""
        return sum(layer.operations for layer in self.layers)

    def by_depth(self, depth: SupportsIndex) -> "Cost":
        """Add layers up that share the first `depth` parts of their names.

        Raises
        ------
        ModelError
            If `depth` is below 1.
        SpecError
            If it is not an integer.
        """
        parts = at_least(
            "depth", depth, 1, "names are cut after the first part or later, so give 1 or more"
        )
        groups: dict[str, list[LayerCost]] = {}
        for layer in self.layers:
            groups.setdefault(".".join(layer.name.split(".")[:parts]), []).append(layer)
        layers = tuple(
            LayerCost(
                name,
                members[0].kind if len(members) == 1 else "",
                sum(layer.parameters for layer in members),
                sum(layer.operations for layer in members),
            )
            for name, members in groups.items()
        )
        return Cost(self.model, self.input_shape, self.convention, layers, self.left_out)

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers as ``json.dumps`` takes them."""
        return {
            "model": self.model,
            "input_shape": list(self.input_shape),
            "convention": self.convention,
            "operations": self.operations,
            "parameters": self.parameters,
            "left_out": self.left_out,
            "layers": [asdict(layer) for layer in self.layers],
        }

    def __str__(self) -> str:
        """Return a table, one line a layer; `by_depth` makes it short."""
        rows = [("layer", "kind", "parameters", f"operations ({self.convention})")]
        rows += [
            (layer.name, layer.kind, f"{layer.parameters:,}", f"{layer.operations:,}")
            for layer in self.layers
        ]
        rows.append(
            (
                self.model,
                "x".join(map(str, self.input_shape)),
                f"{self.parameters:,}",
                f"{self.operations:,}",
            )
        )
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            (
                f"{name:<{widths[0]}}  {kind:<{widths[1]}}  {parameters:>{widths[2]}}  "
                f"{operations:>{widths[3]}}"
            )
            for name, kind, parameters, operations in rows
        ]
        rule = "-" * len(lines[0])
        lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
        if self.left_out:
            lines.append(
                f"{self.left_out:,} multiply-accumulates left out: mmcv does not see what runs in "
                "no module, macs does"
            )
        return "\n".join(line.rstrip() for line in lines)


def cost(
    model: nn.Module,
    *,
    size: SupportsIndex = 256,
    input_shape: Iterable[SupportsIndex] | None = None,
    dtype: torch.dtype | None = None,
    convention: Convention = "mmcv",
    title: str | None = None,
) -> Cost:
    r"""Count parameters and operations of a network by running it on tensors without memory, in
    eval mode.

    Parameters
    ----------
    model : nn.Module
        Any network; it is not changed.
    size : int
        Height and width of the frames, in pixels, for a network of `create_model`, which is given
        one clip.
    input_shape : tuple of int, optional
        The shape of the input instead: needed for a network of someone else's.
    dtype : torch.dtype, optional
        Of the input; by default that of the parameters. A network that begins with an embedding
        reads ``torch.int64``.
    convention : {"mmcv", "macs"}
        ``mmcv``, which the paper printed: a convolution's MACs and bias, a linear map's MACs
        without bias, BatchNorm 2 an element, ReLU 1 an output element, pooling modules 1 an input
        element; nothing else. ``macs``: multiply-accumulates of every convolution, linear map and
        matmul, in a module or not.
    title : str, optional
        What to call the network; by default its class.

    Returns
    -------
    Cost
        In operations of that convention: MACs, and not two FLOPs for each.

    Raises
    ------
    ModelError
        If the convention is unknown, or `input_shape` is needed; or if `model` cannot be counted,
        with the part that stopped and the way out: it is not an `nn.Module`, is scripted, has lazy
        layers, depends on values, or does not take such an input.
    ArrayError
        If `size` is below 1, or `input_shape` is not a sequence of sizes, or `dtype` is none of
        torch's.
    SpecError
        If `size` is not an integer.

    Notes
    -----
    Tables 2 to 7. STSM has no parameters (COST-1) and multiplies nothing (COST-2): a network costs
    the same with it and without.

    >>> cost(nn.Conv2d(3, 8, 3, padding=1), input_shape=(1, 3, 4, 4)).operations   # 128 outputs, 27 taps and a bias each
    3584
    >>> cost(nn.Conv2d(3, 8, 3, padding=1), input_shape=(1, 3, 4, 4), convention="macs").operations
    3456
    """
    one_of(
        "convention",
        convention,
        get_args(Convention),
        error=ModelError,
        way_out="say what is counted",
    )
    if dtype is not None and not isinstance(dtype, torch.dtype):
        raise ArrayError(
            f"dtype={dtype!r} is not a dtype of torch: say what the network reads, such as "
            "torch.int64"
        )
    refuse_uncountable(model)
    shape = _one_clip(model, size) if input_shape is None else _checked_shape(input_shape)
    shapes = without_memory(model)
    counts = _Counts(shapes)
    read = dtype or next(
        (p.dtype for p in shapes.parameters() if p.is_floating_point()), torch.float32
    )
    try:
        with counts, torch.no_grad(), torch.device("meta"):
            shapes(torch.empty(shape, dtype=read))
    except StsmError:
        raise
    except Exception as error:  # someone's network may raise anything
        raise ModelError(
            why_it_stopped(shapes, counts.running[-1], (shape, read), error)
        ) from error
    layers = []
    for name, module in shapes.named_modules():
        owned = sum(
            p.numel() for p in module.parameters(recurse=False) if counts.first_owner[p] is module
        )
        operations = (counts.mmcv if convention == "mmcv" else counts.macs).get(module, 0)
        if owned or operations:
            layers.append(
                LayerCost(name or "(network)", plain_class(module).__name__, owned, operations)
            )
    left_out = counts.left_out() if convention == "mmcv" else 0
    return Cost(
        type(model).__name__ if title is None else str(title),
        shape,
        convention,
        tuple(layers),
        left_out,
    )


def _one_clip(model: nn.Module, size: SupportsIndex) -> tuple[int, ...]:
    """Return the shape of one clip of frames of that size."""
    if not isinstance(model, TSN):
        raise ModelError(
            f"model={type(model).__name__} is not a network of create_model: say what it reads: "
            "input_shape=(8, 3, 224, 224)"
        )
    pixels = _validation.at_least(
        "size", size, 1, "frames are size x size pixels, so give 1 or more", error=ArrayError
    )
    return (1, model.num_segments * model.frames_per_segment, 3, pixels, pixels)


def _checked_shape(input_shape: Iterable[SupportsIndex]) -> tuple[int, ...]:
    """Return the shape as a tuple of sizes from 0 up."""
    try:
        shape = tuple(operator.index(size) for size in input_shape)
    except TypeError:
        raise ArrayError(
            f"input_shape={input_shape!r} is not a sequence of integers: say what the network "
            "reads, (8, 3, 224, 224)"
        ) from None
    if any(size < 0 for size in shape):
        raise ArrayError(
            f"input_shape={shape} has a negative size: say what the network reads, as in (8, 3, "
            "224, 224)"
        )
    return shape


class _Counts(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves its __init_subclass__ untyped
    """Counts by module: `mmcv` from what a module's type, input and output say, `macs` from the
    operators that torch runs.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # and its __init__
        self.mmcv: dict[nn.Module, int] = {}
        self.macs: dict[nn.Module, int] = {}
        self.running: list[nn.Module] = [model]
        self.first_owner: dict[nn.Parameter, nn.Module] = {}
        for module in model.modules():
            module.register_forward_pre_hook(
                lambda module, _: self.running.append(module), prepend=True
            )
            module.register_forward_hook(self._leave, with_kwargs=True)
            for parameter in module.parameters(recurse=False):
                self.first_owner.setdefault(parameter, module)

    def _leave(
        self, module: nn.Module, args: tuple[Any, ...], named: dict[str, Any], y: Any
    ) -> None:
        self.running.pop()
        for kinds, count in MMCV_RULES:
            if isinstance(module, kinds):
                self.mmcv[module] = self.mmcv.get(module, 0) + count(
                    module, next(iter((*args, *named.values()))), y
                )

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if (flops := flop_registry.get(func.overloadpacket)) is not None:
            # torch counts a multiplication and its addition as two
            self.macs[self.running[-1]] = (
                self.macs.get(self.running[-1], 0)
                + flops(*args, **(kwargs or {}), out_val=out) // 2
            )
        elif (factor := VECTOR_PRODUCTS.get(func.overloadpacket)) is not None:
            self.macs[self.running[-1]] = self.macs.get(self.running[-1], 0) + args[factor].numel()
        return out

    def left_out(self) -> int:
        """Return the multiply-accumulates that ran outside the modules of the mmcv rules."""
        return sum(macs for module, macs in self.macs.items() if module not in self.mmcv)
