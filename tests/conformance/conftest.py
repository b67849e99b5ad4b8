"""What several files of tests share."""

import pytest

from stsm_ref.conformance import process
from stsm_ref.vectors import writing


@pytest.fixture(scope="session")
def made() -> dict[str, bytes]:
    """The vectors made anew, once."""
    return writing.make()


@pytest.fixture
def made_once(made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """What `write` and `compare` make, without making it again in each test."""
    monkeypatch.setattr(writing, "make", lambda on_file: made)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not end by itself is waited for two seconds, what it left behind for half of one."""
    monkeypatch.setattr(process, "ENDING", 2.0)
    monkeypatch.setattr(process, "LEAVING", 0.5)
