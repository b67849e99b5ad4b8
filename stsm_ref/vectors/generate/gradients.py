"""The valid vjp and jvp cases: the opposite displacement, and the shift itself."""

import itertools
from collections.abc import Iterator

import numpy as np

from stsm_ref.geometry import ShiftSpec
from stsm_ref.vectors.format.case import Kind
from stsm_ref.vectors.generate import values
from stsm_ref.vectors.generate.forward import BACKWARD, frames_for
from stsm_ref.vectors.generate.templates import (
    DEFAULT,
    TSM,
    Draft,
    Shape,
    fill,
    shifted,
    slug,
    table_specs,
    term_sets,
)

SIZES = (
    (1, 1, 1),
    (1, 1, 3),
    (1, 3, 1),
    (3, 1, 1),
    (2, 2, 2),
    (2, 3, 1),
    (1, 2, 3),
    (3, 2, 2),
    (5, 1, 1),
    (1, 5, 1),
    (1, 1, 5),
)
MAX_CHANNELS = 64
KINDS: tuple[Kind, ...] = ("vjp", "jvp")


def vjp() -> Iterator[Draft]:
    """Each setting of the tables in both orders, all 127 sets of terms, odd sizes, and several
    clips.
    """
    for number, spec in enumerate(table_specs()):
        if (channels := fill(spec)) <= MAX_CHANNELS:
            for n, t, h, w in frames_for(channels, 3, number):
                yield _vjp(spec, (n, t, channels, h, w), "table-setting")
    for number, written in enumerate(term_sets()):
        spec = ShiftSpec(written, 1, ("backward-first", "forward-first")[number % 2])
        yield _vjp(
            spec, (1, 2, fill(spec), 2, 1) if number % 2 else (1, 1, fill(spec), 2, 2), "any-terms"
        )
    for spec in (DEFAULT, TSM, BACKWARD):
        for t, h, w in SIZES:
            yield _vjp(spec, (1, t, fill(spec), h, w), "every-size")
        for n, t in ((2, 2), (2, 3), (3, 2), (4, 1)):
            yield _vjp(spec, (n, t, fill(spec), 1, 2), "clips-stay-apart")
        for channels in (fill(spec) + 1, fill(spec) - 1, 1, 2):
            yield _vjp(spec, (1, 2, channels, 2, 2), "every-channel-count")


def jvp() -> Iterator[Draft]:
    """Each setting of the tables in both orders, and odd sizes."""
    for number, spec in enumerate(table_specs()):
        if (channels := fill(spec)) <= MAX_CHANNELS:
            for n, t, h, w in frames_for(channels, 2, number + 4):
                yield _jvp(spec, (n, t, channels, h, w), "table-setting")
    for spec in (DEFAULT, TSM, BACKWARD):
        for t, h, w in SIZES:
            yield _jvp(spec, (1, t, fill(spec), h, w), "every-size")


def dtypes() -> Iterator[Draft]:
    """Gradients and tangents of other dtypes, and of values that arithmetic would spoil."""
    for spec, kind in itertools.product((DEFAULT, TSM, BACKWARD, ShiftSpec("THW", 1)), KINDS):
        shape: Shape = (1, 2, fill(spec), 1, 2)
        rules = (("GRAD-1",) if kind == "vjp" else ("GRAD-2",)) + ("NUM-1", "NUM-2")
        for dtype in (
            "float16",
            "float64",
            "complex64",
            "complex128",
        ):  # autograd has no gradients of integers
            yield shifted(kind, spec, shape, flags=["every-dtype"], requirements=rules, dtype=dtype)
        for dtype in ("float32", "float64"):
            mixed = np.array([np.nan, np.inf, -0.0, 1.5, -np.inf], dtype)
            key = f"{kind}/{slug(spec)}/mixed/{dtype}"
            arrays = {
                name: mixed[values.labels(f"{key}/{name}", shape) % len(mixed)]
                for name in ("x", "other")
            }
            yield shifted(
                kind,
                spec,
                shape,
                flags=["special-values-mixed"],
                requirements=rules,
                arrays=arrays,
                packing="bits",
            )


def _vjp(spec: ShiftSpec, shape: Shape, flag: str) -> Draft:
    return shifted("vjp", spec, shape, flags=[flag], requirements=("GRAD-1", "SHIFT-6"))


def _jvp(spec: ShiftSpec, shape: Shape, flag: str) -> Draft:
    return shifted("jvp", spec, shape, flags=[flag], requirements=("GRAD-2",))
