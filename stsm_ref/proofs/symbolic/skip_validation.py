"""Run public functions on symbols: skip the checks that ask for one number or a real array."""

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from stsm_ref import _validation, geometry, slicing
from stsm_ref._validation import whole_number
from stsm_ref.geometry import ShiftSpec, _exact_alpha, as_array
from stsm_ref.proofs.replacing import name_in, replaced
from stsm_ref.proofs.smt.z3_terms import Term
from stsm_ref.proofs.symbolic.integers import SymFraction, SymInt

SKIPPED: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (slicing, name_in(slicing, as_array), lambda name, value, **limits: value),
    (geometry, name_in(geometry, whole_number), lambda name, value: value),
    (_validation, name_in(_validation, whole_number), lambda name, value: value),
    (geometry, name_in(geometry, _exact_alpha), lambda alpha: alpha),
)
FRACTION = name_in(geometry, Fraction)


@contextlib.contextmanager
def arguments_unchecked(
    fraction: Callable[[Any, Any], SymFraction] = SymFraction,
) -> Iterator[None]:
    """Let `stsm`, `stsm_vjp`, `partition` and `ShiftSpec.tsm` take symbols for arrays and numbers.

    `fraction` stands in for `fractions.Fraction`.
    """
    with contextlib.ExitStack() as stack:
        for module, name, replacement in (*SKIPPED, (geometry, FRACTION, fraction)):
            stack.enter_context(replaced(module, name, replacement))
        yield


def with_alpha(spec: ShiftSpec, numerator: Term, denominator: Term) -> ShiftSpec:
    """The same spec with a symbol for alpha; inside of `arguments_unchecked` only."""
    alpha: Any = SymFraction(SymInt(numerator), SymInt(denominator))
    return ShiftSpec(spec.terms, alpha, spec.order)
