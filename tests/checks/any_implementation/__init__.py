"""Tests of `stsm_ref.checks.any_implementation`."""
