"""A report in four forms, each made from the report alone, whole, and safe to open."""

import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as Xml

import jsonschema
import numpy as np
import pytest

from stsm_ref._files import write_whole
from stsm_ref.conformance import check, score
from stsm_ref.errors import ReportError
from stsm_ref.evidence.report import badge, jsonl, junit
from stsm_ref.evidence.report.html import page as report_page
from stsm_ref.evidence.report.html.figure import figure
from stsm_ref.evidence.report.report import Report, RuleResult, Violation
from tests.implementations.examples import forward

FORMS = {"page": report_page, "junit": junit, "jsonl": jsonl, "badge": badge}
EVIL = "</script><script>alert(1)</script>&<b>\x00\x1b[31m\ud800 end"


@cache
def examined(name: str) -> Report:
    """The report on a planted implementation."""
    return score.examine(score.named(name)[0], shrink=True)


def hostile() -> Report:
    """A report in which everything that a target can say is an attack."""
    violation = Violation(
        message=EVIL, rule="labels", requirement="SHIFT-6", statement=EVIL, place=EVIL, case=EVIL,
        guess=EVIL, reproduce=EVIL, compared=EVIL, index=(0, 0, 0, 0, 0), shape=(1, 1, 9, 1, 1),
        got=EVIL, expected=EVIL, got_bytes="00", expected_bytes="00", bits_only=True,
        arguments=(EVIL,),
    )  # fmt: skip
    results = (
        RuleResult("labels", EVIL, ("SHIFT-6",), "L2", "violated", 3, 0.1, violation=violation),
        RuleResult("later", EVIL, ("NUM-1",), "L1", "broken", 1, 0.1, note=EVIL),
        RuleResult("last", EVIL, ("ELSE-1",), "L1", "skipped", 0, 0.1, note=EVIL),
    )
    return Report(
        EVIL,
        EVIL,
        EVIL,
        "NTCHW",
        "T",
        "smoke",
        0,
        9,
        0.3,
        results,
        EVIL,
        (EVIL,),
        {"python": EVIL},
        {"suite": EVIL},
    )


REPORTS = {
    "passed": lambda: examined("right-padded"),
    "violated": lambda: examined("h-and-w-swapped"),
    "broken": lambda: examined("contiguous-required"),
    "undecided": lambda: replace(examined("right-padded"), declared=10**6),
    "hostile": hostile,
    "nothing": lambda: replace(examined("right-padded"), results=(), declared=0),
}


@pytest.fixture(params=REPORTS)
def report(request):
    """One report of each outcome, one from a hostile target, one of no rule at all."""
    return REPORTS[request.param]()


class _Page(HTMLParser):
    """Collects what a page has and would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [
            value or ""
            for name, value in attrs
            if name in ("src", "href", "srcset", "data", "action") or name.startswith("on")
        ]

    def handle_data(self, data):
        self.text += data


def _parsed(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    return page


def _read(report: Report) -> _Page:
    return _parsed(report_page.page(report))


def test_the_page_loads_nothing(report):
    """No script, link, foreign picture or handler; the target's words stand in it as words."""
    page = _read(report)
    assert not page.loads
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(page.tags)
    assert "url(" not in report_page.page(report)
    assert "http" not in report_page.page(report)
    if report.name == EVIL:
        assert "<script>alert(1)</script>" in page.text


def test_the_page_says_the_verdict_first():
    """The headline is the outcome, and no run without a verdict reads as a pass."""
    first = {
        name: re.search(r"<h1>(.*?)</h1>", report_page.page(make()))[1]
        for name, make in REPORTS.items()
    }
    assert first == {
        "passed": "Conforms at L3",
        "violated": "Does not conform",
        "broken": "Could not be judged",
        "undecided": "Undecided",
        "hostile": "Does not conform",
        "nothing": "Undecided",
    }


def test_the_page_has_every_rule_and_requirement():
    """Each requirement, rule and violation with message, case and the line that repeats it."""
    report = examined("h-and-w-swapped")
    text = _read(report).text
    for result in report.results:
        assert result.rule in text
    for identifier in report.requirements():
        assert identifier in text
    assert "T is fixed at 8" in _read(replace(report, limits=("T is fixed at 8",))).text
    for violation in report.violations:
        assert violation.message in text
        assert violation.case in text
        assert violation.reproduce in text


SPEC = "T+H+W@3/8,forward-first,floor"
WRONG = Violation(
    message="not read", aspect="values", operation="forward", index=(0, 1, 2, 2, 1),
    shape=(1, 2, 16, 3, 2), got="5.0", expected="7.0", rule="r", requirement="SHIFT-3",
    statement="s", place="§3.2",
    case=f"forward:{SPEC}:1x2x16x3x2:float32:labels:C:0",
)  # fmt: skip


def drawn(violation: Violation, spec: str = "T") -> str:
    """The figure of a page that reports this violation; empty where it has none."""
    result = RuleResult("r", "s", ("SHIFT-3",), "L1", "violated", 1, 0.1, violation=violation)
    html = report_page.page(Report("t", "t", "numpy", "NTCHW", spec, "smoke", 0, 1, 0.1, (result,)))
    return "".join(re.findall(r"<figure>.*?</figure>", html, re.DOTALL))


def test_the_figure_marks_the_place():
    """It marks the wrong channel and cell, and the cell from which the value should have come."""
    html = drawn(WRONG)
    assert html.count("cell bad") == 1
    assert html.count("cell origin") == 1
    assert "which comes from frame 1, row 1, column 1." in html
    assert "2..2: +1 (down)" in html
    back = replace(WRONG, operation="vjp")
    assert figure(back, "T").source == (1, 3, 1)
    assert "a zero enters" in drawn(back)
    assert "cell origin" not in drawn(back)


def test_the_figure_of_a_golden_vector():
    """The identifier of a vector does not say its spec; the report does."""
    vector = replace(WRONG, case="forward-terms/t_1_forward/001")
    assert "comes from frame 1, row 1, column 1." in drawn(vector, SPEC)
    assert "the whole" not in drawn(vector, SPEC)


@pytest.mark.parametrize(
    "changes",
    [
        {"index": ()},
        {"index": (0, 9, 0, 0, 0)},
        {"index": (0, -1, 0, 0, 0)},
        {"index": (0, 1, 2, 2), "shape": (1, 2, 16, 3)},
        {"case": "forward:nothing"},
        {"case": "forward:T@1/3,forward-first,exact:1x2x16x3x2:float32:labels:C:0"},
    ],
)
def test_no_figure_where_nothing_can_be_drawn(changes):
    """No place, a place outside, or a spec that does not take so many channels."""
    assert drawn(WRONG)
    assert drawn(replace(WRONG, **changes)) == ""


def nan_payload(x, spec):
    """Right, but that NaN loses its payload."""
    y = forward(x, spec)
    if y.dtype.kind == "f":
        y[np.isnan(y)] = np.nan
    return y


def rolled(x, spec):
    """What leaves at the end comes in again, in all channels."""
    return np.roll(x, 1, 1)


def strided(x, spec):
    """Right where the input is contiguous."""
    return forward(np.ascontiguousarray(x), spec) + (0 if x.flags.c_contiguous else 1)


@pytest.mark.parametrize(
    ("target", "only", "said"),
    [
        (nan_payload, f"forward:{SPEC}:2x3x16x3x2:float32:bits:C:0", "(bytes "),
        (forward, f"vjp:{SPEC}:1x2x16x2x2:float32:labels:C:0", "In the gradient"),
        (
            strided,
            f"strides_make_no_difference/forward:{SPEC}:2x3x16x3x2:float32:labels:F:0",
            "input in F memory against the same values in plain order: in the output",
        ),
        (
            rolled,
            f"every_basis_vector_moves_right/forward:{SPEC}:1x2x16x2x2:float32:labels:C:0",
            "basis vectors: in the output",
        ),
        (rolled, "golden_vectors_are_met/forward-terms/t-h-w_3of8_forward/001", "In the output"),
    ],
    ids=["NaN payload", "gradient", "another answer", "basis vector", "golden vector"],
)
def test_every_failure_at_a_place_is_drawn(target, only, said):
    """From the fields alone, whatever the message begins with; both values stand below it."""
    report = check(target, spec=SPEC, vjp=lambda x, grad, spec: forward(grad, spec), only=only)
    (violation,) = report.violations
    html = drawn(violation, report.spec)
    assert "cell bad" in html or "cell origin bad" in html
    caption = " ".join(_parsed(html).text.split())
    assert said in caption
    assert f"holds {violation.got}" in caption
    assert f"should hold {violation.expected}" in caption


def test_fields_say_what_the_message_says():
    """Place, values, bytes and count of a wrong value; dtypes; what was written."""
    one = check(
        lambda x, spec: forward(x, spec) + 1,
        dtypes=["float32"],
        only=f"forward:{SPEC}:1x2x16x2x2:float32:labels:C:0",
    ).violations[0]
    index = ", ".join(map(str, one.index))
    values = f"{one.got}, should be {one.expected}"
    assert f"out[{index}] = {values} ({one.differing} of 128 places" in one.message
    assert np.frombuffer(bytes.fromhex(one.got_bytes), "f4")[0] == np.float32(one.got)
    assert one.shape == (1, 2, 16, 2, 2)
    assert (one.bits_only, one.special, one.compared) == (False, False, "")
    payload = check(
        nan_payload, dtypes=["float32"], only=f"forward:{SPEC}:2x3x16x3x2:float32:bits:C:0"
    ).violations[0]
    assert (payload.got, payload.expected) == ("nan", "nan")
    assert payload.bits_only
    assert payload.special
    assert payload.got_bytes != payload.expected_bytes
    double = check(
        lambda x, spec: forward(x, spec) + 0.0, only=f"forward:{SPEC}:1x2x16x2x2:int16:labels:C:0"
    ).violations[0]
    assert (double.aspect, double.got, double.expected) == ("dtype", "float64", "int16")
    shared = check(
        lambda x, spec: x,
        dtypes=["float32"],
        only=f"the_output_owns_its_memory/forward:{SPEC}:1x1x1x1x1:float32:labels:C:0",
    )
    assert (shared.violations[0].effect, shared.violations[0].arguments) == ("shares", ("x",))


def test_jsonl_reads_back(report, tmp_path):
    """What was written is the report, and every line is as the schema says."""
    path = tmp_path / "run.jsonl"
    jsonl.write(report, path)
    assert jsonl.read(path) == report
    schema = json.loads(jsonl.SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for line in path.read_text().splitlines():
        jsonschema.validate(json.loads(line), schema)


@pytest.mark.parametrize("lines", [slice(0, -1), slice(0, 5), slice(1, None), slice(0, 0)])
def test_a_report_cut_short_is_refused(tmp_path, lines):
    """Without its last or its first line, or without any, a file is not a report."""
    path = tmp_path / "run.jsonl"
    jsonl.write(examined("h-and-w-swapped"), path)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[lines]))
    with pytest.raises(ReportError, match=r"cut short|not a header|is not JSON"):
        jsonl.read(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"outcome": "violated"', '"outcome": "passed"'),
        ('"cases": ', '"cases": 1'),
        ('"version": 2', '"version": 1'),
    ],
)
def test_a_changed_report_is_refused(tmp_path, old, new):
    """Lines that do not add up to their summary are refused, and so is another version."""
    path = tmp_path / "run.jsonl"
    jsonl.write(examined("h-and-w-swapped"), path)
    text = path.read_text()
    assert old in text
    path.write_text(
        text[::-1].replace(old[::-1], new[::-1], 1)[::-1]
        if "version" not in old
        else text.replace(old, new)
    )
    with pytest.raises(ReportError, match=r"add up|version"):
        jsonl.read(path)


def test_what_is_not_a_report_is_refused(tmp_path):
    """Another file is told as such, by line."""
    path = tmp_path / "run.jsonl"
    path.write_text('{"record": "header"\n')
    with pytest.raises(ReportError, match="line 1, is not JSON"):
        jsonl.read(path)
    path.write_text("[1]\n")
    with pytest.raises(ReportError, match="line 1, is not a record"):
        jsonl.read(path)
    with pytest.raises(ReportError, match="cannot be read"):
        jsonl.read(tmp_path / "absent")


def test_junit_counts_what_it_has(report, tmp_path):
    """It is well-formed XML; a violation is a failure; what was not judged is an error."""
    path = tmp_path / "junit.xml"
    junit.write(report, path)
    suite = Xml.parse(path).getroot().find("testsuite")
    cases = suite.findall("testcase")
    assert int(suite.get("tests")) == len(cases) == len(report.results) + 1
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(suite.get(count)) == sum(case.find(tag) is not None for case in cases)
    assert int(suite.get("failures")) == len(report.violations)
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    assert (failed == 0) == report.passed


@pytest.mark.parametrize(
    ("name", "message", "color", "error"),
    [
        ("passed", "L3 conforms", "brightgreen", None),
        ("violated", r"violated: SHIFT-\d and \d+ more", "red", None),
        ("broken", "not judged", "orange", True),
        ("undecided", "undecided", "lightgrey", True),
        ("nothing", "undecided", "lightgrey", True),
    ],
)
def test_the_badge(tmp_path, name, message, color, error):
    """Label, message and colour as shields.io reads them; a run without a verdict is an error."""
    path = tmp_path / "badge.json"
    badge.write(REPORTS[name](), path)
    data = json.loads(path.read_text())
    assert re.fullmatch(message, data.pop("message"))
    assert data == {"schemaVersion": 1, "label": "STSM", "color": color} | (
        {"isError": True} if error else {}
    )


@pytest.mark.parametrize("form", FORMS)
def test_nothing_half_written(form, tmp_path):
    """A path that cannot be written is refused, and what stood there stays."""
    with pytest.raises(ReportError, match="is a folder"):
        FORMS[form].write(hostile(), tmp_path)
    with pytest.raises(ReportError, match="cannot be written"):
        FORMS[form].write(hostile(), tmp_path / "absent" / "file")
    assert list(tmp_path.iterdir()) == []


def test_forms_come_from_the_report_alone(tmp_path):
    """A report that was written and read back gives the same page, XML and badge."""
    report = examined("h-and-w-swapped")
    jsonl.write(report, tmp_path / "run.jsonl")
    again = jsonl.read(tmp_path / "run.jsonl")
    assert report_page.page(again) == report_page.page(report)
    assert junit.junit(again) == junit.junit(report)
    assert badge.badge(again) == badge.badge(report)


def test_the_page_is_utf8(tmp_path):
    """Written text decodes, whatever the target said."""
    path = Path(tmp_path / "page.html")
    write_whole(path, report_page.page(hostile()))
    assert "charset" in path.read_text(encoding="utf-8")
