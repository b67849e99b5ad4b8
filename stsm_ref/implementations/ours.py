"""What is under test: the functions of this package, any of which may be replaced by another
implementation.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from stsm_ref.composition import Route, route_through_layers
from stsm_ref.correlate import correlate, correlate_stsm
from stsm_ref.geometry import Array, ChannelGroup, ShiftSpec
from stsm_ref.kernels import (
    OneHotKernel,
    kernels_1x2,
    kernels_2x1,
    kernels_2x2,
    kernels_3d,
    one_hot_kernel,
)
from stsm_ref.matrices import shift_matrix, stsm_matrix
from stsm_ref.slicing import shift, stsm, stsm_vjp


@dataclass(frozen=True)
class Subject:
    """A bundle of implementations; `dataclasses.replace` plants another one.

    `takes` says which cases the subject can be given at all, and `torch` holds the functions that
    only a torch subject has.
    """

    name: str = "numpy"
    takes: Callable[[Any], bool] = lambda case: True
    torch: Any = None
    make_spec: Callable[..., ShiftSpec] = ShiftSpec
    parse_spec: Callable[[str], ShiftSpec] = ShiftSpec.parse
    partition: Callable[[ShiftSpec, int], tuple[ChannelGroup, ...]] = ShiftSpec.partition
    shift: Callable[..., Array] = shift
    stsm: Callable[..., Array] = stsm
    stsm_vjp: Callable[..., Array] = stsm_vjp
    one_hot_kernel: Callable[[Any], OneHotKernel] = one_hot_kernel
    kernels_1x2: Callable[[], tuple[OneHotKernel, ...]] = kernels_1x2
    kernels_2x1: Callable[[], tuple[OneHotKernel, ...]] = kernels_2x1
    kernels_2x2: Callable[[], tuple[OneHotKernel, ...]] = kernels_2x2
    kernels_3d: Callable[[], tuple[OneHotKernel, ...]] = kernels_3d
    correlate: Callable[..., Array] = correlate
    correlate_stsm: Callable[..., Array] = correlate_stsm
    shift_matrix: Callable[..., Any] = shift_matrix
    stsm_matrix: Callable[..., Any] = stsm_matrix
    route_through_layers: Callable[..., Route] = route_through_layers

    def differs_in(self, other: "Subject") -> frozenset[str]:
        """Names of the functions that are not those of `other`."""
        return frozenset(
            entry.name
            for entry in fields(self)
            if getattr(self, entry.name) is not getattr(other, entry.name)
        )


OURS = Subject()

SINGLE_STEPS = (
    "torch shifts whole clips by single steps: other axes and displacements are NumPy's alone"
)
"""Why a check of shifts by any displacement is not run on torch."""
