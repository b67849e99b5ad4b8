"""Two solvers at the same time: the same answers, none taken for another, nothing left running."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from stsm_ref.proofs.smt import solvers
from stsm_ref.proofs.smt.solvers import SOLVERS, Query, ask_all
from tests import ROOT
from tests.patience import PATIENCE

UNSAT = "(set-logic ALL)(declare-const n Int)(assert (< n n))(check-sat)"
SAT = (
    "(set-option :produce-models true)(set-logic ALL)(declare-const n Int)(assert (= n 3))"
    "(check-sat)(get-value (n))"
)
HARD = """
(set-logic ALL)
(declare-const x Int)(declare-const y Int)(declare-const z Int)
(assert (= (+ (* x x x) (* y y y) (* z z z)) 114))
(check-sat)
"""
"""Whether 114 is a sum of three cubes is not known."""


def query(text: str) -> Query:
    """A query of this text."""
    return Query("made up", "sat", text)


def test_both_solvers_answer() -> None:
    """In the order of the table of solvers, with values."""
    answers = ask_all(query(UNSAT))
    assert list(answers) == list(SOLVERS)
    assert {answer.status for answer in answers.values()} == {"unsat"}
    values = {name: dict(answer.values) for name, answer in ask_all(query(SAT)).items()}
    assert values == {"z3": {"n": 3}, "cvc5": {"n": 3}}


def test_the_solvers_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the other to begin, which only two that run at once can do."""
    both = threading.Barrier(2, timeout=PATIENCE)

    def meet(text: str, timeout: float) -> str:
        both.wait()
        return "unsat"

    monkeypatch.setattr(solvers, "SOLVERS", dict.fromkeys(SOLVERS, meet))
    assert {answer.status for answer in ask_all(query(UNSAT)).values()} == {"unsat"}


@pytest.mark.parametrize("solver", sorted(SOLVERS))
def test_a_solver_that_fails_has_no_answer(solver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is "unknown" and says why; the other's answer stands, and the next query is answered."""

    def fail(text: str, timeout: float) -> str:
        raise MemoryError("no room")

    with monkeypatch.context() as context:
        context.setattr(solvers, "SOLVERS", dict(SOLVERS) | {solver: fail})
        answers = ask_all(query(UNSAT))
    assert answers.pop(solver) == ("unknown", {}, "MemoryError: no room")
    assert {answer.status for answer in answers.values()} == {"unsat"}
    assert {answer.status for answer in ask_all(query("(((")).values()} == {"unknown"}
    assert {answer.status for answer in ask_all(query(UNSAT)).values()} == {"unsat"}


def test_an_interrupt_ends_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """z3 is not waited for, and what it says afterwards is not taken for the next answer."""

    def interrupted(text: str, timeout: float) -> str:
        time.sleep(1)  # z3 is at work
        raise KeyboardInterrupt

    threads = threading.active_count()
    begun = time.monotonic()
    with monkeypatch.context() as context:
        context.setattr(solvers, "SOLVERS", dict(SOLVERS) | {"cvc5": interrupted})
        with pytest.raises(KeyboardInterrupt):
            ask_all(query(HARD), timeout=10 * PATIENCE)
    assert time.monotonic() - begun < PATIENCE
    assert threading.active_count() == threads
    assert {name: answer.status for name, answer in ask_all(query(SAT)).items()} == {
        "z3": "sat",
        "cvc5": "sat",
    }


def run_script(text: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    code = "import os, signal\nfrom stsm_ref.proofs.smt import solvers\n" + textwrap.dedent(text)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=env,
        timeout=PATIENCE,
    )


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_crash_of_a_solver_is_no_answer() -> None:
    """Solvers run in this process: if one crashes, it ends with the signal, and never with a
    verdict.
    """
    ended = run_script("""
        def crash(text, timeout):
            os.kill(os.getpid(), signal.SIGKILL)
        solvers.SOLVERS = dict(solvers.SOLVERS) | {"cvc5": crash}
        print(solvers.ask_all(solvers.Query("made up", "unsat", "(check-sat)")))
    """)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that split")
def test_a_process_that_was_split_off_has_solvers_too() -> None:
    """Threads do not live on in a child, so none may be kept from one query to the next."""
    ended = run_script("""
        query = solvers.Query("made up", "unsat", "(set-logic ALL)(assert false)(check-sat)")
        print(solvers.ask_all(query)["z3"].status, flush=True)
        child = os.fork()
        print(solvers.ask_all(query)["z3"].status, flush=True)
        if child:
            assert os.waitpid(child, 0)[1] == 0
    """)
    assert (ended.returncode, ended.stdout.split()) == (0, ["unsat"] * 3), ended.stderr
