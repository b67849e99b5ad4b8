"""Tests of `stsm_ref.proofs.export`."""
