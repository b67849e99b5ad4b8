r"""Frames folded into the batch and out of it again: the 2-D network sees ``(N*T, C, H, W)``, a clip is ``(N, T, C, H, W)`` (Fig. 2)."""

from torch import Tensor

from stsm_ref.errors import ArrayError


def fold_clips(x: Tensor, num_segments: int, frames_per_segment: int = 1) -> Tensor:
    r"""Return clips ``(N, T, 3, H, W)`` as the frames ``(N*T, 3, H, W)`` that a 2-D network reads; folded frames pass unchanged.

    Parameters
    ----------
    x : Tensor
        RGB clips of T = `num_segments` * `frames_per_segment` frames, or those frames already folded.
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
        If `x` is no tensor, or the rank, the number of frames, the channels or the dtype is none that a network can read.

    >>> import torch
    >>> fold_clips(torch.zeros(2, 8, 3, 4, 4), 8).shape
    torch.Size([16, 3, 4, 4])
    """
    if not isinstance(x, Tensor):
        raise ArrayError(f"x has type {type(x).__name__}, which is no tensor: give clips (N, T, 3, H, W), as torch.as_tensor(x) makes them")
    shape, frames = tuple(x.shape), num_segments * frames_per_segment
    rule = "num_segments" if frames_per_segment == 1 else f"num_segments*{frames_per_segment}"
    if x.ndim not in {4, 5}:
        raise ArrayError(f"x has shape {shape}, rank {x.ndim}: give clips (N, T, 3, H, W) or folded frames (N*T, 3, H, W)")
    if x.shape[-3] != 3:
        raise ArrayError(f"x has shape {shape}, {x.shape[-3]} channels: the axes are (N, T, C, H, W) and frames are RGB, C = 3")
    if not x.is_floating_point():
        raise ArrayError(f"x has dtype {x.dtype}: a convolution needs floats, so normalise the frames first, as in x.float() / 255")
    if x.ndim == 5:
        if x.shape[1] != frames:
            raise ArrayError(f"x has shape {shape}, {x.shape[1]} frames a clip: this network reads {rule} = {frames}, so sample {frames}")
        return x.flatten(0, 1)  # (N*T, 3, H, W)
    if x.shape[0] % frames:
        raise ArrayError(f"{rule}={frames} does not divide the leading axis {x.shape[0]}: frames must arrive as N*{rule}")
    return x


def unfold_clips(x: Tensor, num_segments: int) -> Tensor:
    """Return folded frames ``(N*T, ...)`` as clips ``(N, T, ...)``.

    Raises
    ------
    ArrayError
        If `num_segments` does not divide the leading axis.

    >>> import torch
    >>> unfold_clips(torch.zeros(16, 3, 4, 4), 8).shape
    torch.Size([2, 8, 3, 4, 4])
    """
    if x.shape[0] % num_segments:
        raise ArrayError(f"num_segments={num_segments} does not divide the leading axis {x.shape[0]}: frames must arrive as N*num_segments")
    return x.reshape(x.shape[0] // num_segments, num_segments, *x.shape[1:])
