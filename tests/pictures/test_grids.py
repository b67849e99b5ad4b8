"""The drawings that teach: grids, strands, channels, films, and the check at the end of an
exercise.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import image

from stsm_ref import Displacement, ShiftSpec, kernels_1x2, kernels_2x2, shift
from stsm_ref.errors import ArrayError
from stsm_ref.pictures.canvas import WRONG, Picture, text_width
from stsm_ref.pictures.counterexample import check
from stsm_ref.pictures.drawing import ENTERS, HOT, LEAVES
from stsm_ref.pictures.frames import draw_frames
from stsm_ref.pictures.grids import Grid, before_after, draw, entered, kernel_grid, padded_grid
from stsm_ref.pictures.movement import colour_of, draw_channels, draw_strands, film, sign_of


def share(picture: Picture, colour: str) -> float:
    """The share of the pixels that have that colour."""
    pixels = image.imread(io.BytesIO(picture.png))[..., :3]
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return float(np.mean(np.abs(pixels - wanted).max(axis=-1) < 0.01))


@pytest.mark.parametrize(
    ("grid", "colour"),
    [
        (Grid([0, 1, 2], enters=[True, False, False]), ENTERS),
        (Grid([0, 1, 2], leaves=[False, False, True]), LEAVES),
        (Grid([0, 1, 2], hot=[False, True, False]), HOT),
        (Grid([0, 1, 2], wrong=[False, True, False]), WRONG),
    ],
)
def test_a_mark_is_seen(grid: Grid, colour: str) -> None:
    """Each mark brings its own colour into the picture, and a grid without it has none of that
    colour.
    """
    assert share(draw(grid), colour) > 0.003
    assert share(draw(Grid([0, 1, 2])), colour) == 0


def test_equal_values_have_equal_colours_across_grids() -> None:
    """A value keeps its colour from one grid of a picture to the next, so that the eye can follow
    it.
    """
    pictures = (draw(Grid(values, numbers=False)) for values in ([4, 4], [4, 2]))
    alone, beside = (image.imread(io.BytesIO(picture.png))[..., :3] for picture in pictures)
    middle = alone.shape[0] // 2
    left = alone[middle, 30], beside[middle, 30]
    np.testing.assert_allclose(*left, atol=0.01)
    assert np.abs(beside[middle, 30] - beside[middle, 70]).max() > 0.1


def test_pictures_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    """No date and no random ids, in a notebook or in a file."""
    first, second = (draw(before_after(np.arange(1, 5).reshape(2, 2), (1, -1))) for _ in range(2))
    assert first.png == second.png
    first.save(tmp_path / "a.svg")
    second.save(tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_picture_has_words_for_those_who_cannot_see_it() -> None:
    """A notebook stores the picture with its text, as the alternative of the image too."""
    data, metadata = draw([Grid([1, 2], "x"), "→", Grid([0, 1], "y")])._repr_mimebundle_()
    assert data["text/plain"] == "x [1 2] → y [0 1]" == metadata["image/png"]["alt"]
    assert data["image/png"].startswith("iVBOR")


def test_what_enters_and_leaves_is_computed() -> None:
    """The masks are those of the shift itself, in any number of axes."""
    np.testing.assert_array_equal(
        entered((2, 3), (1, -1)), [[True, True, True], [False, False, True]]
    )
    before, sign, after = before_after([1, 2, 3], -1)
    assert isinstance(before, Grid)
    assert isinstance(after, Grid)
    assert sign == "→"
    np.testing.assert_array_equal(before.mask("leaves"), [[True, False, False]])
    np.testing.assert_array_equal(after.mask("enters"), [[False, False, True]])
    assert before.towards == (0, -1)


def test_kernels_and_their_zeros() -> None:
    """The one of a kernel is marked, and so are exactly the zeros that its padding adds."""
    for kernel in (*kernels_1x2(), *kernels_2x2()):
        assert kernel_grid(kernel).mask("hot").sum() == 1
        grid = padded_grid(np.zeros((2, 3)), kernel.padding)
        assert grid.rows.shape == tuple(
            n + sum(sides) for n, sides in zip((2, 3), kernel.padding, strict=True)
        )
        assert grid.mask("enters").sum() == grid.rows.size - 6


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.zeros((2, 2, 2)),
            r"values has shape \(2, 2, 2\), dtype float64: a grid has one axis or two",
        ),
        (1j * np.ones(2), "bool, int or float"),
    ],
)
def test_what_is_no_grid_is_refused(values: Any, message: str) -> None:
    """Three axes or complex numbers cannot be cells."""
    with pytest.raises(ArrayError, match=message):
        Grid(values)


def test_a_mask_of_another_shape_is_refused() -> None:
    """A mask marks the places of its own grid."""
    with pytest.raises(ArrayError, match=r"wrong has shape \(2,\), and values \(3,\)"):
        Grid([1, 2, 3], wrong=[True, False])


def test_labels_of_rows_are_one_column() -> None:
    """Where every row begins with a word, what follows starts at the same place."""
    picture = draw(["a", Grid([1])], ["a longer word", Grid([1])])
    patches = picture.figure.axes[0].patches
    assert len({round(patch.get_x(), 6) for patch in patches}) == 1


def test_strands_show_each_step() -> None:
    """A strip, its shift, and the shift of that; backward the gradient takes the opposite way."""
    assert (
        draw_strands([1, 2, 3], [1, -1], names="xyz").text
        == "x [1 2 3], moved by +1: y [0 1 2], moved by -1: z [1 2 0]"
    )
    assert (
        draw_strands([5, 6, 7], [1], names=("dx", "dy"), backward=True).text
        == "dx [6 7 0], moved by -1: dy [5 6 7]"
    )


@pytest.mark.parametrize(("x", "names"), [([[1, 2]], ("x", "y")), ([1, 2], ("x",))])
def test_strands_need_a_strip_and_names(x: Any, names: tuple[str, ...]) -> None:
    """One axis, and one name more than there are steps."""
    with pytest.raises(ArrayError, match="give one axis, and a name for each strip"):
        draw_strands(x, [1], names=names)


def test_a_film_marks_the_zeros_of_its_shift() -> None:
    """Each frame says which it was, and an empty frame that it is zeros."""
    frames = film(np.ones((3, 2, 2)), Displacement(dt=-1, dw=1))
    notes = [frame.note for frame in frames if isinstance(frame, Grid)]
    assert notes == ["was t = 1", "was t = 2", "zeros"]
    marked = [int(frame.mask("enters").sum()) for frame in frames if isinstance(frame, Grid)]
    assert marked == [2, 2, 4]


def test_each_direction_has_a_colour_of_its_own() -> None:
    """Six directions along one axis, twelve along two, eight along three: no colour twice among
    those that share a picture.
    """
    for axes in (1, 2, 3):
        directions = [
            Displacement(*d) for d in np.ndindex(3, 3, 3) if sum(i != 1 for i in d) == axes
        ]
        directions = [Displacement(*(i - 1 for i in d)) for d in directions]
        assert len({colour_of(d) for d in directions}) == len(directions)
        assert len({sign_of(d) for d in directions}) == len(directions)


def test_channels_are_those_of_the_partition() -> None:
    """One cell for each channel, and the sign of its displacement in it."""
    picture = draw_channels(("STSM", ShiftSpec(), 16))
    words = [text.get_text() for text in picture.figure.axes[0].texts]
    signs = [word for word in words if word[:1] in {"T", "H", "W"} and len(word) == 2]
    assert signs == ["T+", "T−", "H+", "H−", "W+", "W−"]
    assert len(picture.figure.axes[0].patches) == 16
    assert picture.text.endswith("10 stay")


def test_frames_are_drawn_as_they_are() -> None:
    """Real pixels in colour; an empty frame in the colour of zeros where that is asked for."""
    red = np.zeros((2, 8, 8, 3), np.uint8)
    red[0, ..., 0] = 255
    assert share(draw_frames(("film", red, ["0", "1"])), "#ff0000") > 0.1
    assert share(draw_frames(("film", red, ["0", "1"])), ENTERS) == 0
    assert share(draw_frames(("film", red, ["0", "1"]), black=True), ENTERS) > 0.1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "rows is empty"),
        (
            [("f", np.zeros((2, 4, 4)), "ab")],
            r"the film 'f' has shape \(2, 4, 4\), dtype float64: give uint8",
        ),
        (
            [("f", np.zeros((2, 4, 4, 2), np.uint8), "ab")],
            r"give uint8 \(T, H, W\) or \(T, H, W, 3\)",
        ),
        ([("f", np.zeros((2, 4, 4), np.uint8), "a")], "the film 'f' has 2 frames and 1 words"),
    ],
)
def test_what_is_no_film_is_refused(rows: Any, message: str) -> None:
    """Nothing, other dtypes, other channels, too few words."""
    with pytest.raises(ArrayError, match=message):
        draw_frames(*rows)


CASES = [np.arange(1, 1 + n) for n in (1, 3)]


def right(x: Any) -> Any:
    """Shift by +1, the specification of the tests below."""
    return shift(x, 1, axes=-1)


def test_the_check_of_an_exercise_agrees() -> None:
    """It counts its cases and has no picture."""
    verdict = check(lambda x: np.pad(x, (1, 0))[:-1], right, CASES)
    assert (verdict.passed, verdict.cases, verdict.picture) == (True, 2, None)
    assert verdict._repr_mimebundle_() == {"text/plain": "agrees with the specification on 2 cases"}


def write_into(x: Any) -> Any:
    """Return the right answer and spoil the input."""
    y = right(x)
    x[...] = 7
    return y


def raises(x: Any) -> Any:
    """Raise."""
    raise KeyError("no")


@pytest.mark.parametrize(
    ("candidate", "message", "cases"),
    [
        (np.copy, "out[0] = 1, should be 0 (1 of 1 places differ)", 1),
        (
            lambda x: np.roll(x, 1) * (len(x) > 1),
            "out[0] = 3, should be 0 (1 of 3 places differ)",
            2,
        ),
        (lambda x: np.pad(x, (1, 0)), "the shape is (2,), should be (1,)", 1),
        (lambda x: 3, "the shape is (), should be (1,)", 1),
        (write_into, "your line wrote into its input, which is drawn as it is now", 1),
        (raises, "your line raised KeyError: 'no'", 1),
        (lambda x: None, "your line gave None: does it say return?", 1),
    ],
)
def test_the_check_of_an_exercise_draws_what_is_wrong(
    candidate: Any, message: str, cases: int
) -> None:
    """The first case that differs, in words and in a picture; an exception, a write and a wrong
    shape differ too.
    """
    verdict = check(candidate, right, CASES)
    assert (verdict.passed, verdict.message, verdict.cases) == (False, message, cases)
    assert verdict.picture is not None
    assert message in verdict.picture.text


def test_the_picture_shows_the_plane_of_the_first_difference() -> None:
    """Of a clip the last two axes are drawn, at the place where it goes wrong, which its
    name says.
    """
    x = np.arange(1, 25).reshape(2, 2, 2, 3)

    def spoilt(x: Any) -> Any:
        y = right(x)
        y[1, 0, 0, 2] = 99
        return y

    verdict = check(spoilt, right, [x])
    assert verdict.picture is not None
    assert verdict.picture.text.startswith(
        "x[1, 0] [[13 14 15] [16 17 18]] → should be [[ 0 13 14] [ 0 16 17]] but is [[ 0 13 99]"
    )
    assert share(verdict.picture, WRONG) > 0.001


def test_arguments_are_named_as_the_specification_names_them() -> None:
    """A case of several arguments, numbers among them."""
    verdict = check(lambda n, d: np.eye(n, k=d), lambda n, d: np.eye(n, k=-d), [(2, 1)])
    assert verdict.picture is not None
    assert verdict.picture.text.startswith("n = 2, d = 1 → should be")


def test_a_check_of_nothing_is_none() -> None:
    """No case is an error, not a pass."""
    with pytest.raises(ArrayError, match="cases is empty: a check of nothing is no check"):
        check(right, right, [])


def test_text_is_measured() -> None:
    """Longer text is wider, several lines are as wide as the widest, nothing is 0."""
    assert text_width("ab", 10) > text_width("a", 10) > text_width(" ", 10) == 0
    assert text_width("a\nabc", 10) == text_width("abc", 10)
