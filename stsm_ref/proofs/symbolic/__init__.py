"""Symbolic integers and arrays, on which the package's own code runs."""

from stsm_ref.proofs.symbolic.arrays import SymbolicArray, anything
from stsm_ref.proofs.symbolic.integers import SymbolError, SymFraction, SymInt, explore_paths
from stsm_ref.proofs.symbolic.skip_validation import arguments_unchecked

__all__ = [
    "SymFraction",
    "SymInt",
    "SymbolError",
    "SymbolicArray",
    "anything",
    "arguments_unchecked",
    "explore_paths",
]
