"""Tests of `stsm_ref.pictures`."""
