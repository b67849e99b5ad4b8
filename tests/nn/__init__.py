"""Tests of `stsm_ref.nn`."""
