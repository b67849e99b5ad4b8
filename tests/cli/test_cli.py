"""The commands: output for people and programs, exit codes, and bad input in one sentence."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

import stsm_ref
from stsm_ref import cli
from stsm_ref.checks.our_internals import registry, run, terminal
from stsm_ref.checks.our_internals.registry import load
from stsm_ref.evidence.report.html import requirements_page
from stsm_ref.requirements import REQUIREMENTS, requirement
from tests.bugs.faults import FAULTS

CHECKS = load(torch=False)
RUNNER = CliRunner()
FEW = ("an_impulse_arrives", "stsm_equals_definition", "kernels_are_one_hot")


def invoke(*arguments: str) -> Any:
    """Run a command in this process."""
    return RUNNER.invoke(cli.app, list(arguments))


@pytest.fixture
def few_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three checks and the requirements that they settle alone."""
    kept = {name: CHECKS[name] for name in FEW}
    monkeypatch.setattr(registry, "load", lambda **_: kept)
    wanted = ("GEO-1", "SHIFT-2", "PAD-1")
    entries = tuple(
        entry._replace(checks=tuple(c for c in entry.checks if c in FEW))
        for entry in run.REQUIREMENTS
        if entry.id in wanted
    )
    monkeypatch.setattr(run, "REQUIREMENTS", entries)


@pytest.mark.usefixtures("few_checks")
def test_verify_prints_a_table_and_conforms() -> None:
    """Every row passes, the rungs are explained, what is not covered is said, exit 0."""
    ended = invoke("verify", "--examples", "5")
    assert ended.exit_code == 0, ended.output
    assert "numpy" in ended.output
    assert "torch" in ended.output
    assert "passed: 3 of 3 requirements hold" in ended.output
    assert "L1  properties" in ended.output
    assert "Not looked at here" in ended.output


@pytest.mark.usefixtures("few_checks")
def test_verify_speaks_json() -> None:
    """Standard output is JSON and nothing else, whole enough to act on."""
    ended = invoke("verify", "--examples", "5", "--json")
    data = json.loads(ended.stdout)
    assert (data["format"], data["version"], data["outcome"]) == ("stsm-ref verify", 1, "passed")
    assert {"stsm_ref", "python", "numpy", "scipy", "hypothesis", "platform"} == set(
        data["environment"]
    )
    shift = next(entry for entry in data["requirements"] if entry["id"] == "SHIFT-2")
    assert shift["cases"] == sum(check["cases"] for check in shift["checks"]) > 0
    assert {"rule", "place", "quote", "standing", "rung", "limits", "outcome"} <= set(shift)


@pytest.mark.usefixtures("few_checks")
def test_verify_reports_a_violation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a faulty implementation: exit 1, the place and both values on the screen, in JSON and
    on the page.
    """
    faulty = FAULTS["edge-kept"].subject
    monkeypatch.setattr(
        run, "run_check", lambda check, _, **options: ORIGINAL(check, faulty, **options)
    )
    written = tmp_path / "verdict.html"
    ended = invoke("verify", "--side", "numpy", "--examples", "50", "--report", str(written))
    assert ended.exit_code == 1
    assert "violated: " in ended.output
    assert "should be 0.0" in " ".join(ended.output.replace("│", "").split())
    assert "should be 0.0" in written.read_text()
    assert json.loads(invoke("verify", "--json").stdout)["outcome"] == "violated"


ORIGINAL = run.run_check


@pytest.mark.usefixtures("few_checks")
def test_verify_is_undecided_when_nothing_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check without cases is no pass: exit 3."""
    empty = replace(CHECKS["an_impulse_arrives"], each=lambda _: ())
    monkeypatch.setattr(
        registry, "load", lambda **_: {name: CHECKS[name] for name in FEW} | {empty.name: empty}
    )
    ended = invoke("verify", "--examples", "5")
    assert ended.exit_code == 3
    assert "no case ran" in ended.output


def test_verify_refuses_a_report_before_it_works(tmp_path: Path) -> None:
    """A report that cannot be written is refused at once, exit 2."""
    ended = invoke("verify", "--report", str(tmp_path / "no" / "verdict.html"))
    assert ended.exit_code == 2
    assert "is not a folder that you may write to" in ended.output


@pytest.mark.parametrize(
    "arguments",
    [["verify", "--examples", "0"], ["verify", "--what"], ["frobnicate"], ["explain", "--what"]],
)
def test_wrong_use_is_exit_2(arguments: list[str]) -> None:
    """Unknown commands and options, and values out of range."""
    assert invoke(*arguments).exit_code == 2


def test_explain_tells_all() -> None:
    """Rule, quote, standing, evidence, limits, checks and a picture."""
    ended = invoke("explain", "pad-1")
    assert ended.exit_code == 0
    for words in (
        "zeros on one side only",
        "one side of the non-zero item",
        "stated",
        "L1",
        "padding=",
        "kernels_are_one_hot",
        "1234 -> 0123",
    ):
        assert words in ended.output, words


def test_explain_lists_and_speaks_json() -> None:
    """`all` is a line each; JSON is a list in either case."""
    assert invoke("explain", "all").output.count("\n") >= 40
    assert len(json.loads(invoke("explain", "all", "--json").stdout)) == len(REQUIREMENTS)
    (entry,) = json.loads(invoke("explain", "INV-1", "--json").stdout)
    assert entry["standing"] == "derived"
    assert [part["evidence"] for part in entry["clauses"]] == ["L4", "L1"]


def test_a_part_is_told_as_a_part() -> None:
    """A rung or a standing of a part of the rule is shown as one, by `explain` and in the table
    and page of `verify`.
    """
    words = " ".join(invoke("explain", "GEO-4").output.replace("│", "").split())
    for text in (
        "L4/L1",
        "silent in part",
        "rounded down, for those terms (silent, L4)",
        "1st to 18th",
        "12 move",
    ):
        assert text in words, text
    row = run.Row(requirement("MAT-3"), (a_theorem("steps_die_out"),))
    shown = Console(width=120, record=True, file=io.StringIO())
    shown.print(terminal.verdict((row,), row.results))
    text = shown.export_text()
    assert "L4/L1" in text
    assert "L4 is of a part of the rule" in text
    html = requirements_page.page(run.as_json((row,)), "")
    assert "<span>L4/L1</span>" in html
    assert "the matrices, and any displacement" in html


def a_theorem(name: str) -> run.Result:
    """A theorem that was proved, as `verify` holds it."""
    return run.Result(
        name, "States it", (), "L4", "passed", 1, 0.0, side="numpy", assumes="something"
    )


def test_half_of_the_implementations_is_held_to_its_half() -> None:
    """One side alone passes: the requirements that are not its business are left out, not
    failed.
    """
    ended = invoke("verify", "--side", "torch", "--examples", "2", "--json")
    data = json.loads(ended.stdout)
    assert (ended.exit_code, data["outcome"]) == (0, "passed")
    ids = {entry["id"] for entry in data["requirements"]}
    assert {"SHIFT-6", "SEP-2", "KERN-3D", "INV-1", "GRAD-4"} <= ids
    assert "MAT-3" not in ids
    assert {check["side"] for entry in data["requirements"] for check in entry["checks"]} == {
        "torch"
    }


def test_a_reader_may_stop_reading() -> None:
    """`stsm-ref explain all --json | head` ends without a traceback."""
    command = Path(sys.executable).with_name("stsm-ref")
    ended = subprocess.run(
        f"{command} explain all --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "[\n"
    assert "Traceback" not in ended.stderr


def test_explain_answers_a_wrong_id() -> None:
    """Near ids, exit 2, no traceback."""
    ended = invoke("explain", "PADD-1")
    assert ended.exit_code == 2
    assert "did you mean 'PAD-1'" in ended.output
    assert "Traceback" not in ended.output


def test_show_draws(tmp_path: Path) -> None:
    """A PNG where it was asked for, and its name on the screen."""
    out = tmp_path / "shift.png"
    ended = invoke("show", "--spec", "T", "--out", str(out))
    assert ended.exit_code == 0, ended.output
    assert out.read_bytes().startswith(b"\x89PNG")
    assert str(out) in ended.output.replace("\n", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "x.pdf"], "a picture is written as .png or .svg"),
        (["--spec", "HT"], "write 'TH'"),
        (["--out", "no/x.png"], "is not a folder"),
    ],
)
def test_show_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    """Endings, specs and folders that cannot be, exit 2, nothing written."""
    monkeypatch.chdir(tmp_path)
    ended = invoke("show", *options)
    assert ended.exit_code == 2
    assert message in ended.output
    assert list(tmp_path.iterdir()) == []


def test_show_draws_a_network(tmp_path: Path) -> None:
    """Where the shift stands in a network, to a file; an unknown network is refused before
    anything is written.
    """
    out = tmp_path / "network.svg"
    ended = invoke("show", "--model", "tsn_resnet18", "--out", str(out))
    assert ended.exit_code == 0, ended.output
    text = out.read_text()
    assert "8 shifts, 0 parameters" in text
    assert "STSM  24 of 64" in text
    assert invoke("show", "--model", "resnet", "--out", str(tmp_path / "x.png")).exit_code == 2
    assert list(tmp_path.iterdir()) == [out]


def test_cost_speaks_json() -> None:
    """The paper's 43.1 GFLOPs and 24.3M, to the unit, and the same without shift."""
    arguments = [
        "--segments",
        "8",
        "--size",
        "256",
        "--classes",
        "400",
        "--convention",
        "mmcv",
        "--json",
    ]
    for shift in ("stsm", "none"):
        ended = invoke("cost", "tsn_resnet50", "--shift", shift, *arguments)
        data = json.loads(ended.stdout)
        assert (data["operations"], data["parameters"], data["convention"]) == (
            43_055_054_848,
            24_327_632,
            "mmcv",
        )


def test_cost_prints_a_table() -> None:
    """By stage unless asked otherwise, with the convention in its head and the total at its
    foot.
    """
    ended = invoke("cost", "tsn_resnet18", "--size", "64", "--depth", "1")
    assert "operations (mmcv)" in ended.output
    assert ended.output.count("\n") == 6
    assert "tsn_resnet50_nl" in invoke("cost", "all").output
    assert "tsn_resnet50_nl" in json.loads(invoke("cost", "all", "--json").stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tsn_resnet51"], "did you mean 'tsn_resnet50'"),
        (["tsn_resnet18", "--shift", "stm"], "did you mean 'stsm'"),
        (["tsn_resnet18", "--convention", "flops"], "is not one of 'mmcv', 'macs'"),
        (["tsn_resnet18", "--segments", "0"], "num_segments=0"),
        (["tsn_resnet18", "--size", "-1"], "size=-1"),
        (["tsn_resnet18", "--depth", "0"], "depth=0"),
    ],
)
def test_cost_refuses(arguments: list[str], message: str) -> None:
    """Names, conventions and numbers that mean nothing, exit 2, in one sentence."""
    ended = invoke("cost", *arguments)
    assert ended.exit_code == 2
    assert message in ended.output
    assert "Traceback" not in ended.output


def test_bench_speaks_json() -> None:
    """Ratios with their baselines and limits; the exit code says whether the promises hold."""
    ended = invoke("bench", "--rounds", "3", "--side", "numpy", "--json")
    measured = json.loads(ended.stdout)
    assert {"name", "baseline", "ratio", "limit", "holds"} == set(measured[0])
    assert ended.exit_code == (0 if all(entry["holds"] for entry in measured) else 1)


def test_a_bug_of_ours_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody foresaw is exit 3 with its traceback, never 0 or 1."""
    monkeypatch.setattr("stsm_ref.requirements.requirement", lambda _: 1 / 0)
    assert invoke("explain", "GEO-1").exit_code == 3


def test_an_interrupted_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is neither a pass nor a violation."""

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stsm_ref.requirements.requirement", interrupt)
    ended = invoke("explain", "GEO-1")
    assert ended.exit_code == 130
    assert "nothing was decided" in ended.output


def test_the_command_is_installed() -> None:
    """`stsm-ref` stands beside the interpreter and lists its commands."""
    command = Path(sys.executable).with_name("stsm-ref")
    ended = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert all(name in ended.stdout for name in ("verify", "explain", "show", "bench", "cost"))


def test_the_command_line_starts_light() -> None:
    """Beside the mathematics, which `import stsm_ref` brings, nothing of ours is imported
    before a command runs.
    """
    lines = (
        "import sys, stsm_ref; known = {*sys.modules}; import stsm_ref.cli; "
        "print(*{*sys.modules} - known)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, timeout=600, check=True
    )
    ours = {name for name in ended.stdout.split() if name.startswith("stsm_ref.")}
    assert {name for name in ours if not name.startswith("stsm_ref.cli")} == {"stsm_ref._files"}
    assert not {"rich.progress", "hypothesis", "torch", "matplotlib", "z3"} & {
        *ended.stdout.split()
    }


def help_texts() -> list[tuple[str, str]]:
    """Each help text of each command and option, as Typer holds it."""
    commands = [typer.main.get_command(cli.app)]
    for command in commands:  # which grows by what each group holds
        commands += getattr(command, "commands", {}).values()
    texts = [(str(command.name), command.help or "") for command in commands]
    return texts + [
        (f"{command.name} {option.name}", getattr(option, "help", "") or "")
        for command in commands
        for option in command.params
    ]


def test_no_help_text_loses_a_bracket() -> None:
    """Rich takes `[@ALPHA]` for markup and shows nothing of it: what it would print is what was
    written.
    """
    texts = help_texts()
    assert len(texts) > 60
    for where, text in texts:
        assert Text.from_markup(text).plain == text.replace("\\[", "["), where


@pytest.mark.parametrize("command", ["check", "prove", "vectors list"])
def test_the_form_of_a_spec_is_shown_whole(command: str) -> None:
    """With alpha, order and rounding, each of which may be left out."""
    assert (
        "TERMS[@ALPHA][,ORDER][,ROUNDING]"
        in RUNNER.invoke(cli.app, [*command.split(), "--help"], env={"COLUMNS": "200"}).output
    )


def test_the_version_is_told() -> None:
    """By the command, and by the package as a module."""
    told = f"stsm-ref {stsm_ref.__version__}\n"
    assert invoke("--version").output == told
    ended = subprocess.run(
        [sys.executable, "-m", "stsm_ref", "--version"],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert ended.stdout == told


def test_explain_without_an_id_lists() -> None:
    """As with the word all."""
    assert invoke("explain").output == invoke("explain", "all").output
    assert "PAD-1" in invoke("explain").output
