"""The values in the vectors: made by SHA-256 alone, so that they are the same on every machine, in
every language, for ever.

Both functions take a `key`, a text that is unique to the array (the identifier of the case and the
name of the array).
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stsm_ref.geometry import Array

PREFIX = "stsm-ref vectors 1"


def _digest(key: str, number: int) -> bytes:
    return hashlib.sha256(f"{PREFIX}/{key}/{number}".encode("ascii")).digest()


def labels(key: str, shape: Sequence[int]) -> npt.NDArray[np.int64]:
    """The numbers 1, 2, ... in the order of their digests: the value at place i is one more than
    the rank of the i-th digest.

    The i-th digest is SHA-256 of ``stsm-ref vectors 1/KEY/i``, places counted in C order.

    >>> labels("example", (2, 3))
    array([[1, 5, 3],
           [4, 2, 6]])
    """
    count = math.prod(shape)
    ranks = np.empty(count, np.int64)
    ranks[sorted(range(count), key=lambda i: _digest(key, i))] = np.arange(1, count + 1)
    return ranks.reshape(shape)


def bits(key: str, shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
    """Any bit patterns: the digests one after the other, cut to the bytes of the array; of a bool
    the lowest bit of its byte.

    >>> bits("example", (3,), np.dtype("u1"))
    array([ 75,  41, 225], dtype=uint8)
    """
    size = math.prod(shape) * dtype.itemsize
    raw = np.frombuffer(
        b"".join(_digest(key, block) for block in range(-(-size // 32)))[:size], np.uint8
    )
    return (
        (raw & 1 if dtype.kind == "b" else raw)
        .view(dtype.newbyteorder("<"))
        .reshape(shape)
        .astype(dtype)
    )
