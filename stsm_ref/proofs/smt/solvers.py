"""Two solvers, one text: a query is written in SMT-LIB once, and z3 and cvc5 both read that
text, as any third solver can.
"""

import functools
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from stsm_ref.errors import MissingExtraError
from stsm_ref.proofs.smt.z3_terms import Term, z3

try:
    import cvc5
except ModuleNotFoundError:
    raise MissingExtraError("stsm-ref prove", "cvc5", "proofs") from None

Status = Literal["unsat", "sat", "unknown"]
TIMEOUT = 20.0
"""Seconds a solver has for one query."""


class Query(NamedTuple):
    """A question in SMT-LIB: what is asked, the answer that is hoped for, and the text."""

    title: str
    expected: Status
    text: str


class Answer(NamedTuple):
    """What a solver said, the values of the variables if it found some, and why it does not
    know.
    """

    status: Status
    values: Mapping[str, int]
    why: str


def write_query(
    title: str, assertions: Sequence[Term], *, expected: Status, shown: Sequence[str] = ()
) -> Query:
    """Write assertions as SMT-LIB 2.6; where a model is expected, the values of the variables
    `shown` are asked for.
    """
    solver = z3.Solver()
    solver.add(*assertions)
    body = solver.to_smt2().split("\n", 2)[2]  # without z3's own two lines at the top
    ask = f"(get-value ({' '.join(shown)}))\n" if shown and expected == "sat" else ""
    comment = "".join(f"; {line}\n" for line in [*title.splitlines(), f"expected: {expected}"])
    return Query(
        title,
        expected,
        f"{comment}(set-option :produce-models true)\n(set-logic ALL)\n{body.strip()}\n{ask}",
    )


@functools.cache
def _context() -> Any:
    return z3.Context()


def _ask_z3(text: str, timeout: float) -> str:
    # an interrupt is for Python
    options = f"(set-option :timeout {_milliseconds(timeout)})(set-option :ctrl_c false)"
    # one context for all queries, emptied before each: a new one would take longer than most
    # answers
    try:
        return str(z3.Z3_eval_smtlib2_string(_context().ref(), f"(reset)\n{options}\n{text}"))
    except (
        z3.Z3Exception
    ) as error:  # it says so after "unsat" too, where there are no values to be had
        said = error.args[0]
        return str(said.decode() if isinstance(said, bytes) else said)


def _ask_cvc5(text: str, timeout: float) -> str:
    manager = cvc5.TermManager()
    solver, symbols = cvc5.Solver(manager), cvc5.SymbolManager(manager)
    solver.setOption("tlimit-per", str(_milliseconds(timeout)))
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "query")
    said = []
    while not (command := parser.nextCommand()).isNull():
        said.append(str(command.invoke(solver, symbols)))
        if command.getCommandName() == "check-sat" and not said[-1].startswith("sat"):
            break  # there is no model whose values could be asked for
    return "".join(said)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


SOLVERS: Mapping[str, Callable[[str, float], str]] = MappingProxyType(
    {"z3": _ask_z3, "cvc5": _ask_cvc5}
)
"""By name: from a text in SMT-LIB and a limit in seconds to what the solver prints."""


def versions() -> dict[str, str]:
    """Versions of the solvers."""
    return {"z3": z3.get_version_string(), "cvc5": cvc5.__version__}


def ask(solver: str, query: Query, *, timeout: float = TIMEOUT) -> Answer:
    """Put a query to a solver; whatever is not "sat" or "unsat" is "unknown", and says why."""
    return _read(listen(solver, query.text, timeout))


def ask_all(query: Query, *, timeout: float = TIMEOUT) -> dict[str, Answer]:
    """Put a query to both solvers at the same time.

    z3 runs in a thread: a call into it releases the interpreter's lock, so cvc5, which keeps the
    lock, runs here meanwhile. An interrupt ends both.
    """
    begun = threading.Event()

    def ask_z3() -> Answer:
        begun.set()  # this thread now has the lock, and gives it up when it enters z3
        return ask("z3", query, timeout=timeout)

    with ThreadPoolExecutor(max_workers=1) as pool:
        pending = pool.submit(ask_z3)
        begun.wait()
        try:
            answer = ask("cvc5", query, timeout=timeout)
            return {"z3": pending.result(), "cvc5": answer}
        except BaseException:
            _context().interrupt()
            raise


def listen(solver: str, text: str, timeout: float) -> str:
    """What a solver prints, or why it prints nothing."""
    try:
        return SOLVERS[solver](text, timeout)
    except Exception as error:  # a solver that cannot read or finish the query has not answered it
        return f"{type(error).__name__}: {error}"


def _read(said: str) -> Answer:
    first = (said.split() or ["nothing"])[0]
    if first not in ("unsat", "sat"):
        return Answer("unknown", {}, said.strip() or "no answer")
    return Answer("sat" if first == "sat" else "unsat", _values(said), "")


def _values(said: str) -> dict[str, int]:
    """Read ``((T 2) (t (- 1)) (bits #x80000000))``."""
    values = {}
    for name, negative, positive, hexadecimal, binary in re.findall(
        r"\(([A-Za-z]\w*) (?:\(- (\d+)\)|(\d+)|#x([0-9a-fA-F]+)|#b([01]+))\)", said
    ):
        digits = hexadecimal or binary
        values[name] = (
            int(digits, 16 if hexadecimal else 2)
            if digits
            else -int(negative)
            if negative
            else int(positive)
        )
    return values
