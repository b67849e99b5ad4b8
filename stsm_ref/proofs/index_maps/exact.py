"""Where arithmetic on the way rounds nothing: the conditions under which a machine's value is the
one over the real numbers.

A sum of floats is the real sum where at most one of its terms is not 0, and a product is the real
product by 0, 1 and -1. A term minus the same term is 0. All of that for finite inputs, and but for
the sign of a zero. Nothing else is taken for exact: ``(x + 4096) - 4096`` loses the low bits of
`x`, and ``2*x`` may be infinite.
"""

import itertools

from stsm_ref.proofs.index_maps.formula import (
    FALSE,
    TRUE,
    Logical,
    conjunction,
    disjunction,
    negation,
)
from stsm_ref.proofs.index_maps.integers import Constraint
from stsm_ref.proofs.index_maps.maps import (
    Constant,
    Integer,
    Ite,
    Sum,
    UnsupportedError,
    Value,
    is_unknown,
)

MAX_TERMS = 64
"""Terms of a sum that are looked at in pairs."""


def exact(value: Value) -> Logical:
    """The condition on sizes and positions under which no operation on the way to a value
    rounds, for any finite input.
    """
    match value:
        case Ite(condition, then, otherwise):
            return _either(conjunction(condition), exact(then), exact(otherwise))
        case Sum(terms):
            inside = conjunction(exact(each) for _, each in terms)
            return inside if _cancels(value) else conjunction([inside, *_without_rounding(value)])
    return FALSE if is_unknown(value) else TRUE


def may_be_nonzero(value: Value) -> Logical:
    """The condition on sizes and positions under which a value may be something else than 0."""
    match value:
        case Constant(number):
            return TRUE if number else FALSE
        case Integer(number):
            return negation(Constraint(number, equal=True))
        case Ite(condition, then, otherwise):
            return _either(conjunction(condition), may_be_nonzero(then), may_be_nonzero(otherwise))
        case Sum(terms):
            return (
                FALSE
                if _cancels(value)
                else disjunction(may_be_nonzero(each) for weight, each in terms if weight)
            )
    return TRUE


def is_minus_zero(value: Value) -> Logical:
    """The condition on sizes and positions under which a value is a -0.0 that was written as
    such; sums are not looked into.
    """
    match value:
        case Constant(_, negative):
            return TRUE if negative else FALSE
        case Ite(condition, then, otherwise):
            return _either(conjunction(condition), is_minus_zero(then), is_minus_zero(otherwise))
    return FALSE


def _either(condition: Logical, then: Logical, otherwise: Logical) -> Logical:
    """``then`` where the condition holds, ``otherwise`` elsewhere."""
    if then == otherwise:
        return then
    return disjunction(
        [conjunction([condition, then]), conjunction([negation(condition), otherwise])]
    )


def _cancels(value: Sum) -> bool:
    """Whether it is one value minus the very same value, of which something is known."""
    if len(value.terms) != 2:
        return False
    (one_weight, one), (other_weight, other) = value.terms
    return one == other and one_weight == -other_weight and abs(one_weight) == 1


def _without_rounding(value: Sum) -> list[Logical]:
    nonzero = [(weight, may_be_nonzero(each)) for weight, each in value.terms]
    nonzero = [(weight, each) for weight, each in nonzero if each != FALSE and weight]
    if len(nonzero) > MAX_TERMS:
        raise UnsupportedError(f"a sum of {len(nonzero)} terms that may not be 0")
    scaled = [negation(each) for weight, each in nonzero if abs(weight) != 1]
    pairs = itertools.combinations((each for _, each in nonzero), 2)
    return [*scaled, *(negation(conjunction(pair)) for pair in pairs)]
