"""The table of operator meanings, one file for each kind of operator.

Importing the package imports every file that enters meanings, so the table is never half full.
"""

from stsm_ref.proofs.operators import (
    convolution,
    data,
    factories,
    lookup,
    memory,
    numbers,
    products,
    shape,
    views,
)
from stsm_ref.proofs.operators.table import MEANINGS, apply, apply_to_sizes

__all__ = [
    "MEANINGS",
    "apply",
    "apply_to_sizes",
    "convolution",
    "data",
    "factories",
    "lookup",
    "memory",
    "numbers",
    "products",
    "shape",
    "views",
]
