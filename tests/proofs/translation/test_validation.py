"""Translation validation: right modules are proved, wrong ones refuted by what they do
themselves, the rest is said to be undecided.
"""

import json
from pathlib import Path

import pytest

from stsm_ref import ShiftSpec
from stsm_ref.errors import SpecError, StsmError
from stsm_ref.proofs.operators.table import MEANINGS
from stsm_ref.proofs.smt import solvers
from stsm_ref.proofs.translation import run
from stsm_ref.proofs.translation.layout import Layout
from stsm_ref.proofs.translation.validation import Verdict, validate_target

FILE = Path(__file__).with_name("implementations.py")
TSM, FOLDED = "T@1/4,backward-first", "(NT)CHW"


def prove(name: str, spec: str = TSM, layout: str = "TCHW", **options) -> Verdict:
    """Validate one module of `manners.py`."""
    return validate_target(f"py:{FILE}:{name}", ShiftSpec.parse(spec), layout=layout, **options)


PROVED = [
    ("tsm", TSM, FOLDED, False),
    ("ours_by_slices", "T+H+W", FOLDED, True),
    ("ours_by_convolution", "T+H+W", FOLDED, False),
    ("padding_and_cat", TSM, "TCHW", True),
    ("roll_and_mask", TSM, "TCHW", False),
    ("spec_tchw", "W@1", "TCHW", False),
    ("spec_nthwc", "W@1,backward-first", "NTHWC", False),
]


IN_WHOLE = ("tsm", "padding_and_cat", "roll_and_mask")


@pytest.mark.parametrize(("name", "spec", "layout", "moves_bits"), PROVED)
def test_a_right_module_is_proved(
    name: str, spec: str, layout: str, moves_bits: bool, request: pytest.FixtureRequest
) -> None:
    """Forward and backward, for all sizes; whether bits are moved or numbers added is said."""
    if name not in IN_WHOLE:
        request.getfixturevalue("three_and_more")
    # by slices we do something else where Python runs the module than where torch.export records it
    verdict = prove(name, spec, layout, as_exported=name.startswith("ours_by"))
    assert verdict.outcome == "proved", "\n".join(verdict.text)
    assert verdict.exit_code == 0
    assert [direction.name for direction in verdict.directions] == ["forward", "backward"]
    assert all(direction.moves_bits for direction in verdict.directions) == moves_bits
    free = Layout.of(layout, 16, 8).free
    assert verdict.sizes_run > 3 ** len(free)
    assert verdict.text[0].endswith("as bits" if moves_bits else "over the real numbers")
    assert f"all {', '.join(free)} >= 1" in verdict.text[0]


REFUTED = [
    ("zeros_by_subtraction", TSM, "TCHW", "gradient["),
    ("one_sign_changed", TSM, FOLDED, "should be"),
    ("directions_swapped", TSM, "TCHW", "should be"),
    ("wraps_around", TSM, "TCHW", "should be"),
    ("edge_kept", TSM, "TCHW", "should be"),
    ("nothing_moves", TSM, "TCHW", "should be"),
    ("everything_is_zero", TSM, "TCHW", "should be"),
    ("second_group_starts_late", TSM, "TCHW", "should be"),
    ("channels_permuted", TSM, "TCHW", "should be"),
    ("half_precision", TSM, "TCHW", "should be"),
    ("scaled", TSM, "TCHW", "should be"),
    ("clips_mix", TSM, FOLDED, "should be"),
    ("clips_viewed_as_channels", TSM, "NTCHW", "should be"),
    ("kernel_flipped", TSM, FOLDED, "should be"),
    ("wrong_at_three_frames", TSM, "TCHW", "at T=3"),
    ("wrong_from_forty_rows_on", TSM, "TCHW", "W=6"),
    ("fails_at_one_frame", TSM, "TCHW", "at T=1"),
    ("last_frame_dropped", TSM, "TCHW", "the result is"),
    ("axes_swapped", "H@1", "TCHW", "should be"),
    ("overwrites_its_input", TSM, "TCHW", "overwrites its input"),
    ("overlapping_copy", TSM, "TCHW", "should be"),
    ("backward_not_transposed", TSM, "TCHW", "gradient["),
    ("backward_reads_the_input", TSM, "TCHW", "gradient["),
    ("differs_when_exported", TSM, "TCHW", "should be"),
]


@pytest.mark.parametrize(("name", "spec", "layout", "said"), REFUTED)
def test_a_wrong_module_is_refuted(name: str, spec: str, layout: str, said: str) -> None:
    """With sizes, a place and both values there, which the module itself has shown."""
    verdict = prove(name, spec, layout)
    text = "\n".join(verdict.text)
    assert verdict.outcome == "refuted", text
    assert verdict.exit_code == 1
    assert said in text
    refuted = next(direction for direction in verdict.directions if direction.outcome == "refuted")
    violation = refuted.violation
    assert violation is not None
    assert violation.got != violation.should_be or violation.got is None
    assert refuted.as_dict()["counterexample"]["sizes"] == violation.sizes
    json.dumps(verdict.as_dict())


@pytest.mark.usefixtures("three_and_more")
def test_a_module_of_another_spec_is_refuted() -> None:
    """The same module against another order of directions."""
    assert prove("assignments", "T@1/4,forward-first").outcome == "refuted"
    assert prove("assignments", TSM).outcome == "proved"


def test_the_counterexample_is_what_the_module_does() -> None:
    """Index and values are read from a run of the module, and can be had again."""
    from stsm_ref.proofs.translation.target import load

    verdict = prove("one_sign_changed", TSM, FOLDED)
    violation = verdict.directions[0].violation
    module, _ = load(f"py:{FILE}:one_sign_changed", ShiftSpec.parse(TSM))
    sizes = {letter: violation.sizes[letter] for letter in "NHW"}
    shape = Layout.of(FOLDED, 16, 8).concrete_shape(sizes)
    x = run.labels(shape, 0)
    assert module(x)[violation.index].item() == violation.got != violation.should_be
    n, t, c, h, w = (violation.position[letter] for letter in "NTCHW")
    came_from = t - 1  # the second group moves forward in time
    assert violation.index == (n * 8 + t, c, h, w)
    assert violation.should_be == (x[n * 8 + came_from, c, h, w].item() if came_from >= 0 else 0)


def test_what_no_run_confirms_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that differs from STSM while the module itself does not: neither proved nor
    refuted.
    """
    verdict = prove("wrong_when_exported", as_exported=True)
    assert (verdict.outcome, verdict.exit_code) == ("undecided", 3)
    assert "the graph differs from STSM" in "\n".join(verdict.text)


def test_a_wrong_meaning_is_no_refutation(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the table were wrong, the module itself would disagree with the counterexample, and
    nothing is decided.
    """
    right = MEANINGS["aten.slice.Tensor"]
    monkeypatch.setitem(
        MEANINGS,
        "aten.slice.Tensor",
        lambda s, x, d, a, b, step: right(s, x, d, (a or 0) and a - 1, b, step),
    )
    assert prove("padding_and_cat").outcome == "undecided"


def test_an_unsupported_operator_is_named_with_its_line() -> None:
    """The operator of ATen, and the line of the user's file."""
    verdict = prove("cosine")
    assert (verdict.outcome, verdict.exit_code) == ("undecided", 3)
    line = next(
        n for n, text in enumerate(FILE.read_text().splitlines(), start=1) if "x.cos()" in text
    )
    assert f"unsupported: aten.cos.default at line {line}: " in "\n".join(verdict.text)


def test_each_direction_is_decided_alone() -> None:
    """Zeros made as ``x - x`` are zeros; in the gradient of that, what is added and taken away
    again rounds what it meets.
    """
    verdict = prove("zeros_by_subtraction")
    assert [direction.outcome for direction in verdict.directions] == ["undecided", "refuted"]
    assert verdict.outcome == "refuted"
    assert "nothing was proved: the backward was refuted first" in "\n".join(verdict.text)


def test_a_module_that_branches_on_values_is_undecided() -> None:
    """The line is named that asks."""
    verdict = prove("branches_on_values")
    assert verdict.outcome == "undecided"
    assert "the module asks torch.Tensor.__bool__ at line" in "\n".join(verdict.text)


@pytest.mark.usefixtures("three_and_more")
def test_solvers_that_time_out_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is not a proof."""
    monkeypatch.setattr(solvers, "SOLVERS", solvers.SOLVERS | {"z3": lambda *_: "unknown"})
    assert prove("padding_and_cat").outcome == "undecided"


@pytest.mark.usefixtures("three_and_more")
def test_a_vacuous_proof_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """If what is assumed could not hold, no counterexample would mean nothing, and nothing is
    proved.
    """
    from stsm_ref.proofs.translation import comparison

    script = comparison.script
    monkeypatch.setattr(
        comparison,
        "script",
        lambda *a: script(*a).replace("(check-sat)", "(assert false)\n(check-sat)"),
    )
    verdict = prove("padding_and_cat")
    assert verdict.outcome == "undecided"
    assert "rules all of them out" in "\n".join(verdict.text)


def test_a_module_unrolled_over_an_axis_is_undecided() -> None:
    """torch.export then makes a graph for each size, and no few of them are all."""
    verdict = prove("unrolled")
    assert verdict.outcome == "undecided"
    assert "each holds for few sizes only" in "\n".join(verdict.text)


@pytest.mark.usefixtures("three_and_more")
def test_one_solver_alone_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof needs both to say that there is no counterexample."""
    monkeypatch.setattr(solvers, "SOLVERS", solvers.SOLVERS | {"cvc5": lambda *_: "unknown"})
    verdict = prove("padding_and_cat")
    assert verdict.outcome == "undecided"
    assert "z3 says unsat, cvc5 says unknown" in "\n".join(verdict.text)


@pytest.mark.usefixtures("three_and_more")
def test_questions_are_written_and_read_again(tmp_path: Path) -> None:
    """Each is a file of SMT-LIB that both solvers answer with unsat."""
    verdict = prove("padding_and_cat", smt2=tmp_path / "questions")
    files = sorted((tmp_path / "questions").iterdir())
    assert len(files) == sum(direction.questions for direction in verdict.directions)
    assert {path.suffix for path in files} == {".smt2"}
    for path in files[:5]:
        for solver in solvers.SOLVERS:
            assert solvers.listen(solver, path.read_text(), 10).startswith("unsat")


WRONG_USE = [
    ("manners.py:tsm", "write py:FILE.py:make_module"),
    ("py:absent.py:tsm", "there is no file 'absent.py'"),
    ("py:no_such_module_here:tsm", "no_such_module_here cannot be imported: ModuleNotFoundError"),
    (f"py:{FILE}:absent", "has no 'absent': it has "),
    (f"py:{FILE}:raises_on_making", "raises_on_making(spec) raises RuntimeError: not today"),
    (f"py:{FILE}:no_module", "returns function: return a torch.nn.Module"),
    (f"py:{FILE}:two_results", "the module returns tuple, no tensor"),
    (
        f"py:{FILE}:clips_viewed_as_channels",
        "does not take a sample (5, 16, 4, 7) of layout TCHW: the module raises ValueError",
    ),
]


@pytest.mark.parametrize(("target", "said"), WRONG_USE)
def test_wrong_use_is_an_error(target: str, said: str) -> None:
    """In one sentence, with the way out."""
    with pytest.raises(StsmError, match="target=") as error:
        validate_target(target, ShiftSpec.parse(TSM), layout="TCHW")
    assert said in str(error.value)


def test_arguments_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    """Layout, channels, segments, spec, and a folder that cannot be one."""
    with pytest.raises(SpecError, match="layout='THWC' is not one of 'TCHW', 'NTCHW'"):
        prove("tsm", layout="THWC")
    with pytest.raises(SpecError, match="channels=0 is less than 1"):
        prove("tsm", channels=0)
    with pytest.raises(SpecError, match="segments=0 is less than 1"):
        prove("tsm", layout=FOLDED, segments=0)
    with pytest.raises(SpecError, match="rounding='exact'"):
        prove("tsm", "T+H+W,exact", channels=10)
    (tmp_path / "file").write_text("")
    with pytest.raises(StsmError, match="cannot be made a folder"):
        prove("padding_and_cat", smt2=tmp_path / "file")


@pytest.mark.usefixtures("three_and_more")
def test_other_channels_are_another_claim() -> None:
    """C is a number in the claim: of 24 channels TSM's fixed groups are the wrong ones."""
    assert prove("padding_and_cat", channels=16).directions[0].outcome == "proved"
    with pytest.raises(StsmError, match="does not take a sample"):
        prove("padding_and_cat", channels=24)
