r"""What a branch runs through on the way from a block's input: which convolutions it reaches before it has passed another.

Each module's own `forward` is traced by `torch.fx` by itself, and what it calls stays a call. So one module that cannot be traced
hides only its own inside, and a called module is summed up once: its first convolutions, and whether its input gets past them.
"""

import inspect
import operator
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import fx, nn
from torch.nn.modules.conv import _ConvNd

from stsm_ref.nn.operations import (
    ATTENTION,
    CONTAINERS,
    CONVOLUTIONS,
    GLOBAL,
    LAYERS,
    LINEAR_FUNCTIONS,
    LINEAR_MODULES,
    PLAIN_FUNCTIONS,
    PLAIN_MODULES,
    POOLS,
    QUESTIONS,
    RESIZING,
    SUMS,
)


@dataclass(frozen=True)
class Entry:
    """What a branch reaches from a block's input before it has passed a convolution."""

    name: str
    kind: str = ""
    """What it is, where it is not an `nn.Conv2d`."""
    through: tuple[str, ...] = ()
    """What lies between the input and it and hands on more or less than the tensor: a pooling, a part of the channels."""
    pooled: str = ""
    """What of that leaves no place to shift along."""
    mixed: bool = False
    """Whether results of another convolution reach it as well."""
    whole: bool = True
    """Whether its result goes on to the sum by convolutions and place by place, not through an attention or a pooling."""

    def under(self, prefix: str) -> "Entry":
        """The same, seen from a module outside."""
        return replace(self, name=".".join(filter(None, (prefix, self.name))))


@dataclass(frozen=True)
class _State:
    """What is known of a value inside a branch."""

    clean: bool
    """Whether the block's input reaches it without passing a convolution."""
    through: tuple[str, ...] = ()
    pooled: str = ""
    mixed: bool = False
    of: frozenset[str] = frozenset()
    """Entries whose results reach it whole."""


@dataclass(frozen=True)
class _Summary:
    """A module's first convolutions, and what its output is to its input."""

    entries: tuple[Entry, ...]
    output: _State


class _OneLevel(fx.Tracer):
    """Traces one module's own `forward`; what it calls stays a call."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return True


def convolution_of(module: nn.Module) -> nn.Conv2d | None:
    """The convolution that a layer is, or that an adapter wraps, as PEFT's do, whose own weights stand beside it; None if neither."""
    if isinstance(module, nn.Conv2d):
        return module
    base = module._modules.get("base_layer")
    return None if base is None else convolution_of(base)


def only_holds(module: nn.Module) -> bool:
    """Whether a module runs its parts one after another or not at all, and has no `forward` of its own."""
    return isinstance(module, CONTAINERS) and type(module).forward in {container.forward for container in CONTAINERS}


def upstream(node: fx.Node) -> frozenset[fx.Node]:
    """The node and all that it depends on."""
    found, waiting = {node}, [node]
    while waiting:
        fresh = set(waiting.pop().all_input_nodes) - found
        found |= fresh
        waiting += fresh
    return frozenset(found)


class Branches:
    """Reads branches of one model, each module once."""

    def __init__(self) -> None:
        self._graphs: dict[int, fx.Graph | None] = {}
        self._summaries: dict[int, _Summary] = {}

    def graph_of(self, module: nn.Module) -> fx.Graph | None:
        """The module's own `forward` as a graph of calls, arguments with defaults left at these; None where it depends on values."""
        if id(module) not in self._graphs:
            self._graphs[id(module)] = _traced(module)
        return self._graphs[id(module)]

    def terms_of(self, node: fx.Node, module: nn.Module) -> list[fx.Node]:
        """The tensors that a sum adds up, sums inside it that nothing else uses taken apart; none if it is no sum, or inside another."""
        operands = self._operands(node, module)
        if len(operands) < 2 or self._is_part_of_a_sum(node, module):
            return []
        terms = []
        while operands:
            operand = operands.pop(0)
            inner = self._operands(operand, module) if len(operand.users) == 1 else []
            if inner:
                operands = inner + operands
            else:
                terms.append(operand)
        return terms

    def _is_part_of_a_sum(self, node: fx.Node, module: nn.Module) -> bool:
        return len(node.users) == 1 and len(self._operands(next(iter(node.users)), module)) > 1

    def _operands(self, node: fx.Node, module: nn.Module) -> list[fx.Node]:
        """What a node adds up: the operands of an addition, the tensors of a stack that is summed; a module may do it, too."""
        if node.op == "call_module":
            called = module.get_submodule(str(node.target))
            return list(node.all_input_nodes) if len(node.all_input_nodes) > 1 and self._adds(called) else []
        if node.op not in ("call_function", "call_method"):
            return []
        if node.target in SUMS:
            return list(node.all_input_nodes)
        if node.target in ("sum", torch.sum) and (0 in node.args[1:] or 0 in node.kwargs.values()) and len(node.all_input_nodes) == 1:
            (stack,) = node.all_input_nodes
            if stack.op == "call_function" and stack.target is torch.stack and {*stack.args[1:], *stack.kwargs.values()} <= {0}:
                return list(stack.all_input_nodes)
        return []

    def _adds(self, module: nn.Module) -> bool:
        """Whether a module without parameters gives back the sum of what it is given."""
        if any(True for _ in module.parameters()) or (graph := self.graph_of(module)) is None:
            return False
        *_, output = graph.nodes
        result = output.args[0]
        if not isinstance(result, fx.Node) or len(self._operands(result, module)) < 2:
            return False
        terms = self.terms_of(result, module) or self._operands(result, module)
        return all(term.op == "placeholder" for term in terms)

    def tensors_used(self, shared: frozenset[fx.Node], own: frozenset[fx.Node]) -> frozenset[fx.Node]:
        """Tensors among `shared` that `own` computes from; what is only taken apart there, as a list of features, is none."""
        used = frozenset(
            node
            for node in shared
            if node.op != "get_attr" and any(user in own and not _asks(user) for user in node.users) and not _asks(node)
        )
        return frozenset(node for node in used if not all(_is_item(user) for user in node.users if not _asks(user)))

    def count(self, nodes: frozenset[fx.Node], module: nn.Module) -> int:
        """How many convolutions, of any kind, the nodes run through."""
        return sum(self._count(node, module) for node in nodes)

    def _count(self, node: fx.Node, module: nn.Module) -> int:
        if node.op == "call_module":
            called = module.get_submodule(str(node.target))
            if convolution_of(called) is not None:
                return 1
            return sum(isinstance(part, _ConvNd) for part in called.modules())
        return int(node.op == "call_function" and node.target in CONVOLUTIONS[:6])

    def has_conv2d(self, nodes: Iterable[fx.Node], module: nn.Module) -> bool:
        """Whether any of the nodes runs through an `nn.Conv2d`."""
        called = [module.get_submodule(str(node.target)) for node in nodes if node.op == "call_module"]
        return any(isinstance(part, nn.Conv2d) for outer in called for part in outer.modules())

    def is_linear(self, nodes: Iterable[fx.Node], module: nn.Module) -> bool:
        """Whether the nodes are convolutions and factors alone: nothing between two of them keeps them from being one."""
        for node in nodes:
            if node.op == "call_module":
                called = module.get_submodule(str(node.target))
                leaves = [part for part in called.modules() if not any(True for _ in part.children())]
                if not all(isinstance(leaf, (nn.Conv2d, *LINEAR_MODULES)) for leaf in leaves) or not _is_chain(called):
                    return False
            elif node.op != "get_attr" and node.target not in (*LINEAR_FUNCTIONS, *SUMS):
                return False
        return True

    def resizes(self, nodes: Iterable[fx.Node], module: nn.Module) -> bool:
        """Whether any of the nodes makes height and width larger."""
        return any(self._resizes(node, module) for node in nodes)

    def _resizes(self, node: fx.Node, module: nn.Module) -> bool:
        if node.op != "call_module":
            return node.op == "call_function" and node.target in RESIZING
        called = module.get_submodule(str(node.target))
        for part in called.modules():
            if isinstance(part, tuple(kind for kind in RESIZING if isinstance(kind, type))):
                return True
            if isinstance(part, nn.ConvTranspose2d) and max(part.stride) > 1:
                return True
        return False

    def entries(
        self, graph: fx.Graph, module: nn.Module, inputs: frozenset[fx.Node], branch: frozenset[fx.Node], *, term_nodes: Iterable[fx.Node]
    ) -> list[Entry]:
        """What the branch reaches from `inputs` before it has passed a convolution, by names inside `module`."""
        entries, states = self._follow(graph, module, {node: _State(clean=True) for node in inputs}, branch)
        whole: frozenset[str] = frozenset().union(*(states[node].of for node in term_nodes if node in states))
        return [replace(entry, whole=entry.name in whole) for entry in entries]

    def _follow(
        self, graph: fx.Graph, module: nn.Module, states: dict[fx.Node, _State], branch: frozenset[fx.Node] | None
    ) -> tuple[list[Entry], dict[fx.Node, _State]]:
        """Carry what is known of the inputs through the graph, in its order."""
        entries: dict[str, Entry] = {}
        for node in graph.nodes:
            if node in states or (branch is not None and node not in branch):
                continue
            into = [states[source] for source in node.all_input_nodes if source in states]
            if not into or _asks(node):
                continue
            found, states[node] = self._step(node, module, _merged(into))
            for entry in found:
                # one that is reached twice is what it is at worst
                known = entries.get(entry.name, entry)
                entries[entry.name] = replace(
                    entry, through=known.through + entry.through, mixed=known.mixed or entry.mixed, pooled=known.pooled or entry.pooled
                )
        return list(entries.values()), states

    def _step(self, node: fx.Node, module: nn.Module, state: _State) -> tuple[list[Entry], _State]:
        """What a node adds to what is known: entries that it reaches, and the state of its result."""
        if node.op == "call_module":
            target, called = str(node.target), module.get_submodule(str(node.target))
            return _layer(target, called, state) if _is_layer(called) else self._inside(target, called, state)
        name = str(node.target) if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
        if node.target in CONVOLUTIONS:
            return _entry(Entry(name, f"the function {name}"), state)
        if node.target in ATTENTION or (node.target in POOLS and not _keeps_places(node)):
            return [], _gathered(state, name)
        if node.op == "output" or node.target in PLAIN_FUNCTIONS or node.target in SUMS:
            return [], state
        return [], replace(state, through=(*state.through, name))

    def _inside(self, target: str, called: nn.Module, state: _State) -> tuple[list[Entry], _State]:
        """What calling a module that calls others adds to what is known."""
        kind = type(called).__name__
        summary = self._summary(called)
        if summary is None:
            # even where it has one convolution only: that may see a part of the channels, or stand in a gate
            if any(parameter.dim() > 1 for parameter in called.parameters()):
                return _entry(Entry(target, f"{target!r}, {_article(kind)} whose forward cannot be read"), state)
            return [], replace(state, through=(*state.through, kind))
        entries = [
            replace(
                entry.under(target),
                kind=entry.kind.replace(f"'{entry.name}'", f"'{target}.{entry.name}'"),
                through=state.through + entry.through,
                pooled=state.pooled or entry.pooled,
                mixed=state.mixed or entry.mixed,
            )
            for entry in summary.entries
            if state.clean
        ]
        out = summary.output
        reached = frozenset(f"{target}.{name}" for name in out.of if name) if state.clean else frozenset()
        carried = state.of if out.of else frozenset()
        return entries, _State(
            clean=state.clean and out.clean,
            through=state.through + out.through,
            pooled=state.pooled or out.pooled,
            mixed=state.mixed or out.mixed,
            of=reached | carried,
        )

    def _summary(self, module: nn.Module) -> _Summary | None:
        """The module from its first argument to its output; None where its `forward` cannot be read."""
        if id(module) not in self._summaries:
            graph = self.graph_of(module)
            if graph is None:
                return None
            starts = [node for node in graph.nodes if node.op == "placeholder"]
            entries, states = self._follow(graph, module, {node: _State(clean=True, of=frozenset({""})) for node in starts}, None)
            *_, output = graph.nodes
            # a module whose output does not come from its input, as a table that it holds, hands on nothing
            self._summaries[id(module)] = _Summary(tuple(entries), states.get(output, _State(clean=False)))
        return self._summaries[id(module)]


def _is_layer(module: nn.Module) -> bool:
    """Whether a module is one of torch's own layers, or an adapter of one, which is not looked into."""
    if isinstance(module, CONTAINERS):
        return False
    return (
        convolution_of(module) is not None
        or isinstance(module, (*LAYERS, *PLAIN_MODULES))
        or type(module).__module__.startswith("torch.nn.")
    )


def _layer(target: str, layer: nn.Module, state: _State) -> tuple[list[Entry], _State]:
    """What calling a layer adds to what is known."""
    kind = type(layer).__name__
    if convolution_of(layer) is not None:
        return _entry(Entry(target), state)
    if isinstance(layer, LAYERS):
        return _entry(Entry(target, f"{target!r}, {_article(kind)}"), state)
    if isinstance(layer, GLOBAL):
        return [], _gathered(state, kind)
    return [], state if isinstance(layer, PLAIN_MODULES) else replace(state, through=(*state.through, kind))


def _gathered(state: _State, name: str) -> _State:
    """What is known after every place has met every other."""
    return replace(state, through=(*state.through, name), pooled=state.pooled or name, of=frozenset())


def _entry(entry: Entry, state: _State) -> tuple[list[Entry], _State]:
    """What is known after a convolution: an entry if the input comes to it clean, and its own result."""
    after = _State(clean=False, mixed=True, of=state.of)
    if not state.clean:
        return [], after
    found = replace(entry, through=state.through, pooled=state.pooled, mixed=state.mixed)
    return [found], replace(after, of=state.of | {entry.name})


def _merged(states: list[_State]) -> _State:
    """What is known of a value that is computed from several."""
    clean = [state for state in states if state.clean]
    return _State(
        clean=bool(clean),
        through=tuple(dict.fromkeys(name for state in clean for name in state.through)),
        pooled=next((state.pooled for state in clean if state.pooled), ""),
        mixed=any(state.mixed for state in states),
        of=frozenset().union(*(state.of for state in states)),
    )


def _asks(node: fx.Node) -> bool:
    """Whether a node asks a tensor for its shape or kind, and takes nothing of it."""
    return node.op in ("call_function", "call_method") and node.target in QUESTIONS


def _is_item(node: fx.Node) -> bool:
    return node.op == "call_function" and node.target is operator.getitem


def _keeps_places(node: fx.Node) -> bool:
    """Whether a pooling or softmax goes over channels only."""
    axes = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    return axes in (1, [1], (1,), -3)


def _is_chain(module: nn.Module) -> bool:
    """Whether a module runs its parts one after another and does nothing beside."""
    return isinstance(module, (nn.Conv2d, *LINEAR_MODULES)) or only_holds(module)


def _article(kind: str) -> str:
    return f"{'an' if kind[:1] in 'AEIOU' else 'a'} {kind}"


def _traced(module: nn.Module) -> fx.Graph | None:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
        defaults: dict[str, Any] = {p.name: p.default for p in parameters if p.default is not p.empty}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the graph is for these defaults only
            graph = _OneLevel().trace(module, defaults)
    except Exception:  # someone's forward may raise anything when it is given a stand-in for a tensor
        return None
    _join_equal_items(graph)
    return graph


def _join_equal_items(graph: fx.Graph) -> None:
    """Make one node of all that take the same item of the same list, so that they are one tensor."""
    first: dict[tuple[Any, str], fx.Node] = {}
    for node in list(graph.nodes):
        if _is_item(node):
            known = first.setdefault((node.args[0], repr(node.args[1:])), node)
            if known is not node:
                node.replace_all_uses_with(known)
                graph.erase_node(node)
