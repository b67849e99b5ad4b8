"""What is costly to make is made in one of the processes that share the suite: the groups of
pytest-xdist hold.
"""

import pytest


@pytest.mark.xdist_group("one process")
def test_a_group_is_told_to_the_scheduler(request: pytest.FixtureRequest) -> None:
    """The group stands in the name by which tests are dealt out; pytest 9.2 and pytest-xdist 3.8
    lose it between them, without a word.
    """
    if not request.config.getoption("loadgroup", False):
        pytest.skip("not run by `make test`")
    assert request.node.nodeid.endswith("@one process")
