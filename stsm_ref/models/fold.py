r"""Frames folded into the batch and out of it again: the 2-D network sees ``(N*T, C, H, W)``, a
clip is ``(N, T, C, H, W)`` (Fig. 2).
"""

from typing import cast

import torch
from torch import Tensor

from stsm_ref._validation import whole_number
from stsm_ref.errors import ArrayError


def fold_clips(x: Tensor, num_segments: int, frames_per_segment: int = 1) -> Tensor:
    r"""Return clips ``(N, T, 3, H, W)`` as the frames ``(N*T, 3, H, W)`` that a 2-D network reads;
    folded frames pass unchanged.

    Parameters
    ----------
    x : Tensor
        RGB clips of T = `num_segments` * `frames_per_segment` frames, or those frames already
        folded.
    num_segments : int
        Segments a clip.
    frames_per_segment : int
        Frames a segment: 5 for TDN, otherwise 1.

    Returns
    -------
    Tensor
        ``(N*T, 3, H, W)``, a view where `x` allows it.

    Raises
    ------
    ArrayError
        If `x` is not a dense tensor, or the rank, the number of frames, the channels or the dtype
        is none that a network can read; or if a number of segments or frames is below 1.
    SpecError
        If it is not an integer.

    >>> import torch
    >>> fold_clips(torch.zeros(2, 8, 3, 4, 4), 8).shape
    torch.Size([16, 3, 4, 4])
    """
    if not isinstance(x, Tensor):
        raise ArrayError(
            f"x has type {type(x).__name__}, which is not a tensor: "
            "give clips (N, T, 3, H, W), as torch.as_tensor(x) makes them"
        )
    if x.layout is not torch.strided:
        raise ArrayError(f"x is of layout {x.layout}: frames must be a dense tensor, x.to_dense()")
    segments = _counted("num_segments", num_segments)
    shape, frames = tuple(x.shape), segments * _counted("frames_per_segment", frames_per_segment)
    rule = "num_segments" if frames_per_segment == 1 else f"num_segments*{frames_per_segment}"
    if x.ndim not in {4, 5}:
        raise ArrayError(
            f"x has shape {shape}, rank {x.ndim}: give clips (N, T, 3, H, W) or folded frames "
            "(N*T, 3, H, W)"
        )
    if x.shape[-3] != 3:
        raise ArrayError(
            f"x has shape {shape}, {x.shape[-3]} channels: the axes are (N, T, C, H, W) and "
            "frames are RGB, C = 3"
        )
    if not x.is_floating_point():
        raise ArrayError(
            f"x has dtype {x.dtype}: a convolution needs floats, so normalise the frames first, "
            "as in x.float() / 255"
        )
    if x.ndim == 5:
        if x.shape[1] != frames:
            raise ArrayError(
                f"x has shape {shape}, {x.shape[1]} frames a clip: this network reads {rule} = "
                f"{frames}, so sample {frames}"
            )
        return x.flatten(0, 1)  # (N*T, 3, H, W)
    if x.shape[0] % frames:
        raise ArrayError(
            f"{rule}={frames} does not divide the leading axis {x.shape[0]}: frames must arrive "
            f"as N*{rule}"
        )
    return x


def unfold_clips(x: Tensor, num_segments: int) -> Tensor:
    """Return folded frames ``(N*T, ...)`` as clips ``(N, T, ...)``.

    Raises
    ------
    ArrayError
        If `num_segments` is below 1, or does not divide the leading axis, or there is none.
    SpecError
        If it is not an integer.

    >>> import torch
    >>> unfold_clips(torch.zeros(16, 3, 4, 4), 8).shape
    torch.Size([2, 8, 3, 4, 4])
    """
    segments = _counted("num_segments", num_segments)
    if not isinstance(x, Tensor) or not x.ndim:
        raise ArrayError(
            f"x={x!r} has no leading axis of frames: give a tensor (N*num_segments, ...)"
        )
    if x.shape[0] % segments:
        raise ArrayError(
            f"num_segments={segments} does not divide the leading axis {x.shape[0]}: frames must "
            "arrive as N*num_segments"
        )
    return x.reshape(x.shape[0] // segments, segments, *x.shape[1:])


def _counted(argument: str, value: int) -> int:
    """Return `value` if it is a number of 1 or more; a size that torch leaves open in a graph stays
    open.
    """
    count = (
        value if isinstance(cast(object, value), torch.SymInt) else whole_number(argument, value)
    )
    if count < 1:
        raise ArrayError(f"{argument}={count} is less than 1: a clip has 1 frame or more")
    return count
