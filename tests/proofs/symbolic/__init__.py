"""Tests of `stsm_ref.proofs.symbolic`."""
