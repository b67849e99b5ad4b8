"""The photograph, the drawing and the pictures in text."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import image

from stsm_ref import Displacement, ShiftSpec
from stsm_ref._describe import label
from stsm_ref.errors import ArrayError, ReportError
from stsm_ref.pictures import drawing
from stsm_ref.pictures.photograph import pan, panned_clip, photograph
from stsm_ref.pictures.text import picture
from stsm_ref.requirements import REQUIREMENTS


def test_the_photograph_is_real() -> None:
    """Three colours, and as many different values as a photograph has."""
    pixels = photograph()
    assert pixels.shape == (600, 512, 3)
    assert len(np.unique(pixels)) > 200


def test_a_pan_moves_the_window() -> None:
    """Frame t is the image from the corner that the camera has reached."""
    grid = np.arange(30, dtype=np.uint8).reshape(5, 6)
    film = pan(grid, frames=3, height=2, width=2, origin=(0, 1), velocity=(1, -0))
    np.testing.assert_array_equal(film[2], grid[2:4, 1:3])


@pytest.mark.parametrize(
    ("origin", "velocity"), [((4, 0), (0, 0)), ((0, 0), (0, 2)), ((0, 0), (-1, 0))]
)
def test_a_pan_stays_in_the_image(origin: tuple[int, int], velocity: tuple[int, int]) -> None:
    """A window that would leave the image is refused."""
    with pytest.raises(
        ArrayError,
        match=r"a window of 2x3 from origin=.* leaves an image of \(5, 6\) within frames=3",
    ):
        pan(
            np.zeros((5, 6), np.uint8),
            frames=3,
            height=2,
            width=3,
            origin=origin,
            velocity=velocity,
        )


def test_a_panned_clip_has_different_channels() -> None:
    """No channel repeats another, so that a permutation shows."""
    clip = panned_clip(channels=16)
    assert clip.shape == (4, 16, 24, 20)
    assert len({clip[:, c].tobytes() for c in range(16)}) == 16


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_drawing_is_the_same_bytes_each_time(tmp_path: Path, suffix: str) -> None:
    """No date and no random ids in it."""
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    for path in (first, second):
        drawing.save(drawing.draw_spec(ShiftSpec("HW")), path)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size > 10_000


def test_a_drawing_shows_what_enters(tmp_path: Path) -> None:
    """The colour of the zeros that enter is in the picture of a shift, in the share that one frame
    of eight is.
    """
    path = tmp_path / "t.png"
    drawing.save(drawing.draw_spec(ShiftSpec("T")), path)
    pixels = image.imread(path)[..., :3]
    orange = np.array([0xE4, 0x57, 0x2E]) / 255
    assert 0.01 < np.mean(np.abs(pixels - orange).max(axis=-1) < 0.01) < 0.1


def test_a_drawing_has_a_row_for_each_direction() -> None:
    """Eight directions of THW and the group that stays, under one row of titles."""
    figure = drawing.draw_spec(ShiftSpec("THW"))
    assert len(figure.axes) == 10 * (2 + 4 + 1 + 4)
    words = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    assert words[0] == "T later, H down, W right"
    assert words[-1] == "stays"


def test_other_picture_files_are_refused(tmp_path: Path) -> None:
    """Only PNG and SVG, and the message says so."""
    with pytest.raises(ReportError, match=r"ends in '.bmp': a picture is written as .png or .svg"):
        drawing.save(drawing.draw_spec(ShiftSpec("T")), tmp_path / "x.bmp")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("displacement", "words"),
    [
        (Displacement(-1, 0, 1), "T earlier, W right"),
        (Displacement(0, -1, 0), "H up"),
        (Displacement(), "stays"),
    ],
)
def test_displacements_in_words(displacement: Displacement, words: str) -> None:
    """Each axis has its own pair of words."""
    assert label(displacement) == words


@pytest.mark.parametrize("identifier", [entry.id for entry in REQUIREMENTS])
def test_every_requirement_has_a_picture(identifier: str) -> None:
    """A few lines that fit a terminal."""
    lines = picture(identifier).splitlines()
    assert 2 <= len(lines) <= 23
    assert max(map(len, lines)) <= 76


def test_pictures_in_text_are_computed() -> None:
    """The arrows, kernels and channels come out of the functions that they explain."""
    assert "1234 -> 0123" in picture("PAD-1")
    assert picture("KERN-1x2").splitlines()[1].split() == ["0", "1", "1", "0"]
    assert picture("TSM-1").splitlines()[2].split()[1:6] == ["T−", "T−", "T+", "T+", "."]
    assert picture("CAP-1").splitlines()[2].endswith("230")
    assert "nan" in picture("CONV-2")


def test_a_network_is_read_off_the_model() -> None:
    """Every site of ResNet-50 and of MobileNetV2, with its channels; a long stage is cut into
    columns.
    """
    from stsm_ref.models import create_model
    from stsm_ref.pictures.network import draw_network, sites

    found = [
        site
        for blocks in sites(create_model("tsn_resnet50").backbone).values()
        for site in blocks
        if site.moved
    ]
    assert len(found) == 16
    assert found[0] == ("layer1.0", "conv1", 64, 24)
    words = [text.get_text() for text in draw_network("tsn_mobilenet_v2").axes[0].texts]
    assert sum(word.startswith("STSM") for word in words) == 10
    assert "features …" in words
