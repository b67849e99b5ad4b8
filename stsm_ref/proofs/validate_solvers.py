"""A question of translation validation: z3 looks for a place where two maps differ, and that there is none cvc5 has to confirm."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from stsm_ref.proofs.solvers import Query, ask

TIMEOUT = 10.0
"""Seconds a solver has for one question."""


class Decision(NamedTuple):
    """What both solvers came to."""

    verdict: Literal["none", "found", "unknown"]
    """No such place, a place, or not known: an answer of one solver alone that there is none is not known."""
    values: Mapping[str, int]
    why: str


def decide(text: str, shown: Sequence[str] = (), *, timeout: float = TIMEOUT, confirm: bool = True) -> Decision:
    """Ask z3, and where it finds nothing ask cvc5 as well; `shown` are the names whose values are wanted."""
    values = f"(get-value ({' '.join(shown)}))\n" if shown else ""
    first = ask("z3", Query("a place where they differ", "unsat", text + values), timeout=timeout)
    if first.verdict == "sat":
        return Decision("found", first.values, "")
    if first.verdict == "unknown":
        return Decision("unknown", {}, f"z3 says {first.why}")
    if confirm:
        second = ask("cvc5", Query("a place where they differ", "unsat", text), timeout=timeout)
        if second.verdict != "unsat":
            return Decision("unknown", {}, f"z3 says unsat, cvc5 says {second.why or second.verdict}")
    return Decision("none", {}, "")
