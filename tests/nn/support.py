"""What the tests of `stsm_ref.nn` share: specs, layouts, labels, and NumPy's answers."""

import numpy as np
import torch
from torch import Tensor

import stsm_ref
from stsm_ref import ShiftSpec, strategies

SPECS = tuple(
    map(
        ShiftSpec.parse,
        (
            "T+H+W",
            "T+H+W@1",
            "T@1/4,backward-first",
            "THW@1",
            "TH+TW+HW@1,backward-first",
            "T+H+W+TH+TW+HW+THW@1",
            "T+HW@3/4",
            "H@1",
            "W@1,backward-first",
            "T+H+W@0",
        ),
    )
)
"""One or more of each kind: 1-D, 2-D, 3-D, mixed, both orders, nothing and everything moved."""

LAYOUTS = ("contiguous", "channels_last", "strided", "permuted", "sliced")

reference, adjoint = stsm_ref.stsm, stsm_ref.stsm_vjp


def labels(shape, seed=0):
    """Unique int64 values in random order, beyond what half precision holds."""
    return strategies.labels(shape, np.dtype(np.int64), np.random.default_rng(seed)).astype(
        np.float64
    )


def fold(clips):
    """``(N, T, C, H, W)`` to frames ``(N*T, C, H, W)``, a view where it can be."""
    return clips.reshape(clips.shape[0] * clips.shape[1], *clips.shape[2:])


def from_numpy(x) -> Tensor:
    """The same memory where torch can have it: it knows no negative strides, and one name for
    each integer type.
    """
    x = x.view(np.dtype(f"{x.dtype.kind}{x.dtype.itemsize}")) if x.dtype.kind in "iu" else x
    return torch.from_numpy(x.copy() if any(stride < 0 for stride in x.strides) else x)


def laid_out(x: Tensor, layout: str) -> Tensor:
    """The same values in another memory layout ("sliced": part of a wider tensor, channels
    first in memory).
    """
    if layout == "channels_last":
        return x.contiguous(memory_format=torch.channels_last)
    if layout == "strided":
        wide = x.new_zeros((*x.shape[:-1], 2 * x.shape[-1]))
        wide[..., ::2] = x
        return wide[..., ::2]
    if layout == "permuted":
        return x.transpose(2, 3).contiguous().transpose(2, 3)
    if layout == "sliced":
        wide = x.new_zeros((x.shape[1] + 1, *x.shape[:1], *x.shape[2:])).transpose(0, 1)
        wide[:, 1:] = x
        return wide[:, 1:]
    return x.contiguous()


def same_bits(got: Tensor, want) -> None:
    """Equal shape, dtype and bytes."""
    got, want = (t.detach().numpy() if isinstance(t, Tensor) else t for t in (got, want))
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    got, want = np.ascontiguousarray(got), np.ascontiguousarray(want)
    np.testing.assert_array_equal(
        got.reshape(*got.shape, 1).view(np.uint8), want.reshape(*want.shape, 1).view(np.uint8)
    )
