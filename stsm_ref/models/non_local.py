r"""Non-local blocks: every place of a clip looks at every other place of the same clip (Wang et
al., the paper's [44]; Tables 6, 7).
"""

from torch import Tensor, nn

from stsm_ref.models._arguments import at_least, at_least_one
from stsm_ref.models.fold import unfold_clips
from stsm_ref.models.resnet import BlockSpec, Bottleneck, ResNet

NON_LOCAL_PLACES = frozenset({(2, 0), (2, 2), (3, 0), (3, 2), (3, 4)})
"""(stage, number) of the blocks of ResNet-50 that are followed by one, as TSM and MMAction2 place
them.
"""


class NonLocal(nn.Module):
    r"""Embedded Gaussian attention over time and space, without scaling.

    .. math:: z = x + \mathrm{BN}(W y), \qquad y_i = \sum_j \mathrm{softmax}_j(\theta(x_i) \cdot \phi(x_j))\, g(x_j)

    Keys and values are pooled by 2 in space. BatchNorm starts with :math:`\gamma = 0`, so a fresh
    block is the identity. :math:`W` has no bias, as in MMAction2; TSM's repository gives it one,
    which BatchNorm swallows.

    Parameters
    ----------
    channels : int
        C; the inner width is C/2.
    num_segments : int
        Frames a clip: attention ends at the clip's border (BATCH-1).
    """

    def __init__(self, channels: int, num_segments: int) -> None:
        super().__init__()
        inner = (
            at_least("channels", channels, 2, "attention is over half of them, so give 2 or more")
            // 2
        )
        self.num_segments = at_least_one("num_segments", num_segments)
        self.theta = nn.Conv3d(channels, inner, 1)
        self.phi = nn.Conv3d(channels, inner, 1)
        self.g = nn.Conv3d(channels, inner, 1)
        self.pool = nn.MaxPool3d((1, 2, 2))
        self.out = nn.Conv3d(inner, channels, 1, bias=False)
        self.bn = nn.BatchNorm3d(channels)
        nn.init.zeros_(self.bn.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C, H, W)`` to the same shape."""
        clips = unfold_clips(x, self.num_segments).transpose(1, 2)  # (N, C, T, H, W)
        theta = self.theta(clips).flatten(2).transpose(1, 2)  # (N, T*H*W, C/2)
        phi = self.pool(self.phi(clips)).flatten(2)  # (N, C/2, T*H/2*W/2)
        g = self.pool(self.g(clips)).flatten(2).transpose(1, 2)  # (N, T*H/2*W/2, C/2)
        y = (theta @ phi).softmax(-1) @ g  # (N, T*H*W, C/2)
        y = y.transpose(1, 2).reshape(
            clips.shape[0], y.shape[-1], *clips.shape[2:]
        )  # (N, C/2, T, H, W)
        z: Tensor = self.bn(self.out(y)) + clips
        return z.transpose(1, 2).flatten(0, 1)  # (N*T, C, H, W)


class NonLocalBottleneck(Bottleneck):
    """A bottleneck with a non-local block after it."""

    def __init__(self, spec: BlockSpec, num_segments: int) -> None:
        super().__init__(spec)
        self.nl = NonLocal(spec.planes * self.expansion, num_segments)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C_in, H, W)`` to ``(N*T, 4*planes, H/stride, W/stride)``."""
        y: Tensor = self.nl(super().forward(x))
        return y


class NonLocalResNet(ResNet):
    """ResNet-50 with a non-local block after five of its blocks; frames ``(N*T, 3, H, W)`` to
    feature maps, as its plain backbone.
    """

    smallest_size = 17  # pixels: of 16, the last non-local blocks would see one, and pool it away

    def __init__(self, num_segments: int) -> None:
        def block(spec: BlockSpec, /) -> nn.Module:
            return (
                NonLocalBottleneck(spec, num_segments)
                if (spec.stage, spec.number) in NON_LOCAL_PLACES
                else Bottleneck(spec)
            )

        super().__init__(50, block)
