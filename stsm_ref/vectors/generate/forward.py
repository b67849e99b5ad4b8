"""The valid forward cases on labels: terms, alphas, orders, sizes, channel counts and clips."""

import itertools
import math
from collections.abc import Iterator, Sequence

from stsm_ref.geometry import ShiftSpec
from stsm_ref.vectors.generate.templates import (
    ALPHAS,
    DEFAULT,
    STEPS,
    TERMS,
    TSM,
    Draft,
    fill,
    shifted,
    table_specs,
    term_sets,
)

FRAMES = (
    (1, 2, 2, 3),
    (1, 3, 2, 2),
    (1, 1, 3, 2),
    (2, 2, 2, 1),
    (1, 3, 1, 3),
    (1, 2, 3, 3),
    (1, 5, 1, 2),
    (3, 1, 2, 2),
    (1, 4, 3, 1),
)
SMALL_FRAMES = ((1, 2, 2, 1), (1, 1, 2, 2), (1, 2, 1, 2), (1, 3, 1, 1), (1, 1, 3, 1), (1, 1, 1, 3))
MAX_PLACES = 255  # as many labels as fit into a byte
BACKWARD = ShiftSpec(order="backward-first")


def frames_for(channels: int, count: int, start: int) -> list[tuple[int, int, int, int]]:
    """`count` different (N, T, H, W), from the `start`-th on, that keep an array of so many
    channels small.
    """
    pool: Sequence[tuple[int, int, int, int]] = [
        f for f in FRAMES if channels * math.prod(f) <= MAX_PLACES
    ] or SMALL_FRAMES
    return [pool[(start + k) % len(pool)] for k in range(min(count, len(pool)))]


def terms() -> Iterator[Draft]:
    """Each setting of the tables in both orders, at counts of channels that fill every group,
    one more, one less, and twice as many.
    """
    for number, spec in enumerate(table_specs()):
        least = fill(spec)
        seen = set()
        for k, channels in enumerate((least, least + 1, max(least - 1, 1), 2 * least)):
            if channels > 48 and k:
                continue
            for n, t, h, w in frames_for(channels, 3 if channels <= 48 else 2, number + 2 * k):
                if (shape := (n, t, channels, h, w)) not in seen:
                    seen.add(shape)
                    yield shifted("forward", spec, shape, flags=["table-setting"])


def exact() -> Iterator[Draft]:
    """Each setting with exact rounding, at the fewest channels that leave no fraction."""
    for number, spec in enumerate(table_specs(exact=True)):
        channels = spec.channel_multiple if spec.alpha else 3
        for n, t, h, w in (
            frames_for(channels, 2, number) if channels <= 96 else frames_for(channels, 1, number)
        ):
            yield shifted("forward", spec, (n, t, channels, h, w), flags=["table-setting"])


def all_terms() -> Iterator[Draft]:
    """All 127 sets of terms, and terms in other orders than the paper's: every one of the 26
    displacements, beside many others.
    """
    others = ("W+T", "H+T", "HW+T", "W+H+T", "THW+T", "TW+TH+HW", "HW+W+H+T", "THW+HW+TW+TH+W+H+T")
    for number, written in enumerate((*term_sets(), *others)):
        spec = ShiftSpec(written, 1, ("forward-first", "backward-first")[number % 2])
        channels = fill(spec)
        flags = ["any-terms", *(["terms-in-another-order"] if written in others else [])]
        yield shifted("forward", spec, (1, 2, channels, 2, 2), flags=flags)


def sizes() -> Iterator[Draft]:
    """Every T, H and W of 1, 2, 3 and 5, and single long axes."""
    for spec, channels, choice in (
        (DEFAULT, 16, (1, 2, 3, 5)),
        (TSM, 8, (1, 2, 3, 5)),
        (BACKWARD, 16, (1, 2, 3)),
    ):
        for t, h, w in itertools.product(choice, repeat=3):
            yield shifted("forward", spec, (1, t, channels, h, w), flags=["every-size"])
    for spec, channels in ((DEFAULT, 16), (TSM, 8)):
        for t, h, w in (
            (8, 1, 1),
            (16, 1, 1),
            (7, 2, 1),
            (1, 7, 1),
            (1, 1, 7),
            (2, 1, 14),
            (1, 14, 2),
            (4, 4, 4),
            (9, 1, 2),
            (32, 1, 1),
        ):
            yield shifted("forward", spec, (1, t, channels, h, w), flags=["long-axis"])


def clips() -> Iterator[Draft]:
    """Several clips, as many as frames, fewer and more: where the fold of N and T goes wrong."""
    specs = (DEFAULT, TSM, BACKWARD, ShiftSpec("T", 1), ShiftSpec("THW", 1), ShiftSpec("T+HW", 1))
    for spec in specs:
        for n, t in (
            (1, 4),
            (2, 2),
            (2, 3),
            (3, 2),
            (4, 1),
            (2, 4),
            (4, 2),
            (3, 3),
            (5, 3),
            (1, 8),
            (2, 8),
        ):
            yield shifted(
                "forward",
                spec,
                (n, t, fill(spec), 1, 2),
                flags=["clips-stay-apart"],
                requirements=("BATCH-1", *STEPS),
            )


def channels() -> Iterator[Draft]:
    """Every count of channels from 1 to 40, and shares that float arithmetic truncates."""
    for spec in (DEFAULT, TSM, ShiftSpec("T+HW"), ShiftSpec("TH+TW+HW", "1/2")):
        for count in range(1, 41):
            yield shifted(
                "forward",
                spec,
                (1, 2, count, 1, 2) if count > 20 else (1, 2, count, 2, 1),
                flags=["every-channel-count"],
            )
    truncated = (
        (392, "2/49"),
        (72, "1/4"),
        (100, "29/50"),
        (10, "1/5"),
        (98, "1/49"),
        (90, "2/9"),
        (20, "3/10"),
        (30, "1/3"),
        (60, "7/10"),
    )
    for count, alpha in truncated:
        for written, order in (
            ("T", "forward-first"),
            ("T", "backward-first"),
            ("H+W", "forward-first"),
        ):
            spec = ShiftSpec(written, alpha, order)  # type: ignore[arg-type]  # one of the two
            h, w = (1, 1) if written == "T" else (2, 2)
            yield shifted(
                "forward",
                spec,
                (1, 2, count, h, w) if written == "T" else (1, 1, count, h, w),
                flags=["float-truncates"],
            )
    for written, alpha in itertools.product(TERMS, ALPHAS[1:]):
        spec = ShiftSpec(written, alpha)
        for count in (24, 64) if len(written) < 6 else (64,):  # widths of MobileNetV2 and ResNet
            yield shifted(
                "forward",
                spec,
                (1, 2, count, 2, 1) if count < 64 else (1, 2, count, 1, 2),
                flags=["network-width"],
            )
