"""The rules again, on real pixels: a camera panned across a photograph."""

import functools

import numpy as np
import numpy.typing as npt

from stsm_ref import definition
from stsm_ref.correlate import ENGINES
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import require, same_bits, same_values
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.ours import Subject
from stsm_ref.pictures.photograph import panned_clip

SPECS = [ShiftSpec(terms, "3/4") for terms in ("T+H+W", "HW", "TH+TW+HW")]


@functools.cache
def _clip(velocity: tuple[int, int]) -> npt.NDArray[np.uint8]:
    clip = panned_clip(velocity=velocity)
    clip.flags.writeable = False  # a subject that writes its input must not spoil the next check
    return clip


@check("GEO-1", "SHIFT-2", "SHIFT-3", rung="L0", each=lambda _: [((0, 1), "W"), ((1, 0), "H")])
def a_pan_turns_time_into_space(subject: Subject, case: tuple[tuple[int, int], str]) -> None:
    """Real pixels: in a camera's pan by one pixel a frame, one frame later is one pixel further
    back, up to the border.
    """
    velocity, letter = case
    x = _clip(velocity)
    channels = x.shape[1]
    in_time = subject.stsm(x, subject.make_spec("T", 1))
    in_space = subject.stsm(x, subject.make_spec(letter, 1))
    inside = (slice(1, -1), slice(None), slice(1, -1), slice(1, -1))
    same_bits(
        in_time[inside], in_space[inside], f"pan by {velocity}: T shift, against {letter} shift"
    )
    require(
        np.any(in_time[inside] != x[inside]),
        f"pan by {velocity}: nothing moved in {channels} channels",
    )


@check(
    "SHIFT-1",
    "SHIFT-2",
    "SHIFT-3",
    "SHIFT-4",
    "SHIFT-5",
    "SHIFT-6",
    "NUM-1",
    "GRAD-1",
    rung="L0",
    each=lambda _: SPECS,
)
def pixels_equal_definition(subject: Subject, spec: ShiftSpec) -> None:
    """Real pixels: STSM and its VJP equal the scalar-loop definition bit for bit."""
    x = _clip((1, 1))
    same_bits(subject.stsm(x, spec), definition.stsm(x, spec), f"stsm({spec}) of the photograph")
    same_bits(
        subject.stsm_vjp(x, spec),
        definition.stsm_vjp(x, spec),
        f"stsm_vjp({spec}) of the photograph",
    )


@check("CONV-2", rung="L0", each=lambda _: [(engine, spec) for engine in ENGINES for spec in SPECS])
def pixels_equal_convolution(subject: Subject, case: tuple[str, ShiftSpec]) -> None:
    """Real pixels: STSM equals sparse convolution on every engine, as bytes and as float32 in [0,
    1].
    """
    engine, spec = case
    for x in (_clip((1, 1)), (_clip((1, 1)) / np.float32(255)).astype(np.float32)):
        same_values(
            subject.correlate_stsm(x, spec, engine=engine),
            subject.stsm(x, spec),
            f"{engine} of the photograph, {spec}",
        )


@check("MAT-2", rung="L0", each=lambda _: SPECS)
def pixels_equal_the_matrix(subject: Subject, spec: ShiftSpec) -> None:
    """Real pixels: STSM is the product with its matrix, 30,720 rows and columns."""
    x = _clip((0, 1)).astype(np.int64)
    same_values(
        (subject.stsm_matrix(x.shape, spec) @ x.ravel()).reshape(x.shape),
        subject.stsm(x, spec),
        f"matrix of {spec}",
    )


@check("BATCH-1", rung="L0", each=lambda _: [ShiftSpec("T", "1/2"), ShiftSpec()])
def two_films_stay_apart(subject: Subject, spec: ShiftSpec) -> None:
    """Real pixels: of two films in one batch neither reaches into the other."""
    first, second = _clip((0, 1)), _clip((1, 0))
    both = subject.stsm(np.stack([first, second]), spec)
    same_bits(
        both,
        np.stack([subject.stsm(first, spec), subject.stsm(second, spec)]),
        f"two films under {spec}",
    )
