"""Checks of every requirement on a bundle of implementations: ours in `verify` and the tests, a
faulty one in the tests of the checks.

A check is a function of a `Subject` and one case; it raises `Violation` where the subject breaks
the rule.
"""

from stsm_ref.errors import MissingExtraError

try:
    import hypothesis as _  # noqa: F401 # asked for here, so that its absence is told by name
except ModuleNotFoundError:
    raise MissingExtraError("stsm-ref verify and explain", "hypothesis", "verify") from None
