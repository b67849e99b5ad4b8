"""What Python targets are written in: NumPy, torch and JAX, behind the one face of `Arrays`."""

from typing import get_args

from stsm_ref.errors import SpecError
from stsm_ref.implementations.frameworks.base import Arrays, Framework, Function

__all__ = ["Arrays", "Framework", "Function", "arrays_of"]


def arrays_of(framework: str) -> Arrays:
    """Load a framework, and none but this one.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    if framework == "numpy":
        from stsm_ref.implementations.frameworks.numpy import NumpyArrays

        return NumpyArrays()
    if framework == "torch":
        from stsm_ref.implementations.frameworks.torch import TorchArrays

        return TorchArrays()
    if framework == "jax":
        from stsm_ref.implementations.frameworks.jax import JaxArrays

        return JaxArrays()
    raise SpecError(f"framework={framework!r} is not one of {', '.join(get_args(Framework))}")
