"""Small implementations that the tests of the kit hold against the suite."""

from typing import Any

import numpy as np

from stsm_ref import stsm, stsm_vjp
from stsm_ref.geometry import ShiftSpec

Array = np.ndarray[Any, Any]


def forward(x: Array, spec: ShiftSpec) -> Array:
    """Ours."""
    return stsm(x, spec)


def vjp(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    """Ours."""
    return stsm_vjp(grad, spec)


def jvp(x: Array, dx: Array, spec: ShiftSpec) -> Array:
    """Ours."""
    return stsm(dx, spec)


def rolled(x: Array, spec: ShiftSpec) -> Array:
    """What leaves enters at the other end."""
    y = x.copy()
    for start, stop, displacement in spec.partition(x.shape[2]):
        y[:, :, start:stop] = np.roll(x[:, :, start:stop], displacement, (1, 3, 4))
    return y


def wrong_at_three_frames(x: Array, spec: ShiftSpec) -> Array:
    """Right unless T is 3."""
    return rolled(x, spec) if x.shape[1] == 3 else stsm(x, spec)


class Counting:
    """Right on the first calls, wrong on later ones."""

    def __init__(self, right: int) -> None:
        self.left = right

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        """Count down."""
        self.left -= 1
        return stsm(x, spec) if self.left >= 0 else x.copy()
