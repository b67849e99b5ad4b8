"""A case in text: what goes in and what must come out, side by side, for one channel of
each group.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from stsm_ref._describe import moves
from stsm_ref.geometry import Array, ChannelGroup, Displacement, ShiftSpec
from stsm_ref.pictures.text import beside

MOST_FRAMES, MOST_ROWS, MOST_COLUMNS, MOST_GROUPS, WIDTH = 4, 6, 8, 9, 112
ENTERED = "·"


class Clip(NamedTuple):
    """One channel ``(T, H, W)`` under its name; `vacant` marks zeros that entered, `right` is what
    each value should be.
    """

    name: str
    values: Array
    vacant: Array | None = None
    right: Array | None = None


def group_lines(spec: ShiftSpec, channels: int) -> list[str]:
    """Each group of a spec: its channels and what they do; empty ones are counted.

    >>> group_lines(ShiftSpec("T"), 8)
    ['channel 0        +1 (forward in time)', 'channel 1        -1 (backward in time)', 'channels 2..7    stays (X_N)']
    """
    groups = spec.partition(channels)
    lines = [
        f"{_span(g):16} {moves(g.displacement)}{'' if any(g.displacement) else ' (X_N)'}"
        for g in groups
        if g.start < g.stop
    ]
    empty = sum(g.start == g.stop for g in groups[:-1])
    return [
        *lines,
        *([f"{empty} of {len(groups) - 1} directions have no channel"] if empty else []),
    ]


def draw_groups(
    given: Array,
    expected: Array,
    spec: ShiftSpec,
    *,
    name: str = "x",
    backward: bool = False,
    wrong: Array | None = None,
) -> str:
    """For each group that has channels, one of them: what is `given`, what is `expected`, and what
    is `wrong`, marked by ``!``.

    Arrays are ``(N, T, C, H, W)``; `backward` says that the groups move the other way (a vjp). Of a
    group the first channel of the first clip is shown, or the one where `wrong` differs in most
    places; groups that are not wrong are left out then. What is too large is cut, and says so.

    Parameters
    ----------
    given : ndarray
        What goes in, clips ``(N, T, C, H, W)``.
    expected : ndarray
        What must come out.
    spec : ShiftSpec
        Which channels move where.
    name : str
        What to call the input.
    backward : bool
        Whether this is the VJP, whose content moves back.
    wrong : ndarray, optional
        A wrong output to show beside the right one.
    """
    groups = [g for g in spec.partition(given.shape[2]) if g.start < g.stop]
    chosen = [
        (group, place)
        for group in groups
        if (place := _telling(group, expected, wrong)) is not None
    ]
    blocks = []
    for group, (clip, channel) in chosen[:MOST_GROUPS]:
        moved = -group.displacement if backward else group.displacement
        at = (clip, slice(None), channel)
        vacant = _vacant(given[at].shape, moved)
        clips = [Clip(name, given[at]), Clip("must come out", expected[at], vacant)]
        if wrong is not None:
            clips.append(Clip("must not", wrong[at], vacant, expected[at]))
        within = "" if group.stop - group.start == 1 else f" of {_span(group)}"
        blocks.append(f"channel {channel}{within}, clip {clip}: {moves(moved)}\n{_columns(clips)}")
    if len(chosen) > MOST_GROUPS:
        blocks.append(f"... and {len(chosen) - MOST_GROUPS} more groups")
    if len(chosen) < len(groups):
        others = len(groups) - len(chosen)
        blocks.append(
            "the other group comes out right"
            if others == 1
            else f"the other {others} groups come out right"
        )
    return "\n\n".join(
        [
            *blocks,
            f"{ENTERED} a zero that entered"
            + ("; ! differs from what must come out" if wrong is not None else ""),
        ]
    )


def draw_convolution(
    x: Array, weights: Array, padding: object, y: Array, wrong: Array | None = None
) -> str:
    """The input ``(T, H, W)``, the kernel and the output, and a wrong output with a ``!`` where it
    differs.

    Parameters
    ----------
    x : ndarray
        The input.
    weights : ndarray
        The kernel.
    padding : sequence of pairs
        Zeros before and after on each axis.
    y : ndarray
        What must come out.
    wrong : ndarray, optional
        A wrong output to show beside the right one.
    """
    clips = [Clip("x", x), Clip("kernel", weights), Clip("must come out", y)]
    if wrong is not None:
        clips.append(Clip("must not", wrong, right=y))
    return f"{_columns(clips)}\n\nzeros (before, after) on T, H, W: {padding}"


def _span(group: ChannelGroup) -> str:
    return (
        f"channel {group.start}"
        if group.stop - group.start == 1
        else f"channels {group.start}..{group.stop - 1}"
    )


def _telling(group: ChannelGroup, expected: Array, wrong: Array | None) -> tuple[int, int] | None:
    """The clip and the channel to show, or None for a group that is right."""
    if wrong is None:
        return 0, group.start
    part = slice(group.start, group.stop)
    differs = np.ascontiguousarray(expected[:, :, part]).view(np.uint8) != np.ascontiguousarray(
        wrong[:, :, part]
    ).view(np.uint8)
    counts = differs.sum(axis=(1, 3, 4))
    if not counts.any():
        return None
    clip, channel = np.unravel_index(int(counts.argmax()), counts.shape)
    return int(clip), group.start + int(channel)


def _vacant(shape: Sequence[int], displacement: Displacement) -> Array:
    """Where nothing arrives, for one channel ``(T, H, W)``."""
    vacant = np.zeros(shape, bool)
    for axis, (size, d) in enumerate(zip(shape, displacement, strict=True)):
        source = np.arange(size) - d
        vacant |= ((source < 0) | (source >= size)).reshape(
            [-1 if k == axis else 1 for k in range(3)]
        )
    return vacant


def _columns(clips: Sequence[Clip]) -> str:
    """The clips side by side, one under the other where a line has no room for that."""
    blocks = [[clip.name, *_frames(clip)] for clip in clips]
    if sum(max(map(len, block)) + 4 for block in blocks) <= WIDTH:
        return beside(blocks)
    return "\n".join(line for block in blocks for line in block)


def _frames(clip: Clip) -> list[str]:
    """Frames side by side, each under its t, as many as a line has room for."""
    shown = clip.values[:MOST_FRAMES, :MOST_ROWS, :MOST_COLUMNS]
    cells = [
        [[_cell(clip, (t, h, w)) for w in range(shown.shape[2])] for h in range(shown.shape[1])]
        for t in range(shown.shape[0])
    ]
    width = max((len(cell) for frame in cells for row in frame for cell in row), default=1)
    columns = min(
        shown.shape[2], WIDTH // ((width + 1) * min(shown.shape[0], 2))
    )  # two frames beside each other at least
    frames = min(shown.shape[0], max(WIDTH // ((width + 1) * columns + 1), 1))
    blocks = [
        [f"t={t}", *(" ".join(f"{cell:>{width}}" for cell in row[:columns]) for row in frame)]
        for t, frame in enumerate(cells[:frames])
    ]
    counts = zip(
        clip.values.shape,
        (frames, shown.shape[1], columns),
        ("frames", "rows", "columns"),
        strict=True,
    )
    cut = ", ".join(f"{size - kept} {what}" for size, kept, what in counts if size > kept)
    return [*beside(blocks, gap="  ").split("\n"), *([f"... and {cut} more"] if cut else [])]


def _cell(clip: Clip, place: tuple[int, int, int]) -> str:
    value = clip.values[place]
    if clip.vacant is not None and clip.vacant[place] and not any(value.tobytes()):
        return ENTERED
    return _number(value) + (
        "!" if clip.right is not None and value.tobytes() != clip.right[place].tobytes() else ""
    )


def _number(value: Any) -> str:
    """A number, short: whole ones without a point, -0.0 with its sign.

    >>> [_number(v) for v in (np.float32(3), np.float32(-0.0), np.float16("nan"), np.float64(0.3), np.bool_(True), np.complex64(1j))]
    ['3', '-0', 'nan', '0.3', '1', '0+1j']
    """
    if isinstance(value, np.complexfloating):
        return f"{value.real:.4g}{value.imag:+.4g}j"
    if isinstance(value, np.bool_ | np.integer):
        return str(int(value))
    number = float(value)
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.4g}"
