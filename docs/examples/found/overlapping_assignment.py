"""Overlapping slices of one tensor are assigned in place: the input is overwritten and its edges
stay.

Restated from re-implementations of S2-MLPv2.
"""

info = {"framework": "torch", "layout": "NTHWC"}


def forward(x, spec):
    """Under "H+W@1": four quarters of the channels, one step along each direction of a frame."""
    n, t, h, w, c = x.shape
    frames = x.reshape(n * t, h, w, c)
    quarter = c // 4
    frames[:, 1:, :, :quarter] = frames[:, : h - 1, :, :quarter]
    frames[:, : h - 1, :, quarter : 2 * quarter] = frames[:, 1:, :, quarter : 2 * quarter]
    frames[:, :, 1:, 2 * quarter : 3 * quarter] = frames[:, :, : w - 1, 2 * quarter : 3 * quarter]
    frames[:, :, : w - 1, 3 * quarter :] = frames[:, :, 1:, 3 * quarter :]
    return frames.reshape(x.shape)
