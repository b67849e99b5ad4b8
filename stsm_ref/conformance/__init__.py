"""The conformance kit: anybody's implementation, in any language, held against the paper."""

from stsm_ref.errors import MissingExtraError

try:
    import hypothesis as _  # noqa: F401 # asked for here, so that its absence is told by name
except ModuleNotFoundError:
    raise MissingExtraError("stsm_ref.conformance", "hypothesis", "verify") from None

from stsm_ref.conformance.api import check
from stsm_ref.evidence.report.report import Report, RuleResult, Violation

__all__ = ["Report", "RuleResult", "Violation", "check"]
