"""Tests of `stsm_ref.implementations.protocol`."""
