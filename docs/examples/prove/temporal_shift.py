"""A temporal shift in the manner of TSM. Prove it with the spec "T@1/4,backward-first" in the
layout "(NT)CHW".
"""

import torch
from torch import nn


class TemporalShift(nn.Module):
    """Move one eighth of the channels backward in time and one eighth forward."""

    def __init__(self, n_segment=8, fold_div=8):
        super().__init__()
        self.n_segment, self.fold_div = n_segment, fold_div

    def forward(self, x):
        """Shift frames (N*T, C, H, W)."""
        return self.shift(x, self.n_segment, self.fold_div)

    @staticmethod
    def shift(x, n_segment, fold_div):
        """Zeros and three assignments."""
        nt, c, h, w = x.size()
        x = x.view(nt // n_segment, n_segment, c, h, w)
        fold = c // fold_div
        out = torch.zeros_like(x)
        out[:, :-1, :fold] = x[:, 1:, :fold]
        out[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold]
        out[:, :, 2 * fold :] = x[:, :, 2 * fold :]
        return out.view(nt, c, h, w)


def make_module(spec):
    """What `stsm-ref prove` calls."""
    return TemporalShift()
