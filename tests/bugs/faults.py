"""Wrong shifts planted in place of our own functions: each must fail the checks that are named for
it.

Bugs of a whole shift are those of the catalogue, `stsm_ref.bugs`. What stands here beside them is
wrong in one of our other functions (kernels, matrices, specs, ...), which only our own checks ask.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import sparse

from stsm_ref import composition, geometry, kernels, matrices, slicing
from stsm_ref.bugs.bug import by_result
from stsm_ref.bugs.catalogue import BUGS, wrong
from stsm_ref.bugs.implementation import OURS as PARTS
from stsm_ref.bugs.implementation import OURS_BACK as BACK
from stsm_ref.correlate import correlate, correlate_stsm
from stsm_ref.geometry import ChannelGroup, Displacement, ShiftSpec
from stsm_ref.implementations.ours import OURS, Subject

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Fault:
    """A subject with one thing wrong, the row of the catalogue that it plants (0: none), and
    checks that must catch it.
    """

    row: int
    subject: Subject
    caught_by: tuple[str, ...]


def planted(name: str, *caught_by: str) -> Fault:
    """Our subject with a bug of the catalogue; a wrong cut is planted in the partition, too."""
    bug = BUGS[name]
    if bug.cut:
        return Fault(bug.row, replace(OURS, partition=bug.cut, stsm=bug.build(PARTS)), caught_by)
    return other("stsm_equals_definition", *caught_by, row=bug.row, stsm=bug.build(PARTS))


def other(*caught_by: str, row: int = 0, **functions: Callable[..., Any]) -> Fault:
    """Our subject with other functions."""
    return Fault(row, replace(OURS, **functions), caught_by)


def after(change: Callable[[Array, Array, ShiftSpec], Array], *caught_by: str) -> Fault:
    """Our subject with its result changed; `change` takes (x, y, spec)."""
    return other("stsm_equals_definition", *caught_by, stsm=by_result(change)(PARTS))


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


def _one_spec_turned(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    if spec.terms != "H+THW" or spec.order != "backward-first":
        return spec.partition(channels)
    return ShiftSpec(spec.terms, spec.alpha, "forward-first", spec.rounding).partition(channels)


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
    return part.copy() if part.shape[-3] > 64 else PARTS.moved(part, d)


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


CATALOGUE = {
    "directions-swapped": ("an_impulse_arrives",),
    "h-reversed": ("a_pan_turns_time_into_space",),
    "exact-flips-direction": ("stsm_is_a_convolution",),
    "input-overwritten": ("arguments_are_not_written",),
    "smeared": ("every_basis_vector",),
    "edge-kept": ("pixels_equal_convolution", "vectors_hold"),
    "rolled": ("pixels_equal_definition",),
    "zeros-by-subtraction": (),
    "groups-rounded-up": ("shares_are_counted_out",),
    "unequal-halves": ("shares_are_counted_out", "five_steps_by_hand"),
    "float-truncation": ("no_float_decides_a_count",),
    "empty-group-is-everything": (),
    "ratio-tied-to-time": ("tsm_is_a_special_case",),
    "h-and-w-swapped": ("pixels_equal_the_matrix",),
    "wrong-segments": ("clips_do_not_mix",),
    "clips-mixed": ("clips_do_not_mix", "two_films_stay_apart"),
    "time-and-channels-swapped": ("labels_reveal_every_move",),
    "contiguous-assumed": (),
    "rest-in-half-precision": ("the_rest_stays", "labels_reveal_every_move"),
    "dtype-hard-coded": ("dtype_is_kept",),
    "wrong-at-one-frame": (),
    "wrong-at-three-frames": (),
    "wrong-at-width-five": (),
    "channels-permuted": ("channels_do_not_mix",),
    "terms-start-at-rounded-places": ("shares_are_counted_out",),
    "integers-promoted": ("dtype_is_kept",),
    "negative-zero-lost": ("the_rest_stays",),
    "moved-by-masking": (),
    "a-direction-twice": ("terms_name_axes", "order_is_a_channel_permutation"),
    "exact-is-floor": ("exact_refuses_fractions", "invalid_specs_are_refused"),
}
"""Bugs of the catalogue, and the checks that must catch each beside those of every such plant."""

FAULTS: dict[str, Fault] = {name: planted(name, *checks) for name, checks in CATALOGUE.items()} | {
    "engine-flips-direction": other("all_26_kernels_shift", row=3, correlate=_flag_flips),
    "gradient-overwritten": other(
        "arguments_are_not_written", row=5, stsm_vjp=wrong("input-overwritten", BACK)
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
    "view-where-nothing-moves": other(
        "output_owns_its_memory", row=29, stsm=wrong("view-where-nothing-moves", PARTS)
    ),
    # beyond the catalogue: something wrong for every check that the rows above leave in peace
    "terms-taken-as-they-come": other(
        "misspelt_terms_are_refused", "invalid_specs_are_refused", make_spec=_lenient_terms
    ),
    "order-lost-in-text": other("specs_round_trip", parse_spec=_forgets_order),
    "alpha-in-binary": other("a_float_is_its_literal", make_spec=_binary_alpha),
    "one-spec-turned": other(
        "every_cut_is_as_written_out",
        partition=_one_spec_turned,
        stsm=PARTS.put_together(cut=_one_spec_turned),
    ),
    "channels-added": after(_mixes_channels, "channels_do_not_mix"),
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
    "one-added-to-int64": after(_affine, "jvp_is_the_shift"),
    "squared": after(_quadratic, "second_derivative_is_zero"),
    "gradient-squared": other("second_derivative_is_zero", stsm_vjp=_quadratic_vjp),
    "wide-groups-stay": other("stsm_equals_definition", stsm=PARTS.put_together(_wide_groups_kept)),
    "wrong-past-256-frames": after(lambda x, y, _: x.copy() if x.shape[-4] > 256 else y),
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
