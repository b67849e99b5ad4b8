r"""The shift as a matrix: "the perspective of matrix algebra" of §3.2 taken at its word (MAT-1 to
MAT-5).

An array is a vector in C order. A shift along one axis is the matrix :math:`S_d` with ones on one
off-diagonal; along several, the Kronecker product; the whole STSM, a sum of Kronecker products over
the channel groups. Its transpose is the VJP.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from stsm_ref._validation import whole_numbers
from stsm_ref.errors import ArrayError, SpecError
from stsm_ref.geometry import ShiftSpec, checked_spec

if TYPE_CHECKING:
    from scipy import sparse

    Matrix = sparse.csr_array[Any]

# `scipy.sparse` is imported by the functions that need it: it takes 0.3 s, which whoever only
# shifts should not wait for


def shift_matrix(
    shape: SupportsIndex | Sequence[SupportsIndex],
    displacement: SupportsIndex | Sequence[SupportsIndex],
    *,
    dtype: npt.DTypeLike = np.int64,
) -> "Matrix":
    r"""Matrix of the shift of an array of `shape` by `displacement`.

    .. math:: (S_d)_{ij} = [\,i - j = d\,], \qquad S = S_{d_1} \otimes S_{d_2} \otimes \dots

    Parameters
    ----------
    shape : int or sequence of int
        Size of each axis.
    displacement : int or sequence of int
        Positions along each axis, towards larger indices when positive.
    dtype : dtype
        Of the entries, which are 0 and 1.

    Returns
    -------
    scipy.sparse.csr_array
        ``(n, n)`` with n the product of `shape`; ``shift_matrix(x.shape, d) @ x.ravel()`` is the
        shifted x, raveled.

    Raises
    ------
    SpecError
        If `shape` and `displacement` differ in length, or hold something other than integers.
    ArrayError
        If a size is negative, or a sparse matrix cannot hold `dtype`.

    Notes
    -----
    Nilpotent where the displacement is not zero (MAT-3); :math:`S^T S` is a projection of rank
    :math:`\prod_k (n_k-|d_k|)^+` (MAT-4); its spectral norm is 1, or 0 where everything is pushed
    out (MAT-5).

    >>> shift_matrix(3, 1).toarray()
    array([[0, 0, 0],
           [1, 0, 0],
           [0, 1, 0]])
    """
    sizes, distances = whole_numbers("shape", shape), whole_numbers("displacement", displacement)
    if len(sizes) != len(distances):
        raise SpecError(
            f"displacement={distances} has {len(distances)} entries for shape={sizes}: give one "
            "for each axis"
        )
    if any(size < 0 for size in sizes):
        raise ArrayError(f"shape={sizes} has a negative size: an axis holds 0 positions or more")
    dtype = _checked_dtype(dtype)
    return _kronecker(
        [_off_diagonal(n, d, dtype) for n, d in zip(sizes, distances, strict=True)], dtype
    )


def stsm_matrix(
    shape_tchw: Sequence[SupportsIndex],
    spec: ShiftSpec = ShiftSpec(),
    *,
    dtype: npt.DTypeLike = np.int64,
) -> "Matrix":
    r"""The whole STSM on a clip ``(T, C, H, W)`` as one matrix.

    .. math:: M = \sum_g S_{dt_g} \otimes P_g \otimes S_{dh_g} \otimes S_{dw_g}

    with :math:`P_g` the diagonal 0/1 matrix that keeps the channels of group g. ``M @ x.ravel()``
    is the forward and ``M.T @ grad.ravel()`` the VJP.

    Parameters
    ----------
    shape_tchw : sequence of int
        Sizes of the clip.
    spec : ShiftSpec
        Which channels move where.
    dtype : dtype
        Of the entries, which are 0 and 1.

    Raises
    ------
    ArrayError
        If the shape has other than four sizes, or a negative one, or a sparse matrix cannot hold
        `dtype`.
    SpecError
        As `ShiftSpec.partition` does.

    >>> stsm_matrix((2, 2, 1, 1), ShiftSpec("T", 1)).toarray()       # rows and columns: (t, c) = 00, 01, 10, 11
    array([[0, 0, 0, 0],
           [0, 0, 0, 1],
           [1, 0, 0, 0],
           [0, 0, 0, 0]])
    """
    from scipy import sparse

    sizes = whole_numbers("shape_tchw", shape_tchw)
    if len(sizes) != 4 or min(sizes) < 0:
        raise ArrayError(f"shape_tchw={sizes} is not a clip: give the four sizes (T, C, H, W)")
    dtype = _checked_dtype(dtype)
    time, channels, height, width = sizes
    total = sparse.csr_array((np.prod(sizes),) * 2, dtype=dtype)
    for start, stop, displacement in checked_spec(spec).partition(channels):
        if start == stop:
            continue
        chosen = np.arange(start, stop)
        factors = [
            _off_diagonal(time, displacement.dt, dtype),
            sparse.csr_array(
                (np.ones(stop - start, dtype), (chosen, chosen)), shape=(channels, channels)
            ),
            _off_diagonal(height, displacement.dh, dtype),
            _off_diagonal(width, displacement.dw, dtype),
        ]
        total = total + _kronecker(factors, dtype)
    return sparse.csr_array(total)


def _checked_dtype(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Return `dtype` as one that `scipy.sparse` can hold, or refuse it before anything is built."""
    from scipy import sparse

    try:
        found = np.dtype(dtype)
        sparse.csr_array((0, 0), dtype=found)
    except (TypeError, ValueError):
        raise ArrayError(
            f"dtype={dtype!r} is none that a sparse matrix can hold: use bool, an integer, "
            "float32, float64, longdouble or complex"
        ) from None
    return found


def _off_diagonal(size: int, distance: int, dtype: np.dtype[Any]) -> "Matrix":
    """Ones where row - column is `distance`."""
    from scipy import sparse

    distance = max(-size, min(distance, size))  # farther than out is out
    columns = np.arange(max(-distance, 0), min(size, size - distance))
    return sparse.csr_array(
        (np.ones(len(columns), dtype), (columns + distance, columns)), shape=(size, size)
    )


def _kronecker(factors: Sequence["Matrix"], dtype: np.dtype[Any]) -> "Matrix":
    """Kronecker product of all factors, first axis slowest; that of none is the 1x1 identity."""
    from scipy import sparse

    product = sparse.csr_array(np.ones((1, 1), dtype))
    for factor in factors:
        # SciPy makes the product with an empty matrix one of float64, which would round what is
        # added to it
        product = sparse.csr_array(sparse.kron(product, factor, format="csr").astype(dtype))
    return product
