"""Tests of `stsm_ref.checks`."""
