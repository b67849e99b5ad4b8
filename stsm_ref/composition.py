r"""Two-dimensional and three-dimensional shifts out of one-dimensional ones (CAP-1).

The paper says that T+H+W "combined with subsequent convolutions allows the network to learn" 2-D
and 3-D shifts (§3.1, §5.1.2). Here the weights are built by hand: one layer is STSM and then a 1x1
convolution, and the convolution only routes channels. Behind a 3x3 convolution and ReLU, as in a
residual block, a shift in time alone does the same in one block, TSM's too.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stsm_ref.errors import SpecError
from stsm_ref.geometry import CHANNEL_AXIS, Displacement, ShiftSpec, checked_spec
from stsm_ref.slicing import stsm


class Route(NamedTuple):
    """The channel to read from, a 1x1 weight matrix ``(C_out, C_in)`` for each layer, and the
    channel where the result stands.
    """

    source: int
    weights: tuple[npt.NDArray[np.int64], ...]
    target: int


def route_through_layers(
    displacement: Displacement, *, channels: int, spec: ShiftSpec = ShiftSpec()
) -> Route:
    """Build layers of STSM and 1x1 convolution that shift one channel by `displacement`, one axis a
    layer.

    Parameters
    ----------
    displacement : Displacement
        Entries -1, 0 or +1, not all 0: as many layers as it has moved axes.
    channels : int
        Channels of every layer.
    spec : ShiftSpec
        One that has a non-empty group for every single-axis step that is needed.

    Returns
    -------
    Route
        Feed it to `apply_layers`; channel `target` of the result is channel `source` of the input,
        shifted.

    Raises
    ------
    SpecError
        If an entry is not -1, 0 or +1, all are 0, or a step has no channel.

    >>> route = route_through_layers(Displacement(dh=1, dw=-1), channels=16)
    >>> route.source, len(route.weights), route.target
    (2, 2, 0)
    """
    if not set(displacement) <= {-1, 0, 1} or not any(displacement):
        raise SpecError(
            f"displacement={tuple(displacement)} is not a unit step: give -1, 0 or +1 for each "
            "axis, one of them not 0"
        )
    steps = [Displacement(**{axis: step}) for axis, step in displacement._asdict().items() if step]
    first_channel = {
        group.displacement: group.start
        for group in checked_spec(spec).partition(channels)
        if group.start < group.stop
    }
    missing = [step for step in steps if step not in first_channel]
    if missing:
        raise SpecError(
            f"spec={spec} has no channel that moves by {tuple(missing[0])} with "
            f"channels={channels}: use T+H+W and more channels"
        )
    path = [first_channel[step] for step in steps]
    weights = []
    for here, there in zip(path, [*path[1:], 0], strict=True):
        layer = np.zeros((channels, channels), np.int64)
        layer[there, here] = 1
        weights.append(layer)
    return Route(source=path[0], weights=tuple(weights), target=0)


def apply_layers(
    x: npt.NDArray[np.int64],
    weights: Sequence[npt.NDArray[np.int64]],
    spec: ShiftSpec = ShiftSpec(),
) -> npt.NDArray[np.int64]:
    """Apply STSM and then the 1x1 convolution, once for each matrix of `weights`, to a clip
    ``(..., T, C, H, W)``.

    Parameters
    ----------
    x : ndarray of int64
        A clip ``(..., T, C, H, W)``.
    weights : sequence of ndarray
        A matrix ``(C_out, C_in)`` for each layer.
    spec : ShiftSpec
        Which channels move where.
    """
    for layer in weights:
        x = np.moveaxis(
            np.tensordot(layer, stsm(x, spec), axes=(1, CHANNEL_AXIS % x.ndim)), 0, CHANNEL_AXIS
        )
    return x
