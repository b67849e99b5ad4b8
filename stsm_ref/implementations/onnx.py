"""An ONNX graph as a target, run by onnxruntime on the CPU.

A graph is one spec, one dtype, and as many sizes as it leaves free: sizes that it fixes are
`OnnxTarget.fixed`, and no others are asked.
"""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np

from stsm_ref._files import GIB, require_file
from stsm_ref.errors import MissingExtraError, cut, quoted, visible
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import CrashError, Layout, Observation, Op, TargetError
from stsm_ref.implementations.layouts import AXES, checked_layout, from_own, own_shape, to_own
from stsm_ref.values import DTYPES

NAMES = {"float": "float32", "double": "float64"} | {
    dtype.name: dtype.name for dtype in DTYPES if dtype.kind in "biu" or dtype.name == "float16"
}
"""onnxruntime's names for those dtypes that NumPy has."""

MAX_BYTES = 2 * GIB
"""Bytes of a graph, which protobuf cannot exceed; weights may lie beside it."""

COMPUTING = {"Conv", "ConvInteger", "QLinearConv", "MatMul", "Gemm", "Einsum"}
"""Operators that sum products: a graph with one of them is a convolution, and is held to finite
values only (CONV-2).
"""


class OnnxTarget:
    """A graph with one input and one output.

    Parameters
    ----------
    path : Path
        The file; weights that lie beside it are found.
    layout : {"TCHW", "NTCHW", "NCTHW", "NTHWC", "(NT)CHW"}
        The order of the input's axes.
    segments : int
        Frames of a clip in the layout ``(NT)CHW``: the graph cannot be told another number.

    Raises
    ------
    TargetError
        If there is no such file, it is not a graph that onnxruntime runs, or its input or output
        is not what `layout` says.
    MissingExtraError
        Without onnx and onnxruntime.
    """

    kind = "onnx"
    ops: frozenset[Op] = frozenset({"forward"})
    sees_memory = False

    def __init__(self, path: Path, *, layout: str = "NTCHW", segments: int = 8) -> None:
        self.name = cut(visible(path.stem), 100)
        self.answered: set[Op] = set()
        self.layout: Layout = checked_layout(layout)
        self._what = f"the graph {quoted(str(path))}"
        self._session, operators, has_rank = self._load(path)
        self.moves_bits = not operators & COMPUTING
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            names = f"inputs {_names(inputs)}; outputs {_names(outputs)}"
            raise TargetError(f"{self._what} must have one input and one output, and has {names}")
        self._input = inputs[0].name
        self.dtypes = (self._dtype(inputs[0].type),)
        self.fixed = self._fixed(inputs[0].shape if has_rank else None, segments)

    def use(self, spec: ShiftSpec) -> None:
        """Nothing to tell it: a graph does one spec."""

    def run(self, op: Op, x: Array, other: Array | None = None, *, case: str = "") -> Observation:
        """See `Target.run`."""
        own = np.ascontiguousarray(to_own(x, self.layout))
        try:
            output = self._session.run(None, {self._input: own})[0]
        except Exception as error:  # onnxruntime raises kinds of its own, which it does not publish
            raise CrashError(
                f"{self._what} fails on an input of shape "
                f"{own.shape}{f' in case {case}' if case else ''}: {_first(error)}"
            ) from None
        if not isinstance(output, np.ndarray) or output.shape != own.shape:
            shape = getattr(output, "shape", type(output).__name__)
            raise CrashError(
                f"{self._what} returned shape {shape} for an input of shape {own.shape}: it must "
                "keep it"
            )
        self.answered.add(op)
        return Observation(from_own(output, self.layout, x.shape))

    def close(self) -> None:
        """Nothing to end."""

    def _load(self, path: Path) -> tuple[Any, set[str], bool]:
        """The session, the operators of the graph and of all graphs and functions in it, and
        whether its inputs tell their axes.
        """
        try:
            import onnx
            import onnxruntime
        except ModuleNotFoundError as missing:
            raise MissingExtraError("an ONNX target", str(missing.name), "onnx") from None
        with contextlib.suppress(OSError):  # of a name that no disk takes the next line says so
            if not path.exists():
                raise TargetError(f"there is no file {quoted(str(path))}")
        require_file(path, most=MAX_BYTES, what="the graph", error=TargetError)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # its errors arrive as exceptions
        try:
            model = onnx.load(path, load_external_data=False)
            session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # protobuf's and onnxruntime's own kinds
            raise TargetError(f"{self._what} cannot be loaded: {_first(error)}") from None
        graphs = [model.graph, *model.functions]
        operators: set[str] = set()
        while graphs:
            for node in graphs.pop().node:
                operators.add(node.op_type)
                graphs += [attribute.g for attribute in node.attribute if attribute.HasField("g")]
        has_rank = all(value.type.tensor_type.HasField("shape") for value in model.graph.input)
        return session, operators, has_rank

    def _dtype(self, name: str) -> np.dtype[Any]:
        known = NAMES.get(name.removeprefix("tensor(").removesuffix(")"))
        if known is None:
            raise TargetError(
                f"{self._what} takes {name}, which is not one of "
                f"{', '.join(f'tensor({n})' for n in NAMES)}"
            )
        return np.dtype(known)

    def _fixed(self, shape: list[Any] | None, segments: int) -> dict[str, int]:
        """The sizes that the graph fixes, by letters of ``NTCHW``."""
        if shape is None:
            raise TargetError(
                f"{self._what} has an input {quoted(self._input)} that does not say how many "
                "axes it has, so its layout cannot be told: "
                "export it with a shape, whose sizes may be free"
            )
        rank = len(own_shape((1, 1, 1, 1, 1), self.layout))
        if len(shape) != rank:
            raise TargetError(
                f"{self._what} has an input of {len(shape)} axes, {quoted(shape)}, and layout "
                f"{self.layout} "
                f"has {rank}: name another --layout"
            )
        sizes = [size if isinstance(size, int) else None for size in shape]
        if self.layout == "(NT)CHW":
            frames = sizes[0]
            if frames is not None and frames % segments:
                raise TargetError(
                    f"{self._what} takes {frames} frames, which do not divide into clips of "
                    f"{segments}: name another --segments"
                )
            clips = None if frames is None else frames // segments
            named = dict(zip("NTCHW", (clips, segments, *sizes[1:]), strict=True))
        elif self.layout == "TCHW":
            named = dict(zip("NTCHW", (1, *sizes), strict=True))
        else:
            named = {
                "NTCHW"[axis]: size for axis, size in zip(AXES[self.layout], sizes, strict=True)
            }
        return {axis: size for axis in "NTCHW" if (size := named[axis]) is not None}


def _names(values: Any) -> str:
    """What inputs or outputs are called, a few of them."""
    names = [quoted(value.name, 60) for value in values]
    return (
        ", ".join([*names[:5], *([f"and {len(names) - 5} more"] if len(names) > 5 else [])])
        or "none"
    )


def _first(error: Exception) -> str:
    """What matters of a long message."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[0] if len(lines[0]) <= 400 else lines[0][:400] + " ..."
