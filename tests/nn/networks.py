"""Small networks built the way other people build theirs; nothing here knows of the shift."""
# ruff: noqa: D102 -- forward is what the class docstring says

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere


class Bottleneck(nn.Module):
    """The ResNet block, named and written as torchvision's is."""

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, *, project: bool = False
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        self.relu = nn.ReLU(inplace=True)
        shortcut = nn.Sequential(
            nn.Conv2d(inplanes, 4 * planes, 1, stride, bias=False), nn.BatchNorm2d(4 * planes)
        )
        self.downsample = shortcut if project else None

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    """Stem, stages ``layer1`` onwards, pooling, one linear layer."""

    def __init__(self, depths: tuple[int, ...] = (2, 2), planes: int = 8, classes: int = 5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4 * planes, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4 * planes)
        self.relu = nn.ReLU(inplace=True)
        for i, depth in enumerate(depths, 1):
            first = Bottleneck(4 * planes, planes, 2, project=True)
            self.add_module(
                f"layer{i}",
                nn.Sequential(first, *(Bottleneck(4 * planes, planes) for _ in range(depth - 1))),
            )
        self.stages = len(depths)
        self.fc = nn.Linear(4 * planes, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        for i in range(1, self.stages + 1):
            x = self.get_submodule(f"layer{i}")(x)
        return self.fc(x.mean((2, 3)))


class InvertedResidual(nn.Module):
    """The MobileNetV2 block, named and written as torchvision's is."""

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int) -> None:
        super().__init__()
        hidden = inp * expand_ratio
        self.use_res_connect = stride == 1 and inp == oup
        layers = [_conv_bn_relu(inp, hidden, 1)] if expand_ratio != 1 else []
        layers += [
            _conv_bn_relu(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, oup, 1, bias=False),
            nn.BatchNorm2d(oup),
        ]
        self.conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        if self.use_res_connect:
            return x + self.conv(x)
        return self.conv(x)


def _conv_bn_relu(inp: int, oup: int, size: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inp, oup, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(oup), nn.ReLU6(inplace=True))


def mobilenet_features() -> nn.Sequential:
    """Stem and blocks of MobileNetV2: expansion, width, number, first stride."""
    layers: list[nn.Module] = [_conv_bn_relu(3, 32, 3, 2)]
    width = 32
    for t, c, n, s in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for i in range(n):
            layers.append(InvertedResidual(width, c, s if i == 0 else 1, t))
            width = c
    return nn.Sequential(OrderedDict(features=nn.Sequential(*layers)))


class HomeMade(nn.Module):
    """Someone's own network: other names, pre-activation, a functional sum, blocks beside each
    other in one `forward`.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.GroupNorm(2, width)
        self.squeeze = nn.Conv2d(width, width // 2, 1)
        self.expand = nn.Conv2d(width // 2, width, 3, padding=1)
        self.tail = nn.Sequential(nn.SiLU(), nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        x = self.stem(x)
        x = torch.add(x, self.expand(F.silu(self.squeeze(F.silu(self.norm(x))))))
        return x + scale * self.tail(x)


class Undecided(nn.Module):
    """A block whose `forward` looks at values, so that no one can read it beforehand."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.a = nn.Conv2d(width, width, 1)
        self.b = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b(self.a(x)) if x.sum() > 0 else x
