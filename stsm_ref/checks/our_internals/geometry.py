"""GEO-1 to GEO-5: axes, terms, alpha, partition and order, against counting by hand."""

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from stsm_ref import strategies
from stsm_ref.errors import SpecError
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import require, same_bits
from stsm_ref.geometry import SUBSETS, Displacement, Order, ShiftSpec
from stsm_ref.implementations.ours import Subject
from stsm_ref.proofs.theorems.directions import FORWARD_FIRST

ARRIVALS = [
    ("T", 0, (2, 0, 1, 1)),
    ("T", 1, (0, 1, 1, 1)),
    ("H", 0, (1, 0, 2, 1)),
    ("H", 1, (1, 1, 0, 1)),
    ("W", 0, (1, 0, 1, 2)),
    ("W", 1, (1, 1, 1, 0)),
]


@check("GEO-1", "SHIFT-2", "SHIFT-3", rung="L0", each=lambda _: ARRIVALS)
def an_impulse_arrives(subject: Subject, case: tuple[str, int, tuple[int, ...]]) -> None:
    """+1 is later, lower, further right: an impulse at (t, h, w) = (1, 1, 1) arrives one place
    further.
    """
    terms, channel, arrival = case
    x, want = np.zeros((3, 2, 3, 3), np.float32), np.zeros((3, 2, 3, 3), np.float32)
    x[1, channel, 1, 1] = want[arrival] = 1
    same_bits(
        subject.stsm(x, subject.make_spec(terms, 1)),
        want,
        f"stsm with terms={terms!r}, channel {channel}",
    )


@check("GEO-2", rung="L1", each=lambda _: strategies.all_term_sets(), sides=("numpy",))
def terms_name_axes(subject: Subject, terms: str) -> None:
    """Each of k axes named by a term takes both signs: 2^k distinct directions, in all 127 sets of
    terms.
    """
    groups = iter(subject.partition(subject.make_spec(terms), 64))
    for term in terms.split("+"):
        directions = [next(groups).displacement for _ in range(2 ** len(term))]
        moved = {
            "".join(letter for letter, d in zip("THW", direction, strict=True) if d)
            for direction in directions
        }
        require(moved == {term}, f"terms={terms!r}: term {term!r} moves the axes {sorted(moved)}")
        require(
            len(set(directions)) == 2 ** len(term),
            f"terms={terms!r}: term {term!r} repeats a direction: {directions}",
        )
    require(
        [g.displacement for g in groups] == [(0, 0, 0)],
        f"terms={terms!r}: what follows the terms is not one identity group",
    )


MISSPELT = [
    ("HT", "'TH'"),
    ("TT", "'T'"),
    ("T+T", "'T'"),
    ("T+H+T", "'T+H'"),
    ("T+WH", "'HW'"),
    ("t", "'T'"),
    ("", "T, H, W, TH"),
    ("T++H", "T, H, W, TH"),
    ("T+X", "T, H, W, TH"),
    ("T H", "T, H, W, TH"),
]


@check("GEO-2", rung="L0", each=lambda _: MISSPELT, sides=("numpy",))
def misspelt_terms_are_refused(subject: Subject, case: tuple[str, str]) -> None:
    """Unknown, repeated and misordered terms are refused, and the right spelling is said."""
    terms, advice = case
    try:
        subject.make_spec(terms)
    except SpecError as error:
        require(
            advice in str(error), f"terms={terms!r}: the message does not say {advice}: {error}"
        )
    else:
        require(False, f"terms={terms!r} was taken")


@check(
    "GEO-2",
    "GEO-3",
    "GEO-5",
    rung="L1",
    strategy=st.builds(
        ShiftSpec,
        strategies.terms(),
        strategies.alphas(),
        rounding=st.sampled_from(["floor", "exact"]),
    ),
    sides=("numpy",),
)
def specs_round_trip(subject: Subject, spec: ShiftSpec) -> None:
    """Parsing `str(spec)` gives the spec back, and equal specs have equal hashes."""
    again = subject.parse_spec(str(spec))
    require(again == spec and hash(again) == hash(spec), f"{spec} came back as {again}")


# (literal, its exact value): the second float is not 1/3, and int(392 * (1 / 49)) is 7
LITERALS = [
    (0.3, "3/10"),
    (0.1, "1/10"),
    (1 / 3, "3333333333333333/10000000000000000"),
    ("3/8", "3/8"),
    (1, "1"),
    (0.0, "0"),
    ("0.125", "1/8"),
]


@check("GEO-3", rung="L0", each=lambda _: LITERALS, sides=("numpy",))
def a_float_is_its_literal(subject: Subject, case: tuple[float | str, str]) -> None:
    """A float means its decimal literal: 0.3 is 3/10."""
    literal, exact = case
    got = subject.make_spec("T", literal).alpha
    require(got == Fraction(exact), f"alpha={literal!r} became {got}, should be {exact}")


@check(
    "GEO-3",
    "GEO-4",
    rung="L0",
    each=lambda _: [(392, "2/49", 8), (72, "1/4", 9), (100, "29/50", 29), (10, "1/5", 1)],
    sides=("numpy",),
)
def no_float_decides_a_count(subject: Subject, case: tuple[int, str, int]) -> None:
    """Shares that float arithmetic truncates are whole: 8 of 392 channels at 2/49, where int(392 *
    (1 / 49)) is 7.
    """
    channels, alpha, size = case
    sizes = [
        stop - start
        for start, stop, _ in subject.partition(subject.make_spec("T", alpha), channels)
    ]
    want = [size, size, channels - 2 * size]
    require(sizes == want, f"C={channels}, alpha={alpha}: groups of {sizes}, should be {want}")


@check(
    "GEO-3",
    "GEO-4",
    rung="L1",
    strategy=st.tuples(strategies.shift_specs(), st.integers(0, 600)),
    sides=("numpy",),
)
def shares_are_counted_out(subject: Subject, case: tuple[ShiftSpec, int]) -> None:
    """Each direction gets as many channels as fit into its share, terms in order from channel 0;
    the rest is X_N.
    """
    spec, channels = case
    n_terms = len(spec.terms.split("+"))
    start = 0
    groups = iter(subject.partition(spec, channels))
    for term in spec.terms.split("+"):
        fits = 0
        while Fraction((fits + 1) * n_terms * 2 ** len(term)) <= spec.alpha * channels:
            fits += 1
        for _ in range(2 ** len(term)):
            group = next(groups)
            require(
                (group.start, group.stop) == (start, start + fits),
                f"{spec}, C={channels}: {group}, should be {start}..{start + fits}",
            )
            start += fits
    rest = next(groups)
    require(
        tuple(rest) == (start, channels, (0, 0, 0)),
        f"{spec}, C={channels}: last group {rest}, should be X_N from {start}",
    )
    require(next(groups, None) is None, f"{spec}, C={channels}: groups after X_N")


@check(
    "GEO-4",
    rung="L1",
    strategy=st.tuples(strategies.shift_specs(rounding="exact"), st.integers(0, 600)),
    sides=("numpy",),
)
def exact_refuses_fractions(subject: Subject, case: tuple[ShiftSpec, int]) -> None:
    """With rounding="exact" a fractional share is refused, and a whole one is cut as by "floor"."""
    spec, channels = case
    floor = ShiftSpec(spec.terms, spec.alpha, spec.order, "floor")
    n_terms = len(spec.terms.split("+"))
    whole = all(
        (spec.alpha * channels / (n_terms * 2 ** len(term))).denominator == 1
        for term in spec.terms.split("+")
    )
    try:
        groups = subject.partition(spec, channels)
    except SpecError:
        require(not whole, f"{spec}, C={channels}: refused, but every share is whole")
    else:
        require(whole, f"{spec}, C={channels}: taken, but a share is a fraction")
        require(
            groups == subject.partition(floor, channels),
            f"{spec}, C={channels}: {groups} differs from floor",
        )


@check("GEO-5", rung="L1", each=lambda _: itertools.product(SUBSETS, (1, 2)))
def order_is_a_channel_permutation(subject: Subject, case: tuple[str, int]) -> None:
    """Directions stand in lexicographic order, +1 first or -1 first; the two orders differ by a
    permutation of channels.
    """
    term, size = case
    forward, backward = (
        subject.make_spec(term, 1),
        subject.make_spec(term, 1, order="backward-first"),
    )
    count = 2 ** len(term)
    signs = list(itertools.product((1, -1), repeat=len(term)))
    for spec, wanted in ((forward, signs), (backward, signs[::-1])):
        got = [tuple(d for d in g.displacement if d) for g in subject.partition(spec, count)[:-1]]
        require(got == wanted, f"{spec}: directions {got}, should be {wanted}")
    x = strategies.labels((3, count * size, 3, 5), np.dtype(np.int64), np.random.default_rng(0))
    swapped = np.concatenate([np.arange(size) + size * k for k in reversed(range(count))])
    same_bits(
        subject.stsm(x, forward)[:, swapped],
        subject.stsm(x[:, swapped], backward),
        f"{term}: forward-first, channels permuted",
    )


@check(
    "GEO-2",
    "GEO-5",
    rung="L0",
    each=lambda _: itertools.product(
        strategies.all_term_sets(), ("forward-first", "backward-first")
    ),
    sides=("numpy",),
)
def every_cut_is_as_written_out(subject: Subject, case: tuple[str, Order]) -> None:
    """All 127 sets of terms in both orders: each group has the direction that a list says.

    Every other comparison but that with the frozen vectors has `ShiftSpec.directions` on both
    sides, so one spec that it gets wrong would be wrong on both.
    """
    terms, order = case
    listed = [
        FORWARD_FIRST[term][:: 1 if order == "forward-first" else -1] for term in terms.split("+")
    ]
    expected = [*itertools.chain.from_iterable(listed), (0, 0, 0)]
    made = subject.make_spec(terms, "3/4", order=order)
    got = [tuple(group.displacement) for group in subject.partition(made, 240)]
    require(got == expected, f"terms={terms!r}, {order}: directions {got}, should be {expected}")


@check("GEO-5", rung="L0", each=lambda _: [0], sides=("numpy",))
def eq_3_is_forward_first(subject: Subject, case: int) -> None:
    """The four directions of HW stand in the order in which Eq. (3) prints their kernels."""
    printed = [tuple(k.displacement) for k in subject.kernels_2x2()]
    cut = [
        Displacement(*g.displacement)[1:]
        for g in subject.partition(subject.make_spec("HW", 1), 4)[:-1]
    ]
    require(printed == cut, f"Eq. (3) prints {printed}, the channels are cut as {cut}")
