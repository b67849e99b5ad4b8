"""The channels are cut at int(C*r) and int(2*C*r): the halves differ by a channel. Restated
from PaddlePaddle's `temporal_shift`.
"""

import numpy as np

info = {"layout": "(NT)CHW"}


def forward(x, spec, num_segments, ratio=0.25):
    """Under "T@1/2": each half takes `ratio` of the channels, counted from 0 and cut off."""
    clips = x.reshape(-1, num_segments, *x.shape[1:])
    channels = x.shape[1]
    first, second = int(channels * np.float32(ratio)), int(channels * 2 * np.float32(ratio))
    y = np.zeros_like(clips)
    y[:, 1:, :first] = clips[:, :-1, :first]
    y[:, :-1, first:second] = clips[:, 1:, first:second]
    y[:, :, second:] = clips[:, :, second:]
    return y.reshape(x.shape)
