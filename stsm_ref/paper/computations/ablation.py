"""§5.1: what Tables 1 to 3 say, and what their own line without a shift says of gains that are
measured elsewhere.
"""

from decimal import Decimal
from itertools import pairwise

from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.paper.tables import TABLE_1, TABLE_2, TABLE_3, find

ACCURACY_AT = {row.model.removeprefix("α = "): row.accuracy for row in TABLE_1}
SPACE = {row.model: row.accuracy for row in TABLE_2 if row.ours}
SPACE_TIME = {row.model: row.accuracy for row in TABLE_3 if row.ours}
TSN, TSM_OWN = find(2, "TSN (R-50)").accuracy, find(2, "T(MMAAction2)").accuracy
NOTHING_MOVES = ACCURACY_AT["0"]
TEMPORAL = (find(2, "T(TSM)").accuracy, TSM_OWN)


def _gap(best: Decimal, others: list[Decimal]) -> Decimal:
    return best - max(others)


def _list(figures: dict[str, Decimal]) -> str:
    return ", ".join(f"{name} {figure}" for name, figure in figures.items())


@settles("all-channels-is-best")
def all_channels_is_best() -> Verdict:
    """Rank α = 1 in Table 1."""
    below = [alpha for alpha, figure in ACCURACY_AT.items() if figure < ACCURACY_AT["1"]]
    return Verdict(
        ACCURACY_AT["1"] == max(ACCURACY_AT.values()),
        f"α = 1: {ACCURACY_AT['1']}, best {max(ACCURACY_AT.values())}; below it only α = "
        f"{', '.join(below)}",
    )


@settles("alpha-matters")
def alpha_matters() -> Verdict:
    """Compare the settings of Table 1."""
    figures = list(ACCURACY_AT.values())
    return Verdict(
        len(set(figures)) == len(figures),
        f"seven different figures, from {min(figures)} to {max(figures)}",
    )


@settles("best-alpha")
def best_alpha() -> Verdict:
    """Find the largest figure of Table 1."""
    best = max(ACCURACY_AT, key=lambda alpha: ACCURACY_AT[alpha])
    return Verdict(
        best == "3/8",
        f"{best}: {ACCURACY_AT[best]}, "
        f"{_gap(ACCURACY_AT[best], [v for a, v in ACCURACY_AT.items() if a != best])} over the next",
    )


@settles("below-the-best")
def below_the_best() -> Verdict:
    """Follow Table 1 from 0 to 3/8."""
    figures = list(ACCURACY_AT.values())[:4]
    return Verdict(all(a < b for a, b in pairwise(figures)), " < ".join(map(str, figures)))


@settles("above-the-best")
def above_the_best() -> Verdict:
    """Follow Table 1 from 3/8 to 1."""
    figures = list(ACCURACY_AT.values())[3:]
    return Verdict(all(a > b for a, b in pairwise(figures)), " > ".join(map(str, figures)))


@settles("numerator-3")
def numerator_3() -> Verdict:
    """List the settings of Table 1 with a numerator of 3."""
    found = [alpha for alpha in ACCURACY_AT if alpha.startswith("3/")]
    return Verdict(bool(found), f"{', '.join(found)}: {len(found)} of {len(ACCURACY_AT)}")


@settles("table-3-alpha")
def table_3_alpha() -> Verdict:
    """Check that T+H+W of Table 3 is 3/8 of Table 1; compare at equal channels in time."""
    return Verdict(
        SPACE_TIME["T+H+W"] == ACCURACY_AT["3/8"],
        f"T+H+W {SPACE_TIME['T+H+W']} is Table 1's 3/8; at 3/4 {ACCURACY_AT['3/4']}, T {TSM_OWN}: "
        f"{ACCURACY_AT['3/4'] - TSM_OWN}",
    )


@settles("space-beats-nothing", "space-is-effective")
def space_beats_nothing() -> Verdict:
    """Gains of the spatial shifts over the quoted TSN and over α = 0."""
    quoted = {name: figure - TSN for name, figure in SPACE.items()}
    own = {name: figure - NOTHING_MOVES for name, figure in SPACE.items()}
    return Verdict(
        min(*quoted.values(), *own.values()) > 0,
        f"over {TSN}: {_list(quoted)}; over {NOTHING_MOVES}: {_list(own)}",
    )


@settles("space-below-time")
def space_below_time() -> Verdict:
    """Compare the spatial shifts with both lines of T."""
    return Verdict(
        max(SPACE.values()) < min(TEMPORAL),
        f"best in space {max(SPACE.values())}; T {TEMPORAL[0]} and {TEMPORAL[1]}",
    )


@settles("time-gains-more")
def time_gains_more() -> Verdict:
    """Gain of T over TSN against the largest in space."""
    time, space = TSM_OWN - TSN, max(SPACE.values()) - TSN
    return Verdict(time > space, f"{time} against {space}, both over {TSN}")


@settles("two-1d-above-one-2d")
def two_1d_above_one_2d() -> Verdict:
    """Compare H+W with HW, and each of H and W alone."""
    return Verdict(
        SPACE["H+W"] > SPACE["HW"],
        f"{_list(SPACE)}: H+W - HW = {SPACE['H+W'] - SPACE['HW']}, H - HW = "
        f"{SPACE['H'] - SPACE['HW']}",
    )


@settles("space-time-above-time")
def space_time_above_time() -> Verdict:
    """Compare each setting of Table 3 with both lines of T."""
    gains = {name: figure - TSM_OWN for name, figure in SPACE_TIME.items()}
    return Verdict(min(SPACE_TIME.values()) > max(TEMPORAL), f"over {TSM_OWN}: {_list(gains)}")


@settles("t-h-w-is-best", "t-h-w-slightly-better")
def t_h_w_is_best() -> Verdict:
    """Rank T+H+W in Table 3, and compare how many axes a channel of each setting moves along."""
    best = SPACE_TIME["T+H+W"]
    others = [figure for name, figure in SPACE_TIME.items() if name != "T+H+W"]
    most = {name: max(map(len, name.split("+"))) for name in SPACE_TIME}
    simplest = [name for name, axes in most.items() if axes == 1]
    return Verdict(
        best > max(others) and simplest == ["T+H+W"],
        f"{best}, {_gap(best, others)} over the next; the only setting in which no channel moves "
        "along two axes",
    )


@settles("1d-above-2d")
def one_d_above_two_d() -> Verdict:
    """Compare 1-D and 2-D settings of the same axes."""
    in_all, in_space = SPACE_TIME["T+H+W"] - SPACE_TIME["TH+TW+HW"], SPACE["H+W"] - SPACE["HW"]
    return Verdict(min(in_all, in_space) > 0, f"T+H+W - TH+TW+HW = {in_all}; H+W - HW = {in_space}")


@settles("one-axis-is-not-enough")
def one_axis_is_not_enough() -> Verdict:
    """Compare T+H+W with the best in time alone and in space alone."""
    return Verdict(
        SPACE_TIME["T+H+W"] > max(*TEMPORAL, *SPACE.values()),
        f"T+H+W {SPACE_TIME['T+H+W']}, T {max(TEMPORAL)}, best in space {max(SPACE.values())}",
    )
