"""The displacements of each term, written out: what the theorems hold the code's own list to.
Data, which asks no code.
"""

from collections.abc import Mapping

from stsm_ref.geometry import Displacement, ShiftSpec

Steps = tuple[tuple[int, int, int], ...]

FORWARD_FIRST: Mapping[str, Steps] = {
    "T": ((1, 0, 0), (-1, 0, 0)),
    "H": ((0, 1, 0), (0, -1, 0)),
    "W": ((0, 0, 1), (0, 0, -1)),
    "TH": ((1, 1, 0), (1, -1, 0), (-1, 1, 0), (-1, -1, 0)),
    "TW": ((1, 0, 1), (1, 0, -1), (-1, 0, 1), (-1, 0, -1)),
    "HW": ((0, 1, 1), (0, 1, -1), (0, -1, 1), (0, -1, -1)),
    "THW": (
        (1, 1, 1),
        (1, 1, -1),
        (1, -1, 1),
        (1, -1, -1),
        (-1, 1, 1),
        (-1, 1, -1),
        (-1, -1, 1),
        (-1, -1, -1),
    ),
}
"""(dt, dh, dw) of the directions of each term, as Eq. (3) prints them; TSM's order is the same
list read backwards.
"""

STEPS = tuple(Displacement(*step) for steps in FORWARD_FIRST.values() for step in steps)
"""The 26 one-step displacements."""


def steps_of(spec: ShiftSpec) -> list[Steps]:
    """For each term of a spec, its displacements in channel order."""
    listed = [FORWARD_FIRST[term] for term in spec.terms.split("+")]
    return listed if spec.order == "forward-first" else [steps[::-1] for steps in listed]
