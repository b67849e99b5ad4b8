"""Meanings of the operators that make tensors."""

from collections.abc import Sequence
from typing import Any

import torch

from stsm_ref.proofs.index_maps.integers import Assumptions, Polynomial, polynomial
from stsm_ref.proofs.index_maps.maps import (
    UNINITIALISED,
    Integer,
    Load,
    SymbolicTensor,
    UnsupportedError,
    filled,
)
from stsm_ref.proofs.operators.dtypes import (
    WHOLE_DTYPES,
    dtype_name,
    number_in,
    represented_in,
    size_in,
)
from stsm_ref.proofs.operators.table import as_int, as_size, meaning


def _made(
    sizes: Sequence[Any], value: Any, dtype: torch.dtype | None, default: str = "float32"
) -> SymbolicTensor:
    """A tensor of one number, or one size, as its dtype holds it."""
    name = default if dtype is None else dtype_name(dtype)
    shape = [as_size(size) for size in sizes]
    if isinstance(value, Polynomial):
        return size_in(value, name, shape)
    return filled(shape, number_in(value, name), name)


def _uninitialised(
    sizes: Sequence[Any], dtype: torch.dtype | None, default: str = "float32"
) -> SymbolicTensor:
    name = default if dtype is None else dtype_name(dtype)
    return SymbolicTensor(
        tuple(as_size(size) for size in sizes), lambda index, _: Load(UNINITIALISED, index), name
    )


@meaning("aten.zeros.default")
def zeros(
    _: Assumptions, size: Sequence[Any], dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Zeros of a shape."""
    return _made(size, 0, dtype)


@meaning("aten.ones.default")
def ones(
    _: Assumptions, size: Sequence[Any], dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Ones of a shape."""
    return _made(size, 1, dtype)


@meaning("aten.full.default")
def full(
    _: Assumptions, size: Sequence[Any], value: Any, dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """One number everywhere."""
    return _made(
        size,
        value,
        dtype,
        "float32" if isinstance(value, float) else "bool" if isinstance(value, bool) else "int64",
    )


@meaning("aten.empty.memory_format")
def empty(
    _: Assumptions, size: Sequence[Any], dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Memory of which nothing is known."""
    return _uninitialised(size, dtype)


@meaning("aten.zeros_like.default")
def zeros_like(
    _: Assumptions, x: SymbolicTensor, dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Zeros."""
    return _made(x.shape, 0, dtype, x.dtype)


@meaning("aten.ones_like.default")
def ones_like(
    _: Assumptions, x: SymbolicTensor, dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Ones."""
    return _made(x.shape, 1, dtype, x.dtype)


@meaning("aten.full_like.default")
def full_like(
    _: Assumptions, x: SymbolicTensor, value: Any, dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """One number everywhere."""
    return _made(x.shape, value, dtype, x.dtype)


@meaning("aten.empty_like.default")
def empty_like(
    _: Assumptions, x: SymbolicTensor, dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Memory of which nothing is known."""
    return _uninitialised(x.shape, dtype, x.dtype)


@meaning("aten.new_zeros.default")
def new_zeros(
    _: Assumptions, x: SymbolicTensor, size: Sequence[Any], dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Zeros of another shape."""
    return _made(size, 0, dtype, x.dtype)


@meaning("aten.new_ones.default")
def new_ones(
    _: Assumptions, x: SymbolicTensor, size: Sequence[Any], dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Ones of another shape."""
    return _made(size, 1, dtype, x.dtype)


@meaning("aten.new_full.default")
def new_full(
    _: Assumptions,
    x: SymbolicTensor,
    size: Sequence[Any],
    value: Any,
    dtype: torch.dtype | None,
    *__: Any,
) -> SymbolicTensor:
    """One number everywhere in another shape."""
    return _made(size, value, dtype, x.dtype)


@meaning("aten.new_empty.default")
def new_empty(
    _: Assumptions, x: SymbolicTensor, size: Sequence[Any], dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """Memory of which nothing is known."""
    return _uninitialised(size, dtype, x.dtype)


@meaning("aten.new_empty_strided.default")
def new_empty_strided(
    _: Assumptions,
    x: SymbolicTensor,
    size: Sequence[Any],
    stride: Any,
    dtype: torch.dtype | None,
    *__: Any,
) -> SymbolicTensor:
    """Memory of which nothing is known."""
    return _uninitialised(size, dtype, x.dtype)


@meaning("aten.arange.start_step")
def arange(
    assumptions: Assumptions, start: Any, end: Any, step: int, dtype: torch.dtype | None, *_: Any
) -> SymbolicTensor:
    """``start, start + step, ...`` before `end`."""
    first, stride = as_size(start), as_int(step)
    if stride < 1:
        raise UnsupportedError(f"a range in steps of {stride}")
    length, _rest = assumptions.divide(as_size(end) - first + (stride - 1), polynomial(stride))
    name = "int64" if dtype is None else dtype_name(dtype)
    if name == "bool" or name not in {*WHOLE_DTYPES, "float32", "float64"}:
        raise UnsupportedError(f"a range of {name}")
    shape = (length if assumptions.decide(length) else polynomial(0),)
    return SymbolicTensor(
        shape, lambda i, known: represented_in(Integer(first + i[0] * stride), name, known), name
    )


@meaning("aten.arange.start")
def arange_from(
    assumptions: Assumptions, start: Any, end: Any, dtype: torch.dtype | None, *_: Any
) -> SymbolicTensor:
    """Whole numbers from `start` to before `end`."""
    return arange(assumptions, start, end, 1, dtype)


@meaning("aten.arange.default")
def arange_to(
    assumptions: Assumptions, end: Any, dtype: torch.dtype | None, *_: Any
) -> SymbolicTensor:
    """Whole numbers from 0 to before `end`."""
    return arange(assumptions, 0, end, 1, dtype)


@meaning("aten.scalar_tensor.default")
def scalar_tensor(
    _: Assumptions, value: Any, dtype: torch.dtype | None, *__: Any
) -> SymbolicTensor:
    """One number, without axes."""
    return _made([], value, dtype)
