"""Symbols follow every branch and refuse what they cannot follow; symbolic arrays mean what
NumPy's do.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stsm_ref.proofs.smt.z3_terms import z3
from stsm_ref.proofs.symbolic.arrays import Memory, SymbolicArray, anything
from stsm_ref.proofs.symbolic.integers import SymbolError, SymInt, explore_paths, term

N = z3.Int("n")


def value(body: Callable[[SymInt], Any], n: int) -> int:
    """What `body` gives where the symbol is n, by way of all of its branches."""
    result = z3.Int("result")
    explored = explore_paths([N >= -20, N <= 20], lambda: term(body(SymInt(N))) == result)
    solver = z3.Solver()
    solver.add(n == N, *explored.definitions, explored.goal)
    assert solver.check() == z3.sat
    found = solver.model()[result].as_long()
    solver.add(result != found)
    assert solver.check() == z3.unsat
    return int(found)


BODIES: list[Callable[[Any], Any]] = [
    lambda n: n + 2,
    lambda n: 2 - n,
    lambda n: n - 2 * n,
    lambda n: -n * 3,
    abs,
    lambda n: min(n, 3),
    lambda n: max(-n, 0),
    lambda n: (3 * n + 1) // 4,
    lambda n: n % 3,
    lambda n: divmod(n, 7)[0] + divmod(n, 7)[1],
    lambda n: 40 // (n + 21),
    lambda n: 1 if n > 2 else 2 if n >= 0 else 3 if n == -5 else 4 if n != -6 else 5,
    lambda n: 1 if n else 0,
    lambda n: 1 if 3 <= n < 5 else 0,
]


@pytest.mark.parametrize("body", range(len(BODIES)))
def test_symbols_compute_as_numbers_do(body: int) -> None:
    """Each operation and branch gives on symbols what it gives on numbers, and nothing else."""
    for n in (-20, -7, -6, -5, -1, 0, 1, 2, 3, 4, 5, 19):
        assert value(BODIES[body], n) == BODIES[body](n)


def test_every_branch_is_followed() -> None:
    """A branch that hides a fault in one case of many is entered: the goal fails there, and
    only there.
    """
    explored = explore_paths([N >= 1], lambda: z3.BoolVal(not SymInt(N) == 7))  # noqa: SIM201 # the branch is what is tested
    assert explored.runs == 2
    solver = z3.Solver()
    solver.add(N >= 1, z3.Not(explored.goal))
    assert solver.check() == z3.sat
    assert solver.model()[N].as_long() == 7


def test_a_run_that_raises_does_not_hold() -> None:
    """Code that refuses a case makes the goal false in that case."""

    def body() -> Any:
        if SymInt(N) > 5:
            raise ValueError("too large")
        return z3.BoolVal(True)

    explored = explore_paths([N >= 1], body)
    assert explored.errors == ("ValueError: too large",)
    solver = z3.Solver()
    solver.add(N >= 1, z3.Not(explored.goal))
    assert solver.check() == z3.sat
    assert solver.model()[N].as_long() > 5


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda n: n / 2, "is a float in Python, and rounds"),
        (lambda n: 1 / n, "is a float in Python, and rounds"),
        (lambda n: n * 0.5, "0.5 met a symbol"),
        (lambda n: [1, 2, 3][n], "used where a single number must stand"),
        (lambda n: {n: 1}, "used as a key"),
        (round, "used where a single number must stand"),
        (lambda n: 5 // n, "may be zero or negative"),
        (lambda n: anything([n])[0], "only slices without a step"),
        (lambda n: anything([n])[::2], "only slices without a step"),
        (
            lambda n: np.zeros_like(anything([n])),
            "np.zeros_like of a symbolic array cannot be followed",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused(body: Callable[[Any], Any], message: str) -> None:
    """Floats, indices, keys, divisions by what may be zero: an error, never a guess."""
    with pytest.raises(SymbolError, match=message):
        explore_paths([N >= -3], lambda: z3.BoolVal(body(SymInt(N)) is not None))


def test_a_symbol_needs_a_proof_around_it() -> None:
    """Outside of a proof nothing can be decided."""
    with pytest.raises(SymbolError, match="outside of a proof"):
        bool(SymInt(N) > 1)


def test_branches_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """More ways than can be followed is an error, not a proof of some of them."""
    monkeypatch.setattr("stsm_ref.proofs.symbolic.integers.MAX_PATHS", 10)
    with pytest.raises(SymbolError, match="more than 10 ways"):
        explore_paths([N >= 0], lambda: z3.BoolVal(any(SymInt(N) == k for k in range(50))))


BOUNDS = (None, -7, -3, -1, 0, 1, 2, 3, 5)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_slices_mean_what_numpy_says(size: int) -> None:
    """Reading and writing through every slice, bounds negative and beyond the end, on a
    symbolic size, against NumPy.
    """
    i = z3.Int("i")
    for start, stop in itertools.product(BOUNDS, repeat=2):
        x = np.arange(1.0, size + 1)
        part = x[start:stop]
        written = x.copy()
        written[start:stop] = 0

        def goal(
            start: int | None = start,
            stop: int | None = stop,
            part: Any = part,
            written: Any = written,
        ) -> Any:
            symbolic = SymbolicArray(
                [SymInt(N)], Memory(lambda index: z3.ToReal(index[0] + 1), writable=True)
            )
            cut = symbolic[start:stop]
            same = [cut.read([z3.IntVal(k)]) == z3.RealVal(int(part[k])) for k in range(len(part))]
            symbolic[start:stop] = np.zeros(())
            after = [
                symbolic.read([z3.IntVal(k)]) == z3.RealVal(int(written[k])) for k in range(size)
            ]
            return z3.And(term(cut.shape[0]) == len(part), *same, *after)

        explored = explore_paths([size == N, i >= 0], goal)
        solver = z3.Solver()
        solver.add(size == N, z3.Not(explored.goal))
        assert solver.check() == z3.unsat, (start, stop)


@pytest.mark.parametrize(
    ("wanted", "source", "holds"),
    [(3, 3, True), (3, 1, True), (0, 1, True), (1, 3, False), (3, 2, False)],
)
def test_assignment_spreads_single_places_only(wanted: int, source: int, holds: bool) -> None:
    """Sizes that differ are refused, as NumPy does, but for one place that is written into
    many, or into none.
    """

    def goal() -> Any:
        x, y = (
            SymbolicArray(
                [SymInt(N)], Memory(lambda index: z3.ToReal(index[0] + 1), writable=True)
            ),
            anything([SymInt(N)]),
        )
        y[0:wanted] = x[0:source]
        return z3.And(
            *(y.read([z3.IntVal(k)]) == (k if source > 1 else 0) + 1 for k in range(wanted))
        )

    explored = explore_paths([N == 3], goal)
    solver = z3.Solver()
    solver.add(N == 3, z3.Not(explored.goal))
    assert (solver.check() == z3.unsat) == holds
    target = np.empty(3)
    try:
        target[0:wanted] = np.arange(1.0, 4)[0:source]
    except ValueError:
        assert not holds
    else:
        assert holds


def test_what_was_never_written_is_anything() -> None:
    """An element of np.empty_like equals nothing in particular."""
    explored = explore_paths(
        [N >= 1], lambda: np.empty_like(anything([SymInt(N)])).read([z3.IntVal(0)]) == 0
    )  # type: ignore[call-overload]
    solver = z3.Solver()
    solver.add(N >= 1, z3.Not(explored.goal))
    assert solver.check() == z3.sat
