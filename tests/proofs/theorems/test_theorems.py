"""Every theorem holds, every wrong variant is refuted and replayed, and a break in the real
code makes a theorem fail.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stsm_ref import geometry, kernels, slicing
from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.smt.z3_terms import z3
from stsm_ref.proofs.theorems import channels as channel_theorems
from stsm_ref.proofs.theorems import kernels as kernel_theorems
from stsm_ref.proofs.theorems import modules, shifts, wrong_code
from stsm_ref.proofs.theorems.registry import prove, theorems, worst
from stsm_ref.proofs.theorems.statements import STATEMENTS
from stsm_ref.proofs.theorems.theorem import (
    Claim,
    Theorem,
    Values,
    Variant,
    prove_claims,
    refute_variant,
)

THEOREMS = theorems()
windows, axis_kernel, cut_channels = slicing.windows, kernels.axis_kernel, geometry.cut_channels


@pytest.mark.parametrize("name", THEOREMS)
def test_theorem_is_proved_and_its_variants_are_refuted(name: str) -> None:
    """Both solvers prove it; each variant has a counterexample of both, which NumPy shows."""
    proof = prove(THEOREMS[name])
    assert (proof.outcome, proof.why) == ("proved", "")
    assert set(proof.theorem.answers) == {"z3", "cvc5"}
    assert all(
        answers.get("unsat") and "unknown" not in answers
        for answers in proof.theorem.answers.values()
    )
    assert proof.variants
    for variant in proof.variants:
        assert variant.counterexample is not None
        assert variant.counterexample.replay.startswith(("NumPy", "Python", "T", "fold_div")), (
            variant
        )
        assert variant.counterexample.values


def test_every_theorem_has_its_wording() -> None:
    """Statements and theorems are the same list, each named once, each about some requirement."""
    assert [statement.name for statement in STATEMENTS] == list(THEOREMS)
    assert all(statement.requirements and statement.assumes for statement in STATEMENTS)


@pytest.mark.parametrize(
    "spec",
    ["T@1/4,backward-first", "TH+TW+HW@0.3", "T+H+W+HW@1", "THW@1/8,exact", "T+H+W@0", "T+HW@7/9"],
)
def test_the_module_is_proved_for_other_specs(spec: str) -> None:
    """Terms of one, two and three axes, either order, alpha from nothing to all."""
    found = prove(theorems(ShiftSpec.parse(spec))["the_module_is_its_definition"])
    assert (found.outcome, found.why) == ("proved", "")


def source_one_short(size: int, distance: int) -> slicing.Windows:
    """One bound of `windows` off by one."""
    cut = windows(size, distance)
    return cut._replace(source=slice(cut.source.start, cut.source.stop - 1))


def vacant_one_short(size: int, distance: int) -> slicing.Windows:
    """The vacated places end one early."""
    cut = windows(size, distance)
    return cut._replace(vacant=slice(cut.vacant.start, cut.vacant.stop - 1))


def pads_swapped(distance: int) -> kernels.AxisKernel:
    """The two sides of the padding swapped."""
    kernel = axis_kernel(distance)
    return kernel._replace(before=kernel.after, after=kernel.before)


def hot_always_first(distance: int) -> kernels.AxisKernel:
    """The 1 at the first tap, whatever the direction."""
    return axis_kernel(distance)._replace(hot=0)


def dividing(channels: Any, alpha: Any, directions: Any) -> Any:
    """A share by floating-point division."""
    size = alpha.numerator * channels / alpha.denominator
    return cut_channels(size, alpha, directions)


BREAKS: list[tuple[Any, str, Callable[..., Any], Theorem, str]] = [
    (slicing, "windows", source_one_short, shifts.THEOREMS[0], "refuted"),
    (slicing, "windows", vacant_one_short, shifts.THEOREMS[0], "refuted"),
    (slicing, "windows", source_one_short, modules.theorems(ShiftSpec())[0], "refuted"),
    (kernels, "axis_kernel", pads_swapped, kernel_theorems.THEOREMS[0], "refuted"),
    (kernels, "axis_kernel", hot_always_first, kernel_theorems.THEOREMS[1], "refuted"),
    (
        geometry,
        "cut_channels",
        wrong_code.shares_rounded_up,
        channel_theorems.THEOREMS[0],
        "refuted",
    ),
    (
        geometry,
        "cut_channels",
        wrong_code.shares_rounded_to_nearest,
        channel_theorems.THEOREMS[0],
        "refuted",
    ),
    (geometry, "cut_channels", dividing, channel_theorems.THEOREMS[0], "undecided"),
]


@pytest.mark.parametrize(
    ("module", "name", "wrong", "theorem", "outcome"),
    BREAKS,
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_break_in_the_real_code_is_found(
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    wrong: Callable[..., Any],
    theorem: Theorem,
    outcome: str,
) -> None:
    """The theorem is about the code as it stands: one broken function, and it no longer holds."""
    monkeypatch.setattr(module, name, wrong)
    proof = prove(theorem)
    assert proof.outcome == outcome
    assert not proof.variants
    if outcome == "refuted":
        assert proof.theorem.counterexample
        assert proof.theorem.counterexample.replay
    else:
        assert "is a float in Python, and rounds" in proof.why


def claim(
    goal: Callable[[], Any],
    *,
    premise: Callable[[Any], Any] = lambda n: n >= 1,
    replay: Callable[[Values], str] = str,
) -> Claim:
    """A claim about one whole number n."""
    n = z3.Int("n")
    return Claim("made up", {"n": n}, (premise(n),), goal, replay)


def theorem_of(*claims: Claim) -> Theorem:
    """A theorem of claims, without variants."""
    return Theorem("made_up", lambda: iter(claims), ())


def test_premises_that_cannot_be_met_prove_nothing() -> None:
    """From n < n - 1 anything follows: undecided, and it says so."""
    found = prove_claims(
        "made_up", theorem_of(claim(lambda: z3.BoolVal(False), premise=lambda n: n < n - 1)).claims
    )
    assert found.outcome == "undecided"
    assert (
        "the premises were not shown to be satisfiable: z3 says unsat, cvc5 says unsat" in found.why
    )


def test_nothing_claimed_is_nothing_proved() -> None:
    """A theorem without claims is undecided."""
    assert prove_claims("made_up", lambda: iter(())).why == "it claims nothing"


def test_a_variant_that_holds_spoils_the_proof() -> None:
    """If what should be wrong cannot be refuted, the theorem counts as undecided."""
    right = claim(lambda: z3.Int("n") >= 1)
    proof = prove(Theorem("made_up", lambda: iter([right]), (Variant("not wrong at all"),)))
    assert proof.outcome == "undecided"
    assert (
        "the wrong variant 'not wrong at all' was not refuted: it holds, within reach at least"
        in proof.why
    )


def test_a_counterexample_that_numpy_does_not_show_refutes_nothing() -> None:
    """A model that the NumPy code does not confirm is a mistake of the encoding: undecided."""
    silent = claim(lambda: z3.Int("n") >= 2, replay=lambda values: "")
    found = prove_claims("made_up", lambda: iter([silent]))
    assert (found.outcome, found.counterexample.values if found.counterexample else None) == (
        "undecided",
        {"n": 1},
    )
    found = refute_variant(Theorem("made_up", lambda: iter([silent]), ()), Variant("silent"))
    assert found.outcome == "undecided"


def test_a_replay_that_the_right_code_fails_too_refutes_nothing() -> None:
    """What NumPy shows must come from the planted code."""
    always = claim(lambda: z3.Int("n") >= 2, replay=lambda values: "wrong everywhere")
    found = refute_variant(
        Theorem("made_up", lambda: iter([always]), ()),
        Variant("x", ((slicing, "windows", source_one_short),)),
    )
    assert found.outcome == "undecided"
    assert found.why.startswith("the right code fails there too")


def test_a_time_out_is_undecided() -> None:
    """A solver that needs longer than it has leaves the theorem undecided."""
    x, y, z = z3.Ints("x y z")

    def cubes() -> Iterator[Claim]:
        yield Claim(
            "cubes",
            {"x": x, "y": y, "z": z},
            (x > 0,),
            lambda: x * x * x + y * y * y + z * z * z != 114,
            str,
        )

    found = prove_claims("made_up", cubes, timeout=0.2)
    assert found.outcome == "undecided"
    assert "unknown" in found.why


def test_the_worst_outcome_counts() -> None:
    """Refuted before undecided before proved, and nothing at all is undecided."""
    assert worst(["proved", "undecided", "refuted"]) == "refuted"
    assert worst(["proved", "undecided"]) == "undecided"
    assert worst(["proved"]) == "proved"
    assert worst([]) == "undecided"
