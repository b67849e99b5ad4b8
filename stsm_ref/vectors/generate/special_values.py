"""The valid forward cases on values that arithmetic would spoil: every dtype, any bits, NaN,
infinities, -0.0, subnormals.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.vectors.generate import values
from stsm_ref.vectors.generate.templates import DEFAULT, TSM, Draft, Shape, fill, shifted, slug

DTYPES = ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")
SPECS = (DEFAULT, TSM, ShiftSpec("THW", 1), ShiftSpec("T+H+W", 1))
NUMBERS = ("NUM-1", "NUM-2", "SHIFT-4", "SHIFT-6")
UNSIGNED: dict[int, np.dtype[Any]] = {2: np.dtype("u2"), 4: np.dtype("u4"), 8: np.dtype("u8")}


def dtypes() -> Iterator[Draft]:
    """Each dtype, on labels as far as it can hold them, and on any bits."""
    for spec in SPECS:
        for number, code in enumerate(DTYPES):
            dtype = np.dtype(code)
            shape = ((1, 2, fill(spec), 2, 1), (1, 1, fill(spec), 2, 2))[number % 2]
            x = values.labels(f"dtypes/{slug(spec)}/{dtype.name}", shape)
            if dtype.kind == "b":
                x %= 2
            elif dtype.itemsize == 1:
                x = x % 127 + 1  # a place beside another keeps another value
            yield _case(spec, shape, x.astype(dtype), "every-dtype", packing="uint8")
            yield _case(
                spec,
                shape,
                values.bits(f"bits/{slug(spec)}/{dtype.name}", shape, dtype),
                "any-bits",
            )


def specials() -> Iterator[Draft]:
    """Arrays full of one awkward value, and arrays of all of them mixed: what enters is +0
    beside each.
    """
    for spec in (*SPECS, ShiftSpec("HW", 1), ShiftSpec("T+H+W", "3/8", "backward-first")):
        shape = (
            (1, 2, fill(spec), 2, 1)
            if "W" not in spec.terms or fill(spec) > 8
            else (1, 2, fill(spec), 1, 2)
        )
        for code in ("f2", "f4", "f8"):
            dtype = np.dtype(code)
            chosen = _awkward(dtype)
            for flag, value in chosen.items():
                yield _case(spec, shape, np.full(shape, value), flag)
            places = values.labels(f"special/{slug(spec)}/{dtype.name}", shape)
            yield _case(
                spec,
                shape,
                np.stack(list(chosen.values()))[places % len(chosen)],
                "special-values-mixed",
            )
        for code in ("c8", "c16"):
            mixed = np.array(
                [complex(np.nan, np.inf), complex(-0.0, -0.0), complex(np.inf, 1), 1j],
                np.dtype(code),
            )
            places = values.labels(f"special/{slug(spec)}/{code}", shape)
            yield _case(spec, shape, mixed[places % len(mixed)], "special-values-mixed")


def precisions() -> Iterator[Draft]:
    """Labels that no narrower float holds: a pass through half or single precision shows."""
    for spec in (*SPECS, ShiftSpec("T+H+W", "3/8", "backward-first"), ShiftSpec("HW", 1)):
        for code, base, step in (
            ("f4", 2**16 + 1, 2),
            ("f8", 2**24 + 1, 2),
            ("f8", 2**52 + 1, 2),
            ("i4", 2**24 + 1, 2),
            ("i8", 2**53 + 1, 2),
        ):
            shape = (1, 2, fill(spec), 1, 2)
            x = base + step * values.labels(f"precision/{slug(spec)}/{code}/{base}", shape)
            yield _case(spec, shape, x.astype(code), "beyond-a-narrower-type")


def _awkward(dtype: np.dtype[Any]) -> dict[str, Array]:
    """One value for each flag, made from its bits."""
    info, bits = np.finfo(dtype), UNSIGNED[dtype.itemsize]
    exponent = ((1 << (info.bits - 1 - info.nmant)) - 1) << info.nmant  # all ones
    patterns = {
        "nan-with-payload": exponent | 1 << (info.nmant - 1) | 0x2A,
        "negative-nan": 1 << (info.bits - 1) | exponent | 1 << (info.nmant - 1) | 1,
        "signalling-nan": exponent | 0x15,
        "infinity": exponent,
        "negative-infinity": 1 << (info.bits - 1) | exponent,
        "negative-zero": 1 << (info.bits - 1),
        "smallest-subnormal": 1,
        "largest-finite": exponent - 1,
    }
    return {flag: np.array(pattern, bits).view(dtype)[()] for flag, pattern in patterns.items()}


def _case(spec: ShiftSpec, shape: Shape, x: Array, flag: str, *, packing: str = "bits") -> Draft:
    if packing != "bits" and int(np.asarray(x).real.max(initial=0)) > 255:
        packing = "uint16"
    return shifted(
        "forward", spec, shape, flags=[flag], requirements=NUMBERS, arrays={"x": x}, packing=packing
    )
