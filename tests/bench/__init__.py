"""Tests of `stsm_ref.bench`."""
