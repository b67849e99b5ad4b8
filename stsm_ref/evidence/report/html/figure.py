"""What is drawn of a failure: the channels by group, and the frame with the place that is wrong.

Everything is taken from the fields of the violation; the templates draw it.
"""

from typing import NamedTuple

from stsm_ref._describe import moves, short
from stsm_ref.errors import StsmError
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.report.report import Violation
from stsm_ref.geometry import ChannelGroup, ShiftSpec

MAX_CELLS, MAX_GROUPS = 12, 40
SIDE = 26
WIDTH = 560
"""Width of the strip of channels."""


class Bar(NamedTuple):
    """A channel group in the strip: where it is drawn, how, and what it is called."""

    x: float
    width: float
    style: str
    title: str
    label: str


class Cell(NamedTuple):
    """A place of the frame."""

    x: int
    y: int
    style: str


class Figure(NamedTuple):
    """A wrong place of a violation, and the `source` ``(t, h, w)`` from which its value comes.

    The source may lie outside the clip.
    """

    violation: Violation
    groups: tuple[ChannelGroup, ...]
    group: ChannelGroup
    source: tuple[int, int, int]

    @property
    def comes_from_inside(self) -> bool:
        """Whether there is such a place, so that no zero must enter."""
        _, time, _, height, width = self.violation.shape
        return all(
            0 <= i < size for i, size in zip(self.source, (time, height, width), strict=True)
        )

    @property
    def bars(self) -> list[Bar]:
        """The strip of channels; nothing where there are too many groups."""
        groups = [group for group in self.groups if group.start < group.stop]
        if len(groups) > MAX_GROUPS:
            return []
        scale, bars = WIDTH / self.violation.shape[2], []
        for number, (start, stop, displacement) in enumerate(groups):
            style = f"group{number % 6}" if any(displacement) else "rest"
            name, width = short(displacement) or "stays", (stop - start) * scale
            title = f"{start}..{stop - 1}: {moves(displacement)}"
            label = name if width > 8 * len(name) else ""
            bars.append(Bar(start * scale, width, style, title, label))
        return bars

    @property
    def mark(self) -> float:
        """Where the strip is marked."""
        return (self.violation.index[2] + 0.5) * WIDTH / self.violation.shape[2]

    @property
    def cells(self) -> list[Cell]:
        """The frame; nothing where it is too large."""
        *_, rows, columns = self.violation.shape
        if max(rows, columns) > MAX_CELLS:
            return []
        styles = {(row, column): "cell" for row in range(rows) for column in range(columns)}
        if self.comes_from_inside:
            styles[self.source[1:]] = "cell origin"
        row, column = self.violation.index[3:]
        styles[row, column] += " bad"
        return [Cell(column * SIDE, row * SIDE, style) for (row, column), style in styles.items()]


def figure(violation: Violation, spec: str) -> Figure | None:
    """The figure of a violation in a report on `spec`; None where place or spec is not known."""
    index, shape = violation.index, violation.shape
    if (
        len(index) != 5
        or len(shape) != 5
        or not all(0 <= i < n for i, n in zip(index, shape, strict=True))
    ):
        return None
    try:
        asked = Case.parse(violation.case).spec if ":" in violation.case else ShiftSpec.parse(spec)
        groups = asked.partition(shape[2])
    except StsmError:
        return None
    _, t, channel, h, w = index
    group = next(one for one in groups if one.start <= channel < one.stop)
    sign = -1 if violation.operation == "vjp" else 1
    dt, dh, dw = (sign * step for step in group.displacement)
    return Figure(violation, groups, group, (t - dt, h - dh, w - dw))
