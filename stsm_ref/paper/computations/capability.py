"""§3.1 and §5.1.2: which of the 26 one-step shifts a layer or a residual block can make, with STSM,
with TSM and with neither.
"""

import numpy as np
import numpy.typing as npt

from stsm_ref.composition import apply_layers
from stsm_ref.geometry import UNIT_DISPLACEMENTS, Displacement, ShiftSpec
from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.slicing import stsm

Clip = npt.NDArray[np.int64]

CHANNELS = 16
SHIFTS = {"STSM": ShiftSpec(), "TSM": ShiftSpec.tsm(), "no shift": ShiftSpec(alpha=0)}


def by_loops(x: Clip, displacement: Displacement) -> Clip:
    """Shift ``(T, H, W)`` place by place."""
    y = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        there = tuple(i + d for i, d in zip(place, displacement, strict=True))
        if all(0 <= i < n for i, n in zip(there, x.shape, strict=True)):
            y[there] = x[place]
    return y


def block(x: Clip, spec: ShiftSpec, first: Clip, second: Clip) -> Clip:
    """The branch of a residual block up to its second convolution: shift, 1x1 convolution, ReLU,
    3x3 convolution with one zero around.

    `x` is ``(T, C, H, W)``, `first` ``(M, C)``, `second` ``(M, 3, 3)`` for one output channel; the
    result is ``(T, H, W)``.

    Parameters
    ----------
    x : ndarray
        A clip ``(T, C, H, W)``.
    spec : ShiftSpec
        Which channels move where.
    first, second : ndarray
        Weights of the two convolutions, ``(M, C)`` and ``(M, 3, 3)``.
    """
    hidden = np.maximum(np.einsum("mc,tchw->tmhw", first, stsm(x, spec)), 0)
    padded = np.pad(hidden, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.asarray(np.einsum("tmhwij,mij->thw", windows, second))


def block_makes(spec: ShiftSpec, displacement: Displacement) -> bool:
    """Whether some weights, 0 and ±1, make a block shift one of its channels by `displacement`, at
    places of either sign.

    The 1x1 convolution takes a channel that the shift moves in time as wanted, with both signs, so
    that ReLU loses nothing; the 3x3 convolution has a single tap, and takes the difference.
    """
    moved_in_time = {
        tuple(group.displacement): group.start
        for group in spec.partition(CHANNELS)
        if group.start < group.stop and not any(group.displacement[1:])
    }
    channel = moved_in_time.get((displacement.dt, 0, 0))
    if channel is None:
        return False
    first = np.zeros((2, CHANNELS), np.int64)
    first[:, channel] = 1, -1
    second = np.zeros((2, 3, 3), np.int64)
    second[:, 1 - displacement.dh, 1 - displacement.dw] = 1, -1
    x = np.random.default_rng(0).integers(-99, 100, (4, CHANNELS, 4, 5))
    return np.array_equal(block(x, spec, first, second), by_loops(x[:, channel], displacement))


def steps_within(spec: ShiftSpec, layers: int) -> int:
    """How many of the 26 steps are among what `layers` of shift and 1x1 convolution can reach with
    dense weights of ones.

    A 1x1 convolution sums channels at one place, so that no weights reach any other place; CAP-1
    makes those of STSM one by one.
    """
    x = np.zeros((7, CHANNELS, 7, 7), np.int64)
    x[3, :, 3, 3] = 1
    reached = apply_layers(x, [np.ones((CHANNELS, CHANNELS), np.int64)] * layers, spec)[:, 0] > 0
    return sum(bool(reached[3 + d.dt, 3 + d.dh, 3 + d.dw]) for d in UNIT_DISPLACEMENTS)


@settles("higher-dimensions", "learns-2d-and-3d", "convolution-selects", "2d-from-1d")
def which_steps() -> Verdict:
    """Count the steps that each makes in one block with a 3x3 convolution, and in one, two and
    three layers with 1x1 convolutions.
    """
    blocks = {
        name: sum(block_makes(spec, d) for d in UNIT_DISPLACEMENTS) for name, spec in SHIFTS.items()
    }
    layers = {
        name: [steps_within(spec, count) for count in (1, 2, 3)] for name, spec in SHIFTS.items()
    }
    in_a_block = ", ".join(f"{name} {count}" for name, count in blocks.items())
    in_layers = ", ".join(
        f"{name} {', '.join(map(str, counts))}" for name, counts in layers.items()
    )
    return Verdict(
        blocks["STSM"] == layers["STSM"][-1] == len(UNIT_DISPLACEMENTS),
        f"of 26 steps in one block with its 3x3 convolution and ReLU: {in_a_block}; "
        f"in one, two, three layers with 1x1 convolutions alone: {in_layers}",
    )
