r"""MobileNetV2 with the layout, key names and numerics of torchvision's files (Sandler et al., the
paper's [42]).

STSM goes before the expanding 1x1 convolution of the blocks that have a shortcut and do expand: ten
of the seventeen.
"""

from torch import Tensor, nn

from stsm_ref.models._arguments import at_least_one

STAGES = (
    # expansion, channels, blocks, stride of the first block
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def unit(
    in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Make convolution, BatchNorm and ReLU6.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after.
    kernel : int
        Height and width of the kernel.
    stride : int
        Of the convolution.
    groups : int
        Groups of channels that do not meet.
    """
    return nn.Sequential(
        convolution(in_channels, out_channels, kernel, stride, groups),
        nn.BatchNorm2d(out_channels),
        nn.ReLU6(inplace=True),
    )


def convolution(
    in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    """Make a convolution without bias that keeps the size at stride 1.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after.
    kernel : int
        Height and width of the kernel.
    stride : int
        Of the convolution.
    groups : int
        Groups of channels that do not meet.
    """
    layer = nn.Conv2d(
        in_channels, out_channels, kernel, stride, padding=kernel // 2, groups=groups, bias=False
    )
    nn.init.kaiming_normal_(layer.weight, mode="fan_out")
    return layer


class InvertedResidual(nn.Module):
    """Expand by 1x1, filter each channel by 3x3, project by 1x1; a shortcut where the shape
    stays.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = in_channels * expansion
        self.use_res_connect = stride == 1 and in_channels == out_channels
        self.conv = nn.Sequential(
            *([unit(in_channels, inner, 1)] if expansion != 1 else []),
            unit(inner, inner, 3, stride, groups=inner),
            convolution(inner, out_channels, 1),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C_in, H, W)`` to ``(N*T, C, H/stride, W/stride)``."""
        y: Tensor = self.conv(x)
        return x + y if self.use_res_connect else y


class MobileNetV2(nn.Module):
    """The backbone: frames ``(N*T, 3, H, W)`` to feature maps ``(N*T, 1280, H/32, W/32)``.

    >>> import torch
    >>> MobileNetV2()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 1280, 2, 2])
    """

    frames_per_segment = 1
    smallest_size = 1
    out_channels = 1280

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [unit(3, 32, 3, stride=2)]
        in_channels = 32
        for expansion, channels, count, first_stride in STAGES:
            for index in range(count):
                layers.append(
                    InvertedResidual(
                        in_channels, channels, first_stride if index == 0 else 1, expansion
                    )
                )
                in_channels = channels
        self.features = nn.Sequential(*layers, unit(in_channels, self.out_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map frames to feature maps."""
        y: Tensor = self.features(x)
        return y


class MobileNetV2Classifier(MobileNetV2):
    """The image classifier that torchvision's ImageNet files were saved from; ``load_state_dict``
    takes them with ``strict=True``.
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        fc = nn.Linear(self.out_channels, at_least_one("num_classes", num_classes))
        nn.init.normal_(fc.weight, std=0.01)
        nn.init.zeros_(fc.bias)
        self.classifier = nn.Sequential(nn.Dropout(0.2), fc)

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(N, 3, H, W)`` to scores ``(N, num_classes)``."""
        y: Tensor = self.classifier(
            nn.functional.adaptive_avg_pool2d(super().forward(x), 1).flatten(1)
        )
        return y
