"""What the theorems about positions share: axes of any size, a place on them, the rule of the
shift, and NumPy arrays to replay on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stsm_ref.proofs.smt.z3_terms import Term, z3
from stsm_ref.proofs.symbolic.arrays import SymbolicArray, anything
from stsm_ref.proofs.symbolic.integers import Number, SymInt, all_of, term
from stsm_ref.proofs.theorems.theorem import Values

Array = npt.NDArray[Any]
ZERO = z3.RealVal(0)


@dataclass(frozen=True)
class Space:
    """Axes by letter, the size of each (upper case) and an index on each (lower case), any
    inside.
    """

    letters: str
    sizes: tuple[Term, ...]
    index: tuple[Term, ...]

    @property
    def premises(self) -> tuple[Term, ...]:
        """Every size is 1 or more, the index is inside."""
        return tuple(
            z3.And(n >= 1, i >= 0, i < n) for n, i in zip(self.sizes, self.index, strict=True)
        )

    @property
    def variables(self) -> dict[str, Term]:
        """Sizes, then the index, by name."""
        return {str(value): value for value in (*self.sizes, *self.index)}

    @property
    def shape(self) -> tuple[SymInt, ...]:
        """Sizes that code can run on."""
        return tuple(SymInt(size) for size in self.sizes)

    def array(self, name: str) -> SymbolicArray:
        """An array of any content."""
        return anything(self.shape, name)

    def place(self, values: Values) -> tuple[int, ...]:
        """The index in a counterexample."""
        return tuple(values[str(i)] for i in self.index)

    def labels(self, values: Values) -> Array:
        """An array of the sizes of a counterexample: 1, 2, 3, and so on. It is an input, and
        may not be written.
        """
        return read_only_labels(tuple(values[str(n)] for n in self.sizes))


def read_only_labels(shape: tuple[int, ...]) -> Array:
    """Number the places of an array that raises if it is written, as its symbolic twin does."""
    x = np.arange(1.0, np.prod(shape) + 1).reshape(shape)
    x.flags.writeable = False
    return x


def space(letters: str) -> Space:
    """Make axes: ``space("THW")`` has the sizes T, H, W and the index t, h, w."""
    return Space(
        letters, tuple(z3.Ints(" ".join(letters))), tuple(z3.Ints(" ".join(letters.lower())))
    )


def inside(index: Sequence[Term], sizes: Sequence[Number]) -> Term:
    """Whether an index lies inside."""
    return all_of(*(z3.And(i >= 0, i < term(n)) for i, n in zip(index, sizes, strict=True)))


def rule(x: SymbolicArray, index: Sequence[Term], displacement: Sequence[Any]) -> Term:
    """The rule itself, which no code is asked for: ``x[i - d]`` where ``i - d`` is inside, else
    0.
    """
    source = [i - d for i, d in zip(index, displacement, strict=True)]
    return z3.If(inside(source, x.shape), x.read(source), ZERO)


def differs(
    run: Callable[[], tuple[npt.ArrayLike, npt.ArrayLike]],
    place: tuple[int, ...] = (),
    what: str = "out",
) -> str:
    """Run NumPy code that gives (what it makes, what it should make); say what is wrong at that
    place, or "" if nothing is.
    """
    try:
        got, want = (np.asarray(value) for value in run())
    except Exception as error:  # valid sizes: whatever is raised is wrong
        return f"NumPy raises {type(error).__name__}: {error}"
    if got.shape != want.shape:
        return f"NumPy gives the shape {got.shape}, should be {want.shape}"
    if got[place] == want[place]:
        return ""
    return (
        f"NumPy gives {what}{list(place) if place else ''} = {got[place]:g}, should be "
        f"{want[place]:g}"
    )
