"""Tests of `stsm_ref.models`."""
