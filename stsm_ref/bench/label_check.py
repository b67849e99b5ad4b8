"""What the conformance suite's labels at the size of a network cost, in units of the target that
they check.
"""

import functools
from collections.abc import Iterator

import numpy as np

from stsm_ref.bench.timing import Comparison, side_by_side
from stsm_ref.checks.any_implementation import certificate
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.python import PythonTarget


def by_slices(x: Array, spec: ShiftSpec) -> Array:
    """STSM of ``(N, T, C, H, W)`` as people write it: zeros, and one slice copy a group."""
    y = np.zeros_like(x)
    for start, stop, displacement in spec.partition(x.shape[2]):
        target, source = [slice(None)] * 5, [slice(None)] * 5
        target[2] = source[2] = slice(start, stop)
        for axis, step in zip((1, 3, 4), displacement, strict=True):
            size = x.shape[axis]
            target[axis] = slice(max(step, 0), size + min(step, 0))
            source[axis] = slice(max(-step, 0), size + min(-step, 0))
        y[tuple(target)] = x[tuple(source)]
    return y


def comparisons(*, rounds: int = 15) -> Iterator[Comparison]:
    """Measure the whole check, the target's own time included, with its labels at hand and with
    labels made anew.
    """
    context = SuiteContext(PythonTarget(by_slices), ShiftSpec(), level="ci")
    case = certificate.network_cases(context)[0]
    labels = certificate.unique_labels(case.shape, case.dtype)
    check = functools.partial(certificate.labels_at_the_size_of_a_network, context, case)

    def check_anew() -> None:
        certificate.unique_labels.cache_clear()
        check()

    medians = side_by_side(
        {"target": lambda: by_slices(labels, context.spec), "check": check}, rounds=rounds
    )
    anew = side_by_side(
        {"target": lambda: by_slices(labels, context.spec), "check": check_anew}, rounds=rounds
    )
    what = f"labels at {'x'.join(map(str, case.shape))}"
    yield Comparison(
        f"{what}: target and check", "the target alone", medians["check"] / medians["target"], 5
    )
    yield Comparison(
        f"{what}: and the labels made", "the target alone", anew["check"] / anew["target"], None
    )
