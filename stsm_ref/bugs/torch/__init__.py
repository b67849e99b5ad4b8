"""The wrong and the right shifts of the catalogue that need torch."""

from stsm_ref.bugs.torch import correct, moves, rare, stateful, unusual

__all__ = ["correct", "moves", "rare", "stateful", "unusual"]
