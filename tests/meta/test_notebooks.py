"""The notebooks keep their form, and the tool that executes them sees what changed."""

import base64
import copy
import importlib.util
import io
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import numpy as np
import pytest
from PIL import Image

from tests import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IDS = [path.stem[:2] for path in NOTEBOOKS]


def tool() -> ModuleType:
    """`tools/run_notebooks.py` as a module."""
    spec = importlib.util.spec_from_file_location(
        "run_notebooks", ROOT / "tools" / "run_notebooks.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path) -> Any:
    """A notebook as nbformat reads it."""
    return nbformat.read(path, as_version=4)


def test_they_are_numbered_without_gaps() -> None:
    """01, 02, 03 and so on: they are read in that order."""
    assert len(NOTEBOOKS) >= 8
    assert [int(i) for i in IDS] == list(range(1, len(NOTEBOOKS) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_each_has_its_form(path: Path) -> None:
    """A title with its number, prose between the code, a picture, and an exercise whose check
    passes and can fail.
    """
    notebook = read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert prose[0].startswith(f"# {int(path.stem[:2])}. ")
    assert "## Your turn" in "\n".join(prose)
    source = "\n".join(cell.source for cell in code)
    exercise = next(cell.source for cell in code if "# your line" in cell.source)
    assert "    return ...  # your line, in place of the three dots" in exercise
    assert (
        "assert" not in exercise
    )  # whoever is not right yet is shown a picture, and no AssertionError
    assert exercise.splitlines()[-1].endswith("check(mine, specification, cases)")
    (answer,) = (cell for cell in code if cell.source.startswith("def answer("))
    assert answer.metadata == {"jupyter": {"source_hidden": True}}
    assert code.index(answer) > [cell.source for cell in code].index(exercise)
    assert re.search(r"^assert .*passed", source, re.MULTILINE)
    assert re.search(r"^assert not .*passed", source, re.MULTILINE)
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
    assert len(source.splitlines()) < 200
    assert max(map(len, source.splitlines())) <= 120


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_outputs_are_stored_and_of_no_machine(path: Path) -> None:
    """Executed in order, without errors or warnings; no paths, addresses, clocks or live widgets in
    them.
    """
    notebook = nbformat.validator.normalize(read(path))[1]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name", "stdout") == "stdout", output.text
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            words = json.dumps(
                {**output.get("data", {}), "image/png": "", "text": output.get("text", "")}
            )
            assert not re.search(
                r"/(?:tmp|home|root|var)/|0x[0-9a-f]{6}|\bseconds\b|\d ?ms\b", words
            ), words
    assert set(notebook.metadata) == {"kernelspec"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_an_exercise_shows_what_is_missing_and_takes_the_answer(path: Path) -> None:
    """As it stands it draws a case; with a wrong line it draws one; with the answer's body it
    agrees. No edit of it raises.
    """
    from stsm_ref.pictures.counterexample import Verdict

    cells = read(path).cells
    exercise = next(cell for cell in cells if "# your line" in cell.source)
    answer = next(cell.source for cell in cells if cell.source.startswith("def answer("))
    assert "write your line in place of the three dots" in json.dumps(
        exercise.outputs[-1]["data"]["text/plain"]
    )
    names: dict[str, Any] = {}
    for cell in cells:
        if cell.cell_type == "code":
            wanted = [
                line for line in cell.source.splitlines() if line.startswith(("import ", "from "))
            ]
            exec("\n".join(wanted), names)
    *written, last = exercise.source.splitlines()
    exec("\n".join(written), names)
    with_answer = answer.partition("\n\n\n")[0].replace("def answer(", "def mine(")
    for body, passes in (
        ("def mine(*arguments):\n    return ...", False),
        ("def mine(*arguments):\n    return 0", False),
        (with_answer, True),
    ):
        exec(body, names)
        verdict = eval(last, names)
        assert isinstance(verdict, Verdict)
        assert verdict.passed is passes
        assert (verdict.picture is None) is passes


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_pictures_have_words(path: Path) -> None:
    """Each picture says in text what it shows, and is no object at an address."""
    for cell in read(path).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                assert len(output.data["text/plain"]) > 10
                assert "<" not in output.data["text/plain"][:1]


def png(colour: int, size: int = 4) -> str:
    """A small picture of one grey."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((size, size, 3), colour, np.uint8)).save(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode()


def small() -> Any:
    """A notebook of one cell with a picture and a line of text."""
    outputs = [
        nbformat.v4.new_output(
            "execute_result", {"image/png": png(100), "text/plain": "a picture"}, execution_count=1
        ),
        nbformat.v4.new_output("stream", name="stdout", text="1 2 3\n"),
    ]
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x", outputs=outputs, execution_count=1, id="cell-00")]
    )


def test_the_tool_sees_what_changed() -> None:
    """Other text, another picture, a size, a missing or an added output are named; the rounding of
    a colour is not.
    """
    differences, stored = tool().differences, small()
    assert differences(stored, small()) == []
    for change, expected in [
        (lambda cell: cell.outputs[1].update(text="1 2 4\n"), ["cell-00"]),
        (lambda cell: cell.outputs[0]["data"].update({"image/png": png(120)}), ["cell-00"]),
        (lambda cell: cell.outputs[0]["data"].update({"image/png": png(100, 5)}), ["cell-00"]),
        (lambda cell: cell.outputs[0]["data"].update({"text/plain": "another"}), ["cell-00"]),
        (lambda cell: cell.outputs.pop(), ["cell-00"]),
        (lambda cell: cell.outputs.append(copy.deepcopy(cell.outputs[1])), ["cell-00"]),
        (lambda cell: cell.outputs[0]["data"].update({"image/png": png(102)}), []),
    ]:
        fresh = small()
        change(fresh.cells[0])
        assert differences(stored, fresh) == expected


def test_the_tool_takes_out_what_only_a_kernel_shows() -> None:
    """A widget and what depends on the clock are not stored; pieces of one printed text are
    joined.
    """
    notebook = small()
    cell = notebook.cells[0]
    cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text="4\n"))
    cell.outputs.append(
        nbformat.v4.new_output(
            "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "1f"}}
        )
    )
    notebook.metadata.update(kernelspec={"name": "python3"}, language_info={"version": "3.11"})
    clean = tool().without_execution_state(notebook)
    assert [output.get("text") for output in clean.cells[0].outputs] == [None, "1 2 3\n4\n"]
    assert set(clean.metadata) == {"kernelspec"}


def test_the_tool_fails_where_a_notebook_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stored output that is not what runs, or an assert that fails, is no success; what is
    written then runs again.
    """
    module = tool()
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("print(1 + 1)", id="cell-00")], metadata=kernel
    )
    path = tmp_path / "01-x.ipynb"
    path.write_text(nbformat.writes(notebook))
    assert module.main([]) == 1
    assert "differs from what is stored, in cell-00" in capsys.readouterr().out
    assert module.main(["--write"]) == 0
    assert module.main(["01"]) == 0
    notebook.cells[0].source = "assert 1 + 1 == 3"
    path.write_text(nbformat.writes(notebook))
    assert module.main([]) == 1
    assert "01-x.ipynb: stopped" in capsys.readouterr().out
    assert "AssertionError" not in path.read_text()


def test_the_widget_answers_every_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each choice of kernel, of side and of window gives a picture, on the widget as the notebook
    makes it.
    """
    import itertools

    import ipywidgets

    from stsm_ref.pictures.canvas import Picture

    made: list[Any] = []
    monkeypatch.setattr(
        ipywidgets,
        "interact",
        lambda function, **options: made.append(ipywidgets.interactive(function, **options)),
    )
    names: dict[str, Any] = {}
    for cell in read(ROOT / "notebooks" / "02-shift-is-a-sparse-convolution.ipynb").cells:
        if cell.cell_type == "code" and not made:
            exec(cell.source, names)
    (widget,) = made
    kernel, side, window, _output = widget.children
    seen = set()
    for choice in itertools.product(
        kernel.options, side.options, range(window.min, window.max + 1)
    ):
        kernel.value, side.value, window.value = choice
        widget.result = None
        widget.update()
        assert isinstance(widget.result, Picture)
        seen.add(widget.result.text)
    assert len(seen) == 16
