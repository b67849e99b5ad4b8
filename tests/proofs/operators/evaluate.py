"""Evaluate index maps at numbers, so that they can be held against what torch computes."""

import itertools
import math
from fractions import Fraction
from typing import NamedTuple

import torch

from stsm_ref.proofs.export import graph  # noqa: F401  # fills the table of meanings
from stsm_ref.proofs.index_maps.exact import exact
from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    Range,
    UndeterminedError,
    polynomial,
)
from stsm_ref.proofs.index_maps.maps import (
    Cast,
    Constant,
    Integer,
    Ite,
    Load,
    Sum,
    SymbolicTensor,
    input_tensor,
)
from stsm_ref.proofs.operators.dtypes import dtype_name
from stsm_ref.proofs.operators.numbers import table
from stsm_ref.proofs.operators.table import apply


class In(NamedTuple):
    """An input of which the meaning knows nothing; axes of `fixed` have a size that it knows."""

    tensor: torch.Tensor
    fixed: tuple[int, ...] = ()


class Size(NamedTuple):
    """A size of which the meaning knows nothing."""

    number: int


def number(value: Polynomial, at: dict[str, int]) -> int:
    """A polynomial at numbers."""
    found = value.substitute(at).constant
    assert found is not None, (value, at)
    return found


def with_definitions(assumptions: Assumptions, at: dict[str, int]) -> dict[str, int]:
    """The numbers, and those of the quotients and remainders that were named."""
    full = dict(at)
    for (value, divisor), (quotient, remainder) in assumptions.definitions.items():
        below = number(divisor, full)
        pair = divmod(number(value, full), below) if below > 0 else (0, 0)
        full |= dict(zip((str(quotient), str(remainder)), pair, strict=True))
    return full


class NothingSaidError(Exception):
    """The value says nothing of what is there."""


class Found(NamedTuple):
    """What a value is: a number, whether arithmetic was done, and for sums the size of what was
    added.
    """

    number: int | float | Fraction
    summed: bool = False
    scale: Fraction = Fraction(0)


def evaluate(value, at: dict[str, int], data: dict[str, torch.Tensor]) -> Found:
    """A value at numbers for sizes, positions and the entries of the inputs."""
    match value:
        case Constant(exact_number, negative):
            return Found(-0.0 if negative else exact_number)
        case Integer(whole):
            return Found(number(whole, at))
        case Load("uninitialised", _) | Cast():
            raise NothingSaidError
        case Load(name, index):
            place = tuple(number(each, at) for each in index)
            assert all(0 <= i < size for i, size in zip(place, data[name].shape, strict=True)), (
                f"reads {name}{place} outside"
            )
            return Found(data[name][place].item())
        case Ite(condition, then, otherwise):
            return evaluate(
                then if all(holds(constraint, at) for constraint in condition) else otherwise,
                at,
                data,
            )
        case Sum(terms):
            found = [(weight, evaluate(each, at, data).number) for weight, each in terms]
            if not all(math.isfinite(each) for _, each in found):
                raise NothingSaidError  # sums are for finite numbers
            parts = [weight * Fraction(each) for weight, each in found]
            return Found(
                sum(parts, Fraction(0)), summed=True, scale=sum(map(abs, parts), Fraction(0))
            )
    raise AssertionError(value)


def formula_holds(formula, at: dict[str, int]) -> bool:
    """A formula at numbers."""
    if isinstance(formula, Constraint):
        return holds(formula, at)
    inner = [formula_holds(each, at) for each in formula.parts]
    return (
        all(inner)
        if formula.kind == "and"
        else any(inner)
        if formula.kind == "or"
        else not inner[0]
    )


def holds(constraint: Constraint, at: dict[str, int]) -> bool:
    """An atom at numbers."""
    value = number(constraint.value, at)
    return value == 0 if constraint.equal else value >= 0


def meaning_agrees(target, args, kwargs=None, *, symbolic_index: bool = True) -> int:
    """Hold the meaning of an operator, at sizes that it does not know, against torch at these
    arguments; how much it claims.
    """
    at: dict[str, int] = {}
    data: dict[str, torch.Tensor] = {}
    expected = target(*_real(args), **(kwargs or {}))
    facts: list[Constraint] = []
    for _ in range(40):
        ranges: dict[str, Range] = {}
        symbolic = _symbolic(args, ranges, at, data)
        assumptions = Assumptions(ranges, tuple(constraint.value for constraint in facts))
        try:
            found = apply(target, symbolic, kwargs or {}, assumptions)
            pairs = (
                list(zip(found, expected, strict=True))
                if isinstance(found, list | tuple)
                else [(found, expected)]
            )
            return sum(
                same_tensor(got, want, assumptions, at, data, symbolic_index=symbolic_index)
                for got, want in pairs
                if got is not None
            )
        except UndeterminedError as error:
            known = number(error.value, with_definitions(assumptions, at)) >= 0
            facts.append(Constraint(error.value if known else -error.value - 1))
    raise AssertionError("forty facts were not enough")


def same_tensor(
    got: SymbolicTensor,
    want: torch.Tensor,
    assumptions: Assumptions,
    at,
    data,
    *,
    symbolic_index: bool = True,
) -> int:
    """Shape, dtype, and every entry of which something is said: to the bit, or in value where
    arithmetic was done. How many those are.
    """
    full = with_definitions(assumptions, at)
    assert tuple(number(size, full) for size in got.shape) == tuple(want.shape)
    assert got.dtype == dtype_name(want.dtype)
    if symbolic_index and want.numel():
        names = [f"i{axis}" for axis in range(want.ndim)]
        for name, size in zip(names, got.shape, strict=True):
            assumptions.ranges[name] = Range(polynomial(0), size - 1)
        value = got.read(tuple(map(Polynomial.variable, names)), assumptions)
        doubt = exact(value)
    claims, finite = 0, all(bool(torch.isfinite(each).all()) for each in data.values())
    for place in itertools.product(*map(range, want.shape)):
        if symbolic_index:
            here = full | dict(zip(names, place, strict=True))
        else:
            here, value = full, got.read(tuple(map(polynomial, place)), assumptions)
            doubt = exact(value)
        here = with_definitions(assumptions, here)
        try:
            found = evaluate(value, here, data)
        except NothingSaidError:
            continue
        if found.summed and not finite:
            continue  # a sum is one of finite inputs
        claims += _agrees(found, want[place].item(), place, is_exact=formula_holds(doubt, here))
    return claims


def _agrees(found: Found, real: int | float, place, *, is_exact: bool) -> bool:
    """Whether anything is claimed; what is claimed has to be so."""
    said = f"{place} is {found.number}, torch has {real}"
    if found.summed and not is_exact:
        # over the real numbers alone: torch rounds, and overflows
        tame = found.scale < 2**60 and math.isfinite(real)
        assert not tame or abs(Fraction(real) - found.number) <= found.scale / 2**20 + Fraction(
            1, 2**140
        ), said
        return tame
    if found.summed:
        assert math.isfinite(real), said
        assert Fraction(real) == found.number, said
        return True
    assert math.isnan(real) == (found.number != found.number), said
    if not math.isnan(real):
        assert real == found.number, said
        assert math.copysign(1, real) == math.copysign(1, found.number), said
    return True


def _real(args):
    if isinstance(args, In):
        return args.tensor.clone()
    if isinstance(args, Size):
        return args.number
    return [_real(each) for each in args] if isinstance(args, list | tuple) else args


def _symbolic(args, ranges, at, data):
    if isinstance(args, Size):
        name = f"S{len(ranges)}"
        at[name], ranges[name] = args.number, Range(polynomial(0), None)
        return Polynomial.variable(name)
    if isinstance(args, list | tuple) and not isinstance(args, In):
        return [_symbolic(each, ranges, at, data) for each in args]
    if isinstance(args, torch.Tensor):
        return table("table", args)
    if not isinstance(args, In):
        return args
    name = f"x{sum(1 for each in ranges if each.endswith('_0')) + len(ranges)}"
    shape = []
    for axis, size in enumerate(args.tensor.shape):
        variable = f"{name}_{axis}"
        at[variable], ranges[variable] = size, Range(polynomial(min(size, 1)), None)
        shape.append(polynomial(size) if axis in args.fixed else Polynomial.variable(variable))
    data[name] = args.tensor
    tensor = input_tensor(name, shape)
    return SymbolicTensor(tensor.shape, tensor.read, dtype_name(args.tensor.dtype))
