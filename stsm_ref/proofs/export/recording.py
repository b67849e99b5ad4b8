"""Record a module as a graph of ATen operators with `torch.export`, and under which guards the
graph is the module.

torch records one run at sample sizes, with symbols for the sizes. Whatever the run decides by a
size becomes a guard: a formula on the symbols. The graph speaks for the sizes where all guards
hold, and for no others. A size that is written as text is no decision to torch; whoever writes one
may decide by it, and is noticed.
"""

import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sympy
import torch
from torch import fx
from torch.export.graph_signature import InputKind, OutputKind
from torch.fx.experimental import _config as symbolic_config

from stsm_ref.proofs.export.watch import OURS, TORCH, Watch, Watched
from stsm_ref.proofs.operators.table import CHECKS_ONLY, MEANINGS
from stsm_ref.proofs.replacing import replaced

SYMPY = str(Path(sympy.__file__).parent)
SIZE_AS_TEXT = "for a size as text"
MAX_DECISIONS = 200
"""Comparisons of sizes by their own code in one recording. torch makes a guard of each, at some
100 ms: a search takes hours.
"""
TOO_MANY_DECISIONS = (
    "its code compares sizes more than {most} times, and each comparison is a guard of the graph"
)
NEED_NO_MEANING = {
    *CHECKS_ONLY,
    "aten.sym_size.int",
    "aten.sym_numel.default",
    "aten.sym_stride.int",
}


class ExportFailedError(Exception):
    """torch.export gave no graph; the message says why, in its words."""


@dataclass(frozen=True)
class Exported:
    """A graph and where it holds."""

    graph: fx.Graph
    inputs: tuple[str, ...]
    tables: Mapping[str, torch.Tensor]
    """Parameters, buffers and constants, by placeholder."""
    dimensions: tuple[tuple[sympy.Expr | int, ...], ...]
    """For each input, what stands for the size of each axis."""
    guards: tuple[sympy.Basic, ...]
    lows: Mapping[sympy.Symbol, int]
    """torch assumes that a symbol is no less than this."""
    highs: Mapping[sympy.Symbol, int]
    sample: Mapping[str, int] = field(default_factory=dict)
    results: int = 1
    chosen: int = 0
    """Which of the results is looked at."""
    recorded: Watched = field(default_factory=Watched)
    """What the Python code did and asked while it was recorded."""
    live: Watched = field(default_factory=Watched)
    """The same for a run without export, at the same sizes."""
    reads_the_mode: bool = False
    """Whether `training` was read."""

    def of_result(self, number: int, inputs: Sequence[str]) -> "Exported":
        """The same graph, of which another result is looked at; `inputs` in the order in which
        they are given.
        """
        return replace(self, chosen=number, inputs=tuple(inputs))


class Forward(torch.nn.Module):
    """A module under a watch."""

    results, tensors = 1, 1

    def __init__(self, module: torch.nn.Module, watch: Watch | None = None) -> None:
        super().__init__()
        self.module = module
        # what is no module, parameter or buffer is kept out of torch's sight
        self.__dict__["watch"] = watch or Watch(None)

    def forward(self, x: torch.Tensor) -> Any:
        """Return what the module returns where no gradient is wanted."""
        with self.__dict__["watch"].looking():
            return self.module(x)


class Backward(Forward):
    """A module where a gradient is wanted: its result, and its vector-Jacobian product, of the
    input and the gradient of the result.
    """

    results, tensors = 2, 2

    def forward(self, x: torch.Tensor, g: torch.Tensor) -> Any:  # type: ignore[override]  # of two tensors
        """Return ``y`` and ``g`` times the Jacobian at ``x``; zeros where the output does not
        depend on ``x``.
        """
        with self.__dict__["watch"].looking(), torch.enable_grad():
            x = x.detach().requires_grad_()
            y = self.module(x)
            (back,) = torch.autograd.grad(y, x, g)
        return y.detach(), back


def export(
    module: torch.nn.Module, samples: Sequence[torch.Tensor], free_axes: Sequence[int]
) -> Exported:
    """Record `module` on `samples`; an axis of `free_axes` gets a symbol unless its size is 0 or 1,
    which torch never leaves open.

    Raises
    ------
    ExportFailedError
        If torch cannot, for example because the module branches on values.
    """
    dynamic = tuple(
        {axis: torch.export.Dim.AUTO for axis in free_axes if sample.shape[axis] > 1}
        for sample in samples
    )
    watched = module.__dict__["watch"].seen if isinstance(module, Forward) else Watched()
    try:
        with (
            _quietly(),
            _as_it_is(),
            _sizes_as_text_noticed(watched),
            _decisions_limited(),
            training_noticed(module) as reads,
        ):
            program = torch.export.export(
                module, tuple(samples), dynamic_shapes=dynamic, strict=False
            )
            if missing := _without_a_meaning(program.graph_module):
                # torch knows most operators in terms of simpler ones; that takes three times as
                # long again
                known = torch.export.default_decompositions()
                if table := {op: known[op] for op in missing if op in known}:
                    program = program.run_decompositions(table)
    except Exception as error:
        raise ExportFailedError(_first_line(error)) from error
    return replace(
        _exported(program, getattr(module, "results", 1)),
        recorded=watched,
        reads_the_mode=bool(reads),
    )


@contextmanager
def _as_it_is() -> Iterator[None]:
    """Have torch record as much as it can: every axis a symbol of its own, every line, and what
    nobody uses too, since it may raise.
    """
    with (
        # equal sizes of a sample are a coincidence: without this, torch would give them one symbol
        symbolic_config.patch(use_duck_shape=False),  # type: ignore[attr-defined]  # of torch's config modules
        _lines_of_functions(),
        replaced(fx.Graph, "eliminate_dead_code", lambda *_, **__: False),
    ):
        yield


@contextmanager
def _sizes_as_text_noticed(watched: Watched) -> Iterator[None]:
    """Notice where a symbol is written as text: `str(x.shape[1]) in table` is a decision by the
    size, and torch makes no guard of it.
    """

    def noticing(kind: type, known: Any) -> Any:
        def written(self: Any) -> str:
            frame = sys._getframe(1)
            if not frame.f_code.co_filename.startswith((TORCH, SYMPY)):
                watched.asked.setdefault(
                    SIZE_AS_TEXT, f"line {frame.f_lineno} of {Path(frame.f_code.co_filename).name}"
                )
            return str(known(self))

        return replaced(kind, "__repr__", written)

    with ExitStack() as stack:
        for kind in (torch.SymInt, torch.SymFloat, torch.SymBool):
            stack.enter_context(noticing(kind, kind.__repr__))
        yield


@contextmanager
def training_noticed(target: torch.nn.Module) -> Iterator[list[str]]:
    """Notice who reads `training` of a module in the target, so that the modes are known to be
    the same where nobody does.
    """
    modules = {id(each) for each in target.modules() if not isinstance(each, Forward)}
    reads: list[str] = []

    def read(self: torch.nn.Module) -> bool:
        if id(self) in modules:
            file = sys._getframe(1).f_code.co_filename
            # torch looks while it records; its own layers stand in nn
            if not file.startswith(TORCH) or file.startswith(f"{TORCH}/nn/"):
                reads.append(type(self).__name__)
        try:
            return bool(self.__dict__["training"])
        except KeyError:
            raise AttributeError("training") from None

    def write(self: torch.nn.Module, value: bool) -> None:
        self.__dict__["training"] = value

    with replaced(torch.nn.Module, "training", property(read, write)):
        yield reads


@contextmanager
def _decisions_limited() -> Iterator[None]:
    """End a recording in which their code compares sizes more than `MAX_DECISIONS` times, also
    where it catches what ends it.
    """
    known: Callable[[torch.SymBool], bool] = torch.SymBool.__bool__
    taken = 0

    def decided(self: torch.SymBool) -> bool:
        nonlocal taken
        taken += not sys._getframe(1).f_code.co_filename.startswith((TORCH, SYMPY))
        if taken > MAX_DECISIONS:
            raise ExportFailedError(TOO_MANY_DECISIONS.format(most=MAX_DECISIONS))
        return known(self)

    with replaced(torch.SymBool, "__bool__", decided):
        yield
    if taken > MAX_DECISIONS:
        raise ExportFailedError(TOO_MANY_DECISIONS.format(most=MAX_DECISIONS))


def _without_a_meaning(module: fx.GraphModule) -> list[Any]:
    graphs = [part.graph for part in module.modules() if isinstance(part, fx.GraphModule)]
    targets = {
        node.target
        for graph in graphs
        for node in graph.nodes
        if isinstance(node.target, torch._ops.OpOverload)
    }
    return [
        target
        for target in targets
        if str(target) not in MEANINGS.keys() | NEED_NO_MEANING and "_." not in str(target)
    ]


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


class _FramesOutsideTorch:
    """Stands for every function that is neither torch's nor part of this watch, as (file, name)."""

    def __contains__(self, frame: tuple[str, str]) -> bool:
        return not frame[0].startswith((TORCH, OURS))


def _lines_of_functions() -> AbstractContextManager[Any]:
    """Have torch note the lines of all of the user's functions, and not those called `forward`
    alone; it knows of no public way.
    """
    return replaced(fx.proxy, "_STACK_TRACE_ANCHORS", _FramesOutsideTorch())


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep torch's remarks on its own insides from the screen."""
    log = logging.getLogger("torch")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _exported(program: torch.export.ExportedProgram, results: int) -> Exported:
    nodes = {node.name: node for node in program.graph.nodes}
    signature = program.graph_signature
    inputs, tables = [], {}
    for spec in signature.input_specs:
        name = spec.arg.name
        if spec.kind is InputKind.USER_INPUT:
            inputs.append(name)
        elif (
            spec.kind in (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR)
            and spec.target is not None
        ):
            tables[name] = _tensor_of(program, spec.target)
        else:
            raise ExportFailedError(f"the graph has an input of kind {spec.kind.name}")
    outputs = [spec for spec in signature.output_specs if spec.kind is OutputKind.USER_OUTPUT]
    if any(
        spec.kind not in (OutputKind.USER_OUTPUT, OutputKind.USER_INPUT_MUTATION)
        for spec in signature.output_specs
    ):
        raise ExportFailedError(
            "the module changes something else than its input, or returns something else than its "
            "result"
        )
    if len(outputs) != results or any(each.arg.name not in nodes for each in outputs):
        raise ExportFailedError(
            f"the module returns {len(outputs) - results + 1} results: one tensor was expected"
        )
    values = [nodes[name].meta["val"] for name in inputs]
    environment = values[0].fake_mode.shape_env
    sizes = tuple(
        tuple(
            size.node.expr if isinstance(size, torch.SymInt) else int(size) for size in value.shape
        )
        for value in values
    )
    symbols = {
        symbol
        for shape in sizes
        for size in shape
        if isinstance(size, sympy.Expr)
        for symbol in size.free_symbols
    }
    ranges = {
        symbol: environment.var_to_range[symbol]
        for symbol in symbols
        if symbol in environment.var_to_range
    }
    asserts = [
        each.expr for deferred in environment.deferred_runtime_asserts.values() for each in deferred
    ]
    return Exported(
        graph=program.graph,
        results=results,
        inputs=tuple(inputs),
        tables=tables,
        dimensions=sizes,
        # what a symbol was replaced by says as much of the sizes as the guard that did it: the
        # dimensions show it
        guards=tuple(
            expression.xreplace(environment.replacements)
            for expression in (*(g.expr for g in environment.guards), *asserts)
        ),
        lows={symbol: int(each.lower) for symbol, each in ranges.items() if each.lower.is_Integer},
        highs={symbol: int(each.upper) for symbol, each in ranges.items() if each.upper.is_Integer},
    )


def _tensor_of(program: torch.export.ExportedProgram, target: str) -> torch.Tensor:
    found: torch.Tensor | None = program.state_dict.get(target, program.constants.get(target))
    if type(found) not in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer):
        # a tensor that only stands for one, or one whose operators are somebody's own
        raise ExportFailedError(f"the numbers of {target} are not in the graph")
    assert found is not None
    return found


def source_line(node: fx.Node, path: str | None) -> str:
    """Where in the user's code a node comes from: the innermost line of their file, or of any
    file.
    """
    places: list[tuple[str, str]] = re.findall(
        r'File "([^"]+)", line (\d+)', node.meta.get("stack_trace") or ""
    )
    own = [number for file, number in places if path is not None and file == path]
    if own:
        return f"line {own[-1]}"
    return (
        f"line {places[-1][1]} of {places[-1][0].rpartition('/')[2]}"
        if places
        else "a line that torch does not say"
    )
