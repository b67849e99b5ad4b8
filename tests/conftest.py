"""Hypothesis profiles, fixtures of several folders, and `--fault NAME`: run the suite on a
faulty implementation, to see it fail.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

from stsm_ref.implementations.ours import OURS, Subject
from tests.bugs.faults import FAULTS

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.register_profile("night", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that plants a fault."""
    parser.addoption(
        "--fault",
        choices=sorted(FAULTS),
        help="hold this faulty implementation against the checks instead of ours",
    )


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest) -> Subject:
    """The implementations under test: ours, unless a fault is asked for."""
    name = request.config.getoption("--fault")
    return FAULTS[name].subject if name else OURS


@pytest.fixture(scope="session")
def made() -> dict[str, bytes]:
    """The vectors made anew, once."""
    from stsm_ref.vectors.generate import writing

    return writing.make()


@pytest.fixture
def made_once(made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """What `write` and `compare` make, without making it again in each test."""
    from stsm_ref.vectors.generate import writing

    monkeypatch.setattr(writing, "make", lambda on_file: made)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not end by itself is waited for two seconds, what it left behind for
    half of one.
    """
    from stsm_ref.implementations.isolation import child

    monkeypatch.setattr(child, "ENDING", 2.0)
    monkeypatch.setattr(child, "LEAVING", 0.5)
