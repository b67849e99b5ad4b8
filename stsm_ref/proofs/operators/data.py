"""Meanings of the operators that copy tensors, write into them, put them together or look
entries up.
"""

import functools
from collections.abc import Sequence
from typing import Any

import torch

from stsm_ref.proofs.index_maps.integers import Assumptions, Constraint, Polynomial, polynomial
from stsm_ref.proofs.index_maps.maps import (
    ZERO,
    Index,
    SymbolicTensor,
    UnsupportedError,
    Value,
    choose,
    filled,
    inside,
)
from stsm_ref.proofs.operators.dtypes import converted, dtype_name, number_in, torch_dtype
from stsm_ref.proofs.operators.shape import (
    bounds,
    broadcast,
    position_on,
    replaced,
    same_shape,
    slice_,
    unsqueeze,
)
from stsm_ref.proofs.operators.table import as_int, as_size, meaning


@meaning(
    "aten.clone.default",
    "aten.contiguous.default",
    "aten.alias.default",
    "aten.detach.default",
    "aten.lift_fresh_copy.default",
)
def same(_: Assumptions, x: SymbolicTensor, *__: Any) -> SymbolicTensor:
    """The same entries; where they lie in memory is not looked at."""
    return x


@meaning("aten.fill.Scalar")
def fill(_: Assumptions, x: SymbolicTensor, value: Any) -> SymbolicTensor:
    """One number everywhere."""
    return filled(x.shape, number_in(value, x.dtype), x.dtype)


@meaning("aten.fill.Tensor")
def fill_tensor(
    assumptions: Assumptions, x: SymbolicTensor, value: SymbolicTensor
) -> SymbolicTensor:
    """The one entry of a tensor everywhere."""
    return copy(assumptions, x, value, False)


@meaning("aten.copy.default")
def copy(
    assumptions: Assumptions, x: SymbolicTensor, source: SymbolicTensor, _: bool
) -> SymbolicTensor:
    """The source, in the shape and dtype of `x`."""
    wide = broadcast(assumptions, source, x.shape)
    return converted(wide, torch_dtype(x.dtype))


@meaning("aten.slice_scatter.default")
def slice_scatter(
    assumptions: Assumptions,
    x: SymbolicTensor,
    source: SymbolicTensor,
    dim: int,
    start: Any,
    end: Any,
    step: int,
) -> SymbolicTensor:
    """`x` with a slice of it replaced by the source."""
    axis, stride = x.axis(dim), as_int(step)
    if not same_shape(
        assumptions, slice_(assumptions, x, dim, start, end, stride).shape, source.shape
    ):
        raise UnsupportedError(
            f"a source of shape {source.shape} that does not fit the slice of {x.shape}"
        )
    first, last = bounds(assumptions, x.shape[axis], start, end)

    def read(index: Index, known: Assumptions) -> Value:
        place = index[axis]

        def written(more: Assumptions) -> Value:
            step_number, rest = more.divide(place - first, polynomial(stride))
            if stride == 1:
                return source.read(replaced(index, axis, step_number), more)
            on_step = [Constraint(rest, equal=True)]
            return choose(
                on_step,
                lambda s: source.read(replaced(index, axis, step_number), s),
                lambda s: x.read(index, s),
                more,
            )

        return choose(
            [Constraint(place - first), Constraint(last - 1 - place)],
            written,
            lambda more: x.read(index, more),
            known,
        )

    return SymbolicTensor(x.shape, read, x.dtype)


@meaning("aten.slice_backward.default")
def slice_backward(
    assumptions: Assumptions,
    grad: SymbolicTensor,
    sizes: Sequence[Any],
    dim: int,
    start: Any,
    end: Any,
    step: int,
) -> SymbolicTensor:
    """Zeros with the gradient written into a slice."""
    return slice_scatter(
        assumptions,
        filled([as_size(size) for size in sizes], ZERO, grad.dtype),
        grad,
        dim,
        start,
        end,
        step,
    )


@meaning("aten.select_scatter.default")
def select_scatter(
    assumptions: Assumptions, x: SymbolicTensor, source: SymbolicTensor, dim: int, index: Any
) -> SymbolicTensor:
    """`x` with one position of an axis replaced by the source."""
    axis = x.axis(dim)
    at = position_on(assumptions, index, x.shape[axis])
    return slice_scatter(assumptions, x, unsqueeze(assumptions, source, axis), axis, at, at + 1, 1)


@meaning("aten.select_backward.default")
def select_backward(
    assumptions: Assumptions, grad: SymbolicTensor, sizes: Sequence[Any], dim: int, index: Any
) -> SymbolicTensor:
    """Zeros with the gradient written at one position of an axis."""
    return select_scatter(
        assumptions, filled([as_size(size) for size in sizes], ZERO, grad.dtype), grad, dim, index
    )


@meaning("aten.cat.default")
def cat(assumptions: Assumptions, tensors: Sequence[SymbolicTensor], dim: int) -> SymbolicTensor:
    """One after the other along an axis."""
    name = functools.reduce(
        lambda one, other: dtype_name(torch.promote_types(torch_dtype(one), torch_dtype(other))),
        [t.dtype for t in tensors],
    )
    tensors = [converted(each, torch_dtype(name)) for each in tensors]
    first = tensors[0]
    axis = first.axis(dim)
    for other in tensors[1:]:
        if other.rank != first.rank or not same_shape(
            assumptions, replaced(other.shape, axis), replaced(first.shape, axis)
        ):
            raise UnsupportedError(
                f"tensors of shapes {first.shape} and {other.shape} put together"
            )
    ends = [polynomial(0)]
    for each in tensors:
        ends.append(ends[-1] + each.shape[axis])

    def read_from(number: int, index: Index, known: Assumptions) -> Value:
        def here(more: Assumptions) -> Value:
            return tensors[number].read(replaced(index, axis, index[axis] - ends[number]), more)

        if number == len(tensors) - 1:
            return here(known)
        before = [Constraint(ends[number + 1] - 1 - index[axis])]
        return choose(before, here, lambda more: read_from(number + 1, index, more), known)

    return SymbolicTensor(
        replaced(first.shape, axis, ends[-1]), lambda i, known: read_from(0, i, known), name
    )


@meaning("aten.stack.default")
def stack(assumptions: Assumptions, tensors: Sequence[SymbolicTensor], dim: int) -> SymbolicTensor:
    """One after the other along a new axis."""
    axis = dim % (tensors[0].rank + 1)
    return cat(assumptions, [unsqueeze(assumptions, each, axis) for each in tensors], axis)


@meaning("aten.pad.default")
def pad(
    assumptions: Assumptions, x: SymbolicTensor, pads: Sequence[Any], mode: str, value: Any
) -> SymbolicTensor:
    """Zeros, another number or the edge itself around; a negative width cuts off."""
    if mode not in ("constant", "replicate"):
        raise UnsupportedError(f"padding of mode {mode!r}")
    widths = [as_size(each) for each in pads]
    for number in range(len(widths) // 2):
        before, after = widths[2 * number], widths[2 * number + 1]
        x = _padded(
            assumptions,
            x,
            x.rank - 1 - number,
            before,
            after,
            None if mode == "replicate" else number_in(0 if value is None else value, x.dtype),
        )
    return x


@meaning("aten.constant_pad_nd.default")
def constant_pad_nd(
    assumptions: Assumptions, x: SymbolicTensor, pads: Sequence[Any], value: Any
) -> SymbolicTensor:
    """A number around; a negative width cuts off."""
    return pad(assumptions, x, pads, "constant", value)


@meaning(
    "aten.replication_pad1d.default",
    "aten.replication_pad2d.default",
    "aten.replication_pad3d.default",
)
def replication_pad(
    assumptions: Assumptions, x: SymbolicTensor, pads: Sequence[Any]
) -> SymbolicTensor:
    """The edge itself around."""
    return pad(assumptions, x, pads, "replicate", None)


def _padded(
    assumptions: Assumptions,
    x: SymbolicTensor,
    axis: int,
    before: Polynomial,
    after: Polynomial,
    value: Value | None,
) -> SymbolicTensor:
    """One axis padded with a value, or with its edge."""
    size = x.shape[axis]
    length = before + size + after
    if not assumptions.decide(length):
        raise UnsupportedError(f"padding that cuts off more than the {size} there are")

    def read(index: Index, known: Assumptions) -> Value:
        place = index[axis] - before

        def within(more: Assumptions) -> Value:
            return x.read(replaced(index, axis, place), more)

        if value is not None:
            return choose(inside(place, size), within, lambda _: value, known)
        low = lambda more: x.read(replaced(index, axis, polynomial(0)), more)  # noqa: E731  # a name for one end
        high = lambda more: x.read(replaced(index, axis, size - 1), more)  # noqa: E731  # and for the other
        return choose(
            [Constraint(place)],
            lambda more: choose([Constraint(size - 1 - place)], within, high, more),
            low,
            known,
        )

    return SymbolicTensor(replaced(x.shape, axis, length), read, x.dtype)


@meaning("aten.dropout.default")
def dropout(_: Assumptions, x: SymbolicTensor, p: float, train: bool) -> SymbolicTensor:
    """The tensor itself where nothing is dropped: in evaluation, or with a probability of 0."""
    if train and p:
        raise UnsupportedError(f"entries that are dropped at random, p={p}")
    return x
