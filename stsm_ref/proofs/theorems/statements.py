"""The wording of the theorems: what each says, what it assumes, and for which requirements it
speaks. Data: no solver is asked for.
"""

from typing import NamedTuple

INDEX_MAPS = (
    "an array is a function of whole-number indices with real values; slices, views and "
    "assignment mean what "
    "stsm_ref.proofs.symbolic.arrays says they mean; z3 and cvc5 are right where they agree"
)
WHOLE_NUMBERS = (
    "Python's whole numbers are those of arithmetic; z3 and cvc5 are right where they agree"
)
FLOATS = (
    "IEEE 754 binary32, round to nearest, one addition and no fused multiply-add; z3 and "
    "cvc5 are right where they agree"
)


class Statement(NamedTuple):
    """A theorem in words; the name is that of the `Theorem` that is proved."""

    name: str
    text: str
    assumes: str
    requirements: tuple[str, ...]


STATEMENTS: tuple[Statement, ...] = (
    Statement(
        "slices_follow_the_rule",
        "For all T, H, W >= 1, every input and every index, slicing.shift gives x[i-d] where i-d "
        "is inside and 0 elsewhere, and writes "
        "no input: for the 26 steps, and for every whole d along one axis.",
        INDEX_MAPS,
        ("SHIFT-6",),
    ),
    Statement(
        "steps_separate_in_any_order",
        "For all T, H, W >= 1, a shift along two or three axes equals its shifts along one axis, "
        "in every order: the slices for "
        "the 26 steps, the rule for every whole displacement.",
        INDEX_MAPS,
        ("SEP-1", "SEP-2"),
    ),
    Statement(
        "the_vjp_is_the_opposite_shift",
        "For all T, H, W >= 1, the slices send place i to place j if and only if those of -d send "
        "j to i, and no two places to "
        "one: a partial injection and its inverse, so the opposite shift is the transpose. For "
        "the 26 steps, and every whole d "
        "along one axis.",
        INDEX_MAPS,
        ("GRAD-1",),
    ),
    Statement(
        "the_shift_is_linear",
        "For all T, H, W >= 1, shifting x + u + v is adding the shifts, and shifting a multiple "
        "is multiplying the shift: the "
        "derivative is the shift itself and second differences are zero. For the 26 steps.",
        INDEX_MAPS,
        ("GRAD-2", "GRAD-3"),
    ),
    Statement(
        "steps_die_out",
        "For every n >= 1, n steps one way along an axis of size n leave nothing: by induction on "
        "the number of steps, from none.",
        INDEX_MAPS,
        ("MAT-3",),
    ),
    Statement(
        "there_and_back_loses_the_edge",
        "For every n >= 1, one step and one step back keep every place but the edge, which "
        "becomes 0: S- S+ is not the identity.",
        INDEX_MAPS,
        ("INV-1",),
    ),
    Statement(
        "the_shift_is_a_sparse_convolution",
        "For all T, H, W >= 1, every input and every index, the slices equal cross-correlation "
        "over every tap with the kernel and "
        "the padding that kernels.py builds, which have |d|+1 taps, a single 1 and zeros on one "
        "side only, and sizes stay: for all 26 "
        "displacements, and for every kernel of Eqs. (1) to (3) and its 3-D kin.",
        INDEX_MAPS,
        ("CONV-2", "KERN-1x2", "KERN-2x1", "KERN-2x2", "KERN-3D", "PAD-1"),
    ),
    Statement(
        "any_distance_is_a_sparse_convolution",
        "The same along one axis of any size n >= 1 for every whole displacement d, with the "
        "taps, the place of the 1 and the padding "
        "that kernels.axis_kernel gives; the sum over |d|+1 taps is by induction on the taps. "
        "Kernels are built "
        "and summed for d = ±2, ±3, ±5.",
        INDEX_MAPS,
        ("CONV-2", "PAD-1"),
    ),
    Statement(
        "the_textbook_flips_the_kernel",
        "For all T, H, W >= 1 and all 26 displacements, the textbook's convolution, which flips "
        "its kernel, moves nothing with "
        "ours, and shifts with ours flipped first.",
        INDEX_MAPS,
        ("CONV-1",),
    ),
    Statement(
        "channels_are_cut_in_order",
        "For all C >= 0 and all rational alpha in [0, 1], every term set of Tables 2 and 3 and "
        "both orders: the groups follow each other "
        "from 0 to C, each channel is in exactly one, each direction has floor(alpha C / (n_terms "
        "2^k)) of them and the displacement "
        "that is written out for it, and X_N the rest.",
        WHOLE_NUMBERS,
        ("GEO-4", "SHIFT-1"),
    ),
    Statement(
        "tsm_is_a_cut_by_fold_div",
        "For all C >= 0 and fold_div >= 2, ShiftSpec.tsm(fold_div) moves channels 0..C//fold_div "
        "back and as many forward.",
        WHOLE_NUMBERS,
        ("TSM-1",),
    ),
    Statement(
        "the_module_is_its_definition",
        "For all N, T, C, H, W >= 1, every input and every index, stsm and stsm_vjp give what "
        "steps 1 to 5 of §3.2 ask for, and write "
        "no input: for the spec that is asked about, and for T+H+W with every rational alpha in "
        "[0, 1].",
        INDEX_MAPS,
        (
            "SHIFT-1",
            "SHIFT-2",
            "SHIFT-3",
            "SHIFT-4",
            "SHIFT-5",
            "SHIFT-6",
            "BATCH-1",
            "GRAD-1",
            "PURE-1",
            "PURE-2",
        ),
    ),
    Statement(
        "any_cut_is_moved_group_by_group",
        "For all N, T, C, H, W >= 1 and every cut of the channels into one group, of any size, "
        "for each of the 26 displacements "
        "and one for X_N, each group moves by its displacement, and back in the VJP.",
        INDEX_MAPS,
        ("SHIFT-1", "SHIFT-4", "SHIFT-5", "GRAD-1"),
    ),
    Statement(
        "layers_compose_steps",
        "For all T, H, W >= 1 and all 26 displacements, the layers of STSM and 1x1 convolution "
        "that composition.py builds on 16 "
        "channels shift a channel by that displacement: one, two or three layers for as many axes.",
        INDEX_MAPS,
        ("CAP-1",),
    ),
    Statement(
        "one_and_zero_taps_keep_the_value",
        "For every pair of finite float32 numbers, 0*x + 1*y equals y; its bits differ from those "
        "of y if and only if y is -0.0 "
        "and x has no minus sign.",
        FLOATS,
        ("CONV-2",),
    ),
)
