r"""L3: for one shape, a linear map is what it does to the basis, so every basis vector is tried.

.. math:: f(x) = \sum_i x_i f(e_i) \quad\text{if } f \text{ is linear}

A clip of M values has M basis vectors; they go through the map as M clips, in batches. What the map
must do is read off the definition, run once on the labels 1 to M: the label that arrives at a place
says which basis vector must light it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from stsm_ref.definition import stsm
from stsm_ref.errors import ArrayError
from stsm_ref.geometry import Array, ShiftSpec

Map = Callable[[Array], Array]
LINEARITY = "the map is linear: sums and multiples pass through (tested apart, on samples)"
ALONE = "a clip's result does not depend on the clips beside it (tested apart, on samples)"


@dataclass(frozen=True)
class Certificate:
    """What was found: `failure` names the first basis vector that goes wrong, `vectors` counts
    those that were tried.

    `operation`, `place`, `got` and `expected` hold what `failure` says: the place ``(t, c, h, w)``
    where that vector is wrong.
    """

    ok: bool
    failure: str
    assumptions: tuple[str, ...]
    vectors: int
    operation: Literal["forward", "vjp"] = field(default="forward", repr=False)
    place: tuple[int, ...] = field(default=(), repr=False)
    got: str = field(default="", repr=False)
    expected: str = field(default="", repr=False)


def certify(
    forward: Map,
    shape: tuple[int, int, int, int],
    spec: ShiftSpec,
    vjp: Map | None = None,
    *,
    dtype: str = "float32",
    batch: int = 4096,
) -> Certificate:
    r"""Certify a map on clips of one shape: every basis vector forward and, where there is one,
    backward.

    Parameters
    ----------
    forward : callable
        Takes and gives ``(N, T, C, H, W)``, clip by clip.
    shape : (T, C, H, W)
        The shape that the certificate is for, and for no other.
    spec : ShiftSpec
        What the map must do.
    vjp : callable, optional
        Takes the incoming gradient, gives the gradient of the input, both ``(N, T, C, H, W)``.
    dtype : str
        Of the basis vectors.
    batch : int
        Clips in one call.

    Returns
    -------
    Certificate
        It ends at the first failure.

    Raises
    ------
    ArrayError
        If the map changes the shape of its input.

    >>> import stsm_ref
    >>> certify(lambda x: stsm_ref.stsm(x), (2, 16, 1, 2), ShiftSpec())
    Certificate(ok=True, failure='', assumptions=('the map is linear: ...', "a clip's ..."), vectors=64)
    """
    places = int(np.prod(shape))
    arrives = (
        stsm(np.arange(1, places + 1).reshape(shape), spec).reshape(-1) - 1
    )  # the vector that lights each place, -1 for none
    tried, assumptions = 0, (LINEARITY, ALONE)
    runs: tuple[tuple[Literal["forward", "vjp"], Map | None, bool], ...]
    runs = (("forward", forward, False), ("vjp", vjp, True))
    for name, run, transposed in runs:
        if run is None:
            continue
        for start in range(0, places, batch):
            stop = min(start + batch, places)
            got = _images(run, shape, start, stop, dtype)
            want = _lit(arrives, start, stop, transposed).astype(dtype)
            tried += stop - start
            wrong = np.argwhere(got != want)
            if len(wrong):
                vector, place = (int(i) for i in wrong[0])
                index, shown, should = (
                    _index(place, shape),
                    str(got[vector, place]),
                    str(want[vector, place]),
                )
                failure = (
                    f"{name}: the basis vector at {_index(start + vector, shape)} gives "
                    f"out{list(index)} = {shown}, should be {should}"
                )
                return Certificate(False, failure, assumptions, tried, name, index, shown, should)
    return Certificate(True, "", assumptions, tried)


def _images(run: Map, shape: tuple[int, ...], start: int, stop: int, dtype: str) -> Array:
    """Where basis vectors `start` to `stop` go, one row each."""
    clips = np.zeros((stop - start, int(np.prod(shape))), dtype)
    clips[np.arange(stop - start), np.arange(start, stop)] = 1
    images = run(clips.reshape(stop - start, *shape))
    if images.shape != (stop - start, *shape):
        raise ArrayError(
            f"the map gave shape {images.shape} for {(stop - start, *shape)}: a shift keeps "
            "the shape"
        )
    return images.reshape(stop - start, -1)


def _lit(arrives: Array, start: int, stop: int, transposed: bool) -> Array:
    """The same rows as the definition has them: forward lights the places that a vector arrives
    at, backward the one it came from.
    """
    want = np.zeros((stop - start, len(arrives)), np.int8)
    if transposed:
        lit = np.flatnonzero(arrives[start:stop] >= 0)
        want[lit, arrives[start:stop][lit]] = 1
    else:
        lit = np.flatnonzero((start <= arrives) & (arrives < stop))
        want[arrives[lit] - start, lit] = 1
    return want


def _index(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape))
