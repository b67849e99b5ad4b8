r"""ResNet-18/34/50/101/152 with the layout, key names and numerics of torchvision's files (He et
al., the paper's [24]; Fig. 2).

Nothing here knows of time. STSM goes before ``conv1`` *inside* a residual block, on the residual
branch, and never on the shortcut (§3.1).
"""

from typing import NamedTuple, Protocol, cast

from torch import Tensor, nn

from stsm_ref.errors import ModelError
from stsm_ref.models.arguments import at_least_one

BLOCKS_PER_STAGE = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
STAGE_PLANES = (64, 128, 256, 512)


class Place(NamedTuple):
    """Where a block stands: `stage` 1 to 4 and `number` within it from 0; and its widths, and
    the stride of its 3x3.
    """

    stage: int
    number: int
    in_channels: int
    planes: int
    stride: int


class BlockType(Protocol):
    """What builds the blocks of a trunk: one of the classes below, or a function that chooses
    by place.
    """

    def __call__(self, place: Place, /) -> nn.Module:
        """Build the block that stands there."""
        ...


def convolution(
    in_channels: int, out_channels: int, kernel: int, stride: int = 1, *, bias: bool = False
) -> nn.Conv2d:
    """Make a 2-D convolution that keeps the size at stride 1, initialised as He et al. do."""
    layer = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=bias)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def shortcut(place: Place, out_channels: int, *, bias: bool = False) -> nn.Sequential | None:
    """Make the 1x1 convolution of a shortcut that changes its shape, or None for one that does
    not.
    """
    if place.stride == 1 and place.in_channels == out_channels:
        return None
    return nn.Sequential(
        convolution(place.in_channels, out_channels, 1, place.stride, bias=bias),
        nn.BatchNorm2d(out_channels),
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut: the block of ResNet-18 and -34."""

    expansion = 1

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.conv1 = convolution(place.in_channels, place.planes, 3, place.stride)
        self.bn1 = nn.BatchNorm2d(place.planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = convolution(place.planes, place.planes, 3)
        self.bn2 = nn.BatchNorm2d(place.planes)
        self.downsample = shortcut(place, place.planes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C_in, H, W)`` to ``(N*T, C, H/stride, W/stride)``."""
        identity: Tensor = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        y: Tensor = self.relu(x + identity)
        return y


class Bottleneck(nn.Module):
    """1x1, 3x3 (which carries the stride) and 1x1 convolutions beside a shortcut: the block of
    ResNet-50 and up.
    """

    expansion = 4

    def __init__(self, place: Place, *, bias: bool = False) -> None:
        super().__init__()
        planes, wide = place.planes, place.planes * self.expansion
        self.conv1 = convolution(place.in_channels, planes, 1, bias=bias)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = convolution(planes, planes, 3, place.stride, bias=bias)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = convolution(planes, wide, 1, bias=bias)
        self.bn3 = nn.BatchNorm2d(wide)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(place, wide, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C_in, H, W)`` to ``(N*T, 4*planes, H/stride, W/stride)``."""
        identity: Tensor = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.between(x)
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        y: Tensor = self.relu(x + identity)
        return y

    def between(self, x: Tensor) -> Tensor:
        """Pass ``(N*T, planes, H, W)`` on from the first convolution to the second: where TANet
        and TDN model time.
        """
        return x


class ResNet(nn.Module):
    """The trunk: frames ``(N*T, 3, H, W)`` to feature maps ``(N*T, C, H/32, W/32)``.

    Parameters
    ----------
    depth : {18, 34, 50, 101, 152}
        Layers with weights.
    block : callable, optional
        Builds the block of a `Place`; by default the plain block of that depth.

    Raises
    ------
    ModelError
        If there is no ResNet of that depth.

    >>> import torch
    >>> ResNet(18)(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 512, 2, 2])
    """

    frames_per_segment = 1
    smallest_size = 1

    def __init__(self, depth: int = 50, block: BlockType | None = None) -> None:
        super().__init__()
        if not isinstance(cast(object, depth), int) or depth not in BLOCKS_PER_STAGE:
            raise ModelError(
                f"depth={depth!r} is no ResNet: use one of {', '.join(map(str, BLOCKS_PER_STAGE))}"
            )
        if block is not None and not callable(block):
            raise ModelError(
                f"block={block!r} builds no block: give a function of a Place that returns an "
                "nn.Module"
            )
        plain = BasicBlock if depth < 50 else Bottleneck
        self.conv1 = convolution(3, 64, 7, stride=2)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = residual_stage(depth, 1, plain.expansion, block or plain)
        self.layer2 = residual_stage(depth, 2, plain.expansion, block or plain)
        self.layer3 = residual_stage(depth, 3, plain.expansion, block or plain)
        self.layer4 = residual_stage(depth, 4, plain.expansion, block or plain)
        self.out_channels = STAGE_PLANES[-1] * plain.expansion

    def forward(self, x: Tensor) -> Tensor:
        """Map frames to feature maps, top to bottom."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        y: Tensor = self.layer4(x)
        return y


def residual_stage(depth: int, stage: int, expansion: int, block: BlockType) -> nn.Sequential:
    """Build one of the four stages, 1 to 4: from each to the next the width doubles and the
    size halves.
    """
    planes = STAGE_PLANES[stage - 1]
    in_channels = STAGE_PLANES[0] if stage == 1 else STAGE_PLANES[stage - 2] * expansion
    blocks = []
    for number in range(BLOCKS_PER_STAGE[depth][stage - 1]):
        stride = 2 if stage > 1 and number == 0 else 1
        blocks.append(block(Place(stage, number, in_channels, planes, stride)))
        in_channels = planes * expansion
    return nn.Sequential(*blocks)


class ResNetClassifier(ResNet):
    """The image classifier that torchvision's ImageNet files were saved from; ``load_state_dict``
    takes them with ``strict=True``.

    >>> len(ResNetClassifier(18).state_dict())
    122
    """

    def __init__(self, depth: int = 50, num_classes: int = 1000) -> None:
        super().__init__(depth)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(self.out_channels, at_least_one("num_classes", num_classes))

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(N, 3, H, W)`` to scores ``(N, num_classes)``."""
        x = self.avgpool(super().forward(x)).flatten(1)
        y: Tensor = self.fc(x)
        return y
