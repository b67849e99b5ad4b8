"""What a framework must be able to do for the suite: make its arrays, read them and
differentiate.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np

from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Op
from stsm_ref.implementations.layouts import Memory

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

    def read(self, array: Any) -> Array:
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

    def overwrite(self, array: Any, x: Array) -> Any:
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
