"""Fixtures of more than one file."""

import pytest

from stsm_ref.conformance import process


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not end by itself is waited for two seconds, what it left behind for half of one."""
    monkeypatch.setattr(process, "ENDING", 2.0)
    monkeypatch.setattr(process, "LEAVING", 0.5)
