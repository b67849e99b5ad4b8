"""The table of requirements: what is claimed, where the paper says it, how it is known and where it
stops holding.

It is data. `stsm_ref.checks.our_internals` holds the checks; a test keeps the two complete in both
directions.
"""

from typing import Any, Literal, NamedTuple

from stsm_ref._suggest import suggest
from stsm_ref.errors import SpecError

Standing = Literal["stated", "derived", "silent", "decided"]
Evidence = Literal["L0", "L1", "L2", "L3", "L4"]

STANDINGS: dict[Standing, str] = {
    "stated": "the paper states it",
    "derived": "it follows from what the paper states",
    "silent": "the paper does not say, and it is our decision",
    "decided": "the paper says one thing and another, and it is our decision",
}
"""From the firmest to the weakest."""


class Clause(NamedTuple):
    """A part of a rule that has a standing or a rung of its own."""

    text: str
    standing: Standing
    evidence: Evidence


class Requirement(NamedTuple):
    """One rule.

    `standing` is a key of `STANDINGS`, and `evidence` the strongest rung that `checks` reach. Where
    parts of the rule differ in either, `clauses` has the parts; `standing` is then that of the
    weakest, and `evidence` is of a part only.
    """

    id: str
    rule: str
    place: str
    quote: str
    standing: Standing
    evidence: Evidence
    limits: str
    checks: tuple[str, ...]
    clauses: tuple[Clause, ...] = ()

    @property
    def least(self) -> Evidence:
        """The rung that every clause of the rule has reached.

        >>> requirement("MAT-3").evidence, requirement("MAT-3").least
        ('L4', 'L1')
        """
        return min((clause.evidence for clause in self.clauses), default=self.evidence)

    @property
    def standing_in_words(self) -> str:
        """The standing, and whether it is that of a part only.

        >>> requirement("GEO-1").standing_in_words, requirement("PAD-1").standing_in_words
        ('silent in part', 'stated')
        """
        apart = {clause.standing for clause in self.clauses} - {self.standing}
        return f"{self.standing} in part" if apart else self.standing

    def rung_in_words(self, reached: str) -> str:
        """A rung that was reached, and that of the rest where it is the rung of a part only.

        >>> requirement("MAT-3").rung_in_words("L4"), requirement("MAT-3").rung_in_words("L1")
        ('L4/L1', 'L1')
        """
        return f"{reached}/{self.least}" if reached == self.evidence > self.least else reached

    def as_dict(self) -> dict[str, Any]:
        """Return the requirement as ``json.dumps`` takes it, its clauses as objects too."""
        return self._asdict() | {"clauses": [clause._asdict() for clause in self.clauses]}


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="GEO-1",
        rule="axes in the order T, C, H, W, batch axes in front; +1 is forward in time, down, right",
        place="§3.2",
        quote="The feature tensor X ∈ R^{T×C×H×W} …",
        standing="silent",
        evidence="L0",
        limits="the paper never says which way is forward in time: towards later frames is our "
        "reading; TSM's code moves its first "
        "channels towards earlier ones",
        checks=("an_impulse_arrives", "a_pan_turns_time_into_space"),
        clauses=(
            Clause("axes in the order T, C, H, W", "stated", "L0"),
            Clause(
                "right and down are towards larger indices, by Eqs. (1)-(3) and their padding",
                "derived",
                "L0",
            ),
            Clause("forward is towards later frames; batch axes in front", "silent", "L0"),
        ),
    ),
    Requirement(
        id="GEO-2",
        rule="terms: non-empty subsets of THW in that letter order, joined by +, no repeats",
        place="Tables 2, 3; §3.1",
        quote="the 2D spatio-temporal shift operation is TH+TW+HW",
        standing="silent",
        evidence="L1",
        limits="terms may stand in any order: they are cut in the order written",
        checks=(
            "terms_name_axes",
            "every_cut_is_as_written_out",
            "misspelt_terms_are_refused",
            "specs_round_trip",
            "invalid_specs_are_refused",
        ),
        clauses=(
            Clause("the settings of Tables 2 and 3, and THW", "stated", "L1"),
            Clause("other sets of terms; one spelling for each", "silent", "L1"),
        ),
    ),
    Requirement(
        id="GEO-3",
        rule="alpha is an exact rational in [0, 1], default 3/8; a float means its decimal literal",
        place="§5.1.1",
        quote="α ∈ [0, 1] is the ratio of the number of channels in the shift operation to the "
        "total number of channels",
        standing="silent",
        evidence="L1",
        limits="a float that was computed (1/3) is the decimal that it prints as, not the "
        "fraction that was meant",
        checks=(
            "specs_round_trip",
            "a_float_is_its_literal",
            "no_float_decides_a_count",
            "shares_are_counted_out",
            "invalid_specs_are_refused",
        ),
        clauses=(
            Clause("alpha is a share in [0, 1], by default 3/8", "stated", "L1"),
            Clause(
                "it is an exact rational, and a float means its decimal literal", "silent", "L1"
            ),
        ),
    ),
    Requirement(
        id="GEO-4",
        rule="channels are cut from 0 upwards, an equal share a term and a direction, rounded "
        "down; the rest is X_N",
        place="§3.2 step 1; §5.1.1",
        quote="the shift operation is performed on the 1st to 18th channels, and the remaining "
        "19th to 72th channels remain unchanged",
        standing="silent",
        evidence="L4",
        limits="the paper does not say what happens to fractions: rounding is a field of the "
        "spec; floor is proved for its tables. "
        "That α = 1/4 of 72 channels is the first 18 holds for T+H+W; of TH+TW+HW a direction "
        "would have 1½, and 12 move",
        checks=(
            "no_float_decides_a_count",
            "shares_are_counted_out",
            "exact_refuses_fractions",
            "invalid_specs_are_refused",
            "channels_are_cut_in_order",
        ),
        clauses=(
            Clause(
                "those that move come first, from channel 0 on, an equal share an axis and a half "
                "each way",
                "stated",
                "L4",
            ),
            Clause(
                "an equal share a term and a direction, for the terms of Tables 2 and 3 and THW",
                "derived",
                "L4",
            ),
            Clause("rounded down, for those terms", "silent", "L4"),
            Clause(
                "the same for other sets of terms; rounding='exact' refuses fractions",
                "silent",
                "L1",
            ),
        ),
    ),
    Requirement(
        id="GEO-5",
        rule="forward-first: +1 before -1 on every axis, lexicographic; backward-first is "
        "TSM's order",
        place="§3.2 step 2, Eq. (3); what §3.1 says of Fig. 2 reads against it",
        quote="divided into two parts X_T^f and X_T^b … shifted forward and backward",
        standing="decided",
        evidence="L1",
        limits="§3.2 and Eq. (3) have +1 first, §3.1 and Eqs. (1) and (2) have -1 first; the "
        "order is a field of the spec",
        checks=(
            "specs_round_trip",
            "order_is_a_channel_permutation",
            "every_cut_is_as_written_out",
            "eq_3_is_forward_first",
            "invalid_specs_are_refused",
        ),
    ),
    Requirement(
        id="SHIFT-1",
        rule="step 1: split X by channel into X_T, X_H, X_W and X_N",
        place="§3.2 step 1",
        quote="divided into four parts X_T, X_H, X_W, X_N by channel",
        standing="stated",
        evidence="L4",
        limits="proved for our slices over all sizes; C, T, H, W sampled elsewhere",
        checks=(
            "pixels_equal_definition",
            "stsm_equals_definition",
            "five_steps_by_hand",
            "channels_do_not_mix",
            "labels_reveal_every_move",
            "vectors_hold",
            "channels_are_cut_in_order",
            "the_module_is_its_definition",
            "any_cut_is_moved_group_by_group",
        ),
    ),
    Requirement(
        id="SHIFT-2",
        rule="step 2: the halves of X_T move one position forward and one backward in time",
        place="§3.2 step 2",
        quote="X_T^f and X_T^b are shifted forward and backward by one position in the time "
        "dimension",
        standing="stated",
        evidence="L4",
        limits="proved for our slices over all sizes, sampled elsewhere",
        checks=(
            "an_impulse_arrives",
            "stsm_is_a_convolution",
            "a_pan_turns_time_into_space",
            "pixels_equal_definition",
            "stsm_equals_definition",
            "five_steps_by_hand",
            "labels_reveal_every_move",
            "vectors_hold",
            "the_module_is_its_definition",
        ),
    ),
    Requirement(
        id="SHIFT-3",
        rule="step 3: the same for X_H in height and X_W in width",
        place="§3.2 step 3",
        quote="the same shift operation as the first feature tensor is performed in the height "
        "dimension and the width dimension",
        standing="stated",
        evidence="L4",
        limits="proved for our slices over all sizes, sampled elsewhere",
        checks=(
            "an_impulse_arrives",
            "stsm_is_a_convolution",
            "a_pan_turns_time_into_space",
            "pixels_equal_definition",
            "stsm_equals_definition",
            "five_steps_by_hand",
            "labels_reveal_every_move",
            "vectors_hold",
            "the_module_is_its_definition",
        ),
    ),
    Requirement(
        id="SHIFT-4",
        rule="step 4: X_N remains unchanged",
        place="§3.2 step 4",
        quote="The remaining feature tensor X_N remains unchanged",
        standing="stated",
        evidence="L4",
        limits="proved for our slices over all sizes; bit for bit where sampled",
        checks=(
            "pixels_equal_definition",
            "stsm_equals_definition",
            "five_steps_by_hand",
            "the_rest_stays",
            "labels_reveal_every_move",
            "vectors_hold",
            "the_module_is_its_definition",
            "any_cut_is_moved_group_by_group",
        ),
    ),
    Requirement(
        id="SHIFT-5",
        rule="step 5: concatenate along the channels in the order they were cut",
        place="§3.2 step 5",
        quote="we concatenate the above four feature tensors … along the channel dimension",
        standing="stated",
        evidence="L4",
        limits="proved for our slices over all sizes, sampled elsewhere",
        checks=(
            "pixels_equal_definition",
            "stsm_equals_definition",
            "five_steps_by_hand",
            "channels_do_not_mix",
            "labels_reveal_every_move",
            "vectors_hold",
            "the_module_is_its_definition",
            "any_cut_is_moved_group_by_group",
        ),
    ),
    Requirement(
        id="SHIFT-6",
        rule="what leaves is dropped, what enters is zero; on an axis of size 1 the whole group "
        "is zero",
        place="§3.2",
        quote="delete the leftmost column of the input matrix, then add a column of all zero "
        "vectors to the rightmost column",
        standing="derived",
        evidence="L4",
        limits="proved for our slices over all sizes; that torch does the same is sampled",
        checks=(
            "vjp_equals_definition",
            "every_basis_vector",
            "pixels_equal_definition",
            "shift_equals_definition",
            "stsm_equals_definition",
            "vacated_places_are_zero",
            "labels_reveal_every_move",
            "vectors_hold",
            "slices_follow_the_rule",
            "the_module_is_its_definition",
        ),
        clauses=(
            Clause("what leaves is dropped, what enters is zero", "stated", "L4"),
            Clause("on an axis of size 1 the whole group is zero", "derived", "L4"),
        ),
    ),
    Requirement(
        id="KERN-1x2",
        rule="the 1x2 kernels are [0 1] (left) and [1 0] (right)",
        place="Eq. (1)",
        quote="the 1×2 dimensional convolution kernel has only two combinations",
        standing="stated",
        evidence="L4",
        limits="proved for all 26 one-step displacements; larger ones along several axes sampled",
        checks=(
            "kernels_are_as_printed",
            "kernels_are_one_hot",
            "all_26_kernels_shift",
            "convolution_vectors_hold",
            "the_shift_is_a_sparse_convolution",
        ),
    ),
    Requirement(
        id="KERN-2x1",
        rule="the 2x1 kernels are their transposes (up, down)",
        place="Eq. (2)",
        quote="the left and right shift of the matrix becomes the up and down shift",
        standing="stated",
        evidence="L4",
        limits="proved for all 26 one-step displacements; larger ones along several axes sampled",
        checks=(
            "kernels_are_as_printed",
            "kernels_are_one_hot",
            "all_26_kernels_shift",
            "convolution_vectors_hold",
            "the_shift_is_a_sparse_convolution",
        ),
    ),
    Requirement(
        id="KERN-2x2",
        rule="the four 2x2 kernels, by hot index: down-right, down-left, up-right, up-left",
        place="Eq. (3)",
        quote="there are only four combinations of 2×2-dimensional convolution kernels",
        standing="derived",
        evidence="L4",
        limits="proved for all 26 one-step displacements; larger ones along several axes sampled",
        checks=(
            "kernels_are_as_printed",
            "kernels_are_one_hot",
            "all_26_kernels_shift",
            "convolution_vectors_hold",
            "the_shift_is_a_sparse_convolution",
        ),
        clauses=(
            Clause("the four kernels, and that the first moves right and down", "stated", "L4"),
            Clause(
                "that the others move left and down, right and up, left and up", "derived", "L4"
            ),
        ),
    ),
    Requirement(
        id="KERN-3D",
        rule="the eight 2x2x2 kernels",
        place="§3.2",
        quote="the 3D shift operation needs to move three times to complete",
        standing="derived",
        evidence="L4",
        limits="the paper prints no 3-D kernel",
        checks=(
            "kernels_3d_are_by_hot_index",
            "kernels_are_one_hot",
            "all_26_kernels_shift",
            "convolution_vectors_hold",
            "the_shift_is_a_sparse_convolution",
        ),
    ),
    Requirement(
        id="PAD-1",
        rule="zeros on one side only: before for d > 0, after for d < 0",
        place="§3.2",
        quote="perform a padding operation on one side of the non-zero item",
        standing="stated",
        evidence="L4",
        limits='with the zeros on the other side (padding="same") nothing moves',
        checks=(
            "kernels_are_one_hot",
            "zeros_stand_on_one_side",
            "convolution_vectors_hold",
            "the_shift_is_a_sparse_convolution",
            "any_distance_is_a_sparse_convolution",
        ),
    ),
    Requirement(
        id="CONV-1",
        rule="convolution means cross-correlation; the textbook's needs the flipped kernel",
        place="§3.2, caption of Fig. 4",
        quote="The figure shows the convolution calculation with a specific sparse convolution "
        "kernel and specific padding",
        standing="derived",
        evidence="L4",
        limits="the paper does not say which; only cross-correlation moves [0 1] to the left",
        checks=(
            "convolution_is_cross_correlation",
            "convolution_vectors_hold",
            "the_textbook_flips_the_kernel",
        ),
    ),
    Requirement(
        id="CONV-2",
        rule="shift equals sparse convolution, in value, on finite input",
        place="§3.2",
        quote="the shift operation is equivalent to a convolution operation using a special "
        "sparse convolution kernel",
        standing="stated",
        evidence="L4",
        limits="proved over the reals, and for one pair of taps in float32; not bit for bit: "
        "0*inf is NaN and a sum loses -0.0",
        checks=(
            "gradients_pass_through_a_convolution",
            "all_26_kernels_shift",
            "any_displacement_is_a_convolution",
            "stsm_is_a_convolution",
            "where_convolution_differs",
            "engines_sum_every_tap",
            "pixels_equal_convolution",
            "autograd_through_a_convolution",
            "a_network_equals_its_sparse_twin",
            "convolution_vectors_hold",
            "the_shift_is_a_sparse_convolution",
            "any_distance_is_a_sparse_convolution",
            "one_and_zero_taps_keep_the_value",
        ),
        clauses=(
            Clause(
                "the 26 one-step displacements, and every distance along one axis", "stated", "L4"
            ),
            Clause("farther displacements along several axes; whole networks", "stated", "L1"),
        ),
    ),
    Requirement(
        id="SEP-1",
        rule="a 2-D shift is two 1-D shifts in either order",
        place="§3.2",
        quote="The order of these two steps can be interchanged",
        standing="derived",
        evidence="L4",
        limits="proved for our slices and the 26 one-step displacements; larger ones by the rule",
        checks=(
            "two_axes_are_two_shifts",
            "three_axes_are_three_shifts",
            "steps_separate_in_any_order",
        ),
        clauses=(
            Clause("one step along each of two axes, in either order", "stated", "L4"),
            Clause("farther displacements", "derived", "L1"),
        ),
    ),
    Requirement(
        id="SEP-2",
        rule="a 3-D shift is three 1-D shifts in any of six orders",
        place="§3.2",
        quote="the 3D shift operation needs to move three times to complete",
        standing="derived",
        evidence="L4",
        limits="proved for our slices and the 26 one-step displacements; larger ones by the rule",
        checks=("three_axes_are_three_shifts", "steps_separate_in_any_order"),
        clauses=(
            Clause("three moves for one step along each of three axes", "stated", "L4"),
            Clause("in any of six orders", "derived", "L4"),
            Clause("farther displacements", "derived", "L1"),
        ),
    ),
    Requirement(
        id="MAT-1",
        rule="along one axis the matrix has ones where row - column = d",
        place="§3.2",
        quote="We revisit the shift operation from the perspective of matrix algebra",
        standing="derived",
        evidence="L1",
        limits="sizes to 8, displacements to 9",
        checks=("one_axis_is_an_off_diagonal",),
    ),
    Requirement(
        id="MAT-2",
        rule="along several axes it is the Kronecker product; the whole STSM is one matrix",
        place="§3.2",
        quote="the 2D sparse convolution needs to move twice to complete the shift operation",
        standing="derived",
        evidence="L1",
        limits="sampled",
        checks=(
            "several_axes_are_a_kronecker_product",
            "stsm_is_one_matrix",
            "pixels_equal_the_matrix",
        ),
    ),
    Requirement(
        id="MAT-3",
        rule="a shift that moves is nilpotent",
        place="§3.2",
        quote="the perspective of matrix algebra",
        standing="derived",
        evidence="L4",
        limits="proved of steps by our slices; the matrices are sampled; a displacement of zeros "
        "is the identity and is not",
        checks=("shifts_are_nilpotent", "steps_die_out"),
        clauses=(
            Clause("n steps along an axis of size n leave nothing, by our slices", "derived", "L4"),
            Clause("the matrices, and any displacement", "derived", "L1"),
        ),
    ),
    Requirement(
        id="MAT-4",
        rule="S'S is a projection, of rank n-1 for one step along one axis",
        place="§3.2",
        quote="the perspective of matrix algebra",
        standing="derived",
        evidence="L1",
        limits="sampled; rank is the product of n-|d| over the axes",
        checks=("squares_are_projections",),
    ),
    Requirement(
        id="MAT-5",
        rule="its spectral norm is 1",
        place="§3.2",
        quote="the perspective of matrix algebra",
        standing="derived",
        evidence="L1",
        limits="0 where everything is pushed out, such as one step on an axis of size 1",
        checks=("the_spectral_norm_is_one",),
    ),
    Requirement(
        id="INV-1",
        rule="a shift is not invertible: S- S+ is not the identity",
        place="§3.2",
        quote="delete the leftmost column of the input matrix",
        standing="derived",
        evidence="L4",
        limits="the edge is lost and nothing else",
        checks=("shifting_back_loses_the_edge", "there_and_back_loses_the_edge"),
        clauses=(
            Clause("a step and back along one axis loses the edge, by our slices", "derived", "L4"),
            Clause("the product of the two matrices, and 2-D and 3-D steps", "derived", "L1"),
        ),
    ),
    Requirement(
        id="GRAD-1",
        rule="the VJP is the opposite displacement, zero-filled",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L4",
        limits="proved for our slices over all sizes; that torch does the same is sampled",
        checks=(
            "vjp_equals_definition",
            "vjp_is_the_opposite_shift",
            "every_basis_vector",
            "stsm_is_one_matrix",
            "pixels_equal_definition",
            "autograd_passes_gradcheck",
            "vectors_hold",
            "the_vjp_is_the_opposite_shift",
            "the_module_is_its_definition",
            "any_cut_is_moved_group_by_group",
        ),
    ),
    Requirement(
        id="GRAD-2",
        rule="the JVP is the shift itself",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L4",
        limits="proved over the reals for the 26 one-step displacements; exact on integers where "
        "sampled",
        checks=(
            "jvp_is_the_shift",
            "forward_mode_is_the_shift",
            "vectors_hold",
            "the_shift_is_linear",
        ),
        clauses=(
            Clause("of a shift by one of the 26 steps", "derived", "L4"),
            Clause("of the whole STSM", "derived", "L1"),
        ),
    ),
    Requirement(
        id="GRAD-3",
        rule="the second derivative is zero",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L4",
        limits="proved over the reals for the 26 one-step displacements; exact on integers where "
        "sampled",
        checks=("second_derivative_is_zero", "autograd_passes_gradcheck", "the_shift_is_linear"),
        clauses=(
            Clause("of a shift by one of the 26 steps", "derived", "L4"),
            Clause("of the whole STSM", "derived", "L1"),
        ),
    ),
    Requirement(
        id="GRAD-4",
        rule="gradients through shift and convolution equal those through sparse convolution and "
        "convolution",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L1",
        limits="exact on integers, in NumPy and under torch's autograd; rounding of a following "
        "convolution is not looked at",
        checks=(
            "gradients_pass_through_a_convolution",
            "autograd_through_a_convolution",
            "a_network_equals_its_sparse_twin",
        ),
    ),
    Requirement(
        id="PURE-1",
        rule="the input is not written",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L4",
        limits="proved for our slices over all sizes, sampled elsewhere",
        checks=(
            "arguments_are_not_written",
            "a_residual_block_keeps_its_shortcut",
            "the_module_is_its_definition",
        ),
    ),
    Requirement(
        id="PURE-2",
        rule="the incoming gradient is not written",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L4",
        limits="proved for our slices over all sizes, sampled elsewhere",
        checks=(
            "arguments_are_not_written",
            "a_residual_block_keeps_its_shortcut",
            "the_module_is_its_definition",
        ),
    ),
    Requirement(
        id="PURE-3",
        rule="the output shares no memory with the input",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L1",
        limits="sampled",
        checks=("output_owns_its_memory",),
    ),
    Requirement(
        id="PURE-4",
        rule="it is a function: no state, no random numbers, the same in every mode",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L1",
        limits="asked again, and again after other clips; no number of calls shows that a later "
        "one is the same",
        checks=("asked_again_it_is_the_same",),
    ),
    Requirement(
        id="MEM-1",
        rule="the memory format is kept: channels-last frames come out channels-last",
        place="not in the paper",
        quote="",
        standing="silent",
        evidence="L1",
        limits="of torch frames only; of other implementations a lost format is a warning, unless "
        "it is asked for",
        checks=("memory_formats_are_kept",),
    ),
    Requirement(
        id="NUM-1",
        rule="the shift moves bits: NaN payloads, infinities, -0.0",
        place="§3.2",
        quote="without any calculation operation",
        standing="derived",
        evidence="L1",
        limits="bool, integers, float16 to float64, complex",
        checks=(
            "where_convolution_differs",
            "pixels_equal_definition",
            "shift_equals_definition",
            "stsm_equals_definition",
            "the_rest_stays",
            "memory_formats_are_kept",
            "vectors_hold",
        ),
    ),
    Requirement(
        id="NUM-2",
        rule="the dtype is kept",
        place="not in the paper",
        quote="",
        standing="derived",
        evidence="L1",
        limits="numeric, structured and byte-swapped dtypes; objects, text and dates are refused",
        checks=("dtype_is_kept", "memory_formats_are_kept", "vectors_hold"),
    ),
    Requirement(
        id="BATCH-1",
        rule="clips never mix when frames are folded into the batch",
        place="§3.1, caption of Fig. 2",
        quote="The convolutions are all 2D spatial convolutions",
        standing="derived",
        evidence="L4",
        limits="proved for a leading axis of our NumPy code; folded frames, in torch, are sampled",
        checks=(
            "two_films_stay_apart",
            "clips_do_not_mix",
            "gradients_stay_in_their_clip",
            "vectors_hold",
            "the_module_is_its_definition",
        ),
        clauses=(
            Clause("clips along a leading axis, in our NumPy code", "derived", "L4"),
            Clause("frames folded into the batch, in torch", "derived", "L1"),
        ),
    ),
    Requirement(
        id="CAP-1",
        rule="two shift + 1x1 layers realise any 2-D shift, three any 3-D shift",
        place="§3.1, §5.1.2",
        quote="the network can utilize 1D shift (T, H, W) and subsequent convolutional layers to "
        "learn features with 2D shift (TH, TW, HW)",
        standing="derived",
        evidence="L4",
        limits="proved for 16 channels of T+H+W@3/8, one in the group of the first step: that "
        "weights exist, not that training finds them",
        checks=("layers_make_any_shift", "layers_compose_steps"),
        clauses=(
            Clause("16 channels of T+H+W@3/8, one in the group of the first step", "derived", "L4"),
            Clause("other channels and specs", "derived", "L1"),
        ),
    ),
    Requirement(
        id="COST-1",
        rule="zero parameters",
        place="abstract, §3",
        quote="zero computation complexity and zero parameters module",
        standing="stated",
        evidence="L1",
        limits="the operator itself, and ResNet-50 by count; the other hosts are in the tests",
        checks=(
            "nothing_is_learned",
            "modules_have_no_state",
            "networks_cost_what_the_paper_prints",
        ),
    ),
    Requirement(
        id="COST-2",
        rule="zero multiply-accumulates",
        place="abstract, §3",
        quote="zero computation complexity and zero parameters module",
        standing="stated",
        evidence="L1",
        limits="zero arithmetic is not zero time: every element is written once. In torch by the "
        "operators that run, on the CPU; "
        "ResNet-50 by count; the other hosts are in the tests",
        checks=(
            "nothing_is_computed",
            "no_operator_computes",
            "networks_cost_what_the_paper_prints",
        ),
    ),
    Requirement(
        id="TSM-1",
        rule="ShiftSpec.tsm(fold_div) is TSM: terms T, alpha 2/fold_div, backward-first",
        place="§5.1.1",
        quote="our choice of α is different from TSM (α = 1/4)",
        standing="derived",
        evidence="L4",
        limits="the cut that tsm() asks for is proved; the shift is held against TSM's published "
        "manner, rewritten in NumPy",
        checks=(
            "tsm_is_a_special_case",
            "tsm_in_torch_is_a_special_case",
            "tsm_is_a_cut_by_fold_div",
        ),
        clauses=(
            Clause("terms T and alpha 1/4", "stated", "L4"),
            Clause("C // fold_div channels each way, for every fold_div", "derived", "L4"),
            Clause(
                "the first of them come from the next frame, as in TSM's published code",
                "derived",
                "L1",
            ),
        ),
    ),
)


def requirement(identifier: str) -> Requirement:
    """Look a requirement up by id, in any case.

    Raises
    ------
    SpecError
        If there is none; the message has the near ones.

    >>> requirement("pad-1").place
    '§3.2'
    """
    by_id = {entry.id.upper(): entry for entry in REQUIREMENTS}
    if identifier.upper() not in by_id:
        hint = suggest(
            identifier.upper(),
            (entry.id for entry in REQUIREMENTS),
            "stsm-ref explain all lists them",
        )
        raise SpecError(f"id={identifier!r} is not a requirement: {hint}")
    return by_id[identifier.upper()]
