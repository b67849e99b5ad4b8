"""One picture of a spec: for each group its kernel, its padding, and a real clip before and
after.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stsm_ref._describe import label
from stsm_ref._files import write_whole
from stsm_ref.errors import MissingExtraError, ReportError
from stsm_ref.geometry import Displacement, ShiftSpec
from stsm_ref.kernels import OneHotKernel, one_hot_kernel
from stsm_ref.pictures.photograph import pan, photograph
from stsm_ref.slicing import shift

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAMES, HEIGHT, WIDTH = 4, 20, 18
ENTERS, LEAVES, HOT, PAPER, INK = "#e4572e", "#2274a5", "#f2b134", "#f4f1ea", "#333333"
FORMATS = (".png", ".svg")


def small_clip() -> npt.NDArray[np.uint8]:
    """One channel of the photograph in coarse grey pixels, panned by two a frame: ``(T, H, W)``."""
    grey = photograph()[20:580, 16:496].mean(axis=-1)
    coarse = grey.reshape(28, 20, 24, 20).mean(axis=(1, 3)).astype(np.uint8)
    return pan(coarse, frames=FRAMES, height=HEIGHT, width=WIDTH, origin=(0, 0), velocity=(0, 2))


def need_figure() -> "type[Figure]":
    """Return Matplotlib's `Figure`, or say which extra brings it.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise MissingExtraError("a picture", "matplotlib", "pictures") from None
    return Figure


def draw_spec(spec: ShiftSpec = ShiftSpec()) -> "Figure":
    """Draw each direction of `spec`, and the group that stays, on a row: kernel, padding, clip
    before, clip after.

    Every direction is drawn on the same film, whatever its share of the channels.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    figure_class = need_figure()
    directions = [displacement for term in spec.directions for displacement in term] + [
        Displacement()
    ]
    film = small_clip()

    figure = figure_class(
        figsize=(14, 1.35 * len(directions) + 1.5), layout="constrained", facecolor="white"
    )
    figure.suptitle(f"STSM  {spec}", fontsize=15, fontweight="bold", color=INK)
    widths = [1.7, 2.6] + [1.0] * FRAMES + [0.25] + [1.0] * FRAMES
    heights = [0.12] + [1.0] * len(directions)
    titles, *grid = figure.subplots(
        len(heights), len(widths), gridspec_kw={"width_ratios": widths, "height_ratios": heights}
    )
    for axes, title in zip(
        titles,
        [
            "kernel",
            "input x and its zeros",
            "before",
            *[""] * FRAMES,
            "after",
            *[""] * (FRAMES - 1),
        ],
        strict=True,
    ):
        axes.axis("off")
        axes.text(0, 0, title, fontsize=12, fontweight="bold", color=INK)
    for row, displacement in zip(grid, directions, strict=True):
        kernel = one_hot_kernel(displacement)
        _draw_kernel(row[0], kernel, label(displacement))
        _draw_padding(row[1], kernel)
        _draw_frames(
            row[2 : 2 + FRAMES],
            film,
            _lost(film.shape, displacement),
            LEAVES,
            [f"t = {t}" for t in range(FRAMES)],
        )
        _draw_arrow(row[2 + FRAMES])
        sources = [t - displacement.dt for t in range(FRAMES)]
        notes = (
            [f"was t = {s}" if 0 <= s < FRAMES else "zeros" for s in sources]
            if displacement.dt
            else [f"t = {s}" for s in sources]
        )
        after = shift(film, displacement, axes=(0, 1, 2))
        _draw_frames(row[-FRAMES:], after, _lost(film.shape, -displacement), ENTERS, notes)
    _draw_legend(figure)
    return figure


def require_format(path: Path) -> None:
    """Refuse a picture file that ends in neither ``.png`` nor ``.svg``.

    Raises
    ------
    ReportError
        If it has another ending.
    """
    if path.suffix.lower() not in FORMATS:
        raise ReportError(
            f"out={str(path)!r} ends in {path.suffix!r}: a picture is written as "
            f"{' or '.join(FORMATS)}"
        )


def save(figure: "Figure", path: Path) -> None:
    """Write the figure as PNG or SVG, the same bytes each time; nothing is left behind if it cannot
    be written.

    Raises
    ------
    ReportError
        If the ending is neither, or the file cannot be written.
    """
    import matplotlib

    require_format(path)
    form = path.suffix[1:].lower()
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "stsm_ref", "svg.fonttype": "none"}):
        figure.savefig(
            buffer, format=form, dpi=110, metadata={"Date": None} if form == "svg" else None
        )
    write_whole(path, buffer.getvalue())


def _lost(shape: tuple[int, ...], displacement: Displacement) -> npt.NDArray[np.bool_]:
    """Where the content of an array of that shape is pushed out by `displacement`."""
    return np.asarray(shift(np.ones(shape, np.uint8), -displacement, axes=(0, 1, 2)) == 0)


def _draw_frames(
    row: "npt.NDArray[Any]",
    film: npt.NDArray[Any],
    marked: npt.NDArray[np.bool_],
    colour: str,
    notes: list[str],
) -> None:
    """Draw one frame an axes, marked pixels in `colour`: opaque where zeros stand, see-through over
    content.
    """
    from matplotlib.colors import to_rgb

    tint = np.array(to_rgb(colour))
    for axes, frame, mark, note in zip(row, film, marked, notes, strict=True):
        rgb = np.repeat(frame[..., None] / 255, 3, axis=-1)
        rgb[mark] = tint if colour == ENTERS else 0.45 * rgb[mark] + 0.55 * tint
        axes.imshow(rgb, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(note, fontsize=8, labelpad=2, color=INK)


def _draw_arrow(axes: "Axes") -> None:
    axes.axis("off")
    axes.text(
        0.5, 0.5, "→", fontsize=18, ha="center", va="center", color=INK, transform=axes.transAxes
    )


def _draw_kernel(axes: "Axes", kernel: OneHotKernel, name: str) -> None:
    """Draw the taps as a grid, one slab for each tap in time, the 1 in colour."""
    slabs, rows, columns = kernel.weights.shape
    left = 0.0
    for t, slab in enumerate(kernel.weights):
        for (i, j), weight in np.ndenumerate(slab):
            _cell(axes, left + j, i, HOT if weight else PAPER, str(weight), size=9)
        if slabs > 1:
            axes.text(
                left + columns / 2,
                -0.25,
                f"t{'+1' if t else ''}",
                fontsize=8,
                ha="center",
                va="bottom",
                color=INK,
            )
        left += columns + 0.5
    _frame_cells(axes, left - 0.5, rows, room=4.6)
    axes.set_ylabel(name, fontsize=11, rotation=0, ha="right", va="center", labelpad=8, color=INK)


def _draw_padding(axes: "Axes", kernel: OneHotKernel) -> None:
    """Draw a 2x2 input (two such frames where time is padded) with the zeros that are added
    to it.
    """
    (t_before, t_after), (h_before, h_after), (w_before, w_after) = kernel.padding
    frames = 1 + (t_before + t_after > 0)
    height, width = h_before + 2 + h_after, w_before + 2 + w_after
    left = 0.0
    for t in range(-t_before, frames + t_after):
        for i in range(height):
            for j in range(width):
                inside = (
                    0 <= t < frames
                    and h_before <= i < h_before + 2
                    and w_before <= j < w_before + 2
                )
                _cell(
                    axes,
                    left + j,
                    i,
                    "#c9c9c9" if inside else "white",
                    "x" if inside else "0",
                    size=7,
                    zero=not inside,
                )
        left += width + 0.5
    _frame_cells(axes, left - 0.5, height, room=8.5)


def _cell(
    axes: "Axes", x: float, y: float, colour: str, text: str, *, size: int, zero: bool = False
) -> None:
    from matplotlib.patches import Rectangle

    edge = ENTERS if zero else "white"
    axes.add_patch(
        Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, facecolor=colour, edgecolor=edge, linewidth=1.2)
    )
    axes.text(
        x + 0.5,
        y + 0.52,
        text,
        ha="center",
        va="center",
        fontsize=size,
        color=ENTERS if zero else INK,
    )


def _frame_cells(axes: "Axes", width: float, height: float, *, room: float) -> None:
    """Give every grid of a column the same scale."""
    axes.set_xlim(-0.1, max(width, room) + 0.1)
    middle = height / 2
    axes.set_ylim(middle + 1.7, middle - 1.7)
    axes.set_aspect("equal", anchor="W")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_legend(figure: "Figure") -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=LEAVES, alpha=0.7, label="leaves: dropped"),
        Patch(facecolor=ENTERS, label="enters: zero"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=11)
