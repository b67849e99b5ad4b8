"""`stsm-ref claims`: the list, one claim in full, JSON, the page, and what it says of wrong use."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stsm_ref import cli
from stsm_ref.paper import CLAIMS, MEANINGS
from stsm_ref.paper.computations import COMPUTATIONS, Computation, Verdict

RUNNER = CliRunner()
SENTENCES = sum(not entry.is_cell for entry in CLAIMS)


def invoke(*arguments: str) -> Any:
    """Run `stsm-ref claims` in this process."""
    return RUNNER.invoke(cli.app, ["claims", *arguments])


def test_the_statuses_are_those_of_the_paper() -> None:
    """The option names them without importing the paper's data."""
    from stsm_ref.cli.claims import Kind

    assert [status.value for status in Kind] == list(MEANINGS)


def test_the_list_has_every_sentence_and_counts_the_rest() -> None:
    """A line a sentence, a count a status, what is not listed and not run is said."""
    ended = invoke()
    assert ended.exit_code == 0, ended.output
    words = " ".join(ended.output.split())
    for text in (
        "22-percent",
        "25.7%",
        "contradicted",
        f"{len(CLAIMS)} claims",
        f"{len(CLAIMS) - SENTENCES} of them cells of tables",
    ):
        assert text in words, text
    assert "counts of networks not run (--recount)" in words
    assert "computed otherwise than recorded: none" in words
    assert "not counted: --recount" in words


@pytest.mark.parametrize("status", MEANINGS)
def test_a_status_selects(status: str) -> None:
    """`--status` lists the claims of that status alone, in JSON too."""
    data = json.loads(invoke("--status", status, "--json").stdout)
    assert {entry["status"] for entry in data["claims"]} == {status}
    assert len(data["claims"]) == sum(entry.status == status for entry in CLAIMS)


def test_a_place_selects() -> None:
    """A table lists its cells, a section its sentences."""
    assert "t6.8.parameters" in invoke("--place", "table 6").output
    ended = invoke("--place", "§3.1")
    assert "xw-channels" in ended.output
    assert "22-percent" not in ended.output


def test_json_is_whole() -> None:
    """Standard output is JSON and nothing else: quotation, status, computed figures or null,
    and whether they agree.
    """
    data = json.loads(invoke("--json").stdout)
    assert (data["format"], data["version"]) == ("stsm-ref claims", 1)
    assert data["meanings"] == MEANINGS
    assert data["not_run"] == sum(
        computation.builds_networks for computation in COMPUTATIONS.values()
    )
    assert len(data["claims"]) == len(CLAIMS)
    entry = next(entry for entry in data["claims"] if entry["id"] == "tsm-3.5")
    assert entry["quotes"] == [
        "Compared with the original TSN, the accuracy of TSM with TSN as the backbone has "
        "increased by 3.5%.",
    ]
    assert entry["computed"] == {
        "holds": True,
        "figures": "74.1 - 70.6 = 3.5; the authors' own 74.43 - 72.16 = 2.27",
    }
    assert entry["agrees"] is True


def test_one_claim_in_full() -> None:
    """The paper's words, what stands against them, status, finding, evidence."""
    ended = invoke("Temporal-and-Temporal")
    for text in (
        "temporal features and temporal features",
        "against",
        "temporal and spatial features",
        "contradicted",
        "must be wrong",
    ):
        assert text in " ".join(ended.output.replace("│", "").split()), text
    for text in ("SHIFT-2", "the_module_is_its_definition", "proved"):
        assert text in invoke("step-2-moves").output


def test_networks_are_counted_when_asked_for() -> None:
    """`--recount` builds and counts."""
    ended = invoke("t6.22.gflops", "--recount")
    assert ended.exit_code == 0
    assert "43,055,054,848" in ended.output
    assert "43,055,054,848" not in invoke("t6.22.gflops").output


def test_a_claim_that_computes_otherwise_is_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict that does not agree with the record is named, on the screen and in JSON."""
    monkeypatch.setitem(
        COMPUTATIONS, "best-alpha", Computation(lambda: Verdict(False, "1/2: 80"), False)
    )
    ended = invoke("--status", "computed")
    assert ended.exit_code == 1
    assert "computed otherwise than recorded: best-alpha" in " ".join(ended.output.split())
    ended = invoke("best-alpha", "--json")
    assert ended.exit_code == 1
    assert json.loads(ended.stdout)["claims"][0]["agrees"] is False


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    """`--page` writes what is selected; a place that cannot be written is refused before
    anything is computed.
    """
    path = tmp_path / "claims.md"
    assert invoke("--status", "contradicted", "--page", str(path)).exit_code == 0
    text = path.read_text()
    assert "**22-percent** · contradicted" in text
    assert "**best-alpha**" not in text
    assert "| t7.16.gflops |" in text
    ended = invoke("--page", str(tmp_path / "no" / "claims.md"))
    assert ended.exit_code == 2
    assert "is not a folder that you may write to" in " ".join(ended.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["22-percents"], "id='22-percents' is not a claim: did you mean '22-percent'"),
        (
            ["--place", "§9"],
            "place='§9' with status=None has no claim: the places are abstract, §1, ",
        ),
        (
            ["--place", "§6", "--status", "recounted"],
            "place='§6' with status='recounted' has no claim",
        ),
        (["--status", "true"], "Invalid value for '--status'"),
    ],
)
def test_wrong_use_is_exit_2(arguments: list[str], message: str) -> None:
    """An unknown claim, place or status is answered in a sentence, without a traceback."""
    ended = invoke(*arguments)
    assert ended.exit_code == 2
    assert message in " ".join(ended.output.replace("│", "").split())
    assert "Traceback" not in ended.output
