"""Our PyTorch side as a subject: the same checks, on arrays that pass through torch and its own
gradients.

Arrays of this subject share their memory with torch, so that a write or an alias shows.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from stsm_ref import nn as snn
from stsm_ref._validation import whole_numbers
from stsm_ref.geometry import UNIT_DISPLACEMENTS, Array, Displacement, ShiftSpec
from stsm_ref.implementations.ours import OURS, Subject
from stsm_ref.strategies import DTYPES, ClipCase


def _as_frames(x: Array) -> torch.Tensor:
    """A clip or a batch of clips as frames ``(N*T, C, H, W)``, in the same memory where the strides
    allow it.
    """
    with warnings.catch_warnings():
        # torch warns that an array is read-only: whoever writes it shall fail
        warnings.simplefilter("ignore")
        tensor = torch.from_numpy(x if min(x.strides, default=0) >= 0 else x.copy(order="K"))
    return tensor if x.ndim == 4 else tensor.reshape(-1, *x.shape[-3:])


def _bits_of_floats(x: Array) -> Array:
    """Integers as floats, for autograd: the same bits where there is a float of the size, else the
    same values.
    """
    if x.dtype.kind in "fc":
        return x
    same_size = {2: np.float16, 4: np.float32, 8: np.float64}.get(x.dtype.itemsize)
    return x.view(same_size) if same_size else x.astype(np.float16)


def _back(y: Array, dtype: np.dtype[Any]) -> Array:
    """Undo `_bits_of_floats`."""
    return y.view(dtype) if y.dtype.itemsize == dtype.itemsize else y.astype(dtype)


def vjp_of(forward: Callable[[torch.Tensor, ShiftSpec, int], torch.Tensor]) -> Callable[..., Array]:
    """The vector-Jacobian product that torch's autograd makes of a forward on frames."""

    def vjp(grad: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
        incoming = _as_frames(_bits_of_floats(grad))
        x = torch.zeros_like(incoming, requires_grad=True)
        (back,) = torch.autograd.grad(forward(x, spec, grad.shape[-4]), x, incoming)
        return _back(back.numpy().reshape(grad.shape), grad.dtype)

    return vjp


def forward_of(
    forward: Callable[[torch.Tensor, ShiftSpec, int], torch.Tensor],
) -> Callable[..., Array]:
    """A forward on frames as a function of a NumPy clip."""

    def stsm(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
        shifted: Array = forward(_as_frames(x), spec, x.shape[-4]).numpy()
        return shifted.reshape(x.shape)

    return stsm


def shift_of(
    forward: Callable[[torch.Tensor, ShiftSpec, int], torch.Tensor],
) -> Callable[..., Array]:
    """One step of an array ``(T, H, W)`` along its axes as a forward makes it; what is no such step
    is left to NumPy.
    """

    def shift(x: Array, displacement: Any, *, axes: Any) -> Array:
        steps = dict(
            zip(
                whole_numbers("axes", axes),
                whole_numbers("displacement", displacement),
                strict=True,
            )
        )
        wanted = Displacement(*(steps.get(axis, 0) for axis in range(3)))
        if np.ndim(x) != 3 or not set(steps) <= {0, 1, 2} or wanted not in UNIT_DISPLACEMENTS:
            return OURS.shift(x, displacement, axes=axes)
        spec = ShiftSpec(
            "".join(letter for letter, step in zip("THW", wanted, strict=True) if step), 1
        )
        # the same array for each direction
        channels = np.repeat(np.asarray(x)[:, None], len(spec.directions[0]), axis=1)
        moved: Array = forward(_as_frames(channels), spec, len(x)).numpy()
        return moved[:, spec.directions[0].index(wanted)]

    return shift


def sparse_of(build: Callable[..., torch.nn.Module]) -> Callable[..., Array]:
    """A sparse-convolution module as a function of a NumPy clip, integers as float64; there is one
    engine, whatever is asked for.
    """

    def correlate_stsm(x: Array, spec: ShiftSpec = ShiftSpec(), *, engine: str = "direct") -> Array:
        wide = x if x.dtype.kind in "fc" else x.astype(np.float64)
        convolved: Array = build(x.shape[-3], x.shape[-4], spec)(_as_frames(wide)).numpy()
        return convolved.reshape(x.shape).astype(x.dtype)

    return correlate_stsm


def takes(case: Any) -> bool:
    """Whether torch has the dtype of this case: it has all of `stsm_ref.strategies.DTYPES`, in
    native byte order.
    """
    parts = case if isinstance(case, tuple) and not isinstance(case, ClipCase) else (case,)
    dtypes = [
        part.x.dtype if isinstance(part, ClipCase) else part
        for part in parts
        if isinstance(part, ClipCase | np.dtype)
    ]
    return all(dtype in DTYPES for dtype in dtypes)


@dataclass(frozen=True)
class TorchSide:
    """The functions that only the torch side has, for the checks of `torch_rules`; a fault replaces
    one.
    """

    stsm: Callable[[torch.Tensor, ShiftSpec, int], torch.Tensor] = snn.stsm
    module: Callable[..., torch.nn.Module] = snn.STSM
    sparse_module: Callable[..., torch.nn.Module] = snn.SparseConvSTSM


def torch_subject(side: TorchSide = TorchSide()) -> Subject:
    """Our subject with its forward, its gradients and its sparse convolution in torch."""
    return replace(
        OURS,
        name="torch",
        takes=takes,
        torch=side,
        shift=shift_of(side.stsm),
        stsm=forward_of(side.stsm),
        stsm_vjp=vjp_of(side.stsm),
        correlate_stsm=sparse_of(side.sparse_module),
    )
