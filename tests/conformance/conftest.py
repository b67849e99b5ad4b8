"""What several files of tests share."""

import pytest

from stsm_ref.implementations.isolation import child
from stsm_ref.vectors.generate import writing


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
    monkeypatch.setattr(child, "ENDING", 2.0)
    monkeypatch.setattr(child, "LEAVING", 0.5)
