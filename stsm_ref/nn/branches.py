r"""What a branch runs through on the way from a block's input: which convolutions it reaches before
it has passed another.

Each module's own `forward` is traced by `torch.fx` by itself, and what it calls stays a call. So
one module that cannot be traced hides only its own inside, and a called module is summed up once:
its first convolutions, and whether its input gets past them.
"""

from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import fx, nn
from torch.nn.modules.conv import _ConvNd

from stsm_ref.nn.operations import (
    ATTENTION,
    CONVOLUTIONS,
    LINEAR_FUNCTIONS,
    LINEAR_MODULES,
    PLAIN_FUNCTIONS,
    POOLS,
    RESIZING,
    SUMS,
)
from stsm_ref.nn.steps import (
    Entry,
    State,
    Summary,
    after_convolution,
    after_layer,
    article,
    asks,
    convolution_of,
    gathered,
    is_chain,
    is_item,
    is_layer,
    keeps_places,
    merged,
    only_holds,
    traced,
    upstream,
)

__all__ = ["Branches", "Entry", "convolution_of", "only_holds", "upstream"]


class Branches:
    """Reads branches of one model, each module once."""

    def __init__(self) -> None:
        self._graphs: dict[int, fx.Graph | None] = {}
        self._summaries: dict[int, Summary] = {}

    def graph_of(self, module: nn.Module) -> fx.Graph | None:
        """The module's own `forward` as a graph of calls, arguments with defaults left at these;
        None where it depends on values.
        """
        if id(module) not in self._graphs:
            self._graphs[id(module)] = traced(module)
        return self._graphs[id(module)]

    def terms_of(self, node: fx.Node, module: nn.Module) -> list[fx.Node]:
        """The tensors that a sum adds up, sums inside it that nothing else uses taken apart; none
        if it is not a sum, or inside another.
        """
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
        """What a node adds up: the operands of an addition, the tensors of a stack that is summed;
        a module may do it, too.
        """
        if node.op == "call_module":
            called = module.get_submodule(str(node.target))
            return (
                list(node.all_input_nodes)
                if len(node.all_input_nodes) > 1 and self._adds(called)
                else []
            )
        if node.op not in ("call_function", "call_method"):
            return []
        if node.target in SUMS:
            return list(node.all_input_nodes)
        if (
            node.target in ("sum", torch.sum)
            and (0 in node.args[1:] or 0 in node.kwargs.values())
            and len(node.all_input_nodes) == 1
        ):
            (stack,) = node.all_input_nodes
            if (
                stack.op == "call_function"
                and stack.target is torch.stack
                and {*stack.args[1:], *stack.kwargs.values()} <= {0}
            ):
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

    def tensors_used(
        self, shared: frozenset[fx.Node], own: frozenset[fx.Node]
    ) -> frozenset[fx.Node]:
        """Tensors among `shared` that `own` computes from; what is only taken apart there, as a
        list of features, is none.
        """
        used = frozenset(
            node
            for node in shared
            if node.op != "get_attr"
            and any(user in own and not asks(user) for user in node.users)
            and not asks(node)
        )
        return frozenset(
            node for node in used if not all(is_item(user) for user in node.users if not asks(user))
        )

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
        called = [
            module.get_submodule(str(node.target)) for node in nodes if node.op == "call_module"
        ]
        return any(isinstance(part, nn.Conv2d) for outer in called for part in outer.modules())

    def is_linear(self, nodes: Iterable[fx.Node], module: nn.Module) -> bool:
        """Whether the nodes are convolutions and factors alone: nothing between two of them keeps
        them from being one.
        """
        for node in nodes:
            if node.op == "call_module":
                called = module.get_submodule(str(node.target))
                leaves = [
                    part for part in called.modules() if not any(True for _ in part.children())
                ]
                if not all(
                    isinstance(leaf, (nn.Conv2d, *LINEAR_MODULES)) for leaf in leaves
                ) or not is_chain(called):
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
        self,
        graph: fx.Graph,
        module: nn.Module,
        inputs: frozenset[fx.Node],
        branch: frozenset[fx.Node],
        *,
        term_nodes: Iterable[fx.Node],
    ) -> list[Entry]:
        """What the branch reaches from `inputs` before it has passed a convolution, by names inside
        `module`.
        """
        entries, states = self._follow(
            graph, module, {node: State(clean=True) for node in inputs}, branch
        )
        whole: frozenset[str] = frozenset().union(
            *(states[node].of for node in term_nodes if node in states)
        )
        return [replace(entry, whole=entry.name in whole) for entry in entries]

    def _follow(
        self,
        graph: fx.Graph,
        module: nn.Module,
        states: dict[fx.Node, State],
        branch: frozenset[fx.Node] | None,
    ) -> tuple[list[Entry], dict[fx.Node, State]]:
        """Carry what is known of the inputs through the graph, in its order."""
        entries: dict[str, Entry] = {}
        for node in graph.nodes:
            if node in states or (branch is not None and node not in branch):
                continue
            into = [states[source] for source in node.all_input_nodes if source in states]
            if not into or asks(node):
                continue
            found, states[node] = self._step(node, module, merged(into))
            for entry in found:
                # one that is reached twice is what it is at worst
                known = entries.get(entry.name, entry)
                entries[entry.name] = replace(
                    entry,
                    through=known.through + entry.through,
                    mixed=known.mixed or entry.mixed,
                    pooled=known.pooled or entry.pooled,
                )
        return list(entries.values()), states

    def _step(self, node: fx.Node, module: nn.Module, state: State) -> tuple[list[Entry], State]:
        """What a node adds to what is known: entries that it reaches, and the state of its
        result.
        """
        if node.op == "call_module":
            target, called = str(node.target), module.get_submodule(str(node.target))
            return (
                after_layer(target, called, state)
                if is_layer(called)
                else self._inside(target, called, state)
            )
        name = (
            str(node.target)
            if isinstance(node.target, str)
            else getattr(node.target, "__name__", str(node.target))
        )
        if node.target in CONVOLUTIONS:
            return after_convolution(Entry(name, f"the function {name}"), state)
        if node.target in ATTENTION or (node.target in POOLS and not keeps_places(node)):
            return [], gathered(state, name)
        if node.op == "output" or node.target in PLAIN_FUNCTIONS or node.target in SUMS:
            return [], state
        return [], replace(state, through=(*state.through, name))

    def _inside(self, target: str, called: nn.Module, state: State) -> tuple[list[Entry], State]:
        """What calling a module that calls others adds to what is known."""
        kind = type(called).__name__
        summary = self._summary(called)
        if summary is None:
            # even where it has one convolution only: that may see a part of the channels, or stand
            # in a gate
            if any(parameter.dim() > 1 for parameter in called.parameters()):
                return after_convolution(
                    Entry(target, f"{target!r}, {article(kind)} whose forward cannot be read"),
                    state,
                )
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
        reached = (
            frozenset(f"{target}.{name}" for name in out.of if name) if state.clean else frozenset()
        )
        carried = state.of if out.of else frozenset()
        return entries, State(
            clean=state.clean and out.clean,
            through=state.through + out.through,
            pooled=state.pooled or out.pooled,
            mixed=state.mixed or out.mixed,
            of=reached | carried,
        )

    def _summary(self, module: nn.Module) -> Summary | None:
        """The module from its first argument to its output; None where its `forward` cannot be
        read.
        """
        if id(module) not in self._summaries:
            graph = self.graph_of(module)
            if graph is None:
                return None
            starts = [node for node in graph.nodes if node.op == "placeholder"]
            entries, states = self._follow(
                graph,
                module,
                {node: State(clean=True, of=frozenset({""})) for node in starts},
                None,
            )
            *_, output = graph.nodes
            # a module whose output does not come from its input, as a table that it holds, hands on
            # nothing
            self._summaries[id(module)] = Summary(
                tuple(entries), states.get(output, State(clean=False))
            )
        return self._summaries[id(module)]
