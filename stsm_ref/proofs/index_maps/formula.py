"""Formulas over sizes and positions, values and definitions as SMT-LIB text: the one encoding
that every solver is given.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from stsm_ref.proofs.index_maps.integers import Assumptions, Constraint, Polynomial, Range
from stsm_ref.proofs.index_maps.maps import Cast, Constant, Integer, Ite, Load, Sum, Value, parts


@dataclass(frozen=True)
class Formula:
    """``and``, ``or`` or ``not`` of formulas, or an atom."""

    kind: str
    parts: tuple["Formula | Constraint", ...]


TRUE, FALSE = Formula("and", ()), Formula("or", ())
Logical = Formula | Constraint


def conjunction(parts: Iterable[Logical]) -> Logical:
    """All of them; what is true falls away, and one that is false decides."""
    kept = [part for part in dict.fromkeys(parts) if part != TRUE]
    return FALSE if FALSE in kept else kept[0] if len(kept) == 1 else Formula("and", tuple(kept))


def disjunction(parts: Iterable[Logical]) -> Logical:
    """Any of them."""
    kept = [part for part in dict.fromkeys(parts) if part != FALSE]
    return TRUE if TRUE in kept else kept[0] if len(kept) == 1 else Formula("or", tuple(kept))


def negation(part: Logical) -> Logical:
    """Not that."""
    return FALSE if part == TRUE else TRUE if part == FALSE else Formula("not", (part,))


def required_constraints(part: Logical) -> list[Constraint]:
    """What holds for sure if the formula does: the atoms that it demands."""
    if isinstance(part, Constraint):
        return [part]
    return (
        [constraint for each in part.parts for constraint in required_constraints(each)]
        if part.kind == "and"
        else []
    )


def number(value: int) -> str:
    """A whole number."""
    return str(value) if value >= 0 else f"(- {-value})"


def real(value: Fraction) -> str:
    """A real number."""
    if value < 0:
        return f"(- {real(-value)})"
    return (
        f"{value.numerator}.0"
        if value.denominator == 1
        else f"(/ {value.numerator}.0 {value.denominator}.0)"
    )


def integer_text(value: Polynomial) -> str:
    """A polynomial."""
    terms = []
    for monomial, factor in value.terms.items():
        names = [*([number(factor)] if factor != 1 or not monomial else []), *monomial]
        terms.append(names[0] if len(names) == 1 else f"(* {' '.join(names)})")
    return "0" if not terms else terms[0] if len(terms) == 1 else f"(+ {' '.join(terms)})"


def formula_text(part: Logical) -> str:
    """A formula."""
    if isinstance(part, Constraint):
        return f"({'=' if part.equal else '>='} {integer_text(part.value)} 0)"
    if not part.parts:
        return "true" if part == TRUE else "false"
    inner = [formula_text(each) for each in part.parts]
    return (
        inner[0] if len(inner) == 1 and part.kind != "not" else f"({part.kind} {' '.join(inner)})"
    )


def value_text(value: Value) -> str:
    """A value, of sort Real."""
    match value:
        case Constant(number_):
            return real(number_)
        case Integer(polynomial):
            return f"(to_real {integer_text(polynomial)})"
        case Load(name, index):
            return f"({name} {' '.join(map(integer_text, index))})" if index else name
        case Ite(condition, then, otherwise):
            return (
                f"(ite {formula_text(conjunction(condition))} {value_text(then)} "
                f"{value_text(otherwise)})"
            )
        case Cast(dtype, inner):
            return f"(as_{dtype} {value_text(inner)})"
        case Sum(terms):
            scaled = [
                value_text(each) if factor == 1 else f"(* {real(factor)} {value_text(each)})"
                for factor, each in terms
            ]
            return (
                "0.0"
                if not scaled
                else scaled[0]
                if len(scaled) == 1
                else f"(+ {' '.join(scaled)})"
            )


def script(
    ranges: Mapping[str, Range],
    assumptions: Assumptions,
    demands: Iterable[Logical],
    values: tuple[Value, Value] | None,
) -> str:
    """The whole question: a place where all demands hold, and where the two values differ."""
    demands = list(demands)
    lines = [f"(declare-const {name} Int)" for name in ranges]
    for name, (low, high) in ranges.items():
        variable = Polynomial.variable(name)
        # the upper end of a remainder is part of its definition
        bounds = [Constraint(variable - low)] if low else []
        bounds += [Constraint(high - variable)] if high and not name.startswith("r") else []
        lines += [f"(assert {formula_text(bound)})" for bound in bounds]
    for (value, divisor), (quotient, remainder) in assumptions.definitions.items():
        # where the divisor is not positive the division is never looked at, and must not rule
        # anything out
        equation = [
            Constraint(divisor * quotient + remainder - value, equal=True),
            Constraint(divisor - 1 - remainder),
        ]
        lines.append(
            f"(assert (=> {formula_text(Constraint(divisor - 1))} "
            f"{formula_text(conjunction(equation))}))"
        )
    lines += [f"(assert {formula_text(demand)})" for demand in demands]
    if values:
        lines += _functions(values)
        lines.append(f"(assert (not (= {value_text(values[0])} {value_text(values[1])})))")
    linear = all(each.degree <= 1 for each in _polynomials(ranges, assumptions, demands, values))
    return "\n".join(
        [f"(set-logic {'QF_UFLIRA' if linear else 'QF_UFNIRA'})", *lines, "(check-sat)", ""]
    )


def _polynomials(
    ranges: Mapping[str, Range],
    assumptions: Assumptions,
    demands: Iterable[Logical],
    values: tuple[Value, Value] | None,
) -> Iterator[Polynomial]:
    """All that a question is made of: it is linear if no two names stand in one product."""
    yield from (end for each in ranges.values() for end in each if end is not None)
    for (value, divisor), (quotient, _) in assumptions.definitions.items():
        yield from (value, divisor, divisor * quotient)
    for demand in demands:
        yield from (constraint.value for constraint in constraints_in(demand))
    for part in (part for value in values or () for part in parts(value)):
        match part:
            case Integer(polynomial):
                yield polynomial
            case Load(_, index):
                yield from index
            case Ite(condition, _, _):
                yield from (constraint.value for constraint in condition)


def constraints_in(part: Logical) -> Iterator[Constraint]:
    """Every constraint in a formula, whether or not it must hold."""
    if isinstance(part, Constraint):
        yield part
    else:
        for each in part.parts:
            yield from constraints_in(each)


def _functions(values: tuple[Value, Value]) -> list[str]:
    tensors = {
        (each.name, len(each.index))
        for value in values
        for each in parts(value)
        if isinstance(each, Load)
    }
    dtypes = {each.dtype for value in values for each in parts(value) if isinstance(each, Cast)}
    return [
        *(
            f"(declare-fun {name} ({' '.join(['Int'] * rank)}) Real)"
            for name, rank in sorted(tensors)
        ),
        *(f"(declare-fun as_{dtype} (Real) Real)" for dtype in sorted(dtypes)),
    ]
