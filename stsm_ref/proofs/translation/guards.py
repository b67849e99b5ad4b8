"""The guards of an exported graph as formulas on sizes, and which sizes no graph has covered
yet.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sympy
import torch.utils._sympy.functions as torch_sympy

from stsm_ref.proofs.export.recording import Exported
from stsm_ref.proofs.index_maps.formula import (
    FALSE,
    TRUE,
    Logical,
    conjunction,
    disjunction,
    negation,
)
from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    UndeterminedError,
    polynomial,
)
from stsm_ref.proofs.index_maps.maps import UnsupportedError
from stsm_ref.proofs.translation.layout import Layout


def region(
    exported: Exported, layout: Layout, sizes: Mapping[str, Polynomial], assumptions: Assumptions
) -> Logical:
    """The formula on the free sizes under which the graph is the module.

    A guard that cannot be read narrows the region to the sizes at which the graph was recorded:
    less is covered, and nothing too much.
    """
    try:
        found = _region(exported, layout, sizes, assumptions)
        if not all(
            constraint.value.variables <= set(layout.free) for constraint in _constraints_in(found)
        ):
            raise UnsupportedError("a quotient in a guard that was not resolved")
        return found
    except (UnsupportedError, UndeterminedError, ZeroDivisionError):
        at_sample = [
            Constraint(sizes[letter] - size, equal=True) for letter, size in exported.sample.items()
        ]
        return conjunction(simplified(constraint, assumptions) for constraint in at_sample)


def _constraints_in(part: Logical) -> list[Constraint]:
    return (
        [part]
        if isinstance(part, Constraint)
        else [constraint for each in part.parts for constraint in _constraints_in(each)]
    )


def _region(
    exported: Exported, layout: Layout, sizes: Mapping[str, Polynomial], assumptions: Assumptions
) -> Logical:
    symbols: dict[sympy.Symbol, Polynomial] = {}
    conditions: list[Logical] = []
    shape = layout.shape(sizes)
    for dimensions in exported.dimensions:
        for recorded, size in zip(dimensions, shape, strict=True):
            if isinstance(recorded, sympy.Symbol) and recorded not in symbols:
                symbols[recorded] = size
            else:
                conditions.append(
                    simplified(
                        Constraint(
                            _number(sympy.sympify(recorded), symbols, assumptions) - size,
                            equal=True,
                        ),
                        assumptions,
                    )
                )
    for symbol, value in symbols.items():
        if symbol in exported.lows:
            conditions.append(simplified(Constraint(value - exported.lows[symbol]), assumptions))
        if symbol in exported.highs:
            conditions.append(
                simplified(Constraint(polynomial(exported.highs[symbol]) - value), assumptions)
            )
    conditions += [_condition(guard, symbols, assumptions) for guard in exported.guards]
    return conjunction(conditions)


def simplified(constraint: Constraint, assumptions: Assumptions) -> Logical:
    """The constraint, or what it comes to where the scope says."""
    known = assumptions.holds(constraint)
    return constraint if known is None else TRUE if known else FALSE


def _condition(
    guard: Any, symbols: Mapping[sympy.Symbol, Polynomial], assumptions: Assumptions
) -> Logical:
    if guard in (sympy.true, sympy.false):
        return TRUE if guard is sympy.true else FALSE
    if isinstance(guard, sympy.And | sympy.Or):
        parts = [_condition(each, symbols, assumptions) for each in guard.args]
        return conjunction(parts) if isinstance(guard, sympy.And) else disjunction(parts)
    if isinstance(guard, sympy.Not):
        return negation(_condition(guard.args[0], symbols, assumptions))
    for kind, constraint in _RELATIONS.items():
        if isinstance(guard, kind):
            left, right = (_number(each, symbols, assumptions) for each in guard.args)
            return simplified(constraint(left - right), assumptions)
    if isinstance(guard, sympy.Ne):
        return negation(_condition(sympy.Eq(*guard.args, evaluate=False), symbols, assumptions))
    raise UnsupportedError(f"the guard {guard}")


_RELATIONS: dict[Any, Callable[[Polynomial], Constraint]] = {
    sympy.Eq: lambda difference: Constraint(difference, equal=True),
    sympy.Ge: Constraint,
    sympy.Gt: lambda difference: Constraint(difference - 1),
    sympy.Le: lambda difference: Constraint(-difference),
    sympy.Lt: lambda difference: Constraint(-difference - 1),
}


def _number(
    expression: sympy.Basic, symbols: Mapping[sympy.Symbol, Polynomial], assumptions: Assumptions
) -> Polynomial:
    """A sympy expression on torch's symbols as a polynomial on sizes."""
    if isinstance(expression, sympy.Integer):
        return polynomial(int(expression))
    if isinstance(expression, sympy.Symbol):
        if expression not in symbols:
            raise UnsupportedError(f"the symbol {expression}, which is no size of the input")
        return symbols[expression]
    args = [_number(each, symbols, assumptions) for each in expression.args]
    if (
        isinstance(expression, sympy.Pow)
        and isinstance(expression.args[1], sympy.Integer)
        and expression.args[1] >= 0
    ):
        base, power = args[0], polynomial(1)
        for _ in range(int(expression.args[1])):
            power = power * base
        return power
    for kinds, function in _FUNCTIONS:
        if isinstance(expression, kinds):
            found = args[0]
            for each in args[1:]:
                found = function(assumptions, found, each)
            return found
    raise UnsupportedError(f"{expression} in a guard")


_FUNCTIONS: tuple[
    tuple[tuple[Any, ...], Callable[[Assumptions, Polynomial, Polynomial], Polynomial]], ...
] = (
    ((sympy.Add,), lambda _, a, b: a + b),
    ((sympy.Mul,), lambda _, a, b: a * b),
    ((torch_sympy.FloorDiv,), lambda assumptions, a, b: assumptions.divide(a, b)[0]),
    (
        (torch_sympy.Mod, torch_sympy.PythonMod),
        lambda assumptions, a, b: assumptions.divide(a, b)[1],
    ),
    ((sympy.Max, torch_sympy.Max), lambda assumptions, a, b: a if assumptions.decide(a - b) else b),
    ((sympy.Min, torch_sympy.Min), lambda assumptions, a, b: b if assumptions.decide(a - b) else a),
)
