"""The frozen vectors: inputs with the outputs that were right when they were written down, and
specs that no parser may take.
"""

from collections.abc import Callable, Iterable

from stsm_ref import vectors
from stsm_ref.errors import SpecError
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import require, same_bits, same_values
from stsm_ref.implementations.ours import Subject
from stsm_ref.vectors import VectorCase


def _of_kinds(*kinds: str, result: str = "valid") -> Callable[[Subject], Iterable[VectorCase]]:
    return lambda _: [
        case for case in vectors.load() if case.kind in kinds and case.result == result
    ]


@check(
    *(
        "SHIFT-1",
        "SHIFT-2",
        "SHIFT-3",
        "SHIFT-4",
        "SHIFT-5",
        "SHIFT-6",
        "BATCH-1",
        "NUM-1",
        "NUM-2",
        "GRAD-1",
        "GRAD-2",
    ),
    rung="L0",
    each=_of_kinds("forward", "vjp", "jvp"),
)
def vectors_hold(subject: Subject, case: VectorCase) -> None:
    """Each frozen forward, vjp and jvp comes out to the last bit."""
    x, other, expected, _ = case.arrays()
    same_bits(
        (subject.stsm_vjp if case.kind == "vjp" else subject.stsm)(
            x if other is None else other, case.shift_spec
        ),
        expected,
        case.id,
    )


@check(
    "KERN-1x2",
    "KERN-2x1",
    "KERN-2x2",
    "KERN-3D",
    "PAD-1",
    "CONV-1",
    "CONV-2",
    rung="L0",
    each=_of_kinds("conv"),
    sides=("numpy",),
)
def convolution_vectors_hold(subject: Subject, case: VectorCase) -> None:
    """Each frozen kernel is built again with its padding, and each frozen convolution comes out in
    value.
    """
    kernel = case.kernel()
    if kernel.displacement:
        built = subject.one_hot_kernel(kernel.displacement)
        require(
            built.padding == kernel.padding,
            f"{case.id}: padding {built.padding}, should be {kernel.padding}",
        )
        same_values(built.weights, kernel.weights, f"{case.id}: the kernel")
    x, _, expected, _ = case.arrays()
    same_values(subject.correlate(x, kernel, axes=(0, 1, 2)), expected, case.id)


@check(
    "GEO-2",
    "GEO-3",
    "GEO-4",
    "GEO-5",
    rung="L0",
    each=_of_kinds("reject", result="invalid"),
    sides=("numpy",),
)
def invalid_specs_are_refused(subject: Subject, case: VectorCase) -> None:
    """Each spec that must be refused is refused, as a text and as four fields, or for its number of
    channels.
    """
    if (text := case.text) is not None:
        _require_refusal(case, lambda: subject.parse_spec(text), subject)
    if (fields := case.fields) is not None:
        _require_refusal(case, lambda: subject.make_spec(**fields), subject)


def _require_refusal(case: VectorCase, make: Callable[[], object], subject: Subject) -> None:
    try:
        spec = make()
        if case.channels is not None:
            subject.partition(spec, case.channels)  # type: ignore[arg-type]  # what the subject made
    except SpecError:
        return
    channels = "" if case.channels is None else f" for {case.channels} channels"
    shown = case.text if case.text is not None else case.fields
    require(
        False,
        f"{case.id}: {shown!r} was accepted{channels}",
    )
