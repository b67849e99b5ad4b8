r"""Where a network has residual blocks: read off the sums in each module's own `forward`, not off
its names.

A block is a sum of a branch and a shortcut out of the same tensor: ``conv2(conv1(x)) + x``,
``conv3(...) + downsample(x)``. The site is the convolution that the branch reaches from the block's
input before it has passed another (§3.1: "before the first convolutional layer inside the residual
block"), whatever the order in which `forward` computes things. What the branch's convolutions are
is `stsm_ref.nn.branches`'s affair; here stand what makes a block, and which of nested sums is one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from torch import fx, nn

from stsm_ref.nn.branches import Branches, Entry, convolution_of, only_holds, upstream
from stsm_ref.nn.operations import CONTAINERS

__all__ = ["EVERY_SECOND_FROM", "LeftOut", "Reading", "convolution_of", "read_residual_blocks"]

EVERY_SECOND_FROM = 23
"""TSM thins out stages that are this long: R-101's third has 23 blocks."""
ITSELF = "(the model itself)"


class LeftOut(NamedTuple):
    """A residual block that gets no shift by itself, and why: "the block ..."."""

    name: str
    reason: str


class Reading(NamedTuple):
    """What was found in a model, in the order of its modules."""

    sites: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    untraceable: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Sum:
    """A sum of branches and a shortcut in the `forward` of the module `owner`."""

    owner: str
    node: fx.Node
    branch: frozenset[fx.Node]
    """What is computed on the way from the block's input to the sum, the shortcut left out."""
    entries: tuple[Entry, ...]
    """Convolutions, and what takes the place of one, that the branch reaches before it has passed
    another.
    """
    resized: bool
    """Whether one side of the sum is brought to another size, as a decoder does with its coarser
    features.
    """

    def holds(self, other: "Sum") -> bool:
        """Whether the other sum is computed inside this one's branch."""
        if other.owner == self.owner:
            return other.node is not self.node and other.node in self.branch
        return any(
            other.owner == name or other.owner.startswith(f"{name}.") for name in self._called()
        )

    def _called(self) -> Iterator[str]:
        """Names of the modules that the branch calls."""
        for node in self.branch:
            if node.op == "call_module":
                yield _join(self.owner, str(node.target))

    @property
    def first(self) -> set[str]:
        """Names of the entries that no other convolution's result reaches."""
        return {entry.name for entry in self.entries if not entry.mixed}


def read_residual_blocks(model: nn.Module) -> Reading:
    """Find the sites in every residual block of `nn.Conv2d` layers, by TSM's rules.

    Left out by rule, as `skipped`: every second block of each stage where a stage, blocks in a row
    in one container, has 23 or more. Left out with a reason, as `left_out`: blocks that begin with
    a depthwise convolution, where TSM has no place; with something that is not an `nn.Conv2d`; or
    with several convolutions of which it cannot be said that shifting each is shifting the branch.
    `untraceable` are modules whose `forward` cannot be traced and that put two or more convolutions
    together themselves.
    """
    branches = Branches()
    untraceable: list[str] = []
    sums: list[Sum] = []
    for name, module in model.named_modules():
        if only_holds(module) or not _has_convolutions(module) or _inside_a_layer(model, name):
            continue
        graph = branches.graph_of(module)
        if graph is not None:
            sums += reversed(
                list(_sums(branches, name, module, graph))
            )  # what is summed last holds what is summed first
        elif _own_convolutions(module) > 1:
            untraceable.append(name or ITSELF)
    block_of: dict[str, Sum] = {}
    left_out = []
    for block in _outermost(model, sums):
        reason = _why_not(model, block)
        if reason:
            left_out.append(LeftOut(block.owner or ITSELF, reason))
        else:
            block_of |= {entry.name: block for entry in block.entries}
    skipped = _thinned_out(model, block_of)
    places = {name: i for i, (name, _) in enumerate(model.named_modules())}
    sites = sorted((name for name in block_of if name not in skipped), key=places.__getitem__)
    return Reading(tuple(sites), skipped, tuple(untraceable), tuple(dict.fromkeys(left_out)))


def _has_convolutions(module: nn.Module) -> bool:
    return convolution_of(module) is None and any(
        isinstance(m, nn.Conv2d) for m in module.modules()
    )


def _inside_a_layer(model: nn.Module, name: str) -> bool:
    """Whether a module is part of an adapter, which counts as the convolution that it adapts."""
    parts = name.split(".")
    return any(
        convolution_of(model.get_submodule(".".join(parts[:i]))) is not None
        for i in range(len(parts))
        if i
    )


def _own_convolutions(module: nn.Module) -> int:
    """How many convolutions `module.forward` alone puts together: in containers and in units of one
    too, not in inner blocks.
    """
    own = 0
    for child in module.children():
        held = (
            1
            if convolution_of(child) is not None
            else sum(isinstance(part, nn.Conv2d) for part in child.modules())
        )
        if held <= 1:
            own += held
        elif isinstance(child, CONTAINERS):
            own += _own_convolutions(child)
    return own


def _sums(branches: Branches, owner: str, module: nn.Module, graph: fx.Graph) -> Iterator[Sum]:
    """Every sum of convolutions and a shortcut, in the order of computing."""
    for node in graph.nodes:
        terms = branches.terms_of(node, module)
        if len(terms) < 2:
            continue
        above = [upstream(term) for term in terms]
        shared = frozenset.intersection(*above)
        inputs = branches.tensors_used(shared, frozenset.union(*above) - shared)
        if not inputs:
            continue  # tensors that meet here for the first time
        own = [nodes - shared for nodes in above]
        counts = [branches.count(nodes, module) for nodes in own]
        shortcut = _shortcut(counts)
        if shortcut is None:
            continue
        long = frozenset().union(
            *(nodes for nodes, count in zip(own, counts, strict=True) if count > counts[shortcut])
        )
        if counts[shortcut] and branches.is_linear(long, module):
            continue  # an adapter beside its convolution: together they are one
        if not branches.has_conv2d(long, module):
            continue
        resized = branches.resizes(long, module) != branches.resizes(own[shortcut], module)
        entries = tuple(
            entry.under(owner)
            for entry in branches.entries(graph, module, inputs, long, term_nodes=terms)
        )
        yield Sum(owner, node, long, entries, resized)


def _shortcut(counts: list[int]) -> int | None:
    """Which term of a sum is the shortcut, by how many convolutions each runs through: none, or one
    (a projection) beside several.
    """
    if not any(counts):
        return None
    least = min(counts)
    if least == 0:
        return counts.index(0)
    return counts.index(1) if least == 1 and counts.count(1) == 1 else None


def _outermost(model: nn.Module, sums: list[Sum]) -> Iterator[Sum]:
    """The sums that are blocks: neither inside another block's branch, nor around blocks, nor a
    merge of two scales.
    """
    inside: set[int] = set()
    for block in sums:  # outer ones come first
        if id(block) in inside:
            continue
        held = [other for other in sums if block.holds(other)]
        if any(block.first & other.first for other in held) or _is_a_stage(block, held):
            continue  # it begins with a block of its own: a sum around blocks
        if not block.resized:
            inside |= set(map(id, held))
        yield block


def _is_a_stage(block: Sum, held: list[Sum]) -> bool:
    """Whether a sum stands around two or more blocks in a row in one container, with something in
    front.
    """
    rows = [
        owner.rpartition(".")[0]
        for owner in {other.owner for other in held}
        if owner != block.owner
    ]
    return any(rows.count(row) > 1 and row != block.owner for row in rows)


def _why_not(model: nn.Module, block: Sum) -> str:
    """Why a block takes no shift by itself; empty if it does."""
    if block.resized:
        return "merges features of two sizes"
    names = ", ".join(repr(entry.name) for entry in block.entries)
    for entry in block.entries:
        if entry.kind:
            return (
                f"begins with {entry.kind}"
                if len(block.entries) == 1
                else f"begins with {names}, of which one is {entry.kind}"
            )
    convolutions = [convolution_of(model.get_submodule(entry.name)) for entry in block.entries]
    if all(c is not None and c.groups == c.in_channels > 1 for c in convolutions):
        return "begins with a depthwise convolution"
    if len(block.entries) == 1:
        (entry,) = block.entries
        return (
            f"reaches its first convolution {entry.name!r} through {entry.pooled}"
            if entry.pooled
            else ""
        )
    alike = len({c.in_channels for c in convolutions if c is not None}) == 1
    if alike and all(
        not entry.mixed and not entry.through and entry.whole for entry in block.entries
    ):
        depthwise = [c for c in convolutions if c is not None and c.groups == c.in_channels > 1]
        return f"begins with {names}, of which some are depthwise" if depthwise else ""
    return f"has several convolutions that its input reaches, not all of them alike: {names}"


def _thinned_out(model: nn.Module, block_of: dict[str, Sum]) -> tuple[str, ...]:
    """Sites in every second block of each stage, if TSM's rule applies."""
    stages: dict[str, list[str]] = {}
    for owner in dict.fromkeys(block.owner for block in block_of.values()):
        parent = owner.rpartition(".")[0]
        if owner and isinstance(model.get_submodule(parent), CONTAINERS):
            stages.setdefault(parent, []).append(owner)
    if max(map(len, stages.values()), default=0) < EVERY_SECOND_FROM:
        return ()
    left = {owner for stage in stages.values() for owner in stage[1::2]}
    return tuple(site for site, block in block_of.items() if block.owner in left)


def _join(*names: str) -> str:
    return ".".join(filter(None, names))
