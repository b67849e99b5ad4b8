"""Frames of real films side by side, row under row."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stsm_ref.errors import ArrayError
from stsm_ref.pictures.canvas import Picture
from stsm_ref.pictures.drawing import ENTERS, INK, need_figure

FRAME = 1.35  # inches a frame is high


def draw_frames(
    *rows: tuple[str, npt.ArrayLike, Sequence[str]], text: str = "", black: bool = False
) -> Picture:
    """Draw films ``(T, H, W)`` in grey or ``(T, H, W, 3)`` in colour, uint8, one a row, each with
    its name and a word under each frame.

    With `black`, frames that hold nothing but 0 are drawn in the colour of zeros that entered.

    Raises
    ------
    ArrayError
        If there is no row, or one is no such film, or has not a word for each frame.

    >>> draw_frames(("film", np.zeros((2, 4, 4), np.uint8), ("t = 0", "t = 1")))
    film: t = 0, t = 1
    """
    films = [np.asarray(frames) for _, frames, _ in rows]
    if not films:
        raise ArrayError("rows is empty: give at least one film, as (name, frames, words)")
    for (name, _, words), film in zip(rows, films, strict=True):
        if (
            film.dtype != np.uint8
            or film.ndim not in {3, 4}
            or (film.ndim == 4 and film.shape[-1] != 3)
        ):
            raise ArrayError(
                f"the film {name!r} has shape {film.shape}, dtype {film.dtype}: give uint8 (T, H, "
                "W) or (T, H, W, 3)"
            )
        if len(words) != len(film):
            raise ArrayError(
                f"the film {name!r} has {len(film)} frames and {len(words)} words: give one for "
                "each frame"
            )
    longest, (height, width) = max(map(len, films)), films[0].shape[1:3]
    wide = FRAME * width / height
    figure = need_figure()(
        figsize=(1.1 + (wide + 0.12) * longest, (FRAME + 0.4) * len(rows)),
        layout="constrained",
        facecolor="white",
    )
    grid = figure.subplots(len(rows), longest, squeeze=False)
    for line, (name, _, words), film in zip(grid, rows, films, strict=True):
        for axes in line[len(film) :]:
            axes.axis("off")
        for axes, frame, word in zip(line, film, words, strict=False):
            empty = np.full(
                (*frame.shape[:2], 3), [int(ENTERS[i : i + 2], 16) for i in (1, 3, 5)], np.uint8
            )
            axes.imshow(
                empty if black and not frame.any() else frame,
                cmap="gray",
                vmin=0,
                vmax=255,
                interpolation="nearest",
            )
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            axes.set_xlabel(word, fontsize=9, labelpad=2, color=INK)
        line[0].set_ylabel(
            name,
            fontsize=10,
            fontweight="bold",
            rotation=0,
            ha="right",
            va="center",
            labelpad=8,
            color=INK,
        )
    return Picture(
        figure, text or "; ".join(f"{name}: {', '.join(words)}" for name, _, words in rows)
    )
