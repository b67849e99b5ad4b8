"""Meanings of the operators that look at the axes of a tensor one by one: slices, permutations,
new axes, splits.
"""

import itertools
from collections.abc import Sequence
from typing import Any

from stsm_ref.proofs.index_maps.integers import Assumptions, Polynomial, polynomial
from stsm_ref.proofs.index_maps.maps import Index, Shape, SymbolicTensor, UnsupportedError, Value
from stsm_ref.proofs.operators.table import as_int, as_size, meaning

LARGEST_INT64 = 2**63 - 1
"""How torch writes "to the end": no size is larger."""


def replaced(index: Sequence[Polynomial], axis: int, *new: Polynomial) -> Index:
    """The index with other entries in the place of one."""
    return (*index[:axis], *new, *index[axis + 1 :])


def same_size(assumptions: Assumptions, one: Polynomial, other: Polynomial) -> bool:
    """Whether two sizes are one for all sizes at hand."""
    return one == other or assumptions.decide_equal(one - other)


def same_shape(assumptions: Assumptions, one: Shape, other: Shape) -> bool:
    """Whether two shapes are one."""
    return len(one) == len(other) and all(
        same_size(assumptions, a, b) for a, b in zip(one, other, strict=True)
    )


def bounds(
    assumptions: Assumptions, size: Polynomial, start: Any, end: Any
) -> tuple[Polynomial, Polynomial]:
    """Start and end of a slice as Python counts them: from the end if negative, and never
    outside.
    """
    first = polynomial(0) if start is None else _clamped(assumptions, as_size(start), size)
    last = size if end is None else _clamped(assumptions, as_size(end), size)
    return first, (last if assumptions.decide(last - first) else first)


def _clamped(assumptions: Assumptions, position: Polynomial, size: Polynomial) -> Polynomial:
    if position.constant == LARGEST_INT64:
        return size
    if not assumptions.decide(position):
        position = position + size
        if not assumptions.decide(position):
            return polynomial(0)
    return position if assumptions.decide(size - position) else size


@meaning("aten.slice.Tensor")
def slice_(
    assumptions: Assumptions, x: SymbolicTensor, dim: int, start: Any, end: Any, step: int
) -> SymbolicTensor:
    """``y[i] = x[start + step*i]``."""
    axis = x.axis(dim)
    first, last = bounds(assumptions, x.shape[axis], start, end)
    length, _ = assumptions.divide(last - first + (as_int(step) - 1), polynomial(as_int(step)))
    return SymbolicTensor(
        replaced(x.shape, axis, length),
        lambda i, known: x.read(replaced(i, axis, first + i[axis] * step), known),
        x.dtype,
    )


@meaning("aten.narrow.default")
def narrow(
    assumptions: Assumptions, x: SymbolicTensor, dim: int, start: Any, length: Any
) -> SymbolicTensor:
    """``y[i] = x[start + i]``, `length` of them."""
    size, first = x.shape[x.axis(dim)], as_size(start)
    if not assumptions.decide(first):
        first = first + size
    if not (assumptions.decide(first) and assumptions.decide(size - first - as_size(length))):
        raise UnsupportedError("narrow beyond the end of an axis")
    return slice_(assumptions, x, dim, first, first + as_size(length), 1)


@meaning("aten.select.int")
def select(assumptions: Assumptions, x: SymbolicTensor, dim: int, index: Any) -> SymbolicTensor:
    """One position of an axis, and the axis gone."""
    axis = x.axis(dim)
    at = position_on(assumptions, index, x.shape[axis])
    return SymbolicTensor(
        replaced(x.shape, axis), lambda i, known: x.read((*i[:axis], at, *i[axis:]), known), x.dtype
    )


def position_on(assumptions: Assumptions, index: Any, size: Polynomial) -> Polynomial:
    """A position counted from the front, or an error where the axis has none."""
    at = as_size(index)
    if not assumptions.decide(at):
        at = at + size
    if not (assumptions.decide(at) and assumptions.decide(size - 1 - at)):
        raise UnsupportedError(f"position {index} on an axis of {size}, which it does not have")
    return at


@meaning("aten.permute.default")
def permute(_: Assumptions, x: SymbolicTensor, dims: Sequence[int]) -> SymbolicTensor:
    """``y`` has axis ``dims[k]`` of ``x`` as its axis ``k``."""
    axes = [x.axis(dim) for dim in dims]
    back = [axes.index(axis) for axis in range(x.rank)]
    return SymbolicTensor(
        tuple(x.shape[a] for a in axes),
        lambda i, known: x.read(tuple(i[b] for b in back), known),
        x.dtype,
    )


@meaning("aten.transpose.int", "aten.swapaxes.default", "aten.swapdims.default")
def transpose(assumptions: Assumptions, x: SymbolicTensor, dim0: int, dim1: int) -> SymbolicTensor:
    """Two axes exchanged."""
    axes = list(range(x.rank))
    one, other = x.axis(dim0), x.axis(dim1)
    axes[one], axes[other] = axes[other], axes[one]
    return permute(assumptions, x, axes)


@meaning("aten.movedim.int")
def movedim(
    assumptions: Assumptions, x: SymbolicTensor, source: int, destination: int
) -> SymbolicTensor:
    """One axis moved to another place."""
    axes = [axis for axis in range(x.rank) if axis != x.axis(source)]
    axes.insert(x.axis(destination), x.axis(source))
    return permute(assumptions, x, axes)


@meaning("aten.unsqueeze.default")
def unsqueeze(_: Assumptions, x: SymbolicTensor, dim: int) -> SymbolicTensor:
    """A new axis of size 1."""
    axis = dim % (x.rank + 1)
    shape = (*x.shape[:axis], polynomial(1), *x.shape[axis:])
    return SymbolicTensor(
        shape, lambda i, known: x.read((*i[:axis], *i[axis + 1 :]), known), x.dtype
    )


@meaning("aten.squeeze.dim")
def squeeze(assumptions: Assumptions, x: SymbolicTensor, dim: int) -> SymbolicTensor:
    """The axis gone if its size is 1."""
    return squeeze_axes(assumptions, x, [dim])


@meaning("aten.squeeze.dims")
def squeeze_axes(
    assumptions: Assumptions, x: SymbolicTensor, dims: Sequence[int]
) -> SymbolicTensor:
    """Those of the axes gone whose size is 1."""
    for axis in sorted({x.axis(dim) for dim in dims}, reverse=True):
        if same_size(assumptions, x.shape[axis], polynomial(1)):
            x = select(assumptions, x, axis, 0)
    return x


@meaning("aten.squeeze.default")
def squeeze_all(assumptions: Assumptions, x: SymbolicTensor) -> SymbolicTensor:
    """All axes of size 1 gone."""
    return squeeze_axes(assumptions, x, range(x.rank))


@meaning("aten.expand.default")
def expand(
    assumptions: Assumptions, x: SymbolicTensor, sizes: Sequence[Any], _: bool = False
) -> SymbolicTensor:
    """Axes of size 1 repeated; -1 keeps a size, and new axes stand in front."""
    old = (polynomial(1),) * (len(sizes) - x.rank) + x.shape
    shape = tuple(
        before if as_size(size).constant == -1 else as_size(size)
        for before, size in zip(old, sizes, strict=True)
    )
    return broadcast(assumptions, x, shape)


@meaning("aten.expand_as.default")
def expand_as(assumptions: Assumptions, x: SymbolicTensor, other: SymbolicTensor) -> SymbolicTensor:
    """Axes of size 1 repeated, to the shape of another tensor."""
    return broadcast(assumptions, x, other.shape)


def broadcast(assumptions: Assumptions, x: SymbolicTensor, shape: Shape) -> SymbolicTensor:
    """The tensor at a larger shape, axes of size 1 repeated."""
    extra = len(shape) - x.rank
    if extra < 0:
        raise UnsupportedError(f"shape {x.shape} does not broadcast to {shape}")
    repeated = []
    for size, wanted in zip(x.shape, shape[extra:], strict=True):
        repeats = size.constant == 1 or not same_size(assumptions, size, wanted)
        if repeats and not same_size(assumptions, size, polynomial(1)):
            raise UnsupportedError(f"shape {x.shape} does not broadcast to {shape}")
        repeated.append(repeats)

    def read(index: Index, known: Assumptions) -> Value:
        inner = (
            polynomial(0) if repeats else each
            for repeats, each in zip(repeated, index[extra:], strict=True)
        )
        return x.read(tuple(inner), known)

    return SymbolicTensor(shape, read, x.dtype)


def common_shape(assumptions: Assumptions, *shapes: Shape) -> Shape:
    """The shape that all of them broadcast to."""
    sizes: list[Polynomial] = []
    for together in itertools.zip_longest(
        *(reversed(shape) for shape in shapes), fillvalue=polynomial(1)
    ):
        wide = [size for size in together if size.constant != 1]
        size = wide[0] if wide else polynomial(1)
        for other in wide[1:]:
            if not same_size(assumptions, size, other):
                size = other if same_size(assumptions, size, polynomial(1)) else size
        sizes.append(size)
    return tuple(reversed(sizes))


@meaning("aten.split_with_sizes.default", "aten.split.sizes")
def split_with_sizes(
    assumptions: Assumptions, x: SymbolicTensor, sizes: Sequence[Any], dim: int
) -> tuple[SymbolicTensor, ...]:
    """Pieces of an axis, one after the other."""
    pieces, start = [], polynomial(0)
    for size in sizes:
        pieces.append(narrow(assumptions, x, dim, start, as_size(size)))
        start = start + as_size(size)
    return tuple(pieces)


@meaning("aten.split.Tensor")
def split(
    assumptions: Assumptions, x: SymbolicTensor, split_size: int, dim: int
) -> tuple[SymbolicTensor, ...]:
    """Pieces of `split_size`, the last one shorter."""
    whole, size = as_int(x.shape[x.axis(dim)]), as_int(split_size)
    return split_with_sizes(
        assumptions, x, [min(size, whole - start) for start in range(0, whole, size)] or [0], dim
    )


@meaning("aten.chunk.default")
def chunk(
    assumptions: Assumptions, x: SymbolicTensor, chunks: int, dim: int
) -> tuple[SymbolicTensor, ...]:
    """At most `chunks` pieces, all but the last of one size."""
    return split(assumptions, x, max(-(-as_int(x.shape[x.axis(dim)]) // chunks), 1), dim)


@meaning("aten.unbind.int")
def unbind(assumptions: Assumptions, x: SymbolicTensor, dim: int) -> tuple[SymbolicTensor, ...]:
    """Every position of an axis alone."""
    return tuple(select(assumptions, x, dim, k) for k in range(as_int(x.shape[x.axis(dim)])))


@meaning("aten.flip.default")
def flip(_: Assumptions, x: SymbolicTensor, dims: Sequence[int]) -> SymbolicTensor:
    """``y[i] = x[size - 1 - i]``."""
    turned = {x.axis(dim) for dim in dims}
    return SymbolicTensor(
        x.shape,
        lambda i, known: x.read(
            tuple(x.shape[a] - 1 - each if a in turned else each for a, each in enumerate(i)), known
        ),
        x.dtype,
    )
