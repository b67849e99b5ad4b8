"""§1 and §5.3.2: what Table 7 says, on Something-Something V2."""

from decimal import Decimal

from stsm_ref.paper.computations.backbones import known, percent, total
from stsm_ref.paper.computations.kinetics import best
from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.paper.tables import TABLE_7, Row, find

TSN, TSM, STSM = find(7, "TSN"), find(7, "TSM"), find(7, "STSM+TSN")
TSM_16, STSM_16 = find(7, "TSM", frames="16"), find(7, "STSM+TSN", frames="16")
TRN = find(7, "Two-Stream TRN", frames="8 + 8")
MOBILE_TSM, MOBILE, MOBILE_16 = (
    find(7, "TSM+Mb_V2"),
    find(7, "STSM+Mb_V2"),
    find(7, "STSM+Mb_V2", frames="16"),
)
TDN_224, TDN_256 = (find(7, "STSM+TDN", size=size) for size in ("224", "256"))


def words(row: Row) -> str:
    """A line in short."""
    return f"{row.name} {row.top1} with {row.total} GFLOPs"


@settles("less-computation-less-sampling")
def less_computation_less_sampling() -> Verdict:
    """Compare views and totals with the methods of Fig. 1; list what is above STSM+TSN at fewer
    GFLOPs, and above every line with STSM.
    """
    named = all(
        STSM.accuracy > other.accuracy and total(STSM) < total(other) and fewer_views(STSM, other)
        for other in (TSM, TSN, TRN)
    )
    rest = [row for row in TABLE_7 if not row.ours and row.total]
    better = [
        words(row) for row in rest if row.accuracy > STSM.accuracy and total(row) < total(STSM)
    ]
    ours = [row for row in TABLE_7 if row.ours]
    left = [
        words(row)
        for row in rest
        if not any(our.accuracy > row.accuracy and total(our) <= total(row) for our in ours)
    ]
    return Verdict(
        named,
        f"{words(STSM)}, above it with fewer: {', '.join(better)}; above every line with STSM at "
        f"their cost: {', '.join(left) or 'none'}",
    )


def fewer_views(ours: Row, other: Row) -> bool:
    """Whether fewer crops times clips are scored."""
    assert ours.views
    assert other.views
    return ours.views[0] * ours.views[1] < other.views[0] * other.views[1]


@settles("fig-1-accuracy")
def fig_1_accuracy() -> Verdict:
    """Compare with the three methods that Fig. 1 names, frames alike."""
    pairs = [(STSM, TSM), (STSM, TSN), (STSM, TRN), (STSM_16, TSM_16)]
    holds = all(
        ours.accuracy > other.accuracy and total(ours) < total(other) for ours, other in pairs
    )
    return Verdict(
        holds,
        f"{words(STSM)}; {', '.join(map(words, (TSM, TSN, TRN)))}; with 16 frames "
        f"{words(STSM_16)}; {words(TSM_16)}",
    )


@settles("fig-1-parameters")
def fig_1_parameters() -> Verdict:
    """Compare the printed parameters."""
    assert STSM.millions
    fewer = all(other.millions and STSM.millions < other.millions for other in (TSM, TSN, TRN))
    return Verdict(
        fewer, ", ".join(f"{row.name} {row.parameters}" for row in (STSM, TSM, TSN, TRN))
    )


@settles("more-competitive-than-kinetics")
def more_competitive_than_kinetics() -> Verdict:
    """Lead of the best line with STSM over the best without, in both tables."""
    lead = {
        table: best(table, ours=True).accuracy - best(table, ours=False).accuracy
        for table in (6, 7)
    }
    return Verdict(lead[7] > lead[6], f"Table 7: {lead[7]}, Table 6: {lead[6]}")


@settles("same-cost-best")
def same_cost_best() -> Verdict:
    """Compare each line without STSM with the lines with it that have the same printed total."""
    pairs = [
        (ours, other)
        for ours in TABLE_7
        for other in TABLE_7
        if ours.ours and not other.ours and ours.total and ours.total == other.total
    ]
    found = ", ".join(
        f"{ours.total}: {ours.name} {ours.top1} against {other.name} {other.top1}"
        for ours, other in pairs
    )
    return Verdict(
        bool(pairs) and all(ours.accuracy > other.accuracy for ours, other in pairs), found
    )


@settles("under-20g")
def under_20g() -> Verdict:
    """List the lines with less than 20 GFLOPs."""
    found = [row for row in TABLE_7 if row.total and row.total < 20]
    return Verdict(
        bool(found) and all(row.backbone == "2D Mb_V2" for row in found),
        ", ".join(f"{row.name} with {row.frames}: {row.total}" for row in found),
    )


@settles("4.3-at-15.36")
def four_point_three() -> Verdict:
    """Difference and totals of the lines meant."""
    gain = MOBILE_16.accuracy - MOBILE_TSM.accuracy
    holds = gain == Decimal("4.3") and total(MOBILE_16) == total(MOBILE_TSM)
    extra = percent(total(MOBILE_16) - total(MOBILE_TSM), total(MOBILE_TSM), 0)
    return Verdict(
        holds,
        f"{MOBILE_16.top1} - {MOBILE_TSM.top1} = {gain}, with {total(MOBILE_16)} against "
        f"{total(MOBILE_TSM)} GFLOPs: {extra} more",
    )


@settles("1.4-at-10.02")
def one_point_four() -> Verdict:
    """Difference and total."""
    gain = MOBILE.accuracy - MOBILE_TSM.accuracy
    return Verdict(
        gain == Decimal("1.4") and total(MOBILE) == Decimal("10.02"),
        f"{gain} with {total(MOBILE)} GFLOPs",
    )


@settles("nl-gains-something")
def nl_gains() -> Verdict:
    """Gain of STSM in the network with NL."""
    before, after = find(7, "TSM+NL"), find(7, "STSM+TSN+NL")
    return Verdict(after.accuracy > before.accuracy, f"{before.top1} to {after.top1}")


@settles("nl-degrades")
def nl_degrades() -> Verdict:
    """What NL does to STSM in both tables."""
    here, there = (find(t, "STSM+TSN+NL").accuracy - find(t, "STSM+TSN").accuracy for t in (7, 6))
    return Verdict(here < 0, f"{here:+} here, {there:+} on Kinetics-400")


@settles("33.5-and-2.2")
def over_tsn_and_tsm() -> Verdict:
    """Differences with eight frames."""
    over_tsn, over_tsm = STSM.accuracy - TSN.accuracy, STSM.accuracy - TSM.accuracy
    return Verdict(
        (over_tsn, over_tsm) == (Decimal("33.5"), Decimal("2.2")),
        f"{over_tsn} and {over_tsm}; pre-trained on {TSN.pretrain} and {STSM.pretrain}",
    )


@settles("65-percent-at-8")
def sixty_five_at_8() -> Verdict:
    """Ratio of totals with eight frames."""
    ratios = [percent(total(STSM), total(other)) for other in (TSN, TSM)]
    return Verdict(
        all(round(Decimal(ratio[:-1])) == 65 for ratio in ratios),
        f"of TSN {ratios[0]}, of TSM {ratios[1]}",
    )


@settles("65-percent-at-16")
def sixty_five_at_16() -> Verdict:
    """Ratio of totals and difference with 16 frames."""
    ratio, lead = percent(total(STSM_16), total(TSM_16)), STSM_16.accuracy - TSM_16.accuracy
    return Verdict(round(Decimal(ratio[:-1])) == 65 and lead > 0, f"{ratio}, {lead:+}")


@settles("tanet-61.5")
def tanet() -> Verdict:
    """Accuracies and GFLOPs of TANet without and with STSM."""
    before, after = find(7, "TANet"), find(7, "STSM+TANet")
    same = before.gflops == after.gflops and before.parameters == after.parameters
    return Verdict(
        (before.top1, after.top1) == ("60.4", "61.5") and same,
        f"{before.top1} to {after.top1}, both {after.gflops}",
    )


@settles("tanet-one-clip")
def tanet_one_clip() -> Verdict:
    """Views of both lines."""
    before, after = find(7, "TANet").views, find(7, "STSM+TANet").views
    return Verdict(before == after == (3, 1), f"(crops, clips): {before} and {after}")


@settles("tdn-gains")
def tdn_gains() -> Verdict:
    """Gain in TDN at the same size."""
    before = find(7, "TDN")
    return Verdict(
        TDN_224.accuracy > before.accuracy and TDN_224.gflops == before.gflops,
        f"{before.top1} to {TDN_224.top1}, both {before.gflops}",
    )


@settles("fexnet-16.2")
def fexnet() -> Verdict:
    """Difference and ratio to FEXNet, all views and one pass."""
    other = find(7, "FEXNet")
    gain, ratio = TDN_256.accuracy - other.accuracy, percent(total(TDN_256), total(other))
    as_ratio = percent(gain, other.accuracy)
    return Verdict(
        gain == Decimal("1.1") and ratio == "16.2%",
        f"{gain} points (as a ratio {as_ratio}); {ratio} of all views, "
        f"{percent(known(TDN_256.one_pass), known(other.one_pass), 0)} of one pass",
    )
