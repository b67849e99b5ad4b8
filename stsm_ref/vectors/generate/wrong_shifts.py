"""The wrong shifts of the catalogue whose whole outputs the vectors hold, built from the
definition.

Names, rows and words are those of `stsm_ref.bugs`; the vectors of version 1 hold them for good.
"""

from typing import NamedTuple

from stsm_ref import definition
from stsm_ref.bugs.bug import AXES, Forward, Parts
from stsm_ref.bugs.catalogue import BUGS

DEFINITION = Parts(lambda part, displacement: definition.shift(part, displacement, axes=AXES))
right = DEFINITION.shifted


class WrongShift(NamedTuple):
    """A wrong forward, the row of the catalogue, the rule it breaks, and what it does."""

    row: int
    requirement: str
    forward: Forward
    what: str


_BROKEN = """
directions-swapped GEO-5
t-reversed SHIFT-2
h-reversed SHIFT-3
w-reversed SHIFT-3
smeared SHIFT-2
smeared-backward SHIFT-2
edge-kept SHIFT-6
edge-repeated SHIFT-6
rolled SHIFT-6
rolled-along-t SHIFT-6
rolled-along-h SHIFT-6
rolled-along-w SHIFT-6
groups-rounded-up GEO-4
groups-rounded-to-nearest GEO-4
unequal-halves GEO-4
float-truncation GEO-3
empty-group-is-everything GEO-4
ratio-tied-to-time GEO-3
alpha-halved GEO-3
h-and-w-swapped GEO-1
t-and-h-swapped GEO-1
t-and-w-swapped GEO-1
wrong-segments BATCH-1
clips-mixed BATCH-1
time-and-channels-swapped GEO-1
channels-permuted SHIFT-5
terms-start-at-rounded-places GEO-4
nothing-moved PAD-1
all-zero SHIFT-4
rest-zeroed SHIFT-4
moved-twice SHIFT-2
first-direction-only SHIFT-2
last-term-stays SHIFT-3
one-axis-at-most SEP-1
terms-reversed GEO-2
signs-transposed GEO-5
groups-one-later GEO-4
groups-at-the-end GEO-4
directions-interleaved GEO-4
"""
"""The rule that each breaks, in the order in which the cases were numbered."""


def _of_the_definition(name: str, requirement: str) -> WrongShift:
    bug = BUGS[name]
    return WrongShift(bug.row, requirement, bug.build(DEFINITION), bug.what)


WRONG_SHIFTS: dict[str, WrongShift] = {
    name: _of_the_definition(name, requirement)
    for name, requirement in (line.split() for line in _BROKEN.split("\n") if line)
}
