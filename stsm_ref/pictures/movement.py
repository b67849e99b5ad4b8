r"""Movement drawn: strands from each place to where its content goes, films frame by frame, and
channels by what they do.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from stsm_ref._describe import short
from stsm_ref._validation import whole_number
from stsm_ref.errors import ArrayError
from stsm_ref.geometry import Displacement, ShiftSpec
from stsm_ref.pictures.canvas import FADED, Canvas, Picture
from stsm_ref.pictures.drawing import INK, LEAVES, PAPER, need_figure
from stsm_ref.pictures.grids import Grid, Item, draw_cells, entered
from stsm_ref.slicing import shift

AXIS_COLOURS = {
    "T": ("#b39ddb", "#7e57c2"),
    "H": ("#9cc9e8", "#4a90c2"),
    "W": ("#a5d6a7", "#4d9a51"),
}


def draw_strands(
    x: npt.ArrayLike,
    displacements: Sequence[int],
    *,
    names: Sequence[str] = ("x", "y"),
    backward: bool = False,
    title: str = "",
) -> Picture:
    """Draw a strip of numbers, shifted once for each of `displacements`, and an arrow from each
    place to where its content goes.

    With `backward` the arrows point up and the strip is the gradient at the bottom: it moves by the
    opposite of each displacement, from the last to the first.

    Parameters
    ----------
    x : array_like
        Values along one axis.
    displacements : sequence of int
        The shifts, one after another.
    names : sequence of str
        What to call each strip, one more than there are shifts.
    backward : bool
        Whether content runs back, as a gradient does.
    title : str
        What to write over it.

    Raises
    ------
    ArrayError
        If `x` has more than one axis, or the names do not fit.

    >>> draw_strands([1, 2, 3], [1])
    x [1 2 3], moved by +1: y [0 1 2]
    """
    need_figure()
    strip = np.asarray(x)
    if strip.ndim != 1 or len(names) != len(displacements) + 1:
        raise ArrayError(
            f"x has shape {strip.shape}, names {tuple(names)}: give one axis, and a name for "
            "each strip"
        )
    steps = [whole_number("displacement", d) for d in displacements]
    strips, zeros = [strip], [np.zeros(len(strip), bool)]
    for step in [-d for d in reversed(steps)] if backward else steps:
        strips.append(shift(strips[-1], step, axes=0))
        zeros.append(np.asarray(shift(zeros[-1], step, axes=0) | entered(strip.shape, step)))
    if backward:
        strips, zeros = strips[::-1], zeros[::-1]
    canvas, left, most = Canvas(), 1.6, float(np.max(np.abs(strip), initial=1))
    top = 0.0
    if title:
        canvas.text(0, 0.3, title, size=11, bold=True)
        top = 1.0
    tops = [top + 2.1 * row for row in range(len(strips))]
    for y, values, zero, name in zip(tops, strips, zeros, names, strict=True):
        canvas.text(left - 0.35, y + 0.5, name, size=11, bold=True, ha="right")
        draw_cells(canvas, Grid(values, enters=zero), left, y, most)
    for (above, below), step in zip(pairwise(tops), steps, strict=True):
        _draw_strands(canvas, len(strip), left, above + 1, below, step, backward=backward)
    words = [f"{names[0]} {strips[0]}"]
    words += [
        f"moved by {-d if backward else d:+d}: {name} {values}"
        for d, name, values in zip(steps, names[1:], strips[1:], strict=True)
    ]
    return canvas.picture(", ".join(words))


def _draw_strands(
    canvas: Canvas, size: int, left: float, above: float, below: float, step: int, *, backward: bool
) -> None:
    """Arrows between two strips; what leaves is blue and ends outside."""
    for source in range(size):
        target = source + step
        if 0 <= target < size:
            ends = (left + source + 0.5, above + 0.05), (left + target + 0.5, below - 0.05)
            canvas.arrow(*(ends[::-1] if backward else ends))
        elif not backward:
            out = left + (size if target >= size else 0) + (0.35 if target >= size else -0.35)
            canvas.arrow((left + source + 0.5, above + 0.05), (out, above + 0.75), colour=LEAVES)
    for target in range(size):
        if backward and not 0 <= target - step < size:
            out = left + (-0.35 if target - step < 0 else size + 0.35)
            canvas.arrow((left + target + 0.5, below - 0.05), (out, below - 0.75), colour=LEAVES)


def film(
    x: npt.NDArray[np.generic],
    displacement: Displacement = Displacement(),
    *,
    numbers: bool = True,
    name: str = "t",
) -> list[Item]:
    """Grids for `grids.draw`: the frames of ``(T, H, W)`` after the shift, with the zeros that
    entered, each under where it came from.

    Parameters
    ----------
    x : array_like
        A clip ``(T, H, W)``.
    displacement : Displacement
        How it moves.
    numbers : bool
        Whether to write the values into the cells.
    name : str
        What to call the input.

    >>> [grid.title for grid in film(np.ones((2, 1, 1)), Displacement(dt=1))]
    ['t = 0', 't = 1']
    """
    moved = shift(x, displacement, axes=(0, 1, 2))
    zeros = entered(x.shape, displacement)
    frames: list[Item] = []
    for t, (frame, zero) in enumerate(zip(moved, zeros, strict=True)):
        source = t - displacement.dt
        note = (
            ""
            if not displacement.dt
            else f"was {name} = {source}"
            if 0 <= source < len(x)
            else "zeros"
        )
        frames.append(Grid(frame, f"{name} = {t}", enters=zero, note=note, numbers=numbers))
    return frames


def sign_of(displacement: Displacement) -> str:
    r"""Name a displacement as briefly as it fits a cell.

    >>> sign_of(Displacement(dt=1)), sign_of(Displacement(dh=1, dw=-1)), sign_of(Displacement())
    ('T+', 'H+\nW−', '')
    """
    return short(displacement, "\n")


def colour_of(displacement: Displacement) -> str:
    """One colour a direction: an axis has its own in two tints, light for +1; along several axes
    the colours mix.
    """
    from matplotlib.colors import to_hex, to_rgb

    tints = [
        to_rgb(AXIS_COLOURS[letter][int(d < 0)])
        for letter, d in zip("THW", displacement, strict=True)
        if d
    ]
    red, green, blue = (
        (sum(channel) / max(len(tints), 1) for channel in zip(*tints, strict=True))
        if tints
        else to_rgb(PAPER)
    )
    return to_hex((red, green, blue))


def draw_channels(*rows: tuple[str, ShiftSpec, int], title: str = "") -> Picture:
    """Draw the channels of each ``(name, spec, C)`` on a row, coloured by where they move.

    >>> draw_channels(("TSM", ShiftSpec.tsm(), 8))
    TSM: 1 channels T−, 1 channels T+, 6 stay
    """
    need_figure()
    canvas, words = Canvas(), []
    top = 1.1 if title else 0.0
    if title:
        canvas.text(0, 0.3, title, size=12, bold=True)
    for name, spec, channels in rows:
        groups = spec.partition(channels)
        canvas.text(0, top + 0.3, f"{name}", size=10, bold=True)
        canvas.text(
            0,
            top + 0.85,
            f"{spec.terms}   α = {spec.alpha}   C = {channels}   {groups[-1].start} move",
            size=9,
            colour=INK,
        )
        for start, stop, displacement in groups:
            for channel in range(start, stop):
                ink = "white" if min(displacement) < 0 and max(displacement) <= 0 else INK
                canvas.cell(
                    channel, top + 1.15, colour_of(displacement), sign_of(displacement), ink=ink
                )
                if channels <= 32 or channel % 8 == 0:
                    canvas.text(
                        channel + 0.5, top + 2.35, str(channel), size=6.5, colour=FADED, ha="center"
                    )
        words.append(
            f"{name}: "
            + ", ".join(_in_words(*group) for group in groups if group.start < group.stop)
        )
        top += 3.0
    return canvas.picture("; ".join(words))


def _in_words(start: int, stop: int, displacement: Displacement) -> str:
    sign = short(displacement)
    return f"{stop - start} channels {sign}" if sign else f"{stop - start} stay"
