"""§1 and §5.3.1: what Table 6 says, on Kinetics-400."""

from decimal import Decimal
from itertools import product

from stsm_ref.paper.computations.backbones import known, percent, total
from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.paper.tables import TABLE_6, TABLES, Row, find

HOSTS = (
    ("TSN+Mb_V2", "STSM+Mb_V2"),
    ("TSN", "STSM+TSN"),
    ("TSM+NL", "STSM+TSN+NL"),
    ("TANet", "STSM+TANet"),
    ("TDN", "STSM+TDN"),
)
"""A line of Table 6 and the line in which STSM stands in that network."""

TSN, TSM, STSM = find(6, "TSN"), find(6, "TSM"), find(6, "STSM+TSN")
NOTHING_MOVES, OWN_TSM, OWN_STSM = find(1, "α = 0"), find(2, "T(MMAAction2)"), find(3, "T+H+W")
"""The authors' own training, where Table 6 quotes TSN and TSM from elsewhere."""


def in_3d(row: Row) -> bool:
    """Whether the backbone is printed as 3D; (2+1)D is not."""
    return row.backbone.startswith("3D")


def best(table: int, *, ours: bool) -> Row:
    """The line with the highest accuracy among those with STSM, or among the others."""
    return max((row for row in TABLES[table] if row.ours == ours), key=lambda row: row.accuracy)


@settles("3d-is-heavy")
def three_d_is_heavy() -> Verdict:
    """Compare taps a channel pair of 3x3x3 and 3x3; set X3D-M beside the 2-D lines on ResNet-50."""
    x3d = find(6, "X3D-M", frames="16")
    flat = [row for row in TABLE_6 if row.backbone == "2D R-50"]
    least_cost, least_size = (
        min(row.one_pass for row in flat if row.one_pass),
        min(row.millions for row in flat if row.millions),
    )
    lighter = (
        f"X3D-M: {x3d.one_pass} GFLOPs a pass, {x3d.parameters}; least of 2D R-50: "
        f"{least_cost} and {least_size}M"
    )
    return Verdict(3**3 > 3**2, f"{3**3} taps against {3**2} for a layer; but {lighter}")


@settles("2d-may-beat-3d")
def two_d_may_beat_three_d() -> Verdict:
    """Find 2-D lines with STSM above every 3-D line, in each table."""
    found = []
    for table in (6, 7):
        highest = max(row.accuracy for row in TABLES[table] if in_3d(row))
        found.append(
            [
                f"{row.name} {row.accuracy} > {highest}"
                for row in TABLES[table]
                if row.ours and row.backbone[:2] == "2D" and row.accuracy > highest
            ]
        )
    return Verdict(
        all(found),
        "; ".join(
            f"Table {table}: {', '.join(words)}" for table, words in zip((6, 7), found, strict=True)
        ),
    )


@settles("3d-beaten")
def three_d_is_beaten() -> Verdict:
    """Count the 2-D lines with STSM of Table 6 that are above all 3-D lines, and the 3-D lines
    above STSM+TSN; read of some, not of all.
    """
    flat = [row for row in TABLE_6 if row.ours and row.backbone[:2] == "2D"]
    deep = [row for row in TABLE_6 if in_3d(row)]
    above = [row for row in flat if row.accuracy > max(other.accuracy for other in deep)]
    better = [f"{row.name} {row.top1}" for row in deep if row.accuracy > STSM.accuracy]
    return Verdict(
        bool(above),
        f"{len(above)} of {len(flat)} lines above all of 3-D; above STSM+TSN's {STSM.top1}: "
        f"{', '.join(better)}",
    )


@settles("state-of-the-art", "state-of-the-art-conclusion", "competitive-or-best")
def state_of_the_art() -> Verdict:
    """Find the best line of Tables 6 and 7, with STSM and without."""
    pairs = [(table, best(table, ours=True), best(table, ours=False)) for table in (6, 7)]
    words = "; ".join(
        f"Table {table}: {ours.name} {ours.top1}, without STSM {other.name} {other.top1}"
        for table, ours, other in pairs
    )
    return Verdict(all(ours.accuracy > other.accuracy for _, ours, other in pairs), words)


@settles("i3d-hundreds")
def i3d_hundreds() -> Verdict:
    """Read I3D's GFLOPs."""
    one_pass = find(6, "Two-Stream I3D", frames="64 + 64").one_pass
    return Verdict(one_pass is not None and one_pass >= 200, f"{one_pass} GFLOPs a pass")


@settles("kinetics-gains")
def kinetics_gains() -> Verdict:
    """Gain and cost of each host of Table 6 with STSM."""
    pairs = [(find(6, host), find(6, ours)) for host, ours in HOSTS]
    same = all(
        host.gflops == ours.gflops and host.parameters == ours.parameters for host, ours in pairs
    )
    words = ", ".join(
        f"{ours.name} {ours.accuracy - host.accuracy:+} over {host.name}" for host, ours in pairs
    )
    return Verdict(same and all(ours.accuracy > host.accuracy for host, ours in pairs), words)


@settles("raises-performance-abstract", "raises-performance-conclusion")
def raises_performance() -> Verdict:
    """Gain of each host with STSM on both data sets."""
    pairs = [(find(6, host), find(6, ours)) for host, ours in HOSTS]
    hosts_7 = [
        ("TSN", "STSM+TSN", {}),
        ("TSM+NL", "STSM+TSN+NL", {}),
        ("TANet", "STSM+TANet", {}),
        ("TDN", "STSM+TDN", {"size": "224"}),
    ]
    pairs += [(find(7, host), find(7, ours, **which)) for host, ours, which in hosts_7]
    words = ", ".join(
        f"Table {ours.table} {ours.name} {ours.accuracy - host.accuracy:+}" for host, ours in pairs
    )
    return Verdict(all(ours.accuracy > host.accuracy for host, ours in pairs), words)


@settles("better-than-tsm-at-no-cost", "above-tsm")
def better_than_tsm() -> Verdict:
    """Compare STSM with TSM in each pair of lines of Table 6."""
    names = [
        ("TSM", "STSM+TSN", "8"),
        ("TSM", "STSM+TSN", "16"),
        ("TSM+Mb_V2", "STSM+Mb_V2", "8"),
        ("TSM+NL", "STSM+TSN+NL", "8"),
    ]
    pairs = [
        (find(6, tsm, frames=frames), find(6, ours, frames=frames)) for tsm, ours, frames in names
    ]
    same = all(
        tsm.gflops == ours.gflops and tsm.parameters == ours.parameters for tsm, ours in pairs
    )
    words = ", ".join(
        f"{ours.name} with {ours.frames}: {ours.top1} against {tsm.top1}" for tsm, ours in pairs
    )
    own = OWN_STSM.accuracy - OWN_TSM.accuracy
    return Verdict(
        same and all(ours.accuracy > tsm.accuracy for tsm, ours in pairs),
        f"{words}; over the authors' own TSM {own}",
    )


@settles("tpn-1.5")
def above_tpn() -> Verdict:
    """Difference to TPN."""
    gain = STSM.accuracy - find(6, "TSN+TPN").accuracy
    return Verdict(gain == Decimal("1.5"), f"{STSM.top1} - {find(6, 'TSN+TPN').top1} = {gain}")


@settles("cheaper-than-2d")
def cheaper_than_2d() -> Verdict:
    """Find a 2-D line that one with STSM exceeds at fewer GFLOPs and parameters, and 2-D lines that
    none exceeds at their cost.
    """
    pairs = [
        f"{ours.name} {ours.top1} at {ours.total} and {ours.parameters} "
        f"against {other.name} {other.top1} at {other.total} and {other.parameters}"
        for ours in TABLE_6
        for other in TABLE_6
        if ours.ours
        and not other.ours
        and other.backbone.startswith("2D")
        and ours.accuracy > other.accuracy
        if ours.total and other.total and ours.total < other.total
        if ours.millions and other.millions and ours.millions < other.millions
    ]
    flat = [row for row in TABLE_6 if row.backbone.startswith("2D") and row.total]
    ours, others = ([row for row in flat if row.ours == side] for side in (True, False))
    left = [
        other
        for other in others
        if not any(row.accuracy > other.accuracy and total(row) <= total(other) for row in ours)
    ]
    words = ", ".join(f"{row.name} {row.top1} at {row.total}" for row in left)
    nearest = ", ".join(
        f"{row.name} with {row.frames} frames {row.top1} at {row.total}"
        for row in ours
        if row.backbone == "2D R-50"
    )
    return Verdict(
        bool(pairs),
        f"{', '.join(pairs)}; not exceeded at their cost: {words}; with STSM: {nearest}",
    )


@settles("tsm-3.5")
def tsm_over_tsn() -> Verdict:
    """Gain of TSM as quoted, and in the authors' own training."""
    gain = TSM.accuracy - TSN.accuracy
    return Verdict(
        gain == Decimal("3.5"),
        f"{TSM.top1} - {TSN.top1} = {gain}; the authors' own {difference(OWN_TSM, NOTHING_MOVES)}",
    )


@settles("stsm-4.4")
def stsm_over_tsn() -> Verdict:
    """Gain of STSM over TSN as quoted, and over the authors' own network in which nothing moves."""
    gain = STSM.accuracy - TSN.accuracy
    own = f"{difference(OWN_STSM, NOTHING_MOVES)}, and {difference(NOTHING_MOVES, TSN)}"
    return Verdict(
        gain == Decimal("4.4"), f"{STSM.top1} - {TSN.top1} = {gain}; the authors' own {own}"
    )


def difference(one: Row, other: Row) -> str:
    """Two accuracies and their difference."""
    return f"{one.top1} - {other.top1} = {one.accuracy - other.accuracy}"


@settles("22-percent")
def twenty_two_percent() -> Verdict:
    """Compare the gains of STSM and of TSM over TSN in every choice of the printed figures, and
    leave room for their rounding.
    """
    choices = {
        "Table 6": (TSN, TSM, STSM),
        "the authors' own": (NOTHING_MOVES, OWN_TSM, OWN_STSM),
        "MobileNetV2": tuple(find(6, f"{name}+Mb_V2") for name in ("TSN", "TSM", "STSM")),
        "Something-Something V2": tuple(find(7, name) for name in ("TSN", "TSM", "STSM+TSN")),
        "the same with 16 frames": tuple(
            find(7, name, frames="16") for name in ("TSN", "TSM", "STSM+TSN")
        ),
    }
    extra = {name: _extra_gain(*(row.accuracy for row in rows)) for name, rows in choices.items()}
    mixed = product((TSN, NOTHING_MOVES), (TSM, OWN_TSM), (STSM, OWN_STSM))
    mixtures = sorted(_extra_gain(*(row.accuracy for row in rows)) for rows in mixed)
    half = Decimal("0.05")
    least = _extra_gain(TSN.accuracy - half, TSM.accuracy + half, OWN_STSM.accuracy)
    words = ", ".join(f"{name} {ratio:.1%}" for name, ratio in extra.items())
    return Verdict(
        least < Decimal("0.225")
        or any(f"{ratio:.0%}" == "22%" for ratio in (*extra.values(), *mixtures)),
        f"{words}; quoted and own figures in any mixture "
        f"{', '.join(f'{ratio:.1%}' for ratio in mixtures)}; "
        f"{OWN_STSM.top1} over the quoted two, as far as rounding lets them go, at least "
        f"{least:.1%}",
    )


def _extra_gain(tsn: Decimal, tsm: Decimal, stsm: Decimal) -> Decimal:
    """By which part the gain of STSM is larger than that of TSM."""
    return (stsm - tsn) / (tsm - tsn) - 1


@settles("nl-gains")
def nl_gains() -> Verdict:
    """Gain of STSM in the network with NL."""
    before, after = find(6, "TSM+NL"), find(6, "STSM+TSN+NL")
    return Verdict(after.accuracy > before.accuracy, f"{before.top1} to {after.top1}")


@settles("x3d-is-light")
def x3d_is_light() -> Verdict:
    """Compare X3D-M with STSM+TSN."""
    x3d = find(6, "X3D-M", frames="16")
    sizes = known(x3d.millions), known(STSM.millions)
    holds = x3d.accuracy > STSM.accuracy and total(x3d) < total(STSM) and sizes[0] < sizes[1]
    less = (
        f"{percent(total(x3d), total(STSM), 0)} of the GFLOPs, {percent(*sizes, 0)} of the "
        "parameters"
    )
    return Verdict(holds, f"{x3d.top1} against {STSM.top1}; {less}")


@settles("competitive-with-three")
def competitive_with_three() -> Verdict:
    """Distances of STSM+TSN to the three, and of the best line with STSM; “competitive” is taken
    as: that line is above them.
    """
    gaps = ", ".join(
        f"{name} {STSM.accuracy - find(6, name).accuracy:+}" for name in ("TEA", "TANet", "TDN")
    )
    top = best(6, ours=True)
    return Verdict(
        all(top.accuracy > find(6, name).accuracy for name in ("TEA", "TANet", "TDN")),
        f"STSM+TSN against {gaps}; {top.name} {top.top1}",
    )


@settles("improves-tanet-and-tdn")
def improves_tanet_and_tdn() -> Verdict:
    """Gains in TANet and TDN."""
    gains = {
        name: find(6, f"STSM+{name}").accuracy - find(6, name).accuracy for name in ("TANet", "TDN")
    }
    return Verdict(
        min(gains.values()) > 0, ", ".join(f"{name} {gain:+}" for name, gain in gains.items())
    )


@settles("three-modules-are-heavy")
def three_modules_are_heavy() -> Verdict:
    """Compare the printed GFLOPs and parameters of the three with those of STSM+TSN: more than
    nothing, in one or the other.
    """
    rows = [find(6, name) for name in ("TEA", "TANet", "TDN")]
    more = [
        total(row) > total(STSM)
        or (row.millions is not None and row.millions > known(STSM.millions))
        for row in rows
    ]
    words = [
        f"{row.name} {percent(total(row), total(STSM))}"
        + (
            f" and {percent(row.millions, known(STSM.millions))} of the parameters"
            if row.millions
            else ""
        )
        for row in rows
    ]
    return Verdict(all(more), f"of STSM+TSN's GFLOPs: {', '.join(words)}")


@settles("above-dsa-cnns")
def above_dsa_cnns() -> Verdict:
    """Difference to DSA-CNNs."""
    ours, other = find(6, "STSM+TDN"), find(6, "DSA-CNNs", frames="12")
    return Verdict(ours.accuracy > other.accuracy, f"{ours.top1} against {other.top1}")
