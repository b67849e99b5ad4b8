"""The NumPy shift against a copy of the same array, against itself on more frames, and against
sparse convolution.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from stsm_ref.bench.timing import Comparison, side_by_side
from stsm_ref.correlate import ENGINES, correlate_stsm
from stsm_ref.slicing import stsm, stsm_vjp

STAGE = (8, 256, 56, 56)
"""Frames, channels, height and width behind the first stage of ResNet-50 at 224x224."""


def comparisons(*, rounds: int = 15) -> Iterator[Comparison]:
    """Measure, one comparison after the other."""
    x = np.random.default_rng(0).random(STAGE, dtype=np.float32)
    shape = "x".join(map(str, STAGE))
    medians = side_by_side(
        {"copy": x.copy, "stsm": lambda: stsm(x), "stsm_vjp": lambda: stsm_vjp(x)}, rounds=rounds
    )
    for name in ("stsm", "stsm_vjp"):
        yield Comparison(
            f"{name} {shape} float32", "numpy.copy", medians[name] / medians["copy"], 1.5
        )

    longer = [
        np.random.default_rng(0).random((frames, 64, 28, 28), dtype=np.float32)
        for frames in (8, 16, 32)
    ]
    shifts = {str(len(clip)): partial(stsm, clip) for clip in longer}
    sizes = side_by_side(shifts, rounds=4 * rounds)
    for few, many in (("8", "16"), ("16", "32")):
        yield Comparison(
            f"stsm {many}x64x28x28 (linear: 2)", f"{few}x64x28x28", sizes[many] / sizes[few], None
        )

    small = x[:, :64, :14, :14].copy()
    ways = {"stsm": lambda: stsm(small)} | {
        engine: lambda engine=engine: correlate_stsm(small, engine=engine) for engine in ENGINES
    }
    by_engine = side_by_side(ways, rounds=3)
    for engine in ENGINES:
        yield Comparison(
            f"sparse convolution, {engine}, 8x64x14x14",
            "stsm",
            by_engine[engine] / by_engine["stsm"],
            None,
        )
