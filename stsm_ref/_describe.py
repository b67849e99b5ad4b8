"""One wording of a displacement ``(dt, dh, dw)``: for sentences, for labels of pictures, for
cells.
"""

from collections.abc import Sequence

WORDS = (("forward in time", "backward in time"), ("down", "up"), ("right", "left"))


def moves(displacement: Sequence[int]) -> str:
    """Say how far and which way something moves.

    >>> moves((1, 0, 0)), moves((0, 1, -2)), moves((0, 0, 0))
    ('+1 (forward in time)', '+1 (down), -2 (left)', 'stays')
    """
    steps = zip(displacement, WORDS, strict=True)
    return ", ".join(f"{step:+d} ({ways[step < 0]})" for step, ways in steps if step) or "stays"


def label(displacement: Sequence[int]) -> str:
    """Name the way that each axis moves; a picture has little room, and frames that say the time.

    >>> label((1, 0, 0)), label((0, 1, -1)), label((0, 0, 0))
    ('T later', 'H down, W left', 'stays')
    """
    ways = (("later", "earlier"), *WORDS[1:])
    steps = zip("THW", displacement, ways, strict=True)
    return ", ".join(f"{axis} {way[step < 0]}" for axis, step, way in steps if step) or "stays"


def short(displacement: Sequence[int], between: str = "") -> str:
    """Name the axes that move, each with its sign, and what stands `between` them.

    >>> short((1, 0, 0)), short((0, 1, -1)), short((0, 0, 0))
    ('T+', 'H+W−', '')
    """
    steps = zip("THW", displacement, strict=True)
    return between.join(f"{axis}{'−' if step < 0 else '+'}" for axis, step in steps if step)
