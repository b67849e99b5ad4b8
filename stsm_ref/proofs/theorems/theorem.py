"""A theorem, its claims and its wrong variants, and what two solvers make of them.

A claim is proved when both solvers answer that its negation has no model. It is refuted when one
finds a model, none denies it, and our NumPy code, run on the sizes of that model, goes wrong at
that index. Everything else is undecided.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from stsm_ref.proofs.replacing import replaced
from stsm_ref.proofs.smt.solvers import SOLVERS, TIMEOUT, Answer, Query, ask_all, write_query
from stsm_ref.proofs.smt.z3_terms import Term, z3
from stsm_ref.proofs.symbolic.integers import SymbolError, explore_paths

Outcome = Literal["proved", "refuted", "undecided"]
Values = Mapping[str, int]


@dataclass(frozen=True)
class Claim:
    """For all values of the variables that satisfy the premises, `goal()` holds.

    `goal` is called in a symbolic run: the package's code may branch in it. `replay` runs the NumPy
    code on values of the variables and says what goes wrong there, or "". `bound` and `bounds`
    bound the variables where a counterexample is looked for.
    """

    name: str
    variables: Mapping[str, Term]
    premises: tuple[Term, ...]
    goal: Callable[[], Term]
    replay: Callable[[Values], str]
    bound: int = 6
    bounds: Mapping[str, int] = field(default_factory=dict)

    @property
    def near(self) -> list[Term]:
        """The variables within reach, each its own or the common one, so that a counterexample
        can be read and run.
        """
        bounds = [
            (value, self.bounds.get(name, self.bound))
            for name, value in self.variables.items()
            if z3.is_int(value)
        ]
        return [z3.And(value >= -bound, value <= bound) for value, bound in bounds]


@dataclass(frozen=True)
class Variant:
    """A wrong variant: the theorem about broken code (`patches`: module, name, replacement), or
    other claims, which are false.
    """

    name: str
    patches: tuple[tuple[Any, str, Any], ...] = ()
    claims: Callable[[], Iterable[Claim]] | None = None

    @contextlib.contextmanager
    def planted(self) -> Iterator[None]:
        """Put the broken code in place, for symbols and for NumPy alike, and take it out again."""
        with contextlib.ExitStack() as stack:
            for module, name, replacement in self.patches:
                stack.enter_context(replaced(module, name, replacement))
            yield


@dataclass(frozen=True)
class Theorem:
    """Claims that are proved together; its wording is that of
    `stsm_ref.proofs.theorems.statements`.
    """

    name: str
    claims: Callable[[], Iterable[Claim]]
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Counterexample:
    """The claim that fails, the sizes and the index where it does, and what NumPy gives there."""

    claim: str
    values: Values
    replay: str

    def __str__(self) -> str:
        where = ", ".join(
            f"{name} = {value:#010x}" if name.endswith("_bits") else f"{name} = {value}"
            for name, value in self.values.items()
        )
        return f"{self.claim}: {where}: {self.replay or 'NumPy shows no difference there'}"


@dataclass(frozen=True)
class Finding:
    """What came of a theorem or of one of its variants: the outcome, each solver's answers
    counted, and why.
    """

    name: str
    outcome: Outcome
    answers: Mapping[str, Mapping[str, int]]
    counterexample: Counterexample | None
    why: str
    queries: tuple[Query, ...]


@dataclass(frozen=True)
class Proof:
    """A theorem's own finding, and those of its variants, which are looked at only if the
    theorem is proved.
    """

    theorem: Finding
    variants: tuple[Finding, ...]
    seconds: float

    @property
    def outcome(self) -> Outcome:
        """Proved only if every variant was refuted, by both solvers and by NumPy; else the
        proof may be vacuous.
        """
        if self.theorem.outcome == "proved" and any(
            variant.outcome != "refuted" for variant in self.variants
        ):
            return "undecided"
        return self.theorem.outcome

    @property
    def why(self) -> str:
        """Why it is not proved, or ""."""
        loose = [variant for variant in self.variants if variant.outcome != "refuted"]
        if self.theorem.outcome != "proved" or not loose:
            return str(self.theorem.counterexample or self.theorem.why)
        return (
            f"the wrong variant {loose[0].name!r} was not refuted: "
            f"{loose[0].why or loose[0].counterexample or loose[0].outcome}"
        )


class QueryLog:
    """The queries that were put and the answers."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.queries: list[Query] = []
        self.answers: dict[str, dict[str, int]] = {solver: {} for solver in SOLVERS}

    def put(self, query: Query) -> dict[str, Answer]:
        """Put a query to every solver."""
        self.queries.append(query)
        replies = ask_all(query, timeout=self.timeout)
        for solver, answer in replies.items():
            self.answers[solver][answer.status] = self.answers[solver].get(answer.status, 0) + 1
        return replies

    def finding(
        self,
        name: str,
        outcome: Outcome,
        why: str = "",
        counterexample: Counterexample | None = None,
    ) -> Finding:
        """Close the ledger."""
        return Finding(name, outcome, self.answers, counterexample, why, tuple(self.queries))


def prove_claims(
    name: str, claims: Callable[[], Iterable[Claim]], *, timeout: float = TIMEOUT
) -> Finding:
    """Prove all claims, and that the premises of each can be met; stop at the first that is
    refuted or undecided.
    """
    log = QueryLog(timeout)
    met: set[str] = set()
    proved: list[tuple[Term, tuple[Term, ...]]] = []
    try:
        for claim in claims():
            title = f"{name}: {claim.name}"
            explored = explore_paths(claim.premises, claim.goal)
            if any(not _is_among(proved, lemma, claim.premises) for lemma in explored.lemmas):
                return log.finding(
                    name,
                    "undecided",
                    f"{claim.name}: it uses a lemma that no claim before it proved from its "
                    "premises",
                )
            known = [*claim.premises, *explored.definitions, *explored.lemmas]
            premises = write_query(f"the premises of {title}", known, expected="sat")
            if premises.text.split("\n", 1)[1] not in met:
                met.add(premises.text.split("\n", 1)[1])
                replies = log.put(premises)
                if any(answer.status != "sat" for answer in replies.values()):
                    return log.finding(
                        name,
                        "undecided",
                        f"{claim.name}: the premises were not shown to be satisfiable: "
                        f"{_said(replies)}",
                    )
            negation = [*known, z3.Not(explored.goal)]
            replies = log.put(write_query(title, negation, expected="unsat"))
            verdicts = {answer.status for answer in replies.values()}
            if verdicts == {"unsat"}:
                proved += [(conclusion, claim.premises) for conclusion in explored.conclusions]
                continue
            if "unsat" in verdicts or "sat" not in verdicts:
                return log.finding(name, "undecided", f"{claim.name}: {_said(replies)}")
            found = _counterexample(claim, negation, log, title)
            outcome: Outcome = "refuted" if found and found.replay else "undecided"
            return log.finding(
                name,
                outcome,
                "" if found else f"{claim.name}: a solver found a model but no values",
                found,
            )
    except SymbolError as error:
        return log.finding(name, "undecided", str(error))
    return (
        log.finding(name, "proved")
        if log.queries
        else log.finding(name, "undecided", "it claims nothing")
    )


def refute_variant(theorem: Theorem, variant: Variant, *, timeout: float = TIMEOUT) -> Finding:
    """Find a claim of the variant that both solvers refute and NumPy confirms."""
    log = QueryLog(timeout)
    try:
        with variant.planted():
            for claim in (variant.claims or theorem.claims)():
                title = f"{theorem.name}, wrong variant {variant.name}: {claim.name}"
                explored = explore_paths(claim.premises, claim.goal)
                negation = [
                    *claim.premises,
                    *explored.definitions,
                    *explored.lemmas,
                    z3.Not(explored.goal),
                ]
                replies = log.put(_near(title, claim, negation))
                if all(answer.status == "sat" for answer in replies.values()):
                    shown = [
                        Counterexample(claim.name, answer.values, replay(claim, answer.values))
                        for answer in replies.values()
                    ]
                    unseen = next((found for found in shown if not found.replay), None)
                    suspect = claim if variant.patches else None
                    break
                if any(answer.status != "unsat" for answer in replies.values()):
                    return log.finding(variant.name, "undecided", f"{claim.name}: {_said(replies)}")
                # this claim holds in spite of the fault: whoever reads the file must expect no
                # model
                log.queries[-1] = write_query(title, [*negation, *claim.near], expected="unsat")
            else:
                return log.finding(variant.name, "proved", "it holds, within reach at least")
    except SymbolError as error:
        return log.finding(variant.name, "undecided", str(error))
    if suspect and (wrongly := [found for found in shown if replay(suspect, found.values)]):
        return log.finding(
            variant.name, "undecided", f"the right code fails there too: {wrongly[0]}"
        )
    return log.finding(variant.name, "undecided" if unseen else "refuted", "", unseen or shown[0])


def replay(claim: Claim, values: Values) -> str:
    """What NumPy shows; code that raises on valid values shows that."""
    try:
        return claim.replay(values)
    except Exception as error:
        return f"Python raises {type(error).__name__}: {error}"


def _is_among(
    proved: Iterable[tuple[Term, tuple[Term, ...]]], lemma: Term, premises: Sequence[Term]
) -> bool:
    """Whether the lemma was proved, word for word, from no other premises than these."""
    return any(
        lemma.eq(known) and all(any(a.eq(b) for b in premises) for a in needed)
        for known, needed in proved
    )


def _near(title: str, claim: Claim, assertions: list[Term]) -> Query:
    """The query with the variables kept small."""
    return write_query(
        title, [*assertions, *claim.near], expected="sat", shown=list(claim.variables)
    )


def _counterexample(
    claim: Claim, negation: list[Term], log: QueryLog, title: str
) -> Counterexample | None:
    """A small counterexample if there is one, else any."""
    for query in (
        _near(title, claim, negation),
        write_query(title, negation, expected="sat", shown=list(claim.variables)),
    ):
        for answer in log.put(query).values():
            if answer.status == "sat" and answer.values:
                return Counterexample(claim.name, answer.values, replay(claim, answer.values))
    return None


def _said(replies: Mapping[str, Answer]) -> str:
    return ", ".join(
        f"{solver} says {answer.status}{f' ({answer.why})' if answer.why else ''}"
        for solver, answer in replies.items()
    )
