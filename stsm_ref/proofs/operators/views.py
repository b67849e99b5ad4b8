"""Meanings of the operators that count the entries of a tensor by other axes: views, and rolls."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    divide_terms,
    polynomial,
    product,
)
from stsm_ref.proofs.index_maps.maps import (
    Index,
    Read,
    Shape,
    SymbolicTensor,
    UnsupportedError,
    Value,
    choose,
)
from stsm_ref.proofs.operators.shape import replaced, same_size
from stsm_ref.proofs.operators.table import as_size, meaning


@meaning("aten.view.default", "aten._unsafe_view.default", "aten.reshape.default")
def view(assumptions: Assumptions, x: SymbolicTensor, shape: Sequence[Any]) -> SymbolicTensor:
    """The same entries in the same order, counted by other axes."""
    sizes = [as_size(size) for size in shape]
    if unknown := [k for k, size in enumerate(sizes) if size.constant == -1]:
        rest = product(size for k, size in enumerate(sizes) if k != unknown[0])
        sizes[unknown[0]], _ = assumptions.divide(product(x.shape), rest)
    runs = _runs(assumptions, x.shape, tuple(sizes))
    return SymbolicTensor(
        tuple(sizes),
        lambda i, known: _read_runs(x.read, x.shape, tuple(sizes), runs, i, known),
        x.dtype,
    )


@meaning("aten.view_as.default", "aten.reshape_as.default")
def view_as(assumptions: Assumptions, x: SymbolicTensor, other: SymbolicTensor) -> SymbolicTensor:
    """The same entries in the same order, in the shape of another tensor."""
    return view(assumptions, x, other.shape)


Run = tuple[range, range]


def _runs(assumptions: Assumptions, old: Shape, new: Shape) -> list[Run]:
    """The shortest runs of neighbouring axes, old and new, that hold as many entries as each
    other.
    """
    runs, i, j = [], 0, 0
    while i < len(old) or j < len(new):
        lengths = itertools.product(range(len(old) - i + 1), range(len(new) - j + 1))
        for a, b in sorted(lengths, key=lambda pair: (sum(pair), abs(pair[0] - pair[1]))):
            if a + b and product(old[i : i + a]) == product(new[j : j + b]):
                runs.append((range(i, i + a), range(j, j + b)))
                i, j = i + a, j + b
                break
        else:
            if same_size(assumptions, product(old[i:]), product(new[j:])):
                return [*runs, (range(i, len(old)), range(j, len(new)))]
            raise UnsupportedError(
                f"a view of {old} as {new}, which holds another number of entries"
            )
    return runs


def _read_runs(
    read: Read, old: Shape, new: Shape, runs: list[Run], index: Index, assumptions: Assumptions
) -> Value:
    """Turn an index of the new axes into one of the old, run by run, then read."""

    def convert(run: int, done: Index, known: Assumptions) -> Value:
        if run == len(runs):
            return read(done, known)
        before, after = runs[run]
        place = polynomial(0)
        for axis in after:
            place = place * new[axis] + index[axis]
        if len(before) == len(after) == 1:
            return convert(run + 1, (*done, place), known)
        return _unflatten(
            place,
            [old[axis] for axis in before],
            known,
            lambda found, more: convert(run + 1, (*done, *found), more),
        )

    return convert(0, (), assumptions)


def _unflatten(
    place: Polynomial,
    sizes: Sequence[Polynomial],
    assumptions: Assumptions,
    use: Callable[[Index, Assumptions], Value],
) -> Value:
    """The index of the entry that is number `place` among axes of those sizes."""
    if not sizes:
        return use((), assumptions)
    if len(sizes) == 1:
        return use((place,), assumptions)
    return with_quotient(
        place,
        sizes[-1],
        assumptions,
        lambda quotient, rest, known: _unflatten(
            quotient, sizes[:-1], known, lambda i, s: use((*i, rest), s)
        ),
    )


def with_quotient(
    value: Polynomial,
    divisor: Polynomial,
    assumptions: Assumptions,
    use: Callable[[Polynomial, Polynomial, Assumptions], Value],
) -> Value:
    """Use quotient and remainder; where the remainder is one divisor off at one end, as a
    choice of two.
    """
    if value.constant is None and divisor.constant != 1:
        guess, rest = divide_terms(value, divisor)
        for low in (0, -1, 1):  # the quotient is guess + low or one more
            below, above = rest - divisor * low, divisor * (low + 2) - 1 - rest
            within = [assumptions.is_nonnegative(below), assumptions.is_nonnegative(above)]
            if within == [True, True]:
                return choose(
                    [Constraint(divisor * (low + 1) - 1 - rest)],
                    lambda known, low=low, below=below: use(guess + low, below, known),  # type: ignore[misc]  # mypy has no types for defaults
                    lambda known, low=low, below=below: use(
                        guess + low + 1, below - divisor, known
                    ),  # type: ignore[misc]  # as above
                    assumptions,
                )
    quotient, remainder = assumptions.divide(value, divisor)
    return use(quotient, remainder, assumptions)


@meaning("aten.flatten.using_ints")
def flatten(
    assumptions: Assumptions, x: SymbolicTensor, start_dim: int, end_dim: int
) -> SymbolicTensor:
    """A run of axes as one."""
    first, last = x.axis(start_dim), x.axis(end_dim)
    return view(
        assumptions, x, [*x.shape[:first], product(x.shape[first : last + 1]), *x.shape[last + 1 :]]
    )


@meaning("aten.unflatten.int")
def unflatten(
    assumptions: Assumptions, x: SymbolicTensor, dim: int, sizes: Sequence[Any]
) -> SymbolicTensor:
    """One axis as several."""
    axis = x.axis(dim)
    known = [as_size(size) for size in sizes]
    if unknown := [k for k, size in enumerate(known) if size.constant == -1]:
        known[unknown[0]], _ = assumptions.divide(
            x.shape[axis], product(size for k, size in enumerate(known) if k != unknown[0])
        )
    return view(assumptions, x, [*x.shape[:axis], *known, *x.shape[axis + 1 :]])


@meaning("aten.roll.default")
def roll(
    assumptions: Assumptions, x: SymbolicTensor, shifts: Any, dims: Sequence[int]
) -> SymbolicTensor:
    """``y[i] = x[(i - shift) mod size]``; without `dims`, on the flattened tensor."""
    if not dims:
        flat = view(assumptions, x, [product(x.shape)])
        return view(assumptions, roll(assumptions, flat, shifts, [0]), x.shape)
    for shift, dim in zip(
        shifts if isinstance(shifts, list | tuple) else [shifts], dims, strict=True
    ):
        x = _rolled(x, as_size(shift), x.axis(dim))
    return x


def _rolled(x: SymbolicTensor, shift: Polynomial, axis: int) -> SymbolicTensor:
    def read(index: Index, assumptions: Assumptions) -> Value:
        return with_quotient(
            index[axis] - shift,
            x.shape[axis],
            assumptions,
            lambda _, rest, known: x.read(replaced(index, axis, rest), known),
        )

    return SymbolicTensor(x.shape, read, x.dtype)
