"""Tables 1 to 7 as published data: every cell as printed, and the tables against each other."""

from decimal import Decimal
from pathlib import Path

import pytest

from stsm_ref.paper.coverage import fingerprint
from stsm_ref.paper.tables import PLACES, ROWS, TABLE_1, TABLE_3, TABLES, Row, find, printed_lines

pytestmark = pytest.mark.requirement("GEO-3", "COST-1", "COST-2")

LINES = [
    line.split() for line in (Path(__file__).parent / "fingerprints.txt").read_text().splitlines()
]
PRINTED = [(place, print_) for kind, place, print_ in LINES if kind == "row"]


def test_every_line_is_as_printed() -> None:
    """Line by line in the paper's order, each cell of our tables has the letters and digits of the
    paper's.
    """
    ours = [(PLACES[table], fingerprint(line)) for table in TABLES for line in printed_lines(table)]
    assert ours == PRINTED


@pytest.mark.parametrize("column", ["model", "frames", "gflops", "parameters", "top1"])
def test_a_changed_cell_is_noticed(column: str) -> None:
    """One more digit in any column of any line of Table 7 changes its fingerprint."""
    prints = {print_ for _, print_ in PRINTED}
    for row in TABLES[7]:
        assert fingerprint(" ".join(row.cells)) in prints
        assert (
            fingerprint(" ".join(row._replace(**{column: getattr(row, column) + "0"}).cells))
            not in prints
        )


def test_figures_are_read_exactly() -> None:
    """Decimals, not floats; unknowns are None, and a lone figure counts once."""
    assert find(7, "FEXNet").total == Decimal("289.8")
    assert find(7, "SlowFast", frames="4 × 16").total == Decimal("132.8")
    assert find(6, "Two-Stream I3D", frames="64 + 64").one_pass == 216
    assert find(6, "Two-Stream I3D", frames="64 + 64").total is None
    assert find(6, "DSA-CNNs", frames="12").one_pass is None
    assert find(7, "TSN+TPN").millions is None
    assert find(7, "STSM+TANet").millions == Decimal("25.1")


# the same network under the same conditions: table, name, then the other table and name
SAME = [
    *((2, name, 3, name, "8", "R-50") for name in ("TSN (R-50)", "T(TSM)", "T(MMAAction2)")),
    (4, "TSN", 6, "TSN+Mb_V2", "8", "Mb_V2"),
    (4, "TSM+TSN", 6, "TSM+Mb_V2", "8", "Mb_V2"),
    (4, "STSM+TSN", 6, "STSM+Mb_V2", "8", "Mb_V2"),
    (4, "TSN", 6, "TSN", "8", "R-50"),
    *((4, "TSM+TSN", 6, "TSM", frames, "R-50") for frames in ("8", "16")),
    *((4, "STSM+TSN", 6, "STSM+TSN", frames, "R-50") for frames in ("8", "16")),
    (5, "TSM+TSN", 7, "TSM+Mb_V2", "8", "Mb_V2"),
    (5, "STSM+TSN", 7, "STSM+Mb_V2", "8", "Mb_V2"),
    *((5, "TSN", 7, "TSN", frames, "R-50") for frames in ("8", "16")),
    *((5, "TSM+TSN", 7, "TSM", frames, "R-50") for frames in ("8", "16")),
    *((5, "STSM+TSN", 7, "STSM+TSN", frames, "R-50") for frames in ("8", "16")),
]


@pytest.mark.parametrize(("table", "name", "other_table", "other_name", "frames", "backbone"), SAME)
def test_tables_agree_on_accuracy(
    table: int, name: str, other_table: int, other_name: str, frames: str, backbone: str
) -> None:
    """A network that stands in two tables has one accuracy."""
    one = find(table, name, frames=frames, backbone=backbone)
    other = find(other_table, other_name, frames=frames, backbone=backbone)
    assert one.accuracy == other.accuracy


def test_the_main_line_is_rounded_from_the_ablation() -> None:
    """75.04 of Tables 1 and 3 is 75.0 in Tables 4 and 6."""
    assert (
        find(3, "T+H+W").accuracy
        == next(row.accuracy for row in TABLE_1 if row.model == "α = 3/8")
        == Decimal("75.04")
    )
    assert (
        find(4, "STSM+TSN", backbone="R-50").top1
        == find(6, "STSM+TSN").top1
        == f"{Decimal('75.04'):.1f}"
    )


def test_who_ran_what_is_kept_apart() -> None:
    """Lines with STSM are the authors'; nothing in the tables is a measurement of this project."""
    assert [row.model for row in TABLE_3 if not row.ours] == [
        "TSN (R-50) from [4]",
        "T(TSM [4])",
        "T(MMAAction2)",
    ]
    assert {row.name for row in ROWS if row.ours and row.table > 3} == {
        "STSM+TSN",
        "STSM+TSN+NL",
        "STSM+TANet",
        "STSM+TDN",
        "STSM+Mb_V2",
    }
    assert all(isinstance(row, Row) for row in ROWS)
    assert len(ROWS) == 7 + 7 + 8 + 8 + 8 + 26 + 31
