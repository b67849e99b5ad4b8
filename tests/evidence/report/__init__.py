"""Tests of `stsm_ref.evidence.report`."""
