"""The suite's own score: it kills every mutant and no right implementation, and says who killed whom."""

import json
from functools import cache

import pytest
from typer.testing import CliRunner

from stsm_ref.cli import app
from stsm_ref.conformance import mutants as kit
from stsm_ref.conformance.mutants import WHY_NOT_ALONE, Score, Verdict
from stsm_ref.conformance.planted.implementation import Implementation
from stsm_ref.conformance.planted.parts import shifted
from stsm_ref.conformance.report import Report
from stsm_ref.conformance.suite import RULES
from stsm_ref.errors import SpecError
from tests.conformance.panel import behaviour

FRAMEWORKS = ("numpy", "torch")
ROWS_OF_THE_CATALOGUE = 33
NEEDS_A_NETWORK = {24: "an insertion that renames checkpoint keys: tests/nn/test_insertion.py"}


@cache
def scored(framework: str) -> Score:
    """Every implementation of a framework under the whole suite, once for all tests here."""
    return kit.score(kit.planted(framework))  # type: ignore[arg-type]  # one of the two


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_mutant_is_killed_and_nothing_else(framework):
    """At level smoke each mutant breaks a rule or gives no answer, and each right implementation passes."""
    wrong = [f"{v.implementation.name}: {v.report.outcome}" for v in scored(framework).verdicts if not v.as_it_should]
    assert not wrong
    assert scored(framework).as_it_should


def test_there_are_enough_of_both():
    """At least 60 mutants in NumPy alone, 20 in torch, and 8 right implementations in different styles and every layout."""
    assert len(scored("numpy").mutants) >= 60
    assert len(scored("torch").mutants) >= 20
    right = [v.implementation for framework in FRAMEWORKS for v in scored(framework).right]
    assert len(right) >= 8
    assert {entry.layout for entry in right} == {"TCHW", "NTCHW", "NCTHW", "NTHWC", "(NT)CHW"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_mutants_are_distinct(framework):
    """No two mutants do the same on the panel, and none does what a right implementation does."""
    seen: dict[str, str] = {}
    for verdict in scored(framework).mutants:
        name = verdict.implementation.name
        known = seen.setdefault(behaviour(verdict.implementation), name)
        assert known == name, f"{name} does what {known} does"
    ours = "numpy" if framework == "numpy" else "torch-right"
    right = Implementation(ours, shifted, "right", None) if framework == "numpy" else kit.named("torch-right-module")[0]
    assert behaviour(right) not in seen


def test_names_are_unique_and_say_what_is_wrong():
    """A name stands for one implementation, and its sentence is not empty."""
    every = kit.planted("all")
    assert len({entry.name for entry in every}) == len(every)
    assert all(entry.what for entry in every)


def test_every_row_of_the_catalogue_is_planted():
    """Each way in which real implementations go wrong is a mutant, but for those that only a network can have."""
    rows = {entry.bug for entry in kit.planted("all") if not entry.right} - {0}
    assert rows == set(range(1, ROWS_OF_THE_CATALOGUE + 1)) - set(NEEDS_A_NETWORK)


def test_every_rule_earns_its_place():
    """Each rule kills a mutant that nothing else kills, or its reason is given; a reason that no longer holds is refused."""
    both = Score("smoke", scored("numpy").verdicts + scored("torch").verdicts)
    alone = both.only_killed_by()
    assert set(RULES) <= set(alone)
    assert {rule for rule, names in alone.items() if not names} == set(WHY_NOT_ALONE)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_most_are_reported_at_once(framework):
    """Nine of ten mutants have broken a rule after one second of asking; a second more is left for the start."""
    quick = [verdict for verdict in scored(framework).mutants if verdict.seconds < 1]
    assert len(quick) >= 0.9 * len(scored(framework).mutants)


def _report(outcome: str, *, cases: int = 1, declared: int = 1) -> Report:
    from stsm_ref.conformance.report import RuleResult

    result = RuleResult("a_rule", "It holds", ("SHIFT-1",), "L1", outcome, cases, 0.1)  # type: ignore[arg-type]  # an outcome
    return Report("t", "t", "numpy", "NTCHW", "T@1", "smoke", 0, declared, 0.1, (result,))


@pytest.mark.parametrize(
    ("bug", "report", "as_it_should"),
    [
        (1, _report("violated"), True),
        (1, _report("broken"), True),
        (1, _report("passed"), False),
        (1, _report("undecided"), False),
        (1, _report("passed", cases=1, declared=2), False),
        (None, _report("passed"), True),
        (None, _report("violated"), False),
        (None, _report("broken"), False),
        (None, _report("passed", cases=1, declared=2), False),
    ],
)
def test_undecided_is_neither_killed_nor_passed(bug, report, as_it_should):
    """Only a broken rule or no answer kills; only a whole pass clears."""
    entry = Implementation("one", shifted, "an example", bug)
    assert Verdict(entry, report).as_it_should is as_it_should
    assert Score("smoke", (Verdict(entry, report),)).as_it_should is as_it_should


def test_a_score_of_nothing_is_no_success():
    """No implementation tried is not 100%."""
    assert not Score("smoke", ()).as_it_should


def test_a_survivor_is_seen(monkeypatch):
    """A suite that has lost its rules kills nothing, and the score says so with exit code 1."""
    for rule in list(RULES):
        if rule != "exact_rounding_refuses_fractions":
            monkeypatch.delitem(RULES, rule)
    ended = CliRunner().invoke(app, ["mutants", "rolled", "--json"])
    assert ended.exit_code == 1
    assert json.loads(ended.stdout)["summary"].startswith("0 of 1 mutants killed")


def test_a_false_alarm_is_seen(monkeypatch):
    """A right implementation that fails is exit code 1."""
    (right,) = kit.named("right-padded")
    monkeypatch.setattr(kit, "planted", lambda framework: (Implementation("right-padded", lambda x, spec: x.copy(), right.what, None),))
    ended = CliRunner().invoke(app, ["mutants", "right-padded"])
    assert ended.exit_code == 1
    assert "0 of 1 right ones pass" in ended.stdout


def test_the_command_shows_one():
    """One mutant is shown with the rules that it breaks, the first place that is wrong, and the score."""
    ended = CliRunner().invoke(app, ["mutants", "height-reversed"])
    assert ended.exit_code == 0
    assert "labels_reveal_every_move" in ended.stdout
    assert "should be" in ended.stdout
    assert "1 of 1 mutants killed" in ended.stdout


def test_the_command_prints_json():
    """`--json` has each verdict, its killers and its time, and each rule with what it alone kills."""
    ended = CliRunner().invoke(app, ["mutants", "nothing-moves", "--json"])
    data = json.loads(ended.stdout)
    (entry,) = data["implementations"]
    assert entry["killed_by"][0] == "labels_reveal_every_move"
    assert entry["bug"] == 23
    assert entry["seconds"] < 60
    assert set(data["rules"]) >= {"labels_reveal_every_move"}


def test_a_name_that_is_none():
    """The nearest names are told."""
    with pytest.raises(SpecError, match=r"name='roled' is no planted implementation: did you mean rolled"):
        kit.named("roled")
    with pytest.raises(SpecError, match="framework='jax' is none of numpy, torch, all"):
        kit.planted("jax")  # type: ignore[arg-type]  # that is the point
    assert CliRunner().invoke(app, ["mutants", "roled"]).exit_code == 2


def test_numpy_mutants_do_not_load_torch():
    """Scoring NumPy's mutants in a fresh process leaves torch out."""
    import subprocess
    import sys

    code = "import sys; from stsm_ref.conformance import mutants as m; m.score(m.named('rolled')); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
