"""`stsm-ref prove`: what it prints, its exit codes, its files, and the text that both solvers
read.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stsm_ref import cli
from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.smt.solvers import SOLVERS, Query, ask
from stsm_ref.proofs.theorems import registry
from tests.proofs.theorems.test_theorems import source_one_short

FEW = ("slices_follow_the_rule", "one_and_zero_taps_keep_the_value")
ALL = registry.theorems


def invoke(*arguments: str) -> Any:
    """Run a command in this process."""
    return CliRunner().invoke(cli.app, ["prove", *arguments])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two theorems."""
    monkeypatch.setattr(
        registry, "theorems", lambda spec=ShiftSpec(): {name: ALL(spec)[name] for name in FEW}
    )


@pytest.mark.usefixtures("few")
def test_prove_prints_theorems_and_variants() -> None:
    """The wording, the assumptions, both solvers, each variant with its counterexample and its
    replay, what is not proved; exit 0.
    """
    ended = invoke()
    words = " ".join(ended.output.split())
    assert ended.exit_code == 0, ended.output
    for expected in (
        "proved slices_follow_the_rule (SHIFT-6)",
        "For all T, H, W >= 1",
        "assumes an array is a function of whole-number indices",
        "z3 27 unsat",
        "cvc5 27 unsat",
        "the edge keeps its old content: refuted (z3 and cvc5 agree)",
        "NumPy gives out[0, 0, 0] = 1, should be 0",
        "y_bits = 0x80000000",
        "Not proved here",
        "proved: 2 of 2 theorems proved by z3",
        "11 of 11 wrong variants refuted and replayed in NumPy",
    ):
        assert expected in words, expected


@pytest.mark.usefixtures("few")
def test_prove_speaks_json_and_writes_queries(tmp_path: Path) -> None:
    """Standard output is JSON; each file is a query whose expected answer both solvers give
    when they read it again.
    """
    ended = invoke("--json", "--smt2", str(tmp_path / "queries"))
    data = json.loads(ended.stdout)
    assert (data["format"], data["version"], data["outcome"]) == ("stsm-ref prove", 1, "proved")
    assert [entry["name"] for entry in data["theorems"]] == list(FEW)
    assert all(
        variant["values"] and variant["replay"]
        for entry in data["theorems"]
        for variant in entry["variants"]
    )
    files = sorted((tmp_path / "queries").glob("*.smt2"))
    assert len(files) > 40
    for file in files:
        text = file.read_text()
        expected = "unsat" if "expected: unsat" in text else "sat"
        assert {ask(solver, Query("again", "sat", text)).status for solver in SOLVERS} == {
            expected
        }, file.name


@pytest.mark.usefixtures("few")
def test_a_broken_slice_is_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bound of the slices off by one: refuted, with the sizes, the index and what NumPy
    does there.
    """
    monkeypatch.setattr("stsm_ref.slicing.windows", source_one_short)
    ended = invoke()
    assert ended.exit_code == 1
    assert "refuted slices_follow_the_rule" in " ".join(ended.output.split())
    assert "NumPy raises ValueError: could not broadcast" in " ".join(ended.output.split())


@pytest.mark.usefixtures("few")
def test_a_solver_that_does_not_answer_is_exit_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown is never a pass, whichever of the solvers says it."""
    monkeypatch.setattr(
        "stsm_ref.proofs.smt.solvers.SOLVERS",
        dict(SOLVERS) | {"cvc5": lambda text, timeout: "unknown (TIMEOUT)"},
    )
    ended = invoke("--json")
    assert ended.exit_code == 3
    assert "cvc5 says unknown (unknown (TIMEOUT))" in json.loads(ended.stdout)["theorems"][0]["why"]


@pytest.mark.usefixtures("few")
def test_solvers_that_disagree_are_exit_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """One says that there is a model, the other that there is none: undecided."""
    monkeypatch.setattr(
        "stsm_ref.proofs.smt.solvers.SOLVERS",
        dict(SOLVERS) | {"cvc5": lambda text, timeout: "sat\n"},
    )
    ended = invoke("--json")
    assert ended.exit_code == 3
    assert "z3 says unsat, cvc5 says sat" in json.loads(ended.stdout)["theorems"][0]["why"]


@pytest.mark.parametrize(
    "text",
    [
        "(assert (foo x))\n(check-sat)\n",
        "",
        "(set-logic ALL)\n",
        "(((",
        "(set-logic ALL)(assert true",
    ],
)
def test_a_text_that_cannot_be_read_has_no_answer(text: str) -> None:
    """Rubbish is "unknown" and says why, from both solvers."""
    for solver in SOLVERS:
        answer = ask(solver, Query("rubbish", "sat", text))
        assert (answer.status, bool(answer.why)) == ("unknown", True)


def test_values_are_read_as_printed() -> None:
    """Negative numbers, both ways of writing bits, and no values after "unsat"."""
    text = "(set-option :produce-models true)\n(set-logic ALL)\n"
    text += (
        "(declare-const n Int)\n(declare-const b (_ BitVec 8))\n(assert (and (= n (- 3)) (= b "
        "#x0f){}))\n"
    )
    for solver in SOLVERS:
        found = ask(solver, Query("", "sat", text.format("") + "(check-sat)\n(get-value (n b))\n"))
        assert (found.status, dict(found.values)) == ("sat", {"n": -3, "b": 15})
        none = ask(
            solver, Query("", "sat", text.format(" (> n 0)") + "(check-sat)\n(get-value (n b))\n")
        )
        assert (none.status, dict(none.values)) == ("unsat", {})


def test_a_folder_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    """Exit 2 before any proof is begun."""
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "no" / "folder"):
        ended = invoke("--smt2", str(folder))
        assert ended.exit_code == 2
        assert "cannot be made a folder for SMT-LIB files" in ended.output


def test_wrong_use_is_exit_2() -> None:
    """A spec that means nothing, and a time limit of nothing."""
    assert invoke("--spec", "X").exit_code == 2
    assert invoke("--timeout", "0").exit_code == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that split")
@pytest.mark.parametrize("where", ["", "    "])
def test_a_module_that_ends_the_process_is_not_proved(tmp_path: Path, where: str) -> None:
    """`os._exit(0)`, at import or in the module, is exit 2 and not the code of a proof."""
    end = "    def forward(self, x): os._exit(0)" if where else "    pass\nos._exit(0)"
    (tmp_path / "ends.py").write_text(
        f"import os\nfrom torch import nn\nclass Ends(nn.Module):\n{end}\ndef make(spec): return "
        "Ends()\n"
    )
    command = [sys.executable, "-m", "stsm_ref", "prove", f"py:{tmp_path}/ends.py:make"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "ended the process with 0 instead of answering: nothing was decided" in ended.stderr


def test_a_refusal_keeps_its_code_and_words(tmp_path: Path) -> None:
    """Through the process of its own, wrong use is exit 2 in its own sentence."""
    ended = subprocess.run(
        [sys.executable, "-m", "stsm_ref", "prove", f"py:{tmp_path}/none.py:make"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "there is no file" in ended.stderr
    assert "Traceback" not in ended.stderr
