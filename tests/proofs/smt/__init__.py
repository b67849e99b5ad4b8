"""Tests of `stsm_ref.proofs.smt`."""
