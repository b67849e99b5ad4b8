"""Record a module as a graph of ATen operators with `torch.export`, and under which guards the graph is the module.

torch records one run at sample sizes, with symbols for the sizes. Whatever the run decides by a size becomes a guard: a formula on the
symbols. The graph speaks for the sizes where all guards hold, and for no others.
"""

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import sympy
import torch
from torch import fx
from torch.export.graph_signature import InputKind, OutputKind
from torch.fx.experimental import _config as symbolic_config

from stsm_ref.proofs.operators import CHECKS_ONLY, MEANINGS

NEED_NO_MEANING = {*CHECKS_ONLY, "aten.sym_size.int", "aten.sym_numel.default", "aten.sym_stride.int"}


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


class Backward(torch.nn.Module):
    """The vector-Jacobian product of a module, as a module of the input and the gradient of the output."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        """Return ``g`` times the Jacobian at ``x``; zeros where the output does not depend on ``x``."""
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            y = self.module(x)
            (back,) = torch.autograd.grad(y, x, g)
        return back


def export(module: torch.nn.Module, samples: Sequence[torch.Tensor], free_axes: Sequence[int]) -> Exported:
    """Record `module` on `samples`; an axis of `free_axes` gets a symbol unless its size is 0 or 1, which torch never leaves open.

    Raises
    ------
    ExportFailedError
        If torch cannot, for example because the module branches on values.
    """
    dynamic = tuple({axis: torch.export.Dim.AUTO for axis in free_axes if sample.shape[axis] > 1} for sample in samples)
    try:
        # equal sizes of a sample are a coincidence: without this, torch would give them one symbol
        with _quietly(), mock.patch.object(symbolic_config, "use_duck_shape", False), _lines_of_functions():
            program = torch.export.export(module, tuple(samples), dynamic_shapes=dynamic, strict=False)
            if missing := _without_a_meaning(program.graph_module):
                # torch knows most operators in terms of simpler ones; that takes three times as long again
                known = torch.export.default_decompositions()
                if table := {op: known[op] for op in missing if op in known}:
                    program = program.run_decompositions(table)
    except Exception as error:
        raise ExportFailedError(_first_line(error)) from error
    return _exported(program)


def _without_a_meaning(module: fx.GraphModule) -> list[Any]:
    graphs = [part.graph for part in module.modules() if isinstance(part, fx.GraphModule)]
    targets = {node.target for graph in graphs for node in graph.nodes if isinstance(node.target, torch._ops.OpOverload)}
    return [target for target in targets if str(target) not in MEANINGS.keys() | NEED_NO_MEANING and "_." not in str(target)]


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


class _FramesOutsideTorch:
    """Stands for every function that is not torch's, as (file, name)."""

    def __contains__(self, frame: tuple[str, str]) -> bool:
        return not frame[0].startswith(str(Path(torch.__file__).parent))


def _lines_of_functions() -> AbstractContextManager[Any]:
    """Have torch note the lines of all of the user's functions, and not those called `forward` alone; it knows of no public way."""
    return mock.patch.object(fx.proxy, "_STACK_TRACE_ANCHORS", _FramesOutsideTorch(), create=True)


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


def _exported(program: torch.export.ExportedProgram) -> Exported:
    nodes = {node.name: node for node in program.graph.nodes}
    signature = program.graph_signature
    inputs, tables = [], {}
    for spec in signature.input_specs:
        name = spec.arg.name
        if spec.kind is InputKind.USER_INPUT:
            inputs.append(name)
        elif spec.kind in (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR) and spec.target is not None:
            tables[name] = _tensor_of(program, spec.target)
        else:
            raise ExportFailedError(f"the graph has an input of kind {spec.kind.name}")
    outputs = [spec for spec in signature.output_specs if spec.kind is OutputKind.USER_OUTPUT]
    if any(spec.kind not in (OutputKind.USER_OUTPUT, OutputKind.USER_INPUT_MUTATION) for spec in signature.output_specs):
        raise ExportFailedError("the module changes something else than its input, or returns something else than its result")
    if len(outputs) != 1 or outputs[0].arg.name not in nodes:
        raise ExportFailedError(f"the module returns {len(outputs)} results: one tensor was expected")
    values = [nodes[name].meta["val"] for name in inputs]
    environment = values[0].fake_mode.shape_env
    sizes = tuple(tuple(size.node.expr if isinstance(size, torch.SymInt) else int(size) for size in value.shape) for value in values)
    symbols = {symbol for shape in sizes for size in shape if isinstance(size, sympy.Expr) for symbol in size.free_symbols}
    ranges = {symbol: environment.var_to_range[symbol] for symbol in symbols if symbol in environment.var_to_range}
    asserts = [each.expr for deferred in environment.deferred_runtime_asserts.values() for each in deferred]
    return Exported(
        graph=program.graph,
        inputs=tuple(inputs),
        tables=tables,
        dimensions=sizes,
        # what a symbol was replaced by says as much of the sizes as the guard that did it: the dimensions show it
        guards=tuple(expression.xreplace(environment.replacements) for expression in (*(g.expr for g in environment.guards), *asserts)),
        lows={symbol: int(each.lower) for symbol, each in ranges.items() if each.lower.is_Integer},
        highs={symbol: int(each.upper) for symbol, each in ranges.items() if each.upper.is_Integer},
    )


def _tensor_of(program: torch.export.ExportedProgram, target: str) -> torch.Tensor:
    found = program.state_dict.get(target, program.constants.get(target))
    if not isinstance(found, torch.Tensor) or isinstance(found, torch._subclasses.FakeTensor):
        raise ExportFailedError(f"the numbers of {target} are not in the graph")
    return found


def source_line(node: fx.Node, path: str | None) -> str:
    """Where in the user's code a node comes from: the innermost line of their file, or of any file."""
    places: list[tuple[str, str]] = re.findall(r'File "([^"]+)", line (\d+)', node.meta.get("stack_trace") or "")
    own = [number for file, number in places if path is not None and file == path]
    if own:
        return f"line {own[-1]}"
    return f"line {places[-1][1]} of {places[-1][0].rpartition('/')[2]}" if places else "a line that torch does not say"
