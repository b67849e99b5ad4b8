"""Which of two failing cases tells more: the smaller one, as long as it still shows a move.

At size 1 all that moves is gone, and with empty groups nothing moves: whatever is wrong looks there
as if nothing had moved, or all been lost. So the smallest is 2 along an axis that the spec moves,
and the channels that fill every group.
"""

from typing import Any

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.suite_context import SuiteContext

CHANNELS = 2
MOVED = {1: "T", 3: "H", 4: "W"}


def least(context: SuiteContext, axis: int) -> int:
    """The smallest size of an axis, by its place in ``NTCHW``, at which a move shows."""
    if axis == CHANNELS:
        return context.min_full_channels
    return 2 if MOVED.get(axis, "no axis") in context.spec.terms else 1


def weight(context: SuiteContext, case: Any) -> tuple[int, ...]:
    """A key: how many axes are too short to show a move, then how much is in the case."""
    if not isinstance(case, Case):
        return (0,)
    n, t, c, h, w = case.shape
    short = sum(case.shape[axis] < least(context, axis) for axis in (CHANNELS, *MOVED))
    return (short, n * t * c * h * w, n + t + c + h + w)


def smaller_from(context: SuiteContext, axis: int, now: int) -> int:
    """The first size worth trying in place of `now`."""
    return min(least(context, axis), now)


def too_short(context: SuiteContext, case: Case) -> list[tuple[int, int]]:
    """The axes that are too short to show a move, each with the size to try instead."""
    return [
        (axis, least(context, axis))
        for axis in (CHANNELS, *MOVED)
        if case.shape[axis] < least(context, axis)
    ]
