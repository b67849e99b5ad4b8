"""The public functions on symbols: the checks of their arguments, which ask for one number or a
real array, are stepped over.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from stsm_ref import geometry, slicing
from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.smt.z3_terms import Term
from stsm_ref.proofs.symbolic.integers import Whole, WholeFraction


@contextlib.contextmanager
def arguments_unchecked(
    fraction: Callable[[Any, Any], WholeFraction] = WholeFraction,
) -> Iterator[None]:
    """Take symbols where `stsm`, `stsm_vjp`, `partition` and `ShiftSpec.tsm` ask for arrays,
    whole numbers and fractions.
    """
    stepped_over = (
        (slicing, "as_array", lambda name, value, **limits: value),
        (geometry, "whole_number", lambda name, value: value),
        (geometry, "_exact_alpha", lambda alpha: alpha),
        (geometry, "Fraction", fraction),
    )
    with contextlib.ExitStack() as stack:
        for module, name, replacement in stepped_over:
            stack.enter_context(mock.patch.object(module, name, replacement))
        yield


def with_alpha(spec: ShiftSpec, numerator: Term, denominator: Term) -> ShiftSpec:
    """The same spec with a symbol for alpha; inside of `arguments_unchecked` only."""
    alpha: Any = WholeFraction(Whole(numerator), Whole(denominator))
    return ShiftSpec(spec.terms, alpha, spec.order)
