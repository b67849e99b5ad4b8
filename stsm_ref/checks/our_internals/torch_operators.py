"""Which of torch's operators only move data, and which operators a function really runs.

COST-2 says that the shift computes nothing. A result cannot show that: multiplied by one it is the
same. So the operators are watched, in two ways, since each has a blind side. A dispatch mode sees
every operator with its arguments, but a function may notice the mode and go another way; torch's
profiler sees names alone, on the way that is always gone. Arithmetic outside of torch is seen by
neither: on the device meta, where tensors have no values, it cannot be done at all.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

# the newer one writes lines of its own to the standard error
from torch.autograd.profiler_legacy import (
    profile,
)
from torch.utils._python_dispatch import TorchDispatchMode

from stsm_ref.evidence.failure import require

VIEWS = (
    "alias as_strided broadcast_to chunk contiguous detach expand expand_as "
    "flatten lift_fresh movedim narrow permute reshape select slice split split_with_sizes squeeze "
    "t transpose unbind unflatten unsqueeze view view_as _reshape_alias _unsafe_view"
)
COPIES = (
    "cat clone constant_pad_nd copy_ flip gather index_select pad roll select_scatter "
    "slice_scatter stack"
)
ZEROS = "fill_ new_zeros zero_ zeros zeros_like"
EMPTY = "empty empty_like empty_strided new_empty new_empty_strided"
SIGNS = "resolve_conj resolve_neg"  # nothing, for a tensor without a pending sign
MOVERS = frozenset(
    f"aten::{name}" for names in (VIEWS, COPIES, ZEROS, EMPTY, SIGNS) for name in names.split()
)
"""Operators that give other places to values, or zeros to places. Whatever is not here counts as
arithmetic until it is shown not to be.
"""


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves its __init_subclass__ untyped
    """Notes operators that are no movers, and movers that write other values than they read or than
    zero.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # and its __init__
        self.computing: dict[str, None] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        if (fault := _fault(func, args, named)) is not None:
            self.computing[fault] = None
        return func(*args, **named)


def _fault(func: Any, args: tuple[Any, ...], named: dict[str, Any]) -> str | None:
    """Say what an operator computes, or None where it only moves."""
    name: str = func._schema.name
    if name not in MOVERS:
        return name
    given = (
        dict(zip((argument.name for argument in func._schema.arguments), args, strict=False))
        | named
    )
    if given.get("value") not in (None, 0):
        return f"{name} of {given['value']}"
    if given.get("mode") not in (None, "constant"):
        return f"{name} in mode {given['mode']}"
    first, source = given.get("self"), given.get("src")
    if (
        name == "aten::copy_"
        and isinstance(first, Tensor)
        and isinstance(source, Tensor)
        and first.dtype != source.dtype
    ):
        return f"{name} from {source.dtype} to {first.dtype}"
    return None


def computing_operators(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[str, ...]:
    """Run `function` on `x` and its gradient, and return the names of the operators in it that are
    not known to only move data.

    `function` is also run on the device meta, and raises there if it leaves torch, where nothing is
    seen of what it does.
    """
    x, grad = x.detach(), x.detach().clone()

    def forward_and_backward(x: Tensor, grad: Tensor) -> None:
        function(x)  # as in inference
        leaf = x.detach().requires_grad_()
        torch.autograd.grad(function(leaf), leaf, grad)

    with _Watch() as watch:
        forward_and_backward(x, grad)
    with profile() as seen:  # type: ignore[no-untyped-call]  # torch leaves it untyped
        forward_and_backward(x, grad)
    # a name without a namespace is that of an autograd function, whose operators are noted
    # themselves
    ran = {
        event.name
        for event in seen.function_events or ()
        if "::" in event.name and not event.name.startswith("autograd::engine::")
    }
    require(ran & MOVERS, "torch's profiler noted no operator: nothing is known of what ran")
    forward_and_backward(x.to("meta"), grad.to("meta"))
    return tuple(watch.computing) + tuple(sorted(ran - MOVERS - set(watch.computing)))
