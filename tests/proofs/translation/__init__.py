"""Tests of `stsm_ref.proofs.translation`."""
