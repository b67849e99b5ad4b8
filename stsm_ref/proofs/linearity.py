r"""What a certificate assumes, tried on samples: that a map is linear, takes each clip alone, and
leaves its input as it was.

.. math:: f(a x + b y) = a f(x) + b f(y)

Numbers whose sums are exact, of both signs, eighths and as large as the dtype carries: a clamp, a
rectifier, a square, a rounding or a detour through half precision shows, though none of them shows
on basis vectors.
"""

from collections.abc import Callable

import numpy as np

from stsm_ref.errors import ArrayError
from stsm_ref.geometry import Array

Map = Callable[[Array], Array]


def find_nonlinearity(
    run: Map,
    shape: tuple[int, int, int, int],
    *,
    dtype: str = "float32",
    samples: int = 8,
    seed: int = 0,
) -> str:
    r"""Look for what a certificate assumes and cannot see.

    Parameters
    ----------
    run : callable
        The map, or its VJP: takes and gives ``(N, T, C, H, W)``, clip by clip.
    shape : (T, C, H, W)
        The shape of the certificate.
    dtype : str
        Of the samples: an integer, floating or complex dtype.
    samples : int
        Pairs of clips that are tried, each with factors a and b of its own.
    seed : int
        Of the samples: the same ones in every run.

    Returns
    -------
    str
        What is wrong, or "". Samples can miss: a map that is linear but for one value in 4 billion
        is not found.

    Raises
    ------
    ArrayError
        If the dtype has no sums, or the map changes shape or dtype.

    >>> find_nonlinearity(lambda x: x, (1, 1, 1, 1))
    ''
    >>> find_nonlinearity(lambda x: np.maximum(x, 0), (1, 4, 1, 1)).partition(":")[0]
    'not linear'
    """
    rng, most = np.random.default_rng(seed), _largest(dtype)
    for sample in range(samples):
        x, y = (
            rng.integers(-n, n + 1, (2, *shape)).astype(dtype)
            for n in (7, most if sample % 2 else 7)
        )
        if x.dtype.kind in "fc" and sample % 2 == 0:
            x, y = x / x.dtype.type(8), y / y.dtype.type(8)
        a, b = (x.dtype.type(factor) for factor in rng.choice([-3, -2, -1, 1, 2, 3], 2))
        given = x.copy()
        fx, fy, together, alone = (_run(run, value) for value in (x, y, a * x + b * y, x[:1]))
        if not np.array_equal(x, given):
            return "not pure: the input was written"
        if not np.array_equal(fx, _run(run, x)):
            return "not pure: a second run on the same clips gives another result"
        if not np.array_equal(fx[:1], alone):
            return "not clip by clip: a clip gives another result beside a second one"
        wrong = np.argwhere(together != a * fx + b * fy)
        if len(wrong):
            place = tuple(int(i) for i in wrong[0])
            got, want = together[place], (a * fx + b * fy)[place]
            return (
                f"not linear: f({a}x + {b}y) is {got} at {list(place)}, {a}f(x) + {b}f(y) is {want}"
            )
    zero = np.zeros((1, *shape), dtype)
    return "not linear: f(0) is not 0" if _run(run, zero).any() else ""


def _largest(dtype: str) -> int:
    """A whole number so large that three of it and a few more can still be added exactly."""
    kind = np.dtype(dtype).kind
    if kind == "i":
        return int(np.iinfo(dtype).max) // 8
    if kind not in "fc":
        raise ArrayError(
            f"dtype={dtype!r} has no sums of both signs to try: use a signed integer, floating or "
            "complex dtype"
        )
    return int(2 ** (np.finfo(dtype).nmant - 2))


def _run(run: Map, x: Array) -> Array:
    """What the map makes of it, in memory of its own."""
    got = np.array(run(x))
    if got.shape != x.shape or got.dtype != x.dtype:
        raise ArrayError(
            f"the map gave {got.dtype}{list(got.shape)} for {x.dtype}{list(x.shape)}: a shift "
            "keeps shape and dtype"
        )
    return got
