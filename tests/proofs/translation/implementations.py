# ruff: noqa: D102, RUF034  # forward and shift are what they are everywhere, and one has two equal branches on purpose
"""Shifts as people write them, right and wrong: each is one function of the spec that makes a
module.
"""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere

from stsm_ref import nn as snn

SEGMENTS, CHANNELS = 8, 16


class Map(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class TemporalShift(nn.Module):
    """In the manner of the published TSM."""

    def forward(self, x):
        return self.shift(x, SEGMENTS, fold_div=8)

    @staticmethod
    def shift(x, n_segment, fold_div=3):
        nt, c, h, w = x.size()
        x = x.view(nt // n_segment, n_segment, c, h, w)
        fold = c // fold_div
        out = torch.zeros_like(x)
        out[:, :-1, :fold] = x[:, 1:, :fold]
        out[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold]
        out[:, :, 2 * fold :] = x[:, :, 2 * fold :]
        return out.view(nt, c, h, w)


def tsm(spec):
    return TemporalShift()


def ours_by_slices(spec):
    return snn.STSM(SEGMENTS, spec)


def ours_by_convolution(spec):
    return snn.SparseConvSTSM(CHANNELS, SEGMENTS, spec)


def one_clip(x):
    """TSM's groups on (T, C, H, W) by zeros and three assignments."""
    out = torch.zeros_like(x)
    out[:-1, :2] = x[1:, :2]
    out[1:, 2:4] = x[:-1, 2:4]
    out[:, 4:] = x[:, 4:]
    return out


def assignments(spec):
    return Map(one_clip)


def padding_and_cat(spec):
    def shift(x):
        left, right, rest = x.split([2, 2, 12], dim=1)
        left = torch.cat([left[1:], torch.zeros_like(left[:1])])
        right = F.pad(right, (0, 0, 0, 0, 0, 0, 1, 0))[:-1]
        return torch.cat([left, right, rest], dim=1)

    return Map(shift)


def zeros_by_subtraction(spec):
    def shift(x):
        zero = x[:1] - x[:1]
        return torch.cat(
            [torch.cat([x[1:, :2], zero[:, :2]]), torch.cat([zero[:, 2:4], x[:-1, 2:4]]), x[:, 4:]],
            dim=1,
        )

    return Map(shift)


def roll_and_mask(spec):
    def shift(x):
        out = torch.cat([x[:, :2].roll(-1, 0), x[:, 2:4].roll(1, 0), x[:, 4:]], dim=1)
        out[-1, :2] = 0
        out[0, 2:4] = 0
        return out

    return Map(shift)


def looking_up(spec):
    """By an index along time, and a mask, both made of `arange`."""

    def shift(x):
        time = torch.arange(x.shape[0])
        back = x[:, :2].index_select(0, (time + 1).clamp(max=x.shape[0] - 1)) * (
            time < x.shape[0] - 1
        ).view(-1, 1, 1, 1)
        forth = torch.where((time > 0).view(-1, 1, 1, 1), x[(time - 1).clamp(min=0), 2:4], 0.0)
        return torch.cat([back, forth, x[:, 4:]], dim=1)

    return Map(shift)


class DepthwiseConvolution(nn.Module):
    """A convolution along time with one-hot weights, channel by channel, as a learnable shift
    begins.
    """

    def __init__(self, flipped=False, padding=1):
        super().__init__()
        self.conv = nn.Conv1d(CHANNELS, CHANNELS, 3, padding=padding, groups=CHANNELS, bias=False)
        weight = torch.zeros(CHANNELS, 1, 3)
        weight[:2, 0, 0 if flipped else 2] = 1
        weight[2:4, 0, 2 if flipped else 0] = 1
        weight[4:, 0, 1] = 1
        self.conv.weight = nn.Parameter(weight)

    def forward(self, x):
        nt, c, h, w = x.shape
        y = (
            x.view(nt // SEGMENTS, SEGMENTS, c, h, w)
            .permute(0, 3, 4, 2, 1)
            .reshape(-1, c, SEGMENTS)
        )
        y = self.conv(y).view(nt // SEGMENTS, h, w, c, SEGMENTS).permute(0, 4, 3, 1, 2)
        return y.reshape(nt, c, h, w)


def convolution(spec):
    return DepthwiseConvolution()


def by_the_spec(spec, dims=(0, 1, 2, 3)):
    """Any spec on (T, C, H, W) in the order `dims`, by padding and narrowing."""
    time, channel, height, width = dims

    def shift(x):
        moved = []
        for start, stop, displacement in spec.partition(CHANNELS):
            part = x.narrow(channel, start, stop - start)
            for axis, distance in zip((time, height, width), displacement, strict=True):
                if distance:
                    size, zeros = part.shape[axis], torch.zeros_like(part.narrow(axis, 0, 1))
                    kept = part.narrow(axis, 0 if distance > 0 else 1, size - 1)
                    part = torch.cat([zeros, kept] if distance > 0 else [kept, zeros], dim=axis)
            moved.append(part)
        return torch.cat(moved, dim=channel)

    return shift


def spec_tchw(spec):
    return Map(by_the_spec(spec))


def spec_ncthw(spec):
    return Map(by_the_spec(spec, (2, 1, 3, 4)))


def spec_nthwc(spec):
    return Map(by_the_spec(spec, (1, 4, 2, 3)))


# From here on they are wrong.


def one_sign_changed(spec):
    class Wrong(TemporalShift):
        @staticmethod
        def shift(x, n_segment, fold_div=3):
            nt, c, h, w = x.size()
            x = x.view(nt // n_segment, n_segment, c, h, w)
            fold = c // fold_div
            out = torch.zeros_like(x)
            out[:, :-1, :fold] = x[:, 1:, :fold]
            out[:, :-1, fold : 2 * fold] = x[:, 1:, fold : 2 * fold]
            out[:, :, 2 * fold :] = x[:, :, 2 * fold :]
            return out.view(nt, c, h, w)

    return Wrong()


def directions_swapped(spec):
    def swapped(x):
        return torch.cat([x[:, 2:4], x[:, :2], x[:, 4:]], 1)

    return Map(lambda x: swapped(one_clip(swapped(x))))


def wraps_around(spec):
    return Map(lambda x: torch.cat([x[:, :2].roll(-1, 0), x[:, 2:4].roll(1, 0), x[:, 4:]], dim=1))


def edge_kept(spec):
    def shift(x):
        out = x.clone()
        out[:-1, :2] = x[1:, :2]
        out[1:, 2:4] = x[:-1, 2:4]
        return out

    return Map(shift)


def nothing_moves(spec):
    return Map(lambda x: x.clone())


def everything_is_zero(spec):
    return Map(torch.zeros_like)


def second_group_starts_late(spec):
    def shift(x):
        out = x.clone()
        out[:, :2] = one_clip(x)[:, :2]
        out[0, 3:5] = 0
        out[1:, 3:5] = x[:-1, 3:5]
        return out

    return Map(shift)


def channels_permuted(spec):
    return Map(lambda x: one_clip(x).flip(1))


def half_precision(spec):
    return Map(lambda x: one_clip(x.half()).float())


def scaled(spec):
    return Map(lambda x: one_clip(x) * 1.001)


def clips_mix(spec):
    return Map(one_clip)


def clips_viewed_as_channels(spec):
    def shift(x):
        n, t, c, h, w = x.shape
        y = x.reshape(n, c, t, h, w)
        out = torch.zeros_like(y)
        out[:, :2, :-1] = y[:, :2, 1:]
        out[:, 2:4, 1:] = y[:, 2:4, :-1]
        out[:, 4:] = y[:, 4:]
        return out.reshape(n, t, c, h, w)

    return Map(shift)


def kernel_flipped(spec):
    return DepthwiseConvolution(flipped=True)


def wrong_at_three_frames(spec):
    return Map(lambda x: x.clone() if x.shape[0] == 3 else one_clip(x))


def wrong_from_forty_rows_on(spec):
    return Map(lambda x: x.clone() if x.shape[2] >= 40 and x.shape[3] == 6 else one_clip(x))


def fails_at_one_frame(spec):
    def shift(x):
        if x.shape[0] == 1:
            raise ValueError("one frame is no clip")
        return one_clip(x)

    return Map(shift)


def last_frame_dropped(spec):
    return Map(lambda x: one_clip(x)[:-1])


def axes_swapped(spec):
    return Map(lambda x: by_the_spec(spec)(x.transpose(2, 3)).transpose(2, 3))


def overwrites_its_input(spec):
    def shift(x):
        x.copy_(one_clip(x))
        return x

    return Map(shift)


def overlapping_copy(spec):
    """Frame by frame in place, so that the first frame runs through."""

    def shift(x):
        out = x.clone()
        for t in range(1, x.shape[0]):
            out[t, 2:4] = out[t - 1, 2:4]
        out[:-1, :2] = x[1:, :2]
        out[-1, :2] = 0
        out[0, 2:4] = 0
        return out

    return Map(shift)


class ForwardAsBackward(torch.autograd.Function):
    """The right shift, whose gradient goes the wrong way."""

    @staticmethod
    def forward(ctx, x):
        return one_clip(x)

    @staticmethod
    def backward(ctx, grad):
        return one_clip(grad)


def backward_not_transposed(spec):
    return Map(ForwardAsBackward.apply)


class GradientOfTheInput(torch.autograd.Function):
    """The right shift, whose gradient reads the input."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return one_clip(x)

    @staticmethod
    def backward(ctx, grad):
        return one_clip(grad.flip(0)).flip(0) + 0 * grad + ctx.saved_tensors[0]


def backward_reads_the_input(spec):
    return Map(GradientOfTheInput.apply)


# Not decided, or wrong use.


def unrolled(spec):
    """Right, frame by frame: torch.export writes every frame down."""

    def shift(x):
        zero = torch.zeros_like(x[0])
        frames = [zero, *(x[t] for t in range(x.shape[0])), zero]
        return torch.stack(
            [
                torch.cat([b[:2], a[2:4], i[4:]])
                for a, i, b in zip(frames, frames[1:], frames[2:], strict=False)
            ]
        )

    return Map(shift)


def cosine(spec):
    return Map(
        lambda x: torch.where(
            torch.arange(x.shape[0]).view(-1, 1, 1, 1) >= 0,
            one_clip(x),
            x.cos(),
        )
    )


def differs_when_exported(spec):
    return Map(lambda x: one_clip(x) if torch.compiler.is_compiling() else x.clone())


def wrong_when_exported(spec):
    return Map(lambda x: x.clone() if torch.compiler.is_compiling() else one_clip(x))


def branches_on_values(spec):
    return Map(lambda x: one_clip(x) if x.sum() > 0 else one_clip(x))


def two_results(spec):
    return Map(lambda x: (one_clip(x), x))


def raises_on_making(spec):
    raise RuntimeError("not today")


def no_module(spec):
    return one_clip
