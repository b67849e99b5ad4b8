"""A question of translation validation: z3 looks for a place where two maps differ, and that
there is none cvc5 has to confirm.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple

from stsm_ref.proofs.smt.solvers import Query, ask

TIMEOUT = 10.0
"""Seconds a solver has for one question."""

_REMEMBERED: ContextVar[dict[tuple[Any, ...], "Decision"] | None] = ContextVar(
    "remembered", default=None
)


class Decision(NamedTuple):
    """What both solvers came to."""

    status: Literal["none", "found", "unknown"]
    """No such place, a place, or not known: an answer of one solver alone that there is none is
    not known.
    """
    values: Mapping[str, int]
    why: str


def decide(
    text: str, shown: Sequence[str] = (), *, timeout: float = TIMEOUT, confirm: bool = True
) -> Decision:
    """Ask z3, and where it finds nothing ask cvc5 as well; `shown` are the names whose values
    are wanted.
    """
    remembered, key = _REMEMBERED.get(), (text, tuple(shown), confirm)
    if remembered is not None and key in remembered:
        return remembered[key]
    decision = _decide(text, shown, timeout=timeout, confirm=confirm)
    if remembered is not None and decision.status != "unknown":
        remembered[key] = decision
    return decision


@contextmanager
def remembering() -> Iterator[None]:
    """Ask no question twice: the graphs of one module are alike, in its modes above all."""
    token = _REMEMBERED.set({})
    try:
        yield
    finally:
        _REMEMBERED.reset(token)


def _decide(text: str, shown: Sequence[str], *, timeout: float, confirm: bool) -> Decision:
    values = f"(get-value ({' '.join(shown)}))\n" if shown else ""
    first = ask("z3", Query("a place where they differ", "unsat", text + values), timeout=timeout)
    if first.status == "sat":
        return Decision("found", first.values, "")
    if first.status == "unknown":
        return Decision("unknown", {}, f"z3 says {first.why}")
    if confirm:
        second = ask("cvc5", Query("a place where they differ", "unsat", text), timeout=timeout)
        if second.status != "unsat":
            return Decision(
                "unknown", {}, f"z3 says unsat, cvc5 says {second.why or second.status}"
            )
    return Decision("none", {}, "")
