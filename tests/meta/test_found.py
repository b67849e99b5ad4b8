"""The page of what was found elsewhere: every row is run, and says what it says there."""

import re
from pathlib import Path

import pytest

from stsm_ref.conformance.suite import RULES, run_suite
from stsm_ref.conformance.targets import open_target
from stsm_ref.geometry import ShiftSpec

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs" / "examples" / "found"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "found.md").read_text().splitlines()
    if re.match(r"\| [A-Z]", line)
]


def test_every_file_has_its_row():
    """And every row its file."""
    assert sorted(row[2].strip("`") for row in ROWS) == sorted(path.stem for path in FILES.glob("*.py"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2].strip("`"))
def test_a_row_is_what_the_kit_says(row, monkeypatch):
    """The rule that is named is broken, in the words that are quoted."""
    from stsm_ref.conformance import suite

    file, spec, rule, words = (cell.strip("`") for cell in row[2:])
    monkeypatch.setattr(suite, "RULES", {rule: RULES[rule]})
    report = run_suite(open_target(f"py:{FILES}/{file}.py:forward"), ShiftSpec.parse(spec), level="smoke", first=True)
    (violation,) = report.violations
    assert violation.rule == rule
    assert words in violation.message
