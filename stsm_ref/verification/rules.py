"""All checks, in the order in which they are written: importing a family registers its checks."""

from collections.abc import Mapping

from stsm_ref.errors import MissingExtraError
from stsm_ref.verification import (
    geometry_rules,
    gradient_rules,
    kernel_rules,
    matrix_rules,
    pixel_rules,
    shift_rules,
    theorem_rules,
    vector_rules,
)
from stsm_ref.verification.check import CHECKS, Check

FAMILIES = (geometry_rules, shift_rules, kernel_rules, matrix_rules, gradient_rules, pixel_rules, vector_rules)


def load(*, torch: bool = True, proofs: bool = True) -> Mapping[str, Check]:
    """Return all checks by name, without those that only PyTorch can show unless `torch`, which takes seconds to import.

    Without `proofs`, the theorems are left out: they are about our own code and no other's.

    Raises
    ------
    MissingExtraError
        If `torch` is asked for and not installed.
    """
    if torch:
        try:
            import torch as _  # noqa: F401 # asked for here, so that its absence is told by name
        except ModuleNotFoundError:
            raise MissingExtraError("the torch side of stsm-ref verify (or ask for --side numpy)", "torch", "torch") from None
        from stsm_ref.verification import torch_rules  # noqa: F401 # registers its checks
    return CHECKS | theorem_rules.THEOREMS if proofs else CHECKS
