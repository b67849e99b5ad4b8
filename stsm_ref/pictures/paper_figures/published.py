"""Figure 1 and Tables 1 to 3 as charts, from the published figures alone. Nothing in these pictures
was measured by this project.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

from stsm_ref.paper.tables import TABLE_1, TABLE_7, Row, find
from stsm_ref.paper.tables import TABLES as PUBLISHED
from stsm_ref.pictures.drawing import ENTERS, HOT, INK, LEAVES, need_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SOURCE = (
    "Published figures: Yang, An & Zhang, Mathematics 2022, 10, 3290, {}. Not measured by "
    "this project."
)
NAMED = {"STSM": ENTERS, "TSM": LEAVES, "Two-Stream TRN": "#5f8a3c", "TSN": HOT}
QUIET = "#b5b0a5"
AREA = 8  # of a dot, in square points for a million parameters
QUOTED, OWN = find(2, "TSN (R-50)"), TABLE_1[0]


def draw_accuracy_against_cost() -> "Figure":
    """Draw Figure 1: Top-1 on Something-Something V2 against GFLOPs of all views, the area of a dot
    its parameters (Table 7).

    Every line of Table 7 that prints GFLOPs is in it; a dot without a printed number of parameters
    is hollow. The axis is broken, for TSN is far below all others.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    figure, (upper, lower) = _chart(10, 7.2, heights=(5, 1.1))
    for axes, bottom, top in ((upper, 53.6, 65.8), (lower, 26.5, 31.8)):
        axes.set_xscale("log")
        axes.set_ylim(bottom, top)
        axes.set_xlim(8, 3200)
        for row in TABLE_7:
            if row.total is not None and bottom < row.accuracy < top:
                _draw_dot(axes, row)
    upper.spines["bottom"].set_visible(False)
    upper.tick_params(axis="x", which="both", bottom=False, labelbottom=False)
    lower.set_xticks(
        [10, 20, 50, 100, 200, 500, 1000, 2000],
        ["10", "20", "50", "100", "200", "500", "1000", "2000"],
    )
    lower.set_xticks([], minor=True)
    upper.set_xticks([10, 20, 50, 100, 200, 500, 1000, 2000])
    upper.set_xticks([], minor=True)
    lower.set_yticks([28, 30])
    lower.set_xlabel("GFLOPs x crops x clips, as printed", color=INK)
    upper.set_ylabel("Top-1 (%) on Something-Something V2", color=INK)
    for millions, place in ((2.45, 10), (23.8, 14), (36.6, 20)):
        lower.scatter(place, 29.6, s=AREA * millions, facecolor="none", edgecolor=INK)
        lower.text(place, 27.3, f"{millions:g}M", fontsize=8, color=INK, ha="center")
    lower.text(25, 29.2, "parameters", fontsize=8.5, color=INK)
    _sign(
        figure,
        upper,
        "Fig. 1   accuracy, cost and size",
        "Table 7; grey: other methods; hollow: size not printed",
    )
    return figure


# where a name stands beside its dot, in points, for the dots that have near neighbours
PLACES = {
    ("STSM+TSN", "8"): (-12, -14, "right"),
    ("STSM+TSN+NL", "8"): (12, 3, "left"),
    ("TSM+NL", "8"): (12, -9, "left"),
    ("STSM+TANet", "8"): (-12, -8, "right"),
    ("CSTANet", "16"): (-11, -3, "right"),
    ("TANet", "8"): (0, -19, "center"),
    ("SlowFast", "4 × 16"): (6, 13, "left"),
    ("SlowFast+ATFR", "4 × 16"): (0, 13, "center"),
    ("STSM+TSN", "16"): (-11, 3, "right"),
    ("FEXNet", "8"): (0, 8, "center"),
    ("STM", "8"): (0, -15, "center"),
    ("TDN", "8"): (-8, -13, "right"),
    ("SmallBigNet", "16"): (-8, -3, "right"),
    ("SmallBigNet", "8"): (0, 10, "center"),
}


def _draw_dot(axes: "Axes", row: Row) -> None:
    """Draw a line of Table 7 and its name and frames."""
    colour = next((colour for name, colour in NAMED.items() if row.name.startswith(name)), QUIET)
    area = AREA * float(row.millions or 5)
    face = colour if row.millions else "none"
    place = (float(row.total or 0), float(row.accuracy))
    axes.scatter(
        *place,
        s=area,
        facecolor=face,
        alpha=0.85 if row.millions else 1,
        edgecolor=colour,
        linewidth=1.4,
        zorder=2 + (colour != QUIET),
    )
    dx, dy, align = PLACES.get((row.name, row.frames), (11, -3, "left"))
    if row.name == "STSM+TDN":
        dx, dy, align = (10, 0, "left") if row.size.startswith("256") else (-8, 2, "right")
    ink = {QUIET: "#8a857a", HOT: INK}.get(colour, colour)
    axes.annotate(
        f"{row.name}, {row.frames}",
        place,
        (dx, dy),
        textcoords="offset points",
        fontsize=8,
        color=ink,
        ha=align,
        zorder=5,
    )


def draw_table_1() -> "Figure":
    """Draw Table 1: Top-1 on Kinetics-400 against alpha, with the TSN that the other tables quote.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    figure, (axes,) = _chart(9, 4.8)
    names = [row.model.removeprefix("α = ") for row in TABLE_1]
    alphas, accuracies = (
        [float(Fraction(name)) for name in names],
        [float(row.accuracy) for row in TABLE_1],
    )
    axes.plot(alphas, accuracies, color=ENTERS, linewidth=1.6, marker="o", markersize=8)
    for alpha, accuracy, row in zip(alphas[1:], accuracies[1:], TABLE_1[1:], strict=True):
        axes.annotate(
            row.top1,
            (alpha, accuracy),
            (0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=9.5,
            color=INK,
        )
    axes.axhline(float(QUOTED.accuracy), color=LEAVES, linewidth=1.2, linestyle="--")
    axes.text(
        1.02,
        float(QUOTED.accuracy) + 0.1,
        f"{QUOTED.top1}: TSN as Tables 2, 3, 4 and 6 quote it",
        fontsize=9,
        color=LEAVES,
        ha="right",
    )
    note = f"{TABLE_1[0].top1}   nothing moves: TSN, in the authors' own training"
    axes.annotate(
        note, (0, accuracies[0]), (12, -4), textcoords="offset points", fontsize=9.5, color=INK
    )
    axes.set_xticks(alphas, names)
    axes.set_ylim(70.2, 75.8)
    axes.set_xlim(-0.04, 1.04)
    axes.set_xlabel("α, the share of the channels that moves (T+H+W)", color=INK)
    axes.set_ylabel("Top-1 (%) on Kinetics-400", color=INK)
    _sign(figure, axes, "Table 1   which share of the channels", "Table 1")
    return figure


def draw_table_2() -> "Figure":
    """Draw Table 2: shifts in space alone, at alpha 1/4."""
    return _bars(2, "Table 2   shifts in space, α = 1/4")


def draw_table_3() -> "Figure":
    """Draw Table 3: shifts in space and time, at alpha 3/8."""
    return _bars(3, "Table 3   shifts in space and time, α = 3/8 (T: 1/4)")


def _bars(table: int, title: str) -> "Figure":
    """Draw the lines of a table as dots, with the authors' network in which nothing moves."""
    rows = PUBLISHED[table]
    figure, (axes,) = _chart(9, 1.6 + 0.38 * len(rows))
    for place, row in enumerate(rows):
        colour = ENTERS if row.ours else LEAVES
        axes.plot(float(row.accuracy), place, "o", color=colour, markersize=9)
        axes.annotate(
            row.top1,
            (float(row.accuracy), place),
            (9, -3.5),
            textcoords="offset points",
            fontsize=9.5,
            color=INK,
        )
    axes.axvline(float(OWN.accuracy), color=INK, linewidth=1.0, linestyle=":")
    axes.text(
        float(OWN.accuracy) - 0.04,
        -0.72,
        f"{OWN.top1}: α = 0 in Table 1",
        fontsize=8.5,
        color=INK,
        ha="right",
        va="center",
    )
    axes.set_yticks(range(len(rows)), [row.model for row in rows])
    axes.set_ylim(len(rows) - 0.4, -1.1)
    axes.set_xlim(70, 75.9)
    axes.set_xlabel("Top-1 (%) on Kinetics-400", color=INK)
    _sign(figure, axes, title, f"Table {table}; red: the authors' shifts, blue: TSN and TSM")
    return figure


def _chart(
    width: float, height: float, heights: tuple[float, ...] = (1,)
) -> "tuple[Figure, tuple[Axes, ...]]":
    """Make an empty chart, or several one above the other."""
    figure = need_figure()(figsize=(width, height), layout="constrained", facecolor="white")
    charts = tuple(
        figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[
            :, 0
        ]
    )
    for axes in charts:
        axes.grid(color="#ebe8e1", zorder=0)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, charts


def _sign(figure: "Figure", axes: "Axes", title: str, source: str) -> None:
    """Say above what the chart shows and below whose figures they are."""
    axes.set_title(title, fontsize=13, fontweight="bold", color=INK, loc="left")
    figure.supxlabel(SOURCE.format(source), fontsize=7.5, color="#6b6b6b", x=0.01, ha="left")
