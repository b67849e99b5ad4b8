"""Cells, text and arrows on one sheet, and the sheet as a picture that has a text beside it and the
same bytes each time.
"""

import base64
import functools
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from stsm_ref.pictures.drawing import INK, need_figure, save

CELL = 0.42
"""Side of a cell, in inches; every other length below is in cells."""

WRONG, FADED, LINE = "#c1121f", "#a8a396", "#ffffff"
DPI = 110

Anchor = Literal["left", "center", "right"]


class Picture:
    """A drawn figure. A notebook shows it; whoever cannot see it reads `text`."""

    def __init__(self, figure: Any, text: str) -> None:
        self.figure, self.text = figure, text

    def __repr__(self) -> str:
        return self.text

    @functools.cached_property
    def png(self) -> bytes:
        """The picture as PNG, without a date, the same bytes each time."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        return buffer.getvalue()

    def save(self, path: Path) -> None:
        """Write it as PNG or SVG; see `stsm_ref.pictures.drawing.save`."""
        save(self.figure, path)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        data = {"image/png": base64.b64encode(self.png).decode(), "text/plain": self.text}
        return data, {"image/png": {"alt": self.text}}


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Width of `text` in cells, set at `size` points; of several lines, the widest."""
    from matplotlib.textpath import TextPath

    lines = [line for line in text.split("\n") if line.strip()]
    return max(
        (
            float(TextPath((0, 0), line, size=size).get_extents().width) / 72 / CELL
            for line in lines
        ),
        default=0.0,
    )


class Canvas:
    """A sheet whose unit is one cell, y downwards. Marks are kept until the sheet knows how large
    it must be.
    """

    def __init__(self) -> None:
        self.marks: list[Callable[[Any], None]] = []
        self.right = self.bottom = 0.0

    def _reaches(self, x: float, y: float) -> None:
        self.right, self.bottom = max(self.right, x), max(self.bottom, y)

    def cell(
        self,
        x: float,
        y: float,
        colour: str,
        text: str = "",
        *,
        edge: str = LINE,
        ink: str = INK,
        dashed: bool = False,
        bold: bool = False,
    ) -> None:
        """Draw one cell with its left upper corner at (x, y)."""
        from matplotlib.patches import Rectangle

        # as large as 0.8 of a cell allows, in either direction
        size = (
            min(10.0, 8.0 / max(text_width(text, 10.0), 0.8), 21.0 / (1 + text.count("\n")))
            if text
            else 0.0
        )
        weight, style = ("bold" if bold else "normal"), ("--" if dashed else "-")
        width = 0.8 if edge == LINE else 1.7

        def draw(axes: Any) -> None:
            axes.add_patch(
                Rectangle(
                    (x + 0.04, y + 0.04),
                    0.92,
                    0.92,
                    facecolor=colour,
                    edgecolor=edge,
                    linewidth=width,
                    linestyle=style,
                )
            )
            if text:
                axes.text(
                    x + 0.5,
                    y + 0.51,
                    text,
                    ha="center",
                    va="center",
                    fontsize=size,
                    color=ink,
                    fontweight=weight,
                    linespacing=0.95,
                )

        self.marks.append(draw)
        self._reaches(x + 1, y + 1)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 10,
        bold: bool = False,
        colour: str = INK,
        ha: Anchor = "left",
    ) -> None:
        """Write `text`, its middle at height y."""
        weight = "bold" if bold else "normal"
        self.marks.append(
            lambda axes: axes.text(
                x, y, text, fontsize=size, fontweight=weight, color=colour, ha=ha, va="center"
            )
        )
        wide = text_width(text, size) * (1.12 if bold else 1.0)
        self._reaches(
            x + {"left": wide, "center": wide / 2, "right": 0.0}[ha],
            y + 0.3 * (1 + text.count("\n")),
        )

    def arrow(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        colour: str = INK,
        width: float = 1.3,
    ) -> None:
        """Draw an arrow from `start` to `end`."""
        style = {
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": width,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 8,
        }
        self.marks.append(lambda axes: axes.annotate("", xy=end, xytext=start, arrowprops=style))
        self._reaches(max(start[0], end[0]), max(start[1], end[1]))

    def pointer(
        self, x: float, y: float, towards: tuple[float, float], *, colour: str = INK
    ) -> None:
        """Draw a small triangle at (x, y) that points `towards` (down, right)."""
        from matplotlib.patches import Polygon

        down, right = towards
        length = (down**2 + right**2) ** 0.5
        along, across = (right / length, down / length), (-down / length, right / length)
        corners = [
            (x + 0.16 * along[0], y + 0.16 * along[1]),
            (x - 0.1 * along[0] + 0.13 * across[0], y - 0.1 * along[1] + 0.13 * across[1]),
            (x - 0.1 * along[0] - 0.13 * across[0], y - 0.1 * along[1] - 0.13 * across[1]),
        ]
        self.marks.append(
            lambda axes: axes.add_patch(
                Polygon(corners, closed=True, facecolor=colour, edgecolor="white", linewidth=0.6)
            )
        )

    def frame(self, x: float, y: float, width: float, height: float, *, colour: str) -> None:
        """Draw a frame around cells."""
        from matplotlib.patches import Rectangle

        box: dict[str, Any] = {
            "facecolor": "none",
            "edgecolor": colour,
            "linewidth": 2.2,
            "joinstyle": "round",
        }
        self.marks.append(lambda axes: axes.add_patch(Rectangle((x, y), width, height, **box)))
        self._reaches(x + width, y + height)

    def picture(self, text: str) -> Picture:
        """Draw everything."""
        figure_class = need_figure()
        width, height = self.right + 0.3, self.bottom + 0.2
        figure = figure_class(
            figsize=(CELL * (width + 0.3), CELL * (height + 0.2)), facecolor="white"
        )
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(-0.3, width), ylim=(height, -0.2))
        axes.axis("off")
        for mark in self.marks:
            mark(axes)
        return Picture(figure, text)
