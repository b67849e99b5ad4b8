"""Which of our networks a line of Tables 2 to 7 is, and under which conditions it is counted."""

from typing import NamedTuple

from stsm_ref.paper.tables import CLASSES, Row

HOST_OF = {"R-50": "tsn_resnet50", "Mb_V2": "tsn_mobilenet_v2"}
NETWORKS = {
    "TSN": ("", "none"),
    "TSM": ("", "tsm"),
    "STSM": ("", "stsm"),
    "TSM+TSN": ("", "tsm"),
    "STSM+TSN": ("", "stsm"),
    "TSN+Mb_V2": ("", "none"),
    "TSM+Mb_V2": ("", "tsm"),
    "STSM+Mb_V2": ("", "stsm"),
    "TSM+NL": ("tsn_resnet50_nl", "tsm"),
    "STSM+TSN+NL": ("tsn_resnet50_nl", "stsm"),
    "TANet": ("tanet_resnet50", "none"),
    "STSM+TANet": ("tanet_resnet50", "stsm"),
    "TDN": ("tdn_resnet50", "tsm"),
    "STSM+TDN": ("tdn_resnet50", "stsm"),
}
"""The host, where the backbone does not say it, and the shift."""


class Network(NamedTuple):
    """The arguments of `stsm_ref.models.model_cost` for a line."""

    name: str
    shift: str
    num_segments: int
    size: int
    num_classes: int


def network(row: Row) -> Network | None:
    """The network of a line; None for one that this project does not build, and for Table 1, which
    prints no cost.

    Tables 2 to 4 print no frame size: 256, by §4.2.2. Nor does Table 5: 256 for STSM and 224 for
    the others, by §5.2.

    >>> from stsm_ref.paper.tables import TABLE_3, TABLE_6, TABLE_7
    >>> network(TABLE_3[-2])
    Network(name='tsn_resnet50', shift='TH+TW+HW@3/8', num_segments=8, size=256, num_classes=400)
    >>> network(TABLE_7[-2]).name, network(TABLE_6[0])
    ('tdn_resnet50', None)
    """
    if row.table == 1:
        return None
    if row.table in (2, 3):
        if row.model.startswith("TSN"):
            shift = "none"
        elif row.model.startswith("T("):
            shift = "tsm"
        else:
            shift = f"{row.model}@{'1/4' if row.table == 2 else '3/8'}"
        return Network("tsn_resnet50", shift, int(row.frames), 256, 400)
    if row.name not in NETWORKS:
        return None
    host, shift = NETWORKS[row.name]
    size = int(row.size.split()[0]) if row.size else 256 if row.table == 4 or row.ours else 224
    return Network(
        host or HOST_OF[row.backbone.split()[-1]], shift, int(row.frames), size, CLASSES[row.table]
    )
