"""Tests of `stsm_ref.proofs.index_maps`."""
