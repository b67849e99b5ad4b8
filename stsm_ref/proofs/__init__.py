"""Proofs for all sizes: theorems about our own code, which runs on symbols (`stsm_ref.proofs.theorems`).

Importing this package needs nothing more than the mathematics does; its modules that ask a solver say which extra is missing.
"""
