"""stsm_ref: executable paper, golden reference and conformance kit for the Spatio-Temporal Shift
Module (STSM).

The names below need NumPy and SciPy only. Everything else is imported by name and says which extra
it needs.
"""

from stsm_ref.correlate import ENGINES, correlate
from stsm_ref.errors import (
    ArrayError,
    MissingExtraError,
    ModelError,
    ReportError,
    SpecError,
    StsmError,
    VectorError,
)
from stsm_ref.geometry import ChannelGroup, Displacement, ShiftSpec
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

__version__ = "0.1.0"

__all__ = [
    "ENGINES",
    "ArrayError",
    "ChannelGroup",
    "Displacement",
    "MissingExtraError",
    "ModelError",
    "OneHotKernel",
    "ReportError",
    "ShiftSpec",
    "SpecError",
    "StsmError",
    "VectorError",
    "__version__",
    "correlate",
    "kernels_1x2",
    "kernels_2x1",
    "kernels_2x2",
    "kernels_3d",
    "one_hot_kernel",
    "shift",
    "shift_matrix",
    "stsm",
    "stsm_matrix",
    "stsm_vjp",
]
