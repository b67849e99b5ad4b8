"""Tables 1 to 7 as they are printed: PUBLISHED figures, not ours (Yang, An & Zhang, *Mathematics*
2022, 10, 3290, CC BY 4.0).

Nothing here was measured by this project, and nothing that this project measures is written here.
Cells are kept as text, character by character, so that "30" and "30.0" stay two things; `Row` reads
them as exact decimals.
"""

import re
from decimal import Decimal
from typing import NamedTuple

PLACES = {1: "§5.1.1", 2: "§5.1.2", 3: "§5.1.2", 4: "§5.2", 5: "§5.2", 6: "§5.3.1", 7: "§5.3.2"}
CLASSES = {1: 400, 2: 400, 3: 400, 4: 400, 5: 174, 6: 400, 7: 174}
"""Kinetics-400 has 400 classes, Something-Something V2 174 (§4.1)."""


class Row(NamedTuple):
    """A line of a table. A column that the table does not have is empty; "-" is what the paper
    prints for an unknown.

    >>> row = TABLE_7[8]
    >>> row.model, row.accuracy, row.one_pass, row.views, row.total
    ('FEXNet [38]', Decimal('63.5'), Decimal('48.3'), (3, 2), Decimal('289.8'))
    """

    table: int
    model: str
    backbone: str = ""
    pretrain: str = ""
    frames: str = ""
    size: str = ""
    gflops: str = ""
    parameters: str = ""
    top1: str = ""

    @property
    def accuracy(self) -> Decimal:
        """Top-1 accuracy, in percent, as published."""
        return Decimal(self.top1)

    @property
    def one_pass(self) -> Decimal | None:
        """GFLOPs of one crop of one clip; None where none is printed."""
        figure = self.gflops.split(" ×")[0]
        return Decimal(figure) if re.fullmatch(r"[\d.]+", figure) else None

    @property
    def views(self) -> tuple[int, int] | None:
        """Crops and clips over which the scores are averaged; None where they are not printed."""
        found = re.fullmatch(r"\S+ × (\d+) × (\d+)", self.gflops)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def total(self) -> Decimal | None:
        """GFLOPs x crops x clips (§5.1.1); a lone figure counts once; None where a factor is
        missing.
        """
        if self.one_pass is None or "N/A" in self.gflops:
            return None
        crops, clips = self.views or (1, 1)
        return self.one_pass * crops * clips

    @property
    def millions(self) -> Decimal | None:
        """Parameters in millions; None where none are printed."""
        return Decimal(self.parameters[:-1]) if self.parameters.endswith("M") else None

    @property
    def ours(self) -> bool:
        """Whether the line is a network with the authors' STSM; in Tables 1 to 3 every setting but
        TSN and T is.
        """
        return self.model.startswith("STSM") or (
            self.table <= 3 and not self.model.startswith(("TSN", "T("))
        )

    @property
    def name(self) -> str:
        """The model without its citation and marks; ``TSM+NL † [4]`` is TSM+NL."""
        return re.sub(r" *(?:from )?\[\d+\]| *[†◇]|(?<=\+) | (?=\+)", "", self.model).strip()

    @property
    def cells(self) -> tuple[str, ...]:
        """The printed cells from left to right."""
        hidden = "backbone" if self.table in (2, 3) else ""
        return tuple(
            value
            for field, value in self._asdict().items()
            if field not in ("table", hidden) and value
        )


# a line of a table is a line here
# fmt: off
TABLE_1 = (
    Row(1, "α = 0", backbone="R-50", frames="8", top1="72.16"),
    Row(1, "α = 1/8", backbone="R-50", frames="8", top1="74.62"),
    Row(1, "α = 1/4", backbone="R-50", frames="8", top1="74.77"),
    Row(1, "α = 3/8", backbone="R-50", frames="8", top1="75.04"),
    Row(1, "α = 1/2", backbone="R-50", frames="8", top1="74.81"),
    Row(1, "α = 3/4", backbone="R-50", frames="8", top1="74.49"),
    Row(1, "α = 1", backbone="R-50", frames="8", top1="73.83"),
)
TABLE_2 = (
    Row(2, "TSN (R-50) from [4]", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="70.6"),
    Row(2, "T(TSM [4])", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="74.1"),
    Row(2, "T(MMAAction2)", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="74.43"),
    Row(2, "H", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="72.25"),
    Row(2, "W", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="72.46"),
    Row(2, "H+W", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="72.53"),
    Row(2, "HW", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="72.36"),
)
TABLE_3 = (
    Row(3, "TSN (R-50) from [4]", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="70.6"),
    Row(3, "T(TSM [4])", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="74.1"),
    Row(3, "T(MMAAction2)", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="74.43"),
    Row(3, "T+H+W", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="75.04"),
    Row(3, "T+HW", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="74.68"),
    Row(3, "T+H+W+HW", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="74.5"),
    Row(3, "TH+TW+HW", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="74.95"),
    Row(3, "T+H+W+TH+TW+HW", backbone="R-50", frames="8", gflops="43.1 × 3 × 10", parameters="24.3M", top1="74.84"),
)
TABLE_4 = (
    Row(4, "TSN from [4]", "2D Mb_V2", frames="8", gflops="3.33 × 3 × 10", top1="66.5"),
    Row(4, "TSM+TSN [4]", "2D Mb_V2", frames="8", gflops="3.33 × 3 × 10", top1="69.5"),
    Row(4, "STSM+TSN", "2D Mb_V2", frames="8", gflops="3.33 × 3 × 10", top1="69.9"),
    Row(4, "TSN from [4]", "2D R-50", frames="8", gflops="43.1 × 3 × 10", top1="70.6"),
    Row(4, "TSM+TSN [4]", "2D R-50", frames="8", gflops="43.1 × 3 × 10", top1="74.1"),
    Row(4, "STSM+TSN", "2D R-50", frames="8", gflops="43.1 × 3 × 10", top1="75.0"),
    Row(4, "TSM+TSN [4]", "2D R-50", frames="16", gflops="86.1 × 3 × 10", top1="74.7"),
    Row(4, "STSM+TSN", "2D R-50", frames="16", gflops="86.1 × 3 × 10", top1="75.8"),
)
TABLE_5 = (
    Row(5, "TSM+TSN from [8]", "2D Mb_V2", frames="8", gflops="2.55 × 3 × 2", top1="54.9"),
    Row(5, "STSM+TSN", "2D Mb_V2", frames="8", gflops="3.33 × 3 × 1", top1="56.3"),
    Row(5, "TSN from [8]", "2D R-50", frames="8", gflops="33 × 3 × 2", top1="27.8"),
    Row(5, "TSM+TSN [4]", "2D R-50", frames="8", gflops="33 × 3 × 2", top1="59.1"),
    Row(5, "STSM+TSN", "2D R-50", frames="8", gflops="43.1 × 3 × 1", top1="61.3"),
    Row(5, "TSN from [8]", "2D R-50", frames="16", gflops="65.9 × 3 × 2", top1="30"),
    Row(5, "TSM+TSN [4]", "2D R-50", frames="16", gflops="65.9 × 3 × 2", top1="63.4"),
    Row(5, "STSM+TSN", "2D R-50", frames="16", gflops="86.1 × 3 × 1", top1="63.5"),
)
TABLE_6 = (
    Row(6, "SlowOnly [33]", "3D R-50", "ImageNet", "4", "256 × 256", "27.4 × 3 × 10", "32.5M", "72.6"),
    Row(6, "TSN+TPN [6]", "3D R-50B", "ImageNet", "8", "224 × 224", "-", "-", "73.5"),
    Row(6, "Two-Stream I3D [3]", "3D BNInception", "ImageNet", "64 + 64", "224 × 224", "216 × N/A", "25M", "74.2"),
    Row(6, "T-STFT [39]", "3D BNInception", "None", "64", "112 × 112", "41.2 × 3 × 10", "6.27M", "75.0"),
    Row(6, "FEXNet [38]", "3D R-50", "ImageNet", "8", "256 × 256", "48.3 × 3 × 10", "-", "75.4"),
    Row(6, "SlowFast [33]", "3D R-50", "ImageNet", "4 × 16", "256 × 256", "36.4 × 3 × 10", "34.5M", "75.6"),
    Row(6, "SlowFast+ATFR [35]", "3D R-50", "ImageNet", "4 × 16", "256 × 256", "20.8 × 3 × 10", "34.4M", "75.8"),
    Row(6, "X3D-M [45]", "3D R-50", "None", "16", "224 × 224", "6.2 × 3 × 10", "3.8M", "76.0"),
    Row(6, "SmallBigNet [46]", "3D R-50", "ImageNet", "8", "256 × 256", "74.5 × 3 × 10", "-", "76.3"),
    Row(6, "DSA-CNNs [37]", "3D Rfn152", "IN+K400", "12", "224 × 224", "N/A × 5 × 10", "-", "76.5"),
    Row(6, "TANet [16]", "(2+1)D R-50", "ImageNet", "8", "256 × 256", "43.1 × 3 × 10", "25.6M", "76.3"),
    Row(6, "TSN+Mb_V2 from [4]", "2D Mb_V2", "ImageNet", "8", "256 × 256", "3.34 × 3 × 10", "2.74M", "66.5"),
    Row(6, "TSM+Mb_V2 [4]", "2D Mb_V2", "ImageNet", "8", "256 × 256", "3.34 × 3 × 10", "2.74M", "69.5"),
    Row(6, "TSN from [4]", "2D R-50", "ImageNet", "8", "256 × 256", "43.1 × 3 × 10", "24.3M", "70.6"),
    Row(6, "TSM [4]", "2D R-50", "ImageNet", "8", "256 × 256", "43.1 × 3 × 10", "24.3M", "74.1"),
    Row(6, "TSM [4]", "2D R-50", "ImageNet", "16", "256 × 256", "86.1 × 3 × 10", "24.3M", "74.7"),
    Row(6, "TEA [5]", "2D R-50", "ImageNet", "8", "256 × 256", "45.7 × 3 × 10", "-", "75.0"),
    Row(6, "STM [29]", "2D R-50", "ImageNet", "8", "224 × 224", "33.3 × 3 × 10", "-", "75.5"),
    Row(6, "TSM+NL [4]", "2D R-50", "ImageNet", "8", "256 × 256", "64.6 × 3 × 10", "31.7M", "75.7"),
    Row(6, "TDN ◇ [17]", "2D R-50", "ImageNet", "8", "256 × 256", "47 × 3 × 10", "-", "76.5"),
    Row(6, "STSM+Mb_V2", "2D Mb_V2", "ImageNet", "8", "256 × 256", "3.34 × 3 × 10", "2.74M", "69.9"),
    Row(6, "STSM+TSN", "2D R-50", "ImageNet", "8", "256 × 256", "43.1 × 3 × 10", "24.3M", "75.0"),
    Row(6, "STSM+TSN", "2D R-50", "ImageNet", "16", "256 × 256", "86.1 × 3 × 10", "24.3M", "75.8"),
    Row(6, "STSM+TSN+NL", "2D R-50", "ImageNet", "8", "256 × 256", "64.6 × 3 × 10", "31.7M", "75.9"),
    Row(6, "STSM+TANet", "(2+1)D R-50", "ImageNet", "8", "256 × 256", "43.1 × 3 × 10", "25.6M", "76.4"),
    Row(6, "STSM+TDN", "2D R-50", "ImageNet", "8", "256 × 256", "47 × 3 × 10", "-", "76.7"),
)
TABLE_7 = (
    Row(7, "TSN+TPN [6]", "3D R-50", "ImageNet", "8", "224 × 224", "-", "-", "55.2"),
    Row(7, "Two-Stream TRN [15]", "3D BNInception", "ImageNet", "8 + 8", "224 × 224", "32 × 3 × 2", "36.6M", "55.5"),
    Row(7, "ACTION-Net+Mb_V2 [8]", "3D Mb_V2", "ImageNet", "8", "256 × 256", "3.36 × 3 × 10", "2.36M", "58.5"),
    Row(7, "SmallBigNet [46]", "3D R-50", "ImageNet", "8", "256 × 256", "74.5 × 3 × 10", "-", "61.6"),
    Row(7, "SlowFast from [35]", "3D R-50", "Kinetics-400", "4 × 16", "256 × 256", "132.8", "34.4M", "61.7"),
    Row(7, "SlowFast+ATFR [35]", "3D R-50", "Kinetics-400", "4 × 16", "256 × 256", "86.8", "34.4M", "61.8"),
    Row(7, "ACTION-Net [8]", "3D R-50", "ImageNet", "8", "256 × 256", "45.4 × 3 × 10", "28.1M", "62.5"),
    Row(7, "T-STFT [39]", "3D BNInception", "None", "64", "112 × 112", "41.2 × 1 × 1", "6.27M", "63.1"),
    Row(7, "FEXNet [38]", "3D R-50", "ImageNet", "8", "256 × 256", "48.3 × 3 × 2", "-", "63.5"),
    Row(7, "SmallBigNet [46]", "3D R-50", "ImageNet", "16", "256 × 256", "149 × 3 × 2", "-", "63.8"),
    Row(7, "CSTANet [36]", "(2+1)D R-50", "ImageNet", "8", "256 × 256", "33 × 1 × 1", "24.1M", "60.0"),
    Row(7, "TANet † [16]", "(2+1)D R-50", "ImageNet", "8", "256 × 256", "43.1 × 3 × 1", "25.1M", "60.4"),
    Row(7, "CSTANet [36]", "(2+1)D R-50", "ImageNet", "16", "256 × 256", "66 × 1 × 1", "24.1M", "61.6"),
    Row(7, "TSN from [8]", "2D R-50", "Kinetics-400", "8", "224 × 224", "33 × 3 × 2", "23.8M", "27.8"),
    Row(7, "TSN from [8]", "2D R-50", "Kinetics-400", "16", "224 × 224", "65.9 × 3 × 2", "23.8M", "30.0"),
    Row(7, "TSM+Mb_V2 from [8]", "2D Mb_V2", "ImageNet", "8", "224 × 224", "2.56 × 3 × 2", "2.45M", "54.9"),
    Row(7, "TSM [4]", "2D R-50", "ImageNet", "8", "224 × 224", "33 × 3 × 2", "23.8M", "59.1"),
    Row(7, "MG-TSM [47]", "2D R-50", "ImageNet", "8", "224 × 224", "-", "-", "60.1"),
    Row(7, "TSM+NL † [4]", "2D R-50", "ImageNet", "8", "256 × 256", "64.6 × 3 × 1", "31.7M", "61.0"),
    Row(7, "STM [29]", "2D R-50", "ImageNet", "8", "224 × 224", "33.3 × 3 × 10", "-", "62.8"),
    Row(7, "MG-TEA [47]", "2D R-50", "ImageNet", "8", "224 × 224", "-", "-", "62.5"),
    Row(7, "TSM [4]", "2D R-50", "ImageNet", "16", "224 × 224", "65.9 × 3 × 2", "23.8M", "63.4"),
    Row(7, "TDN ◇ [17]", "2D R-50", "ImageNet", "8", "224 × 224", "36 × 1 × 1", "-", "63.8"),
    Row(7, "STSM+Mb_V2", "2D Mb_V2", "ImageNet", "8", "256 × 256", "3.34 × 3 × 1", "2.45M", "56.3"),
    Row(7, "STSM+Mb_V2", "2D Mb_V2", "ImageNet", "16", "256 × 256", "6.67 × 3 × 1", "2.45M", "59.2"),
    Row(7, "STSM+TSN+NL", "2D R-50", "ImageNet", "8", "256 × 256", "64.6 × 3 × 1", "31.7M", "61.2"),
    Row(7, "STSM+TSN", "2D R-50", "ImageNet", "8", "256 × 256", "43.1 × 3 × 1", "23.8M", "61.3"),
    Row(7, "STSM + TANet", "(2+1)D R-50", "ImageNet", "8", "256 × 256", "43.1 × 3 × 1", "25.1M", "61.5"),
    Row(7, "STSM+TSN", "2D R-50", "ImageNet", "16", "256 × 256", "86.1 × 3 × 1", "23.8M", "63.5"),
    Row(7, "STSM+TDN", "2D R-50", "ImageNet", "8", "224 × 224", "36 × 1 × 1", "-", "63.9"),
    Row(7, "STSM+TDN", "2D R-50", "ImageNet", "8", "256 × 256", "47 × 1 × 1", "-", "64.6"),
)
# fmt: on
TABLES = {1: TABLE_1, 2: TABLE_2, 3: TABLE_3, 4: TABLE_4, 5: TABLE_5, 6: TABLE_6, 7: TABLE_7}
ROWS = tuple(row for table in TABLES.values() for row in table)


def printed_lines(table: int) -> tuple[str, ...]:
    """The lines of a table, cell after cell, as the paper's text has them.

    >>> printed_lines(1)[1]
    'Accuracy 72.16 74.62 74.77 75.04 74.81 74.49 73.83'
    """
    if table == 1:
        alphas = [row.model.removeprefix("α = ") for row in TABLE_1]
        alphas[3] = f"α {alphas[3]}"  # the head of the table stands among its settings
        return (
            " ".join(["Setting", *alphas]),
            " ".join(["Accuracy", *(row.top1 for row in TABLE_1)]),
        )
    return tuple(" ".join(row.cells) for row in TABLES[table])


def find(table: int, name: str, *, frames: str = "8", backbone: str = "", size: str = "") -> Row:
    """The one line of a table with that name, so many frames, and that backbone and size if they
    are given.

    Parameters
    ----------
    table : int
        1 to 7.
    name : str
        Of the method, as it is printed.
    frames, backbone, size : str
        As they are printed; backbone and size may be a part of it.

    >>> find(6, "STSM+TSN", frames="16").top1
    '75.8'
    """
    (row,) = (
        row
        for row in TABLES[table]
        if row.name == name
        and row.frames == frames
        and backbone in row.backbone
        and size in row.size
    )
    return row
