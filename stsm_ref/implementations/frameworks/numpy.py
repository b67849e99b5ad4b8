"""Targets written in NumPy, which derives nothing: gradients and tangents are the target's own."""

import random
from collections.abc import Callable
from typing import Any, get_args

import numpy as np

from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Declined, Op, TargetError
from stsm_ref.implementations.frameworks.base import Function
from stsm_ref.implementations.layouts import Memory, window
from stsm_ref.values import DTYPES


def _placed(x: Array, memory: Memory, axes: tuple[int, ...]) -> Array:
    """A copy that lies in memory as none of those of `stsm_ref.strategies` does, or in plain
    order.
    """
    if memory.startswith("expanded"):
        along = range(x.ndim) if memory == "expanded" else axes
        once = x[tuple(slice(1) if axis in along else slice(None) for axis in range(x.ndim))].copy()
        strides = [0 if axis in along else stride for axis, stride in enumerate(once.strides)]
        return np.lib.stride_tricks.as_strided(once, x.shape, strides)
    if memory.startswith("reversed-"):
        return np.flip(np.flip(x, axes).copy(), axes)
    if memory.startswith("transposed"):
        return x.swapaxes(*axes).copy("C").swapaxes(*axes)
    if memory.startswith(("step3", "slice")):
        shape, place = window(memory, x.shape, axes)
        array = np.ones(shape, x.dtype)[place]
    elif memory in ("offset", "unaligned"):
        late = x.itemsize if memory == "offset" else 1
        array = np.ones(x.nbytes + late, np.uint8)[late:].view(x.dtype).reshape(x.shape)
    else:
        array = np.empty(x.shape, x.dtype)
    array[...] = x
    array.flags.writeable = memory != "read-only"
    return array


class NumpyArrays:
    """NumPy, which derives nothing."""

    kind = "numpy"
    dtypes = DTYPES
    memories = get_args(Memory)

    def give(self, x: Array, memory: Memory, axes: tuple[int, ...] = ()) -> Array:
        """A copy of the same strides."""
        if memory == "F":
            return x.copy("F")
        if memory == "channels-last":
            return x.copy("K")
        if memory == "reversed":
            return x[..., ::-1].copy()[..., ::-1]
        if memory == "strided":
            wide = np.ones(
                (*x.shape[:-1], 2 * x.shape[-1]), x.dtype
            )  # who reads the gaps does not find zeros there
            wide[..., 1::2] = x
            return wide[..., 1::2]
        return _placed(x, memory, axes)

    def read(self, array: Any) -> Array:
        """The array itself; a subclass could compare, index or hide its values in its own way."""
        if not isinstance(array, np.ndarray):
            raise TargetError(f"it returned {type(array).__name__}, which is not a numpy.ndarray")
        return np.ndarray.view(array, np.ndarray)  # not its own method, which may say anything

    def share(self, first: Array, second: Array) -> bool:
        """Whether their extents in memory overlap; a result of its own lies elsewhere."""
        return np.may_share_memory(first, second)

    def keeps_layout(self, x: Array, y: Array) -> bool:
        """No format is promised in NumPy."""
        return True

    def derived(self) -> frozenset[Op]:
        """None."""
        return frozenset()

    def vjp(self, function: Function, x: Array, grad: Array) -> Array:
        """None."""
        raise Declined("NumPy has no gradients of its own")

    def jvp(self, function: Function, x: Array, dx: Array) -> Array:
        """None."""
        raise Declined("NumPy has no tangents of its own")

    def residual(
        self, function: Function, vjp: Function | None, x: Array, grad: Array
    ) -> tuple[Any, Any]:
        """As a block would: the shortcut reads x after the branch has, and both branches get the
        one incoming gradient.
        """
        value = function(x) + x
        return value, (None if vjp is None else vjp(x, grad) + grad)

    def modes(self, function: Function, of: Any) -> dict[str, Function]:
        """None."""
        return {}

    def module(self, function: Function) -> Any:
        """None."""
        return None

    def parameters(self, function: Function, module: Any, x: Array) -> tuple[str, ...]:
        """None."""
        return ()

    def overwrite(self, array: Array, x: Array) -> Array:
        """The same array."""
        array[...] = x
        return array

    def backward_modes(self, function: Function) -> dict[str, Callable[[Any, Any], Any]]:
        """None."""
        return {}

    def vjp_of_vjp(self, function: Function, x: Array, grad: Array, other: Array) -> Array:
        """None."""
        raise Declined("NumPy has no gradients of its own")

    def late_vjp(
        self, function: Function, x: Array, grad: Array, between: Callable[[], Any]
    ) -> Array:
        """None."""
        raise Declined("NumPy has no gradients of its own")

    def stir(self) -> None:
        """Draw once from each."""
        random.random()
        np.random.random()  # noqa: NPY002 # the global state is the point

    def random_states(self) -> tuple[bytes, ...]:
        """Python's and NumPy's."""
        _, keys, place, *_ = np.random.get_state(legacy=True)  # noqa: NPY002 # the global state is the point
        return repr(random.getstate()).encode(), np.asarray(keys).tobytes() + bytes(
            str(place), "ascii"
        )
