"""The page of what was found elsewhere: every section is run, and says what it says there."""

import re

import pytest

from stsm_ref.conformance.suite import RULES, run_suite
from stsm_ref.evidence.options import RunOptions
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.opening import open_target
from tests import ROOT

FILES = ROOT / "docs" / "examples" / "found"
SECTION = r"""found/(\w+)\.py:forward --spec "(.*)"
```

The rule `(\w+)` is broken: `(.*)`\."""
PAGE = (ROOT / "docs" / "found.md").read_text()
ROWS = re.findall(SECTION, PAGE)


def test_every_file_has_its_section():
    """And every section its file."""
    assert sorted(row[0] for row in ROWS) == sorted(path.stem for path in FILES.glob("*.py"))
    assert PAGE.count("Met in: ") == PAGE.count("\n## ") - 1 == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_section_is_what_the_kit_says(row, monkeypatch):
    """The rule that is named is broken, in the words that are quoted."""
    from stsm_ref.conformance import suite

    file, spec, rule, words = row
    monkeypatch.setattr(suite, "RULES", {rule: RULES[rule]})
    report = run_suite(
        open_target(f"py:{FILES}/{file}.py:forward"),
        RunOptions(ShiftSpec.parse(spec), "smoke", first=True),
    )
    (violation,) = report.violations
    assert violation.rule == rule
    assert words in violation.message
