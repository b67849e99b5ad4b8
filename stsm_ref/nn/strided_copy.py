r"""STSM in eager torch at about the price of a memory copy: each element of the output is written
once, the borders twice.

In dense memory, a shift moves all elements of a channel group by one and the same offset. So each
group is one long copy, which carries some content around the borders, and then the borders are set
to zero::

    shift right by one, 2 rows of 4    12345678 -> .1234567 -> 0123 0567

Row by row would be exact at once, but costs tens of nanoseconds a row. Two groups of opposite
displacement are one copy where both distances in memory, of targets and of sources, are whole
strides, that is, not negative. All this depends on the shape alone, and is kept.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from stsm_ref.geometry import ChannelGroup, ShiftSpec
from stsm_ref.nn.padding import is_channels_last

WORD = torch.complex128
"""The widest element that torch copies: 16 bytes. A column of words is copied twice as fast as rows
of four floats.
"""


class StridedBlock(NamedTuple):
    """A box of elements in memory, as `Tensor.as_strided` takes it, its start counted from the
    first element of the tensor.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    start: int


Copy = tuple[StridedBlock, StridedBlock]
"""Where a copy writes and where it reads."""


class CopyPlan(NamedTuple):
    """What to copy, and then what to set to zero."""

    copies: tuple[Copy, ...]
    zeros: tuple[StridedBlock, ...]


class DenseLayout(NamedTuple):
    """How a dense tensor of clips lies in memory: sizes and strides, in elements, of
    ``(N, T, C, H, W)``.
    """

    size: tuple[int, int, int, int, int]
    stride: tuple[int, int, int, int, int]

    @classmethod
    def of(cls, shape: tuple[int, ...], num_segments: int, *, channels_last: bool) -> "DenseLayout":
        """Lay out ``(N*T, C, H, W)``."""
        frames, c, h, w = shape
        size = (frames // num_segments, num_segments, c, h, w)
        per_frame = c * h * w
        inner = (1, w * c, c) if channels_last else (h * w, w, 1)
        return cls(size, (num_segments * per_frame, per_frame, *inner))

    @property
    def channels_last(self) -> bool:
        """Whether a pixel's channels are neighbours."""
        return self.stride[2] == 1


def strided_copy(
    x: Tensor, spec: ShiftSpec, num_segments: int, *, direction: int = 1
) -> Tensor | None:
    """Shift ``(N*T, C, H, W)`` that is contiguous or channels-last into new memory of that layout;
    None where `x` is neither.

    `x` is a plain tensor (no subclass); gradients are the caller's affair.

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
    channels_last = is_channels_last(x)
    if not (channels_last or x.is_contiguous()):
        return None
    y = torch.empty_like(x)
    source, target = (x.permute(0, 2, 3, 1), y.permute(0, 2, 3, 1)) if channels_last else (x, y)
    group_multiple = 1
    if channels_last and _in_words(x, spec):
        group_multiple = WORD.itemsize // x.element_size()
        source, target = _dense(source).view(WORD), _dense(target).view(WORD)
    copies, zeros = plan(
        spec,
        x.shape,
        num_segments,
        direction,
        channels_last=channels_last,
        group_multiple=group_multiple,
    )
    start = source.storage_offset()
    for to, from_ in copies:
        target.as_strided(*to).copy_(
            source.as_strided(from_.size, from_.stride, start + from_.start)
        )
    for border in zeros:
        target.as_strided(*border).zero_()
    return y


def _dense(x: Tensor) -> Tensor:
    """The same memory under the strides of a dense tensor: where an axis has size 1 its stride may
    be anything, and `view` minds.
    """
    _, height, width, channels = x.shape
    return x.as_strided(x.shape, (height * width * channels, width * channels, channels, 1))


def _in_words(x: Tensor, spec: ShiftSpec) -> bool:
    """Whether all channel groups of a channels-last tensor are whole words, rightly aligned."""
    return (
        x.device.type == "cpu"
        and not x.data_ptr() % WORD.itemsize
        and not _channel_divisor(spec, x.shape[1]) * x.element_size() % WORD.itemsize
    )


@lru_cache(maxsize=4096)
def _channel_divisor(spec: ShiftSpec, channels: int) -> int:
    """The largest number that divides every group's start and stop."""
    return math.gcd(*(group.stop for group in spec.partition(channels)))


@lru_cache(maxsize=4096)
def plan(
    spec: ShiftSpec,
    shape: tuple[int, ...],
    num_segments: int,
    direction: int,
    *,
    channels_last: bool,
    group_multiple: int = 1,
) -> CopyPlan:
    """List the blocks for a tensor ``(N*T, C, H, W)``, `group_multiple` channels counted as one
    element.

    Parameters
    ----------
    spec : ShiftSpec
        Which channels move where.
    shape : tuple of int
        ``(N*T, C, H, W)``.
    num_segments : int
        Frames in a clip, T.
    direction : int
        1 for the shift, -1 for its VJP.
    channels_last : bool
        Whether a pixel's channels are neighbours in memory.
    group_multiple : int
        Channels that are counted as one element.
    """
    frames, channels, height, width = shape
    layout = DenseLayout.of(
        (frames, channels // group_multiple, height, width),
        num_segments,
        channels_last=channels_last,
    )
    groups = [
        ChannelGroup(
            start // group_multiple,
            stop // group_multiple,
            displacement if direction > 0 else -displacement,
        )
        for start, stop, displacement in spec.partition(channels)
        if start < stop
    ]
    copies: list[Copy] = []
    zeros: list[StridedBlock] = []
    while groups:
        group = groups.pop(0)
        copy, borders = _copy(group, layout), _borders(group, layout)
        partner = next(
            (
                other
                for other in groups
                if any(group.displacement) and other.displacement == -group.displacement
            ),
            None,
        )
        if partner:
            groups.remove(partner)
            copies += _pair_copies(copy, _copy(partner, layout))
            for one, other in zip(borders, _borders(partner, layout), strict=True):
                both = _pair(one, other)
                zeros += [both] if both else [one, other]
        else:
            copies.append(copy)
            zeros += borders
    # new memory is met page by page: a few per cent are saved where long runs meet it first
    copies.sort(key=lambda copy: -math.prod(copy[0].size))
    return CopyPlan(
        tuple(
            _in_fewest_axes(target, source) for target, source in copies if math.prod(target.size)
        ),
        tuple(_in_fewest_axes(border, border)[0] for border in zeros if math.prod(border.size)),
    )


def _in_fewest_axes(one: StridedBlock, other: StridedBlock) -> Copy:
    """The same two blocks, which are of one size, with neighbouring axes made one where both allow
    it: torch takes them sooner.
    """
    axes: list[tuple[int, int, int]] = []  # size, stride of one, stride of the other
    for size, stride, other_stride in zip(one.size, one.stride, other.stride, strict=True):
        if axes and axes[-1][1:] == (size * stride, size * other_stride):
            axes[-1] = (axes[-1][0] * size, stride, other_stride)
        elif size > 1:
            axes.append((size, stride, other_stride))
    sizes, strides, other_strides = zip(*axes, strict=True) if axes else ((), (), ())
    return StridedBlock(sizes, strides, one.start), StridedBlock(sizes, other_strides, other.start)


def _copy(group: ChannelGroup, layout: DenseLayout) -> Copy:
    """Where the group's elements go and where they come from, moves in space being one offset along
    the pixels of a frame.
    """
    dt, dh, dw = group.displacement
    clips, time, _, height, width = layout.size
    clip, frame, per_channel, _, pixel = layout.stride
    count, first = group.stop - group.start, group.start * per_channel
    offset = dh * width + dw  # in pixels
    # contiguous: one run over the pixels of all channels; channels-last: one over the pixels, and
    # the channels beside it
    run, beside = (
        (height * width, (count,)) if layout.channels_last else (count * height * width, ())
    )
    size = (clips, max(time - abs(dt), 0), max(run - abs(offset), 0), *beside)
    stride = (clip, frame, pixel, *(1 for _ in beside))
    return (
        StridedBlock(size, stride, first + max(dt, 0) * frame + max(offset, 0) * pixel),
        StridedBlock(size, stride, first + max(-dt, 0) * frame + max(-offset, 0) * pixel),
    )


def _borders(group: ChannelGroup, layout: DenseLayout) -> list[StridedBlock]:
    """For each moved axis, the places where nothing arrives."""
    blocks = []
    for axis, distance in zip((1, 3, 4), group.displacement, strict=True):
        if distance:
            size = list(layout.size)
            size[2] = group.stop - group.start
            depth = min(abs(distance), size[axis])
            start = (
                group.start * layout.stride[2]
                + (0 if distance > 0 else size[axis] - depth) * layout.stride[axis]
            )
            size[axis] = depth
            blocks.append(StridedBlock(tuple(size), layout.stride, start))
    return blocks


def _pair(one: StridedBlock, other: StridedBlock) -> StridedBlock | None:
    """Two like blocks as one with an axis of two in front, where memory runs on from the first to
    the second.
    """
    if one.size != other.size or one.stride != other.stride or other.start < one.start:
        return None
    return StridedBlock((2, *one.size), (other.start - one.start, *one.stride), one.start)


def _pair_copies(one: Copy, other: Copy) -> list[Copy]:
    """Two copies as one where targets and sources both allow it, else as they are."""
    target, source = _pair(one[0], other[0]), _pair(one[1], other[1])
    return [(target, source)] if target and source else [one, other]
