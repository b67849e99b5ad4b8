"""STSM in PyTorch: the shift as function and module, its sparse-convolution twin, and its insertion
into someone's network.
"""

from stsm_ref.errors import MissingExtraError

try:
    import torch  # noqa: F401  # only to say which extra is missing; the modules below import what they use
except ModuleNotFoundError:
    raise MissingExtraError("stsm_ref.nn", "torch", "torch") from None

from stsm_ref.nn.functional import stsm
from stsm_ref.nn.insertion import insert_shift, remove_shift, shifts_of
from stsm_ref.nn.modules import STSM, SparseConvSTSM
from stsm_ref.nn.report import InsertionReport, PlacedShift

__all__ = [
    "STSM",
    "InsertionReport",
    "PlacedShift",
    "SparseConvSTSM",
    "insert_shift",
    "remove_shift",
    "shifts_of",
    "stsm",
]
