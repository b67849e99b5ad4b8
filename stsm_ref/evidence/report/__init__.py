"""What a run found, and the forms in which it is shown and written."""

from stsm_ref.evidence.report.report import Report, RuleResult, Violation

__all__ = ["Report", "RuleResult", "Violation"]
