"""Views and writes: what a write through a view does to the memory under it.

A tensor of a graph is a place: memory of its own, or a view of another place. Reading a view looks
at the memory as it is at that moment; writing to a view writes the memory. Which results are views
is torch's own word: they share their storage with their argument.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from stsm_ref.proofs.index_maps.integers import Assumptions
from stsm_ref.proofs.index_maps.maps import SymbolicTensor, UnsupportedError
from stsm_ref.proofs.operators.data import copy, select_scatter, slice_scatter
from stsm_ref.proofs.operators.factories import zeros_like
from stsm_ref.proofs.operators.shape import movedim, permute, select, transpose
from stsm_ref.proofs.operators.table import MEANINGS, apply, in_schema_order
from stsm_ref.proofs.operators.views import view


@dataclass
class Memory:
    """Memory of its own."""

    value: SymbolicTensor

    def read(self) -> SymbolicTensor:
        """What it holds now."""
        return self.value

    def write(self, value: SymbolicTensor) -> None:
        """Replace all of it."""
        self.value = value


@dataclass(frozen=True)
class View:
    """A part of another place, or the same seen through other axes."""

    base: "Memory | View"
    look: Callable[[SymbolicTensor], SymbolicTensor]
    put: Callable[[SymbolicTensor, SymbolicTensor], SymbolicTensor]

    def read(self) -> SymbolicTensor:
        """What it shows now."""
        return self.look(self.base.read())

    def write(self, value: SymbolicTensor) -> None:
        """Replace what it shows."""
        self.base.write(self.put(self.base.read(), value))


Place = Memory | View


def _no_write(*_: Any) -> SymbolicTensor:
    raise UnsupportedError("a write through a view of this kind")


def _back_transpose(
    assumptions: Assumptions, base: SymbolicTensor, new: SymbolicTensor, dim0: int, dim1: int
) -> SymbolicTensor:
    return transpose(assumptions, new, dim0, dim1)


def _back_permute(
    assumptions: Assumptions, base: SymbolicTensor, new: SymbolicTensor, dims: Sequence[int]
) -> SymbolicTensor:
    axes = [base.axis(dim) for dim in dims]
    return permute(assumptions, new, [axes.index(axis) for axis in range(base.rank)])


def _back_to_shape(
    assumptions: Assumptions, base: SymbolicTensor, new: SymbolicTensor, *_: Any
) -> SymbolicTensor:
    return view(assumptions, new, base.shape)


def _back_same(
    assumptions: Assumptions, base: SymbolicTensor, new: SymbolicTensor, *_: Any
) -> SymbolicTensor:
    return new


WRITES: dict[str, Callable[..., SymbolicTensor]] = {
    "aten.slice.Tensor": slice_scatter,
    "aten.narrow.default": lambda assumptions, base, new, dim, start, length: slice_scatter(
        assumptions, base, new, dim, start, start + length, 1
    ),
    "aten.select.int": select_scatter,
    "aten.unsqueeze.default": lambda assumptions, base, new, dim: select(assumptions, new, dim, 0),
    **dict.fromkeys(
        ("aten.transpose.int", "aten.swapaxes.default", "aten.swapdims.default"), _back_transpose
    ),
    "aten.permute.default": _back_permute,
    "aten.movedim.int": lambda assumptions, base, new, source, destination: movedim(
        assumptions, new, destination, source
    ),
    **dict.fromkeys(
        (
            "aten.view.default",
            "aten.view_as.default",
            "aten.reshape_as.default",
            "aten._unsafe_view.default",
            "aten.reshape.default",
            "aten.flatten.using_ints",
            "aten.unflatten.int",
            "aten.squeeze.dim",
            "aten.squeeze.dims",
            "aten.squeeze.default",
        ),
        _back_to_shape,
    ),
    **dict.fromkeys(
        (
            "aten.alias.default",
            "aten.detach.default",
            "aten.contiguous.default",
            "aten.to.dtype",
            "aten.to.dtype_layout",
        ),
        _back_same,
    ),
}
"""How a write through the result of an operator reaches its argument; for other views a write
is unsupported, reading is not.
"""


def shown_by(
    target: torch._ops.OpOverload,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    base: Place,
    assumptions: Assumptions,
) -> View:
    """The result of an operator that is a view of its first argument."""
    _, *rest = in_schema_order(target, args, kwargs)
    put: Callable[..., SymbolicTensor] = WRITES.get(str(target), _no_write)

    def look(value: SymbolicTensor) -> SymbolicTensor:
        return _tensor(apply(target, [value, *args[1:]], kwargs, assumptions))

    return View(base, look, lambda old, new: put(assumptions, old, new, *rest))


def _tensor(value: Any) -> SymbolicTensor:
    if not isinstance(value, SymbolicTensor):
        raise UnsupportedError("a view that is no single tensor")
    return value


def piece(
    base: Place,
    target: torch._ops.OpOverload,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    number: int,
    assumptions: Assumptions,
) -> View:
    """One of several views that an operator gives at once; it can be read, not written."""
    return View(
        base,
        lambda value: _tensor(apply(target, [value, *args[1:]], kwargs, assumptions)[number]),
        _no_write,
    )


def writes(target: torch._ops.OpOverload) -> bool:
    """Whether an operator writes to its first argument, by its schema."""
    arguments = target._schema.arguments
    alias: Any = arguments[0].alias_info if arguments else None
    return alias is not None and bool(alias.is_write)


def write(
    target: torch._ops.OpOverload,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    place: Place,
    assumptions: Assumptions,
) -> None:
    """Do what an operator that writes does: its result by the operator of the same name that
    does not, in the dtype of the place.
    """
    old = place.read()
    name = str(target)
    if torch.Tag.inplace_view in target.tags:
        if name == "aten.detach_.default":
            return
        raise UnsupportedError("an operator that changes the shape of its argument in place")
    if name == "aten.zero_.default":
        place.write(zeros_like(assumptions, old, None))
        return
    head, _, overload = name.rpartition(".")
    known = MEANINGS.get(f"{head.removesuffix('_')}.{overload}")
    if not head.endswith("_") or known is None:
        raise UnsupportedError("an operator without a meaning in the table")
    _, *rest = in_schema_order(target, args, kwargs)
    place.write(copy(assumptions, old, known(assumptions, old, *rest), False))
