"""Targets written in PyTorch, on the CPU: gradients by autograd, tangents by its forward mode."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np

from stsm_ref.errors import MissingExtraError
from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Declined, Op, TargetError
from stsm_ref.implementations.frameworks.base import Function
from stsm_ref.implementations.frameworks.numpy import NumpyArrays
from stsm_ref.implementations.layouts import NUMPY_ONLY, Memory, window

try:
    import torch
    from torch import Tensor
    from torch.autograd import forward_ad
except ModuleNotFoundError:
    raise MissingExtraError("a target of framework torch", "torch", "torch") from None

torch.set_num_threads(
    1
)  # the clips are small: threads that wait for a busy core would take most of the time


def on_two_threads(function: Function) -> Function:
    """The function, with two threads for whatever torch spreads over them."""

    def call(*arrays: Tensor) -> Any:
        torch.set_num_threads(2)
        try:
            return function(*arrays)
        finally:
            torch.set_num_threads(1)

    return call


def _placed(t: Tensor, memory: Memory, axes: tuple[int, ...]) -> Tensor:
    """A copy that lies in memory as none of those of `stsm_ref.strategies` does, or the tensor
    itself.
    """
    if memory.startswith("expanded"):
        along = range(t.dim()) if memory == "expanded" else axes
        return (
            t[tuple(slice(1) if axis in along else slice(None) for axis in range(t.dim()))]
            .clone()
            .expand(t.shape)
        )
    if memory.startswith(("step3", "slice")):
        shape, place = window(memory, tuple(t.shape), axes)
        return t.new_ones(shape)[place].copy_(t)
    if memory.startswith("transposed"):
        return t.transpose(*axes).contiguous().transpose(*axes)
    if memory == "offset":
        return t.new_ones(t.numel() + 1)[1:].view(t.shape).copy_(t)
    return t


class TorchArrays:
    """Tensors. Memory layout ``F`` is channels-last where the rank allows it, ``reversed`` a
    transposed one: torch has no such strides.
    """

    kind = "torch"
    memories: tuple[Memory, ...] = tuple(
        memory for memory in get_args(Memory) if memory not in NUMPY_ONLY
    )
    dtypes = tuple(
        np.dtype(c) for c in ("f4", "f8", "f2", "i4", "i8", "i1", "i2", "u1", "?", "c8", "c16")
    )

    def give(self, x: Array, memory: Memory, axes: tuple[int, ...] = ()) -> Tensor:
        """A tensor of its own memory."""
        t = torch.from_numpy(x.copy("K" if memory == "channels-last" else "C"))
        if memory == "F" and t.dim() in (4, 5):
            return t.contiguous(
                memory_format=torch.channels_last if t.dim() == 4 else torch.channels_last_3d
            )
        if memory == "reversed":
            return t.transpose(-1, -2).contiguous().transpose(-1, -2)
        if memory == "strided":
            wide = t.new_ones(
                (*t.shape[:-1], 2 * t.shape[-1])
            )  # who reads the gaps does not find zeros there
            wide[..., 1::2] = t
            return wide[..., 1::2]
        return _placed(t, memory, axes)

    def read(self, array: Any) -> Array:
        """A view of the tensor's values."""
        if not isinstance(array, Tensor):
            raise TargetError(f"it returned {type(array).__name__}, which is not a torch.Tensor")
        try:
            return array.detach().resolve_conj().resolve_neg().cpu().numpy()
        except (TypeError, RuntimeError) as error:
            raise TargetError(
                f"it returned a tensor of dtype {array.dtype} that cannot be read: {error}"
            ) from None

    def share(self, first: Tensor, second: Tensor) -> bool:
        """Whether both are views of one storage."""
        return first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr() != 0

    def keeps_layout(self, x: Tensor, y: Tensor) -> bool:
        """Channels-last stays channels-last, where that differs from the plain order."""
        if (
            x.dim() != 4
            or x.is_contiguous()
            or not x.is_contiguous(memory_format=torch.channels_last)
        ):
            return True
        return y.is_contiguous(memory_format=torch.channels_last)

    def derived(self) -> frozenset[Op]:
        """Both."""
        return frozenset(("vjp", "jvp"))

    def vjp(self, function: Function, x: Tensor, grad: Tensor) -> Tensor:
        """Autograd; the function gets a copy of a leaf, as inside a network, so that a write to
        it is not refused by torch.
        """
        leaf = x.requires_grad_()
        inside = leaf.clone()
        back = self._gradient(function(inside), leaf, grad)
        leaf.data.copy_(
            inside.detach()
        )  # what was done to the copy, by the backward too, is done to x
        return back

    def jvp(self, function: Function, x: Tensor, dx: Tensor) -> Tensor:
        """Forward mode."""
        with forward_ad.dual_level():
            try:
                y = function(forward_ad.make_dual(x, dx))  # type: ignore[no-untyped-call]  # torch's
            except (NotImplementedError, RuntimeError) as error:
                raise Declined(f"torch has no forward mode for it: {error}") from None
            tangent = forward_ad.unpack_dual(y).tangent  # type: ignore[no-untyped-call]  # torch's
            return torch.zeros_like(y) if tangent is None else tangent

    def residual(
        self, function: Function, vjp: Function | None, x: Tensor, grad: Tensor
    ) -> tuple[Any, Any]:
        """A block under autograd, or with the target's own backward."""
        if not x.is_floating_point() and not x.is_complex():
            return function(x) + x, None
        leaf = x.requires_grad_()
        inside = leaf.clone()
        value = function(inside) + inside
        if vjp is None:
            return value, self._gradient(value, leaf, grad)
        return value, vjp(x.detach(), grad) + grad

    def modes(self, function: Function, of: Any) -> dict[str, Function]:
        """Without gradients, in inference mode, with a gradient to come, a module in training and
        not, and bfloat16, told as int16.
        """
        module = self.module(of)

        def under(mode: Callable[[], Any]) -> Function:
            def call(x: Tensor) -> Tensor:
                with mode():
                    return function(x).clone()  # type: ignore[no-any-return]  # a tensor

            return call

        def training(on: bool) -> Function:
            def call(x: Tensor) -> Tensor:
                before = module.training
                try:
                    module.train(on)
                    return function(x)  # type: ignore[no-any-return]  # a tensor
                finally:
                    module.train(before)

            return call

        of_module = (
            {"in training": training(True), "in evaluation": training(False)}
            if module is not None
            else {}
        )
        return of_module | {
            "under torch.no_grad": under(torch.no_grad),
            "under torch.inference_mode": under(torch.inference_mode),
            "with requires_grad": lambda x: function(
                x.requires_grad_() if x.is_floating_point() or x.is_complex() else x
            ),
            "under autocast": under(lambda: torch.autocast("cpu", torch.bfloat16)),
            "with two threads": on_two_threads(function),
            "in bfloat16": lambda x: function(x.view(torch.bfloat16)).view(torch.int16),
        }

    def module(self, function: Function) -> Any:
        """A module, or the module of which this is a method."""
        module = getattr(function, "__self__", function)
        return module if isinstance(module, torch.nn.Module) else None

    def parameters(self, function: Function, module: Any, x: Tensor) -> tuple[str, ...]:
        """Those that torch counts, then the leaves of the result's graph besides the input."""
        named = dict(module.named_parameters()) if module is not None else {}
        found = [f"{name} {_size(parameter)}" for name, parameter in named.items()]
        if x.is_floating_point() or x.is_complex():
            leaf = x.requires_grad_()
            known = {id(leaf), *map(id, named.values())}
            found += [
                f"a tensor {_size(one)} that learns"
                for one in _leaves(function(leaf.clone()))
                if id(one) not in known
            ]
        return tuple(found)

    def overwrite(self, array: Tensor, x: Array) -> Tensor:
        """The same tensor, of the same version: a network's input buffer that is filled anew."""
        array.data.copy_(torch.from_numpy(x.copy()))
        return array

    def backward_modes(self, function: Function) -> dict[str, Callable[[Any, Any], Any]]:
        """A backward through a graph that has been through one, a sum of two, one that is itself
        recorded, autocast, threads, bfloat16.
        """

        def kept(x: Tensor, grad: Tensor) -> Tensor:
            leaf = x.requires_grad_()
            y = function(leaf.clone())
            torch.autograd.grad(
                y, leaf, torch.ones_like(grad), retain_graph=True, allow_unused=True
            )
            return self._gradient(y, leaf, grad)

        def added(x: Tensor, grad: Tensor) -> Tensor:
            """Halves, so that their sum is exact."""
            leaf = x.requires_grad_()
            for _ in range(2):
                y = function(leaf.clone())
                if y.requires_grad:
                    y.backward(grad * 0.5)
            return torch.zeros_like(grad) if leaf.grad is None else leaf.grad

        def recorded(x: Tensor, grad: Tensor) -> Tensor:
            leaf = x.requires_grad_()
            y = function(leaf.clone())
            if not y.requires_grad:
                return torch.zeros_like(grad)
            (back,) = torch.autograd.grad(
                y, leaf, grad.requires_grad_(), create_graph=True, allow_unused=True
            )
            return torch.zeros_like(grad) if back is None else back

        def autocast(x: Tensor, grad: Tensor) -> Tensor:
            leaf = x.requires_grad_()
            with torch.autocast("cpu", torch.bfloat16):
                y = function(leaf.clone())
            return self._gradient(y, leaf, grad.to(y.dtype)).to(grad.dtype)

        def bfloat16(x: Tensor, grad: Tensor) -> Tensor:
            leaf = x.view(torch.bfloat16).requires_grad_()
            return self._gradient(function(leaf.clone()), leaf, grad.view(torch.bfloat16)).view(
                torch.int16
            )

        return {
            "a second time through the same graph": kept,
            "added up in .grad": added,
            "while it is itself recorded": recorded,
            "after a forward under autocast": autocast,
            "with two threads": on_two_threads(
                lambda x, grad: self._gradient(function(leaf := x.requires_grad_()), leaf, grad)
            ),
            "in bfloat16": bfloat16,
        }

    def vjp_of_vjp(self, function: Function, x: Tensor, grad: Tensor, other: Tensor) -> Tensor:
        """Autograd through autograd."""
        leaf, incoming = x.requires_grad_(), grad.requires_grad_()
        y = function(leaf.clone())
        if not y.requires_grad:
            return torch.zeros_like(other)
        (back,) = torch.autograd.grad(y, leaf, incoming, create_graph=True, allow_unused=True)
        if back is None or not back.requires_grad:
            return torch.zeros_like(
                other
            )  # it was cut off the graph: what comes after it is lost without a word
        try:
            torch.autograd.backward(
                back, other
            )  # unlike autograd.grad it also reaches what only stands there to refuse
        except (RuntimeError, NotImplementedError) as error:
            raise Declined(f"its backward cannot be differentiated: {error}") from None
        return torch.zeros_like(other) if incoming.grad is None else incoming.grad

    def late_vjp(
        self, function: Function, x: Tensor, grad: Tensor, between: Callable[[], Any]
    ) -> Tensor:
        """Autograd, with a call between: the same layer elsewhere in a network."""
        leaf = x.requires_grad_()
        y = function(leaf.clone())
        between()
        return self._gradient(y, leaf, grad)

    def stir(self) -> None:
        """Draw once from each."""
        NumpyArrays().stir()
        torch.rand(())

    def random_states(self) -> tuple[bytes, ...]:
        """Python's, NumPy's and torch's."""
        return *NumpyArrays().random_states(), torch.get_rng_state().numpy().tobytes()

    def _gradient(self, y: Any, leaf: Tensor, grad: Tensor) -> Tensor:
        if not isinstance(y, Tensor) or not y.requires_grad:
            return torch.zeros_like(
                leaf, requires_grad=False
            )  # it was cut off the graph: no gradient comes back
        (found,) = torch.autograd.grad(y, leaf, grad, allow_unused=True)
        return torch.zeros_like(leaf, requires_grad=False) if found is None else found


def _size(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "of one number"


def _leaves(y: Any) -> list[Tensor]:
    """The leaves of the graph that made `y`."""
    start = getattr(y, "grad_fn", None)
    nodes, seen, found = [start] if start is not None else [], set(), []
    while nodes:
        node = nodes.pop()
        if node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        nodes += [before for before, _ in node.next_functions if before is not None]
    return found
