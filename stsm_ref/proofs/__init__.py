"""Proofs for all sizes: translation validation of anybody's torch module (rung L5)."""
