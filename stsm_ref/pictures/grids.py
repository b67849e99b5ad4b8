r"""Small arrays as coloured grids: one colour a value, so that the eye can follow it, and zeros
marked by what they are.

A zero that entered is an orange 0 in a dashed frame, any other zero is pale; content that is about
to leave has a blue frame, the 1 of a kernel is yellow, a wrong place is crossed out in red. Small
triangles between cells show where the content goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stsm_ref._validation import whole_numbers
from stsm_ref.errors import ArrayError
from stsm_ref.geometry import as_array
from stsm_ref.kernels import OneHotKernel
from stsm_ref.pictures.canvas import FADED, LINE, WRONG, Canvas, Picture, text_width
from stsm_ref.pictures.drawing import ENTERS, HOT, INK, LEAVES, PAPER, need_figure
from stsm_ref.slicing import shift

Mask = npt.NDArray[np.bool_]
LIGHT, DEEP = (0.86, 0.93, 0.86), (0.16, 0.48, 0.42)
LIGHT_BELOW, DEEP_BELOW = (0.92, 0.87, 0.95), (0.45, 0.25, 0.60)
GAP, TITLE = 0.55, 0.75


@dataclass(frozen=True)
class Grid:
    """An array of one or two axes, and what is to be seen in it.

    `leaves`, `enters`, `hot` and `wrong` mark places by a mask of the shape of `values`; `towards`
    = (down, right) puts triangles between the cells; `numbers` is False where only the colours
    shall be seen; `window` frames ``(row, column, rows, columns)``.
    """

    values: npt.ArrayLike
    title: str = ""
    leaves: npt.ArrayLike | None = None
    enters: npt.ArrayLike | None = None
    hot: npt.ArrayLike | None = None
    wrong: npt.ArrayLike | None = None
    towards: tuple[int, int] = (0, 0)
    numbers: bool = True
    window: tuple[int, int, int, int] | None = None
    note: str = ""

    def __post_init__(self) -> None:
        array = as_array("values", self.values)
        if array.ndim not in {1, 2} or array.dtype.kind not in "biuf":
            raise ArrayError(
                f"values has shape {array.shape}, dtype {array.dtype}: a grid has one axis or "
                "two, of bool, int or float"
            )
        for name in ("leaves", "enters", "hot", "wrong"):
            mask = getattr(self, name)
            if mask is not None and np.shape(mask) != array.shape:
                raise ArrayError(
                    f"{name} has shape {np.shape(mask)}, and values {array.shape}: a mask marks "
                    "the places of its grid"
                )

    @property
    def rows(self) -> npt.NDArray[Any]:
        """The values with two axes."""
        return np.atleast_2d(np.asarray(self.values))

    def mask(self, name: str) -> Mask:
        """One of the masks with two axes, all False where it was left out."""
        given = getattr(self, name)
        return (
            np.zeros(self.rows.shape, bool)
            if given is None
            else np.atleast_2d(np.asarray(given, bool))
        )

    @property
    def width(self) -> float:
        """In cells, the title included."""
        return max(
            float(self.rows.shape[1]), text_width(self.title, 10) * 1.12, text_width(self.note, 9)
        )

    @property
    def height(self) -> float:
        """In cells, title and note included."""
        return (
            float(self.rows.shape[0])
            + TITLE * bool(self.title)
            + 0.7 * (1 + self.note.count("\n")) * bool(self.note)
        )


Item = Grid | str


def draw(*rows: Item | Sequence[Item], title: str = "", text: str = "") -> Picture:
    """Draw grids, and signs between them, on a row or on several.

    Parameters
    ----------
    rows : Grid, str, or a sequence of them
        Each argument is one row. A string is written between its neighbours, such as ``"→"`` or
        ``"⋆"``.
    title : str
        Above everything.
    text : str
        What the picture shows, for those who cannot see it; by default the titles and the numbers.

    Raises
    ------
    ArrayError
        If a grid cannot be drawn.
    MissingExtraError
        If Matplotlib is not installed.

    >>> draw([Grid([1, 2], "x"), "→", Grid([0, 1], "y")])
    x [1 2] → y [0 1]
    """
    need_figure()
    lines = [[row] if isinstance(row, Grid | str) else list(row) for row in rows]
    grids = [item for line in lines for item in line if isinstance(item, Grid)]
    most = (
        max(
            (
                float(np.max(np.abs(np.nan_to_num(grid.rows.astype(float))), initial=0))
                for grid in grids
            ),
            default=1,
        )
        or 1.0
    )
    canvas, top = Canvas(), 0.0
    if title:
        canvas.text(0, 0.3, title, size=12, bold=True)
        top = 1.0
    labels = [line[0] for line in lines if len(line) > 1 and isinstance(line[0], str)]
    # where every row begins with a label, the labels are a column
    column = max(map(_width_of_sign, labels)) if len(labels) == len(lines) > 1 else 0.0
    for line in lines:
        # the cells of a row stand on one middle line, whatever is written above or below them
        above = max(
            (g.rows.shape[0] / 2 + TITLE * bool(g.title) for g in line if isinstance(g, Grid)),
            default=0.4,
        )
        below = max(
            (
                g.height - g.rows.shape[0] / 2 - TITLE * bool(g.title)
                for g in line
                if isinstance(g, Grid)
            ),
            default=0.4,
        )
        middle, left = top + above, 0.0
        for item in line:
            left = max(_draw_item(canvas, item, left, middle, most), column) + GAP
        top = middle + below + 0.45
    return canvas.picture(
        text or "; ".join(" ".join(_in_text(item) for item in line) for line in lines)
    )


def _in_text(item: Item) -> str:
    if isinstance(item, str):
        return item.replace("\n", " ")
    numbers = np.array2string(np.asarray(item.values), separator=" ", threshold=80).replace(
        "\n", ""
    )
    return f"{item.title} {numbers}".strip()


def _size_of_sign(sign: str) -> float:
    """Operators are large, words are not."""
    return 15 if len(sign) == 1 and not sign.isalnum() else 10


def _width_of_sign(sign: str) -> float:
    return text_width(sign, _size_of_sign(sign))


def _draw_item(canvas: Canvas, item: Item, left: float, middle: float, most: float) -> float:
    """Draw one grid or sign and return where it ends."""
    if isinstance(item, str):
        canvas.text(left, middle, item, size=_size_of_sign(item))
        return left + _width_of_sign(item)
    rows = item.rows.shape[0]
    top = middle - rows / 2
    if item.title:
        canvas.text(left, top - 0.4, item.title, size=10, bold=True)
    draw_cells(canvas, item, left, top, most)
    if item.note:
        canvas.text(
            left, top + rows + 0.35 + 0.25 * item.note.count("\n"), item.note, size=9, colour=INK
        )
    return left + item.width


def draw_cells(canvas: Canvas, grid: Grid, left: float, top: float, most: float) -> None:
    """Draw the cells of a grid, and the marks on them.

    Parameters
    ----------
    canvas : Canvas
        Where to draw.
    grid : Grid
        What to draw.
    left, top : float
        The corner, in cells.
    most : float
        The largest absolute value, which gets the full colour.
    """
    masks = {name: grid.mask(name) for name in ("leaves", "enters", "hot", "wrong")}
    for place, value in np.ndenumerate(grid.rows):
        row, column = place
        marks = {name for name, mask in masks.items() if mask[place]}
        colour, ink = _colours(float(value), marks, most)
        edge = next(
            (
                c
                for name, c in (("wrong", WRONG), ("enters", ENTERS), ("leaves", LEAVES))
                if name in marks
            ),
            LINE,
        )
        text = written(value) if grid.numbers else ""
        x, y = left + column, top + row
        canvas.cell(
            x,
            y,
            colour,
            text,
            edge=edge,
            ink=ink,
            dashed="enters" in marks,
            bold=bool(marks - {"leaves"}),
        )
        if "wrong" in marks:
            canvas.frame(x + 0.06, y + 0.06, 0.88, 0.88, colour=WRONG)
    if any(grid.towards):
        _draw_pointers(canvas, grid, left, top)
    if grid.window:
        row, column, rows, columns = grid.window
        canvas.frame(
            left + column - 0.02, top + row - 0.02, columns + 0.04, rows + 0.04, colour=INK
        )


def _draw_pointers(canvas: Canvas, grid: Grid, left: float, top: float) -> None:
    """A triangle where each cell's content crosses to the next, blue where it leaves the grid."""
    down, right = grid.towards
    rows, columns = grid.rows.shape
    for row in range(rows):
        for column in range(columns):
            inside = 0 <= row + down < rows and 0 <= column + right < columns
            x, y = left + column + 0.5 + 0.5 * right, top + row + 0.5 + 0.5 * down
            canvas.pointer(x, y, grid.towards, colour=INK if inside else LEAVES)


def written(value: Any) -> str:
    """Write a number as short as it can be read.

    >>> written(3), written(-0.5), written(1e-9)
    ('3', '-0.5', '1e-09')
    """
    return str(int(value)) if float(value).is_integer() else f"{float(value):.3g}"


def _colours(value: float, marks: set[str], most: float) -> tuple[str, str]:
    """Colours of a cell and of its number."""
    from matplotlib.colors import to_hex

    if "enters" in marks:
        return "white", ENTERS
    if "hot" in marks:
        return HOT, INK
    if not np.isfinite(value):
        return "#d9d9d9", INK
    if value == 0:
        return PAPER, FADED
    light, deep = (LIGHT, DEEP) if value > 0 else (LIGHT_BELOW, DEEP_BELOW)
    share = min(abs(value) / most, 1.0)
    red, green, blue = ((1 - share) * a + share * b for a, b in zip(light, deep, strict=True))
    return to_hex((red, green, blue)), "white" if share > 0.62 else INK


def entered(shape: Sequence[int], displacement: Sequence[int] | int) -> Mask:
    """Mark the places that zeros enter when an array of `shape` moves by `displacement`, one entry
    an axis.

    >>> entered((4,), -1)
    array([False, False, False,  True])
    """
    distances = whole_numbers("displacement", displacement)
    return np.asarray(
        shift(np.ones(tuple(shape), np.uint8), distances, axes=tuple(range(len(distances)))) == 0
    )


def before_after(
    x: npt.ArrayLike,
    displacement: Sequence[int] | int,
    *,
    names: tuple[str, str] = ("before", "after"),
) -> list[Item]:
    """Two grids for `draw`: `x` with what will leave and where to, and the shifted `x` with the
    zeros that entered.

    Parameters
    ----------
    x : array_like
        The input.
    displacement : int or sequence of int
        Positions along each axis.
    names : pair of str
        What to write over the two.

    >>> draw(before_after([1, 2, 3], 1))
    before [1 2 3] → after [0 1 2]
    """
    array, distances = np.asarray(x), whole_numbers("displacement", displacement)
    opposite = tuple(-d for d in distances)
    down, right = (0, *distances)[-2:]
    before = Grid(
        array,
        names[0],
        leaves=entered(array.shape, opposite),
        towards=(int(np.sign(down)), int(np.sign(right))),
    )
    after = Grid(
        shift(array, distances, axes=tuple(range(array.ndim))),
        names[1],
        enters=entered(array.shape, distances),
    )
    return [before, "→", after]


def kernel_grid(kernel: OneHotKernel, title: str = "") -> Grid:
    """The weights of a kernel of one axis or two, its 1 in yellow."""
    weights = kernel.weights
    return Grid(weights, title, hot=weights == 1)


def padded_grid(
    x: npt.ArrayLike, padding: Sequence[tuple[int, int]], title: str = "", **marks: Any
) -> Grid:
    """`x` with its zeros around it, marked as zeros that were added.

    Parameters
    ----------
    x : array_like
        The input.
    padding : sequence of pairs
        Zeros before and after on each axis.
    title : str
        What to write over it.
    """
    padded = np.pad(np.asarray(x), list(padding))
    added = np.pad(np.zeros(np.shape(x), bool), list(padding), constant_values=True)
    return Grid(padded, title, enters=added, **marks)
