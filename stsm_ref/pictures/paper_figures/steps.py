"""Figures 3 and 4 of the paper: the five steps of §3.2 on a clip of digits, and the six 1-D shifts
as convolutions.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stsm_ref._describe import label
from stsm_ref.correlate import correlate
from stsm_ref.geometry import ChannelGroup, ShiftSpec
from stsm_ref.kernels import one_hot_kernel
from stsm_ref.pictures.drawing import HOT, INK, PAPER
from stsm_ref.pictures.paper_figures.cells import canvas, draw_arrow, draw_grid
from stsm_ref.slicing import stsm

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAMES, SIDE, CHANNELS = 3, 3, 16
FILM = FRAMES * SIDE + (FRAMES - 1) * 0.5
COLOURS = ("#8ecae6", "#bde0fe", "#95d5b2", "#d8f3dc", "#ffb86b", "#ffe0b8", "#dedede")
NAMES = ("$X_T^f$", "$X_T^b$", "$X_H^f$", "$X_H^b$", "$X_W^f$", "$X_W^b$", "$X_N$")
HATS = tuple(name.replace("X", r"\hat{X}") for name in NAMES[:-1]) + NAMES[-1:]
STEPS = ("1  split by channel", "2, 3, 4  move the halves, keep the rest", "5  concatenate")


def draw_steps() -> "Figure":
    """Draw the five steps on a clip of three frames of 3x3 digits and 16 channels; every digit on
    the right comes out of `stsm`.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    spec = ShiftSpec()
    digits = np.arange(1, FRAMES * SIDE**2 + 1).reshape(FRAMES, 1, SIDE, SIDE)
    clip = np.repeat(digits, CHANNELS, axis=1)
    moved, groups = stsm(clip, spec), spec.partition(CHANNELS)
    pitch, top = SIDE + 1.2, 3.0
    before, after = 8.5, 8.5 + FILM + 5.0
    last = after + FILM + 5.0
    width, height = last + 3.0, top + pitch * len(groups) + 0.3
    figure, axes = canvas(width, height, inches=11)
    for x, step in zip((0.6, before + 5.0, last - 4.1), STEPS, strict=True):
        axes.text(x, 0.9, step, fontsize=12, fontweight="bold", color=INK, va="center")
    _stack(axes, groups, 0.8, top, height - 0.6, "$X$")
    _stack(axes, groups, last, top, height - 0.6, r"$\hat{X}$")
    for number, group in enumerate(groups):
        y = top + number * pitch
        several = group.stop - group.start > 1
        channels = (
            f"channels {group.start + 1} to {group.stop}" if several else f"channel {group.stop}"
        )
        axes.text(
            before - 0.5, y + 1.0, NAMES[number], fontsize=13, color=INK, ha="right", va="center"
        )
        axes.text(before - 0.5, y + 2.4, channels, fontsize=8, color=INK, ha="right", va="center")
        _film(axes, clip[:, group.start], before, y, COLOURS[number])
        draw_arrow(axes, (before + FILM + 0.5, y + SIDE / 2), (after - 0.5, y + SIDE / 2))
        axes.text(
            before + FILM + 2.5,
            y + 0.8,
            label(group.displacement),
            fontsize=9.5,
            color=INK,
            ha="center",
            va="center",
        )
        _film(axes, moved[:, group.start], after, y, COLOURS[number])
        axes.text(
            after + FILM + 0.5, y + SIDE / 2, HATS[number], fontsize=13, color=INK, va="center"
        )
    for t in range(FRAMES):
        for left in (before, after):
            axes.text(
                left + t * (SIDE + 0.5) + SIDE / 2,
                top - 0.6,
                f"t = {t}",
                fontsize=8,
                color=INK,
                ha="center",
                va="center",
            )
    return figure


def _film(
    axes: "Axes", frames: npt.NDArray[np.int64], left: float, top: float, colour: str
) -> None:
    for t, frame in enumerate(frames):
        draw_grid(axes, frame, left + t * (SIDE + 0.5), top, colour=lambda _: colour, size=7.5)


def _stack(
    axes: "Axes",
    groups: tuple[ChannelGroup, ...],
    left: float,
    top: float,
    bottom: float,
    name: str,
) -> None:
    """Draw all channels of a tensor one above the other, in the colours of their groups."""
    from matplotlib.patches import Rectangle

    step = (bottom - top) / CHANNELS
    for number, group in enumerate(groups):
        for channel in range(group.start, group.stop):
            place = (left, top + channel * step)
            axes.add_patch(
                Rectangle(
                    place, 1.6, step, facecolor=COLOURS[number], edgecolor="white", linewidth=1.0
                )
            )
            axes.text(
                left + 0.8,
                place[1] + step / 2,
                str(channel + 1),
                fontsize=8,
                color=INK,
                ha="center",
                va="center",
            )
    axes.text(left + 0.8, top - 0.7, name, fontsize=14, color=INK, ha="center", va="center")


def draw_convolutions() -> "Figure":
    """Draw each 1-D shift of T+H+W as its kernel on a padded matrix; every result comes out of
    `correlate`.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    matrix = np.arange(1, SIDE**2 + 1).reshape(SIDE, SIDE)
    pitch_x, pitch_y, left, top = 19.0, 6.2, 3.6, 3.0
    figure, axes = canvas(left + 2 * pitch_x - 1.2, top + 3 * pitch_y - 0.4, inches=11)
    title = (
        "zeros on the side of the 1   ∗   kernel   =   the matrix moved by one position     "
        "(∗ is cross-correlation)"
    )
    axes.text(0.5, 0.9, title, fontsize=12, fontweight="bold", color=INK, va="center")
    axis_names = {"dt": ("time", "width"), "dh": ("height", "width"), "dw": ("height", "width")}
    for row, term in enumerate(ShiftSpec().directions):
        for column, displacement in enumerate(term):
            (axis,) = (name for name, d in displacement._asdict().items() if d)
            kernel = one_hot_kernel(displacement)
            # time runs down where it is moved along; height does where not
            clip = matrix[:, None, :] if axis == "dt" else matrix[None]
            result = correlate(clip, kernel, axes=(0, 1, 2)).reshape(SIDE, SIDE)
            padded = np.pad(clip, kernel.padding).reshape(
                SIDE + (axis != "dw"), SIDE + (axis == "dw")
            )
            weights = kernel.weights.reshape(2, 1) if axis != "dw" else kernel.weights.reshape(1, 2)
            x, y = left + column * pitch_x, top + row * pitch_y
            _equation(axes, x, y, (padded, weights, result), label(displacement), axis_names[axis])
    return figure


def _equation(
    axes: "Axes",
    x: float,
    y: float,
    matrices: tuple[npt.NDArray[Any], ...],
    name: str,
    along: tuple[str, str],
) -> None:
    """Draw padded matrix, kernel and result beside each other, with what runs down and right."""
    padded, weights, result = matrices
    middle = y + 2.0
    axes.text(x, y - 0.75, name, fontsize=11, fontweight="bold", color=INK, va="center")
    axes.text(x - 0.35, middle, f"{along[0]} ↓", fontsize=8.5, color=INK, ha="right", va="center")
    axes.text(
        x,
        middle + padded.shape[0] / 2 + 0.45,
        f"{along[1]} →",
        fontsize=8.5,
        color=INK,
        va="center",
    )
    draw_grid(axes, padded, x, middle - padded.shape[0] / 2, colour=lambda _: "#cfe8f5", size=9)
    axes.text(x + 5.1, middle, "∗", fontsize=16, color=INK, ha="center", va="center")
    _kernel(axes, weights, x + 6.4, middle - weights.shape[0] / 2)
    axes.text(x + 9.6, middle, "=", fontsize=16, color=INK, ha="center", va="center")
    draw_grid(
        axes, result, x + 10.8, middle - result.shape[0] / 2, colour=lambda _: "#cfe8f5", size=9
    )


def _kernel(axes: "Axes", weights: npt.NDArray[Any], left: float, top: float) -> None:
    from matplotlib.patches import Rectangle

    for (row, column), weight in np.ndenumerate(weights):
        colour = HOT if weight else PAPER
        axes.add_patch(
            Rectangle(
                (left + column, top + row), 1, 1, facecolor=colour, edgecolor=INK, linewidth=0.8
            )
        )
        axes.text(
            left + column + 0.5,
            top + row + 0.5,
            str(weight),
            fontsize=10,
            color=INK,
            ha="center",
            va="center_baseline",
        )
