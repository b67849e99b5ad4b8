"""§5.2: what Tables 4 and 5 say of gains, clips and GFLOPs."""

from decimal import Decimal

from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.paper.tables import TABLES, Row, find


def known(figure: Decimal | None) -> Decimal:
    """A figure that the line must print."""
    assert figure is not None
    return figure


def total(row: Row) -> Decimal:
    """GFLOPs of all views, which the line must print."""
    return known(row.total)


def percent(part: Decimal, whole: Decimal, digits: int = 1) -> str:
    """A ratio in percent.

    Parameters
    ----------
    part : number
        The part.
    whole : number
        The whole.
    digits : int
        Digits after the point.

    >>> percent(Decimal("129.3"), Decimal(198))
    '65.3%'
    """
    return f"{part / whole:.{digits}%}"


def leads(*tables: int) -> dict[tuple[int, str, str], Decimal]:
    """The lead of STSM+TSN over TSM+TSN, by table, backbone and frames."""
    return {
        (table, row.backbone.removeprefix("2D "), row.frames): row.accuracy
        - find(table, "TSM+TSN", frames=row.frames, backbone=row.backbone).accuracy
        for table in tables
        for row in TABLES[table]
        if row.name == "STSM+TSN"
    }


def _words(figures: dict[tuple[int, str, str], Decimal]) -> str:
    return ", ".join(
        f"Table {table} {backbone} with {frames}: {figure}"
        for (table, backbone, frames), figure in figures.items()
    )


@settles("scales-to-backbones", "effective-everywhere")
def leads_with_each_backbone() -> Verdict:
    """Lead of STSM over TSM in each pair of lines."""
    found = leads(4, 5)
    return Verdict(
        min(found.values()) > 0 and len({backbone for _, backbone, _ in found}) == 2, _words(found)
    )


@settles("large-margin-at-8")
def large_margin_at_8() -> Verdict:
    """Lead on Something-Something V2 with 8 frames and with 16."""
    found = leads(5)
    eight = [figure for (_, _, frames), figure in found.items() if frames == "8"]
    sixteen = [figure for (_, _, frames), figure in found.items() if frames == "16"]
    return Verdict(min(found.values()) > 0 and min(eight) > max(sixteen), _words(found))


@settles("improves-the-2d-baseline")
def improves_the_2d_baseline() -> Verdict:
    """Gain of STSM over TSN where both are printed with the same backbone and frames."""
    gains = {
        (table, row.backbone.removeprefix("2D "), row.frames): find(
            table, "STSM+TSN", frames=row.frames, backbone=row.backbone
        ).accuracy
        - row.accuracy
        for table in (4, 5)
        for row in TABLES[table]
        if row.name == "TSN"
    }
    return Verdict(min(gains.values()) > 0, _words(gains))


@settles("table-5-clips")
def table_5_clips() -> Verdict:
    """Compare the printed clips of Table 5."""
    ours = {row.views for row in TABLES[5] if row.ours}
    others = {row.views for row in TABLES[5] if not row.ours}
    return Verdict(
        ours == {(3, 1)} and others == {(3, 2)},
        f"(crops, clips): STSM {sorted(filter(None, ours))}, others {sorted(filter(None, others))}",
    )


@settles("65-percent")
def sixty_five_percent() -> Verdict:
    """Ratio of the totals of Table 5 for each pair, and of one pass."""
    ratios, passes = [], []
    for row in TABLES[5]:
        if row.ours:
            tsm = find(5, "TSM+TSN", frames=row.frames, backbone=row.backbone)
            ratios.append(percent(total(row), total(tsm)))
            passes.append(percent(known(row.one_pass), known(tsm.one_pass), 0))
    return Verdict(
        all(round(Decimal(ratio[:-1])) == 65 for ratio in ratios),
        f"all views: {', '.join(ratios)}; one pass: {', '.join(passes)}",
    )


@settles("two-backbones")
def two_backbones() -> Verdict:
    """Read the backbones of Tables 4 and 5."""
    found = {row.backbone for table in (4, 5) for row in TABLES[table]}
    return Verdict(found == {"2D R-50", "2D Mb_V2"}, ", ".join(sorted(found)))
