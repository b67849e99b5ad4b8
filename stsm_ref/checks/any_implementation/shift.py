"""Every channel moves as its group does, whatever the sizes."""

import itertools
from collections.abc import Sequence

import numpy as np

from stsm_ref.evidence import oracle
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import Counts, check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.suite_context import MAX_CHANNELS, SuiteContext

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


def telling_cases(context: SuiteContext) -> Sequence[Case]:
    """Two clips whose sizes are all different, with two channels in every group and a rest; then
    the same on a small square.
    """
    channels = context.wide_channels
    return [
        context.case("forward", 2, 8, channels, 7, 5),
        context.case("forward", 2, 3, context.min_full_channels, 2, 2),
    ]


@check(*STEPS, rung="L2", each=telling_cases, applies=SuiteContext.missing_labels)
def labels_reveal_every_move(context: SuiteContext, case: Case) -> None:
    """Unique labels, no half precision holds them, arrive where the five steps send them, and
    nowhere else.
    """
    require_same(context.run(case).output, context.expected(case), case)


def small_cases(context: SuiteContext) -> Sequence[Case]:
    """Every T, H and W of a few sizes: what is wrong at one size only hides from samples."""
    lengths = {
        "smoke": (1, 2, 3, 5),
        "ci": (1, 2, 3, 4, 5, 6, 7),
        "night": (1, 2, 3, 4, 5, 6, 7, 8, 9, 11),
    }[context.level]
    axes = [context.sizes(axis, lengths) for axis in "THW"]
    return [
        context.case("forward", 1, time, context.min_full_channels, height, width)
        for time, height, width in itertools.product(*axes)
    ]


@check(*STEPS, each=small_cases)
def every_small_size_is_right(context: SuiteContext, case: Case) -> None:
    """At every combination of a few sizes of T, H and W the output is the definition's."""
    require_same(context.run(case).output, context.expected(case), case)


def long_cases(context: SuiteContext) -> Sequence[Case]:
    """One axis long, the others short: powers of two, their neighbours, many clips; and the squares
    of networks.
    """
    full = context.min_full_channels
    many = (*range(4, 34), 36, 48, 63, 64, 65, 127, 128, 129, 130, 255, 256, 257, 1025)
    long = {"smoke": (8, 9, 16, 33, 36, 48, 130), "ci": many, "night": (*many, 511, 512, 513)}[
        context.level
    ]
    shapes = (
        [(2, n, full, 2, 3) for n in long]
        + [(2, 2, full, n, 3) for n in long]
        + [(2, 2, full, 3, n) for n in long]
    )
    if context.level != "smoke":  # every rest that a vector loop over rows can have
        shapes += [(2, 2, full, 3, n) for n in range(34, 68)]
    shapes += [(n, 3, full, 2, 2) for n in (4, 5, 7, *long)]
    shapes += [(1, 2, full, 9, 16), (1, 2, full, 16, 9), (1, 2, full, 36, 64)]
    shapes += [(1, 2, full, n, n) for n in SQUARES[context.level]]
    return list(dict.fromkeys(context.case("forward", *shape) for shape in shapes))


@check(*STEPS, each=long_cases)
def long_axes_are_right(context: SuiteContext, case: Case) -> None:
    """Many frames, rows, columns or clips move as few do."""
    require_same(context.run(case).output, context.expected(case), case)


def channel_cases(context: SuiteContext) -> Sequence[Case]:
    """Channel counts from 1 up, past the place where every group has two."""
    full = context.min_full_channels
    if "C" in context.target.fixed:
        return [context.case("forward", 1, 2, full, 3, 2)]
    most = 2 * full + 2
    counts = [count for count in range(1, most + 1) if context.divides(count)]
    keep = {"smoke": 48, "ci": 300, "night": len(counts)}[context.level]
    if (
        len(counts) > keep
    ):  # the first ones, and the neighbours of every count at which a group grows
        near = {full + step for step in range(-6, 7)} | {2 * full + step for step in range(-6, 3)}
        counts = sorted({*counts[: keep - 24], *(count for count in near if count in counts)})
    counts += [count for count in WIDTHS if count not in counts and context.divides(count)]
    # where shares are whole, a share that floats compute may fall one short of it
    counts += [
        count
        for k in range(1, 9)
        if (count := k * context.spec.channel_multiple) not in counts and count <= MAX_CHANNELS
    ]
    return [
        context.case("forward", 1, 8 if count in WIDTHS else 2, count, 3, 2) for count in counts
    ]


@check("GEO-4", "GEO-5", "SHIFT-1", "SHIFT-4", "SHIFT-5", each=channel_cases)
def every_channel_count_is_cut_right(context: SuiteContext, case: Case) -> None:
    """Shares that are no whole number are rounded down, empty groups included, and what remains
    stays.
    """
    require_same(context.run(case).output, context.expected(case), case)


@check(*STEPS, draw=lambda context: context.cases(values="finite"), counts=Counts(30, 600, 20000))
def forward_equals_definition(context: SuiteContext, case: Case) -> None:
    """On drawn shapes and finite values the output is the definition's."""
    require_same(context.run(case).output, context.expected(case), case)


@check("SHIFT-6", draw=lambda context: context.cases(moving=True))
def the_output_can_be_shifted_again(context: SuiteContext, case: Case) -> None:
    """Applied to its own output it shifts that."""
    once = context.run(case).output
    twice = context.run(case, once).output
    require_same(twice, oracle.forward(once.copy(), case.spec), case, what="second time")


def _has_clips(context: SuiteContext) -> str:
    return (
        "its layout or its sizes hold one clip only" if context.target.fixed.get("N", 2) < 2 else ""
    )


@check(
    "BATCH-1",
    draw=lambda context: context.cases(moving=True),
    counts=Counts(8, 100, 2000),
    applies=_has_clips,
)
def clips_do_not_mix(context: SuiteContext, case: Case) -> None:
    """What stands in one clip makes no difference to another."""
    x = np.concatenate([case.array(), case.array(1)])[: max(2, case.shape[0])]
    x = np.concatenate([x, x[:1]])[: context.target.fixed.get("N", 3)]
    asked = case.smaller(shape=(len(x), *case.shape[1:]))
    first = context.run(asked, x).output.copy()
    for clip in range(len(x)):
        others = x.copy()
        others[np.arange(len(x)) != clip] = x[::-1][np.arange(len(x)) != clip] + np.ones(
            (), x.dtype
        )
        again = context.run(asked, others).output
        require_same(
            again[clip : clip + 1],
            first[clip : clip + 1],
            asked,
            what=f"clip {clip} after a change of the other clips",
        )


def _tsm(context: SuiteContext) -> str:
    spec = context.spec
    if (
        spec.terms != "T"
        or spec.order != "backward-first"
        or not spec.alpha
        or (2 / spec.alpha).denominator != 1
    ):
        return "the spec is not TSM's: terms T, alpha 2/k, backward-first"
    return ""


@check("TSM-1", draw=lambda context: context.cases(), applies=_tsm)
def it_is_tsm(context: SuiteContext, case: Case) -> None:
    """It equals TSM's published manner: C // fold_div channels take the next frame, as many the
    last one.
    """
    want = oracle.tsm(case.array(), int(2 / case.spec.alpha))
    require_same(context.run(case).output, want, case)
