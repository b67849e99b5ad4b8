"""Wrong at what a suite forgets to ask: the first call, the sizes of a real network, other
strides, other values, another thread.
"""

import numpy as np

from stsm_ref.bugs.batches import RARE
from stsm_ref.bugs.implementation import Implementation
from stsm_ref.bugs.parts import pulled_back, shifted
from stsm_ref.bugs.unusual_parts import (
    HUGE,
    INFINITE,
    MOBILE,
    NAN,
    NEGATIVE,
    SUBNORMAL,
    TINY,
    _back_where,
    _backward,
    _backward_in_time,
    _constant,
    _flushed,
    _LazyTable,
    _LazyTableOfTheBackward,
    _many,
    _mutant,
    _no_copy,
    _none_left,
    _of_a_network,
    _OneThread,
    _OneThreadBack,
    _pooled,
    _RemembersTheEnds,
    _RemembersTheGradient,
    _RemembersTheObject,
    _RemembersTheSum,
    _SharedScratch,
    _SixBugs,
    _stacked,
    _static,
    _strides,
    _third,
    _where,
    _wide,
)

MUTANTS = (
    Implementation(
        *("six-bugs", _SixBugs, "six bugs at once, each where few look", 28),
        vjp=_back_where(lambda grad: _of_a_network(grad) or _pooled(grad)),
    ),
    _mutant(
        "first-answer-is-the-input",
        _LazyTable,
        "a table is built by the first call, which goes without",
        0,
    ),
    _backward(
        "first-gradient-is-the-gradient",
        _LazyTableOfTheBackward,
        "a table is built by the first backward, which goes without",
        0,
    ),
    # sizes
    _mutant(
        "wrong-beyond-eight-columns-in-other-dtypes",
        _where(_wide),
        "nothing moves beyond 8 columns, but in float32",
    ),
    _mutant(
        "wrong-at-widths-of-mobilenet",
        _where(lambda x: x.shape[2] in MOBILE),
        "nothing moves at eight of MobileNetV2's widths",
    ),
    _mutant(
        "wrong-at-seventy-two-channels",
        _where(lambda x: x.shape[2] == 72 and x.shape[4] == 7),
        "nothing moves at 72 channels of 7 x 7",
    ),
    _mutant(
        "wrong-beyond-2048-channels",
        _where(lambda x: x.shape[2] > 2048),
        "nothing moves beyond 2048 channels",
        spec=RARE,
    ),
    _mutant(
        "wrong-at-forty-eight-frames",
        _where(lambda x: x.shape[1] == 48),
        "nothing moves at 48 frames",
        spec=RARE,
    ),
    _mutant(
        "wrong-at-thirty-six-columns",
        _where(lambda x: x.shape[4] == 36),
        "nothing moves at 36 columns",
    ),
    _mutant(
        "frames-counted-in-seven-bits",
        _where(lambda x: x.shape[1] > 129),
        "nothing moves beyond 129 frames",
    ),
    _mutant(
        "channels-in-blocks-of-64-in-float64",
        _where(lambda x: x.dtype == np.float64 and x.shape[2] > 64),
        "in float64 nothing moves beyond 64 channels",
        spec=RARE,
    ),
    _backward(
        "backward-wrong-in-a-network",
        _back_where(_of_a_network),
        "the gradient stays from 64 channels and 7 rows on",
    ),
    _backward(
        "backward-wrong-at-widths-of-mobilenet",
        _back_where(lambda g: g.shape[2] in MOBILE),
        "the gradient stays at eight widths",
    ),
    _backward(
        "backward-wrong-beyond-eight-columns-in-other-dtypes",
        _back_where(_wide),
        "the gradient stays beyond 8 columns, but in float32",
    ),
    # strides
    _mutant(
        "wrong-where-time-runs-backward",
        _where(_backward_in_time),
        "nothing moves in a clip that runs backward or upside down",
        19,
    ),
    _mutant(
        "wrong-where-channels-run-backward",
        _where(lambda x: x.strides[2] < 0),
        "nothing moves where channels run backward",
        19,
        RARE,
    ),
    _mutant(
        "wrong-where-clips-run-backward",
        _where(lambda x: x.strides[0] < 0),
        "nothing moves where clips run backward",
        19,
    ),
    *(
        _third(axis, name)
        for axis, name in enumerate(("clip", "frame", "channel", "row", "column"))
    ),
    _mutant(
        "wrong-in-a-slice-of-channels",
        _where(
            lambda x: (
                _strides(x)[1] > _strides(x)[2] * x.shape[2]
                and _strides(x)[2] == x.shape[3] * x.shape[4] > 1
            )
        ),
        "nothing moves in a slice of the channels of a wider clip",
        19,
        RARE,
    ),
    _mutant(
        "wrong-in-a-slice-of-frames",
        _where(
            lambda x: (
                len(x) > 1
                and _strides(x)[1:] == _strides(np.empty(x.shape, x.dtype))[1:]
                and not x.flags.c_contiguous
            )
        ),
        "nothing moves in a slice of the frames of a longer clip",
        19,
    ),
    _mutant(
        "wrong-in-a-part-of-a-buffer",
        _where(_no_copy),
        "nothing moves where the clip is a part of a larger buffer",
        19,
    ),
    _mutant(
        "wrong-where-unaligned",
        _where(lambda x: not x.flags.aligned),
        "nothing moves where a number begins at an odd byte",
        19,
    ),
    _mutant(
        "read-only-is-shared",
        _where(lambda x: not x.flags.writeable),
        "a read-only clip is taken for one that need not move",
        19,
    ),
    _mutant(
        "still-image-left-alone",
        _where(lambda x: 0 in x.strides and x.strides[4]),
        "nothing moves where frames are one in memory",
        19,
    ),
    _backward(
        "backward-wrong-at-a-mean",
        _back_where(_pooled),
        "the gradient of a mean over frames stays where it is",
        19,
    ),
    _backward(
        "backward-wrong-at-a-mean-over-time",
        _back_where(lambda g: g.shape[1] > 1 and g.strides[1] == 0 and g.strides[4]),
        "the gradient of a mean over time stays where it is",
        19,
        RARE,
    ),
    _backward(
        "backward-wrong-at-a-sum-over-clips",
        _back_where(lambda g: len(g) > 1 and g.strides[0] == 0 and g.strides[1] and g.strides[4]),
        "the gradient of a sum over clips stays where it is",
        19,
    ),
    _mutant(
        "wrong-where-mirrored-both-ways",
        _where(lambda x: x.strides[3] < 0 and x.strides[4] < 0 and min(x.shape[3:]) > 1),
        "nothing moves in a frame that is turned around",
        19,
    ),
    _mutant(
        "wrong-where-memory-is-ncthw",
        _where(
            lambda x: (
                min(x.shape[1:3]) > 1
                and 0 < x.strides[1] < x.strides[2]
                and x.strides[4] == x.itemsize
            )
        ),
        "nothing moves where memory holds channels before frames",
        18,
        RARE,
    ),
    _mutant(
        "wrong-at-sixteen-by-nine",
        _where(lambda x: x.shape[3] * 16 == x.shape[4] * 9),
        "nothing moves in frames of 16 by 9",
        spec=RARE,
    ),
    _backward(
        "backward-wrong-at-a-single-place",
        _back_where(lambda g: g.size > 1 and np.count_nonzero(g) == 1 and len(g) == 2),
        "the gradient of a single place stays where it is",
        0,
        RARE,
    ),
    # values
    _mutant(
        "nan-left-alone",
        _where(NAN),
        "nothing moves where all is NaN: nothing to save there",
        33,
        RARE,
    ),
    _mutant(
        "infinity-left-alone", _where(INFINITE), "nothing moves where all is infinite", 33, RARE
    ),
    _mutant(
        "constant-left-alone",
        _where(_constant),
        "nothing moves where one number stands everywhere: zeros would enter",
        7,
        RARE,
    ),
    _mutant(
        "static-left-alone", _where(_static), "nothing moves where all frames are equal", 7, RARE
    ),
    _mutant(
        "negative-left-alone",
        _where(NEGATIVE),
        "nothing moves where all is negative: nothing is active there",
        0,
        RARE,
    ),
    _mutant(
        "huge-left-alone",
        _where(HUGE),
        "nothing moves where a sum of squares would overflow",
        0,
        RARE,
    ),
    _mutant("tiny-left-alone", _where(TINY), "nothing moves where all is below 1e-6", 0, RARE),
    _mutant(
        "subnormal-left-alone", _where(SUBNORMAL), "nothing moves where all is subnormal", 0, RARE
    ),
    _backward(
        "backward-leaves-nan-alone",
        _back_where(NAN),
        "the gradient stays where all of it is NaN",
        33,
        RARE,
    ),
    _backward(
        "backward-leaves-infinity-alone",
        _back_where(INFINITE),
        "the gradient stays where all of it is infinite",
        33,
        RARE,
    ),
    _backward(
        "backward-leaves-a-constant-alone",
        _back_where(_constant),
        "the gradient stays where it is one number",
        0,
        RARE,
    ),
    _backward(
        "backward-leaves-tiny-alone",
        _back_where(TINY),
        "the gradient stays where a scaled loss makes it tiny",
        0,
        RARE,
    ),
    _backward(
        "backward-leaves-huge-alone",
        _back_where(HUGE),
        "the gradient stays where it is huge",
        0,
        RARE,
    ),
    _backward(
        "backward-leaves-negative-alone",
        _back_where(NEGATIVE),
        "the gradient stays where all of it is negative",
        0,
        RARE,
    ),
    _backward(
        "backward-flushes",
        lambda x, grad, spec: _flushed(pulled_back(x, grad, spec)),
        "subnormal numbers of a gradient become 0",
        0,
        RARE,
    ),
    Implementation(
        *("tangent-leaves-huge-alone", shifted, "the tangent stays where it is huge", 0, RARE),
        jvp=lambda x, dx, spec: dx.copy() if HUGE(dx) else shifted(dx, spec),
    ),
    _mutant(
        "complex-nan-left-alone",
        _where(lambda x: x.dtype == np.complex128 and np.isnan(x).any()),
        "in complex128 nothing moves where there is a NaN",
        33,
        RARE,
    ),
    _mutant(
        "double-channels-last-left-alone",
        _where(
            lambda x: (
                x.dtype == np.float64
                and not x.flags.c_contiguous
                and np.moveaxis(x, -3, -1).flags.c_contiguous
            )
        ),
        "in float64 nothing moves where memory is channels-last",
        19,
        RARE,
    ),
    _backward(
        "backward-wrong-at-double-of-three-frames",
        _back_where(lambda g: g.dtype == np.float64 and g.shape[1] == 3),
        "in float64 the gradient stays at 3 frames",
        28,
        RARE,
    ),
    Implementation(
        *(
            "tangent-wrong-beyond-four-columns",
            shifted,
            "the tangent stays beyond 4 columns",
            28,
            RARE,
        ),
        jvp=lambda x, dx, spec: (
            dx.copy() if dx.shape[4] > 4 and dx.shape[4] < 9 else shifted(dx, spec)
        ),
    ),
    # memory of other calls, threads, nothing at all
    _mutant(
        "remembers-the-object",
        _RemembersTheObject,
        "the last answer is given again to the same array, whatever it holds by now",
        0,
    ),
    _mutant(
        "remembers-the-ends",
        _RemembersTheEnds,
        "the last answer is given again to a clip with the same ends",
        0,
    ),
    _mutant(
        "remembers-the-sum",
        _RemembersTheSum,
        "the last answer is given again to a clip of the same sum",
        0,
        RARE,
    ),
    _backward(
        "backward-remembers-the-ends",
        _RemembersTheGradient,
        "the last gradient is given again where both ends are the same",
        0,
    ),
    _mutant("one-thread", _OneThread, "a table of the first thread: in others nothing moves", 0),
    _backward(
        "backward-of-one-thread",
        _OneThreadBack,
        "a table of the first thread: in others the gradient stays",
        0,
    ),
    _mutant(
        "scratch-shared-by-threads",
        _SharedScratch,
        "large clips are put together in memory that all threads share",
        0,
    ),
    _mutant(
        "empty-batch-is-float64", _stacked, "clip by clip: an empty batch comes back as float64", 32
    ),
    _mutant(
        "empty-batch-loses-an-axis",
        _none_left,
        "an empty batch comes back without its first axis",
        32,
        RARE,
    ),
    # what takes millions of numbers to see
    _mutant(
        "pixels-counted-in-sixteen-bits",
        _where(lambda x: x.shape[3] * x.shape[4] > 65535 and x.shape[3] > 1 < x.shape[4]),
        "nothing moves in a frame of more than 65,535 pixels",
        level="ci",
    ),
    _many(0, "clips"),
    _many(1, "frames"),
    _many(2, "channels", RARE),
    _many(3, "rows", RARE),
    _many(4, "columns", RARE),
    _mutant(
        "places-counted-in-24-bits",
        _where(lambda x: x.size > 2**24),
        "nothing moves beyond 2**24 numbers: indices in float32",
        level="ci",
    ),
    _mutant(
        "two-large-clips",
        _where(lambda x: x.dtype == np.float32 and len(x) > 1 and x.size > 2**23),
        "in float32 nothing moves beyond 2**23 numbers in two clips",
        level="ci",
    ),
    _backward(
        "backward-wrong-in-two-large-clips",
        _back_where(lambda g: len(g) > 1 and g.size > 2**23),
        "the gradient of two large clips stays where it is",
        level="ci",
    ),
    _backward(
        "backward-wrong-behind-the-first-stage",
        _back_where(lambda g: len(g) == 1 and g.shape[2:] == (256, 56, 56)),
        "the gradient behind the first stage of ResNet-50 stays where it is",
        level="ci",
    ),
    _mutant(
        "wrong-in-a-layer-of-mobilenet",
        _where(lambda x: x.shape[2:] == (576, 14, 14)),
        "nothing moves at 576 channels of 14 x 14",
        level="ci",
    ),
    _mutant(
        "half-places-counted-in-fifteen-bits",
        _where(lambda x: x.dtype == np.float16 and x[:1, :1].size > 32767),
        "in float16 nothing moves in frames of more than 32,767 numbers",
        level="ci",
    ),
    _mutant(
        "rests-of-thirteen-columns",
        _where(lambda x: x.shape[4] > 16 and x.shape[4] % 16 == 13),
        "nothing moves where a vector loop leaves a rest of 13 columns",
        level="ci",
    ),
    _mutant(
        "large-views-left-alone",
        _where(lambda x: not x.flags.c_contiguous and x.size > 20000),
        "nothing moves in large clips that are not contiguous",
        level="ci",
    ),
    _mutant(
        "half-wrong-at-thirty-three-columns",
        _where(lambda x: x.dtype == np.float16 and x.shape[4] == 33),
        "in float16 nothing moves at 33 columns",
        level="ci",
    ),
    _backward(
        "backward-wrong-at-double-of-64-frames",
        _back_where(lambda g: g.dtype == np.float64 and g.shape[1] == 64),
        "in float64 the gradient stays at 64 frames",
        level="ci",
    ),
    _mutant(
        "bool-wrong-where-time-runs-backward",
        _where(lambda x: x.dtype == np.bool_ and x.shape[1] > 1 and x.strides[1] < 0),
        "in bool nothing moves in a clip that runs backward",
        level="ci",
    ),
)
