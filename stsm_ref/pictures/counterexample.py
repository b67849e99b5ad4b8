"""The check at the end of an exercise: a candidate beside its specification, and a picture of the
smallest case where they differ.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stsm_ref.errors import ArrayError
from stsm_ref.pictures.canvas import Picture
from stsm_ref.pictures.grids import Grid, Item, draw

Function = Callable[..., Any]
MOST_CELLS = 16


@dataclass(frozen=True)
class Verdict:
    """Whether a candidate agreed with its specification, on how many cases, and where it first did
    not.
    """

    passed: bool
    cases: int
    message: str
    picture: Picture | None = None

    def __repr__(self) -> str:
        return self.message

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return (
            {"text/plain": self.message}
            if self.picture is None
            else self.picture._repr_mimebundle_(include, exclude)
        )


def check(candidate: Function, specification: Function, cases: Iterable[Any]) -> Verdict:
    """Hold `candidate` against `specification` on each of `cases`, and draw the first on which they
    differ.

    Parameters
    ----------
    candidate, specification : callable
        Both take a case and return an array. A case that is a tuple is spread over several
        arguments; the picture calls them what the specification calls them.
    cases : iterable
        Smallest first, so that the picture is small.

    Returns
    -------
    Verdict
        In a notebook it shows itself: a line where everything agreed, else the case, what should
        come out and what came out. A candidate that raises, or that writes into its input, does not
        agree.

    Raises
    ------
    ArrayError
        If there is no case: a check of nothing is no check.

    >>> check(lambda x: np.roll(x, 1), lambda x: np.r_[0, x[:-1]], [np.array([1, 2, 3])])
    out[0] = 3, should be 0 (1 of 3 places differ)
    """
    tried = 0
    names = tuple(inspect.signature(specification).parameters)
    for case in cases:
        tried += 1
        arguments = case if isinstance(case, tuple) else (case,)
        named = dict(zip(names, arguments, strict=True))
        want = np.asarray(specification(*_copies(arguments)))
        given = _copies(arguments)
        try:
            answer = candidate(*given)
            got = np.asarray(answer)
        except Exception as error:  # whatever a learner's line raises is part of the verdict
            return _refused(
                tried, named, want, None, f"your line raised {type(error).__name__}: {error}"
            )
        if answer is None or answer is ...:
            missing = (
                "your line gave None: does it say return?"
                if answer is None
                else "write your line in place of the three dots"
            )
            return _refused(tried, named, want, None, missing)
        if not all(
            np.array_equal(mine, theirs) for mine, theirs in zip(given, arguments, strict=True)
        ):
            return _refused(
                tried,
                dict(zip(names, given, strict=True)),
                want,
                got,
                "your line wrote into its input, which is drawn as it is now",
            )
        if got.shape != want.shape:
            return _refused(
                tried, named, want, got, f"the shape is {got.shape}, should be {want.shape}"
            )
        if not np.array_equal(got, want):
            return _refused(tried, named, want, got, _first_difference(got, want))
    if not tried:
        raise ArrayError("cases is empty: a check of nothing is no check, give one case or more")
    return Verdict(True, tried, f"agrees with the specification on {tried} case{'s' * (tried > 1)}")


def _copies(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        argument.copy() if isinstance(argument, np.ndarray) else argument for argument in arguments
    )


def _first_difference(got: npt.NDArray[Any], want: npt.NDArray[Any]) -> str:
    wrong = np.argwhere(got != want)
    place = tuple(int(i) for i in wrong[0])
    return (
        f"out[{', '.join(map(str, place))}] = {got[place]}, should be {want[place]} "
        f"({len(wrong)} of {want.size} places differ)"
    )


def _refused(
    tried: int,
    arguments: dict[str, Any],
    want: npt.NDArray[Any],
    got: npt.NDArray[Any] | None,
    message: str,
) -> Verdict:
    """A verdict with its picture: the arrays among the arguments, what should come out, what came
    out.
    """
    comparable = got is not None and got.shape == want.shape
    wrong = np.asarray(got != want) if comparable else np.zeros(want.shape, bool)
    cut = _slice_of_first(wrong)
    scalars = ", ".join(
        f"{name} = {argument}"
        for name, argument in arguments.items()
        if not isinstance(argument, np.ndarray)
    )
    items: list[Item] = [scalars] if scalars else []
    for name, argument in arguments.items():
        if isinstance(argument, np.ndarray):
            like = argument.shape == want.shape
            where = f"[{', '.join(map(str, cut))}]" if like and cut else ""
            items.append(Grid(_cut(argument, cut if like else None), name + where))
    items += ["→", Grid(_cut(want, cut), "should be")]
    if got is not None and got.dtype.kind in "biuf" and got.ndim > 0:
        shown = _cut(got, cut) if comparable else _cut(got, None)
        items += ["but", Grid(shown, "is", wrong=_cut(wrong, cut) if comparable else None)]
    whole = f"{draw(items).text}; {message}"
    return Verdict(False, tried, message, draw(items, [message], text=whole))


def _slice_of_first(wrong: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """Indices of the leading axes at which the first wrong place stands; the last two axes are
    drawn.
    """
    leading = max(wrong.ndim - 2, 0)
    return tuple(int(i) for i in np.argwhere(wrong)[0][:leading]) if wrong.any() else (0,) * leading


def _cut(array: npt.NDArray[Any], cut: tuple[int, ...] | None) -> npt.NDArray[Any]:
    """A plane of `array`, and of it as much as fits a picture."""
    where = (0,) * max(array.ndim - 2, 0) if cut is None else cut
    plane = array[where] if array.ndim else array[None]
    return np.asarray(plane[(slice(MOST_CELLS),) * plane.ndim])
