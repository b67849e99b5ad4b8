"""Grids of cells: the small squares of which the pictures of arrays are made."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stsm_ref.pictures.drawing import ENTERS, INK, need_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Colour = Callable[[int], str]


def canvas(width: float, height: float, *, inches: float) -> "tuple[Figure, Axes]":
    """Make a white sheet of `width` x `height` cells, row 0 at the top, so many inches wide.

    Parameters
    ----------
    width, height : float
        Size in cells.
    inches : float
        Width of the sheet.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    figure = need_figure()(figsize=(inches, inches * height / width), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_aspect("equal")
    axes.axis("off")
    return figure, axes


def draw_grid(
    axes: "Axes",
    values: npt.NDArray[Any],
    left: float,
    top: float,
    *,
    colour: Colour,
    cell: float = 1.0,
    size: float = 0.0,
) -> None:
    """Draw a matrix cell by cell: 0 white and hatched, others in their colour, with their digits if
    `size` is not 0.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    values : ndarray
        Two axes: rows and columns.
    left, top : float
        The corner, in cells.
    colour : callable
        Gives the colour of a value.
    cell : float
        Size of a cell.
    size : float
        Of the digits; 0 for none.
    """
    from matplotlib.patches import Rectangle

    for (row, column), value in np.ndenumerate(values):
        x, y = left + column * cell, top + row * cell
        if value:
            axes.add_patch(
                Rectangle(
                    (x, y),
                    cell,
                    cell,
                    facecolor=colour(int(value)),
                    edgecolor="white",
                    linewidth=1.0,
                )
            )
        else:
            axes.add_patch(
                Rectangle(
                    (x, y),
                    cell,
                    cell,
                    facecolor="white",
                    edgecolor=ENTERS,
                    hatch="////",
                    linewidth=0.4,
                )
            )
        if size:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8} if value == 0 else None
            axes.text(
                x + cell / 2,
                y + cell / 2,
                str(value),
                ha="center",
                va="center_baseline",
                fontsize=size,
                color=INK,
                bbox=box,
            )
    rows, columns = values.shape
    axes.add_patch(
        Rectangle(
            (left, top), columns * cell, rows * cell, fill=False, edgecolor=INK, linewidth=0.8
        )
    )


def draw_arrow(axes: "Axes", start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow from one point to another.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    start, end : pair of float
        From where to where.
    """
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=11,
            color=INK,
            linewidth=1.0,
            shrinkA=0,
            shrinkB=0,
        )
    )
