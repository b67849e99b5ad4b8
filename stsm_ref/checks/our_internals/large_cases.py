"""Cases of the size of a network, where drawn ones are small: wide channel groups, long axes, far
displacements.

Sizes are drawn from 1, 2, 3 and 5, since that is where bugs were seen to hide; what counts in
blocks of 64, in bytes or in 16 bits goes wrong beyond that, and is met by these few cases, each
long along one axis alone.
"""

import itertools

import numpy as np

from stsm_ref import strategies
from stsm_ref.geometry import ShiftSpec
from stsm_ref.strategies import ArrayCase, ClipCase

WIDE = [
    ((2, 768, 2, 2), "T+H+W@1"),  # the last stages of a network: groups of 128
    ((2, 640, 1, 3), "W@1,backward-first"),  # groups of 320
    ((2, 1040, 2, 2), "THW@1"),  # 130 to a direction
    ((300, 6, 1, 2), "T+H+W@1"),  # more frames, rows and columns than a byte can count
    ((1, 6, 300, 2), "T+H+W@1"),
    ((1, 6, 2, 300), "T+H+W@1"),
]
LONG = [
    ((300,), (257,), (0,)),
    ((300,), (-257,), (-1,)),
    ((2, 400, 2), (1, -130, -1), (0, 1, 2)),
    ((33_000,), (32_769,), (0,)),
]
FAR = [(0, 0, 257), (-257, 0, 0), (0, 130, -1)]


def clips(*, labels: bool = True) -> list[ClipCase]:
    """The clips of `WIDE`: unique labels in int64, or any bits in float32."""
    values: strategies.Values = "labels" if labels else "bits"
    dtype = np.dtype(np.int64) if labels else np.dtype(np.float32)
    return [
        ClipCase(
            strategies.make_array(shape, dtype, seed=number, values=values), ShiftSpec.parse(text)
        )
        for number, (shape, text) in enumerate(WIDE)
    ]


def arrays(*, longest: int = 40_000) -> list[ArrayCase]:
    """The arrays of `LONG` that have no more than `longest` places along an axis, unique labels in
    int64.
    """
    chosen = [(shape, far, axes) for shape, far, axes in LONG if max(shape) <= longest]
    dtype = np.dtype(np.int64)
    return [
        ArrayCase(strategies.make_array(shape, dtype, seed=number, values="labels"), far, axes)
        for number, (shape, far, axes) in enumerate(chosen)
    ]


def axes_and_distances() -> list[tuple[int, int]]:
    """An axis that a byte cannot count, and how far it moves: by a step, and past what a signed
    byte holds.
    """
    return list(itertools.product((300,), (-299, -130, -1, 1, 130, 299)))
