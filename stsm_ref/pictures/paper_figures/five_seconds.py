"""The operator in five seconds: three frames, what each group of channels makes of them, what
enters, what stays.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from stsm_ref._describe import label
from stsm_ref.geometry import ShiftSpec
from stsm_ref.pictures.drawing import ENTERS, INK
from stsm_ref.pictures.paper_figures.cells import canvas, draw_arrow, draw_grid
from stsm_ref.slicing import stsm

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIGHT, DARK = ("#b9d7ea", "#c6e3b5", "#f7d9a0"), ("#1f6f9f", "#4c8a2a", "#c77d0a")
SHAPE = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0], [0, 1, 0, 0]])
FRAMES, CHANNELS = 3, 16
GAP = 0.6
FILM = FRAMES * SHAPE.shape[1] + (FRAMES - 1) * GAP
ROOM = 6.6
NAMES = ("time", "height", "width", "rest")
ARROWS = {
    "T later": "⟹",
    "T earlier": "⟸",
    "H down": "↓",
    "H up": "↑",
    "W right": "→",
    "W left": "←",
}


def clip() -> npt.NDArray[np.int64]:
    """A shape on a ground, each frame in two numbers of its own, in every channel:
    ``(T, C, H, W)``, none of them 0.
    """
    frames = np.stack([1 + 2 * t + SHAPE for t in range(FRAMES)])
    return np.repeat(frames[:, None], CHANNELS, axis=1)


def draw_five_seconds() -> "Figure":
    """Draw a clip of three frames and, beside it, the six groups that move and the one that stays,
    as `stsm` returns them.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    spec, before = ShiftSpec(), clip()
    after = stsm(before, spec)
    groups = spec.partition(CHANNELS)
    left, right = 0.8, 0.8 + FILM + 3.2
    figure, axes = canvas(right + 2 * FILM + 1.6 + 5.2, 4 * ROOM + 0.6, inches=11)

    middle = 1.2 + 1.5 * ROOM
    _film(axes, before[:, 0], left, middle)
    axes.text(
        left,
        middle - 1.1,
        "x   three frames of a clip",
        fontsize=13,
        fontweight="bold",
        color=INK,
        va="center",
    )
    for t in range(FRAMES):
        axes.text(
            left + t * (SHAPE.shape[1] + GAP) + 2,
            middle + 4.7,
            f"t = {t}",
            fontsize=10,
            color=INK,
            ha="center",
            va="center",
        )
    for number, group in enumerate(groups):
        row, column = divmod(number, 2)
        x, y = right + column * (FILM + 1.6), 1.7 + row * ROOM
        words = label(group.displacement)
        title = f"{ARROWS[words]}  {words[2:]}" if words in ARROWS else "the rest stays"
        _film(axes, after[:, group.start], x, y)
        axes.text(x, y - 0.75, title, fontsize=12.5, fontweight="bold", color=INK, va="center")
        if column == 0:
            draw_arrow(axes, (left + FILM + 0.5, middle + 2), (right - 0.5, y + 2))
            stop = groups[number + 1].stop if words in ARROWS else group.stop
            share = Fraction(stop - group.start, CHANNELS)
            axes.text(
                right + 2 * FILM + 2.4,
                y + 2,
                f"{NAMES[row]}\n{share} of the\nchannels",
                fontsize=11.5,
                color=INK,
                va="center",
                linespacing=1.35,
            )
    x, y = right + FILM + 1.6, 1.7 + 3 * ROOM
    axes.text(x, y + 1.1, "hatched: zeros enter", fontsize=12.5, color=ENTERS, va="center")
    axes.text(x, y + 2.6, "no parameter, no multiplication", fontsize=12.5, color=INK, va="center")
    return figure


def _film(axes: "Axes", frames: npt.NDArray[np.int64], left: float, top: float) -> None:
    """Draw frames side by side, each in the colours of the frame that its content comes from."""
    for t, frame in enumerate(frames):
        x = left + t * (SHAPE.shape[1] + GAP)
        draw_grid(
            axes,
            frame,
            x,
            top,
            colour=lambda value: (DARK if value % 2 == 0 else LIGHT)[(value - 1) // 2],
        )
