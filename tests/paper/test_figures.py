"""The figures from code: complete, the same bytes each time, drawn from the functions and the
published tables.
"""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import image
from typer.testing import CliRunner

from stsm_ref import cli
from stsm_ref.errors import ReportError
from stsm_ref.paper.tables import TABLE_1, TABLE_7
from stsm_ref.pictures import drawing
from stsm_ref.pictures.paper_figures import five_seconds, published, steps
from stsm_ref.pictures.paper_figures.figures import FIGURES, paths, require_folder, write_figures
from tests import ROOT

pytestmark = pytest.mark.requirement(
    "SHIFT-1", "SHIFT-2", "SHIFT-3", "SHIFT-4", "SHIFT-5", "SHIFT-6", "PAD-1", "CONV-2"
)

PICTURES = ROOT / "docs" / "pictures"
COMMITTED = {
    name: PICTURES / f"{'tsn_resnet50' if name == 'fig-2' else name}.png" for name in FIGURES
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the command has filled."""
    out = tmp_path_factory.mktemp("figures") / "new" / "folder"
    ended = CliRunner().invoke(cli.app, ["figures", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert ended.output.count("wrote ") == len(paths(out)) == 16
    return out


def test_one_command_writes_them_all(folder: Path) -> None:
    """Figures 1 to 4, Tables 1 to 3 and the five seconds, each as PNG and SVG, and nothing else."""
    assert {path.stem for path in folder.iterdir()} == set(FIGURES)
    assert {
        "fig-1",
        "fig-2",
        "fig-3",
        "fig-4",
        "table-1",
        "table-2",
        "table-3",
        "five-seconds",
    } == set(FIGURES)
    for path in folder.iterdir():
        start = path.read_bytes()[:100]
        assert start.startswith(b"\x89PNG") if path.suffix == ".png" else start.startswith(b"<?xml")


def test_a_second_run_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """No date, no random ids."""
    for path in write_figures(tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize("name", FIGURES)
def test_the_committed_pictures_are_up_to_date(folder: Path, name: str) -> None:
    """What the docs show is what the code draws today, but for the rounding of colours; small
    files.
    """
    np.testing.assert_allclose(
        image.imread(COMMITTED[name]), image.imread(folder / f"{name}.png"), atol=0.02
    )
    assert COMMITTED[name].stat().st_size < 200_000


def test_without_torch_the_others_are_written(tmp_path: Path) -> None:
    """Figure 2 is read off a network: its extra is named, and what was written is told first."""
    code = (
        "import sys; sys.modules['torch'] = None; sys.argv = ['stsm-ref', 'figures', '--out', "
        f"{str(tmp_path)!r}]"
    )
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}; from stsm_ref.cli import main; main()"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "300"},
    )
    assert ended.returncode == 2
    assert "needs torch, which is not installed: pip install 'stsm_ref[torch]'" in ended.stderr
    assert {path.stem for path in tmp_path.iterdir()} == set(FIGURES) - {"fig-2"}
    assert ended.stdout.count("wrote ") == 14


def texts(figure: Any) -> list[str]:
    """Every text in every axes of a figure."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_figure_1_has_every_line_that_prints_its_cost() -> None:
    """A dot a line of Table 7, where the line says, and its name; SmallBigNet at 2235 too."""
    figure = published.draw_accuracy_against_cost()
    drawn = {
        tuple(map(float, point.get_offsets()[0]))
        for axes in figure.axes
        for point in axes.collections
    }
    for row in TABLE_7:
        if row.total is not None:
            assert (float(row.total), float(row.accuracy)) in drawn, row
            left, right = figure.axes[0].get_xlim()
            assert left < row.total < right
    names = texts(figure)
    assert all(f"{row.name}, {row.frames}" in names for row in TABLE_7 if row.total is not None)


@pytest.mark.parametrize("name", ["fig-1", "table-1", "table-2", "table-3"])
def test_charts_say_whose_figures_they_are(name: str) -> None:
    """Published, the source, and not ours."""
    words = FIGURES[name]().get_supxlabel()
    assert words.startswith(
        "Published figures: Yang, An & Zhang, Mathematics 2022, 10, 3290, Table "
    )
    assert words.endswith("Not measured by this project.")


def test_charts_are_drawn_from_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The points of Table 1 are its figures; with another figure in the table the chart has another
    point.
    """
    (line, *_) = published.draw_table_1().axes[0].lines
    assert [Decimal(str(y)) for y in line.get_ydata()] == [row.accuracy for row in TABLE_1]
    changed = (*TABLE_1[:-1], TABLE_1[-1]._replace(top1="71.5"))
    monkeypatch.setattr(published, "TABLE_1", changed)
    assert published.draw_table_1().axes[0].lines[0].get_ydata()[-1] == 71.5
    assert [text for text in texts(published.draw_table_3()) if text.startswith("75.04")] == [
        "75.04"
    ]


def test_figure_3_shows_what_stsm_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    """27 zeros enter in each pair of directions; a shift that does nothing draws none."""
    zeros = [text for text in texts(steps.draw_steps()) if text == "0"]
    assert len(zeros) == 6 * 9
    monkeypatch.setattr(steps, "stsm", lambda x, spec: x)
    assert [text for text in texts(steps.draw_steps()) if text == "0"] == []


def test_figure_4_shows_what_correlate_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three zeros in each padding, one in each kernel, three in each result; a correlation that
    does nothing loses the last.
    """
    zeros = [text for text in texts(steps.draw_convolutions()) if text == "0"]
    assert len(zeros) == 6 * (3 + 1 + 3)
    monkeypatch.setattr(steps, "correlate", lambda x, kernel, axes: x)
    assert len([text for text in texts(steps.draw_convolutions()) if text == "0"]) == 6 * (3 + 1)


def test_five_seconds_show_what_stsm_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hatched cells are the zeros of the result: a frame a time direction, an edge a frame in
    space.
    """

    def hatched() -> int:
        return sum(
            patch.get_hatch() is not None
            for patch in five_seconds.draw_five_seconds().axes[0].patches
        )

    assert five_seconds.clip().all()
    assert hatched() == 2 * 16 + 4 * 3 * 4
    monkeypatch.setattr(five_seconds, "stsm", lambda x, spec: x)
    assert hatched() == 0


def test_a_folder_that_cannot_be_made_is_refused_before_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in its way, or a folder in the place of a picture: exit 2, and nothing written."""
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(drawing, "save", lambda *_: pytest.fail("drew before it looked"))
    ended = CliRunner().invoke(cli.app, ["figures", "--out", str(tmp_path / "file")])
    assert ended.exit_code == 2
    assert "is not a folder and cannot be made one" in " ".join(ended.output.split())
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "fig-3.png").mkdir()
    with pytest.raises(ReportError, match=r"fig-3.png' is a folder: name a file in it"):
        require_folder(tmp_path)
