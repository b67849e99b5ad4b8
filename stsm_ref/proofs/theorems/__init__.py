"""Theorems about this package's own code, for all sizes, and the wrong variants that each must
refute.

Importing the package needs no solver; `registry`, which has the proofs, says which extra is
missing.
"""

from stsm_ref.proofs.theorems.statements import STATEMENTS, Statement

__all__ = ["STATEMENTS", "Statement"]
