"""Wrong shifts on purpose: each way in which real implementations were seen to go wrong that NumPy
can express.

`row` numbers the bug in the catalogue of `docs/bugs.md`; the rows that are left out there need a
network or an exported graph.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import sparse

from stsm_ref import composition, geometry, kernels, matrices, slicing
from stsm_ref.correlate import correlate, correlate_stsm
from stsm_ref.geometry import ChannelGroup, Displacement, ShiftSpec
from stsm_ref.implementations.ours import OURS, Subject

Array = np.ndarray[Any, Any]
Move = Callable[[Array, Displacement], Array]


@dataclass(frozen=True)
class Fault:
    """A subject with one thing wrong, the row of the catalogue that it plants (0: none), and
    checks that must catch it.
    """

    row: int
    subject: Subject
    caught_by: tuple[str, ...]


def right_move(part: Array, d: Iterable[int]) -> Array:
    """The correct shift of ``(..., T, C, H, W)``, for faults that lie elsewhere."""
    return slicing.shift(part, tuple(d), axes=(-4, -2, -1))


def forward(
    move: Move = right_move,
    partition: Callable[[ShiftSpec, int], Iterable[ChannelGroup]] = ShiftSpec.partition,
) -> Callable[..., Array]:
    """An STSM put together from a way to move a group and a way to cut the channels."""

    def stsm(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
        y = x.copy()
        for start, stop, d in partition(spec, x.shape[-3]):
            y[..., start:stop, :, :] = move(x[..., start:stop, :, :], d)
        return y

    return stsm


def stsm_fault(row: int, stsm: Callable[..., Array], *caught_by: str) -> Fault:
    """Our subject with another forward."""
    return Fault(row, replace(OURS, stsm=stsm), ("stsm_equals_definition", *caught_by))


def moves(row: int, move: Move, *caught_by: str) -> Fault:
    """Our subject with another way to move a group."""
    return stsm_fault(row, forward(move), *caught_by)


def cuts(
    row: int, partition: Callable[[ShiftSpec, int], tuple[ChannelGroup, ...]], *caught_by: str
) -> Fault:
    """Our subject with another way to cut the channels, in the partition and in the forward."""
    return Fault(
        row, replace(OURS, partition=partition, stsm=forward(partition=partition)), caught_by
    )


def other(*caught_by: str, row: int = 0, **functions: Callable[..., Any]) -> Fault:
    """Our subject with other functions."""
    return Fault(row, replace(OURS, **functions), caught_by)


def after(change: Callable[[Array, Array, ShiftSpec], Array]) -> Callable[..., Array]:
    """Our forward with its result changed; `change` takes (x, y, spec)."""

    def stsm(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
        return change(x, slicing.stsm(x, spec), spec)

    return stsm


class _OneCallBehind:
    """Gives the result of the call before, where that was of the same shape and spec: a buffer
    that is filled too late.
    """

    def __init__(self) -> None:
        self.before: dict[Any, Array] = {}

    def __call__(self, x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
        """Answer with what was kept, and keep this."""
        y = slicing.stsm(x, spec)
        late = self.before.get((x.shape, x.dtype, spec), y)
        self.before[x.shape, x.dtype, spec] = y
        return late


def _inplace(x: Array, y: Array, _: ShiftSpec) -> Array:
    if x.flags.writeable:
        x[...] = y
    return y


def _grad_overwritten(grad: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    back = slicing.stsm_vjp(grad, spec)
    if grad.flags.writeable:
        grad[...] = back
    return back


def _smear(part: Array, d: Displacement) -> Array:
    y = right_move(part, (d.dt if d.dt < 0 else 0, d.dh, d.dw))
    if d.dt > 0:  # copies forward over what it has yet to read
        for t in range(1, y.shape[-4]):
            y[..., t, :, :, :] = y[..., t - 1, :, :, :]
        y[..., 0, :, :, :] = 0
    return y


def _edge_kept(part: Array, d: Displacement) -> Array:
    y = part.copy()
    vacant = slicing.shift(np.ones(part.shape, np.uint8), d, axes=(-4, -2, -1)) == 0
    y[~vacant] = right_move(part, d)[~vacant]
    return y


def _roll(part: Array, d: Displacement) -> Array:
    return np.roll(part, tuple(d), axis=(-4, -2, -1))


def _self_subtracted(part: Array, d: Displacement) -> Array:
    y = right_move(part, d)
    if part.dtype.kind in "fc":
        vacant = slicing.shift(np.ones(part.shape, np.uint8), d, axes=(-4, -2, -1)) == 0
        with np.errstate(invalid="ignore"):
            y[vacant] = (part - part)[vacant]
    return y


def _resized(
    size: Callable[[ShiftSpec, int, int, int], int],
) -> Callable[[ShiftSpec, int], tuple[ChannelGroup, ...]]:
    """A partition whose groups have the size of (spec, channels, number of terms, directions of
    the term).
    """

    def partition(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
        groups, start = [], 0
        for term in spec.directions:
            for d in term:
                stop = min(start + size(spec, channels, len(spec.directions), len(term)), channels)
                groups.append(ChannelGroup(start, stop, d))
                start = stop
        return (*groups, ChannelGroup(start, channels, Displacement()))

    return partition


def _unequal_halves(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    groups, start = [], 0
    for term in spec.directions:
        for k, d in enumerate(term, 1):
            stop = (
                start
                + int(spec.alpha * channels * k / (len(spec.directions) * len(term)))
                - int(spec.alpha * channels * (k - 1) / (len(spec.directions) * len(term)))
            )
            groups.append(ChannelGroup(start, stop, d))
            start = stop
    return (*groups, ChannelGroup(start, channels, Displacement()))


def _rounded_starts(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    groups = []
    for k, term in enumerate(spec.directions):
        share = spec.alpha * channels / len(spec.directions)
        start, size = round(k * share), int(share / len(term))
        groups += [
            ChannelGroup(start + i * size, start + (i + 1) * size, d) for i, d in enumerate(term)
        ]
    return (*groups, ChannelGroup(groups[-1].stop, channels, Displacement()))


def _emptied(x: Array, y: Array, spec: ShiftSpec) -> Array:
    rest = spec.partition(x.shape[-3])[-1]
    count = rest.stop - rest.start
    y[..., -count:, :, :] = x[..., -count:, :, :]
    return y


def _tied_to_time(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    return slicing.stsm(x, ShiftSpec(spec.terms, Fraction(1, x.shape[-4]), spec.order))


def _swapped_segments(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    if x.ndim < 5:
        return slicing.stsm(x, spec)
    other = x.reshape(*x.shape[:-5], x.shape[-4], x.shape[-5], *x.shape[-3:])
    return slicing.stsm(other, spec).reshape(x.shape)


def _one_axis(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    return slicing.stsm(x.reshape(-1, *x.shape[-3:]), spec).reshape(x.shape)


def _as_ncthw(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    return slicing.stsm(x.swapaxes(-4, -3), spec).swapaxes(-4, -3)


def _assumes_contiguous(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    return slicing.stsm(x.ravel(order="K").reshape(x.shape), spec)


def _half_precision(x: Array, y: Array, spec: ShiftSpec) -> Array:
    if x.dtype.kind == "f":
        rest = spec.partition(x.shape[-3])[-1].start
        with np.errstate(over="ignore"):
            y[..., rest:, :, :] = y[..., rest:, :, :].astype(np.float16)
    return y


def _rarely(when: Callable[[tuple[int, ...]], bool]) -> Callable[..., Array]:
    return after(lambda x, y, _: x.copy() if when(x.shape) else y)


def _promoted(x: Array, y: Array, _: ShiftSpec) -> Array:
    return y.astype(np.float64) if x.dtype.kind in "iub" else y


def _negative_zero_lost(x: Array, y: Array, _: ShiftSpec) -> Array:
    return y + np.zeros((), y.dtype) if x.dtype.kind in "fc" else y


def _masked(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    if x.dtype.kind not in "fc":
        return slicing.stsm(x, spec)
    with np.errstate(invalid="ignore"):
        return (forward(_roll)(x, spec) * slicing.stsm(np.ones_like(x), spec)).astype(x.dtype)


def _flipped(displacement: Any) -> kernels.OneHotKernel:
    kernel = kernels.one_hot_kernel(displacement)
    return kernel._replace(weights=np.flip(kernel.weights))


def _padded_elsewhere(displacement: Any) -> kernels.OneHotKernel:
    kernel = kernels.one_hot_kernel(displacement)
    return kernel._replace(padding=tuple((b, a) for a, b in kernel.padding))


def _flipped_and_padded(displacement: Any) -> kernels.OneHotKernel:
    return kernels.one_hot_kernel(tuple(-d for d in geometry.whole_numbers("d", displacement)))


def _flag_flips(x: Array, kernel: Any, *, axes: Any, engine: str = "direct") -> Array:
    if engine == "signal":
        kernel = kernels.OneHotKernel(
            np.flip(kernel.weights), tuple((b, a) for a, b in kernel.padding), ()
        )
    return correlate(x, kernel, axes=axes, engine=engine)


def _always_direct_product(x: Array, kernel: Any, *, axes: Any, engine: str = "direct") -> Array:
    """Looks for the 1 and shifts: right for one-hot kernels, no convolution."""
    places = geometry.whole_numbers("axes", axes)
    hot = [int(i) for i in np.argwhere(kernel.weights)[0]]
    return slicing.shift(
        x,
        tuple(before - h for h, (before, _) in zip(hot, kernel.padding, strict=True)),
        axes=places,
    )


def _exact_flag_flips(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    return slicing.stsm_vjp(x, spec) if spec.rounding == "exact" else slicing.stsm(x, spec)


def _lenient_terms(terms: str = "T+H+W", *rest: Any, **fields: Any) -> ShiftSpec:
    return ShiftSpec(
        "+".join(
            "".join(sorted(set(t) & set("THW"), key="THW".index)) or "T"
            for t in dict.fromkeys(terms.split("+"))
        ),
        *rest,
        **fields,
    )


def _binary_alpha(terms: str = "T+H+W", alpha: Any = "3/8", *rest: Any, **fields: Any) -> ShiftSpec:
    return ShiftSpec(terms, Fraction(alpha), *rest, **fields)


def _repeated_direction(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    groups = spec.partition(channels)
    return (groups[0], groups[1]._replace(displacement=groups[0].displacement), *groups[2:])


def _one_spec_turned(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    if spec.terms != "H+THW" or spec.order != "backward-first":
        return spec.partition(channels)
    return ShiftSpec(spec.terms, spec.alpha, "forward-first", spec.rounding).partition(channels)


def _exact_floors(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    return ShiftSpec(spec.terms, spec.alpha, spec.order).partition(channels)


def _mixes_channels(x: Array, y: Array, _: ShiftSpec) -> Array:
    if x.dtype.kind in "iu" and x.shape[-3] > 1:
        y[..., :1, :, :] += y[..., -1:, :, :]
    return y


def _two_axes_at_once(x: Array, displacement: Any, *, axes: Any) -> Array:
    """Moves along the first axis only where several were asked for."""
    distances, places = (
        geometry.whole_numbers("d", displacement),
        geometry.whole_numbers("axes", axes),
    )
    moved = [k for k, d in enumerate(distances) if d]
    if len(moved) > 1:
        distances = tuple(d if k == moved[0] else 0 for k, d in enumerate(distances))
    return slicing.shift(x, distances, axes=places)


def _bordered(x: Array, displacement: Any, *, axes: Any) -> Array:
    y = slicing.shift(x, displacement, axes=axes)
    return np.where(
        slicing.shift(np.ones(np.shape(x), np.uint8), displacement, axes=axes) == 0,
        np.asarray(x),
        y,
    )


def _transposed(shape: Any, displacement: Any, **options: Any) -> Any:
    return matrices.shift_matrix(shape, displacement, **options).T


def _cyclic(shape: Any, displacement: Any, **options: Any) -> Any:
    sizes, distances = (
        geometry.whole_numbers("shape", shape),
        geometry.whole_numbers("d", displacement),
    )
    order = np.roll(
        np.arange(int(np.prod(sizes))).reshape(sizes), distances, tuple(range(len(sizes)))
    )
    return sparse.csr_array(np.eye(order.size, dtype=np.int64)[order.ravel()])


def _doubled(shape: Any, displacement: Any, **options: Any) -> Any:
    return 2 * matrices.shift_matrix(shape, displacement, **options)


def _matrix_of_twos(shape: Any, spec: ShiftSpec = ShiftSpec()) -> Any:
    return 2 * matrices.stsm_matrix(shape, spec)


def _matrix_other_order(shape: Any, spec: ShiftSpec = ShiftSpec()) -> Any:
    t, c, h, w = shape
    return matrices.stsm_matrix((t, c, w, h), spec)


def _wrong_route(displacement: Displacement, **options: Any) -> composition.Route:
    route = composition.route_through_layers(displacement, **options)
    return (
        route._replace(weights=route.weights[::-1])
        if len(route.weights) > 1
        else route._replace(source=route.source + 1)
    )


def _affine(x: Array, y: Array, _: ShiftSpec) -> Array:
    return y + 1 if x.dtype == np.int64 else y


def _quadratic(x: Array, y: Array, _: ShiftSpec) -> Array:
    return y * y if x.dtype == np.int64 else y


def _quadratic_vjp(grad: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    back = slicing.stsm_vjp(grad, spec)
    return back * back if grad.dtype == np.int64 else back


def _conjugated(grad: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    return (
        np.asarray(slicing.stsm_vjp(grad, spec).conj())
        if grad.dtype.kind == "c"
        else slicing.stsm_vjp(grad, spec)
    )


def _structured_unwritten(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    y = slicing.stsm(x, spec)
    for name in y.dtype.names or ():
        y[name][y[name] == 0] = 1
    return y


def _by_arithmetic(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    y = slicing.stsm(x, spec)
    return y if x.dtype.kind == "b" else np.asarray(y + np.zeros((), y.dtype))


def _forgets_order(text: str) -> ShiftSpec:
    spec = ShiftSpec.parse(text)
    return ShiftSpec(spec.terms, spec.alpha)


def _sparse_backward_first(
    x: Array, spec: ShiftSpec = ShiftSpec(), *, engine: str = "direct"
) -> Array:
    return correlate_stsm(x, ShiftSpec(spec.terms, spec.alpha, "backward-first"), engine=engine)


def _maybe_view(x: Array, displacement: Any, *, axes: Any) -> Array:
    return np.asarray(x) if not np.any(displacement) else slicing.shift(x, displacement, axes=axes)


# right at every size that is drawn, and wrong at the sizes of a network


def _wide_groups_kept(part: Array, d: Displacement) -> Array:
    return part.copy() if part.shape[-3] > 64 else right_move(part, d)


def _vjp_of_narrow_groups(grad: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
    back = slicing.stsm_vjp(grad, spec)
    for start, stop, _ in spec.partition(grad.shape[-3]):
        if stop - start > 64:
            back[..., start:stop, :, :] = grad[..., start:stop, :, :]
    return back


def _matrix_of_narrow_groups(shape: Any, spec: ShiftSpec = ShiftSpec()) -> Any:
    kept = np.ones(shape, np.int64)
    for start, stop, displacement in spec.partition(shape[1]):
        if stop - start > 64 and any(displacement):
            kept[:, start:stop] = 0
    return sparse.csr_array(
        sparse.diags_array(kept.ravel(), dtype=np.int64)
    ) @ matrices.stsm_matrix(shape, spec)


def _shift_in_a_byte(x: Array, displacement: Any, *, axes: Any) -> Array:
    distances = geometry.whole_numbers("d", displacement)
    return slicing.shift(x, tuple((d + 128) % 256 - 128 for d in distances), axes=axes)


def _shift_in_two_bytes(x: Array, displacement: Any, *, axes: Any) -> Array:
    distances = geometry.whole_numbers("d", displacement)
    return slicing.shift(x, tuple((d + 2**15) % 2**16 - 2**15 for d in distances), axes=axes)


def _matrix_in_a_byte(shape: Any, displacement: Any, **options: Any) -> Any:
    distances = geometry.whole_numbers("d", displacement)
    return matrices.shift_matrix(shape, tuple((d + 128) % 256 - 128 for d in distances), **options)


def _kernel_in_a_byte(displacement: Any) -> kernels.OneHotKernel:
    distances = geometry.whole_numbers("d", displacement)
    return kernels.one_hot_kernel(tuple((d + 128) % 256 - 128 for d in distances))._replace(
        displacement=distances
    )


def _sparse_of_narrow_groups(
    x: Array, spec: ShiftSpec = ShiftSpec(), *, engine: str = "direct"
) -> Array:
    y = correlate_stsm(x, spec, engine=engine)
    for start, stop, _ in spec.partition(x.shape[-3]):
        if stop - start > 64:
            y[..., start:stop, :, :] = x[..., start:stop, :, :]
    return y


FAULTS: dict[str, Fault] = {
    "directions-swapped": stsm_fault(
        1, lambda x, spec=ShiftSpec(): slicing.stsm_vjp(x, spec), "an_impulse_arrives"
    ),
    "h-reversed": moves(
        2, lambda part, d: right_move(part, (d.dt, -d.dh, d.dw)), "a_pan_turns_time_into_space"
    ),
    "engine-flips-direction": other("all_26_kernels_shift", row=3, correlate=_flag_flips),
    "exact-flips-direction": stsm_fault(3, _exact_flag_flips, "stsm_is_a_convolution"),
    "input-overwritten": stsm_fault(4, after(_inplace), "arguments_are_not_written"),
    "gradient-overwritten": other("arguments_are_not_written", row=5, stsm_vjp=_grad_overwritten),
    "smeared": moves(6, _smear, "every_basis_vector"),
    "edge-kept": moves(7, _edge_kept, "pixels_equal_convolution", "vectors_hold"),
    "rolled": moves(8, _roll, "pixels_equal_definition"),
    "zeros-by-subtraction": moves(9, _self_subtracted),
    "groups-rounded-up": cuts(
        10, _resized(lambda s, c, n, k: int(-(-s.alpha * c // (n * k)))), "shares_are_counted_out"
    ),
    "unequal-halves": cuts(11, _unequal_halves, "shares_are_counted_out", "five_steps_by_hand"),
    "float-truncation": cuts(
        12,
        _resized(lambda s, c, n, k: int(c * (float(s.alpha) / (n * k)))),
        "no_float_decides_a_count",
    ),
    "empty-group-is-everything": stsm_fault(13, after(_emptied)),
    "ratio-tied-to-time": stsm_fault(14, _tied_to_time, "tsm_is_a_special_case"),
    "h-and-w-swapped": moves(
        15, lambda part, d: right_move(part, (d.dt, d.dw, d.dh)), "pixels_equal_the_matrix"
    ),
    "wrong-segments": stsm_fault(16, _swapped_segments, "clips_do_not_mix"),
    "clips-mixed": stsm_fault(17, _one_axis, "clips_do_not_mix", "two_films_stay_apart"),
    "time-and-channels-swapped": stsm_fault(18, _as_ncthw, "labels_reveal_every_move"),
    "contiguous-assumed": stsm_fault(19, _assumes_contiguous),
    "rest-in-half-precision": stsm_fault(
        20, after(_half_precision), "the_rest_stays", "labels_reveal_every_move"
    ),
    "dtype-hard-coded": stsm_fault(
        21,
        after(lambda x, y, _: y.astype(np.float32) if x.dtype.kind in "iuf" else y),
        "dtype_is_kept",
    ),
    "kernel-flipped": other(
        "kernels_are_one_hot",
        "convolution_is_cross_correlation",
        "convolution_vectors_hold",
        row=26,
        one_hot_kernel=_flipped,
    ),
    "padding-on-the-other-side": other(
        "zeros_stand_on_one_side", "all_26_kernels_shift", row=26, one_hot_kernel=_padded_elsewhere
    ),
    "kernel-and-padding-flipped": other(
        "kernels_are_one_hot",
        "gradients_pass_through_a_convolution",
        row=26,
        one_hot_kernel=_flipped_and_padded,
    ),
    "backward-is-forward": other(
        "vjp_equals_definition", "vjp_is_the_opposite_shift", row=27, stsm_vjp=slicing.stsm
    ),
    "wrong-at-one-frame": stsm_fault(28, _rarely(lambda shape: shape[-4] == 1)),
    "wrong-at-three-frames": stsm_fault(28, _rarely(lambda shape: shape[-4] == 3)),
    "wrong-at-width-five": stsm_fault(28, _rarely(lambda shape: shape[-1] == 5)),
    "view-where-nothing-moves": Fault(
        29,
        replace(OURS, stsm=after(lambda x, y, spec: x[...] if spec.alpha == 0 else y)),
        ("output_owns_its_memory",),
    ),
    "channels-permuted": stsm_fault(
        30, after(lambda x, y, _: y[..., ::-1, :, :]), "channels_do_not_mix"
    ),
    "terms-start-at-rounded-places": cuts(31, _rounded_starts, "shares_are_counted_out"),
    "integers-promoted": stsm_fault(32, after(_promoted), "dtype_is_kept"),
    "negative-zero-lost": stsm_fault(33, after(_negative_zero_lost), "the_rest_stays"),
    "moved-by-masking": stsm_fault(33, _masked),
    # beyond the catalogue: something wrong for every check that the rows above leave in peace
    "terms-taken-as-they-come": other(
        "misspelt_terms_are_refused", "invalid_specs_are_refused", make_spec=_lenient_terms
    ),
    "order-lost-in-text": other("specs_round_trip", parse_spec=_forgets_order),
    "alpha-in-binary": other("a_float_is_its_literal", make_spec=_binary_alpha),
    "a-direction-twice": cuts(
        0, _repeated_direction, "terms_name_axes", "order_is_a_channel_permutation"
    ),
    "one-spec-turned": cuts(0, _one_spec_turned, "every_cut_is_as_written_out"),
    "exact-is-floor": other(
        "exact_refuses_fractions", "invalid_specs_are_refused", partition=_exact_floors
    ),
    "channels-added": stsm_fault(0, after(_mixes_channels), "channels_do_not_mix"),
    "only-one-axis-moves": other(
        "two_axes_are_two_shifts",
        "three_axes_are_three_shifts",
        "any_displacement_is_a_convolution",
        shift=_two_axes_at_once,
    ),
    "shift-keeps-the-edge": other(
        "shift_equals_definition",
        "vacated_places_are_zero",
        "shifting_back_loses_the_edge",
        shift=_bordered,
    ),
    "shift-is-a-view": other("output_owns_its_memory", shift=_maybe_view),
    "eq-1-in-the-other-order": other(
        "kernels_are_as_printed", kernels_1x2=lambda: kernels.kernels_1x2()[::-1]
    ),
    "eq-3-in-the-other-order": other(
        "eq_3_is_forward_first", kernels_2x2=lambda: kernels.kernels_2x2()[::-1]
    ),
    "3d-kernels-in-the-other-order": other(
        "kernels_3d_are_by_hot_index", kernels_3d=lambda: kernels.kernels_3d()[::-1]
    ),
    "short-cut-for-one-hot": other(
        "engines_sum_every_tap", "where_convolution_differs", correlate=_always_direct_product
    ),
    "sparse-stsm-backward-first": other(
        "stsm_is_a_convolution", correlate_stsm=_sparse_backward_first
    ),
    "matrix-transposed": other(
        "one_axis_is_an_off_diagonal",
        "several_axes_are_a_kronecker_product",
        shift_matrix=_transposed,
    ),
    "matrix-cyclic": other(
        "shifts_are_nilpotent", "shifting_back_loses_the_edge", shift_matrix=_cyclic
    ),
    "matrix-doubled": other(
        "squares_are_projections", "the_spectral_norm_is_one", shift_matrix=_doubled
    ),
    "stsm-matrix-doubled": other("nothing_is_learned", stsm_matrix=_matrix_of_twos),
    "stsm-matrix-h-and-w-swapped": other("stsm_is_one_matrix", stsm_matrix=_matrix_other_order),
    "layers-in-the-wrong-order": other("layers_make_any_shift", route_through_layers=_wrong_route),
    "one-added": stsm_fault(0, after(_affine), "jvp_is_the_shift"),
    "squared": stsm_fault(0, after(_quadratic), "second_derivative_is_zero"),
    "gradient-squared": other("second_derivative_is_zero", stsm_vjp=_quadratic_vjp),
    "wide-groups-stay": moves(0, _wide_groups_kept),
    "wrong-past-256-frames": stsm_fault(0, _rarely(lambda shape: shape[-4] > 256)),
    "wide-groups-keep-their-gradient": other(
        "vjp_equals_definition", stsm_vjp=_vjp_of_narrow_groups
    ),
    "matrix-loses-wide-groups": other("stsm_is_one_matrix", stsm_matrix=_matrix_of_narrow_groups),
    "sparse-stsm-loses-wide-groups": other(
        "stsm_is_a_convolution", correlate_stsm=_sparse_of_narrow_groups
    ),
    "distance-in-a-byte": other("shift_equals_definition", shift=_shift_in_a_byte),
    "distance-in-two-bytes": other("shift_equals_definition", shift=_shift_in_two_bytes),
    "matrix-distance-in-a-byte": other(
        "one_axis_is_an_off_diagonal", shift_matrix=_matrix_in_a_byte
    ),
    "kernel-distance-in-a-byte": other(
        "kernels_are_one_hot", "any_displacement_is_a_convolution", one_hot_kernel=_kernel_in_a_byte
    ),
    "one-call-behind": other("asked_again_it_is_the_same", stsm=_OneCallBehind()),
    "backward-conjugates": other("dtype_is_kept", stsm_vjp=_conjugated),
    "structured-vacant-unwritten": other(
        "dtype_is_kept", "nothing_is_computed", stsm=_structured_unwritten
    ),
    "moved-by-adding": other("nothing_is_computed", stsm=_by_arithmetic),
}
