r"""Convolution cases: one-hot kernels with their padding, and any other weights, summed tap by tap
as the definition says.

.. math:: y_i = \sum_k w_k\, \tilde x_{i+k}
"""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from stsm_ref.geometry import UNIT_DISPLACEMENTS, Array
from stsm_ref.kernels import Padding, one_hot_kernel
from stsm_ref.vectors.format.packing import narrowest, pack
from stsm_ref.vectors.generate import values
from stsm_ref.vectors.generate.templates import Draft, same

FAR = (
    (2, 0, 0),
    (-2, 0, 0),
    (0, 3, 0),
    (0, 0, -3),
    (2, -1, 0),
    (0, -2, 2),
    (1, 2, -1),
    (-2, -2, -2),
    (0, 0, 5),
    (-4, 0, 0),
)
SHAPES = ((3, 3, 3), (1, 2, 3), (2, 3, 1))
OTHER_WEIGHTS = (
    (1, 1, 2),
    (1, 2, 1),
    (2, 1, 1),
    (1, 2, 2),
    (2, 2, 2),
    (1, 1, 3),
    (3, 2, 1),
    (1, 3, 3),
)


def summed(x: Array, weights: Array, padding: Padding) -> Array:
    """Pad with zeros, then cross-correlate: one multiplication at a time, in integers."""
    padded = np.pad(x, padding)
    size = tuple(p - k + 1 for p, k in zip(padded.shape, weights.shape, strict=True))
    y = np.zeros(size, np.int64)
    for place in np.ndindex(size):
        y[place] = sum(
            int(weights[tap]) * int(padded[tuple(map(sum, zip(place, tap, strict=True)))])
            for tap in np.ndindex(weights.shape)
        )
    return y


def convs() -> Iterator[Draft]:
    """Each of the 26 kernels and ten that reach farther, and weights of any kind; beside each
    what a wrong convolution gives.
    """
    for displacement in (*UNIT_DISPLACEMENTS, *FAR):
        weights, padding, _ = one_hot_kernel(displacement)
        moved = "".join(letter for letter, d in zip("thw", displacement, strict=True) if d)
        name = f"{moved}_{'_'.join(f'{d:+d}' for d in displacement)}"
        requirement = {"w": "KERN-1x2", "h": "KERN-2x1", "hw": "KERN-2x2", "thw": "KERN-3D"}.get(
            moved, "CONV-2"
        )
        rules = dict.fromkeys((requirement, "PAD-1", "CONV-1", "CONV-2"))
        flags = (
            ["one-hot-kernel"]
            if max(map(abs, displacement)) == 1
            else ["one-hot-kernel", "far-displacement"]
        )
        for shape in SHAPES:
            yield from _with_wrong_ones(
                name, rules, flags, shape, weights, padding, tuple(displacement)
            )
    for number, taps in enumerate(OTHER_WEIGHTS):
        for shape in SHAPES:
            name = f"any_{'x'.join(map(str, taps))}"
            weights = values.labels(f"weights/{number}/{shape}", taps).astype(np.uint8)
            sides = itertools.cycle([(1, 0), (0, 1)])
            padding = tuple(
                (before * (k - 1), after * (k - 1))
                for k, (before, after) in zip(taps, sides, strict=False)
            )
            yield from _with_wrong_ones(
                name, ("CONV-1",), ["any-weights"], shape, weights, padding, ()
            )


def _with_wrong_ones(
    name: str,
    requirements: Iterable[str],
    flags: list[str],
    shape: tuple[int, ...],
    weights: Array,
    padding: Padding,
    moves: tuple[int, ...],
) -> Iterator[Draft]:
    rules = tuple(requirements)
    x = values.labels(f"conv/{name}/{shape}", shape)
    right = summed(x, weights, padding)
    turned = tuple((after, before) for before, after in padding)
    wrong = {
        "kernel-flipped": summed(x, np.flip(weights), padding),
        "padding-on-the-other-side": summed(x, weights, turned),
        "kernel-and-padding-flipped": summed(x, np.flip(weights), turned),
    }
    packing = narrowest(x, right, *wrong.values())
    shared = {
        "taps": list(weights.shape),
        "weights": pack(weights, "uint8"),
        "padding": [list(sides) for sides in padding],
        "displacement": list(moves),
    }
    arrays = {"x": x.astype(np.float32), "expected": right.astype(np.float32)}
    yield Draft(name, "conv", rules, flags, arrays, packing, shared=shared)
    outputs = [right]
    for flag, output in wrong.items():
        if any(same(output, known) for known in outputs):
            continue
        outputs.append(output)
        forbidden = {"forbidden": output.astype(np.float32)}
        yield Draft(
            name, "conv", rules, [flag], forbidden, packing, result="invalid", shared=shared
        )
