"""Arrays as text: hexadecimal bytes, little-endian, in C order.

``bits`` holds the bytes of the elements themselves. ``uint8`` and ``uint16`` hold small integers,
each of which stands for the element of that value: a float32 array of labels takes a quarter of
the space, and is exact.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from stsm_ref.geometry import Array

Packing = Literal["bits", "uint8", "uint16"]


def narrowest(*arrays: Array) -> Packing:
    """The packing for integers that holds all of them."""
    most = max((int(array.max(initial=0)) for array in arrays), default=0)
    return "uint8" if most < 2**8 else "uint16"


def stored_dtype(dtype: np.dtype[Any], packing: str) -> np.dtype[Any]:
    """What the bytes of an array of `dtype` are, in that packing."""
    return (dtype if packing == "bits" else np.dtype(packing)).newbyteorder("<")


def pack(array: Array, packing: str) -> str:
    """Write an array.

    >>> pack(np.float32([1, 0, 258]), "uint16")
    '010000000201'
    """
    numbers = array if packing == "bits" else array.real  # an integer has no imaginary part
    return np.ascontiguousarray(numbers).astype(stored_dtype(array.dtype, packing)).tobytes().hex()


def unpack(text: str, shape: Sequence[int], dtype: np.dtype[Any], packing: str) -> Array:
    """Read an array; it may be written to.

    >>> unpack("010000000201", (3,), np.dtype("f4"), "uint16")
    array([  1.,   0., 258.], dtype=float32)
    """
    stored = stored_dtype(dtype, packing)
    raw = bytes.fromhex(text)
    if len(raw) != math.prod(shape) * stored.itemsize:
        raise ValueError(
            f"{len(raw)} bytes for an array of shape {tuple(shape)} stored as {stored}"
        )
    return np.frombuffer(raw, stored).reshape(shape).astype(dtype)
