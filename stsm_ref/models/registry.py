r"""Every 2-D network of the paper's Tables 1 to 7 by name, with the shift that is asked for."""

from collections.abc import Callable
from typing import NamedTuple, SupportsIndex

from torch import device, nn

from stsm_ref import nn as snn
from stsm_ref.errors import ModelError
from stsm_ref.geometry import ShiftSpec
from stsm_ref.models._arguments import at_least_one, known, share_dropped
from stsm_ref.models.flops import Convention, Cost, cost
from stsm_ref.models.heads import HEADS, Head
from stsm_ref.models.mobilenet_v2 import MobileNetV2
from stsm_ref.models.non_local import NonLocalResNet
from stsm_ref.models.resnet import ResNet
from stsm_ref.models.tanet import TANetResNet
from stsm_ref.models.tdn import TDNResNet, places_of_temporal_module
from stsm_ref.models.tsn import TSN

SHIFTS: dict[str, ShiftSpec | None] = {"stsm": ShiftSpec(), "tsm": ShiftSpec.tsm(), "none": None}
"""What the name of a shift stands for; in TDN "tsm" is that network's own temporal convolution,
which starts as TSM and learns.
"""


class Host(NamedTuple):
    """How to build a backbone for so many segments, and where a shift stands in it: None means
    where `insert_shift` finds a place itself.
    """

    build: Callable[[int], nn.Module]
    sites: tuple[str, ...] | None = None


HOSTS: dict[str, Host] = {
    "tsn_resnet18": Host(lambda num_segments: ResNet(18)),
    "tsn_resnet34": Host(lambda num_segments: ResNet(34)),
    "tsn_resnet50": Host(lambda num_segments: ResNet(50)),
    "tsn_resnet101": Host(lambda num_segments: ResNet(101)),
    "tsn_resnet152": Host(lambda num_segments: ResNet(152)),
    "tsn_mobilenet_v2": Host(lambda num_segments: MobileNetV2()),
    "tsn_resnet50_nl": Host(NonLocalResNet),
    "tanet_resnet50": Host(TANetResNet),
    "tdn_resnet50": Host(
        lambda num_segments: TDNResNet(num_segments, own_shift=False), places_of_temporal_module()
    ),
}
OWN_SHIFT: dict[str, Callable[[int], nn.Module]] = {
    "tdn_resnet50": lambda num_segments: TDNResNet(num_segments, own_shift=True)
}
"""Hosts that bring a temporal module of their own, which they keep under ``shift="tsm"``."""


def list_models() -> tuple[str, ...]:
    """Return the names that `create_model` takes.

    >>> [name for name in list_models() if not name.startswith("tsn")]
    ['tanet_resnet50', 'tdn_resnet50']
    """
    return tuple(HOSTS)


def create_model(
    name: str,
    *,
    shift: str | ShiftSpec = "stsm",
    num_classes: SupportsIndex = 400,
    num_segments: SupportsIndex = 8,
    head: Head = "tsm",
    dropout: float = 0.5,
) -> TSN:
    r"""Build a network of the paper, with fresh weights.

    Parameters
    ----------
    name : str
        One of `list_models`.
    shift : {"stsm", "tsm", "none"} or ShiftSpec or str
        What moves: STSM as the paper settles on it (``T+H+W@3/8``), TSM (``T@1/4``, backward
        first), nothing, or any spec, also as a string that `ShiftSpec.parse` reads. In
        ``tdn_resnet50``, ``"tsm"`` is TDN as published, whose temporal convolution learns, and
        every other shift stands in that convolution's place.
    num_classes : int
        400 for Kinetics-400, 174 for Something-Something V2.
    num_segments : int
        The T of a clip, which is T frames, or 5 T for TDN.
    head : {"tsm", "tsn"}
        Classify each frame and average the scores, or average the features and classify once.
    dropout : float
        Before the last linear map (§4.2.1).

    Returns
    -------
    TSN
        In training mode, with its `spec`: None where nothing moves, which a spec with ``alpha=0``
        also means (Table 1), or where TDN keeps its own convolution.

    Raises
    ------
    ModelError
        If a name is unknown (the message lists the near ones), a number is out of range, or a site
        would move no channel.
    SpecError
        If a spec does not parse, a number is not whole, or the spec is ``rounding="exact"`` and
        does not divide a site's channels.

    Notes
    -----
    Every row of Tables 1 to 7 that names a 2-D host is one call: ``create_model("tsn_resnet50")``
    is STSM+TSN, ``create_model("tsn_resnet50", shift="tsm")`` TSM,
    ``create_model("tsn_resnet50", shift="TH+TW+HW")`` a line of Table 3.

    >>> model = create_model("tsn_resnet18", num_segments=2, num_classes=5)
    >>> str(model.spec)
    'T+H+W@3/8,forward-first,floor'
    """
    host = HOSTS[known("name", name, HOSTS)]
    segments = at_least_one("num_segments", num_segments)
    classes = at_least_one("num_classes", num_classes)
    known("head", head, HEADS)
    share_dropped(dropout)
    keeps_own = shift == "tsm" and name in OWN_SHIFT
    spec = None if keeps_own else resolve_shift(shift)

    backbone = OWN_SHIFT[name](segments) if keeps_own else host.build(segments)
    model = TSN(backbone, num_segments=segments, num_classes=classes, head=head, dropout=dropout)
    if spec is not None:
        snn.insert_shift(backbone, segments, spec=spec, sites=host.sites, quiet=True)
    return model


def resolve_shift(shift: str | ShiftSpec) -> ShiftSpec | None:
    """Return the spec that a shift's name or text stands for, or None where nothing moves.

    Raises
    ------
    ModelError, SpecError
        If it is neither a name nor a spec.

    >>> str(resolve_shift("HW@1/4"))
    'HW@1/4,forward-first,floor'
    """
    if isinstance(shift, str):
        looks_like_a_spec = shift[:1] in {"T", "H", "W"}
        spec = (
            ShiftSpec.parse(shift) if looks_like_a_spec else SHIFTS[known("shift", shift, SHIFTS)]
        )
    elif isinstance(shift, ShiftSpec):
        spec = shift
    else:
        raise ModelError(
            f"shift={shift!r} is not a shift: give one of {', '.join(map(repr, SHIFTS))}, or a "
            "ShiftSpec"
        )
    return spec if spec is not None and spec.alpha > 0 else None


def model_cost(
    name: str,
    *,
    shift: str | ShiftSpec = "stsm",
    num_segments: SupportsIndex = 8,
    size: SupportsIndex = 256,
    num_classes: SupportsIndex = 400,
    head: Head = "tsm",
    convention: Convention = "mmcv",
) -> Cost:
    r"""Count one clip through a network of `create_model`, which is built without memory for its
    weights; see `cost`.

    Parameters
    ----------
    name : str
        One of `list_models`.
    shift, num_segments, num_classes, head
        As `create_model` takes them.
    size, convention
        As `cost` takes them.

    >>> total = model_cost("tsn_resnet50", shift="stsm", num_segments=8, size=256, num_classes=400, convention="mmcv")
    >>> f"{total.operations:,} {total.parameters:,}"
    '43,055,054,848 24,327,632'
    """
    with device("meta"):
        model = create_model(
            name, shift=shift, num_segments=num_segments, num_classes=num_classes, head=head
        )
    return cost(model, size=size, convention=convention, title=f"{name} shift={shift}")
