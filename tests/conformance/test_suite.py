"""The suite passes what is right, catches what is wrong, and never passes by having run nothing."""

import time
from dataclasses import replace

import numpy as np
import pytest

from stsm_ref.checks.any_implementation import certificate
from stsm_ref.conformance import check, suite
from stsm_ref.conformance.suite import RULES, plan, run_suite
from stsm_ref.errors import SpecError
from stsm_ref.evidence.options import RunListener, RunOptions
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Declined, TargetError
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.requirements import REQUIREMENTS
from tests import ROOT
from tests.implementations.examples import (
    Counting,
    forward,
    jvp,
    rolled,
    vjp,
    wrong_at_three_frames,
)


class Noting(RunListener):
    """Keeps the cases that begin, and apart from them the smaller ones that are tried."""

    def __init__(self):
        self.begun, self.smaller = [], []

    def case_begun(self, case, number):
        """A smaller one has the number of the case before."""
        (self.begun if number > len(self.begun) else self.smaller).append(case)


SPECS = [
    "T+H+W@3/8",
    "T@1/4,backward-first",
    "T+H+W+TH+TW+HW@1",
    "THW@1/2",
    "H@0",
    "HW@3/4,backward-first,exact",
    "W@1/64",
]


@pytest.mark.parametrize("spec", SPECS)
def test_ours_conforms_under_any_spec(spec):
    """Every rule that applies passes, as many cases ran as the level declares, and the plan
    knew the number.
    """
    wanted = ShiftSpec.parse(spec)
    report = check(forward, vjp=vjp, jvp=jvp, spec=spec, level="smoke")
    assert report.outcome == "passed", (report.violations, report.broken)
    assert (
        report.cases
        == report.declared
        == plan(PythonTarget(forward, vjp=vjp, jvp=jvp), RunOptions(wanted, "smoke"))
    )
    assert report.rung == "L3"
    assert report.exit_code == 0


def as_layout(layout):
    """Ours behind another layout, by axes moved there and back."""
    source = {"NCTHW": (0, 2, 1, 3, 4), "NTHWC": (0, 1, 4, 2, 3), "TCHW": (0, 1, 2, 3)}[layout]
    return lambda x, spec: forward(x.transpose(source), spec).transpose(np.argsort(source))


@pytest.mark.parametrize("layout", ["NCTHW", "NTHWC", "TCHW"])
def test_ours_conforms_in_other_layouts(layout):
    """And what belongs to one layout fails in another."""
    assert check(as_layout(layout), layout=layout, level="smoke").passed
    if layout != "TCHW":
        assert check(as_layout(layout), layout="NTCHW", level="smoke").outcome != "passed"


def test_torch_conforms_with_its_own_gradients():
    """Frames folded into the batch, gradients by autograd, channels-last kept."""
    import stsm_ref.nn as snn

    report = check(snn.stsm, layout="(NT)CHW", framework="torch", level="smoke")
    assert report.passed, report.violations
    ran = {result.rule for result in report.results if result.outcome == "passed"}
    assert {
        "vjp_is_the_adjoint",
        "jvp_is_the_shift",
        "channels_last_is_kept",
        "a_residual_block_is_right",
    } <= ran


def test_a_violation_says_all_that_is_needed():
    """Rule, requirement, the paper's place, the smallest case, the place and both values, the
    group, a guess, one line to repeat it.
    """
    report = check(rolled, level="smoke")
    assert (report.outcome, report.exit_code) == ("violated", 1)
    found = report.violations[0]
    assert (found.rule, found.requirement, found.place) == (
        "labels_reveal_every_move",
        "SHIFT-6",
        "§3.2",
    )
    assert found.case == "forward:T+H+W@3/8,forward-first,floor:1x2x16x2x2:float32:labels:C:0"
    assert found.message == (
        "out[0, 0, 0, 0, 0] = 65597.0, should be 0.0 (24 of 128 places differ); channel 0: T "
        "group, +1 (forward in time)"
    )
    assert found.guess == "equals a roll along every axis: what leaves enters at the other end"
    again = check(rolled, level="smoke", only=f"{found.rule}/{found.case}")
    assert [violation.message for violation in again.violations] == [found.message]
    assert repr(f"{found.rule}/{found.case}") in found.reproduce


@pytest.mark.parametrize(
    "wrong",
    [
        rolled,
        wrong_at_three_frames,
        lambda x, spec: x.astype(np.float64) if x.dtype == bool else forward(x, spec),
    ],
)
def test_every_violation_can_be_repeated(wrong):
    """Each rule, on the one case that is reported, fails again with the same words."""
    for found in check(
        wrong, vjp=lambda x, grad, spec: wrong(grad, spec), level="smoke"
    ).violations:
        again = check(
            wrong,
            vjp=lambda x, grad, spec: wrong(grad, spec),
            level="smoke",
            only=f"{found.rule}/{found.case}",
        )
        assert [violation.message for violation in again.violations] == [found.message], found


def test_drawn_cases_are_shrunk():
    """A rule that draws its cases reports the smallest that shows a move: one clip, two along
    each moved axis, the fewest channels.
    """
    report = check(rolled, level="smoke")
    drawn = next(v for v in report.violations if v.rule == "forward_equals_definition")
    assert ":1x2x16x2x2:" in drawn.case


def test_the_same_seed_asks_the_same():
    """Two runs ask the same cases in the same order; another seed asks others."""

    def asked(seed):
        listener = Noting()
        run_suite(PythonTarget(forward), RunOptions(level="smoke", seed=seed), listener)
        return listener.begun

    assert asked(1) == asked(1) != asked(2)


def test_it_can_stop_at_the_first_violation():
    """Then the report has one violation, and no later rule was tried."""
    report = run_suite(PythonTarget(rolled), RunOptions(level="smoke", first=True))
    assert len(report.violations) == 1
    assert report.results[-1].violation is report.violations[0]


def test_nothing_passes_by_having_run_nothing(monkeypatch):
    """A rule whose cases are cut, and a run without rules, leave the verdict open: exit 3."""
    cut = replace(
        RULES["long_axes_are_right"],
        body=lambda context, case: (_ for _ in ()).throw(Declined("not today")),
    )
    monkeypatch.setitem(suite.RULES, "long_axes_are_right", cut)
    report = check(forward, level="smoke")
    assert (report.outcome, report.exit_code, report.rung) == ("undecided", 3, "none")
    assert next(r for r in report.results if r.rule == cut.name).note == (
        f"0 of {cut.declared(SuiteContext(PythonTarget(forward), ShiftSpec(), level='smoke'))} "
        "cases ran: not today"
    )
    assert report.cases < report.declared


class Refusing(PythonTarget):
    """Takes no spec but TSM's."""

    def use(self, spec):
        """Decline any other."""
        if spec != ShiftSpec.tsm():
            raise Declined("TSM only")
        super().use(spec)


def test_a_spec_that_is_declined_is_no_verdict():
    """Undecided, with the target's own words; the spec that it does is judged."""
    report = run_suite(Refusing(forward), RunOptions(level="smoke"))
    assert (report.outcome, report.exit_code) == ("undecided", 3)
    assert "TSM only" in report.results[0].note
    assert run_suite(Refusing(forward), RunOptions(ShiftSpec.tsm(), "smoke")).passed


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        (lambda x, spec: 1 / 0, "ZeroDivisionError"),
        (
            lambda x, spec: x.astype(np.float64),
            r"float64 for float32: the dtype must be kept \(NUM-2\)",
        ),
        (lambda x, spec: x[..., :1], "returned shape"),
    ],
)
def test_a_target_that_gives_no_answer_is_broken(target, complaint):
    """Nothing is judged, the reason is told, exit 2."""
    report = check(target, level="smoke")
    assert (report.outcome, report.exit_code) == ("broken", 2)
    assert len(report.results) == 1
    with pytest.raises(AssertionError, match=complaint):
        raise AssertionError(report.broken)


def test_a_crash_at_some_sizes_is_a_violation():
    """A target that raises at T = 5 alone is wrong there: the violation has its words, the
    sizes, and the line of its own file.
    """

    def raises(x, spec):
        if x.shape[1] == 5:
            raise IndexError("five")
        return forward(x, spec)

    report = check(raises, level="smoke")
    assert (report.outcome, report.exit_code, report.broken) == ("violated", 1, "")
    first = report.violations[0]
    assert first.message.startswith(
        "forward raised IndexError: five: at N x T x C x H x W = 1x5x16x2x2, though at 2x3x16x3x2 "
        "it answers\n  "
    )
    assert 'raise IndexError("five")' in first.message
    assert (first.aspect, first.operation, first.guess) == ("crash", "forward", "")
    assert sum(result.outcome == "passed" for result in report.results) > 5


def test_another_shape_at_some_sizes_is_a_violation_too():
    """`x[:, :, 0:-0]` is empty: with few channels the answer has another shape, which is a bug
    of the target and not of the adapter.
    """
    report = check(
        lambda x, spec: forward(x, spec)[:, :, : -(x.shape[2] // 16) or 0],
        level="smoke",
        dtypes=["float32"],
    )
    assert report.outcome == "broken"  # at the ordinary size too
    report = check(
        lambda x, spec: forward(x, spec)[:, :, : x.shape[2] if x.shape[2] > 2 else -1],
        level="smoke",
        dtypes=["float32"],
    )
    assert report.outcome == "violated"
    assert "forward returned shape" in report.violations[0].message
    assert ":1x2x2x" in report.violations[0].case or ":1x2x1x" in report.violations[0].case


def test_what_fails_at_no_size_but_in_a_dtype_is_broken():
    """A dtype that the target does not take is no bug at a size: exit 2, and a violation
    elsewhere still goes first.
    """

    def raises(x, spec, right=forward):
        if x.dtype == bool:
            raise TypeError("no bool")
        return right(x, spec)

    report = check(raises, level="smoke")
    assert (report.outcome, report.exit_code) == ("broken", 2)
    assert "TypeError: no bool on case forward" in report.broken
    assert sum(result.outcome == "passed" for result in report.results) > 5
    assert check(lambda x, spec: raises(x, spec, rolled), level="smoke").outcome == "violated"


def test_what_a_slow_machine_finds_is_what_a_fast_one_finds(monkeypatch):
    """What breaks in one rule and is wrong in a later one is violated, however long the first
    took; one that is gone is not asked.
    """

    def breaks_slowly(x, spec):
        if x.shape[1] == 33:
            monkeypatch.setattr(time, "perf_counter", lambda now=time.perf_counter: now() + 3600)
            raise TargetError("no answer")
        return x.copy() if x.dtype == np.int8 else forward(x, spec)

    assert check(breaks_slowly, level="smoke").outcome == "violated"
    gone = []

    def ends(x, spec):
        if gone or x.shape[1] == 33:
            gone.append(x.shape)
            raise TargetError("it runs no more")
        return forward(x, spec)

    report = check(ends, level="smoke")
    assert report.outcome == "broken"
    assert [result.outcome for result in report.results].count("broken") == 1
    assert report.results[-1].outcome == "broken"
    assert len(gone) == 2


@pytest.mark.parametrize("wrong", [rolled, wrong_at_three_frames])
def test_no_more_cases_are_counted_than_were_declared(wrong):
    """Smaller cases that are tried after a failure are not among the cases of the level:
    neither in the report, nor as it goes.
    """
    listener = Noting()
    target = PythonTarget(wrong, vjp=lambda x, grad, spec: wrong(grad, spec))
    report = run_suite(target, RunOptions(level="smoke"), listener)
    assert report.outcome == "violated"
    assert report.cases <= len(listener.begun) < report.declared
    assert listener.smaller
    asked = {name.partition("/")[0] for name in listener.begun}
    context = SuiteContext(target, ShiftSpec(), level="smoke")
    for result in report.results[1:]:
        declared = RULES[result.rule].declared(context) if result.rule in asked else 0
        assert result.cases <= declared


def test_the_smallest_case_does_not_depend_on_the_clock(monkeypatch):
    """How many smaller cases are tried is a number: with a clock that runs a thousand times as
    fast the same case is reported.
    """
    usual = [violation.case for violation in check(rolled, level="smoke").violations]
    clock, times = time.perf_counter, 0.0

    def fast():
        nonlocal times
        times += 0.05
        return clock() + times

    monkeypatch.setattr(time, "perf_counter", fast)
    assert [violation.case for violation in check(rolled, level="smoke").violations] == usual


def test_state_is_found():
    """A target that is right a hundred times and wrong later is caught, however the cases fall."""
    assert check(Counting(100), level="smoke").outcome == "violated"


@pytest.mark.parametrize(
    "dtypes", [["float16"], ["int8"], ["bool"], ["complex128"], ["int32"], ["float64"]]
)
def test_any_dtype_alone_is_enough(dtypes):
    """Right and wrong are told apart in the dtypes that the target has, and the report says
    which were not seen.
    """
    report = check(forward, vjp=vjp, dtypes=dtypes, level="smoke")
    assert report.passed, (report.violations, report.broken)
    assert any("not asked in" in limit for limit in report.limits)
    assert check(rolled, dtypes=dtypes, level="smoke").outcome == "violated"


def test_fixed_sizes_are_kept_and_told():
    """A target of one size is asked for no other, and the report says what was not seen."""

    def fixed(x, spec):
        assert x.shape == (2, 4, 16, 3, 5)
        return forward(x, spec)

    target = PythonTarget(fixed, fixed={"N": 2, "T": 4, "C": 16, "H": 3, "W": 5})
    report = run_suite(target, RunOptions(level="smoke"))
    assert report.passed, (report.violations, report.broken)
    assert "W is 5 and no other size of it was seen" in report.limits
    assert (
        run_suite(PythonTarget(rolled, fixed={"T": 4, "C": 16}), RunOptions(level="smoke")).outcome
        == "violated"
    )


def test_a_convolution_is_not_held_to_bits():
    """What computes fails on NaN and -0.0, and passes when it says that it computes; the report
    says that this was not asked.
    """

    def computes(x, spec):
        with np.errstate(all="ignore"):
            return forward(x * np.ones((), x.dtype) + np.zeros((), x.dtype), spec)

    assert {
        v.requirement for v in check(computes, dtypes=["float32"], level="smoke").violations
    } <= {
        "NUM-1",
        "SHIFT-2",
        "SHIFT-3",
        "SHIFT-4",
    }
    report = check(computes, dtypes=["float32"], moves_bits=False, level="smoke")
    assert report.passed, report.violations
    assert report.requirements()["NUM-2"][0] == "passed"
    assert next(r for r in report.results if r.rule == "bits_are_moved").outcome == "skipped"


@pytest.mark.parametrize(
    ("only", "complaint"),
    [
        (
            "no_such_rule/forward:T@1/4:1x1x1x1x1:float32:labels:C:0",
            "'no_such_rule' is no rule of the suite",
        ),
        ("forward", "is not a case, such as"),
        ("golden_vectors_are_met/none/such/1", "is not a golden vector"),
    ],
)
def test_a_case_that_is_none_is_refused(only, complaint):
    """With the choices, or the right form."""
    with pytest.raises(SpecError, match=complaint):
        check(forward, only=only)


def test_a_case_alone_is_held_to_the_definition():
    """Without a rule, its operation decides; the spec is the case's own."""
    report = check(rolled, only="forward:T@1,backward-first,floor:1x2x2x1x1:float32:bits:C:0")
    assert [v.rule for v in report.violations] == ["bits_are_moved"]
    assert report.spec == "T@1,backward-first,floor"
    assert check(
        forward, vjp=vjp, only="vjp:T@1,backward-first,floor:1x2x2x1x1:float32:labels:C:0"
    ).passed


def test_rules_name_requirements_and_rungs():
    """Each rule speaks for ids of the table and says its statement; names are told apart from
    cases.
    """
    known = {entry.id for entry in REQUIREMENTS}
    for rule in RULES.values():
        assert set(rule.requirements) <= known
        assert rule.requirements
        assert rule.statement
        assert "@" not in rule.name


@pytest.mark.parametrize("level", ["smoke", "ci", "night"])
def test_the_documentation_knows_the_declared_counts(level):
    """The table of levels says what the suite declares."""
    text = (ROOT / "docs" / "conformance.md").read_text()
    declared = plan(PythonTarget(forward, vjp=vjp, jvp=jvp), RunOptions(level=level))
    assert f"| `{level}` | {declared:,} |" in text


def usual(x, spec):
    """The shift as people write it: a copy, then slices of it."""
    y = np.zeros_like(x)
    for start, stop, moves in spec.partition(x.shape[2]):
        into, out = [slice(None)] * 5, [slice(None)] * 5
        into[2] = out[2] = slice(start, stop)
        for axis, step in zip((1, 3, 4), moves, strict=True):
            into[axis], out[axis] = (
                slice(max(step, 0), x.shape[axis] + min(step, 0)),
                slice(max(-step, 0), x.shape[axis] + min(-step, 0)),
            )
        y[tuple(into)] = x[tuple(out)]
    return y


def test_labels_at_the_size_of_a_network_find_one_wrong_value():
    """One wrong value among 6,422,528 is found; every stage of ResNet-50 is looked at. What it
    costs is in `stsm-ref bench`.
    """
    context = SuiteContext(PythonTarget(usual), ShiftSpec(), level="ci")
    case, *later_stages = certificate.network_cases(context)
    assert [stage.shape[2:] for stage in later_stages] == [
        (512, 28, 28),
        (1024, 14, 14),
        (2048, 7, 7),
    ]
    labels = certificate.unique_labels(case.shape, case.dtype)
    assert len(np.unique(labels)) == labels.size
    certificate.labels_at_the_size_of_a_network(context, case)

    def slightly_wrong(x, spec):
        y = usual(x, spec)
        y[0, 3, 200, 17, 55] += 1
        return y

    wrong = SuiteContext(PythonTarget(slightly_wrong), ShiftSpec(), level="ci")
    with pytest.raises(
        AssertionError,
        match=r"out\[0, 3, 200, 17, 55\] = .* \(1 of 6,422,528 places differ\); channel 200: X_N",
    ):
        certificate.labels_at_the_size_of_a_network(wrong, case)


def test_an_overflow_of_the_target_is_no_warning_of_ours():
    """A wrong answer that overflows in our own arithmetic is a violation; pytest makes an error
    of any warning that gets out.
    """

    def huge(x, spec):
        y = forward(x, spec)
        return y * np.asarray(3e38, y.dtype) if y.dtype == np.float32 else y

    report = check(huge, level="smoke", dtypes=["float32"])
    assert report.outcome == "violated"
    assert any(v.rule == "forward_is_linear" for v in report.violations)
    assert ":bits:" not in report.violations[0].case


def test_a_count_says_what_ran_beyond_what_was_declared():
    """More cases than were declared are not told as a share of them."""
    report = check(
        forward, level="smoke", only="forward:T@1,forward-first,floor:1x2x2x1x1:float32:labels:C:0"
    )
    assert report.counted == "2 of 2 cases"
    assert replace(report, declared=1).counted == "2 cases, 1 of them declared,"


def test_what_tells_most_comes_first():
    """Of a zero made by subtraction the NaN in the forward; rounding of the gradient is said to
    be that, and comes later.
    """
    torch = pytest.importorskip("torch")

    def shift(x, n_segment, fold_div=8):
        nt, c, h, w = x.size()
        x = x.view(nt // n_segment, n_segment, c, h, w)
        fold = c // fold_div
        left, right, rest = x.split([fold, fold, c - 2 * fold], 2)
        left = torch.cat([left[:, 1:], left[:, :1] - left[:, :1]], 1)
        right = torch.cat([right[:, :1] - right[:, :1], right[:, :-1]], 1)
        return torch.cat([left, right, rest], 2).view(nt, c, h, w)

    how = {
        "framework": "torch",
        "layout": "(NT)CHW",
        "spec": "T@1/4,backward-first",
        "level": "smoke",
        "dtypes": ["float32"],
    }
    first, *others = check(shift, **how).violations
    assert (first.requirement, first.rule, first.operation) == (
        "NUM-1",
        "bits_are_moved",
        "forward",
    )
    assert "nan, should be 0.0" in first.message
    assert others
    backward = [v for v in others if v.operation == "vjp"]
    assert {v.aspect for v in backward if "nan" not in v.message} == {"rounding"}
    assert all("by rounding" in v.message for v in backward if "nan" not in v.message)


def test_wrong_values_are_blamed_on_a_step_and_not_on_their_dtype():
    """Wrong in one dtype alone, forward or back: no dtype was lost."""
    report = check(
        lambda x, spec: forward(x, spec) if x.dtype != np.int16 else x.copy(), level="smoke"
    )
    assert {v.requirement for v in report.violations} <= {"SHIFT-2", "SHIFT-3", "SHIFT-6"}
    back = check(
        forward,
        vjp=lambda x, grad, spec: vjp(x, grad, spec) * (1 + (grad.dtype == np.float64)),
        level="smoke",
    )
    assert {v.requirement for v in back.violations} == {"GRAD-1"}
    assert back.requirements()["NUM-2"].operations["forward"].outcome == "passed"
