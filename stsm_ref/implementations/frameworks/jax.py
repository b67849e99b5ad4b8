"""Targets written in JAX: gradients by `jax.vjp`, tangents by `jax.jvp`. Its arrays cannot be
written, so memory is not an issue.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.errors import MissingExtraError
from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Op, TargetError
from stsm_ref.implementations.frameworks.base import Function
from stsm_ref.implementations.frameworks.numpy import NumpyArrays
from stsm_ref.implementations.layouts import Memory

try:
    import jax
    import jax.numpy as jnp
except ModuleNotFoundError:
    raise MissingExtraError("a target of framework jax", "jax", "jax") from None

NARROW = ("f4", "f2", "i4", "i1", "i2", "u1", "u2", "u4", "?", "c8")
WIDE = ("f8", "i8", "u8", "c16")


class JaxArrays:
    """JAX arrays; the 64-bit dtypes only where ``jax_enable_x64`` is on."""

    kind = "jax"
    memories: tuple[Memory, ...] = ("C",)

    @property
    def dtypes(self) -> tuple[np.dtype[Any], ...]:
        """What JAX would keep as it is."""
        return tuple(np.dtype(c) for c in (*NARROW, *(WIDE if jax.config.jax_enable_x64 else ())))

    def give(self, x: Array, memory: Memory, axes: tuple[int, ...] = ()) -> Any:
        """A JAX array; it has no strides."""
        return jnp.array(x.copy("C"))

    def read(self, array: Any) -> Array:
        """Its values."""
        if not isinstance(array, jax.Array):
            raise TargetError(f"it returned {type(array).__name__}, which is not a jax.Array")
        return np.asarray(array)

    def share(self, first: Any, second: Any) -> bool:
        """It cannot matter: no array can be written."""
        return False

    def keeps_layout(self, x: Any, y: Any) -> bool:
        """There is none to keep."""
        return True

    def derived(self) -> frozenset[Op]:
        """Both."""
        return frozenset(("vjp", "jvp"))

    def vjp(self, function: Function, x: Any, grad: Any) -> Any:
        """`jax.vjp`."""
        return jax.vjp(function, x)[1](grad)[0]

    def jvp(self, function: Function, x: Any, dx: Any) -> Any:
        """`jax.jvp`."""
        return jax.jvp(function, (x,), (dx,))[1]

    def residual(
        self, function: Function, vjp: Function | None, x: Any, grad: Any
    ) -> tuple[Any, Any]:
        """A block under `jax.vjp`, or with the target's own backward."""
        value, back = jax.vjp(lambda v: function(v) + v, x)
        return value, (back(grad)[0] if vjp is None else vjp(x, grad) + grad)

    def modes(self, function: Function, of: Any) -> dict[str, Function]:
        """None: what is compiled is compiled from the same function."""
        return {}

    def module(self, function: Function) -> Any:
        """None: parameters are arguments there."""
        return None

    def parameters(self, function: Function, module: Any, x: Any) -> tuple[str, ...]:
        """None."""
        return ()

    def overwrite(self, array: Any, x: Array) -> Any:
        """A new array: none can be written."""
        return self.give(x, "C")

    def backward_modes(self, function: Function) -> dict[str, Callable[[Any, Any], Any]]:
        """None, as `modes`."""
        return {}

    def vjp_of_vjp(self, function: Function, x: Any, grad: Any, other: Any) -> Any:
        """`jax.vjp` of `jax.vjp`."""
        return jax.vjp(lambda g: jax.vjp(function, x)[1](g)[0], grad)[1](other)[0]

    def late_vjp(self, function: Function, x: Any, grad: Any, between: Callable[[], Any]) -> Any:
        """`jax.vjp`, with a call between."""
        _, back = jax.vjp(function, x)
        between()
        return back(grad)[0]

    def stir(self) -> None:
        """Draw from NumPy's: JAX has no global random numbers."""
        NumpyArrays().stir()

    def random_states(self) -> tuple[bytes, ...]:
        """Python's and NumPy's."""
        return NumpyArrays().random_states()
