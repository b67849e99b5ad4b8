"""What cited repositories print: the figures against the paper's cells, the findings that speak of
them, and the counts to the unit.
"""

import re
from decimal import Decimal

import pytest

from stsm_ref.paper import CLAIMS, claim
from stsm_ref.paper.cells import row_of, tally
from stsm_ref.paper.computations import COMPUTATIONS
from stsm_ref.paper.elsewhere import ACCURACIES, COSTS, SOURCES, PrintedCost
from stsm_ref.paper.evaluate import Settled
from stsm_ref.paper.networks import network
from stsm_ref.paper.page import page
from stsm_ref.paper.tables import find

pytestmark = pytest.mark.requirement("COST-1", "COST-2")

# the repository's figure, and what the paper prints for the same network
PRINTED = {
    "tsm-sthv2-8": ("61.2", "59.1"),
    "tsm-sthv2-16": ("63.1", "63.4"),
    "mmaction2-sthv2-8-one-view": ("59.11", "59.1"),
    "mmaction2-sthv2-8": ("61.82", "59.1"),
    "mmaction2-mobilenet": ("69.89", "69.5"),
    "tsm-mobilenet": ("69.5", "69.5"),
    "tsm-nl": ("75.6", "75.7"),
    "tsn-base": ("70.6", "70.6"),
    "tdn-sthv2": ("64.0", "63.8"),
    "tdn-kinetics": ("76.6", "76.5"),
}
RESTING = [entry for entry in CLAIMS if entry.elsewhere]


def test_each_figure_stands_beside_its_cell() -> None:
    """Figures as literals; each stands in the line that is quoted, and its cell is a Top-1 of a
    network that is not the authors' own.
    """
    for name, accuracy in ACCURACIES.items():
        row, column = row_of(accuracy.cell)
        assert (accuracy.top1, row.top1) == PRINTED[name]
        assert column == "top1"
        assert not row.ours
        assert re.search(rf"(?<![\d.]){re.escape(accuracy.top1)}(?![\d.])", accuracy.line)
    assert ACCURACIES.keys() == PRINTED.keys()


def test_every_source_is_named_and_used() -> None:
    """Repository, file, version and the number under which the paper cites it; none is left over
    but the branch that prints otherwise.
    """
    for source in SOURCES.values():
        assert source.repository.startswith("github.com/")
        assert re.search(r"commit [0-9a-f]{12}|v\d", source.version)
        assert re.fullmatch(r"\[\d+\]", source.cited)
    used = {figure.source.id for figure in (*ACCURACIES.values(), *COSTS)}
    assert set(SOURCES) - used == {"tsm-script", "mmaction2-main"}


@pytest.mark.parametrize("entry", RESTING, ids=lambda entry: entry.id)
def test_claims_that_rest_on_a_comparison_say_so(entry: object) -> None:
    """Each named figure exists; the finding speaks of one of them, or points to the claim whose
    finding does.
    """
    finding = entry.finding  # type: ignore[attr-defined]
    if finding.startswith("As "):
        finding = claim(finding.removeprefix("As ").rstrip(".")).finding
    assert (
        any(PRINTED[name][0] in finding for name in entry.elsewhere)
        or "5 segments" in finding
        or "Frames" in finding
    )  # type: ignore[attr-defined]


def test_the_comparisons_that_matter_are_all_named() -> None:
    """The claims that compare with TSM, TDN or TSN where a repository prints another figure, or
    trained another network.
    """
    assert {
        "large-margin-at-8",
        "33.5-and-2.2",
        "fig-1-accuracy",
        "less-computation-less-sampling",
        "effective-everywhere",
        "better-than-tsm-at-no-cost",
        "above-tsm",
        "tdn-gains",
        "improves-tanet-and-tdn",
        "kinetics-gains",
        "raises-performance-abstract",
        "tsm-3.5",
        "stsm-4.4",
    } <= {entry.id for entry in RESTING}


def test_the_differences_in_the_findings_are_right() -> None:
    """The leads over the repositories' figures, computed."""
    ours = {name: find(7, name).accuracy for name in ("STSM+TSN", "STSM+TSN+NL")}
    assert ours["STSM+TSN"] - ACCURACIES["tsm-sthv2-8"].figure == Decimal("0.1")
    assert round(ours["STSM+TSN"] - ACCURACIES["mmaction2-sthv2-8"].figure, 1) == Decimal("-0.5")
    assert "+0.1 and -0.5" in claim("large-margin-at-8").finding
    mobile = find(6, "STSM+Mb_V2").accuracy - ACCURACIES["mmaction2-mobilenet"].figure
    assert mobile == Decimal("0.01")
    assert "0.01 above the 69.89" in claim("scales-to-backbones").finding
    gains = [
        find(6, "STSM+TSN").accuracy - ACCURACIES["tsn-base"].figure,
        find(6, "STSM+TSN+NL").accuracy - ACCURACIES["tsm-nl"].figure,
        find(6, "STSM+TDN").accuracy - ACCURACIES["tdn-kinetics"].figure,
    ]
    assert gains == [Decimal("4.4"), Decimal("0.3"), Decimal("0.1")]
    assert "4.4, 0.3 and 0.1" in claim("kinetics-gains").finding
    assert find(7, "STSM+TDN", size="224").accuracy < ACCURACIES["tdn-sthv2"].figure
    leads = find(7, "STSM+TDN", size="256").accuracy - ACCURACIES["tdn-sthv2"].figure, gains[2]
    assert leads == (Decimal("0.6"), Decimal("0.1"))
    assert "0.6, at a larger frame, and 0.1" in claim("more-competitive-than-kinetics").finding


@pytest.mark.parametrize("cost", COSTS, ids=lambda cost: cost.line)
def test_counts_equal_those_of_mmaction2_to_the_unit(cost: PrintedCost) -> None:
    """Operations and parameters of the release of the paper's time, for each configuration that is
    a network of ours.
    """
    from stsm_ref.models import model_cost

    counted = model_cost(**cost.network, shift="tsm", convention="mmcv")
    assert (counted.operations, counted.parameters) == (cost.operations, cost.parameters)


def test_the_main_branch_prints_others() -> None:
    """32.88G and 23.87M, quoted in decision 12, are not what ResNet-50 counts to here."""
    first = COSTS[0]
    assert f"{first.operations / 1e9:.2f}" != "32.88"
    assert f"{first.parameters / 1e6:.2f}" != "23.87"


def test_figures_of_others_are_shown_with_their_source() -> None:
    """The page names repository file, version and place beside the finding."""
    entry = claim("tdn-gains")
    text = page([Settled(entry, None)])
    assert (
        "TDN's repository prints 64.0 for TDN on ResNet-50, 8 segments, one view, "
        "Something-Something V2"
    ) in text
    assert "README.md, Something-Something-V2, first line; commit eaf2970a88b1" in text


def test_printed_costs_are_tallied() -> None:
    """138 figures, 101 of networks that are built, 88 that agree and 13 slips: counted again from
    the cells and their computations.
    """
    costs = [entry for entry in CLAIMS if entry.is_cell and not entry.id.endswith("top1")]
    built = [entry for entry in costs if network(row_of(entry.id)[0])]
    assert {entry.id for entry in built} <= set(
        COMPUTATIONS
    )  # each is computed again by tests/paper/test_claims.py
    agree = [entry for entry in built if entry.status == "recounted"]
    assert (len(costs), len(built), len(agree), len(built) - len(agree)) == (138, 101, 88, 13)
    assert tuple(tally()) == (138, 101, 88)
    assert str(tally()).startswith(
        "Of 138 printed GFLOPs and parameter counts 101 are of networks that are built here: "
        "88 agree"
    )
