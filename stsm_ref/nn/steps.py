r"""What one step of a branch does to what is known of its input: layers, convolutions, and graphs
of a module's own `forward`.
"""

import inspect
import operator
import warnings
from dataclasses import dataclass, replace
from typing import Any

from torch import fx, nn

from stsm_ref.nn.operations import (
    CONTAINERS,
    GLOBAL,
    LAYERS,
    LINEAR_MODULES,
    PLAIN_MODULES,
    QUESTIONS,
)


@dataclass(frozen=True)
class Entry:
    """What a branch reaches from a block's input before it has passed a convolution."""

    name: str
    kind: str = ""
    """What it is, where it is not an `nn.Conv2d`."""
    through: tuple[str, ...] = ()
    """What lies between the input and it and hands on more or less than the tensor: a pooling, a
    part of the channels.
    """
    pooled: str = ""
    """What of that leaves no place to shift along."""
    mixed: bool = False
    """Whether results of another convolution reach it as well."""
    whole: bool = True
    """Whether its result goes on to the sum by convolutions and place by place, not through an
    attention or a pooling.
    """

    def under(self, prefix: str) -> "Entry":
        """The same, seen from a module outside."""
        return replace(self, name=".".join(filter(None, (prefix, self.name))))


@dataclass(frozen=True)
class State:
    """What is known of a value inside a branch."""

    clean: bool
    """Whether the block's input reaches it without passing a convolution."""
    through: tuple[str, ...] = ()
    pooled: str = ""
    mixed: bool = False
    of: frozenset[str] = frozenset()
    """Entries whose results reach it whole."""


@dataclass(frozen=True)
class Summary:
    """A module's first convolutions, and what its output is to its input."""

    entries: tuple[Entry, ...]
    output: State


class OneLevel(fx.Tracer):
    """Traces one module's own `forward`; what it calls stays a call."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Every module that is called is a leaf."""
        return True


def convolution_of(module: nn.Module) -> nn.Conv2d | None:
    """The convolution that a layer is, or that an adapter wraps, as PEFT's do, whose own weights
    stand beside it; None if neither.
    """
    if isinstance(module, nn.Conv2d):
        return module
    base = module._modules.get("base_layer")
    return None if base is None else convolution_of(base)


def only_holds(module: nn.Module) -> bool:
    """Whether a module runs its parts one after another or not at all, and has no `forward` of its
    own.
    """
    return isinstance(module, CONTAINERS) and type(module).forward in {
        container.forward for container in CONTAINERS
    }


def upstream(node: fx.Node) -> frozenset[fx.Node]:
    """The node and all that it depends on."""
    found, waiting = {node}, [node]
    while waiting:
        fresh = set(waiting.pop().all_input_nodes) - found
        found |= fresh
        waiting += fresh
    return frozenset(found)


def is_layer(module: nn.Module) -> bool:
    """Whether a module is one of torch's own layers, or an adapter of one, which is not looked
    into.
    """
    if isinstance(module, CONTAINERS):
        return False
    return (
        convolution_of(module) is not None
        or isinstance(module, (*LAYERS, *PLAIN_MODULES))
        or type(module).__module__.startswith("torch.nn.")
    )


def after_layer(target: str, layer: nn.Module, state: State) -> tuple[list[Entry], State]:
    """What calling a layer adds to what is known.

    Parameters
    ----------
    target : str
        The name of the layer in the module that calls it.
    layer : nn.Module
        The layer.
    state : State
        What is known of its input.
    """
    kind = type(layer).__name__
    if convolution_of(layer) is not None:
        return after_convolution(Entry(target), state)
    if isinstance(layer, LAYERS):
        return after_convolution(Entry(target, f"{target!r}, {article(kind)}"), state)
    if isinstance(layer, GLOBAL):
        return [], gathered(state, kind)
    return [], state if isinstance(layer, PLAIN_MODULES) else replace(
        state, through=(*state.through, kind)
    )


def gathered(state: State, name: str) -> State:
    """What is known after every place has met every other."""
    return replace(
        state, through=(*state.through, name), pooled=state.pooled or name, of=frozenset()
    )


def after_convolution(entry: Entry, state: State) -> tuple[list[Entry], State]:
    """What is known after a convolution: an entry if the input comes to it clean, and its own
    result.
    """
    after = State(clean=False, mixed=True, of=state.of)
    if not state.clean:
        return [], after
    found = replace(entry, through=state.through, pooled=state.pooled, mixed=state.mixed)
    return [found], replace(after, of=state.of | {entry.name})


def merged(states: list[State]) -> State:
    """What is known of a value that is computed from several."""
    clean = [state for state in states if state.clean]
    return State(
        clean=bool(clean),
        through=tuple(dict.fromkeys(name for state in clean for name in state.through)),
        pooled=next((state.pooled for state in clean if state.pooled), ""),
        mixed=any(state.mixed for state in states),
        of=frozenset().union(*(state.of for state in states)),
    )


def asks(node: fx.Node) -> bool:
    """Whether a node asks a tensor for its shape or kind, and takes nothing of it."""
    return node.op in ("call_function", "call_method") and node.target in QUESTIONS


def is_item(node: fx.Node) -> bool:
    """Whether a node takes an item of a list, or a part of a tensor."""
    return node.op == "call_function" and node.target is operator.getitem


def keeps_places(node: fx.Node) -> bool:
    """Whether a pooling or softmax goes over channels only."""
    axes = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    return axes in (1, [1], (1,), -3)


def is_chain(module: nn.Module) -> bool:
    """Whether a module runs its parts one after another and does nothing beside."""
    return isinstance(module, (nn.Conv2d, *LINEAR_MODULES)) or only_holds(module)


def article(kind: str) -> str:
    """The name of a class with its article."""
    return f"{'an' if kind[:1] in 'AEIOU' else 'a'} {kind}"


def traced(module: nn.Module) -> fx.Graph | None:
    """The module's own `forward` as a graph; None where it cannot be traced."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
        defaults: dict[str, Any] = {
            p.name: p.default for p in parameters if p.default is not p.empty
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the graph is for these defaults only
            graph = OneLevel().trace(module, defaults)
    except (
        Exception
    ):  # someone's forward may raise anything when it is given a stand-in for a tensor
        return None
    join_equal_items(graph)
    return graph


def join_equal_items(graph: fx.Graph) -> None:
    """Make one node of all that take the same item of the same list, so that they are one
    tensor.
    """
    first: dict[tuple[Any, str], fx.Node] = {}
    for node in list(graph.nodes):
        if is_item(node):
            known = first.setdefault((node.args[0], repr(node.args[1:])), node)
            if known is not node:
                node.replace_all_uses_with(known)
                graph.erase_node(node)
