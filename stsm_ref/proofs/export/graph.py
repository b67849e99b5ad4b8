"""Run an exported graph on symbolic tensors: from the operators' meanings to the index map of
the result.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import fx

from stsm_ref.proofs.export.recording import Exported, source_line
from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    Range,
    polynomial,
    product,
)
from stsm_ref.proofs.index_maps.maps import (
    Constant,
    Index,
    Integer,
    Ite,
    SymbolicTensor,
    UnsupportedError,
    Value,
    as_index,
)
from stsm_ref.proofs.operators import memory
from stsm_ref.proofs.operators.dtypes import dtype_name
from stsm_ref.proofs.operators.memory import Memory, Place, View
from stsm_ref.proofs.operators.numbers import table
from stsm_ref.proofs.operators.table import (
    CHECKS_ONLY,
    apply,
    apply_to_sizes,
    as_int,
    in_schema_order,
)

CANNOT_FAIL = frozenset(
    getattr(operator, name)
    for name in ("add", "sub", "mul", "neg", "eq", "ne", "lt", "le", "gt", "ge", "and_", "or_")
)
LOOKUPS = ("aten.index", "aten.gather", "aten.scatter", "aten._unsafe_index", "aten.take")
OF_SIZES: dict[str, Callable[..., Any]] = {
    "aten.sym_size.int": lambda x, axis: x.shape[axis],
    "aten.sym_numel.default": lambda x: product(x.shape),
    "aten.sym_stride.int": lambda *_: "a stride",
}
"""Where a tensor lies in memory is not looked at: its stride may be handed on, and is refused
wherever a number is wanted.
"""


class Result(NamedTuple):
    """What the module returns, and the inputs that it has written to."""

    value: SymbolicTensor
    written: tuple[str, ...]


class Pieces(NamedTuple):
    """Several views of one place, of which `getitem` takes one."""

    views: tuple[View, ...]


def _size_of(target: str, node: fx.Node, args: Sequence[Any]) -> Any:
    if (
        target == "aten.sym_stride.int"
        and isinstance(node.args[0], fx.Node)
        and node.args[0].op == "placeholder"
    ):
        return product(
            args[0].shape[args[0].axis(as_int(args[1])) + 1 :]
        )  # what comes in is dense and contiguous: it is assumed
    return OF_SIZES[target](*args)


class Interpreter:
    """One run of a graph; `path` is the user's file, whose lines are named. `at_hand`: torch
    recorded at sizes that this run is about.
    """

    def __init__(
        self, exported: Exported, assumptions: Assumptions, path: str | None, *, at_hand: bool
    ) -> None:
        self.exported, self.assumptions, self.path = exported, assumptions, path
        self.at_hand = at_hand

    def run(self, graph: fx.Graph, inputs: Sequence[Any]) -> Any:
        """The results of a graph for its placeholders in order."""
        given = iter(inputs)
        found: dict[fx.Node, Any] = {}
        idle = _idle(graph)
        for node in graph.nodes:
            if node in idle:
                continue
            if node.op == "placeholder":
                found[node] = next(given)
            elif node.op == "get_attr":
                found[node] = getattr(graph.owning_module, str(node.target))
            elif node.op == "output":
                return fx.node.map_arg(node.args[0], lambda each: found[each])
            else:
                try:
                    found[node] = self._call(node, found)
                    self._compare_with_torch(node, found[node])
                except (UnsupportedError, ZeroDivisionError) as error:
                    raise self._explained(node, error) from None
        raise UnsupportedError("a graph without a result")

    def _explained(self, node: fx.Node, error: Exception) -> UnsupportedError:
        """The error with the operator and the line; as it is if it has them already, from
        inside a part of the graph.
        """
        if isinstance(error, UnsupportedError) and str(error).startswith("unsupported: "):
            return error
        return UnsupportedError(
            f"unsupported: {_name(node.target)} at {source_line(node, self.path)}: {error}"
        )

    def _with_line(self, node: fx.Node, result: SymbolicTensor) -> SymbolicTensor:
        """The result of a node, which names the node where an entry turns out to have no
        meaning.
        """

        def read(index: Index, known: Assumptions) -> Value:
            try:
                return result.read(index, known)
            except UnsupportedError as error:
                raise self._explained(node, error) from None

        return replace(result, read=read)

    def _call(self, node: fx.Node, found: Mapping[fx.Node, Any]) -> Any:
        raw: Any = fx.node.map_arg((node.args, dict(node.kwargs)), lambda each: found[each])
        places: Sequence[Any] = raw[0]
        target: Any = node.target
        if target is operator.getitem:
            several = places[0].views if isinstance(places[0], Pieces) else places[0]
            return several[places[1]]
        if isinstance(target, torch._ops.HigherOrderOperator):
            return self._part(target, places)
        args, kwargs = _read(places), _read(raw[1])
        if str(target) in OF_SIZES:
            return _size_of(str(target), node, args)
        if not isinstance(target, torch._ops.OpOverload):
            return apply_to_sizes(target, args, self.assumptions)
        if str(target) in CHECKS_ONLY:
            return self._check(str(target), node, args)
        self._look_up_inside(target, args, kwargs)
        return self._operator(node, target, places, args, kwargs)

    def _look_up_inside(
        self, target: torch._ops.OpOverload, args: Sequence[Any], kwargs: Any
    ) -> None:
        """A lookup raises where any place is outside, also where nobody uses what stands there:
        all places have to be known as inside.
        """
        if (
            not args
            or not isinstance(args[0], SymbolicTensor)
            or not str(target).startswith(LOOKUPS)
        ):
            return
        ordered = in_schema_order(target, args, kwargs)
        if str(target).startswith(("aten.index.", "aten.index_put", "aten._unsafe_index")):
            places = [(axis, index) for axis, index in enumerate(ordered[1]) if index is not None]
        else:
            places = (
                [(args[0].axis(as_int(ordered[1])), ordered[2])]
                if isinstance(ordered[1], int)
                else []
            )
        for axis, index in places:
            if (
                not isinstance(index, SymbolicTensor)
                or index.dtype == "bool"
                or not _all_inside(index, args[0].shape[axis], self.assumptions)
            ):
                raise UnsupportedError("a place that is looked up and is not known to be inside")

    def _check(self, name: str, node: fx.Node, args: Sequence[Any]) -> None:
        """An assertion: stepped over only if it holds whatever the values are, since else the
        module may raise.
        """
        if name == "aten._assert_tensor_metadata.default":
            recorded = _meta(node.args[0])
            if not any(args[1:3]) and all(
                want in (None, have)
                for want, have in zip(args[3:4], [recorded.dtype], strict=False)
            ):
                return  # sizes and strides were not asked for
        elif name == "aten._assert_scalar.default":
            if args[0] is True:
                return
        elif isinstance(args[0], SymbolicTensor):
            value = args[0].read((polynomial(0),) * args[0].rank, self.assumptions)
            if (
                isinstance(value, Constant)
                and value.value
                and all(size == polynomial(1) for size in args[0].shape)
            ):
                return
        raise UnsupportedError("an assertion that may fail")

    def _operator(
        self,
        node: fx.Node,
        target: torch._ops.OpOverload,
        places: Sequence[Any],
        args: Sequence[Any],
        kwargs: Any,
    ) -> Any:
        """An operator on tensors: it writes to its first argument, or shows it, or gives
        something new.
        """
        first: Any = places[0] if places else None
        if memory.writes(target):
            memory.write(target, args, kwargs, first, self.assumptions)
            return first
        shared = _shared_storage(node)
        if shared == [True]:
            return memory.shown_by(target, args, kwargs, first, self.assumptions)
        result = apply(target, args, kwargs, self.assumptions)
        if not isinstance(result, tuple | list):
            return Memory(self._with_line(node, result))
        if True in shared:
            return Pieces(
                tuple(
                    memory.piece(first, target, args, kwargs, k, self.assumptions)
                    for k in range(len(result))
                )
            )
        return tuple(Memory(each) if isinstance(each, SymbolicTensor) else each for each in result)

    def _part(self, target: Any, args: Sequence[Any]) -> Any:
        """A part of the graph that runs under a switch: of gradients, which moves nothing, or
        of autocast, if that is off.
        """
        name = target.name()
        if name == "wrap_with_set_grad_enabled":
            return self.run(args[1].graph, args[2:])
        if name == "wrap_with_autocast" and not args[2]:
            return self.run(args[4].graph, args[5:])
        raise UnsupportedError("a part of the graph under a switch that may change values")

    def _compare_with_torch(self, node: fx.Node, result: Any) -> None:
        """Hold the shape against torch's: its rank always, its sizes where those that torch
        recorded at are among those at hand.
        """
        value = node.meta.get("val")
        if not isinstance(result, Place) or not isinstance(value, torch.Tensor):
            return
        if result.read().dtype != dtype_name(value.dtype):
            raise UnsupportedError(
                f"its result is of {result.read().dtype}, where torch recorded "
                f"{dtype_name(value.dtype)}"
            )
        shape = result.read().shape
        sizes, recorded = _at_sample(result.read(), self.exported), _recorded(value)
        differ = self.at_hand and any(
            None not in pair and pair[0] != pair[1] for pair in zip(sizes, recorded, strict=False)
        )
        if len(sizes) != len(recorded) or differ:
            raise UnsupportedError(
                f"its result has shape {shape}, where torch recorded {tuple(recorded)}"
            )


def interpret(
    exported: Exported,
    inputs: Mapping[str, SymbolicTensor],
    assumptions: Assumptions,
    *,
    path: str | None = None,
) -> Result:
    """The result of the graph, as an index map.

    Raises
    ------
    UnsupportedError
        Naming the operator and the line of the user's file `path`.
    UndeterminedError
        If a shape hangs on sizes of which `assumptions` knows too little.
    """
    names = [node.name for node in exported.graph.nodes if node.op == "placeholder"]
    places = {
        name: Memory(inputs[name] if name in inputs else table(name, exported.tables[name]))
        for name in names
    }
    before = {name: place.value for name, place in places.items()}
    at_hand = all(
        assumptions.allows(name, size)
        for name, size in exported.sample.items()
        if name in assumptions.ranges
    ) and all(
        _at_sample(tensor, exported) == _recorded(node.meta["val"])
        for node in exported.graph.nodes
        if node.op == "placeholder" and (tensor := inputs.get(node.name)) is not None
    )
    results = Interpreter(exported, assumptions, path, at_hand=at_hand).run(
        exported.graph, [places[name] for name in names]
    )
    if len(results) != exported.results or not isinstance(results[exported.chosen], Place):
        raise UnsupportedError(
            f"the module returns {len(results)} results: one tensor was expected"
        )
    written = [name for name in names if places[name].value is not before[name]]
    if tables := [name for name in written if name not in inputs]:
        raise UnsupportedError(
            f"the module writes to {', '.join(tables)}, which the next call would see"
        )
    return Result(results[exported.chosen].read(), tuple(written))


def _all_inside(index: SymbolicTensor, size: Polynomial, assumptions: Assumptions) -> bool:
    """Whether every entry of an index is a place on an axis of that size."""
    position = {
        f"place{axis}": Range(polynomial(0), length - 1) for axis, length in enumerate(index.shape)
    }
    within = replace(assumptions, ranges={**assumptions.ranges, **position})

    def holds(value: Value, known: Assumptions) -> bool:
        if isinstance(value, Ite):
            otherwise = known
            if len(value.condition) == 1 and not value.condition[0].equal:
                otherwise = known.assuming([Constraint(-value.condition[0].value - 1)])
            return holds(value.then, known.assuming(value.condition)) and holds(
                value.otherwise, otherwise
            )
        if not isinstance(value, Constant | Integer):
            return False
        place = as_index(value)
        return bool(
            known.holds(Constraint(place + size)) and known.holds(Constraint(size - 1 - place))
        )

    return holds(index.read(tuple(Polynomial.variable(name) for name in position), within), within)


def _idle(graph: fx.Graph) -> set[fx.Node]:
    """Sums and comparisons of sizes that nobody uses. What nobody uses of tensors is looked at
    all the same: it may raise, or write.
    """
    idle: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        harmless = node.op == "call_function" and (
            node.target in CANNOT_FAIL or str(node.target) in OF_SIZES
        )
        if harmless and all(user in idle for user in node.users):
            idle.add(node)
    return idle


def _meta(node: Any) -> Any:
    """The tensor that torch recorded for a node."""
    return node.meta["val"]


def _read(places: Any) -> Any:
    """The values at places, in lists and tuples too."""
    if isinstance(places, Place):
        return places.read()
    if isinstance(places, list | tuple):
        return [_read(each) for each in places]
    return (
        {name: _read(each) for name, each in places.items()} if isinstance(places, dict) else places
    )


def _shared_storage(node: fx.Node) -> list[bool]:
    """For each tensor of the result, whether it lies in the memory of the first argument."""
    results, first = node.meta.get("val"), node.args[0] if node.args else None
    argument = first.meta.get("val") if isinstance(first, fx.Node) else None
    if not isinstance(argument, torch.Tensor):
        return [False]
    tensors = results if isinstance(results, list | tuple) else [results]
    return [
        isinstance(each, torch.Tensor)
        and each.untyped_storage()._cdata == argument.untyped_storage()._cdata
        for each in tensors
    ]


def _at_sample(tensor: SymbolicTensor, exported: Exported) -> list[int | None]:
    """The shape at the sizes that torch recorded at."""
    return [size.substitute(dict(exported.sample)).constant for size in tensor.shape]


def _recorded(value: torch.Tensor) -> list[int | None]:
    """The shape as torch recorded it."""
    sizes: list[Any] = list(value.shape)
    return [size.node.hint if isinstance(size, torch.SymInt) else size for size in sizes]


def _name(target: Any) -> str:
    return (
        str(target)
        if isinstance(target, torch._ops.OpOverload)
        else getattr(target, "__name__", str(target))
    )
