"""The invalid cases: whole outputs of known wrong shifts, each beside the valid case that it
spoils.

Their names are those of the catalogue, with two exceptions that version 1 holds for good:
"rest-in-half-precision" is cut to bfloat16, and the gradient of "nothing-moved" is called
"passed-as-it-came".
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from stsm_ref.bugs.catalogue import wrong
from stsm_ref.bugs.partitions import opposite
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.vectors.format.case import Kind
from stsm_ref.vectors.generate import values
from stsm_ref.vectors.generate.forward import BACKWARD
from stsm_ref.vectors.generate.templates import (
    DEFAULT,
    TSM,
    Draft,
    Shape,
    fill,
    same,
    shifted,
    slug,
    table_specs,
)
from stsm_ref.vectors.generate.wrong_shifts import DEFINITION, WRONG_SHIFTS, right

MOST_CHANNELS = 64
EACH = 10
ALL = (DEFAULT, TSM, BACKWARD)


def forwards() -> Iterator[Draft]:
    """For each setting ten wrong outputs, those told least so far; for the paper's, TSM's and a
    few more all of them.
    """
    told: Counter[str] = Counter()
    for number, spec in enumerate(table_specs(alphas=("1/8", "3/8", "1/2", "1"))):
        if (channels := fill(spec)) <= MOST_CHANNELS:
            shape = ((1, 3, channels + 1, 2, 1), (2, 2, channels, 1, 2), (1, 2, channels, 2, 2))[
                number % 3
            ]
            for draft in _wrong_ones(
                spec, shape, sorted(WRONG_SHIFTS, key=lambda name: told[name]), most=EACH
            ):
                told.update(draft.flags)
                yield draft
    for spec in ALL:
        for shape in (
            (1, 3, fill(spec), 3, 2),
            (1, 4, 2 * fill(spec) - 1, 2, 1),
            (3, 2, fill(spec) + 3, 1, 2),
        ):
            yield from _wrong_ones(spec, shape)
    for spec, channels in (
        (ShiftSpec("T+HW"), 14),
        (ShiftSpec("TH+TW+HW"), 33),
        (ShiftSpec("THW", 1), 9),
        (ShiftSpec("T+HW", "3/4"), 30),
    ):
        yield from _wrong_ones(spec, (2, 2, channels, 2, 1))
        yield from _wrong_ones(spec, (1, 3, channels, 1, 2))
    for channels, alpha in ((392, "2/49"), (90, "2/9"), (98, "1/49")):
        yield from _wrong_ones(ShiftSpec("T", alpha), (1, 2, channels, 1, 1), ("float-truncation",))


def gradients() -> Iterator[Draft]:
    """Wrong vector-Jacobian and Jacobian-vector products."""
    for number, spec in enumerate((*ALL, *table_specs(alphas=("3/8", "1")))):
        if (channels := fill(spec)) <= MOST_CHANNELS:
            shape: Shape = ((1, 2, channels, 2, 2), (2, 2, channels, 1, 2), (1, 3, channels, 2, 1))[
                number % 3
            ]
            yield from _wrong_gradients("vjp", spec, shape)
            if number % 2:
                yield from _wrong_gradients("jvp", spec, shape)


def by_arithmetic() -> Iterator[Draft]:
    """Zeros made by arithmetic, on values that it spoils: NaN beside a vacated place, a lost
    sign of zero, precision that is gone.
    """
    for spec in (*ALL, ShiftSpec("T+H+W", 1), ShiftSpec("THW", 1), ShiftSpec("HW", 1)):
        shape = (1, 2, fill(spec), 2, 2)
        for code in ("f4", "f8"):
            mixed = np.array([np.nan, np.inf, -0.0, 1.5, -np.inf], code)
            x = mixed[values.labels(f"arithmetic/{slug(spec)}/{code}", shape) % len(mixed)]
            valid = shifted(
                "forward",
                spec,
                shape,
                flags=["special-values-mixed"],
                requirements=("NUM-1",),
                arrays={"x": x},
                packing="bits",
            )
            spoilt = ("zeros-by-subtraction", "negative-zero-lost", "moved-by-masking")
            told = {name: _one_nan(wrong(name, DEFINITION)(x, spec)) for name in spoilt}
            yield from _listed(valid, told)
            wide = 2**16 + 1 + 2 * values.labels(f"halved/{slug(spec)}/{code}", shape)
            valid = shifted(
                "forward",
                spec,
                shape,
                flags=["beyond-a-narrower-type"],
                requirements=("NUM-1",),
                arrays={"x": wide.astype(code)},
                packing="bits",
            )
            rest = spec.partition(shape[2])[-1].start
            halved = valid.arrays["expected"].copy()
            # bfloat16 by cutting bits: half precision would overflow to infinity
            halved[:, :, rest:] = _cut_to_bfloat16(halved[:, :, rest:])
            yield from _listed(
                valid,
                {
                    "rest-in-half-precision": halved,
                    "all-in-half-precision": _cut_to_bfloat16(valid.arrays["expected"]),
                },
            )


def _one_nan(x: Array) -> Array:
    """The NaN of an invalid operation has another sign on another processor: here it is one and
    the same.
    """
    return np.where(np.isnan(x), np.array(np.nan, x.dtype), x)


def _cut_to_bfloat16(x: Array) -> Array:
    return (x.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32).astype(x.dtype)


def _wrong_ones(
    spec: ShiftSpec,
    shape: Shape,
    names: Iterable[str] = WRONG_SHIFTS,
    *,
    most: int = len(WRONG_SHIFTS),
) -> Iterator[Draft]:
    valid = shifted("forward", spec, shape, flags=["telling-input"])
    yield from _listed(
        valid, {name: WRONG_SHIFTS[name].forward(valid.arrays["x"], spec) for name in names}, most
    )


def _wrong_gradients(kind: Kind, spec: ShiftSpec, shape: Shape) -> Iterator[Draft]:
    valid = shifted(
        kind,
        spec,
        shape,
        flags=["telling-input"],
        requirements=("GRAD-1",) if kind == "vjp" else ("GRAD-2",),
    )
    given = valid.arrays["other"]
    back = WRONG_SHIFTS["directions-swapped"].forward(given, spec)
    turned = right(given, spec) if kind == "vjp" else back
    route = opposite(spec) if kind == "vjp" else spec  # the other order's forward is the vjp
    told = {
        "backward-is-forward" if kind == "vjp" else "tangent-moved-back": turned,
        "passed-as-it-came": given.copy(),
        "all-zero": np.zeros_like(given),
        "edge-kept": WRONG_SHIFTS["edge-kept"].forward(given, route),
        "rolled": WRONG_SHIFTS["rolled"].forward(given, route),
        "of-the-input": right(valid.arrays["x"], spec) if kind == "jvp" else np.zeros_like(given),
        "rest-zeroed": WRONG_SHIFTS["rest-zeroed"].forward(given, route),
    }
    yield from _listed(valid, told)


def _listed(valid: Draft, outputs: dict[str, Array], most: int = 99) -> Iterator[Draft]:
    """The valid case, and each wrong output that differs from it and from those before."""
    yield valid
    told = [valid.arrays["expected"]]
    for name, output in outputs.items():
        if len(told) > most or any(same(output, known) for known in told):
            continue
        told.append(output)
        known = WRONG_SHIFTS.get(name)
        requirements = (
            (known.requirement,) if known and valid.kind == "forward" else valid.requirements
        )
        yield Draft(
            valid.slug,
            valid.kind,
            requirements,
            [name],
            {"forbidden": output},
            valid.packing,
            "invalid",
            valid.spec,
        )
