r"""TANet: a temporal kernel that the clip chooses for itself (Liu et al., the paper's [16]; Tables
6, 7).
"""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere

from stsm_ref.errors import ModelError
from stsm_ref.models._arguments import at_least
from stsm_ref.models.fold import unfold_clips
from stsm_ref.models.resnet import BlockSpec, Bottleneck, ResNet


class TAM(nn.Module):
    r"""Temporal adaptive module.

    .. math:: y = \kappa(s) \ast_T (\sigma(s) \odot x), \qquad s = \text{mean of } x \text{ over } H, W

    The global branch gives each (clip, channel) a 3-tap kernel :math:`\kappa` over T frames,
    zero-padded by 1; the local branch a weight
    :math:`\sigma` in (0, 1) for each frame.

    Parameters
    ----------
    channels : int
        C, a multiple of 4. The module has :math:`C^2 + C/2 + 2T^2 + 10T` parameters.
    num_segments : int
        T, at least 2; the weights depend on it.

    Raises
    ------
    ModelError
        If `num_segments` is below 2: a single frame has no neighbour to adapt to; or if `channels`
        is not a multiple of 4.
    """

    def __init__(self, channels: int, num_segments: int) -> None:
        super().__init__()
        num_segments = at_least(
            "num_segments",
            num_segments,
            2,
            "a temporal kernel needs neighbours, so give TANet 2 segments or more",
        )
        channels = at_least(
            "channels",
            channels,
            4,
            "the local branch has a quarter of them, so give a multiple of 4",
        )
        if channels % 4:
            raise ModelError(
                f"channels={channels}: the local branch has a quarter of them, so give a "
                "multiple of 4"
            )
        self.num_segments = num_segments
        self.global_branch = nn.Sequential(
            nn.Linear(num_segments, 2 * num_segments, bias=False),
            nn.BatchNorm1d(2 * num_segments),
            nn.ReLU(inplace=True),
            nn.Linear(2 * num_segments, 3, bias=False),
            nn.Softmax(-1),
        )
        self.local_branch = nn.Sequential(
            nn.Conv1d(channels, channels // 4, 3, padding=1, bias=False),
            nn.BatchNorm1d(channels // 4),
            nn.ReLU(inplace=True),
            nn.Conv1d(channels // 4, channels, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N*T, C, H, W)`` to the same shape."""
        clips = unfold_clips(x, self.num_segments).transpose(1, 2)  # (N, C, T, H, W)
        n, c, t, h, w = clips.shape
        if n == 0:
            return x  # torch has no convolution of 0 groups
        s = clips.mean((3, 4))  # (N, C, T)
        kernel = self.global_branch(s.reshape(n * c, t))  # (N*C, 3)
        weighted = clips * self.local_branch(s)[..., None, None]  # (N, C, T, H, W)
        # one group for each (clip, channel): neither of them meets another
        y = F.conv2d(
            weighted.reshape(1, n * c, t, h * w),
            kernel.reshape(n * c, 1, 3, 1),
            padding=(1, 0),
            groups=n * c,
        )
        return y.reshape(n, c, t, h, w).transpose(1, 2).flatten(0, 1)  # (N*T, C, H, W)


class TAMBottleneck(Bottleneck):
    """A bottleneck with TAM between its first convolution and its second."""

    def __init__(self, spec: BlockSpec, num_segments: int) -> None:
        super().__init__(spec)
        self.tam = TAM(spec.planes, num_segments)

    def after_conv1(self, x: Tensor) -> Tensor:
        """Let the frames of a clip meet, ``(N*T, planes, H, W)``."""
        y: Tensor = self.tam(x)
        return y


class TANetResNet(ResNet):
    """ResNet-50 with TAM in all sixteen blocks; frames ``(N*T, 3, H, W)`` to feature maps, as its
    plain backbone.
    """

    def __init__(self, num_segments: int) -> None:
        super().__init__(50, lambda spec: TAMBottleneck(spec, num_segments))
