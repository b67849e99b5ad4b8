"""Evaluate index maps at numbers, so that they can be held against what torch computes."""

import itertools
from typing import NamedTuple

import torch

from stsm_ref.proofs import export_graph  # noqa: F401  # fills the table of meanings
from stsm_ref.proofs.index_map import Choice, Constant, Entry, Sum, SymbolicTensor, Whole, input_tensor
from stsm_ref.proofs.index_map_integers import Atom, Polynomial, Range, Scope, UndeterminedError, polynomial
from stsm_ref.proofs.operators import apply
from stsm_ref.proofs.operators_numbers import dtype_name, table


class In(NamedTuple):
    """An input of which the meaning knows nothing; axes of `fixed` have a size that it knows."""

    tensor: torch.Tensor
    fixed: tuple[int, ...] = ()


def number(value: Polynomial, at: dict[str, int]) -> int:
    """A polynomial at numbers."""
    found = value.substitute(at).constant
    assert found is not None, (value, at)
    return found


def with_definitions(scope: Scope, at: dict[str, int]) -> dict[str, int]:
    """The numbers, and those of the quotients and remainders that were named."""
    full = dict(at)
    for (value, divisor), (quotient, remainder) in scope.definitions.items():
        below = number(divisor, full)
        pair = divmod(number(value, full), below) if below > 0 else (0, 0)
        full |= dict(zip((str(quotient), str(remainder)), pair, strict=True))
    return full


def evaluate(value, at: dict[str, int], data: dict[str, torch.Tensor]) -> float:
    """A value at numbers for sizes, positions and the entries of the inputs."""
    match value:
        case Constant(exact):
            return float(exact)
        case Whole(whole):
            return float(number(whole, at))
        case Entry("uninitialised", _):
            return float("nan")
        case Entry(name, index):
            place = tuple(number(each, at) for each in index)
            assert all(0 <= i < size for i, size in zip(place, data[name].shape, strict=True)), f"reads {name}{place} outside"
            return float(data[name][place])
        case Choice(condition, then, otherwise):
            return evaluate(then if all(holds(atom, at) for atom in condition) else otherwise, at, data)
        case Sum(terms):
            return float(sum(float(factor) * evaluate(each, at, data) for factor, each in terms))
    raise AssertionError(value)


def holds(atom: Atom, at: dict[str, int]) -> bool:
    """An atom at numbers."""
    value = number(atom.value, at)
    return value == 0 if atom.equal else value >= 0


def meaning_agrees(target, args, *, symbolic_index: bool = True) -> None:
    """Hold the meaning of an operator, at sizes that it does not know, against torch at these arguments."""
    at: dict[str, int] = {}
    data: dict[str, torch.Tensor] = {}
    real = _real(args)
    expected = target(*real)
    facts: list[Atom] = []
    for _ in range(40):
        ranges: dict[str, Range] = {}
        symbolic = _symbolic(args, ranges, at, data)
        scope = Scope(ranges, tuple(atom.value for atom in facts))
        try:
            found = apply(target, symbolic, {}, scope)
            pairs = zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
            for got, want in pairs:
                if got is not None:
                    same_tensor(got, want, scope, at, data, symbolic_index=symbolic_index)
            return
        except UndeterminedError as error:
            known = number(error.value, with_definitions(scope, at)) >= 0
            facts.append(Atom(error.value if known else -error.value - 1))
    raise AssertionError("forty facts were not enough")


def same_tensor(got: SymbolicTensor, want: torch.Tensor, scope: Scope, at, data, *, symbolic_index: bool = True) -> None:
    """Shape, dtype and every entry."""
    full = with_definitions(scope, at)
    assert tuple(number(size, full) for size in got.shape) == tuple(want.shape)
    assert got.dtype == dtype_name(want.dtype)
    if symbolic_index and want.numel():
        names = [f"i{axis}" for axis in range(want.ndim)]
        for name, size in zip(names, got.shape, strict=True):
            scope.ranges[name] = Range(polynomial(0), size - 1)
        value = got.read(tuple(map(Polynomial.variable, names)), scope)
    for place in itertools.product(*map(range, want.shape)):
        if symbolic_index:
            here = full | dict(zip(names, place, strict=True))
        else:
            here, value = full, got.read(tuple(map(polynomial, place)), scope)
        found = evaluate(value, with_definitions(scope, here), data)
        assert found == float(want[place]), f"[{place}] is {found}, torch has {float(want[place])}"


def _real(args):
    if isinstance(args, In):
        return args.tensor.clone()
    return [_real(each) for each in args] if isinstance(args, list | tuple) else args


def _symbolic(args, ranges, at, data):
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
