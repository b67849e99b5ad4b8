"""Section 4: clips, crops and frames, as the tables print them."""

from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.paper.tables import CLASSES, ROWS


@settles("ten-crops")
def ten_crops() -> Verdict:
    """List five places and their mirror images."""
    places = ("top left", "top right", "center", "bottom left", "bottom right")
    crops = {(place, mirrored) for place in places for mirrored in (False, True)}
    return Verdict(len(crops) == 10, f"{len(places)} x 2 = {len(crops)}")


@settles("eight-clips")
def eight_clips() -> Verdict:
    """Find the authors' lines whose clips do not have 1 x 8 frames; the setting is read of the
    others.
    """
    ours = [row for row in ROWS if row.ours]
    others = [
        f"Table {row.table} {row.name}, {row.frames}" for row in ours if row.frames != str(1 * 8)
    ]
    return Verdict(
        2 * len(others) < len(ours),
        f"{len(ours) - len(others)} of {len(ours)} lines with STSM have 8 frames; not: "
        f"{'; '.join(others)}",
    )


@settles("clips-at-test")
def clips_at_test() -> Verdict:
    """Compare the printed clips of every line with STSM with ten, or one on
    Something-Something V2.
    """
    ours = [row for row in ROWS if row.ours and row.views]
    right = [
        row
        for row in ours
        if row.views and row.views[1] == (10 if CLASSES[row.table] == 400 else 1)
    ]
    return Verdict(right == ours, f"{len(right)} of {len(ours)} lines with STSM")


@settles("crops-at-test")
def crops_at_test() -> Verdict:
    """Find the lines with STSM that state other crops than three of 256x256; the setting is read of
    the rest.
    """
    ours = [row for row in ROWS if row.ours and row.views]
    others = [
        row
        for row in ours
        if row.views and (row.views[0] != 3 or row.size not in ("", "256 × 256"))
    ]
    words = "; ".join(f"Table {row.table} {row.name}: {row.gflops}, {row.size}" for row in others)
    return Verdict(
        2 * len(others) < len(ours),
        f"{len(ours) - len(others)} of {len(ours)} lines; stated otherwise: {words}",
    )


@settles("imagenet-by-default")
def imagenet_by_default() -> Verdict:
    """Read what the lines with STSM were pre-trained on."""
    ours = [row for row in ROWS if row.ours and row.pretrain]
    right = [row for row in ours if row.pretrain == "ImageNet"]
    return Verdict(
        bool(ours) and right == ours, f"{len(right)} of {len(ours)} lines with STSM print ImageNet"
    )


@settles("gflops-crops-clips")
def gflops_crops_clips() -> Verdict:
    """Look for crops and clips in each table, and list the lines that print a figure of GFLOPs
    without them.
    """
    printed = [row for row in ROWS if row.one_pass is not None]
    others = [f"Table {row.table} {row.name}: {row.gflops}" for row in printed if row.views is None]
    whole = {row.table for row in printed if row.views}
    return Verdict(
        whole == {row.table for row in printed},
        f"{len(others)} of {len(printed)} lines without: {'; '.join(others)}",
    )
