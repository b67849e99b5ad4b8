"""What the families of cases are made with: a case before it has a number, and the specs, sizes
and checks that several share.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stsm_ref import definition
from stsm_ref.geometry import SUBSETS, Array, Displacement, ShiftSpec
from stsm_ref.vectors.format.case import Kind, Result
from stsm_ref.vectors.format.packing import narrowest
from stsm_ref.vectors.generate import values

TERMS = (
    "T",
    "H",
    "W",
    "H+W",
    "HW",
    "T+H+W",
    "T+HW",
    "T+H+W+HW",
    "TH+TW+HW",
    "T+H+W+TH+TW+HW",
    "THW",
)
"""Every setting of Tables 2 and 3, and the 3-D shift."""

ALPHAS = ("0", "1/8", "1/4", "3/8", "1/2", "3/4", "1")
"""Every setting of Table 1."""

DEFAULT, TSM = ShiftSpec(), ShiftSpec.tsm(8)
STEPS = ("GEO-4", "GEO-5", "SHIFT-1", "SHIFT-2", "SHIFT-3", "SHIFT-4", "SHIFT-5", "SHIFT-6")
Shape = tuple[int, int, int, int, int]


@dataclass
class Draft:
    """A case that has yet to be numbered and packed; `more` goes into the case as it is,
    `shared` into its group.
    """

    slug: str
    kind: Kind
    requirements: tuple[str, ...]
    flags: Iterable[str]
    arrays: dict[str, Array] = field(default_factory=dict)
    packing: str = ""
    result: Result = "valid"
    spec: ShiftSpec | None = None
    more: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)


def slug(spec: ShiftSpec) -> str:
    """A spec as a readable part of an identifier.

    >>> slug(ShiftSpec("T+HW", "3/8", rounding="exact"))
    't-hw_3of8_forward_exact'
    """
    alpha = str(spec.alpha).replace("/", "of")
    exact = "_exact" if spec.rounding == "exact" else ""
    return (
        f"{spec.terms.lower().replace('+', '-')}_{alpha}_{spec.order.removesuffix('-first')}{exact}"
    )


def fill(spec: ShiftSpec) -> int:
    """The fewest channels of which every group gets one."""
    return spec.min_channels or 3


def table_specs(*, exact: bool = False, alphas: Iterable[str] = ALPHAS) -> Iterator[ShiftSpec]:
    """The settings of the paper's tables, in both orders."""
    for terms in TERMS:
        for alpha in alphas:
            yield ShiftSpec(terms, alpha, "forward-first", "exact" if exact else "floor")
            yield ShiftSpec(terms, alpha, "backward-first", "exact" if exact else "floor")


def term_sets() -> tuple[str, ...]:
    """All 127 sets of terms, each in the order of `SUBSETS`."""
    return tuple(
        "+".join(term for k, term in enumerate(SUBSETS) if mask >> k & 1)
        for mask in range(1, 2 ** len(SUBSETS))
    )


def shape_flags(shape: Shape, spec: ShiftSpec) -> list[str]:
    """The flags that a shape and a spec earn by themselves."""
    n, t, c, h, w = shape
    groups = spec.partition(c)
    reasons = {
        "several-clips": n > 1,
        "one-frame": t == 1,
        "one-row": h == 1,
        "one-column": w == 1,
        "not-square": h != w,
        "empty-groups": spec.alpha > 0 and any(g.start == g.stop for g in groups[:-1]),
        "nothing-moves": all(g.start == g.stop for g in groups[:-1]),
        "nothing-rests": groups[-1].start == groups[-1].stop,
        "channels-do-not-divide": c % spec.channel_multiple != 0,
        "backward-first": spec.order == "backward-first",
        "exact-rounding": spec.rounding == "exact",
        "tsm": spec == TSM,
    }
    return [flag for flag, holds in reasons.items() if holds]


def shifted(
    kind: Kind,
    spec: ShiftSpec,
    shape: Shape,
    *,
    flags: Iterable[str] = (),
    requirements: tuple[str, ...] = STEPS,
    dtype: str = "float32",
    arrays: dict[str, Array] | None = None,
    packing: str = "",
) -> Draft:
    """A valid forward, vjp or jvp: labels unless `arrays` are given, the expected output from
    the definition.
    """
    if arrays is None:
        key = f"{kind}/{slug(spec)}/{'x'.join(map(str, shape))}"
        arrays = {"x": values.labels(f"{key}/x", shape)}
        if kind != "forward":
            arrays["other"] = values.labels(f"{key}/other", shape)
        packing = narrowest(*arrays.values())
        arrays = {name: array.astype(dtype) for name, array in arrays.items()}
    arrays["expected"] = expected(kind, spec, arrays)
    return Draft(
        slug(spec),
        kind,
        requirements,
        [*flags, *shape_flags(shape, spec)],
        arrays,
        packing,
        spec=spec,
    )


def expected(kind: Kind, spec: ShiftSpec, arrays: dict[str, Array]) -> Array:
    """What is right, from the definition and nothing else."""
    if kind == "forward":
        return definition.stsm(arrays["x"], spec)
    return (
        definition.stsm(arrays["other"], spec)
        if kind == "jvp"
        else definition.stsm_vjp(arrays["other"], spec)
    )


def moved(part: Array, displacement: Iterable[int]) -> Array:
    """A group of channels ``(N, T, C, H, W)`` moved by the definition."""
    return definition.shift(part, Displacement(*displacement), axes=(1, 3, 4))


def same(left: Array, right: Array) -> bool:
    """Whether two arrays are equal to the last bit."""
    return (
        left.dtype == right.dtype
        and left.shape == right.shape
        and np.ascontiguousarray(left).tobytes() == right.tobytes()
    )
