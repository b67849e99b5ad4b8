"""Residual blocks of the shapes that published networks have, on 16 channels; nothing here
knows of the shift.
"""
# ruff: noqa: D102 -- each class is named after what it shows, and a line says what that is

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere

WIDTH = 16


def conv(inputs: int = WIDTH, outputs: int = WIDTH, size: int = 3, **options) -> nn.Conv2d:
    """A convolution that keeps height and width."""
    return nn.Conv2d(inputs, outputs, size, padding=size // 2, **options)


def conv_bn(size: int = 3) -> nn.Sequential:
    """Convolution and normalisation, no activation."""
    return nn.Sequential(conv(size=size), nn.BatchNorm2d(WIDTH))


class Plain(nn.Module):
    """conv1, conv2, shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(), conv()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.conv1(x)))


class Gate(nn.Module):
    """Squeeze and excite: factors for channels, from the mean of each."""

    def __init__(self, layer: type[nn.Module] = nn.Conv2d) -> None:
        super().__init__()
        self.convolves = layer is nn.Conv2d
        self.fc1, self.fc2 = (
            (conv(size=1), conv(size=1))
            if self.convolves
            else (nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH))
        )

    def forward(self, x: Tensor) -> Tensor:
        s = x.mean((2, 3), keepdim=self.convolves)
        s = self.fc2(F.relu(self.fc1(s))).sigmoid()
        return s if self.convolves else s[:, :, None, None]


class GateFirst(Plain):
    """The gate is computed before the convolutions, from the block's input."""

    def __init__(self, layer: type[nn.Module] = nn.Conv2d) -> None:
        super().__init__()
        self.gate = Gate(layer)

    def forward(self, x: Tensor) -> Tensor:
        g = self.gate(x)
        return x + self.conv2(F.relu(self.conv1(x))) * g


class GateLater(GateFirst):
    """The gate is computed from what the convolutions give, as in SE-ResNet."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.conv1(x)))
        return x + y * self.gate(y)


class SpatialGateFirst(Plain):
    """A gate of one convolution, place by place, computed first."""

    def __init__(self) -> None:
        super().__init__()
        self.mask = conv()

    def forward(self, x: Tensor) -> Tensor:
        g = torch.sigmoid(self.mask(x))
        return x + self.conv2(F.relu(self.conv1(x)) * g)


class Context(nn.Module):
    """GCNet's context block, which is a sum itself: one logit a pixel, softmax, a weighted
    mean, added back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.logits, self.add = conv(outputs=1, size=1), conv(size=1)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.logits(x).flatten(2).softmax(-1)  # (N, 1, H*W)
        context = torch.matmul(x.flatten(2), weights.transpose(1, 2))  # (N, C, 1)
        return x + self.add(context.unsqueeze(-1))


class WithContext(Plain):
    """A context block inside a residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.context = Context()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.context(self.conv2(F.relu(self.conv1(x))))


class Attention(nn.Module):
    """Non-local attention by 1x1 convolutions, with its shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (
            conv(size=1),
            conv(size=1),
            conv(size=1),
            conv(size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).flatten(2) for f in (self.query, self.key, self.value))
        y = torch.matmul(v, torch.matmul(q.transpose(1, 2), k).softmax(-1))
        return x + self.out(y.reshape(x.shape))


class Res2Net(nn.Module):
    """Parts of the channels pass convolutions one after another, each added to the next part."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv3 = conv(size=1), conv(size=1)
        self.convs = nn.ModuleList(conv(4, 4) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.split(F.relu(self.conv1(x)), 4, 1)
        done: list[Tensor] = []
        for i, convolve in enumerate(self.convs):
            done.append(F.relu(convolve(done[-1] + parts[i] if done else parts[i])))
        return x + self.conv3(torch.cat([*done, parts[3]], 1))


class Parallel(nn.Module):
    """RepVGG: a large and a small convolution beside a normalised identity, in one chain of
    sums.
    """

    def __init__(self) -> None:
        super().__init__()
        self.large, self.small, self.identity = conv_bn(3), conv_bn(1), nn.BatchNorm2d(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.identity(x) + self.large(x) + self.small(x))

    def reparameterize(self) -> None:
        """Replace the branches by one convolution, built anew, as deployment does."""
        self.merged = conv()
        del self.large, self.small, self.identity
        self.forward = lambda x: F.relu(self.merged(x))


class Stacked(Parallel):
    """The same sum by a stack."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(torch.stack([self.identity(x), self.large(x), self.small(x)]).sum(0))


class Inception(nn.Module):
    """Two columns of convolutions, joined and projected, beside the identity."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.join = (
            conv(size=1),
            nn.Sequential(conv(size=1), nn.ReLU(), conv()),
            conv(2 * WIDTH, WIDTH, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.2 * self.join(torch.cat([self.one(x), self.two(x)], 1))


class Mixed(nn.Module):
    """MixConv: each kernel size sees a part of the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.small, self.large, self.join = conv(8, 8), conv(8, 8, 5), conv(size=1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, 1)
        return x + self.join(torch.cat([self.small(a), self.large(b)], 1))


class Dense(nn.Module):
    """Each convolution sees the input and all before it."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = conv(), conv(2 * WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b(torch.cat([x, F.relu(self.a(x))], 1))


class Depthwise(nn.Module):
    """ConvNeXt: depthwise, then two pointwise layers."""

    def __init__(self) -> None:
        super().__init__()
        self.dw, self.pw1, self.pw2 = conv(size=7, groups=WIDTH), conv(size=1), conv(size=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pw2(F.gelu(self.pw1(self.dw(x))))


class TransposedFirst(nn.Module):
    """A transposed convolution, then an ordinary one."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.conv = nn.ConvTranspose2d(WIDTH, WIDTH, 3, padding=1), conv()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(F.relu(self.up(x)))


class FunctionFirst(nn.Module):
    """A convolution by a function and a parameter, then a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.conv = nn.Parameter(torch.zeros(WIDTH, WIDTH, 1, 1)), conv()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(F.relu(F.conv2d(x, self.weight)))


class Opaque(nn.Module):
    """A convolution of a part of the channels, written in place, which nobody can trace."""

    def __init__(self) -> None:
        super().__init__()
        self.part = conv(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()
        x[:, :4] = self.part(x[:, :4])
        return x


class OpaqueFirst(nn.Module):
    """FasterNet: the partial convolution, then pointwise ones."""

    def __init__(self) -> None:
        super().__init__()
        self.mixing, self.conv = Opaque(), conv(size=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(self.mixing(x))


class Pyramid(nn.Module):
    """A backbone without blocks, and a decoder that adds its coarser features to the finer ones."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.deep, self.side = conv(stride=2), conv(), conv(size=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.side(x) + F.interpolate(self.deep(F.relu(self.down(x))), scale_factor=2)


class LongSkip(nn.Module):
    """EDSR: a shortcut around a body of blocks, and a convolution behind them."""

    def __init__(self, *, head: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential(*([conv()] if head else []), Plain(), Plain(), conv())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class SumOfSequence(nn.Sequential):
    """A container with a sum of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class Add(nn.Module):
    """A sum as a module."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return y + x


class BySpelling(Plain):
    """The shortcut spelt in other ways."""

    def __init__(self, spelling: str) -> None:
        super().__init__()
        self.spelling, self.add = spelling, Add()

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.conv1(x)))
        if self.spelling == "named":
            return torch.add(input=x, other=y)
        if self.spelling == "stack":
            return torch.stack([y, x]).sum(0)
        if self.spelling == "stack, dim":
            return torch.sum(torch.stack((y, x), dim=0), dim=0)
        if self.spelling == "module":
            return self.add(x, y)
        return sum([x, y])


class Adapted(nn.Module):
    """A hand-written low-rank adapter: a convolution, and beside it two small ones in a row."""

    def __init__(self, base: nn.Conv2d) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Conv2d(
            base.in_channels, 2, base.kernel_size, base.stride, base.padding, bias=False
        )
        self.up = nn.Conv2d(2, base.out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + 0.5 * self.up(self.down(x))


class PeftLike(nn.Module):
    """An adapter written as PEFT writes its own: built by the type of its `base_layer`, asking
    for dtypes, which cannot be traced.
    """

    def __init__(self, base: nn.Conv2d, rank: int = 2) -> None:
        super().__init__()
        self.base_layer = base
        kind = type(base)
        self.lora_A = nn.ModuleDict(
            {
                "default": kind(
                    base.in_channels, rank, base.kernel_size, base.stride, base.padding, bias=False
                )
            }
        )
        self.lora_B = nn.ModuleDict({"default": kind(rank, base.out_channels, 1, bias=False)})

    def forward(self, x: Tensor) -> Tensor:
        y = self.base_layer(x)
        if x.dtype == self.lora_A["default"].weight.dtype:
            y = y + self.lora_B["default"](self.lora_A["default"](x))
        return y

    def merged(self) -> nn.Conv2d:
        """The base with the adapter's weights added, as `merge_and_unload` leaves it."""
        with torch.no_grad():
            self.base_layer.weight += torch.einsum(
                "orij,rchw->ochw", self.lora_B["default"].weight, self.lora_A["default"].weight
            )
        return self.base_layer
