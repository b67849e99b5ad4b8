"""The conformance kit: anybody's implementation, in any language, held against the paper."""

from stsm_ref.conformance.api import check
from stsm_ref.evidence.report.report import Report, RuleResult, Violation

__all__ = ["Report", "RuleResult", "Violation", "check"]
