"""The table of operator meanings: for each operator of an exported graph, the index map of its
result.

Every meaning is tested against torch itself on random small inputs; a proof rests on this table.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch

from stsm_ref.proofs.index_maps.integers import Assumptions, Polynomial, polynomial, product
from stsm_ref.proofs.index_maps.maps import SymbolicTensor, UnsupportedError

Meaning = Callable[..., Any]
Function = TypeVar("Function", bound=Callable[..., Any])
MEANINGS: dict[str, Meaning] = {}
"""By the full name of the overload, ``"aten.slice.Tensor"``. A meaning takes what is
assumed and then every argument of the schema in order."""

CHECKS_ONLY = frozenset(
    {
        "aten._assert_tensor_metadata.default",
        "aten._assert_scalar.default",
        "aten._assert_async.msg",
    }
)
"""They give nothing. What they assert about sizes is among the guards of the export."""


def meaning(*names: str) -> Callable[[Function], Function]:
    """Enter a function in the table as the meaning of operators."""

    def enter(function: Function) -> Function:
        for name in names:
            assert name not in MEANINGS, name
            MEANINGS[name] = function
        return function

    return enter


def apply(
    target: torch._ops.OpOverload,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    assumptions: Assumptions,
) -> Any:
    """The result of an operator by its meaning.

    Raises
    ------
    UnsupportedError
        If the table has no meaning for it, or none for these arguments.
    UndeterminedError
        If a shape hangs on sizes of which too little is known.
    """
    known = MEANINGS.get(str(target))
    if known is None:
        raise UnsupportedError("an operator without a meaning in the table")
    return known(assumptions, *in_schema_order(target, args, kwargs))


def in_schema_order(
    target: torch._ops.OpOverload, args: Sequence[Any], kwargs: dict[str, Any]
) -> list[Any]:
    """All arguments, those left out at their defaults."""
    ordered = []
    for place, argument in enumerate(target._schema.arguments):
        if place < len(args):
            ordered.append(args[place])
        elif argument.name in kwargs:
            ordered.append(kwargs[argument.name])
        else:
            ordered.append(argument.default_value)
    return ordered


MAX_FACTORS = 8
"""Nobody multiplies more sizes of one axis."""


def apply_to_sizes(
    target: Callable[..., Any], args: Sequence[Any], assumptions: Assumptions
) -> Any:
    """The result of arithmetic on sizes: a number, or whether a comparison holds, which must
    not differ between the sizes at hand.
    """
    if target not in _ON_SIZES:
        raise UnsupportedError(
            "arithmetic on sizes that is not a sum, product, quotient or comparison"
        )
    if target is torch.sym_sum and isinstance(args[0], list | tuple):
        args = args[0]
    if not all(isinstance(each, int | Polynomial) for each in args):
        raise UnsupportedError("arithmetic on sizes with something that is not an integer")
    return _ON_SIZES[target](
        assumptions,
        *(polynomial(int(each)) if isinstance(each, bool | int) else each for each in args),
    )


_ON_SIZES: dict[Callable[..., Any], Callable[..., Any]] = {
    operator.add: lambda _, a, b: a + b,
    operator.sub: lambda _, a, b: a - b,
    operator.mul: lambda _, a, b: a * b,
    operator.neg: lambda _, a: -a,
    operator.floordiv: lambda assumptions, a, b: assumptions.divide(a, b)[0],
    operator.mod: lambda assumptions, a, b: assumptions.divide(a, b)[1],
    operator.ge: lambda assumptions, a, b: assumptions.decide(a - b),
    operator.gt: lambda assumptions, a, b: assumptions.decide(a - b - 1),
    operator.le: lambda assumptions, a, b: assumptions.decide(b - a),
    operator.lt: lambda assumptions, a, b: assumptions.decide(b - a - 1),
    operator.eq: lambda assumptions, a, b: assumptions.decide_equal(a - b),
    operator.ne: lambda assumptions, a, b: not assumptions.decide_equal(a - b),
    operator.pow: lambda _, a, b: _power(a, b),
    torch.sym_max: lambda assumptions, a, b: a if assumptions.decide(a - b) else b,
    torch.sym_min: lambda assumptions, a, b: b if assumptions.decide(a - b) else a,
    torch.sym_sum: lambda _, *each: functools.reduce(operator.add, each, polynomial(0)),
    torch.sym_not: lambda assumptions, a: assumptions.decide_equal(a),
}


def _power(size: Polynomial, times: Polynomial) -> Polynomial:
    """A size times itself, so many times as a number says."""
    count = as_int(times)
    if not 0 <= count <= MAX_FACTORS:
        raise UnsupportedError(f"a size to the power of {count}")
    return product([size] * count)


def as_size(value: Any) -> Polynomial:
    """An argument that counts or places."""
    if isinstance(value, bool) or not isinstance(value, int | Polynomial):
        raise UnsupportedError(f"{value!r} where a whole number was expected")
    return polynomial(value)


def as_int(value: Any) -> int:
    """An argument that has to be one number for all sizes."""
    number = as_size(value).constant
    if number is None:
        raise UnsupportedError(
            f"{value}, which depends on the sizes, where a fixed number was expected"
        )
    return number


def as_tensor(value: Any) -> SymbolicTensor:
    """An argument that is a tensor."""
    if not isinstance(value, SymbolicTensor):
        raise UnsupportedError(f"{value!r} where a tensor was expected")
    return value


def tuple_of(values: Any, count: int) -> tuple[int, ...]:
    """One number for each of `count` axes, from one for all or a list."""
    numbers = [as_int(each) for each in (values if isinstance(values, list | tuple) else [values])]
    return tuple(numbers * count if len(numbers) == 1 else numbers)
