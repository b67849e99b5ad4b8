r"""Meanings of matrix products of which one side does not hang on the input: :math:`y_{ij} =
\sum_k a_{ik} b_{kj}`.
"""

from stsm_ref.proofs.index_maps.integers import Assumptions, Polynomial
from stsm_ref.proofs.index_maps.maps import Index, SymbolicTensor, UnsupportedError, Value
from stsm_ref.proofs.index_maps.maps import map_leaves_knowing as under
from stsm_ref.proofs.operators.dtypes import represented_in
from stsm_ref.proofs.operators.lookup import sum_over
from stsm_ref.proofs.operators.numbers import product_of
from stsm_ref.proofs.operators.shape import broadcast, common_shape, same_size, select, unsqueeze
from stsm_ref.proofs.operators.table import meaning


@meaning("aten.mm.default", "aten.bmm.default")
def matrices(assumptions: Assumptions, a: SymbolicTensor, b: SymbolicTensor) -> SymbolicTensor:
    """Matrices, or one matrix for each position of the axes in front."""
    if a.dtype != b.dtype or not a.dtype.startswith("float"):
        raise UnsupportedError(f"a product of matrices of {a.dtype} and {b.dtype}")
    if not same_size(assumptions, a.shape[-1], b.shape[-2]):
        raise UnsupportedError(f"a product of matrices of shapes {a.shape} and {b.shape}")

    def product(one: Value, two: Value, known: Assumptions) -> Value:
        return represented_in(product_of(one, two, a.dtype, known), a.dtype, known)

    def read(index: Index, known: Assumptions) -> Value:
        *front, i, j = index

        def term(k: Polynomial, more: Assumptions) -> Value:
            def times(one: Value, known_: Assumptions) -> Value:
                return under(
                    b.read((*front, k, j), known_),
                    known_,
                    lambda two, last: product(one, two, last),
                )

            return under(a.read((*front, i, k), more), more, times)

        return sum_over(a.shape[-1], term, known)

    return SymbolicTensor((*a.shape[:-1], b.shape[-1]), read, a.dtype)


@meaning("aten.matmul.default")
def matmul(assumptions: Assumptions, a: SymbolicTensor, b: SymbolicTensor) -> SymbolicTensor:
    """Matrices, with the axes in front broadcast; a vector is a matrix of one row, or of one
    column.
    """
    if not a.rank or not b.rank:
        raise UnsupportedError("a product of matrices of which one has no axes")
    wide, tall = a, b
    if a.rank == 1:
        wide = unsqueeze(assumptions, a, 0)
    if b.rank == 1:
        tall = unsqueeze(assumptions, b, 1)
    front = common_shape(assumptions, wide.shape[:-2], tall.shape[:-2])
    wide = broadcast(assumptions, wide, (*front, *wide.shape[-2:]))
    tall = broadcast(assumptions, tall, (*front, *tall.shape[-2:]))
    found = matrices(assumptions, wide, tall)
    if b.rank == 1:
        found = select(assumptions, found, -1, 0)
    return select(assumptions, found, -1 if b.rank == 1 else -2, 0) if a.rank == 1 else found
