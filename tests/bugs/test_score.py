"""The suite's own score: it kills every mutant and no right implementation, and says who killed
whom.
"""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from stsm_ref.bugs.implementation import Implementation, shifted
from stsm_ref.cli import app
from stsm_ref.conformance import score as kit
from stsm_ref.conformance import suite
from stsm_ref.conformance.score import WHY_NOT_ALONE, Score, Verdict
from stsm_ref.conformance.suite import HANDSHAKE, RULES
from stsm_ref.errors import SpecError
from stsm_ref.evidence.report.report import Report
from tests import ROOT
from tests.bugs.killers import BY_THE_WHOLE, executed, killers, sees
from tests.bugs.panel import looks

FRAMEWORKS = ("numpy", "torch")
ROWS_OF_THE_CATALOGUE = 33
NEEDS_A_NETWORK = {24: "an insertion that renames checkpoint keys: tests/nn/test_insertion.py"}


# for each rule that kills something alone, one mutant that nothing else kills
ALONE = {
    "handshake": "not-there",
    "labels_reveal_every_move": "wrong-at-eight-by-seven-by-five",
    "every_small_size_is_right": "wrong-at-one-combination",
    "long_axes_are_right": "wrong-at-sixteen-columns",
    "every_channel_count_is_cut_right": "single-precision-share",
    "the_output_can_be_shifted_again": "shifts-once",
    "golden_vectors_are_met": "wrong-at-fourteen-rows",
    "labels_reveal_every_move_back": "backward-wrong-at-eight-by-seven-by-five",
    "gradients_keep_their_dtype": "backward-wrong-at-double-of-three-frames",
    "jvp_is_the_shift": "tangent-wrong-beyond-four-columns",
    "the_input_is_not_written": "double-in-place",
    "the_output_owns_its_memory": "view-where-nothing-moves",
    "the_backward_writes_nothing": "backward-in-place-at-eight-frames",
    "a_residual_block_is_right": "torch-gradient-by-hook",
    "every_dtype_is_kept": "complex-wrong-at-five-by-seven",
    "bits_are_moved": "complex-nan-left-alone",
    "strides_make_no_difference": "double-channels-last-left-alone",
    "channels_last_is_kept": "torch-channels-last-lost",
    "every_basis_vector_moves_right": "sparse-left-alone",
    "exact_rounding_refuses_fractions": "exact-is-floor",
    "the_tangent_writes_nothing": "tangent-overwritten",
    "the_same_input_gives_the_same_output": "draws-random-numbers",
    "modes_make_no_difference": "torch-left-alone-without-gradient",
    "bfloat16_is_moved": "torch-negative-lost-in-bfloat16",
    "it_has_no_parameters": "torch-with-a-parameter",
    "a_backward_belongs_to_its_forward": "torch-state-of-the-last-forward",
    "every_kind_of_value_is_moved": "nan-left-alone",
    "gradients_of_every_kind_come_back": "backward-leaves-nan-alone",
    "tangents_of_every_kind_move": "tangent-leaves-huge-alone",
    "views_of_any_kind_are_read_right": "wrong-where-time-runs-backward",
    "gradients_of_any_strides_come_back": "backward-wrong-at-a-mean",
    "widths_of_networks_are_right": "wrong-at-widths-of-mobilenet",
    "gradients_of_networks_are_right": "backward-wrong-at-widths-of-mobilenet",
    "every_dtype_is_right_on_long_axes": "wrong-beyond-eight-columns-in-other-dtypes",
    "gradients_of_every_dtype_are_right_on_long_axes": "backward-wrong-beyond-eight-columns-in-other-dtypes",
    "the_first_answer_is_right": "first-answer-is-the-input",
    "other_values_are_seen": "remembers-the-object",
    "threads_do_not_disturb_each_other": "one-thread",
    "an_empty_batch_stays_empty": "empty-batch-loses-an-axis",
    "ways_to_ask_for_a_gradient_make_no_difference": "torch-backward-once-only",
    "a_backward_can_be_differentiated": "torch-backward-cut-off",
    "bfloat16_gradients_come_back": "torch-backward-loses-infinity-in-bfloat16",
}


# what needs the level ci, and the rule that sees it there
LATER = {
    "pixels-counted-in-sixteen-bits": "large_clips_are_right",
    "clips-counted-in-sixteen-bits": "large_clips_are_right",
    "frames-counted-in-sixteen-bits": "large_clips_are_right",
    "channels-counted-in-sixteen-bits": "large_clips_are_right",
    "rows-counted-in-sixteen-bits": "large_clips_are_right",
    "columns-counted-in-sixteen-bits": "large_clips_are_right",
    "places-counted-in-24-bits": "large_clips_are_right",
    "two-large-clips": "large_clips_are_right",
    "backward-wrong-in-two-large-clips": "large_gradients_come_back",
    "backward-wrong-behind-the-first-stage": "gradients_of_networks_are_right",
    "wrong-in-a-layer-of-mobilenet": "widths_of_networks_are_right",
    "half-places-counted-in-fifteen-bits": "every_dtype_is_right_on_long_axes",
    "rests-of-thirteen-columns": "long_axes_are_right",
    "large-views-left-alone": "views_of_any_kind_are_read_right",
    "half-wrong-at-thirty-three-columns": "every_dtype_is_right_on_long_axes",
    "backward-wrong-at-double-of-64-frames": "gradients_of_every_dtype_are_right_on_long_axes",
    "bool-wrong-where-time-runs-backward": "views_of_any_kind_are_read_right",
}


KILLERS = killers()
RIGHT = [entry for entry in kit.planted("all") if entry.right]
AT_ONCE = 40


def _to_be_killed() -> list[list[Implementation]]:
    """All that the level smoke is to kill, in portions; `test_a_rule_kills_alone` holds the
    others to the whole suite.
    """
    entries = [
        entry
        for entry in kit.planted("all")
        if not entry.right and entry.level == "smoke" and entry.name not in ALONE.values()
    ]
    return [entries[start : start + AT_ONCE] for start in range(0, len(entries), AT_ONCE)]


@pytest.mark.parametrize("entries", _to_be_killed(), ids=lambda entries: entries[0].name)
def test_every_mutant_is_killed(entries):
    """At level smoke each mutant breaks the rule that the table names, by itself, or gives no
    answer to the suite.
    """
    whole = [entry for entry in entries if KILLERS[entry.name] == BY_THE_WHOLE]
    verdicts = kit.score(whole).mutants
    for verdict in verdicts:
        assert len(verdict.killed_by) != 1 or verdict.killed_by[0] not in WHY_NOT_ALONE, (
            f"{verdict.killed_by} kills alone: drop its reason"
        )
    survivors = [verdict.implementation.name for verdict in verdicts if not verdict.as_it_should]
    survivors += [
        entry.name
        for entry in entries
        if entry not in whole and not sees(KILLERS[entry.name], entry)
    ]
    assert not survivors, (
        "if another rule sees them now, `python -m tests.bugs.killers` writes the table again"
    )


def test_the_table_names_every_mutant_and_a_rule_that_stands_for_itself():
    """And no rule whose redundancy is explained is the only one to kill something after all:
    another one is named.
    """
    assert set(KILLERS) == {
        entry.name for entry in kit.planted("all") if not entry.right and entry.level == "smoke"
    }
    assert set(KILLERS.values()) <= {*RULES, BY_THE_WHOLE} - set(WHY_NOT_ALONE)


def test_a_rule_sees_nothing_in_what_is_right():
    """Nor does one that does not concern the implementation: what the table says can turn out
    false.
    """
    assert not sees("labels_reveal_every_move", kit.named("right-rolled")[0])
    assert not sees("modes_make_no_difference", kit.named("rolled")[0])


@pytest.mark.parametrize("entry", RIGHT, ids=lambda entry: entry.name)
def test_a_right_implementation_passes(entry):
    """The whole level smoke has nothing to say against it."""
    (verdict,) = kit.score([entry]).right
    assert verdict.as_it_should, verdict.report.outcome


def test_there_are_enough_of_both():
    """At least 60 mutants in NumPy alone, 20 in torch, and 8 right implementations in different
    styles and every layout.
    """
    every = kit.planted("all")
    assert sum(not entry.right and entry.framework == "numpy" for entry in every) >= 60
    assert sum(not entry.right and entry.framework == "torch" for entry in every) >= 20
    right = [entry for entry in every if entry.right]
    assert len(right) >= 8
    assert {entry.layout for entry in right} == {"TCHW", "NTCHW", "NCTHW", "NTHWC", "(NT)CHW"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_mutants_are_distinct(framework):
    """No two mutants do the same on the panel, and none does what a right implementation does."""
    right = (
        Implementation("right", shifted, "right", None)
        if framework == "numpy"
        else kit.named("torch-right-module")[0]
    )
    groups = [[right, *(entry for entry in kit.planted(framework) if not entry.right)]]
    for look in looks():
        # only those that did the same so far are held to the next part of the panel
        found = [_told_apart(entries, look) for entries in groups]
        groups = [entries for told in found for entries in told if len(entries) > 1]
    assert not [[entry.name for entry in entries] for entries in groups]


def _told_apart(
    entries: list[Implementation], look: Callable[[Implementation], str]
) -> list[list[Implementation]]:
    alike: dict[str, list[Implementation]] = {}
    for entry in entries:
        alike.setdefault(look(entry), []).append(entry)
    return list(alike.values())


def test_names_are_unique_and_say_what_is_wrong():
    """A name stands for one implementation, and its sentence is not empty."""
    every = kit.planted("all")
    assert len({entry.name for entry in every}) == len(every)
    assert all(entry.what for entry in every)


def test_every_row_of_the_catalogue_is_planted():
    """Each way in which real implementations go wrong is a mutant, but for those that only a
    network can have.
    """
    rows = {entry.bug for entry in kit.planted("all") if not entry.right} - {0}
    assert rows == set(range(1, ROWS_OF_THE_CATALOGUE + 1)) - set(NEEDS_A_NETWORK)


def test_every_rule_earns_its_place():
    """Each rule kills a mutant alone, or says why not."""
    assert set(ALONE) | set(WHY_NOT_ALONE) == set(RULES) | {HANDSHAKE}
    assert not set(ALONE) & set(WHY_NOT_ALONE)


@pytest.mark.parametrize(("rule", "name"), ALONE.items())
def test_a_rule_kills_alone(rule, name):
    """The mutant breaks this rule and no other."""
    (verdict,) = kit.score(kit.named(name)).mutants
    assert verdict.killed_by == (rule,)


@pytest.mark.parametrize(("name", "rule"), LATER.items())
def test_what_needs_a_higher_level_is_killed_there(name, rule):
    """Its rule alone, with the cases of that level, sees it; at smoke it is left for later, and
    the score says so.
    """
    (entry,) = kit.named(name)
    assert entry.level == "ci"
    assert executed(rule, entry).failure is not None


def test_the_score_says_what_it_left_for_later():
    """All that is planted for a higher level is named, in words and as data, and is neither
    killed nor passed.
    """
    planted = [entry for entry in kit.planted("numpy") if entry.level != "smoke"]
    assert {entry.name for entry in planted} == set(LATER)
    found = kit.score([*kit.named("rolled"), *planted], first=True)
    assert found.summary() == (
        f"1 of 1 mutants killed, 0 of 0 right ones pass, at level smoke; {len(LATER)} more "
        "need larger clips, level ci"
    )
    assert [entry["name"] for entry in found.as_dict()["later"]] == [
        entry.name for entry in planted
    ]
    assert not kit.score(planted).as_it_should


def test_the_documented_numbers_are_right():
    """docs/score.md and the changelog say how many there are."""
    every = kit.planted("all")
    wrong = {
        framework: sum(not e.right and e.framework == framework for e in every)
        for framework in FRAMEWORKS
    }
    text = (ROOT / "docs" / "score.md").read_text()
    right = sum(entry.right for entry in every)
    assert (
        f"plants {sum(wrong.values())} wrong shifts ({wrong['numpy']} in NumPy, {wrong['torch']} "
        f"in torch) and {right} right ones"
    ) in text
    assert f"{sum(wrong.values())} distinct wrong shifts" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("level", ["smoke", "ci"])
def test_a_suite_that_runs_less_decides_nothing(monkeypatch, level):
    """With half of the cases cut out of the rules a right implementation is undecided, exit
    code 3, at any level.
    """
    from stsm_ref.evidence import executor

    whole = executor.RuleExecutor._run_cases
    monkeypatch.setattr(
        executor.RuleExecutor, "_run_cases", lambda self, cases: whole(self, list(cases)[::2])
    )
    monkeypatch.setattr(
        suite,
        "RULES",
        {name: RULES[name] for name in ("every_channel_count_is_cut_right", "every_dtype_is_kept")},
    )
    report = kit.examine(kit.named("right-rolled")[0], level=level)
    assert (report.outcome, report.exit_code, report.rung) == ("undecided", 3, "none")
    assert 0 < report.cases < report.declared


def _report(outcome: str, *, cases: int = 1, declared: int = 1) -> Report:
    from stsm_ref.evidence.report.report import RuleResult

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
    monkeypatch.setattr(
        suite,
        "RULES",
        {"exact_rounding_refuses_fractions": RULES["exact_rounding_refuses_fractions"]},
    )
    ended = CliRunner().invoke(app, ["mutants", "rolled", "--json"])
    assert ended.exit_code == 1
    assert json.loads(ended.stdout)["summary"].startswith("0 of 1 mutants killed")


def test_a_false_alarm_is_seen(monkeypatch):
    """A right implementation that fails is exit code 1."""
    (right,) = kit.named("right-padded")
    monkeypatch.setattr(
        kit,
        "planted",
        lambda framework: (
            Implementation("right-padded", lambda x, spec: x.copy(), right.what, None),
        ),
    )
    ended = CliRunner().invoke(app, ["mutants", "right-padded"])
    assert ended.exit_code == 1
    assert "0 of 1 right ones pass" in ended.stdout


def test_the_command_shows_one():
    """One mutant is shown with the rules that it breaks, the first place that is wrong, and the
    score.
    """
    ended = CliRunner().invoke(app, ["mutants", "h-reversed"])
    assert ended.exit_code == 0
    assert "labels_reveal_every_move" in ended.stdout
    assert "should be" in ended.stdout
    assert "1 of 1 mutants killed" in ended.stdout


def test_the_command_prints_json():
    """`--json` has each verdict, its killers and its time, and each rule with what it alone
    kills.
    """
    ended = CliRunner().invoke(app, ["mutants", "nothing-moved", "--json"])
    data = json.loads(ended.stdout)
    (entry,) = data["implementations"]
    assert entry["killed_by"][0] == "labels_reveal_every_move"
    assert entry["bug"] == 26
    assert entry["seconds"] > 0
    assert set(data["rules"]) >= {"labels_reveal_every_move"}


def test_a_name_that_is_none():
    """The nearest names are told."""
    with pytest.raises(
        SpecError, match=r"name='roled' is not a planted implementation: did you mean 'rolled'"
    ):
        kit.named("roled")
    with pytest.raises(SpecError, match="framework='jax' is none of numpy, torch, all"):
        kit.planted("jax")  # type: ignore[arg-type]  # that is the point
    assert CliRunner().invoke(app, ["mutants", "roled"]).exit_code == 2


def test_numpy_mutants_do_not_load_torch():
    """Scoring NumPy's mutants in a fresh process leaves torch out."""
    import subprocess
    import sys

    code = (
        "import sys; from stsm_ref.conformance import score as m; m.score(m.named('rolled')); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
