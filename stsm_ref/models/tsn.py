r"""The network of Fig. 2: frames folded into the batch, a 2-D trunk, and a head that averages over time (Wang et al., the paper's [2])."""

from typing import NoReturn, Protocol, cast

import torch
from torch import Tensor, nn

from stsm_ref import nn as snn
from stsm_ref.errors import ArrayError
from stsm_ref.geometry import ShiftSpec
from stsm_ref.models.clips import fold_clips
from stsm_ref.models.heads import HEADS, Average, Head, average_views
from stsm_ref.nn.functional import refuse_scripting


class Trunk(Protocol):
    """What a trunk says of itself, besides being an `nn.Module` that maps frames to feature maps."""

    frames_per_segment: int
    smallest_size: int
    out_channels: int


def _is_under_autocast(x: Tensor) -> bool:
    return torch.amp.is_autocast_available(x.device.type) and torch.is_autocast_enabled(x.device.type)


class TSN(nn.Module):
    r"""A 2-D network over the frames of a clip, and one set of scores for the clip.

    Without a shift it looks at every frame alone, and the order of the frames does not matter; STSM in its blocks is what lets them meet.

    Parameters
    ----------
    backbone : nn.Module
        A trunk: `ResNet`, `MobileNetV2`, or one of their relatives for NL, TANet and TDN. Its keys are torchvision's.
    num_segments : int
        Segments a clip, T.
    num_classes : int
        400 for Kinetics-400, 174 for Something-Something V2.
    head : {"tsm", "tsn"}
        Classify each frame and average the scores, or average the features and classify once.
    dropout : float
        Before the linear map (§4.2.1: 0.5).

    Notes
    -----
    Fig. 2 of the paper. Input is ``(N, T, 3, H, W)``, or the same frames folded, ``(N*T, 3, H, W)``; where a trunk reads several frames
    a segment (TDN: five), T of the input is ``num_segments`` times as many.

    >>> import torch
    >>> from stsm_ref.models.resnet import ResNet
    >>> TSN(ResNet(18), num_segments=2, num_classes=5)(torch.zeros(1, 2, 3, 32, 32)).shape
    torch.Size([1, 5])
    """

    def __init__(
        self, backbone: nn.Module, *, num_segments: int = 8, num_classes: int = 400, head: Head = "tsm", dropout: float = 0.5
    ) -> None:
        super().__init__()
        trunk = cast(Trunk, backbone)
        self.num_segments = num_segments
        self.frames_per_segment = trunk.frames_per_segment
        self.smallest_size = trunk.smallest_size
        self.backbone = backbone
        self.head = HEADS[head](trunk.out_channels, num_classes, num_segments, dropout)

    @property
    def spec(self) -> ShiftSpec | None:
        """The spec of the shift that stands in the trunk, or None where there is none; TDN's own convolution is none."""
        return next((shift.spec for shift in snn.shifts_of(self.backbone)), None)

    def __prepare_scriptable__(self) -> NoReturn:
        refuse_scripting("TSN")

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``(N, T, 3, H, W)`` or folded frames ``(N*T, 3, H, W)`` to scores ``(N, num_classes)``.

        Raises
        ------
        ArrayError
            If `x` is no such batch, of another dtype than the network, or smaller than the pooling of the trunk allows.
        """
        x = fold_clips(x, self.num_segments, self.frames_per_segment)  # (N*T, 3, H, W)
        if min(x.shape[-2:]) < self.smallest_size:
            least = self.smallest_size
            raise ArrayError(f"x has frames of {x.shape[-2]}x{x.shape[-1]}: this network pools them away, so give {least}x{least} or more")
        self._refuse_other_dtype(x)
        x = self.backbone(x)  # (N*T, C, H/32, W/32)
        y: Tensor = self.head(x)  # (N, num_classes)
        return y

    def _refuse_other_dtype(self, x: Tensor) -> None:
        mine = next((p.dtype for p in self.backbone.parameters() if p.is_floating_point()), x.dtype)
        if x.dtype != mine and not (_is_under_autocast(x) and torch.float64 not in {x.dtype, mine}):  # it leaves doubles alone
            raise ArrayError(
                f"x has dtype {x.dtype}, the network {mine}: a convolution mixes none, so give x.to({mine}) or convert the network"
            )

    def predict(self, views: Tensor, average: Average = "scores") -> Tensor:
        """Map the views ``(N, V, T, 3, H, W)`` of N videos, V = crops times clips, to ``(N, num_classes)``; see `average_views`.

        Raises
        ------
        ArrayError
            If `views` is no tensor of rank 6 with a view or more, or its clips do not fit.
        ModelError
            If `average` is neither "scores" nor "probabilities".
        """
        if not isinstance(views, Tensor):
            raise ArrayError(f"views has type {type(views).__name__}, which is no tensor: give (N, V, T, 3, H, W), V = crops * clips")
        if views.ndim != 6:
            raise ArrayError(f"views has shape {tuple(views.shape)}, rank {views.ndim}: give (N, V, T, 3, H, W), V = crops * clips")
        if views.shape[1] == 0:
            raise ArrayError(f"views has shape {tuple(views.shape)}, 0 views a video: nothing has no average, so give V = 1 or more")
        scores: Tensor = self(views.flatten(0, 1))
        return average_views(scores.reshape(*views.shape[:2], scores.shape[-1]), average)
