"""Where a value came out wrong, drawn from the message and the case alone: the channels by
group, and the frame with the place in it.
"""

import re
from html import escape
from typing import NamedTuple

from stsm_ref.errors import StsmError
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.report.report import Violation
from stsm_ref.geometry import Displacement

PLACE = re.compile(
    r"^(?:out|grad|tangent)\[(\d+), (\d+), (\d+), (\d+), (\d+)\] = (\S+?), should be (\S+)"
)
MOST_CELLS, MOST_GROUPS = 12, 40
SIDE = 26


class Wrong(NamedTuple):
    """A place ``(n, t, c, h, w)``, what stands there, what should, and how its channel moves."""

    case: Case
    place: tuple[int, ...]
    got: str
    want: str
    displacement: Displacement

    @property
    def origin(self) -> tuple[int, int, int]:
        """Frame, row and column from which the value should have come; they may lie outside."""
        _, t, _, h, w = self.place
        return t - self.displacement.dt, h - self.displacement.dh, w - self.displacement.dw

    @property
    def comes_from_inside(self) -> bool:
        """Whether there is such a place, so that no zero must enter."""
        _, time, _, height, width = self.case.shape
        return all(
            0 <= i < size for i, size in zip(self.origin, (time, height, width), strict=True)
        )


def wrong_place(violation: Violation) -> Wrong | None:
    """Read the place from a violation; None where it is none of values, or its message compares
    something else than one shift.
    """
    found = PLACE.match(violation.message)
    if found is None:
        return None
    try:
        case = Case.parse(violation.case)
        groups = case.spec.partition(case.shape[2])
    except StsmError:
        return None
    place = tuple(int(number) for number in found.groups()[:5])
    if any(i >= size for i, size in zip(place, case.shape, strict=True)):
        return None
    d = next(g.displacement for g in groups if g.start <= place[2] < g.stop)
    return Wrong(case, place, found[6], found[7], -d if case.op == "vjp" else d)


def figure(violation: Violation) -> str:
    """The drawing as HTML with two inline SVGs, or nothing where there is nothing to draw."""
    wrong = wrong_place(violation)
    if wrong is None:
        return ""
    n, t, c, h, w = wrong.place
    from_t, from_h, from_w = wrong.origin
    source = (
        f"frame {from_t}, row {from_h}, column {from_w}"
        if wrong.comes_from_inside
        else "outside the clip: a zero enters"
    )
    caption = (
        f"clip {n}, frame {t}, channel {c}, row {h}, column {w} holds <b "
        f"class='violated'>{escape(wrong.got)}</b>, "
        f"should hold <b class='passed'>{escape(wrong.want)}</b>, which comes from {source}."
    )
    return f"<figure>{_channels(wrong)}{_frame(wrong)}<figcaption>{caption}</figcaption></figure>"


def _channels(wrong: Wrong) -> str:
    """The channels as a strip, a colour for each group, the wrong one marked."""
    channels = wrong.case.shape[2]
    groups = [group for group in wrong.case.spec.partition(channels) if group.start < group.stop]
    if len(groups) > MOST_GROUPS:
        return ""
    width, parts = 560 / channels, []
    for number, (start, stop, d) in enumerate(groups):
        name = _name(d)
        x, wide = start * width, (stop - start) * width
        kind = "rest" if not any(d) else f"group{number % 6}"
        parts.append(
            f"<rect class='{kind}' x='{x:.1f}' y='14' width='{wide:.1f}' "
            f"height='22'><title>{start}..{stop - 1}: {name}</title></rect>"
        )
        if wide > 8 * len(name):
            parts.append(f"<text x='{x + wide / 2:.1f}' y='29' text-anchor='middle'>{name}</text>")
    middle = (wrong.place[2] + 0.5) * width
    parts.append(f"<path class='mark' d='M {middle:.1f} 12 l -5 -9 l 10 0 z'/>")
    label = f"channels 0 to {channels - 1} by group, channel {wrong.place[2]} marked"
    return f"<svg viewBox='0 0 560 40' role='img' aria-label='{label}'>{''.join(parts)}</svg>"


def _name(d: Displacement) -> str:
    steps = "".join(
        f"{'−' if step < 0 else '+'}{axis}" for axis, step in zip("THW", d, strict=True) if step
    )
    return steps or "stays"


def _frame(wrong: Wrong) -> str:
    """Rows and columns of the frame: the wrong place, and the place in it (or in the frame
    beside) from which the value should come.
    """
    _, _, _, rows, columns = wrong.case.shape
    _, t, _, h, w = wrong.place
    from_t, from_h, from_w = wrong.origin
    if max(rows, columns) > MOST_CELLS:
        return ""
    classes = {(row, column): "cell" for row in range(rows) for column in range(columns)}
    if wrong.comes_from_inside:
        classes[from_h, from_w] = "cell origin"
    classes[h, w] += " bad"
    cells = [
        (
            f"<rect class='{kind}' x='{column * SIDE + 2}' y='{row * SIDE + 2}' width='{SIDE - 3}' "
            f"height='{SIDE - 3}' rx='3'/>"
        )
        for (row, column), kind in classes.items()
    ]
    wide, high = columns * SIDE + 2, rows * SIDE + 2
    beside = f" of frame {from_t}" if from_t != t else ""
    label = f"row {h}, column {w} of frame {t} is wrong" + (
        f"; its value should come from row {from_h}, column {from_w}{beside}"
        if wrong.comes_from_inside
        else "; a zero should enter"
    )
    return (
        f"<svg viewBox='0 0 {wide} {high}' style='width:{wide}px' role='img' "
        f"aria-label='{label}'>{''.join(cells)}</svg>"
    )
