"""Tests of `stsm_ref.vectors`."""
