"""Every channel moves as its group does, whatever the sizes."""

import itertools
from collections.abc import Sequence

import numpy as np

from stsm_ref.evidence import oracle
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.rule import Counts, rule
from stsm_ref.evidence.suite_context import MOST_CHANNELS, Trial

WIDTHS = (64, 96, 100, 256, 392, 512, 1024, 2048)
"""Channel counts of networks, and some that are none."""
SQUARES = {
    "smoke": (7, 14, 28, 56),
    "ci": (4, 6, 7, 8, 14, 16, 28, 56, 112),
    "night": (*range(4, 18), 28, 32, 56, 64, 112, 224),
}
"""Square frames, as networks have them."""

STEPS = (
    "SHIFT-1",
    "SHIFT-2",
    "SHIFT-3",
    "SHIFT-4",
    "SHIFT-5",
    "SHIFT-6",
    "GEO-1",
    "GEO-4",
    "GEO-5",
)


def telling_cases(trial: Trial) -> Sequence[Case]:
    """Two clips whose sizes are all different, with two channels in every group and a rest;
    then the same on a small square.
    """
    channels = trial.wide
    return [
        trial.case("forward", 2, 8, channels, 7, 5),
        trial.case("forward", 2, 3, trial.full, 2, 2),
    ]


@rule(*STEPS, rung="L2", each=telling_cases, applies=Trial.lacks_labels)
def labels_reveal_every_move(trial: Trial, case: Case) -> None:
    """Unique labels, no half precision holds them, arrive where the five steps send them, and
    nowhere else.
    """
    require_same(trial.ask(case).output, trial.right(case), case)


def small_cases(trial: Trial) -> Sequence[Case]:
    """Every T, H and W of a few sizes: what is wrong at one size only hides from samples."""
    wanted = {
        "smoke": (1, 2, 3, 5),
        "ci": (1, 2, 3, 4, 5, 6, 7),
        "night": (1, 2, 3, 4, 5, 6, 7, 8, 9, 11),
    }[trial.level]
    axes = [trial.sizes(axis, wanted) for axis in "THW"]
    return [
        trial.case("forward", 1, time, trial.full, height, width)
        for time, height, width in itertools.product(*axes)
    ]


@rule(*STEPS, each=small_cases)
def every_small_size_is_right(trial: Trial, case: Case) -> None:
    """At every combination of a few sizes of T, H and W the output is the definition's."""
    require_same(trial.ask(case).output, trial.right(case), case)


def long_cases(trial: Trial) -> Sequence[Case]:
    """One axis long, the others short: powers of two, their neighbours, many clips; and the
    squares of networks.
    """
    many = (*range(4, 34), 36, 48, 63, 64, 65, 127, 128, 129, 130, 255, 256, 257, 1025)
    long = {"smoke": (8, 9, 16, 33, 36, 48, 130), "ci": many, "night": (*many, 511, 512, 513)}[
        trial.level
    ]
    shapes = (
        [(2, n, trial.full, 2, 3) for n in long]
        + [(2, 2, trial.full, n, 3) for n in long]
        + [(2, 2, trial.full, 3, n) for n in long]
    )
    if trial.level != "smoke":  # every rest that a vector loop over rows can have
        shapes += [(2, 2, trial.full, 3, n) for n in range(34, 68)]
    shapes += [(n, 3, trial.full, 2, 2) for n in (4, 5, 7, *long)]
    shapes += [(1, 2, trial.full, 9, 16), (1, 2, trial.full, 16, 9), (1, 2, trial.full, 36, 64)]
    shapes += [(1, 2, trial.full, n, n) for n in SQUARES[trial.level]]
    return list(dict.fromkeys(trial.case("forward", *shape) for shape in shapes))


@rule(*STEPS, each=long_cases)
def long_axes_are_right(trial: Trial, case: Case) -> None:
    """Many frames, rows, columns or clips move as few do."""
    require_same(trial.ask(case).output, trial.right(case), case)


def channel_cases(trial: Trial) -> Sequence[Case]:
    """Channel counts from 1 up, past the place where every group has two."""
    if "C" in trial.target.fixed:
        return [trial.case("forward", 1, 2, trial.full, 3, 2)]
    most = 2 * trial.full + 2
    counts = [count for count in range(1, most + 1) if trial.divides(count)]
    keep = {"smoke": 48, "ci": 300, "night": len(counts)}[trial.level]
    if (
        len(counts) > keep
    ):  # the first ones, and the neighbours of every count at which a group grows
        near = {trial.full + step for step in range(-6, 7)} | {
            2 * trial.full + step for step in range(-6, 3)
        }
        counts = sorted({*counts[: keep - 24], *(count for count in near if count in counts)})
    counts += [count for count in WIDTHS if count not in counts and trial.divides(count)]
    # where shares are whole, a share that floats compute may fall one short of it
    counts += [
        count
        for k in range(1, 9)
        if (count := k * trial.whole_channels) not in counts and count <= MOST_CHANNELS
    ]
    return [trial.case("forward", 1, 8 if count in WIDTHS else 2, count, 3, 2) for count in counts]


@rule("GEO-4", "GEO-5", "SHIFT-1", "SHIFT-4", "SHIFT-5", each=channel_cases)
def every_channel_count_is_cut_right(trial: Trial, case: Case) -> None:
    """Shares that are no whole number are rounded down, empty groups included, and what remains
    stays.
    """
    require_same(trial.ask(case).output, trial.right(case), case)


@rule(*STEPS, draw=lambda trial: trial.cases(values="finite"), counts=Counts(30, 600, 20000))
def forward_equals_definition(trial: Trial, case: Case) -> None:
    """On drawn shapes and finite values the output is the definition's."""
    require_same(trial.ask(case).output, trial.right(case), case)


@rule("SHIFT-6", draw=lambda trial: trial.cases(moving=True))
def the_output_can_be_shifted_again(trial: Trial, case: Case) -> None:
    """Applied to its own output it shifts that."""
    once = trial.ask(case).output
    twice = trial.ask(case, once).output
    require_same(twice, oracle.forward(once.copy(), case.spec), case, what="second time")


def _has_clips(trial: Trial) -> str:
    return (
        "its layout or its sizes hold one clip only" if trial.target.fixed.get("N", 2) < 2 else ""
    )


@rule(
    "BATCH-1",
    draw=lambda trial: trial.cases(moving=True),
    counts=Counts(8, 100, 2000),
    applies=_has_clips,
)
def clips_do_not_mix(trial: Trial, case: Case) -> None:
    """What stands in one clip makes no difference to another."""
    x = np.concatenate([case.array(), case.array(1)])[: max(2, case.shape[0])]
    x = np.concatenate([x, x[:1]])[: trial.target.fixed.get("N", 3)]
    asked = case.smaller(shape=(len(x), *case.shape[1:]))
    first = trial.ask(asked, x).output.copy()
    for clip in range(len(x)):
        others = x.copy()
        others[np.arange(len(x)) != clip] = x[::-1][np.arange(len(x)) != clip] + np.ones(
            (), x.dtype
        )
        again = trial.ask(asked, others).output
        require_same(
            again[clip : clip + 1],
            first[clip : clip + 1],
            asked,
            what=f"clip {clip} after a change of the other clips",
        )


def _tsm(trial: Trial) -> str:
    spec = trial.spec
    if (
        spec.terms != "T"
        or spec.order != "backward-first"
        or not spec.alpha
        or (2 / spec.alpha).denominator != 1
    ):
        return "the spec is not TSM's: terms T, alpha 2/k, backward-first"
    return ""


@rule("TSM-1", draw=lambda trial: trial.cases(), applies=_tsm)
def it_is_tsm(trial: Trial, case: Case) -> None:
    """It equals TSM's published manner: C // fold_div channels take the next frame, as many the
    last one.
    """
    x = case.array()
    fold = x.shape[2] // int(2 / case.spec.alpha)
    want = np.zeros_like(x, order="C")
    want[:, :-1, :fold] = x[:, 1:, :fold]
    want[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold]
    want[:, :, 2 * fold :] = x[:, :, 2 * fold :]
    require_same(trial.ask(case).output, want, case)
