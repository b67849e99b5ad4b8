"""Graphs as a whole against torch: writes through views reach the memory under them, and reads
see it as it is at that moment.
"""

import pytest
import torch
from torch import nn

from stsm_ref.proofs.export.graph import interpret
from stsm_ref.proofs.export.recording import export
from stsm_ref.proofs.index_maps.integers import Assumptions, Polynomial, Range, polynomial
from stsm_ref.proofs.index_maps.maps import input_tensor
from stsm_ref.proofs.operators import memory
from tests.proofs.operators.evaluate import same_tensor

SHAPE = (3, 4, 5)


def through_slices(x):
    out = torch.zeros_like(x)
    out[1:, ::2] = x[:-1, ::2]
    out[:, 1] += x[:, 0]
    return out


def through_a_view(x):
    out = x.clone()
    out.view(-1, x.shape[2])[:2] = 7
    return out * 2


def through_transpose_and_select(x):
    out = x.clone()
    out.transpose(0, 2)[1].zero_()
    out.permute(1, 2, 0)[-1, 1:, 0].fill_(3)
    return out


def through_new_axes(x):
    out = x.clone()
    out.unsqueeze(1)[:, 0, 2].mul_(3)
    out[0:1].squeeze(0)[1] = 5
    return out


def read_before_and_after(x):
    out = x.clone()
    row = out[0]
    before = row + 0
    out[0, 1] = 9
    return torch.cat([before, row])


def a_copy_is_no_view(x):
    out = x.clone()
    out[0].clone()[:] = 9
    out[0].contiguous()[1] = 8
    return out


def reshaped_memory(x):
    out = x.clone()
    out.reshape(-1)[:5] = 1  # a view, since the clone is dense
    out.transpose(0, 1).reshape(-1)[:5] = 2  # a copy, since this is not
    return out


def pieces(x):
    out = x.clone()
    first, *_ = out.split([1, 3], dim=1)
    out[:, 0] = 4
    return first * 1


PROGRAMS = (
    through_slices,
    through_a_view,
    through_transpose_and_select,
    through_new_axes,
    read_before_and_after,
    a_copy_is_no_view,
    reshaped_memory,
    pieces,
)


class Program(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


def hold_against_torch(function, *, shapes=(SHAPE, (4, 4, 7))) -> None:
    """Export at one shape, and compare with torch there and elsewhere."""
    graph = export(Program(function), [torch.zeros(SHAPE)], [0, 2])
    for shape in shapes:
        at = dict(zip("ac", (shape[0], shape[2]), strict=True))
        assumptions = Assumptions({name: Range(polynomial(3), None) for name in at})
        sizes = (Polynomial.variable("a"), polynomial(4), Polynomial.variable("c"))
        x = torch.arange(1.0, 1 + torch.Size(shape).numel()).reshape(shape)
        result = interpret(graph, {graph.inputs[0]: input_tensor("x", sizes)}, assumptions)
        assert not result.written
        same_tensor(result.value, function(x.clone()), assumptions, at, {"x": x})


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda function: function.__name__)
def test_a_program_of_writes_agrees_with_torch(function) -> None:
    """Every entry, at the sizes of the export and at others."""
    hold_against_torch(function)


def test_a_lost_write_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a write through a view did not reach the memory, the comparison would fail."""
    monkeypatch.setattr(memory.View, "write", lambda *_: None)
    with pytest.raises(AssertionError):
        hold_against_torch(through_slices)


def test_a_view_taken_for_a_copy_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sharing of storage were not looked at, the comparison would fail."""
    from stsm_ref.proofs.export import graph as export_graph

    monkeypatch.setattr(export_graph, "_shared_storage", lambda _: [False])
    with pytest.raises(AssertionError):
        hold_against_torch(read_before_and_after)


def test_a_write_to_the_input_is_reported() -> None:
    """By the name of the input."""

    def doubled(x):
        x.mul_(2)
        return x

    graph = export(Program(doubled), [torch.zeros(SHAPE)], [0, 2])
    sizes = (Polynomial.variable("a"), polynomial(4), Polynomial.variable("c"))
    assumptions = Assumptions({name: Range(polynomial(3), None) for name in "ac"})
    assert (
        interpret(graph, {graph.inputs[0]: input_tensor("x", sizes)}, assumptions).written
        == graph.inputs
    )
