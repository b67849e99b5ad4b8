"""A tensor as a map from positions to entries of the input, with the integers and formulas that
such maps are made of.
"""

from stsm_ref.proofs.index_maps.formula import script
from stsm_ref.proofs.index_maps.integers import Assumptions, Constraint, Polynomial, Range
from stsm_ref.proofs.index_maps.maps import SymbolicTensor, UnsupportedError, input_tensor

__all__ = [
    "Assumptions",
    "Constraint",
    "Polynomial",
    "Range",
    "SymbolicTensor",
    "UnsupportedError",
    "input_tensor",
    "script",
]
