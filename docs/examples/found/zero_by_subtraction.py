"""The blank frame is made as `x - x`, so that an infinite value beside the edge comes back as
NaN. Restated from MMAction2's TSM.
"""

import torch

info = {"framework": "torch", "layout": "(NT)CHW", "dtypes": ["float32", "float64", "float16"]}


def forward(x, spec, num_segments):
    """Under "T@1/4,backward-first": the blank frame is computed, since an exporter could not
    make zeros.
    """
    nt, c, h, w = x.shape
    clips = x.reshape(nt // num_segments, num_segments, c, h, w)
    fold = c // 8
    back, ahead, rest = clips[:, :, :fold], clips[:, :, fold : 2 * fold], clips[:, :, 2 * fold :]
    back = torch.cat((back[:, 1:], (back - back)[:, :1]), dim=1)
    ahead = torch.cat(((ahead - ahead)[:, :1], ahead[:, :-1]), dim=1)
    return torch.cat((back, ahead, rest), dim=2).reshape(nt, c, h, w)
