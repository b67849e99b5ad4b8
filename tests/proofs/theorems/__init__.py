"""Tests of `stsm_ref.proofs.theorems`."""
