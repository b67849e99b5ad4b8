r"""ResNet-18/34/50/101/152 with the layout, key names and numerics of torchvision's files (He et
al., the paper's [24]; Fig. 2).

Nothing here knows of time. STSM goes before ``conv1`` *inside* a residual block, on the residual
branch, and never on the shortcut (§3.1).
"""

from typing import NamedTuple, Protocol, cast

from torch import Tensor, nn

from stsm_ref.errors import ModelError
from stsm_ref.models._arguments import at_least_one

BLOCKS_PER_STAGE = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
STAGE_PLANES = (64, 128, 256, 512)


class BlockSpec(NamedTuple):
    """What a residual block is to be: its `stage`, 1 to 4, its `number` in it, from 0, its widths,
    and the stride of its 3x3.
    """

    stage: int
    number: int
    in_channels: int
    planes: int
    stride: int


class BlockType(Protocol):
    """What builds the blocks of a backbone: one of the classes below, or a function that chooses by
    stage and number.
    """

    def __call__(self, spec: BlockSpec, /) -> nn.Module:
        """Build the block."""
        ...


def convolution(
    in_channels: int, out_channels: int, kernel: int, stride: int = 1, *, bias: bool = False
) -> nn.Conv2d:
    """Make a 2-D convolution that keeps the size at stride 1, initialised as He et al. do.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after.
    kernel : int
        Height and width of the kernel.
    stride : int
        Of the convolution.
    bias : bool
        Whether it has one.
    """
    layer = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=bias)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def shortcut(spec: BlockSpec, out_channels: int, *, bias: bool = False) -> nn.Sequential | None:
    """Make the 1x1 convolution of a shortcut that changes its shape, or None for one that
    does not.

    Parameters
    ----------
    spec : BlockSpec
        The block.
    out_channels : int
        Channels that the block gives back.
    bias : bool
        Whether the convolution has one.
    """
    if spec.stride == 1 and spec.in_channels == out_channels:
        return None
    return nn.Sequential(
        convolution(spec.in_channels, out_channels, 1, spec.stride, bias=bias),
        nn.BatchNorm2d(out_channels),
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut: the block of ResNet-18 and -34."""

    expansion = 1

    def __init__(self, spec: BlockSpec) -> None:
        super().__init__()
        self.conv1 = convolution(spec.in_channels, spec.planes, 3, spec.stride)
        self.bn1 = nn.BatchNorm2d(spec.planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = convolution(spec.planes, spec.planes, 3)
        self.bn2 = nn.BatchNorm2d(spec.planes)
        self.downsample = shortcut(spec, spec.planes)

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

    def __init__(self, spec: BlockSpec, *, bias: bool = False) -> None:
        super().__init__()
        planes, wide = spec.planes, spec.planes * self.expansion
        self.conv1 = convolution(spec.in_channels, planes, 1, bias=bias)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = convolution(planes, planes, 3, spec.stride, bias=bias)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = convolution(planes, wide, 1, bias=bias)
        self.bn3 = nn.BatchNorm2d(wide)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(spec, wide, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C_in, H, W)`` to ``(N*T, 4*planes, H/stride, W/stride)``."""
        identity: Tensor = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.after_conv1(x)
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        y: Tensor = self.relu(x + identity)
        return y

    def after_conv1(self, x: Tensor) -> Tensor:
        """Pass ``(N*T, planes, H, W)`` on from the first convolution to the second: where TANet and
        TDN model time.
        """
        return x


class ResNet(nn.Module):
    """The backbone: frames ``(N*T, 3, H, W)`` to feature maps ``(N*T, C, H/32, W/32)``.

    Parameters
    ----------
    depth : {18, 34, 50, 101, 152}
        Layers with weights.
    block : callable, optional
        Builds the block of a `BlockSpec`; by default the plain block of that depth.

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
                f"depth={depth!r} is not the depth of a ResNet: use one of "
                f"{', '.join(map(str, BLOCKS_PER_STAGE))}"
            )
        if block is not None and not callable(block):
            raise ModelError(
                f"block={block!r} is not callable: give a function of a BlockSpec that returns an "
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
    """Build one of the four stages, 1 to 4: from each to the next the width doubles and the size
    halves.

    Parameters
    ----------
    depth : int
        Of the ResNet, a key of `BLOCKS_PER_STAGE`.
    stage : int
        1 to 4.
    expansion : int
        By how much a block is wider outside than inside.
    block : BlockType
        Builds the block of a `BlockSpec`.
    """
    planes = STAGE_PLANES[stage - 1]
    in_channels = STAGE_PLANES[0] if stage == 1 else STAGE_PLANES[stage - 2] * expansion
    blocks = []
    for number in range(BLOCKS_PER_STAGE[depth][stage - 1]):
        stride = 2 if stage > 1 and number == 0 else 1
        blocks.append(block(BlockSpec(stage, number, in_channels, planes, stride)))
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
