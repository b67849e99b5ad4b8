"""Not asked is not asked: each requirement stands as it was really asked, in each operation, in
every form of the report.
"""

import io
import json
import re
from xml.etree import ElementTree as Xml

import pytest
from rich.console import Console

from stsm_ref.conformance import check
from stsm_ref.conformance.suite import RULES, run_suite
from stsm_ref.evidence.options import RunOptions
from stsm_ref.evidence.report import badge, jsonl, junit, terminal
from stsm_ref.evidence.report.html import page as report_page
from stsm_ref.evidence.report.report import Report
from stsm_ref.evidence.standing import OPS, OperationStanding, operations, standing
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.requirements import REQUIREMENTS
from tests.implementations.examples import forward, jvp, vjp


@pytest.fixture(scope="module")
def forward_only() -> Report:
    """Ours without a gradient."""
    return check(forward, level="smoke")


@pytest.fixture(scope="module")
def whole() -> Report:
    """Ours with everything."""
    return check(forward, vjp=vjp, jvp=jvp, level="smoke")


GRADIENTS = ("GRAD-1", "GRAD-2", "GRAD-3", "PURE-2")


def test_without_a_gradient_nothing_is_said_of_gradients(forward_only, whole):
    """The requirements of gradients are not asked, with the reason; where all three operations
    are there, they pass.
    """
    stands, all_of_them = forward_only.requirements(), whole.requirements()
    for identifier in GRADIENTS:
        assert (stands[identifier].outcome, stands[identifier].rung) == ("not asked", "none")
        (only,) = stands[identifier].operations.values()
        assert only.why in ("the target has no vjp", "the target has no jvp")
        assert all_of_them[identifier].outcome == "passed"
    assert (forward_only.operations, forward_only.scope) == (("forward",), "forward only")
    assert (whole.operations, whole.scope) == (OPS, "")


def test_a_requirement_is_told_for_each_operation(forward_only, whole):
    """The dtype is kept by the forward; by the backward it was not asked; where it was, the
    backward has a rung of its own.
    """
    half = forward_only.requirements()["NUM-2"]
    assert half.operations["forward"] == OperationStanding("passed", "L1")
    assert half.operations["vjp"] == OperationStanding("not asked", "none", "the target has no vjp")
    assert whole.requirements()["BATCH-1"].operations == {
        "forward": OperationStanding("passed", "L1"),
        "vjp": OperationStanding("passed", "L2"),
    }
    assert whole.requirements()["GRAD-1"].operations == {"vjp": OperationStanding("passed", "L3")}


def test_forward_only_stands_in_every_form(forward_only):
    """Terminal, page, JUnit, JSON lines, JSON and badge, whose green is not the brightest."""
    console = Console(record=True, width=120, file=io.StringIO())
    terminal.show(forward_only, console)
    assert "conforms, forward only: " in console.export_text().splitlines()[-1]
    assert "<h1>Conforms at L3, forward only</h1>" in report_page.page(forward_only)
    assert "Nothing was asked about its gradients." in report_page.page(forward_only)
    suite = Xml.fromstring(junit.junit(forward_only)).find("testsuite")
    assert suite is not None
    assert suite.get("name", "").endswith(", forward only")
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert properties["scope"] == "forward only"
    assert properties["GRAD-1 (vjp)"] == "not asked: the target has no vjp"
    assert properties["SHIFT-6 (forward)"] == "passed L3"
    summary = jsonl.records(forward_only)[-1]
    assert (summary["scope"], summary["operations"]) == ("forward only", ["forward"])
    assert summary["requirements"]["GRAD-1"]["outcome"] == "not asked"
    assert forward_only.as_dict()["scope"] == "forward only"
    assert badge.badge(forward_only) | {"color": ""} == {
        "schemaVersion": 1,
        "label": "STSM",
        "message": "L3 conforms, forward only",
        "color": "",
    }
    assert badge.badge(forward_only)["color"] == "green"


def test_all_three_stand_without_a_remark(whole):
    """Nothing is added where nothing is missing."""
    assert badge.badge(whole)["message"] == "L3 conforms"
    assert badge.badge(whole)["color"] == "brightgreen"
    assert "<h1>Conforms at L3</h1>" in report_page.page(whole)


def test_the_page_tells_the_cells_apart(forward_only):
    """A cell that was not asked is not a pass, and says why."""
    page = report_page.page(forward_only)
    row = re.search(r'<tr><td class="id">GRAD-1.*?</tr>', page)
    assert row is not None
    assert "not asked" in row[0]
    assert 'title="the target has no vjp"' in row[0]
    assert "passed" not in row[0]


@pytest.mark.parametrize(
    ("spec", "missing"),
    [
        ("T@1/2", {"SHIFT-3"}),
        ("H@1/2", {"SHIFT-2"}),
        ("W+H@0", {"SHIFT-2", "SHIFT-3", "SHIFT-6", "GEO-1", "GEO-5"}),
        ("T+H+W@3/8", set()),
    ],
)
def test_a_step_without_channels_does_not_apply(spec, missing):
    """A spec of T alone has no step 3, whatever passes: nothing moves in height or width."""
    stands = check(forward, vjp=vjp, spec=spec, level="smoke").requirements()
    assert {i for i, one in stands.items() if one.outcome == "does not apply"} - {
        "TSM-1",
        "MEM-1",
    } == missing
    assert all(one.why for i in missing for one in stands[i].operations.values())


def test_a_size_without_a_rest_or_a_move_is_no_evidence():
    """Where the one channel count that a target has moves wholly, X_N was never seen; where it
    moves nothing, the steps were not.
    """
    target = PythonTarget(forward, fixed={"C": 16})
    stands = run_suite(target, RunOptions(ShiftSpec(alpha="1"), "smoke")).requirements()
    assert (
        run_suite(PythonTarget(forward, fixed={"C": 6}), RunOptions(ShiftSpec(alpha="1"), "smoke"))
        .requirements()["SHIFT-4"]
        .outcome
        == "does not apply"
    )
    assert stands["SHIFT-4"].outcome == "passed"
    small = run_suite(
        PythonTarget(lambda x, spec: x.copy(), fixed={"C": 2}), RunOptions(level="smoke")
    ).requirements()
    assert {small[i].outcome for i in ("SHIFT-2", "SHIFT-3", "SHIFT-6", "GEO-5")} == {
        "does not apply"
    }


def test_one_clip_says_nothing_of_two():
    """A layout that holds one clip cannot mix two, forward or back."""
    stands = check(forward, vjp=vjp, layout="TCHW", level="smoke").requirements()
    assert {one.outcome for one in stands["BATCH-1"].operations.values()} == {"does not apply"}


def test_finite_values_say_nothing_of_bits():
    """Who says that it computes is not told that it moves bits."""
    stands = check(forward, level="smoke", moves_bits=False).requirements()["NUM-1"]
    assert (stands.outcome, stands.operations["forward"].why) == (
        "not asked",
        "the target says that it computes, on finite values only (values: finite)",
    )


def test_a_broken_rule_decides_the_blamed_requirement_alone():
    """Of the others that it speaks for it says nothing more: they are undecided, unless another
    rule decides them.
    """
    wrong = check(lambda x, spec: x.copy(), level="smoke").requirements()
    assert wrong["SHIFT-2"].outcome == "violated"
    assert wrong["SHIFT-1"].outcome == "undecided"
    assert wrong["SHIFT-1"].operations["forward"].why.endswith("ended before it was decided")
    assert wrong["PURE-3"].outcome == "passed"


def test_every_rule_can_speak_for_a_requirement_it_names():
    """No id of the table is about an operation that there is not, and no rule names an unknown
    one.
    """
    for rule in RULES.values():
        assert rule.requirements
    assert {op for entry in REQUIREMENTS for op in operations(entry.id)} == set(OPS)


def test_the_worst_operation_decides():
    """Violated before undecided before passed before not asked before what does not apply."""
    one = {
        "forward": OperationStanding("passed", "L2"),
        "vjp": OperationStanding("not asked", "none", "no vjp"),
    }
    assert standing(one)[:2] == ("passed", "L2")
    assert standing(one | {"vjp": OperationStanding("violated", "L1")})[:2] == ("violated", "L2")
    assert standing({"jvp": OperationStanding("does not apply", "none")})[:2] == (
        "does not apply",
        "none",
    )


TORCH = """
import torch
from torch import nn
from stsm_ref import nn as snn

class Shift(nn.Module):
    def __init__(self, extra=False):
        super().__init__()
        if extra:
            self.mix = nn.Parameter(torch.eye(16))
    def forward(self, x, spec, num_segments):
        return snn.stsm(x, spec, num_segments)

right, learns = Shift(), Shift(extra=True)
gain = nn.Parameter(torch.ones(()))
def plain(x, spec, num_segments):
    return snn.stsm(x, spec, num_segments)
def hidden(x, spec, num_segments):
    y = snn.stsm(x, spec, num_segments)
    return y * gain if y.is_floating_point() and y.dtype == torch.float32 else y
def loses_the_format(x, spec, num_segments):
    return snn.stsm(x, spec, num_segments).contiguous()
"""


@pytest.fixture(scope="module")
def torch_targets():
    """A module, one with a parameter, a function, one that reaches for a parameter, one that
    loses the memory format.
    """
    pytest.importorskip("torch")
    made: dict[str, object] = {}
    exec(TORCH, made)  # the text above
    return made


def asked(target, **how):
    """The one rule on a torch target, on its one case."""
    return check(target, layout="(NT)CHW", framework="torch", **how)


PARAMETERS = (
    "it_has_no_parameters/forward:T+H+W@3/8,forward-first,floor:2x3x16x3x2:float32:labels:C:0"
)


@pytest.mark.parametrize(
    ("name", "state", "message"),
    [
        ("right", "passed", ""),
        ("learns", "violated", "it has parameters: mix 16 x 16; the shift has none"),
        (
            "hidden",
            "violated",
            "it has parameters: a tensor of one number that learns; the shift has none",
        ),
        ("plain", "not asked", ""),
    ],
)
def test_parameters_are_counted_or_not_claimed(torch_targets, name, state, message):
    """A module's are counted, one that takes part is found in the graph, and a plain function
    without one is not said to have none.
    """
    report = asked(torch_targets[name], only=PARAMETERS, moves_bits=False)
    assert report.requirements()["COST-1"].outcome == state
    assert [violation.message for violation in report.violations] == ([message] if message else [])


@pytest.fixture(scope="module")
def format_lost(torch_targets):
    """The whole smoke run of a torch function that is right and returns plain memory."""
    return asked(torch_targets["loses_the_format"], level="smoke")


def test_a_lost_memory_format_is_a_warning(format_lost, torch_targets):
    """Under its own id and words; it does not fail the run, and is a violation where it was
    asked for.
    """
    assert format_lost.passed
    assert (format_lost.exit_code, format_lost.scope) == (0, "")
    (warned,) = format_lost.warnings
    assert (warned.requirement, warned.rule) == ("MEM-1", "channels_last_is_kept")
    assert (
        warned.message
        == "the input is channels_last in memory and the output is not: keep the memory format"
    )
    stands = format_lost.requirements()
    assert (stands["MEM-1"].outcome, stands["NUM-2"].outcome, stands["COST-1"].outcome) == (
        "warned",
        "passed",
        "not asked",
    )
    strict = asked(
        torch_targets["loses_the_format"],
        keep_memory_format=True,
        only=f"channels_last_is_kept/{warned.case}",
    )
    assert [v.requirement for v in strict.violations] == ["MEM-1"]


def test_the_memory_format_is_asked_alike_at_every_level(torch_targets):
    """The same case at smoke, ci and night: what is told does not depend on the level."""
    from stsm_ref.evidence.suite_context import SuiteContext

    target = PythonTarget(torch_targets["plain"], layout="(NT)CHW", framework="torch")
    each = RULES["channels_last_is_kept"].each
    levels = ("smoke", "ci", "night")
    cases = {level: each(SuiteContext(target, ShiftSpec(), level=level)) for level in levels}
    assert cases["smoke"] == cases["ci"] == cases["night"]


def test_a_warning_stands_in_every_form(format_lost, tmp_path):
    """Terminal, page, JUnit and JSON lines have it, and none of them counts it as a failure."""
    (warned,) = format_lost.warnings
    console = Console(record=True, width=200, file=io.StringIO())
    terminal.show(format_lost, console)
    assert f"warning: MEM-1: {warned.message}" in console.export_text()
    assert f"MEM-1, channels_last_is_kept: {warned.message}" in report_page.page(format_lost)
    suite = Xml.fromstring(junit.junit(format_lost)).find("testsuite")
    assert suite is not None
    assert suite.get("failures") == "0"
    assert f"warning: MEM-1: {warned.message}" in [one.text for one in suite.iter("system-out")]
    jsonl.write(format_lost, tmp_path / "run.jsonl")
    assert jsonl.read(tmp_path / "run.jsonl") == format_lost
    assert json.loads((tmp_path / "run.jsonl").read_text().splitlines()[-1])["outcome"] == "passed"
