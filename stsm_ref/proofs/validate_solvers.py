"""One question, one text in SMT-LIB, two solvers: z3 and cvc5 both read it."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from stsm_ref.errors import MissingExtraError

try:
    import cvc5
    import z3
except ModuleNotFoundError as missing:
    raise MissingExtraError("stsm-ref prove", missing.name or "z3", "proofs") from None

TIMEOUT = 10.0
"""Seconds a solver has for one question."""


class Decision(NamedTuple):
    """What both solvers came to."""

    verdict: Literal["none", "found", "unknown"]
    """No such place, a place, or not known: an answer of one solver alone that there is none is not known."""
    values: dict[str, int]
    why: str


def decide(text: str, shown: Sequence[str] = (), *, timeout: float = TIMEOUT, confirm: bool = True) -> Decision:
    """Ask z3, and where it finds nothing ask cvc5 as well; `shown` are the names whose values are wanted."""
    first = _ask_z3(text + (f"(get-value ({' '.join(shown)}))\n" if shown else ""), timeout)
    if first.startswith("sat"):
        return Decision("found", _values(first), "")
    if not first.startswith("unsat"):
        return Decision("unknown", {}, f"z3 says {first.split()[0] if first.split() else 'nothing'}")
    if confirm:
        second = _ask_cvc5(text, timeout)
        if not second.startswith("unsat"):
            return Decision("unknown", {}, f"z3 says unsat, cvc5 says {second.split()[0] if second.split() else 'nothing'}")
    return Decision("none", {}, "")


def _ask_z3(text: str, timeout: float) -> str:
    context = z3.Context()
    try:
        return str(z3.Z3_eval_smtlib2_string(context.ref(), f"(set-option :timeout {round(timeout * 1000)})\n{text}"))
    except z3.Z3Exception as error:  # after "unsat" there are no values to be had, and it raises what it has printed
        said = error.args[0]
        return said.decode() if isinstance(said, bytes) else str(said)


def _ask_cvc5(text: str, timeout: float) -> str:
    manager = cvc5.TermManager()
    solver, symbols = cvc5.Solver(manager), cvc5.SymbolManager(manager)
    solver.setOption("tlimit-per", str(round(timeout * 1000)))
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "question")
    said = []
    while not (command := parser.nextCommand()).isNull():
        said.append(str(command.invoke(solver, symbols)))
    return "".join(said)


def _values(said: str) -> dict[str, int]:
    """Read ``((T 2) (t (- 1)))``."""
    found = re.findall(r"\((\w+) (?:\(- (\d+)\)|(\d+))\)", said)
    return {name: -int(negative) if negative else int(positive) for name, negative, positive in found}
