r"""TDN: differences of frames beside the frames, of neighbours in the stem and of segments in the
blocks (Wang et al., the paper's [17]).

A segment is five frames. The paper replaces "the TSM module in the original TDN" by STSM (§5.3):
that module is a temporal convolution which starts as TSM's shift and learns from there, and it acts
between the first and the second convolution of a block.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere

from stsm_ref.geometry import ShiftSpec
from stsm_ref.models._arguments import at_least, at_least_one
from stsm_ref.models.fold import unfold_clips
from stsm_ref.models.resnet import (
    BLOCKS_PER_STAGE,
    BlockSpec,
    Bottleneck,
    convolution,
    residual_stage,
)

FRAMES_PER_SEGMENT = 5
REDUCTION = 16


class TemporalConvolution(nn.Module):
    r"""A 3-tap convolution over time, one kernel a channel, that starts as TSM's shift.

    .. math:: y_t = w_{-}\, x_{t-1} + w_0\, x_t + w_{+}\, x_{t+1}

    The first C//8 channels start with :math:`w_+ = 1` (backward in time), as many with :math:`w_- =
    1` (forward), the rest with
    :math:`w_0 = 1`: exactly ``ShiftSpec.tsm(fold_div=8)``.
    """

    def __init__(self, channels: int, num_segments: int) -> None:
        super().__init__()
        self.num_segments = at_least_one("num_segments", num_segments)
        channels = at_least_one("channels", channels)
        self.conv = nn.Conv1d(channels, channels, 3, padding=1, groups=channels, bias=False)
        with torch.no_grad():
            self.conv.weight.zero_()  # (C, 1, 3)
            for start, stop, displacement in ShiftSpec.tsm(fold_div=8).partition(channels):
                self.conv.weight[start:stop, 0, 1 - displacement.dt] = 1

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C, H, W)`` to the same shape."""
        clips = unfold_clips(x, self.num_segments)  # (N, T, C, H, W)
        n, t, c, h, w = clips.shape
        places = clips.permute(0, 3, 4, 2, 1).reshape(
            n * h * w, c, t
        )  # every place of the image is a sequence of its own
        y: Tensor = self.conv(places)
        return y.reshape(n, h, w, c, t).permute(0, 4, 3, 1, 2).flatten(0, 1)  # (N*T, C, H, W)


class LongTermDifference(nn.Module):
    r"""Weight each place by how it differs from the segments before and after.

    .. math:: y = x + x \odot \tfrac12 (a(u_{t+1} - z_t) + a(u_{t-1} - z_t)), \qquad a = \sigma(\cdot) - \tfrac12

    :math:`z` is x reduced to C/16 channels, :math:`u` a depthwise 3x3 convolution of it. The difference is seen at three scales and
    averaged before it is expanded again; where a segment has no neighbour it is zero.
    """

    def __init__(self, channels: int, num_segments: int) -> None:
        super().__init__()
        inner = (
            at_least(
                "channels",
                channels,
                REDUCTION,
                f"they are reduced to one in {REDUCTION}, so give {REDUCTION} or more",
            )
            // REDUCTION
        )
        self.num_segments = at_least_one("num_segments", num_segments)
        self.reduce = nn.Sequential(convolution(channels, inner, 1), nn.BatchNorm2d(inner))
        self.align = nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=False)
        self.pool = nn.AvgPool2d(2)
        self.coarse = nn.Sequential(convolution(inner, inner, 3), nn.BatchNorm2d(inner))
        self.fine = nn.Sequential(convolution(inner, inner, 3), nn.BatchNorm2d(inner))
        self.expand = nn.Sequential(convolution(inner, channels, 1), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C, H, W)`` to the same shape."""
        z = self.reduce(x)  # (N*T, C/16, H, W)
        u = unfold_clips(self.align(z), self.num_segments)  # (N, T, C/16, H, W)
        z = unfold_clips(z, self.num_segments)
        # the last segment has none after it, the first none before it
        forward = F.pad(u[:, 1:] - z[:, :-1], (0, 0, 0, 0, 0, 0, 0, 1))
        backward = F.pad(u[:, :-1] - z[:, 1:], (0, 0, 0, 0, 0, 0, 1, 0))
        y = (self.attention(forward.flatten(0, 1)) + self.attention(backward.flatten(0, 1))) / 2
        return x + x * y

    def attention(self, difference: Tensor) -> Tensor:
        """Map a difference ``(N*T, C/16, H, W)`` to weights in (-1/2, 1/2), ``(N*T, C, H, W)``."""
        coarse = F.interpolate(self.coarse(self.pool(difference)), difference.shape[2:])
        y: Tensor = self.expand((difference + coarse + self.fine(difference)) / 3)
        return y.sigmoid() - 0.5


class TDNBottleneck(Bottleneck):
    """A bottleneck of layers 2 to 4: difference, then the temporal module, between the first
    convolution and the second.
    """

    def __init__(self, spec: BlockSpec, num_segments: int, *, own_shift: bool) -> None:
        super().__init__(spec, bias=True)
        self.difference = LongTermDifference(spec.planes, num_segments)
        self.temporal = (
            TemporalConvolution(spec.planes, num_segments) if own_shift else nn.Identity()
        )

    def after_conv1(self, x: Tensor) -> Tensor:
        """Let the segments of a clip meet, ``(N*T, planes, H, W)``."""
        y: Tensor = self.temporal(self.difference(x))
        return y


def places_of_temporal_module() -> tuple[str, ...]:
    """Name the convolutions of `TDNResNet` before which STSM stands for TDN's temporal module:
    ``conv2`` of layers 2 to 4.
    """
    return tuple(
        f"layer{stage}.{number}.conv2"
        for stage in (2, 3, 4)
        for number in range(BLOCKS_PER_STAGE[50][stage - 1])
    )


class TDNResNet(nn.Module):
    r"""ResNet-50 with TDN's stem and blocks: frames ``(N*T*5, 3, H, W)`` to one feature map a
    segment, ``(N*T, 2048, H/32, W/32)``.

    All convolutions of the ResNet carry a bias, as in the files that TDN starts from.

    Parameters
    ----------
    num_segments : int
        T, at least 2. The frames and their differences are fused 0.5 to 0.5 for 8 segments, 0.75 to
        0.25 otherwise.
    own_shift : bool
        Whether blocks have TDN's learnable temporal convolution; without it, STSM takes its place
        before ``conv2``.

    Raises
    ------
    ModelError
        If `num_segments` is below 2.
    """

    frames_per_segment = FRAMES_PER_SEGMENT
    smallest_size = 33
    out_channels = 2048

    def __init__(self, num_segments: int, *, own_shift: bool) -> None:
        super().__init__()
        num_segments = at_least(
            "num_segments",
            num_segments,
            2,
            "a difference needs a neighbour, so give TDN 2 segments or more",
        )

        def block(spec: BlockSpec, /) -> nn.Module:
            return (
                Bottleneck(spec, bias=True)
                if spec.stage == 1
                else TDNBottleneck(spec, num_segments, own_shift=own_shift)
            )

        self.share_of_frames = 0.5 if num_segments == 8 else 0.75
        self.conv1 = convolution(3, 64, 7, stride=2, bias=True)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = residual_stage(50, 1, Bottleneck.expansion, block)
        self.layer2 = residual_stage(50, 2, Bottleneck.expansion, block)
        self.layer3 = residual_stage(50, 3, Bottleneck.expansion, block)
        self.layer4 = residual_stage(50, 4, Bottleneck.expansion, block)
        self.difference_stem = nn.Sequential(
            nn.AvgPool2d(2),
            convolution(12, 64, 7, stride=2),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        self.difference_layer1 = residual_stage(50, 1, Bottleneck.expansion, block)

    def forward(self, x: Tensor) -> Tensor:
        """Map five frames a segment to feature maps."""
        frames = unfold_clips(x, FRAMES_PER_SEGMENT)  # (N*T, 5, 3, H, W)
        d = (frames[:, 1:] - frames[:, :-1]).flatten(1, 2)  # (N*T, 12, H, W)
        d = self.difference_stem(d)
        x = self.maxpool(self.relu(self.bn1(self.conv1(frames[:, FRAMES_PER_SEGMENT // 2]))))
        x = self.fuse(x, d)
        x = self.fuse(self.layer1(x), self.difference_layer1(d))
        x = self.layer2(x)
        x = self.layer3(x)
        y: Tensor = self.layer4(x)
        return y

    def fuse(self, x: Tensor, d: Tensor) -> Tensor:
        """Add differences, stretched to the size of the frames' features, to them."""
        return self.share_of_frames * x + (1 - self.share_of_frames) * F.interpolate(d, x.shape[2:])


def as_tdn_starts(found: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> dict[str, Tensor]:
    r"""Add to the tensors of a plain ResNet-50 what TDN makes of them before it is trained.

    .. math:: w^{\text{stem}}_{o,i} = \tfrac13 \textstyle\sum_c w_{o,c} \quad\text{for each channel } i < 12 \text{ of the differences}

    The second first stage is a copy of the first. A bias that the file's convolutions do not have
    is zero, which is what they compute with.

    Parameters
    ----------
    found : mapping of str to Tensor
        The file's tensors by our names, ``backbone.conv1.weight``, ...; with biases, as in the
        ResNet that TDN's authors build, or without.
    ours : mapping of str to Tensor
        The tensors of the network to be filled, which say where there is a bias.
    """
    filled = dict(found)
    for key, value in found.items():
        if key.startswith("backbone.layer1."):
            filled[key.replace("layer1", "difference_layer1", 1)] = value
    stem = found.get("backbone.conv1.weight")
    if (
        stem is not None
        and stem.layout is torch.strided
        and stem.ndim == 4
        and stem.is_floating_point()
    ):
        filled["backbone.difference_stem.1.weight"] = stem.mean(1, keepdim=True).expand(
            -1, 12, -1, -1
        )
    for key, value in ours.items():
        weight = filled.get(f"{key.removesuffix('bias')}weight")
        if key.endswith(".bias") and key not in filled and weight is not None and weight.ndim == 4:
            filled[key] = torch.zeros_like(value)
    return filled
