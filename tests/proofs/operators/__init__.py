"""Tests of `stsm_ref.proofs.operators`."""
