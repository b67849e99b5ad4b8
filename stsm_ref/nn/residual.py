r"""Where a network has residual blocks: read off the sums in each module's own `forward`, not off its names.

A block is a sum of a long branch and a short one out of the same tensor: ``conv2(conv1(x)) + x``, ``conv3(...) + downsample(x)``. The site
is the first convolution that only the long branch runs through (§3.1: "before the first convolutional layer inside the residual block").
"""

import inspect
import operator
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import fx, nn

SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
EVERY_SECOND_FROM = 23
"""TSM thins out stages that are this long: R-101's third has 23 blocks."""


class Reading(NamedTuple):
    """What was found in a model, in the order of its modules."""

    sites: tuple[str, ...]
    skipped: tuple[str, ...]
    unread: tuple[str, ...]


class _OneLevel(fx.Tracer):
    """Traces one module's own `forward`; what it calls stays a call."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return True


def read_residual_blocks(model: nn.Module) -> Reading:
    """Find the site in every residual block of `nn.Conv2d` layers, by TSM's rules.

    Left out by rule, as `skipped`: every second block of each stage where a stage, blocks in a row in one container, has 23 or more. Left
    out silently, since TSM has no place there: blocks that begin with a depthwise convolution (inverted residuals that do not expand).
    `unread` are modules whose `forward` cannot be traced and that put two or more convolutions together themselves.
    """
    block_of: dict[str, str] = {}
    unread = []
    for name, module in model.named_modules():
        if isinstance(module, CONTAINERS) or not _has_convolutions(module):
            continue
        graph = _traced(module)
        if graph is None:
            if _own_convolutions(module) > 1:
                unread.append(name or "(the model itself)")
            continue
        for target in _first_convolutions(graph, module):
            if not _is_depthwise(module.get_submodule(target)):
                # inner modules come later: a sum around whole stages finds the first block's own site, and gives way to it
                block_of[f"{name}.{target}" if name else target] = name
    skipped = _thinned_out(model, block_of)
    sites = [name for name, _ in model.named_modules() if name in block_of and name not in skipped]
    return Reading(tuple(sites), skipped, tuple(unread))


def _has_convolutions(module: nn.Module) -> bool:
    return not isinstance(module, nn.Conv2d) and any(isinstance(m, nn.Conv2d) for m in module.modules())


def _own_convolutions(module: nn.Module) -> int:
    """How many convolutions `module.forward` alone puts together: in containers and in units of one too, not in inner blocks."""
    own = 0
    for child in module.children():
        held = sum(isinstance(part, nn.Conv2d) for part in child.modules())
        if held <= 1:
            own += held
        elif isinstance(child, CONTAINERS):
            own += _own_convolutions(child)
    return own


def _is_depthwise(convolution: nn.Module) -> bool:
    return isinstance(convolution, nn.Conv2d) and convolution.groups == convolution.in_channels > 1


def _traced(module: nn.Module) -> fx.Graph | None:
    """The module's own `forward` as a graph of calls, arguments with defaults left at these; None where it depends on values."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the graph is for these defaults only
            return _OneLevel().trace(module, defaults)
    except Exception:  # someone's forward may raise anything when it is given a stand-in for a tensor
        return None


def _first_convolutions(graph: fx.Graph, module: nn.Module) -> Iterator[str]:
    """For each sum of a long and a short branch, the first convolution on the long one, by its name inside `module`."""
    for node in graph.nodes:
        operands = [arg for arg in node.args if isinstance(arg, fx.Node)]
        if node.op not in ("call_function", "call_method") or node.target not in SUMS or len(operands) != 2:
            continue
        one, other = (_upstream(operand) for operand in operands)
        if all(shared.op == "get_attr" for shared in one & other):
            continue  # two tensors that meet here for the first time
        branches = [
            [name for call in graph.nodes if call in branch for name in _convolutions(call, module)]
            for branch in (one - other, other - one)
        ]
        short, long = sorted(branches, key=len)
        if len(short) < min(len(long), 2):  # nothing or a projection, beside more
            yield long[0]


def _upstream(node: fx.Node) -> set[fx.Node]:
    """The node and all that it depends on."""
    found, waiting = {node}, [node]
    while waiting:
        fresh = set(waiting.pop().all_input_nodes) - found
        found |= fresh
        waiting += fresh
    return found


def _convolutions(node: fx.Node, module: nn.Module) -> list[str]:
    """Names of the convolutions that a call runs through, in their order; none if it calls no module."""
    if node.op != "call_module":
        return []
    target = str(node.target)
    return [
        f"{target}.{name}" if name else target for name, part in module.get_submodule(target).named_modules() if isinstance(part, nn.Conv2d)
    ]


def _thinned_out(model: nn.Module, block_of: dict[str, str]) -> tuple[str, ...]:
    """Sites in every second block of each stage, if TSM's rule applies."""
    stages: dict[str, list[str]] = {}
    for site, block in block_of.items():
        parent = block.rpartition(".")[0]
        if block and isinstance(model.get_submodule(parent), CONTAINERS):
            stages.setdefault(parent, []).append(site)
    if max(map(len, stages.values()), default=0) < EVERY_SECOND_FROM:
        return ()
    return tuple(site for stage in stages.values() for site in stage[1::2])
