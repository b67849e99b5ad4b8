r"""STSM as the paper writes it, in functional torch operations: pad one side with zeros, delete the
other, concatenate the groups.

This is what `torch.compile` and `torch.export` see, what odd memory layouts get, and what
`stsm_ref.nn.strided_copy` is tested against.
"""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # its name everywhere

from stsm_ref.geometry import CLIP_AXES, Displacement, ShiftSpec

SPARE_CLIPS = 2
"""torch bakes a size into a graph when it is 1. With two clips more the number of clips never is,
and one graph serves every N.
"""


def stsm_by_padding(x: Tensor, spec: ShiftSpec, num_segments: int, *, direction: int = 1) -> Tensor:
    r"""Shift every channel group of ``(N*T, C, H, W)`` by `direction` times its displacement (§3.2,
    steps 1 to 5).

    The groups are split off, not sliced: the gradient of a split is one concatenation, so it too is
    moved bit by bit, and never added up.

    Parameters
    ----------
    x : Tensor
        Frames ``(N*T, C, H, W)``.
    spec : ShiftSpec
        Which channels move where.
    num_segments : int
        Frames in a clip, T.
    direction : int
        1 for the shift, -1 for its VJP.
    """
    groups = [group for group in spec.partition(int(x.shape[1])) if group.start < group.stop]
    if not groups:
        return x.clone()  # there are no channels
    parts = x.split_with_sizes([group.stop - group.start for group in groups], dim=1)
    moved = [
        _shift_in_space(
            _shift_in_time(part, direction * group.displacement.dt, num_segments),
            group.displacement,
            direction,
        )
        for part, group in zip(parts, groups, strict=True)
    ]
    return like_layout_of(x, torch.cat(moved, dim=1))


def _shift_in_time(frames: Tensor, distance: int, num_segments: int) -> Tensor:
    """Move the frames of each clip; no frame passes from one clip to the next (BATCH-1)."""
    if not distance:
        return frames
    spare = F.pad(frames, (0, 0, 0, 0, 0, 0, 0, SPARE_CLIPS * num_segments))
    clips = spare.reshape(
        spare.shape[0] // num_segments, num_segments, *spare.shape[1:]
    )  # (N + spare, T, c, H, W)
    padded = F.pad(clips, (0, 0, 0, 0, 0, 0, max(distance, 0), max(-distance, 0)))
    return (
        padded.narrow(1, max(-distance, 0), num_segments)
        .reshape(spare.shape)
        .narrow(0, 0, frames.shape[0])
    )


def _shift_in_space(frames: Tensor, displacement: Displacement, direction: int) -> Tensor:
    """Add zeros where content enters, then delete what has left: ``1234 -> 01234 -> 0123``."""
    down, right = direction * displacement.dh, direction * displacement.dw
    if not (down or right):
        return frames
    padded = F.pad(frames, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))
    for letter, distance in (("H", down), ("W", right)):
        if distance:
            axis = CLIP_AXES[letter]
            padded = padded.narrow(axis, max(-distance, 0), frames.shape[axis])
    return padded


def like_layout_of(x: Tensor, y: Tensor) -> Tensor:
    """Return `y` in channels-last memory if `x` is, else as it is."""
    return y.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) if is_channels_last(x) else y


def is_channels_last(x: Tensor) -> bool:
    """Whether the memory of ``(N, C, H, W)`` is dense with a pixel's channels side by side, and not
    contiguous as well.
    """
    # permuted by hand, here and above, since inside vmap torch knows no memory format but the
    # contiguous one
    return not x.is_contiguous() and x.permute(0, 2, 3, 1).is_contiguous()
