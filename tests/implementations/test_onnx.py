"""ONNX graphs are targets: right ones conform at every size they leave free, wrong ones do not,
and what is no such graph is named.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stsm_ref import stsm
from stsm_ref.conformance import isolated_runner
from stsm_ref.conformance.suite import run_suite
from stsm_ref.errors import MissingExtraError, SpecError
from stsm_ref.evidence.options import RunOptions
from stsm_ref.evidence.report.report import Report
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.onnx import OnnxTarget
from stsm_ref.strategies import make_array

onnx = pytest.importorskip(
    "onnx", reason="ONNX IS NOT INSTALLED: onnx: targets are not checked here"
)
pytest.importorskip(
    "onnxruntime", reason="ONNXRUNTIME IS NOT INSTALLED: onnx: targets are not checked here"
)

DEFAULT, TSM = ShiftSpec(), ShiftSpec.tsm()
FREE = ("n", "t", 16, "h", "w")


class Graph:
    """Builds a graph node by node."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(
        self,
        operator: str,
        *inputs: str | Sequence[int] | np.ndarray,
        outputs: int = 1,
        **attributes: Any,
    ) -> str:
        """Append a node; inputs that are numbers become constants."""
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        made = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(onnx.helper.make_node(operator, names, made, **attributes))
        return made[0]

    def constant(self, value: Any) -> str:
        """A constant's name."""
        array = np.asarray(value) if isinstance(value, np.ndarray) else np.asarray(value, "i8")
        self.constants.append(onnx.numpy_helper.from_array(array, f"c{len(self.constants)}"))
        return self.constants[-1].name

    def save(
        self,
        path: Path,
        output: str,
        shape: Sequence[int | str],
        dtype: int = 1,
        returned: int | None = None,
    ) -> Path:
        """Write the graph from ``x`` to `output`."""
        ends = [
            onnx.helper.make_tensor_value_info("x", dtype, list(shape)),
            onnx.helper.make_tensor_value_info(
                output, dtype if returned is None else returned, None
            ),
        ]
        graph = onnx.helper.make_graph(self.nodes, "shift", ends[:1], ends[1:], self.constants)
        model = onnx.helper.make_model(
            graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9
        )
        onnx.save(model, path)
        return path


def shift(
    graph: Graph,
    x: str,
    spec: ShiftSpec,
    channels: int,
    axes: str = "NTCHW",
    *,
    sign: int = 1,
    mode: str = "constant",
) -> str:
    """Slice, pad and concatenate: the shift as an exporter would write it."""
    parts = []
    for start, stop, displacement in spec.partition(channels):
        if start == stop:
            continue
        part = graph.add("Slice", x, [start], [stop], [axes.index("C")])
        for letter, step in zip("THW", displacement, strict=True):
            if step:
                axis = axes.index(letter)
                forward = step * sign > 0
                cut = graph.add(
                    "Slice", part, [0 if forward else 1], [-1 if forward else 2**62], [axis]
                )
                pads = np.zeros((2, len(axes)), "i8")
                pads[0 if forward else 1, axis] = 1
                part = graph.add("Pad", cut, pads.ravel(), mode=mode)
        parts.append(part)
    return graph.add("Concat", *parts, axis=axes.index("C"))


def write(
    path: Path,
    spec: ShiftSpec = DEFAULT,
    shape: Sequence[int | str] = FREE,
    axes: str = "NTCHW",
    dtype: int = 1,
    **wrong: Any,
) -> Path:
    """A graph of the shift, right or wrong."""
    graph = Graph()
    channels = shape[axes.index("C")]
    assert isinstance(channels, int)
    return graph.save(path, shift(graph, "x", spec, channels, axes, **wrong), shape, dtype)


def hold(path: Path, spec: ShiftSpec = DEFAULT, **how: Any) -> Report:
    """Run the suite on a graph."""
    return run_suite(OnnxTarget(path, **how), RunOptions(spec, "smoke"))


@pytest.mark.parametrize(
    "spec", [DEFAULT, TSM, ShiftSpec("TH+TW+HW", 1), ShiftSpec("THW", 1, "backward-first")], ids=str
)
def test_a_right_graph_conforms(spec: ShiftSpec, tmp_path: Path) -> None:
    """At every size that the graph leaves free, and the report says which it does not."""
    report = hold(write(tmp_path / "right.onnx", spec), spec)
    assert report.passed, [
        (r.rule, r.outcome, r.note, r.violation)
        for r in report.results
        if r.outcome not in ("passed", "skipped")
    ]
    assert (report.kind, report.name) == ("onnx", "right")
    assert any("C is 16" in limit for limit in report.limits)
    assert "onnxruntime" in report.environment


@pytest.mark.parametrize(
    ("layout", "axes"), [("NCTHW", "NCTHW"), ("NTHWC", "NTHWC"), ("TCHW", "TCHW")]
)
def test_layouts(layout: str, axes: str, tmp_path: Path) -> None:
    """A graph is asked in the layout that is named, and the same graph in another layout is
    wrong.
    """
    path = write(
        tmp_path / "right.onnx",
        shape=[16 if letter == "C" else letter.lower() for letter in axes],
        axes=axes,
    )
    assert hold(path, layout=layout).passed
    if layout != "TCHW":
        with pytest.raises(
            TargetError,
            match=r"has an input of 5 axes, .*and layout TCHW has 4: name another --layout",
        ):
            OnnxTarget(path, layout="TCHW")
        assert hold(path, layout="NCTHW" if layout == "NTHWC" else "NTHWC").outcome in (
            "violated",
            "broken",
        )


@pytest.mark.parametrize(
    ("frames", "fixed"), [("nt", {"T": 8, "C": 16}), (24, {"N": 3, "T": 8, "C": 16})]
)
def test_folded_frames(frames: int | str, fixed: dict[str, int], tmp_path: Path) -> None:
    """A graph of (NT)CHW has its number of segments baked in, as the published ones do: it is
    asked for no other.
    """
    graph = Graph()
    sizes = graph.add("Shape", "x")
    clips = graph.add(
        "Reshape", "x", graph.add("Concat", [-1, 8], graph.add("Slice", sizes, [1], [4]), axis=0)
    )
    path = graph.save(
        tmp_path / "tsm.onnx",
        graph.add("Reshape", shift(graph, clips, TSM, 16), sizes),
        [frames, 16, "h", "w"],
    )
    assert OnnxTarget(path, layout="(NT)CHW").fixed == fixed
    assert hold(path, TSM, layout="(NT)CHW").passed
    assert hold(path, TSM, layout="(NT)CHW", segments=4).outcome in ("violated", "broken")
    if frames == 24:
        with pytest.raises(
            TargetError,
            match="takes 24 frames, which do not divide into clips of 5: name another --segments",
        ):
            OnnxTarget(path, layout="(NT)CHW", segments=5)


def test_fixed_sizes_are_asked_and_named(tmp_path: Path) -> None:
    """A graph with the sizes of its example baked in conforms at these, and the report says
    that no others were seen.
    """
    report = hold(write(tmp_path / "baked.onnx", shape=(2, 4, 16, 5, 3)))
    assert report.passed
    assert [limit for limit in report.limits if "no other size" in limit] == [
        f"{axis} is {size} and no other size of it was seen"
        for axis, size in zip("NTCHW", (2, 4, 16, 5, 3), strict=True)
    ]
    assert not any(
        "no other size" in limit and limit[0] != "C"
        for limit in hold(write(tmp_path / "free.onnx")).limits
    )


@pytest.mark.parametrize("dtype", ["DOUBLE", "INT64", "INT32"])
def test_a_graph_is_asked_in_its_dtype(dtype: str, tmp_path: Path) -> None:
    """The dtype of its input, and no other."""
    report = hold(write(tmp_path / "right.onnx", dtype=getattr(onnx.TensorProto, dtype)))
    assert report.passed, report.broken
    assert any("not asked in float32" in limit for limit in report.limits)


@pytest.mark.parametrize("dtype", ["FLOAT16", "UINT8", "BOOL"])
def test_narrow_dtypes_pass_through(dtype: str, tmp_path: Path) -> None:
    """What goes in and comes out keeps its dtype and its bits."""
    target = OnnxTarget(write(tmp_path / "right.onnx", dtype=getattr(onnx.TensorProto, dtype)))
    x = make_array((2, 3, 16, 2, 5), target.dtypes[0], seed=0, values="finite")
    output = target.run("forward", x).output
    assert output.dtype == x.dtype
    np.testing.assert_array_equal(output, stsm(x))


WRONG = {
    "direction": {"sign": -1},
    "edge kept": {"mode": "edge"},
    "another spec": {"spec": TSM},
    "another order": {"spec": ShiftSpec("W+H+T")},
}


@pytest.mark.parametrize("bug", WRONG)
def test_a_wrong_graph_does_not_conform(bug: str, tmp_path: Path) -> None:
    """Exported the wrong way round, with replicated edges, or for another spec: a violation."""
    assert hold(write(tmp_path / "wrong.onnx", **WRONG[bug])).outcome == "violated"


def test_sizes_baked_in_behind_free_names_are_found(tmp_path: Path) -> None:
    """A graph that claims any height but reshapes to the example's is caught."""
    graph = Graph()
    fixed = graph.add("Reshape", "x", [-1, 4, 16, 5, 3])
    path = graph.save(
        tmp_path / "baked.onnx", shift(graph, fixed, DEFAULT, 16), ["n", "t", 16, "h", "w"]
    )
    report = hold(path)
    assert report.outcome == "broken"
    assert (
        "fails on an input of shape (2, 3, 16, 3, 2)" in report.broken
        or "returned shape" in report.broken
    )


def test_a_convolution_is_held_to_finite_values(tmp_path: Path) -> None:
    """A graph that computes is not held to NaN and infinities, and the report says so; on
    finite values it must be right.
    """
    graph = Graph()
    weights = np.zeros((16, 1, 3, 1, 1), "f4")
    for start, stop, displacement in TSM.partition(16):
        weights[start:stop, :, 1 - displacement.dt] = 1
    folded = graph.add("Transpose", "x", perm=[0, 2, 1, 3, 4])
    shifted = graph.add("Conv", folded, weights, group=16, pads=[1, 0, 0, 1, 0, 0])
    report = hold(
        graph.save(
            tmp_path / "conv.onnx", graph.add("Transpose", shifted, perm=[0, 2, 1, 3, 4]), FREE
        ),
        TSM,
    )
    assert report.passed
    assert next(r for r in report.results if r.rule == "bits_are_moved").outcome == "skipped"


def test_what_is_no_such_graph_is_named(tmp_path: Path) -> None:
    """An absent file, a file that is none, a truncated one, two outputs, a dtype that NumPy has
    not: each its own sentence.
    """
    with pytest.raises(TargetError, match=r"there is no file '.*absent.onnx'"):
        OnnxTarget(tmp_path / "absent.onnx")
    (tmp_path / "text.onnx").write_text("not a graph")
    with pytest.raises(TargetError, match=r"text.onnx' cannot be loaded: "):
        OnnxTarget(tmp_path / "text.onnx")
    whole = write(tmp_path / "whole.onnx").read_bytes()
    (tmp_path / "half.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TargetError, match=r"half.onnx' cannot be loaded: "):
        OnnxTarget(tmp_path / "half.onnx")
    graph = Graph()
    output = graph.add("Cast", "x", to=onnx.TensorProto.FLOAT)
    with pytest.raises(
        TargetError, match=r"takes tensor\(bfloat16\), which is not one of tensor\(float\), "
    ):
        OnnxTarget(
            graph.save(
                tmp_path / "bfloat16.onnx", output, FREE, onnx.TensorProto.BFLOAT16, returned=1
            )
        )
    model = onnx.load(tmp_path / "whole.onnx")
    model.graph.input.append(onnx.helper.make_tensor_value_info("y", 1, [1]))
    onnx.save(model, tmp_path / "two.onnx")
    with pytest.raises(
        TargetError, match="must have one input and one output, and has inputs 'x', 'y'; outputs 'v"
    ):
        OnnxTarget(tmp_path / "two.onnx")
    with pytest.raises(SpecError, match="layout='CTHW' is not one of"):
        OnnxTarget(tmp_path / "whole.onnx", layout="CTHW")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnxruntime the command to install it is given."""
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        MissingExtraError, match=r"an ONNX target needs onnxruntime.*stsm_ref\[onnx\]"
    ):
        OnnxTarget(tmp_path / "any.onnx")


def test_a_graph_runs_in_the_watched_child(tmp_path: Path) -> None:
    """As the command line runs it: in a process of its own."""
    report = isolated_runner.run_python_target(
        RunOptions(DEFAULT, "smoke", target=f"onnx:{write(tmp_path / 'right.onnx')}")
    )
    assert report.passed, report.broken


def test_what_does_not_say_its_axes_is_told_so(tmp_path: Path) -> None:
    """An input without a shape has not 0 axes; a scalar has."""
    for name, shape, why in (
        (
            "unknown",
            None,
            r"has an input 'x' that does not say how many axes it has, so its layout cannot be "
            r"told: export it with a shape",
        ),
        ("scalar", [], r"has an input of 0 axes, \[\], and layout NTCHW has 5"),
    ):
        ends = [onnx.helper.make_tensor_value_info(end, 1, shape) for end in "xy"]
        graph = onnx.helper.make_graph(
            [onnx.helper.make_node("Identity", ["x"], ["y"])], "g", ends[:1], ends[1:]
        )
        model = onnx.helper.make_model(
            graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9
        )
        onnx.save(model, tmp_path / f"{name}.onnx")
        with pytest.raises(TargetError, match=why):
            OnnxTarget(tmp_path / f"{name}.onnx")


def test_only_a_file_of_a_known_size_is_a_graph(tmp_path: Path) -> None:
    """A pipe is not waited for, a sparse file not read; a name with brackets and escapes is a
    name.
    """
    os.mkfifo(tmp_path / "pipe.onnx")
    with (tmp_path / "sparse.onnx").open("wb") as file:
        file.truncate(1 << 40)
    for name, why in (
        ("pipe", "is a pipe"),
        ("sparse", "has 1024.0 GiB, where a right one has 2.0 GiB at most"),
    ):
        with pytest.raises(TargetError, match=why):
            OnnxTarget(tmp_path / f"{name}.onnx")
    assert OnnxTarget(write(tmp_path / "model[fp16]\x1b.onnx")).name == "model[fp16]\\x1b"
