"""SHIFT-1 to SHIFT-6, SEP, PURE, NUM, BATCH and TSM: the operator against its definition, its
steps, and what it must leave alone.
"""

import itertools
from typing import Any

import numpy as np
from hypothesis import strategies as st

from stsm_ref import definition, strategies
from stsm_ref.checks.our_internals import large_cases
from stsm_ref.evidence import oracle
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import require, same_bits
from stsm_ref.geometry import CHANNEL_AXIS, UNIT_DISPLACEMENTS, Array, Displacement, ShiftSpec
from stsm_ref.implementations.ours import SINGLE_STEPS, Subject
from stsm_ref.strategies import ArrayCase, ClipCase

STEPS = ("SHIFT-1", "SHIFT-2", "SHIFT-3", "SHIFT-4", "SHIFT-5")
THE_PAPERS = st.builds(
    ShiftSpec, st.just("T+H+W"), strategies.alphas(), order=st.just("forward-first")
)
LABELS: dict[str, Any] = {"dtypes": [np.dtype(np.int64), np.dtype(np.float64)], "values": "labels"}


@check(
    "SHIFT-6",
    "NUM-1",
    rung="L1",
    each=lambda _: large_cases.arrays(),
    strategy=strategies.array_cases(),
    sides=("numpy",),
    why_one_side=SINGLE_STEPS,
)
def shift_equals_definition(subject: Subject, case: ArrayCase) -> None:
    """The sliced shift equals y[i] = x[i-d], else 0, bit for bit: any array, axes and whole
    displacement.
    """
    got = subject.shift(case.x, case.displacement, axes=case.axes)
    same_bits(got, definition.shift(case.x, case.displacement, axes=case.axes), f"shift of {case}")


@check(
    *STEPS,
    "SHIFT-6",
    "NUM-1",
    rung="L1",
    each=lambda _: large_cases.clips(labels=False),
    strategy=strategies.clip_cases(),
)
def stsm_equals_definition(subject: Subject, case: ClipCase) -> None:
    """The sliced STSM equals the scalar-loop definition bit for bit: any spec, dtype, strides and
    leading axes.
    """
    same_bits(
        subject.stsm(case.x, case.spec), definition.stsm(case.x, case.spec), f"stsm of {case}"
    )


@check(*STEPS, rung="L1", strategy=strategies.clip_cases(specs=THE_PAPERS))
def five_steps_by_hand(subject: Subject, case: ClipCase) -> None:
    """STSM equals the five steps of §3.2 written out with split, delete, add zeros, concatenate."""
    x, spec = case
    alpha_c = spec.alpha * x.shape[CHANNEL_AXIS]
    sixth = int(alpha_c / 6)
    # step 1: four parts along the channels, each of the first three in halves
    cuts = [sixth * k for k in range(1, 7)]
    *halves, x_n = np.split(x, cuts, axis=CHANNEL_AXIS)

    def forward(part: Array, axis: int) -> Array:
        kept = np.delete(part, -1, axis)
        return np.concatenate([np.zeros_like(np.take(part, [0], axis)), kept], axis)

    def backward(part: Array, axis: int) -> Array:
        kept = np.delete(part, 0, axis)
        return np.concatenate([kept, np.zeros_like(np.take(part, [0], axis))], axis)

    # steps 2 and 3: T, H, W, each half its own way; step 4: X_N stays; step 5: concatenate
    moved = [
        way(part, axis)
        for part, (axis, way) in zip(
            halves, itertools.product((-4, -2, -1), (forward, backward)), strict=True
        )
    ]
    same_bits(
        subject.stsm(x, spec), np.concatenate([*moved, x_n], axis=CHANNEL_AXIS), f"stsm of {case}"
    )


@check(
    "PURE-4",
    rung="L1",
    strategy=strategies.clip_cases(values="labels", dtypes=[np.dtype(np.float32)]),
)
def asked_again_it_is_the_same(subject: Subject, case: ClipCase) -> None:
    """Asked again after another clip of the same shape, STSM gives the same: it keeps nothing from
    call to call.
    """
    x, spec = case
    first = np.array(subject.stsm(x, spec))
    subject.stsm(-x, spec)
    same_bits(np.array(subject.stsm(x, spec)), first, f"stsm of {case}, asked again")


@check("SHIFT-1", "SHIFT-5", rung="L1", strategy=strategies.clip_cases(batch_axes=(0,), **LABELS))
def channels_do_not_mix(subject: Subject, case: ClipCase) -> None:
    """Changing one channel of the input changes that channel of the output and no other."""
    x, spec = case
    before = subject.stsm(x, spec)
    channel = x.shape[CHANNEL_AXIS] // 2
    changed = x.copy()
    changed[:, channel] += 1
    after, want = subject.stsm(changed, spec), before.copy()
    want[:, channel] += before[:, channel] != 0
    same_bits(after, want, f"stsm of {case} after channel {channel} was changed")


@check("SHIFT-4", "NUM-1", rung="L1", strategy=strategies.clip_cases())
def the_rest_stays(subject: Subject, case: ClipCase) -> None:
    """X_N leaves as it came, bit for bit."""
    x, spec = case
    rest = spec.partition(x.shape[CHANNEL_AXIS])[-1]
    stay = (..., slice(rest.start, rest.stop), slice(None), slice(None))
    same_bits(subject.stsm(x, spec)[stay], x[stay], f"X_N of {case}")


@check(
    "SHIFT-6",
    rung="L1",
    each=lambda _: itertools.product(UNIT_DISPLACEMENTS, strategies.SIZES, ("f", "D", "?", "q")),
)
def vacated_places_are_zero(subject: Subject, case: tuple[Displacement, int, str]) -> None:
    """What enters is +0 even beside inf and NaN, on an axis of size 1 the whole group; what leaves
    is dropped.
    """
    displacement, size, char = case
    dtype = np.dtype(char)
    fill = np.array(
        complex(np.nan, np.inf) if dtype.kind == "c" else np.nan if dtype.kind == "f" else -1
    ).astype(dtype)
    shape = (size, 2, 3)
    want = np.broadcast_to(fill, shape).copy()
    for axis, distance in enumerate(displacement):
        edge = {1: slice(0, 1), -1: slice(-1, None), 0: slice(0, 0)}[distance]
        np.moveaxis(want, axis, 0)[edge] = 0
    got = subject.shift(np.broadcast_to(fill, shape), displacement, axes=(0, 1, 2))
    same_bits(
        got,
        want,
        f"shift of an array of shape {shape}, {dtype}, full of {fill} by {tuple(displacement)}",
    )


@check(
    *STEPS,
    "SHIFT-6",
    rung="L2",
    each=lambda _: [
        ShiftSpec(t, a) for t in (*strategies.TABLE_TERMS, "THW") for a in ("3/8", "1")
    ],
)
def labels_reveal_every_move(subject: Subject, spec: ShiftSpec) -> None:
    """On unique labels at (4, 64, 5, 7) each label arrives where its group sends it, or is gone."""
    shape = (4, 64, 5, 7)
    x = strategies.labels(shape, np.dtype(np.float32), np.random.default_rng(20))
    y = np.asarray(subject.stsm(x, spec))
    home = {value: place for place, value in np.ndenumerate(x)}
    group_of = [g.displacement for g in spec.partition(shape[1]) for _ in range(g.start, g.stop)]
    arrived = 0
    for place, value in np.ndenumerate(y):
        if value == 0:
            continue
        require(value in home, f"stsm({spec}): out{list(place)} = {value} is no value of the input")
        t, c, h, w = home[value]
        dt, dh, dw = group_of[c]
        require(
            (t + dt, c, h + dh, w + dw) == place,
            f"stsm({spec}): x[{t}, {c}, {h}, {w}], moved by {dt, dh, dw}, came out at {place}",
        )
        arrived += 1
    kept = sum(
        np.prod([n - abs(d) for n, d in zip((4, 5, 7), group, strict=True)]) for group in group_of
    )
    require(arrived == kept, f"stsm({spec}): {arrived} labels arrived, should be {kept}")


@check(
    "TSM-1",
    rung="L1",
    strategy=st.tuples(st.sampled_from((2, 3, 4, 8, 16)), strategies.clip_cases(batch_axes=(1,))),
)
def tsm_is_a_special_case(subject: Subject, case: tuple[int, ClipCase]) -> None:
    """`ShiftSpec.tsm(fold_div)` equals TSM as published: zeros and three slice copies, C //
    fold_div channels each way.
    """
    fold_div, (x, _) = case
    want = oracle.tsm(x, fold_div)
    same_bits(
        subject.stsm(x, ShiftSpec.tsm(fold_div)),
        want,
        f"TSM with fold_div={fold_div} of a clip {x.shape}",
    )


@check("BATCH-1", rung="L1", strategy=strategies.clip_cases(batch_axes=(1, 2)))
def clips_do_not_mix(subject: Subject, case: ClipCase) -> None:
    """A batch of clips is shifted clip by clip, whatever the leading axes."""
    x, spec = case
    alone = np.empty_like(x)
    for clip in np.ndindex(x.shape[:-4]):
        alone[clip] = subject.stsm(x[clip], spec)
    same_bits(subject.stsm(x, spec), alone, f"stsm of {case}, against one clip at a time")


@check(
    "SEP-1",
    rung="L1",
    strategy=strategies.array_cases(most_axes=3),
    sides=("numpy",),
    why_one_side=SINGLE_STEPS,
)
def two_axes_are_two_shifts(subject: Subject, case: ArrayCase) -> None:
    """A shift along several axes equals its one-axis shifts, in every order, bit for bit."""
    whole = subject.shift(case.x, case.displacement, axes=case.axes)
    _factors_agree(subject, whole, case.x, case.displacement, case.axes)


@check(
    "SEP-1",
    "SEP-2",
    rung="L1",
    each=lambda _: itertools.product(UNIT_DISPLACEMENTS, [(1, 2, 3), (3, 1, 5), (2, 5, 3)]),
)
def three_axes_are_three_shifts(
    subject: Subject, case: tuple[Displacement, tuple[int, ...]]
) -> None:
    """All 26 displacements equal their factors: 2-D in both orders, 3-D in all six."""
    displacement, shape = case
    x = strategies.labels(shape, np.dtype(np.int64), np.random.default_rng(3))
    whole = subject.shift(x, displacement, axes=(0, 1, 2))
    _factors_agree(subject, whole, x, displacement, (0, 1, 2))


def _factors_agree(
    subject: Subject, whole: Array, x: Array, displacement: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    for order in itertools.permutations(range(len(axes))):
        step = x
        for k in order:
            step = subject.shift(step, displacement[k], axes=axes[k])
        same_bits(
            step,
            whole,
            f"axes {[axes[k] for k in order]} of {tuple(displacement)} one after the other",
        )


@check("PURE-1", "PURE-2", rung="L1", strategy=strategies.clip_cases())
def arguments_are_not_written(subject: Subject, case: ClipCase) -> None:
    """Forward and backward leave their argument as it was, and take one that cannot be written."""
    for name, function in (("stsm", subject.stsm), ("stsm_vjp", subject.stsm_vjp)):
        x = case.x.copy(order="K")
        function(x, case.spec)
        same_bits(x, case.x, f"the argument of {name} after the call")
        x.flags.writeable = False
        function(x, case.spec)


@check("PURE-3", rung="L1", strategy=strategies.clip_cases())
def output_owns_its_memory(subject: Subject, case: ClipCase) -> None:
    """No result shares memory with its argument, not even where nothing moves."""
    for name, function in (("stsm", subject.stsm), ("stsm_vjp", subject.stsm_vjp)):
        y = function(case.x, case.spec)
        require(
            not np.shares_memory(y, case.x),
            f"{name} of {case}: the result shares memory with the argument",
        )
    y = subject.shift(case.x, 0, axes=0)
    require(
        not np.shares_memory(y, case.x), "shift by 0: the result shares memory with the argument"
    )


@check(
    "NUM-2",
    rung="L1",
    each=lambda _: [*strategies.DTYPES, *map(np.dtype, (">f4", "<i2", ">i8", "g", "G", "f4,u1"))],
)
def dtype_is_kept(subject: Subject, dtype: np.dtype[np.generic]) -> None:
    """Every dtype leaves as it came, with the definition's values: bool, integers, floats, complex,
    either byte order, structured.
    """
    x = _numbered((2, 16, 3, 3), dtype)
    for name, y in (
        ("stsm", subject.stsm(x)),
        ("stsm_vjp", subject.stsm_vjp(x)),
        ("shift", subject.shift(x, 1, axes=0)),
    ):
        require(y.dtype == dtype, f"{name}: dtype {y.dtype}, should be {dtype}")
    for name, y, want in (
        ("stsm", subject.stsm(x), definition.stsm(x, ShiftSpec())),
        ("stsm_vjp", subject.stsm_vjp(x), definition.stsm_vjp(x, ShiftSpec())),
    ):
        # long doubles have bytes of no meaning
        require(np.array_equal(y, want), f"{name}: other values than the definition's in {dtype}")


def _numbered(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Numbers of which none is 0, in every field, with imaginary parts where there can be some."""
    x = np.empty(shape, dtype)
    numbers = np.arange(1, x.size + 1).reshape(shape)
    for name in dtype.names or ((),):
        x[name] = 1j * numbers - numbers if dtype.kind == "c" else numbers % 100 + 1
    return x


@check(
    "COST-2",
    rung="L1",
    strategy=strategies.clip_cases(dtypes=[np.dtype("u2,f4"), np.dtype("V3")], values="bits"),
    sides=("numpy",),
    why_one_side="torch has no dtype without arithmetic",
)
def nothing_is_computed(subject: Subject, case: ClipCase) -> None:
    """STSM and its VJP work on a dtype that has no arithmetic at all: values are moved, none is
    added or multiplied.
    """
    same_bits(
        subject.stsm(case.x, case.spec), definition.stsm(case.x, case.spec), f"stsm of {case}"
    )
    same_bits(
        subject.stsm_vjp(case.x, case.spec),
        definition.stsm_vjp(case.x, case.spec),
        f"stsm_vjp of {case}",
    )
