"""The list of operators that only move data, and what watches for the others."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # its name everywhere

from stsm_ref.checks.our_internals.torch_operators import (
    COPIES,
    EMPTY,
    MOVERS,
    SIGNS,
    VIEWS,
    ZEROS,
    computing_operators,
)

pytestmark = pytest.mark.requirement("COST-2")

X = torch.arange(1.0, 25).reshape(2, 3, 4)

MOVES: dict[str, Callable[[Tensor], Tensor]] = {
    "cat": lambda x: torch.cat([x, x], 1),
    "clone": torch.clone,
    "constant_pad_nd": lambda x: torch.constant_pad_nd(x, (1, 2)),
    "copy_": lambda x: torch.empty_like(x).copy_(x),
    "flip": lambda x: x.flip(1),
    "gather": lambda x: x.gather(1, torch.zeros(2, 1, 4, dtype=torch.int64, device=x.device)),
    "index_select": lambda x: x.index_select(1, torch.zeros(2, dtype=torch.int64, device=x.device)),
    "pad": lambda x: F.pad(x, (1, 1)),
    "roll": lambda x: x.roll(1, 2),
    "select_scatter": lambda x: x.select_scatter(x[:, 0], 1, 2),
    "slice_scatter": lambda x: x.slice_scatter(x[:, :1], 1, 2, 3),
    "stack": lambda x: torch.stack([x, x]),
}


def test_every_operator_of_the_list_is_one() -> None:
    """Each name of the list is an operator of torch."""
    assert {name for names in (VIEWS, COPIES, ZEROS, EMPTY, SIGNS) for name in names.split()} == {
        name.removeprefix("aten::") for name in MOVERS
    }
    assert [
        name for name in MOVERS if not hasattr(torch.ops.aten, name.removeprefix("aten::"))
    ] == []


def test_copies_bring_values_of_their_input_or_zero() -> None:
    """Each copying operator of the list gives back values that it was given, and zeros."""
    assert set(MOVES) == set(COPIES.split())
    for name, move in MOVES.items():
        assert set(move(X).flatten().tolist()) <= {0.0, *X.flatten().tolist()}, name


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (lambda x: F.pad(x, (1, 1), value=2.0), "aten::constant_pad_nd of 2.0"),
        (lambda x: F.pad(x, (1, 1), mode="reflect")[..., 1:-1], "aten::reflection_pad1d"),
        (
            lambda x: torch.empty_like(x, dtype=torch.float64).copy_(x),
            "aten::copy_ from torch.float32 to torch.float64",
        ),
        (lambda x: torch.cat([x[:, :1].clone().fill_(3), x[:, 1:]], 1), "aten::fill_ of 3"),
        (lambda x: x.cumsum(0).diff(dim=0, prepend=x[:1] * 0), "aten::cumsum"),
        (lambda x: x.expand(2, 2, 3, 4)[0], "aten::sum"),  # the gradient of an expansion adds
        (lambda x: x.index_select(0, torch.arange(2, device=x.device)), "aten::index_add"),
    ],
)
def test_what_is_computed_is_named(function: Callable[[Tensor], Tensor], found: str) -> None:
    """Values that are made, converted, or added in the backward alone are found by the operator
    that does it.
    """

    def same_shape(x: Tensor) -> Tensor:
        return function(x)[: x.shape[0], : x.shape[1], : x.shape[2]]

    assert any(name.startswith(found) for name in computing_operators(same_shape, X)), (
        computing_operators(same_shape, X)
    )


def test_moving_is_let_pass_and_leaving_torch_is_not() -> None:
    """Slices and a concatenation compute nothing; a function that goes through NumPy raises,
    since nothing is seen of it.
    """
    assert (
        computing_operators(lambda x: torch.cat([x.new_zeros(1, 3, 4), torch.split(x, 1)[0]]), X)
        == ()
    )
    with pytest.raises(TypeError, match="meta"):
        computing_operators(lambda x: x if x.requires_grad else torch.from_numpy(x.numpy() * 1), X)
