"""What a Python target is written in: how its arrays are made, read and differentiated. NumPy
here, torch and JAX in files of their own.
"""

import random
from collections.abc import Callable
from typing import Any, Literal, Protocol, get_args

import numpy as np

from stsm_ref.errors import SpecError
from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Declined, Op, TargetError
from stsm_ref.implementations.layouts import Memory, window
from stsm_ref.strategies import DTYPES

Framework = Literal["numpy", "torch", "jax"]
Function = Callable[..., Any]


class Arrays(Protocol):
    """The arrays of one framework."""

    @property
    def kind(self) -> str:
        """Its name."""

    @property
    def dtypes(self) -> tuple[np.dtype[Any], ...]:
        """What it has, of the dtypes that NumPy has."""

    @property
    def memories(self) -> tuple[Memory, ...]:
        """The ways to lie in memory that its arrays have."""

    def give(self, x: Array, memory: Memory, axes: tuple[int, ...] = ()) -> Any:
        """Copy `x` into an array of the framework that lies in memory so, or as nearly so as
        the framework can; `axes` as in `own_axes`.
        """

    def read(self, given: Any) -> Array:
        """The values of an array of the framework, as a view where it can be one; raise
        `TargetError` if it is none.
        """

    def share(self, first: Any, second: Any) -> bool:
        """Whether two arrays of the framework lie in the same memory."""

    def keeps_layout(self, x: Any, y: Any) -> bool:
        """Whether `y` has the memory format of `x`, in frameworks where that is a thing to keep."""

    def derived(self) -> frozenset[Op]:
        """The operations that the framework derives from the forward by itself."""

    def vjp(self, function: Function, x: Any, grad: Any) -> Any:
        """The framework's own vector-Jacobian product."""

    def jvp(self, function: Function, x: Any, dx: Any) -> Any:
        """The framework's own Jacobian-vector product; raise `Declined` if it has none for this
        function.
        """

    def residual(
        self, function: Function, vjp: Function | None, x: Any, grad: Any
    ) -> tuple[Any, Any]:
        """Value and gradient of ``x + function(x)``; the gradient is None where there is no
        backward.
        """

    def modes(self, function: Function, of: Any) -> dict[str, Function]:
        """The function of one array in each of the framework's modes, by a few words that name
        the mode; `of` is the target itself.
        """

    def module(self, function: Function) -> Any:
        """The object whose parameters the framework can count, if `function` is one or a method
        of one, or None.
        """

    def parameters(self, function: Function, module: Any, x: Any) -> tuple[str, ...]:
        """The parameters of `module`, and what else learns and takes part in ``function(x)``,
        each with its shape.
        """

    def overwrite(self, given: Any, x: Array) -> Any:
        """Write `x` into an array of the framework and return it, or a new one where arrays
        cannot be written.
        """

    def backward_modes(self, function: Function) -> dict[str, Callable[[Any, Any], Any]]:
        """The framework's gradient at (x, grad), asked for in each of the ways that a network
        has, by a few words that name it.
        """

    def vjp_of_vjp(self, function: Function, x: Any, grad: Any, other: Any) -> Any:
        """The gradient of <other, vjp(grad)> with respect to grad; raise `Declined` where the
        backward says that it has none.
        """

    def late_vjp(self, function: Function, x: Any, grad: Any, between: Callable[[], Any]) -> Any:
        """The framework's own gradient, where `between` is called after the forward and before
        the backward.
        """

    def stir(self) -> None:
        """Draw from the framework's global random numbers, so that who seeds them is seen too."""

    def random_states(self) -> tuple[bytes, ...]:
        """The states of the global random numbers, Python's and NumPy's among them."""


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
        given = np.ones(shape, x.dtype)[place]
    elif memory in ("offset", "unaligned"):
        late = x.itemsize if memory == "offset" else 1
        given = np.ones(x.nbytes + late, np.uint8)[late:].view(x.dtype).reshape(x.shape)
    else:
        given = np.empty(x.shape, x.dtype)
    given[...] = x
    given.flags.writeable = memory != "read-only"
    return given


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

    def read(self, given: Any) -> Array:
        """The array itself; a subclass could compare, index or hide its values in its own way."""
        if not isinstance(given, np.ndarray):
            raise TargetError(f"it returned {type(given).__name__}, which is no numpy.ndarray")
        return np.ndarray.view(given, np.ndarray)  # not its own method, which may say anything

    def share(self, first: Array, second: Array) -> bool:
        """Whether their extents in memory overlap: a result of its own lies elsewhere
        altogether.
        """
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
        """As a block would: the shortcut reads x after the branch has, and both branches get
        the one incoming gradient.
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

    def overwrite(self, given: Array, x: Array) -> Array:
        """The same array."""
        given[...] = x
        return given

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


def arrays_of(framework: str) -> Arrays:
    """Load a framework, and none but this one.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    if framework == "numpy":
        return NumpyArrays()
    if framework == "torch":
        from stsm_ref.implementations.frameworks.torch import TorchArrays

        return TorchArrays()
    if framework == "jax":
        from stsm_ref.implementations.frameworks.jax import JaxArrays

        return JaxArrays()
    raise SpecError(f"framework={framework!r} is none of {', '.join(get_args(Framework))}")
