"""All checks of our own code, in the order in which they are written: importing a family registers
its checks.
"""

from collections.abc import Mapping

from stsm_ref.checks.our_internals import (
    geometry,
    gradients,
    kernels,
    matrices,
    pixels,
    shift,
    theorems,
    vectors,
)
from stsm_ref.errors import MissingExtraError
from stsm_ref.evidence.check import Check, registered

FAMILIES = (geometry, shift, kernels, matrices, gradients, pixels, vectors)


def load(*, torch: bool = True, proofs: bool = True) -> Mapping[str, Check]:
    """Return all checks by name, without those that only PyTorch can show unless `torch`, which
    takes seconds to import.

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
            raise MissingExtraError(
                "the torch side of stsm-ref verify (or ask for --side numpy)", "torch", "torch"
            ) from None
        from stsm_ref.checks.our_internals import torch as torch_checks

        found = registered(*FAMILIES, torch_checks)
    else:
        found = registered(*FAMILIES)
    return found | theorems.THEOREMS if proofs else found
