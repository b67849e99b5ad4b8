"""Each number in Tables 1 to 7 as a claim: accuracies need the data sets, costs are recounted where
we build the network.
"""

from typing import NamedTuple

from stsm_ref.paper.claim import Claim, Status
from stsm_ref.paper.networks import network
from stsm_ref.paper.tables import TABLES, Row

CUT = "Cut off after the printed digits, where other figures of the tables are rounded."
CLASSES_400 = "The figure of the network with 400 classes; Table 7 is of 174."
CONTRADICTED = {
    **dict.fromkeys(
        ("t4.1.gflops", "t4.2.gflops", "t4.3.gflops"),
        f"{CUT} Table 6 prints 3.34 for the same network.",
    ),
    "t5.2.gflops": f"{CUT} Table 7 prints 3.34 for the same network.",
    **dict.fromkeys((f"t7.{line}.parameters" for line in (14, 15, 17, 22, 27, 29)), CUT),
    "t7.16.gflops": f"{CLASSES_400} Table 5 prints 2.55 for the same network.",
    **dict.fromkeys(("t7.19.parameters", "t7.26.parameters"), CLASSES_400),
    **dict.fromkeys(
        ("t7.11.gflops", "t7.13.gflops"),
        "Less than ResNet-50 alone costs at 256 x 256, to which CSTANet adds; it is what "
        "ResNet-50 costs at 224 x 224.",
    ),
    "t7.3.parameters": "Less than MobileNetV2 alone has, to which ACTION-Net adds: the two "
    "figures are not counted alike.",
    **dict.fromkeys(
        ("t6.8.gflops", "t6.8.parameters"),
        "Less than ResNet-50 alone has, which the line gives as the backbone: X3D has a backbone "
        "of its own.",
    ),
}
"""Cells that do not agree with the count of the network, or of the backbone, that their line names;
why, as far as it can be told.
"""

SAME_FOR_BOTH = (
    "The same figure stands in Tables 6 and 7, for 400 classes and for 174. A classifier of 400 "
    "has 226 rows more, so one of the two is "
    "not of its own table, unless that classifier reads fewer than {width} features."
)
NOTED = {
    **dict.fromkeys(("t6.4.parameters", "t7.8.parameters"), SAME_FOR_BOTH.format(width=44)),
    **dict.fromkeys(("t6.7.parameters", "t7.6.parameters"), SAME_FOR_BOTH.format(width=442)),
}
"""What can be said of cells that stay unsettled: 226 rows of weights and a bias are hidden by
rounding only below 10,000 and 100,000.
"""

MMCV = "Under the mmcv convention, one clip and one crop."
NL = f"{MMCV} It leaves out 20.4 G of multiply-accumulates, those of the attention's matmuls."
TDN = (
    f"{MMCV} Under macs it rounds to the same. The eight frames are eight segments of five frames."
)


class Tally(NamedTuple):
    """How many costs and parameter counts Tables 2 to 7 print, how many are of networks that are
    built here, and how many agree.
    """

    printed: int
    built: int
    agree: int

    def __str__(self) -> str:
        return (
            f"Of {self.printed} printed GFLOPs and parameter counts {self.built} are of networks "
            "that are built here: "
            f"{self.agree} agree to the printed digit, {self.built - self.agree} do not and are "
            "the tables' slips."
        )


def tally() -> Tally:
    """Count the printed costs by what was found; that it is found so today is what
    ``stsm-ref claims --cells --recount`` computes.
    """
    costs = [claim for claim in cell_claims() if not claim.id.endswith("top1")]
    built = [claim for claim in costs if network(row_of(claim.id)[0]) is not None]
    return Tally(len(costs), len(built), sum(claim.status == "recounted" for claim in built))


def cell_claims() -> tuple[Claim, ...]:
    """One claim a printed number, in the order of the tables; `t6.12.gflops` is in line 12 of Table
    6.

    Frames, sizes, crops and clips are conditions under which the other numbers stand, and no claims
    of their own.
    """
    claims = []
    for number, rows in TABLES.items():
        for line, row in enumerate(rows, start=1):
            quote = " | ".join(row.cells)
            for column in ("top1", "gflops", "parameters"):
                printed = getattr(row, column)
                if printed and any(character.isdigit() for character in printed):
                    identifier = f"t{number}.{line}.{column}"
                    status, finding = _settled(identifier, row, column)
                    says = f"{row.name}{_frames(row)}: {_in_words(column, printed)}"
                    claims.append(
                        Claim(identifier, f"Table {number}", (quote,), says, status, finding)
                    )
    return tuple(claims)


def row_of(identifier: str) -> tuple[Row, str]:
    """The line and the column of a cell.

    >>> row, column = row_of("t6.22.top1")
    >>> row.model, getattr(row, column)
    ('STSM+TSN', '75.0')
    """
    table, line, column = identifier.removeprefix("t").split(".")
    return TABLES[int(table)][int(line) - 1], column


def _settled(identifier: str, row: Row, column: str) -> tuple[Status, str]:
    if column == "top1":
        return (
            "needs-data",
            "Published by the authors."
            if row.ours or row.table == 1
            else "Published; not a network with STSM.",
        )
    if identifier in CONTRADICTED:
        return "contradicted", CONTRADICTED[identifier]
    chosen = network(row)
    if chosen is None:
        return "unsettled", " ".join(
            [
                "A figure from other people's work; that network is not built here.",
                NOTED.get(identifier, ""),
            ]
        ).strip()
    if column == "parameters":
        return "recounted", ""
    return "recounted", NL if chosen.name.endswith("_nl") else TDN if chosen.name.startswith(
        "tdn"
    ) else MMCV


def _frames(row: Row) -> str:
    return f", {row.frames} frames" if row.table > 3 else ""


def _in_words(column: str, printed: str) -> str:
    return {
        "top1": f"{printed}% Top-1",
        "gflops": f"{printed} GFLOPs",
        "parameters": f"{printed} parameters",
    }[column]
