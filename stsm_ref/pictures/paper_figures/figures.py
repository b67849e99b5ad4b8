"""Every figure of this project by name, and how they are all written at once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stsm_ref._files import make_folder, require_writable
from stsm_ref.errors import MissingExtraError
from stsm_ref.pictures.drawing import FORMATS, save
from stsm_ref.pictures.paper_figures import five_seconds, published, steps

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_figure_2() -> "Figure":
    """Draw Figure 2: where STSM stands in ResNet-50, read off the network that we build. Needs
    torch.
    """
    from stsm_ref.pictures.network import draw_network

    return draw_network("tsn_resnet50")


FIGURES: dict[str, Callable[[], "Figure"]] = {
    "five-seconds": five_seconds.draw_five_seconds,
    "fig-1": published.draw_accuracy_against_cost,
    "fig-2": draw_figure_2,
    "fig-3": steps.draw_steps,
    "fig-4": steps.draw_convolutions,
    "table-1": published.draw_table_1,
    "table-2": published.draw_table_2,
    "table-3": published.draw_table_3,
}
"""File name without ending, and what draws it. Figures 5 to 7 need the data set and the trained
weights.
"""


def require_folder(folder: Path) -> None:
    """Make `folder`, or refuse it, before anything is drawn.

    Raises
    ------
    ReportError
        If it cannot be made, or a file of it not be written.
    """
    make_folder(folder, f"out={str(folder)!r} is not a folder and cannot be made one")
    for path in paths(folder):
        require_writable(path)


def paths(folder: Path) -> list[Path]:
    """The files that `write_figures` writes, each figure in every format."""
    return [folder / f"{name}{ending}" for name in FIGURES for ending in FORMATS]


def write_figures(folder: Path) -> Iterator[Path]:
    """Draw every figure and write it as PNG and SVG, the same bytes each time; yield each file as
    it is written.

    Raises
    ------
    MissingExtraError
        If Matplotlib or torch, which Figure 2 is read from, is not installed; after the figures
        that can be drawn without it are written.
    ReportError
        If a file cannot be written.
    """
    require_folder(folder)
    lacking: MissingExtraError | None = None
    for name, draw in FIGURES.items():
        for ending in FORMATS:
            path = folder / f"{name}{ending}"
            try:
                save(draw(), path)
            except MissingExtraError as error:
                lacking = error
                break
            yield path
    if lacking:
        raise lacking
