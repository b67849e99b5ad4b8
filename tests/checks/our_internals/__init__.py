"""Tests of `stsm_ref.checks.our_internals`."""
