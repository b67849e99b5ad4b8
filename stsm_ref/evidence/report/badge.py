"""The verdict as a badge, in the form that https://shields.io/badges/endpoint-badge reads."""

import json
from pathlib import Path
from typing import Any

from stsm_ref._files import write_whole
from stsm_ref.evidence.report.report import Report

LABEL = "STSM"
BY_RUNG = {"L3": "brightgreen", "L2": "green", "L1": "yellowgreen", "L0": "yellow"}
FORWARD_ONLY = "green"
"""No brighter than this where nothing was asked about gradients."""


def badge(report: Report) -> dict[str, Any]:
    """Label, message and colour.

    A run without a verdict is marked as an error, and never looks like a pass.
    """
    message, color = _words(report)
    plain: dict[str, Any] = {"schemaVersion": 1, "label": LABEL, "message": message, "color": color}
    return plain if report.outcome in ("passed", "violated") else plain | {"isError": True}


def _words(report: Report) -> tuple[str, str]:
    if report.passed:
        color = BY_RUNG.get(report.rung, "yellow")
        scope = f", {report.scope}" if report.scope else ""
        dimmed = color == "brightgreen" and "vjp" not in report.operations
        return f"{report.rung} conforms{scope}", FORWARD_ONLY if dimmed else color
    if report.outcome == "violated":
        broken = list(dict.fromkeys(violation.requirement for violation in report.violations))
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        return f"violated: {broken[0]}{more}" if broken else "violated", "red"
    return ("not judged", "orange") if report.outcome == "broken" else ("undecided", "lightgrey")


def write(report: Report, path: Path) -> None:
    """Write the badge to `path`, whole or not at all.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    write_whole(path, json.dumps(badge(report), indent=2) + "\n")
