r"""The network of Fig. 2: frames folded into the batch, a 2-D backbone, and a head that averages
over time (Wang et al., the paper's [2]).
"""

from typing import NoReturn, Protocol, SupportsIndex, cast

import torch
from torch import Tensor, nn

from stsm_ref import nn as snn
from stsm_ref.errors import ArrayError, ModelError
from stsm_ref.geometry import ShiftSpec
from stsm_ref.models._arguments import at_least_one, known, share_dropped
from stsm_ref.models.checkpoints.key_mapping import without_wrappers
from stsm_ref.models.fold import fold_clips
from stsm_ref.models.heads import HEADS, Average, Head, average_views
from stsm_ref.nn.functional import refuse_scripting
from stsm_ref.nn.shifted import ATTRIBUTE, has_shift


class Backbone(Protocol):
    """What a backbone says of itself, besides being an `nn.Module` that maps frames to feature
    maps.
    """

    frames_per_segment: int
    smallest_size: int
    out_channels: int


BACKBONE_ATTRIBUTES = {
    "frames_per_segment": "1 where it reads single frames",
    "smallest_size": "1 where it pools no frame away",
    "out_channels": "those of its feature maps",
}


def _is_under_autocast(x: Tensor) -> bool:
    return torch.amp.is_autocast_available(x.device.type) and torch.is_autocast_enabled(
        x.device.type
    )


class TSN(nn.Module):
    r"""A 2-D network over the frames of a clip, and one set of scores for the clip.

    Without a shift it looks at every frame alone, and the order of the frames does not matter; STSM
    in its blocks is what lets them meet.

    Parameters
    ----------
    backbone : nn.Module
        A backbone: `ResNet`, `MobileNetV2`, or one of their relatives for NL, TANet and TDN. Its
        keys are torchvision's.
    num_segments : int
        Segments a clip, T.
    num_classes : int
        400 for Kinetics-400, 174 for Something-Something V2.
    head : {"tsm", "tsn"}
        Classify each frame and average the scores, or average the features and classify once.
    dropout : float
        Before the linear map (§4.2.1: 0.5).

    Raises
    ------
    ModelError
        If `backbone` is not a backbone, or a number or name is none that can be meant.
    SpecError
        If a number is not whole.

    Notes
    -----
    Fig. 2 of the paper. Input is ``(N, T, 3, H, W)``, or the same frames folded,
    ``(N*T, 3, H, W)``; where a backbone reads several frames a segment (TDN: five), T of the input
    is ``num_segments`` times as many. A network in which nothing looks across frames takes clips
    ``(N, T, 3, H, W)`` of any T; how frames that come folded are cut into clips, `num_segments`
    says there too.

    >>> import torch
    >>> from stsm_ref.models.resnet import ResNet
    >>> TSN(ResNet(18), num_segments=2, num_classes=5)(torch.zeros(1, 2, 3, 32, 32)).shape
    torch.Size([1, 5])
    """

    def __init__(
        self,
        backbone: nn.Module,
        *,
        num_segments: SupportsIndex = 8,
        num_classes: SupportsIndex = 400,
        head: Head = "tsm",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        checked = _checked_backbone(backbone)
        self._num_segments = at_least_one("num_segments", num_segments)
        self.frames_per_segment = checked.frames_per_segment
        self.smallest_size = checked.smallest_size
        self.backbone = backbone
        classes = at_least_one("num_classes", num_classes)
        self.head = HEADS[known("head", head, HEADS)](
            checked.out_channels, classes, self._num_segments, share_dropped(dropout)
        )

    @property
    def num_segments(self) -> int:
        """Segments a clip, T, for which the network was built; its parts know that number too, so
        it cannot be set afterwards.
        """
        return self._num_segments

    @num_segments.setter
    def num_segments(self, value: int) -> None:
        raise ModelError(
            f"num_segments={value!r}: this network was built for clips of {self._num_segments}, "
            "which its parts know too: build another "
            f"with create_model(..., num_segments={value!r}) and load_state_dict(...) this one's "
            "weights"
        )

    @property
    def spec(self) -> ShiftSpec | None:
        """The spec of the shift that stands in the backbone, or None where there is none; TDN's own
        convolution is none.

        Raises
        ------
        ModelError
            If shifts of more than one spec stand in it.
        """
        specs = tuple(dict.fromkeys(shift.spec for shift in snn.shifts_of(self.backbone)))
        if len(specs) > 1:
            raise ModelError(
                f"model has shifts of {len(specs)} specs, such as {specs[0]} and {specs[1]}: ask "
                "each of its STSM modules"
            )
        return specs[0] if specs else None

    @property
    def sites(self) -> tuple[str, ...]:
        """The layers before which a shift stands, by their names in this network, in its order; of
        an STSM module, what holds it.
        """
        names = []
        for shift in snn.shifts_of(self):
            stands_alone = isinstance(self.get_submodule(shift.name), snn.STSM | snn.SparseConvSTSM)
            names.append(
                without_wrappers(shift.name.rpartition(".")[0] if stands_alone else shift.name)
            )
        return tuple(names)

    def __prepare_scriptable__(self) -> NoReturn:
        refuse_scripting("TSN")

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``(N, T, 3, H, W)`` or folded frames ``(N*T, 3, H, W)`` to scores
        ``(N, num_classes)``.

        Raises
        ------
        ArrayError
            If `x` is no such batch, of another dtype than the network, or smaller than the pooling
            of the backbone allows.
        ModelError
            If a part of the network was built for clips of another length.
        """
        segments = self._segments_of(x)
        x = fold_clips(x, segments, self.frames_per_segment)  # (N*T, 3, H, W)
        if min(x.shape[-2:]) < self.smallest_size:
            least = self.smallest_size
            raise ArrayError(
                f"x has frames of {x.shape[-2]}x{x.shape[-1]}: this network pools them away, so "
                f"give {least}x{least} or more"
            )
        self._refuse_other_kind(x)
        x = self.backbone(x)  # (N*T, C, H/32, W/32)
        y: Tensor = self.head(x, segments)  # (N, num_classes)
        return y

    def _segments_of(self, x: Tensor) -> int:
        """Return how many segments a clip of `x` has; parts that look across frames must have been
        built for that number.
        """
        of_parts = {}
        for name, module in self.backbone.named_modules():
            part = (
                getattr(module, ATTRIBUTE) if has_shift(module) else module
            )  # an inserted shift is not a module of its own
            if hasattr(part, "num_segments"):
                of_parts[name] = part.num_segments
        for name, segments in of_parts.items():
            if segments != self._num_segments:
                raise ModelError(
                    f"model.backbone.{name} has num_segments={segments}, the network "
                    f"{self._num_segments}: "
                    "its frames would be cut into other clips there than here, so build both for "
                    "one number"
                )
        looks_across = bool(of_parts) or self.frames_per_segment != 1
        if not looks_across and isinstance(x, Tensor) and x.ndim == 5 and x.shape[1]:
            return x.shape[1]
        return self._num_segments

    def _refuse_other_kind(self, x: Tensor) -> None:
        mine = next((p.dtype for p in self.backbone.parameters() if p.is_floating_point()), x.dtype)
        if x.dtype != mine and not (
            _is_under_autocast(x) and torch.float64 not in {x.dtype, mine}
        ):  # it leaves doubles alone
            raise ArrayError(
                f"x has dtype {x.dtype}, the network {mine}: a convolution mixes none, so give "
                f"x.to({mine}) or convert the network"
            )
        device = next((p.device for p in self.backbone.parameters()), x.device)
        if x.device.type != device.type:
            raise ArrayError(
                f"x is on {x.device}, the network on {device}: give x.to({str(device)!r}), or "
                "move the network"
            )

    def predict(self, views: Tensor, average: Average = "scores") -> Tensor:
        """Map the views ``(N, V, T, 3, H, W)`` of N videos, V = crops times clips, to
        ``(N, num_classes)``; see `average_views`.

        Raises
        ------
        ArrayError
            If `views` is not a tensor of rank 6 with a view or more, or its clips do not fit.
        ModelError
            If `average` is neither "scores" nor "probabilities".
        """
        if not isinstance(views, Tensor):
            raise ArrayError(
                f"views has type {type(views).__name__}, which is not a tensor: give (N, V, T, 3, "
                "H, W), V = crops * clips"
            )
        if views.ndim != 6:
            raise ArrayError(
                f"views has shape {tuple(views.shape)}, rank {views.ndim}: give (N, V, T, 3, H, "
                "W), V = crops * clips"
            )
        if views.shape[1] == 0:
            raise ArrayError(
                f"views has shape {tuple(views.shape)}, 0 views a video: nothing has no average, "
                "so give V = 1 or more"
            )
        scores: Tensor = self(views.flatten(0, 1))
        return average_views(scores.reshape(*views.shape[:2], scores.shape[-1]), average)


def _checked_backbone(backbone: nn.Module) -> Backbone:
    """Return `backbone` if it says of itself what a network needs to know."""
    if not isinstance(backbone, nn.Module):
        raise ModelError(
            f"backbone={backbone!r} has type {type(backbone).__name__}, which is not an "
            "nn.Module: give a backbone, such as ResNet(50)"
        )
    missing = [
        f"{name} ({which})"
        for name, which in BACKBONE_ATTRIBUTES.items()
        if not hasattr(backbone, name)
    ]
    if missing:
        raise ModelError(
            f"backbone={type(backbone).__name__} does not say its {', '.join(missing)}: give it "
            "these attributes"
        )
    return cast(Backbone, backbone)
