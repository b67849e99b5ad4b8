"""The claims: complete against the paper's sentences, and each computed one computed again."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from stsm_ref.errors import SpecError
from stsm_ref.paper import CLAIMS, MEANINGS, NOT_CLAIMS, Claim, claim
from stsm_ref.paper.cells import row_of
from stsm_ref.paper.computations import (
    COMPUTATIONS,
    ablation,
    kinetics,
    setting,
    something_something_v2,
)
from stsm_ref.paper.coverage import as_printed, fingerprint, states_something
from stsm_ref.paper.evaluate import Settled, settle
from stsm_ref.paper.networks import network
from stsm_ref.paper.plain_text import plain
from stsm_ref.paper.tables import ROWS, find, printed_lines
from tests import ROOT
from tests.paper.test_tables import LINES

pytestmark = pytest.mark.requirement(
    "COST-1", "COST-2", "GEO-5", "KERN-1x2", "KERN-2x1", "KERN-2x2", "PAD-1", "TSM-1", "CAP-1"
)

SENTENCES = [entry for entry in CLAIMS if not entry.is_cell]
CELLS = [entry for entry in CLAIMS if entry.is_cell]
COMPUTED = {"proved", "computed", "recounted", "contradicted"}


def test_every_sentence_with_a_number_or_a_comparison_is_accounted_for() -> None:
    """Each has a claim that quotes it, or a reason why it is none; nothing is quoted that the paper
    does not say.
    """
    wanted = [print_ for kind, _, print_ in LINES if kind != "row"]
    assert len(wanted) > 240
    assert unaccounted(SENTENCES, NOT_CLAIMS) == []


def unaccounted(claims: list[Claim], not_claims: tuple[tuple[str, str], ...]) -> list[str]:
    """The fingerprints of sentences and equations that neither list quotes."""
    quoted = {fingerprint(quote) for entry in claims for quote in entry.quotes} | {
        fingerprint(quote) for quote, _ in not_claims
    }
    return [print_ for kind, _, print_ in LINES if kind != "row" and print_ not in quoted]


def test_a_lost_claim_would_be_noticed() -> None:
    """Without any one of the claims whose sentence no other quotes, or with a word of it changed, a
    fingerprint is left over.
    """
    quotes = Counter(quote for entry in SENTENCES for quote in entry.quotes)
    alone = [
        entry
        for entry in SENTENCES
        if all(quotes[quote] == 1 and states_something(quote) for quote in entry.quotes)
    ]
    assert len(alone) > 140
    for entry in alone[::10]:
        rest = [other for other in SENTENCES if other is not entry]
        assert unaccounted(rest, NOT_CLAIMS)
        changed = Claim(
            entry.id,
            entry.place,
            tuple(quote + "s" for quote in entry.quotes),
            entry.says,
            entry.status,
        )
        assert unaccounted([*rest, changed], NOT_CLAIMS)


def test_no_sentence_is_both() -> None:
    """What is a claim has no reason to be none, and no reason is empty."""
    reasons = dict(NOT_CLAIMS)
    assert len(reasons) == len(NOT_CLAIMS)
    assert not set(reasons) & {quote for entry in SENTENCES for quote in entry.quotes}
    assert all(reasons.values())


def test_cells_are_every_number_of_the_tables() -> None:
    """Each accuracy, GFLOPs and parameter count that is printed is one claim, and its quotation is
    its line.
    """
    lines = {fingerprint(line) for table in range(2, 8) for line in printed_lines(table)}
    for table in range(2, 8):
        mine = [entry for entry in CELLS if entry.place == f"Table {table}"]
        for entry in mine:
            assert fingerprint(entry.quote.replace(" | ", "")) in lines
        kinds = Counter(entry.id.rpartition(".")[2] for entry in mine)
        assert kinds["top1"] == len(printed_lines(table))
    assert sum(entry.place == "Table 1" for entry in CELLS) == 7
    costs, sizes = (
        sum(row.one_pass is not None for row in ROWS),
        sum(row.millions is not None for row in ROWS),
    )
    assert (
        sum(entry.id.endswith("gflops") for entry in CELLS) == costs + 1
    )  # DSA-CNNs' N/A × 5 × 10 has digits and no figure
    assert sum(entry.id.endswith("parameters") for entry in CELLS) == sizes


def test_ids_and_statuses_are_in_order() -> None:
    """Ids are lower-case names, none twice; every status is one of the seven; a claim has words of
    ours.
    """
    assert len({entry.id for entry in CLAIMS}) == len(CLAIMS) > 400
    assert len(SENTENCES) > 80
    for entry in CLAIMS:
        assert re.fullmatch(r"[a-z0-9.\-]+", entry.id), entry.id
        assert entry.status in MEANINGS
        assert entry.says
        assert entry.quotes
        assert len(entry.id) <= 31


def test_every_computation_has_its_claim() -> None:
    """No computation is left without a claim, and no contradicted cell without a count."""
    assert set(COMPUTATIONS) <= {entry.id for entry in CLAIMS}
    assert {entry.id for entry in CELLS if entry.status in COMPUTED} <= set(COMPUTATIONS)


@pytest.mark.parametrize(
    "identifier",
    [name for name, computation in COMPUTATIONS.items() if not computation.builds_networks],
)
def test_computed_claims_are_computed_again(identifier: str) -> None:
    """What the tables and the arithmetic say today is what the status says."""
    (settled,) = settle([claim(identifier)], recount=False)
    assert settled.verdict
    assert settled.verdict.figures
    assert settled.agrees, settled.verdict


@pytest.mark.parametrize(
    "identifier",
    [name for name, computation in COMPUTATIONS.items() if computation.builds_networks],
)
def test_recounted_claims_are_counted_again(identifier: str) -> None:
    """What the networks count to today is what the status says, to the printed digit."""
    (settled,) = settle([claim(identifier)], recount=True)
    assert settled.verdict
    assert settled.agrees, settled.verdict


def test_a_wrong_table_changes_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """With other figures in the tables the computations say otherwise: none of them has its verdict
    written in.
    """
    monkeypatch.setitem(ablation.ACCURACY_AT, "1", Decimal("80"))
    for identifier in ("best-alpha", "above-the-best", "all-channels-is-best"):
        (settled,) = settle([claim(identifier)], recount=False)
        assert not settled.agrees, identifier
    better = find(6, "STSM+TSN")._replace(top1="74.87")
    monkeypatch.setattr(kinetics, "STSM", better)
    (settled,) = settle([claim("22-percent")], recount=False)
    assert settled.verdict is not None
    assert settled.verdict.holds
    assert not settled.agrees
    monkeypatch.setattr(kinetics, "OWN_STSM", find(3, "T+H+W")._replace(top1="74.90"))
    monkeypatch.setattr(kinetics, "STSM", find(6, "STSM+TSN"))
    assert COMPUTATIONS["22-percent"].run().holds  # within rounding
    monkeypatch.setattr(kinetics, "STSM", better)
    (settled,) = settle([claim("stsm-4.4")], recount=False)
    assert not settled.agrees
    monkeypatch.setattr(setting, "ROWS", [row._replace(pretrain="None") for row in ROWS])
    (settled,) = settle([claim("imagenet-by-default")], recount=False)
    assert not settled.agrees


def test_contradictions_go_away_with_tables_that_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the figures that the words speak of, the contradicted claims hold: none of them is
    contradicted whatever the tables say.
    """
    monkeypatch.setattr(
        something_something_v2,
        "MOBILE_16",
        something_something_v2.MOBILE_16._replace(gflops="5.12 × 3 × 1"),
    )
    monkeypatch.setattr(
        something_something_v2, "STSM", something_something_v2.STSM._replace(parameters="20.1M")
    )
    monkeypatch.setattr(ablation, "ACCURACY_AT", ablation.ACCURACY_AT | {"1": Decimal("80")})
    for identifier in ("4.3-at-15.36", "fig-1-parameters", "all-channels-is-best"):
        assert claim(identifier).status == "contradicted"
        assert COMPUTATIONS[identifier].run().holds, identifier


def test_a_charitable_reading_can_fail_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds only as read of some, or of most, falls where it holds of none, or of few: no
    reading is taken whatever the tables say.
    """
    other = [
        row._replace(frames="16", gflops="36 × 1 × 1") if row.ours and row.views else row
        for row in ROWS
    ]
    monkeypatch.setattr(setting, "ROWS", other)
    light = [
        row._replace(gflops="1 × 3 × 10", parameters="1M") if not row.ours else row
        for row in kinetics.TABLE_6
    ]
    monkeypatch.setattr(kinetics, "TABLE_6", [row for row in light if row.name != "STSM+TDN"])
    for identifier in ("eight-clips", "crops-at-test", "cheaper-than-2d", "3d-beaten"):
        (settled,) = settle([claim(identifier)], recount=False)
        assert not settled.agrees, identifier
    monkeypatch.setattr(
        setting,
        "ROWS",
        [row._replace(gflops="9") if row.table == 6 and row.views else row for row in ROWS],
    )
    assert not COMPUTATIONS["gflops-crops-clips"].run().holds
    monkeypatch.setattr(
        kinetics, "STSM", kinetics.STSM._replace(gflops="46 × 3 × 10", parameters="26M")
    )
    assert not COMPUTATIONS["three-modules-are-heavy"].run().holds


def test_a_wrong_cell_changes_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that prints another digit no longer agrees with the network."""
    from stsm_ref.paper.computations import counted_cells

    row, _ = counted_cells.row_of("t6.22.gflops")
    monkeypatch.setattr(
        counted_cells, "row_of", lambda _: (row._replace(gflops="43.2 × 3 × 10"), "gflops")
    )
    assert not counted_cells.recount("t6.22.gflops").holds
    monkeypatch.setattr(
        counted_cells, "row_of", lambda _: (row._replace(parameters="24.4M"), "parameters")
    )
    assert not counted_cells.recount("t6.22.parameters").holds


def test_parameters_that_cannot_fit_both_tables_are_noted() -> None:
    """Methods with one figure in Tables 6 and 7 have it noted in both; the width is the least at
    which 226 more rows must show.
    """
    sizes = [
        {row.name: row.parameters for row in ROWS if row.table == table and row.millions}
        for table in (6, 7)
    ]
    built = {row.name for row in ROWS if network(row)}
    same = {
        name for name in sizes[0].keys() & sizes[1].keys() if sizes[0][name] == sizes[1][name]
    } - built
    noted = {
        row_of(entry.id)[0].name: entry.finding
        for entry in CELLS
        if "not of its own table" in entry.finding
    }
    assert noted.keys() == same == {"T-STFT", "SlowFast+ATFR"}
    assert sum("not of its own table" in entry.finding for entry in CELLS) == 4
    for name, step in (("T-STFT", 10_000), ("SlowFast+ATFR", 100_000)):
        width = next(width for width in range(1, 2048) if (400 - 174) * (width + 1) >= step)
        assert f"fewer than {width} features" in noted[name]


def test_known_contradictions_are_listed() -> None:
    """Those in the words, all of them, and those in the digits; what allows a reading without
    contradiction is not among them.
    """
    contradicted = {entry.id for entry in CLAIMS if entry.status == "contradicted"}
    assert {entry.id for entry in SENTENCES} & contradicted == {
        "fig-1-parameters",
        "xw-channels",
        "reference-41",
        "sampling-kinetics",
        "all-channels-is-best",
        "22-percent",
        "4.3-at-15.36",
        "temporal-and-temporal",
    }
    assert {
        "t6.8.gflops",
        "t7.16.gflops",
        "t7.19.parameters",
        "t7.27.parameters",
        "t7.13.gflops",
    } <= contradicted


def test_only_a_computation_that_agrees_is_silent() -> None:
    """A contradicted claim that holds, and a computed one that does not, disagree with their
    status.
    """
    holds = COMPUTATIONS["best-alpha"].run()
    assert Settled(claim("best-alpha"), holds).agrees
    assert not Settled(claim("22-percent"), holds).agrees
    assert not Settled(claim("best-alpha"), holds._replace(holds=False)).agrees


def test_accuracies_are_nobodys_but_the_papers() -> None:
    """Every accuracy in the tables needs the data sets, and none is settled otherwise."""
    assert {entry.status for entry in CELLS if entry.id.endswith("top1")} == {"needs-data"}


def test_an_unknown_claim_is_answered() -> None:
    """Near ids, or where they are listed."""
    with pytest.raises(
        SpecError, match=r"id='22-percents' is not a claim: did you mean '22-percent'"
    ):
        claim("22-percents")
    with pytest.raises(SpecError, match=r"id='zzz' is not a claim: stsm-ref claims lists them"):
        claim("zzz")


def test_latex_is_written_out() -> None:
    """No quotation keeps a backslash, a dollar or a brace on the screen."""
    for entry in SENTENCES:
        for quote in (*entry.quotes, entry.against):
            assert not re.search(
                r"[\\${]|\bbmatrix\b",
                plain(quote).replace("_{", "").replace("^{", "").replace("10^{", ""),
            ), plain(quote)


def test_the_text_is_cut_as_the_fingerprints_were_taken() -> None:
    """A small text in the paper's form: headings, lists, equations, tables and sentences that a
    page break has cut.
    """
    text = (
        "x\nAbstract: It costs 0.\n\nKeywords: a\n\n1. Introduction\n\nIt is 2 times\n\nfaster, "
        "i.e., good. 1. See [4].\n\n"
        "$$a = 1$$\n\nModel\tTop-1\nA $\\times$ B\t75.0\n\nAuthor Contributions: none"
    )
    assert as_printed(text) == [
        ("abstract", "sentence", "It costs 0."),
        ("§1", "sentence", "It is 2 times faster, i.e., good."),
        ("§1", "sentence", "See [4]."),
        ("§1", "equation", "$$a = 1$$"),
        ("§1", "row", "A × B\t75.0"),
    ]
    assert [states_something(entry.text) for entry in as_printed(text)[:3]] == [True, True, False]


def test_the_page_is_up_to_date() -> None:
    """`docs/claims.md` is what `stsm-ref claims --recount --page docs/claims.md` writes today."""
    from stsm_ref.paper.page import page

    assert (ROOT / "docs" / "claims.md").read_text() == page(settle(CLAIMS, recount=True))


def test_importing_the_claims_imports_nothing_heavy() -> None:
    """Neither torch nor Matplotlib, also with the computations."""
    code = (
        "import sys, stsm_ref.paper, stsm_ref.paper.computations; print([m for m in ('torch', "
        "'matplotlib', 'rich') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_with_every_accuracy_turned_round_the_comparisons_fall(tmp_path: Path) -> None:
    """In a copy of the package each accuracy x of the tables is 100 - x: what was above is below,
    and no comparison keeps its verdict.
    """
    shutil.copytree(
        ROOT / "stsm_ref", tmp_path / "stsm_ref", ignore=shutil.ignore_patterns("__pycache__")
    )
    tables = tmp_path / "stsm_ref" / "paper" / "tables.py"
    turned, count = re.subn(
        r'(Row\([^\n]*")(\d\d(?:\.\d+)?)("\),)',
        lambda found: f"{found[1]}{100 - Decimal(found[2])}{found[3]}",
        tables.read_text(),
    )
    assert count == len(ROWS)
    tables.write_text(turned)
    command = [sys.executable, "-c", "from stsm_ref.cli import main; main()", "claims", "--json"]
    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    fallen = {entry["id"] for entry in json.loads(ended.stdout)["claims"] if not entry["agrees"]}
    assert len(fallen) > 40
    assert {
        "state-of-the-art",
        "best-alpha",
        "kinetics-gains",
        "fexnet-16.2",
        "33.5-and-2.2",
        "t-h-w-is-best",
        "x3d-is-light",
        "tsm-3.5",
    } <= fallen
    assert {
        "raises-performance-abstract",
        "raises-performance-conclusion",
        "improves-the-2d-baseline",
    } <= fallen
