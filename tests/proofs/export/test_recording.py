"""Recordings. A recording ends: what would make torch record without end is cut off, and never
taken for a graph.
"""

import subprocess
import sys

import pytest
import torch
from torch import nn

from stsm_ref.proofs.export import recording
from stsm_ref.proofs.export.recording import ExportFailedError, Forward


class Searching(nn.Module):
    """Looks for a size among many; each comparison would be a guard."""

    def __init__(self, caught: type[Exception] | tuple[()]) -> None:
        super().__init__()
        self.caught = caught

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Another result for one size in two, from 777 on."""
        try:
            found = x.shape[0] in range(777, 100_000, 2)
        except self.caught:
            found = False
        return x.clone() if found else 2 * x


@pytest.mark.parametrize("caught", [(), Exception], ids=["let through", "caught"])
def test_a_search_through_sizes_is_cut_off(
    caught: type[Exception] | tuple[()], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the module catches what cuts it off and goes on as if the size had not been
    found.
    """
    monkeypatch.setattr(recording, "MAX_DECISIONS", 8)
    with pytest.raises(ExportFailedError, match="compares sizes more than 8 times"):
        recording.export(Forward(Searching(caught)), [torch.zeros(5, 4)], [0])


def test_comparisons_of_torch_itself_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator on tensors asks torch for sizes as often as it needs."""
    monkeypatch.setattr(recording, "MAX_DECISIONS", 0)

    class Masked(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            frames = torch.arange(x.shape[0])[:, None].expand(*x.shape)
            return torch.where(frames > 0, x.roll(1, 0), torch.zeros_like(x))

    assert recording.export(Forward(Masked()), [torch.zeros(5, 4)], [0]).inputs


def test_recording_knows_every_meaning_whoever_imports_it() -> None:
    """An operator whose meaning were not in the table yet would be taken apart, at many times
    the cost.
    """
    code = (
        "from stsm_ref.proofs.export.recording import MEANINGS; "
        "assert {'aten.zeros_like.default', 'aten.slice_backward.default'} <= MEANINGS.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
