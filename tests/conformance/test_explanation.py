"""`stsm-ref explain` of a case: why it exists, and its input and output side by side."""

import json
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from stsm_ref import cli, definition, vectors
from stsm_ref.conformance import explanation
from stsm_ref.evidence.cases import Case
from stsm_ref.geometry import ShiftSpec
from stsm_ref.pictures import cases as pictures

RUNNER = CliRunner()


def invoke(*arguments: str) -> Any:
    """Run a command in this process."""
    return RUNNER.invoke(cli.app, list(arguments))


def lines(output: str) -> list[str]:
    """What stands in the panel, without its border."""
    return [line.strip("│ ") for line in output.splitlines()]


def test_a_vector_is_drawn() -> None:
    """Its reasons, the paper's words, its groups, and a channel of each with what entered
    marked.
    """
    ended = invoke("explain", "forward-terms/t-h-w_3of8_forward/001")
    assert ended.exit_code == 0, ended.output
    for words in (
        "one-row: H = 1: what moves in height is pushed out",
        "channels 6..15",
        "stays (X_N)",
        "“The remaining feature tensor",
    ):
        assert words in ended.output, words
    found = lines(ended.output)
    first = found.index("channel 0, clip 0: +1 (forward in time)")
    values = ["1", "41", "53", "61", "45", "65", "102", "140", "17"]
    assert found[first + 3].split() == [*values, "·", "·", "·", *values[:6]]


def test_a_wrong_output_is_drawn_where_it_is_wrong() -> None:
    """The bug by name, the clip that shows it, and a mark at each wrong value; groups that are
    right are left out.
    """
    ended = invoke("explain", "wrong-forward/t_1of2_forward/003")
    for words in (
        "clips-mixed: row 17",
        "channel 0, clip 1: +1 (forward in time)",
        "20! 23!",
        "the other group comes out right",
        "BATCH-1 (§3.1, caption of Fig. 2)",
    ):
        assert words in ended.output, words
    assert "must not be produced for the input of wrong-forward/t_1of2_forward/001" in ended.output


def test_a_gradient_is_drawn_moving_back() -> None:
    """The first group of TSM moves earlier in the forward, so its gradient moves later."""
    ended = invoke("explain", "vjp/t_1of4_backward/001")
    assert "channel 0, clip 0: +1 (forward in time)" in ended.output
    assert "grad" in ended.output
    assert "GRAD-1" in ended.output


def test_a_convolution_is_drawn() -> None:
    """Input, kernel, padding, output, and what the flipped kernel would give."""
    ended = invoke("explain", "conv/hw_+0_+1_+1/002")
    for words in (
        "kernel-flipped",
        "(0, 1, 1): +1 (down), +1 (right)",
        "zeros (before, after) on T, H, W: ((0, 0), (1, 0), (1, 0))",
        "10!",
    ):
        assert words in ended.output, words


def test_a_reject_is_told_with_our_refusal() -> None:
    """The text, the rule, and what our parser says."""
    ended = invoke("explain", "reject/terms/003")
    assert "letters of a term stand in the order T, H, W" in ended.output
    assert "terms='WT': 'WT' must have its letters once each" in ended.output
    assert "use rounding='floor'" in invoke("explain", "reject/exact/001").output


def test_a_case_of_a_run_is_drawn() -> None:
    """By its identifier alone, as the kit prints it; an array that is too large is cut, and
    only what is drawn is computed.
    """
    ended = invoke("explain", "jvp:T@1/4,backward-first:1x2x8x1x3:int8:labels:C:7")
    given = Case.parse("jvp:T@1/4,backward-first:1x2x8x1x3:int8:labels:C:7").array(1)
    found = lines(ended.output)
    first = found.index("channel 0, clip 0: -1 (backward in time)")
    row = [str(value) for value in (*given[0, 0, 0, 0], *given[0, 1, 0, 0], *given[0, 1, 0, 0])]
    assert found[first + 3].split() == [*row, "·", "·", "·"]
    large = invoke("explain", "forward:T+H+W@3/8:4x8x64x56x56:float32:labels:C:7")
    assert "... and 6 frames, 50 rows, 50 columns more" in large.output


def test_json_has_all_of_it() -> None:
    """Standard output is JSON: the case itself, its flags with their meaning, the rules and the
    picture.
    """
    data = json.loads(invoke("explain", "vjp/t_1of4_backward/001", "--json").stdout)
    assert data["case"]["kind"] == "vjp"
    assert data["flags"]["tsm"] == "the setting that equals TSM"
    assert data["requirements"][0]["id"] == "GRAD-1"
    assert "must come out" in data["picture"]
    run = json.loads(invoke("explain", "forward:T:1x2x8x1x3:int8:labels:C:7", "--json").stdout)
    assert run["case"]["spec"] == "T@3/8,forward-first,floor"


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("vjp/t_1of4_backwrd/001", "did you mean 'vjp/t_1of4_backward/001'"),
        ("vjp/" + 40 * "?", "stsm-ref vectors list shows them, 'vjp/t_0_forward/001' is the first"),
        ("forwardterms/x/1", "its first part is one of forward-terms"),
        ("zzz/x/1", "its first part is one of forward-terms, forward-exact"),
        ("forward:T:1x2x8x1x3:int8:labels:C", "is not a case, such as"),
        ("GEO-9", "did you mean 'GEO-"),
    ],
)
def test_what_is_no_case_is_answered(identifier: str, message: str) -> None:
    """Near identifiers, exit 2, no traceback."""
    ended = invoke("explain", identifier)
    assert ended.exit_code == 2
    assert message in ended.output.replace("\n", "")
    assert "Traceback" not in ended.output


def test_every_vector_can_be_explained() -> None:
    """One case in forty of each kind, special values and every dtype among them, is drawn
    without complaint.
    """
    chosen = [case for number, case in enumerate(vectors.load()) if number % 40 == 0]
    for case in chosen:
        explained = explanation.explain_case(case.id)
        assert max(map(len, explained.picture.splitlines()), default=0) <= pictures.WIDTH
        assert bool(explained.picture) == (case.kind != "reject")
        assert explained.panel()
    assert {case.kind for case in chosen} == {"forward", "vjp", "jvp", "conv", "reject"}


def test_the_picture_is_what_the_definition_gives() -> None:
    """For any spec: each number of the drawn output stands where the definition puts it, each
    dot where it puts +0.
    """
    spec = ShiftSpec("TH+W", 1, "backward-first")
    x = np.arange(1, 1 + 2 * 2 * 8 * 2 * 2, dtype=np.int16).reshape(2, 2, 8, 2, 2)
    y = definition.stsm(x, spec)
    blocks = pictures.draw_groups(x, y, spec).split("\n\n")[:-1]
    for block, group in zip(
        blocks, [g for g in spec.partition(8) if g.start < g.stop], strict=True
    ):
        drawn = [row.split()[4:] for row in block.split("\n")[3:]]
        wanted = [
            [
                str(v) if v else pictures.ENTERED
                for frame in y[0, :, group.start]
                for v in frame[row]
            ]
            for row in range(2)
        ]
        assert drawn == wanted


def test_many_groups_are_cut() -> None:
    """Nine are drawn; the others are counted, in the picture and in the list."""
    spec = ShiftSpec("THW+TH", 1)
    x = np.zeros((1, 1, 16, 1, 1), np.int8)
    assert "... and 3 more groups" in pictures.draw_groups(x, x, spec)
    assert pictures.group_lines(ShiftSpec("T", "1/8"), 3) == [
        "channels 0..2    stays (X_N)",
        "2 of 2 directions have no channel",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("labels_reveal_every_move", ("stsm-ref check", "Unique labels", "L2", "SHIFT-2")),
        ("kernels_are_one_hot", ("stsm-ref verify", "KERN")),
        ("slices_follow_the_rule", ("stsm-ref prove", "L4", "SHIFT-6")),
    ],
)
def test_what_is_checked_under_a_name_is_explained(name: str, words: tuple[str, ...]) -> None:
    """A rule of the suite, a check of verify, a theorem: what it says, who holds it, its rung,
    the rules it speaks for.
    """
    ended = invoke("explain", name)
    assert ended.exit_code == 0, ended.output
    assert all(word in ended.output for word in words), ended.output
    assert json.loads(invoke("explain", name, "--json").stdout)["name"] == name


def test_a_misspelt_name_is_told_its_neighbours() -> None:
    """Exit 2, and names like it."""
    ended = invoke("explain", "slices_folow_the_rule")
    assert ended.exit_code == 2
    assert "did you mean 'slices_follow_the_rule" in " ".join(ended.output.split())
