"""The solver beside: the same answers, no answer taken for another, nothing left behind."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from stsm_ref.proofs.smt import solvers
from stsm_ref.proofs.smt.cvc5_process import CVC5, Beside
from stsm_ref.proofs.smt.solvers import Query, ask_all
from tests import ROOT
from tests.patience import PATIENCE, wait_until

UNSAT = "(set-logic ALL)(declare-const n Int)(assert (< n n))(check-sat)"
SAT = (
    "(set-option :produce-models true)(set-logic ALL)(declare-const n Int)(assert (= n "
    "3))(check-sat)(get-value (n))"
)


def query(text: str) -> Query:
    """A query of this text."""
    return Query("made up", "sat", text)


@pytest.fixture
def beside():
    """A solver beside, of this test alone."""
    made = Beside("cvc5")
    yield made
    made.stop()


def nothing() -> None:
    """What is done meanwhile."""


def test_both_solvers_answer() -> None:
    """One here, one beside, in the order of the table of solvers, with values."""
    assert {name: answer.verdict for name, answer in ask_all(query(UNSAT)).items()} == {
        "z3": "unsat",
        "cvc5": "unsat",
    }
    assert {name: dict(answer.values) for name, answer in ask_all(query(SAT)).items()} == {
        "z3": {"n": 3},
        "cvc5": {"n": 3},
    }
    assert CVC5.process is not None
    assert CVC5.process.poll() is None


def test_what_goes_wrong_beside_is_told() -> None:
    """A text that cannot be read has no answer, and the next one has."""
    assert ask_all(query("((("))["cvc5"].verdict == "unknown"
    assert ask_all(query(UNSAT))["cvc5"].verdict == "unsat"


def test_a_lost_process_is_replaced(beside: Beside) -> None:
    """Killed between two queries or during one, it costs no answer."""
    assert (beside.during(UNSAT, PATIENCE, nothing) or "").strip() == "unsat"

    def kill() -> None:
        assert beside.process is not None
        beside.process.kill()
        beside.process.wait()

    kill()
    assert (beside.during(SAT, PATIENCE, nothing) or "").startswith("sat")
    assert beside.during(UNSAT, PATIENCE, kill) in ("unsat\n", None)
    assert (beside.during(SAT, PATIENCE, nothing) or "").startswith("sat")


def test_without_a_process_the_answer_is_sought_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no process may be started, nothing is lost but time."""
    monkeypatch.setattr(sys, "executable", str(ROOT / "no-such-python"))
    alone = Beside("cvc5")
    assert alone.during(UNSAT, PATIENCE, nothing) is None
    monkeypatch.setattr(solvers, "CVC5", alone)
    assert ask_all(query(UNSAT))["cvc5"].verdict == "unsat"


def test_an_answer_that_nobody_took_is_not_the_next(beside: Beside) -> None:
    """Interrupted between question and answer, the process is ended: the next answer is to the
    next question.
    """

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        beside.during(UNSAT, PATIENCE, interrupted)
    assert beside.process is None
    assert (beside.during(SAT, PATIENCE, nothing) or "").startswith("sat")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_one_that_asked(ended_by: signal.Signals) -> None:
    """Interrupted from the keyboard, which reaches both, or killed: the process beside ends."""
    script = """
        import time
        from stsm_ref.proofs.smt.cvc5_process import CVC5
        CVC5.during("(set-logic ALL)(check-sat)", 600, lambda: None)
        print(CVC5.process.pid, flush=True)
        time.sleep(3600)
    """
    ours = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ours.stdout is not None
    pid = int(ours.stdout.readline())
    os.killpg(ours.pid, ended_by) if ended_by == signal.SIGINT else ours.kill()
    ours.communicate(timeout=PATIENCE)
    assert wait_until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    """Whether there is such a process that is more than a name in the table."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
