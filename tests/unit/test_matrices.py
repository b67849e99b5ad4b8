"""Shift matrices: literals, dtypes, empty shapes, and what is refused."""

import numpy as np
import pytest
from scipy import sparse

from stsm_ref import ArrayError, Displacement, ShiftSpec, SpecError, shift_matrix, stsm, stsm_matrix


def test_one_axis_by_hand() -> None:
    """One step each way on three places."""
    np.testing.assert_array_equal(shift_matrix(3, 1).toarray(), [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(shift_matrix(3, -1).toarray(), [[0, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_two_axes_by_hand() -> None:
    """Down and right on 2x2: the first place goes to the last."""
    np.testing.assert_array_equal(
        shift_matrix((2, 2), (1, 1)).toarray(), [[0] * 4, [0] * 4, [0] * 4, [1, 0, 0, 0]]
    )


def test_a_displacement_may_be_named() -> None:
    """A Displacement acts on (T, H, W)."""
    assert (
        shift_matrix((2, 3, 2), Displacement(dh=1)) != shift_matrix((2, 3, 2), (0, 1, 0))
    ).nnz == 0


def test_empty_shapes() -> None:
    """No axis is one place; an axis of no places is an empty matrix."""
    assert shift_matrix((), ()).toarray() == 1
    assert shift_matrix(3, 10**30).nnz == shift_matrix(3, -(10**30)).nnz == 0
    assert shift_matrix((3, 0), (1, 1)).shape == stsm_matrix((2, 0, 3, 3)).shape == (0, 0)


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.int8])
def test_entries_have_the_dtype_that_is_asked_for(dtype: type[np.generic]) -> None:
    """int64 unless asked, and sparse CSR arrays always."""
    for matrix in (
        shift_matrix((2, 3), (1, 0), dtype=dtype),
        stsm_matrix((2, 8, 2, 2), dtype=dtype),
    ):
        assert matrix.dtype == dtype
        assert isinstance(matrix, sparse.csr_array)
    assert shift_matrix(2, 1).dtype == stsm_matrix((1, 1, 1, 1)).dtype == np.int64


@pytest.mark.parametrize(
    "dtype", [np.int64, np.uint8, np.bool_, np.float32, np.complex64, np.longdouble]
)
@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (1, 1), (0, 2), (2, 2)])
def test_the_dtype_stays_where_everything_is_pushed_out(
    shape: tuple[int, int], dtype: type[np.generic]
) -> None:
    """A moved axis of size 1 makes an empty factor, and the product keeps the dtype; so does a
    whole clip of such axes.
    """
    assert shift_matrix(shape, (1, 1), dtype=dtype).dtype == dtype
    for size in (1, 2):
        for spec in (ShiftSpec(), ShiftSpec("THW", 1)):
            assert stsm_matrix((size, 8, 1, size), spec, dtype=dtype).dtype == dtype


def test_large_integers_pass_through_an_emptied_clip() -> None:
    """With a frame of one pixel, where most groups are pushed out, integers beyond 2**53 arrive as
    they are.
    """
    x = np.full((2, 16, 1, 1), 2**53 + 1)
    np.testing.assert_array_equal(
        (stsm_matrix(x.shape) @ x.ravel()).reshape(x.shape), stsm(x), strict=True
    )


@pytest.mark.parametrize("dtype", [np.float16, ">i4", object, "S1", "M8[s]", "f4,u1", "nonsense"])
def test_a_dtype_that_a_sparse_matrix_cannot_hold_is_refused(dtype: object) -> None:
    """Half floats, the other byte order, text and the like are refused by name, for any shape."""
    for build in (
        lambda: shift_matrix(0, 1, dtype=dtype),
        lambda: stsm_matrix((2, 0, 1, 1), dtype=dtype),
    ):
        with pytest.raises(
            ArrayError,
            match=r"^dtype=.* is none that a sparse matrix can hold: use bool, an integer, "
            r"float32, float64, longdouble",
        ):
            build()


def test_the_matrix_is_as_sparse_as_the_shift() -> None:
    """One entry for each value that stays inside."""
    assert (
        stsm_matrix((4, 16, 5, 7), ShiftSpec()).nnz
        == 2 * 3 * 35 + 2 * 4 * 28 + 2 * 4 * 30 + 10 * 140
    )


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (
            SpecError,
            ((2, 3), (1,)),
            r"displacement=\(1,\) has 1 entries for shape=\(2, 3\): give one for each axis",
        ),
        (SpecError, (2.5, 1), r"^shape=2.5 is not an integer"),
        (SpecError, (2, 1.5), r"^displacement=1.5 is not an integer"),
        (ArrayError, (-2, 1), r"shape=\(-2,\) has a negative size"),
    ],
)
def test_bad_shift_matrices_are_refused(
    kind: type[ValueError], arguments: tuple[object, ...], message: str
) -> None:
    """Lengths, fractions and negative sizes."""
    with pytest.raises(kind, match=message):
        shift_matrix(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(2, 16, 3), (1, 2, 16, 3, 3), (2, -16, 3, 3), 4])
def test_bad_clip_shapes_are_refused(shape: object) -> None:
    """Four sizes, none negative."""
    with pytest.raises(
        ArrayError, match=r"shape_tchw=\(.*\) is not a clip: give the four sizes \(T, C, H, W\)"
    ):
        stsm_matrix(shape)  # type: ignore[arg-type]


def test_bad_specs_and_sizes_are_refused() -> None:
    """Both are checked before anything is built."""
    with pytest.raises(SpecError, match=r"^shape_tchw=1.5 is not an integer"):
        stsm_matrix((1, 1, 1, 1.5))  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=r"spec='T' is not a ShiftSpec"):
        stsm_matrix((1, 1, 1, 1), "T")  # type: ignore[arg-type]
