"""Tests of `stsm_ref.implementations.isolation`."""
