"""Tests of `stsm_ref.bugs`."""
