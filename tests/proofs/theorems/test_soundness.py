"""Breaks that a proof could overlook because both of its sides would break alike; each must be
refuted, and NumPy must show it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from stsm_ref import composition, geometry, kernels, slicing
from stsm_ref.geometry import UNIT_DISPLACEMENTS, Displacement, ShiftSpec
from stsm_ref.proofs.smt.z3_terms import z3
from stsm_ref.proofs.symbolic.arrays import anything
from stsm_ref.proofs.symbolic.integers import SymbolError, SymInt, assume_lemma, explore_paths
from stsm_ref.proofs.theorems import directions
from stsm_ref.proofs.theorems.registry import theorems
from stsm_ref.proofs.theorems.theorem import Claim, prove_claims

N = z3.Int("n")
AXIS_KERNEL, COPY_GROUPS, ROUTE = (
    kernels.axis_kernel,
    slicing.copy_groups,
    composition.route_through_layers,
)
RESOLVE = slicing.resolve_moves
PARTITION, ONE_HOT, DIRECTIONS = (
    ShiftSpec.partition,
    kernels.one_hot_kernel,
    ShiftSpec.directions.fget,
)  # type: ignore[attr-defined]


def copy_that_erases(x: Any, y: Any, moves: Any) -> None:
    """Zeros everywhere, in the input too: an equation that reads the input afterwards would
    hold.
    """
    y[...] = x[...] = np.zeros((), y.dtype)


def groups_that_erase(x: Any, groups: Any, *, direction: int) -> Any:
    """The right result, and an input that is no more."""
    y = COPY_GROUPS(x, groups, direction=direction)
    x[...] = np.zeros((), x.dtype)
    return y


def backward_first(spec: ShiftSpec) -> Any:
    """The signs the other way round."""
    return tuple(tuple(-d for d in term) for term in DIRECTIONS(spec))


def height_for_width(spec: ShiftSpec) -> Any:
    """H and W exchanged."""
    return tuple(tuple(Displacement(d.dt, d.dw, d.dh) for d in term) for term in DIRECTIONS(spec))


def terms_reversed(spec: ShiftSpec) -> Any:
    """The last term first."""
    return DIRECTIONS(spec)[::-1]


def one_channel_fewer(spec: ShiftSpec, channels: Any) -> Any:
    """The cut of one channel fewer."""
    return PARTITION(spec, channels - 1)


def too_wide(distance: Any) -> Any:
    """The same map by a kernel with a tap too many and zeros on both sides, against PAD-1."""
    kernel = AXIS_KERNEL(distance)
    return kernel._replace(taps=kernel.taps + 1, after=kernel.after + 1)


def one_near_only(displacement: Any) -> Any:
    """No 1 in a kernel of three taps or more."""
    kernel = ONE_HOT(displacement)
    return kernel if max(kernel.weights.shape) < 3 else kernel._replace(weights=0 * kernel.weights)


def opposite(ndim: Any, displacement: Any, axes: Any) -> Any:
    """Each axis with the opposite of its displacement."""
    return tuple((axis, -distance) for axis, distance in RESOLVE(ndim, displacement, axes))


def mislabelled(displacement: Any) -> Any:
    """The right kernel, which says that it stands for another displacement."""
    kernel = ONE_HOT(displacement)
    return kernel._replace(displacement=tuple(-d for d in kernel.displacement))


def one_and_a_half(displacement: Any) -> Any:
    """A hot weight that is 1 only when it is cut to a whole number."""
    kernel = ONE_HOT(displacement)
    return kernel._replace(weights=kernel.weights * 1.5)


def a_layer_too_many(displacement: Any, *, channels: int, spec: ShiftSpec = ShiftSpec()) -> Any:
    """A layer more than axes, which changes nothing."""
    route = ROUTE(displacement, channels=channels, spec=spec)
    last = np.zeros_like(route.weights[-1])
    last[channels - 1, route.target] = 1  # X_N stays where it is
    back = np.zeros_like(last)
    back[route.target, channels - 1] = 1
    return route._replace(weights=(*route.weights[:-1], last @ route.weights[-1], back))


def shift_for_vjp(grad: Any, spec: ShiftSpec = ShiftSpec()) -> Any:
    """The forward in place of the VJP."""
    return slicing.stsm(grad, spec)


def half_the_share(fold_div: Any = 8) -> Any:
    """Alpha is 1/fold_div."""
    return ShiftSpec("T", geometry.Fraction(1, fold_div), "backward-first")


BREAKS: list[tuple[Any, str, Any, tuple[str, ...]]] = [
    (
        slicing,
        "copy_shifted",
        copy_that_erases,
        ("slices_follow_the_rule", "steps_separate_in_any_order", "there_and_back_loses_the_edge"),
    ),
    (
        slicing,
        "copy_groups",
        groups_that_erase,
        ("the_module_is_its_definition", "any_cut_is_moved_group_by_group"),
    ),
    (slicing, "stsm_vjp", shift_for_vjp, ("the_module_is_its_definition",)),
    (
        ShiftSpec,
        "directions",
        property(backward_first),
        ("channels_are_cut_in_order", "the_module_is_its_definition"),
    ),
    (
        ShiftSpec,
        "directions",
        property(height_for_width),
        ("channels_are_cut_in_order", "the_module_is_its_definition"),
    ),
    (
        ShiftSpec,
        "directions",
        property(terms_reversed),
        ("channels_are_cut_in_order", "the_module_is_its_definition"),
    ),
    (
        ShiftSpec,
        "partition",
        one_channel_fewer,
        ("channels_are_cut_in_order", "tsm_is_a_cut_by_fold_div", "the_module_is_its_definition"),
    ),
    (ShiftSpec, "tsm", staticmethod(half_the_share), ("tsm_is_a_cut_by_fold_div",)),
    (
        kernels,
        "axis_kernel",
        too_wide,
        ("the_shift_is_a_sparse_convolution", "any_distance_is_a_sparse_convolution"),
    ),
    (slicing, "resolve_moves", opposite, ("slices_follow_the_rule",)),
    (kernels, "one_hot_kernel", one_near_only, ("any_distance_is_a_sparse_convolution",)),
    (kernels, "one_hot_kernel", mislabelled, ("the_shift_is_a_sparse_convolution",)),
    (kernels, "one_hot_kernel", one_and_a_half, ("the_shift_is_a_sparse_convolution",)),
    (composition, "route_through_layers", a_layer_too_many, ("layers_compose_steps",)),
]
CASES = [
    (module, attribute, wrong, name) for module, attribute, wrong, names in BREAKS for name in names
]


@pytest.mark.parametrize(("module", "attribute", "wrong", "name"), CASES)
def test_a_break_of_both_sides_is_refuted(
    monkeypatch: pytest.MonkeyPatch, module: Any, attribute: str, wrong: Any, name: str
) -> None:
    """Neither the input, nor the list of directions, nor the form of a kernel is taken from the
    code on both sides.
    """
    theorem = theorems()[name]
    monkeypatch.setattr(module, attribute, wrong)
    found = prove_claims(name, theorem.claims)
    assert found.outcome == "refuted", found.why
    assert found.counterexample
    assert found.counterexample.replay


def test_the_26_steps_are_written_out() -> None:
    """All of them, none twice: a shorter list in geometry.py cannot shorten a proof."""
    assert len(directions.STEPS) == 26
    assert set(directions.STEPS) == set(UNIT_DISPLACEMENTS)
    assert all(-1 <= distance <= 1 for step in directions.STEPS for distance in step)


def test_an_input_cannot_be_written() -> None:
    """What the code is given raises in its hands, as a read-only array of NumPy does; what it
    makes itself may be written.
    """

    def goal() -> Any:
        anything([SymInt(N)], "x")[0:1] = 0
        return z3.BoolVal(True)

    assert explore_paths([N >= 1], goal).errors == (
        "ValueError: assignment destination is read-only",
    )
    assert not explore_paths(
        [N >= 1], lambda: z3.BoolVal(anything([SymInt(N)]).__setitem__(slice(0, 1), 0) is None)
    ).errors


def _claim(name: str, goal: Callable[[], Any], *premises: Any) -> Claim:
    return Claim(name, {"n": N}, (N >= 1, *premises), goal, str)


def _use(lemma: Any) -> Callable[[], Any]:
    def goal() -> Any:
        assume_lemma(lemma)
        return z3.And(N >= 0, lemma)

    return goal


@pytest.mark.parametrize(
    ("claims", "outcome"),
    [
        ([_claim("uses", _use(N < 5))], "undecided"),
        ([_claim("proves", lambda: N > 0), _claim("uses", _use(N > 0))], "proved"),
        ([_claim("proves another", lambda: N >= 1), _claim("uses", _use(N > 0))], "undecided"),
        (
            [
                _claim("proves with more premises", lambda: N < 5, N < 3),
                _claim("uses", _use(N < 5)),
            ],
            "undecided",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_lemma_must_have_been_proved(claims: list[Claim], outcome: str) -> None:
    """Word for word, before, and from no other premises."""

    def listed() -> Iterator[Claim]:
        yield from claims

    found = prove_claims("made_up", listed)
    assert found.outcome == outcome, found.why
    assert ("it uses a lemma that no claim before it proved" in found.why) == (
        outcome == "undecided"
    )


def test_a_lemma_holds_in_its_own_run_only() -> None:
    """Proved on one side of a branch, it says nothing of the other side: n = 1 fails."""

    def proves() -> Any:
        return z3.BoolVal(True) if SymInt(N) == 1 else N > 1

    def uses() -> Any:
        if SymInt(N) != 1:
            assume_lemma(N > 1)
        return N > 1

    found = prove_claims("made_up", lambda: iter([_claim("proves", proves), _claim("uses", uses)]))
    assert found.outcome == "refuted"
    assert found.counterexample
    assert found.counterexample.values == {"n": 1}


def test_no_number_is_compared_with_a_float() -> None:
    """Python says 1 == 1.0: a symbol that answered "not equal" would take a branch that a
    number does not.
    """
    with pytest.raises(SymbolError, match=r"1\.0 met a symbol"):
        explore_paths([N >= 1], lambda: z3.BoolVal(SymInt(N) == 1.0))
    assert explore_paths([N >= 1], lambda: z3.BoolVal(SymInt(N) != None)).runs == 1  # noqa: E711 # the operator is what is tested


def test_whatever_is_raised_leaves_a_claim_unproved() -> None:
    """A key that is missing is no proof, and neither is a mistake of the proof itself."""

    def goal() -> Any:
        return {}["missing"]

    found = prove_claims(
        "made_up", lambda: iter([Claim("raises", {"n": N}, (N >= 1,), goal, lambda values: "")])
    )
    assert found.outcome == "undecided"


def test_a_replay_that_raises_is_told() -> None:
    """Code that raises on valid values has gone wrong there."""

    def replay(values: Any) -> str:
        raise IndexError("out of range")

    found = prove_claims(
        "made_up", lambda: iter([Claim("false", {"n": N}, (N >= 1,), lambda: N > 1, replay)])
    )
    assert found.outcome == "refuted"
    assert str(found.counterexample).endswith("Python raises IndexError: out of range")
