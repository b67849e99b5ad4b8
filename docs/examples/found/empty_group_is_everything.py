"""With fewer channels than a group needs, the slice `-0:` is everything. Restated from
single-file ports that cut from the back.
"""

import numpy as np

info = {"layout": "(NT)CHW"}


def forward(x, spec, num_segments):
    """Under "T@1/4", right from 8 channels on: below, a group of no channels covers all of them."""
    clips = x.reshape(-1, num_segments, *x.shape[1:])
    fold = x.shape[1] // 8
    first, second, rest = (
        clips[:, :, :fold],
        clips[:, :, fold : 2 * fold],
        clips[:, :, -(x.shape[1] - 2 * fold) :],
    )
    y = np.concatenate([np.zeros_like(first), np.zeros_like(second), rest], axis=2)
    y[:, 1:, :fold] = first[:, :-1]
    y[:, :-1, fold : 2 * fold] = second[:, 1:]
    if fold == 0:
        y[:, :, -fold:] = 0  # meant: the last `fold` channels
    return y.reshape(x.shape)
