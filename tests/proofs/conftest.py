"""What more than one file about proofs needs."""

import pytest

from stsm_ref.proofs.translation import cover


@pytest.fixture
def three_and_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at sizes of 3 and more only: the smaller ones need two dozen more graphs, and most
    of what is tested is in each.
    """
    monkeypatch.setattr(cover, "CELLS", ((3, None),))
