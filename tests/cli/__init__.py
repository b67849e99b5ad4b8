"""Tests of `stsm_ref.cli`."""
