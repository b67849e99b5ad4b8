"""What each flag means: why a case exists. Names of known wrong shifts are flags too."""

from stsm_ref._suggest import suggest
from stsm_ref.vectors.generate.wrong_shifts import WRONG_SHIFTS

_REASONS = {
    "table-setting": "a setting of terms and alpha of Tables 1 to 3 (and THW)",
    "any-terms": "one of the 127 sets of terms; together they hold all 26 displacements",
    "terms-in-another-order": "terms are cut in the order in which they are written, whatever "
    "that is",
    "every-size": "T, H and W from 1, 2, 3 and 5, in every combination",
    "every-channel-count": "each number of channels from 1 to 40: empty groups, fractions, an "
    "uneven rest",
    "network-width": "24 or 64 channels: widths of the networks that use the shift",
    "float-truncates": "a share that is whole, and that float arithmetic is prone to cut by one",
    "clips-stay-apart": "several clips, as many as frames, fewer and more",
    "long-axis": "an axis much longer than the others",
    "telling-input": "the input that the wrong outputs beside it belong to",
    "every-dtype": "bool, integers, floats, complex: the dtype is kept and values are exact",
    "any-bits": "bit patterns drawn without regard to what they mean",
    "special-values-mixed": "NaN, infinities, -0.0 and others beside each other",
    "beyond-a-narrower-type": "whole numbers that no narrower type holds",
    "nan-with-payload": "quiet NaN with payload bits: they arrive as they left, and what enters "
    "beside them is +0",
    "negative-nan": "quiet NaN with the sign set",
    "signalling-nan": "signalling NaN: a copy through arithmetic makes it quiet",
    "infinity": "all places hold infinity, what enters is 0 and not NaN",
    "negative-infinity": "all places hold minus infinity",
    "negative-zero": "all places hold -0.0, what enters is +0.0",
    "smallest-subnormal": "all places hold the smallest number there is: flushed to zero it is lost",
    "largest-finite": "all places hold the largest finite number: a sum of two is infinite",
    "one-hot-kernel": "a single 1: the kernel of a displacement, with zeros on one side",
    "far-displacement": "a displacement of more than one position, past the end of some axes",
    "any-weights": "weights of any kind: every tap counts, and a kernel is not turned round",
    "several-clips": "N > 1",
    "one-frame": "T = 1: what moves in time is pushed out",
    "one-row": "H = 1: what moves in height is pushed out",
    "one-column": "W = 1: what moves in width is pushed out",
    "not-square": "H and W differ",
    "empty-groups": "too few channels for some or all directions",
    "nothing-moves": "no direction has a channel: the identity",
    "nothing-rests": "no channel is left for X_N",
    "channels-do-not-divide": "some share is a fraction and is rounded down",
    "backward-first": "-1 before +1 on every axis",
    "exact-rounding": "rounding is exact, and every share is whole",
    "tsm": "the setting that equals TSM",
    "letters-in-another-order": "letters of a term stand in the order T, H, W",
    "a-letter-twice": "a letter stands in a term once",
    "a-term-twice": "a term stands in a spec once",
    "small-letters": "axes are written in capital letters",
    "no-such-axis": "the axes are T, H and W",
    "an-empty-term": "a term names one axis at least",
    "another-joint": "terms are joined by + and nothing else",
    "alpha-outside": "alpha is in [0, 1]",
    "alpha-is-no-rational": "alpha is an exact rational",
    "unknown-option": "order and rounding have two spellings each",
    "an-option-twice": "each option is given once",
    "share-is-no-whole-number": "exact rounding refuses channels that leave a fraction",
    "backward-is-forward": "row 27: the vjp moves forward instead of back",
    "tangent-moved-back": "the jvp moves by the opposite displacement",
    "passed-as-it-came": "the gradient or tangent comes out unmoved",
    "of-the-input": "the output is made from x and not from the tangent",
    "zeros-by-subtraction": "row 9: zeros made as x - x, NaN beside infinity and NaN",
    "negative-zero-lost": "row 33: 0 was added, and -0.0 became 0.0",
    "moved-by-masking": "row 33: wrapped around and multiplied by a mask, so that 0 * inf is NaN",
    "rest-in-half-precision": "row 20: X_N went through a narrower float",
    "all-in-half-precision": "row 20: everything went through a narrower float",
    "kernel-flipped": "row 26: the textbook's convolution, which turns the kernel round",
    "padding-on-the-other-side": "row 26: zeros on the wrong side; for a one-hot kernel of one "
    "step the identity",
    "kernel-and-padding-flipped": "row 26: both, which moves the other way",
}

NOTES: dict[str, str] = _REASONS | {
    name: (f"row {wrong.row}: {wrong.what}" if wrong.row else wrong.what)
    for name, wrong in WRONG_SHIFTS.items()
}
"""Each flag and its meaning; rows are those of the catalogue of bugs."""


def near(flag: str) -> str:
    """What to say to a flag that is none."""
    return suggest(flag, NOTES, f"the flags are {', '.join(NOTES)}")
