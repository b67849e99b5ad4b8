"""Golden vectors: frozen inputs and outputs, and what must be refused, as versioned JSON files for
implementations in any language.

Their expected values come from `stsm_ref.definition` and from sums over every tap, never from the
code that they test.
"""

from stsm_ref.vectors.format.case import OPS, Kernel, VectorArrays, VectorCase
from stsm_ref.vectors.format.store import VERSION, cases_for, find, load, read_manifest, verify

__all__ = [
    "OPS",
    "VERSION",
    "Kernel",
    "VectorArrays",
    "VectorCase",
    "cases_for",
    "find",
    "load",
    "read_manifest",
    "verify",
]
