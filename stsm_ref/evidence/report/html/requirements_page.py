"""The verdict of `stsm-ref verify` as one HTML page with nothing to load."""

from typing import Any

from stsm_ref.evidence.report.html._templates import render


def page(data: dict[str, Any], not_covered: str) -> str:
    """Render what `stsm_ref.checks.our_internals.run.as_json` returns."""
    return render("requirements.html", data=data, not_covered=not_covered)
