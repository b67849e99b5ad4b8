"""Where nothing moves in, nothing is written: the output keeps what its memory held. Restated
from a CUDA kernel for grouped shifts.
"""

import numpy as np

stale = 7  # what the memory of the last layer happened to hold


def forward(x, spec):
    """Under any spec: threads whose source lies outside return early, and the output was never
    cleared.
    """
    y = np.empty_like(x)
    y.fill(stale)
    for start, stop, steps in spec.partition(x.shape[2]):
        into, out = [slice(None)] * 5, [slice(None)] * 5
        into[2] = out[2] = slice(start, stop)
        for axis, step in zip((1, 3, 4), steps, strict=True):
            into[axis] = slice(max(step, 0), x.shape[axis] + min(step, 0))
            out[axis] = slice(max(-step, 0), x.shape[axis] + min(-step, 0))
        y[tuple(into)] = x[tuple(out)]
    return y
