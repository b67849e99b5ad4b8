"""How a requirement stands: not asked is not asked, and nothing passes because of a rule that
looked elsewhere.

A rule names the requirements that it speaks for. Whether it speaks for one of them on a target is
seen as it runs: the operation that the requirement is about was answered, and the case had what the
requirement is about, such as a channel that moves in time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, get_args

from stsm_ref.evidence.cases import Case
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Op, Target

if TYPE_CHECKING:
    from stsm_ref.evidence.check import Check
    from stsm_ref.evidence.suite_context import SuiteContext

OPS: tuple[Op, ...] = get_args(Op)
State = Literal[
    "passed", "warned", "violated", "broken", "undecided", "not asked", "does not apply"
]
"""`warned`: it does not hold, and it was not demanded. `does not apply`: there is nothing that it
could be about.
"""

WORST_FIRST: tuple[State, ...] = (
    "violated",
    "broken",
    "undecided",
    "warned",
    "passed",
    "not asked",
    "does not apply",
)

FORWARD: tuple[Op, ...] = ("forward",)
OPERATIONS: dict[str, tuple[Op, ...]] = {
    "GRAD-1": ("vjp",),
    "GRAD-2": ("jvp",),
    "GRAD-3": ("vjp",),
    "GRAD-4": ("vjp",),
    "PURE-1": ("forward", "jvp"),
    "PURE-2": ("vjp",),
    "PURE-3": ("forward", "jvp"),
    "NUM-2": ("forward", "vjp"),
    "BATCH-1": ("forward", "vjp"),
}
"""The operations that a requirement is about, where that is not the forward alone."""


MOVING = ("SHIFT-2", "SHIFT-3", "SHIFT-4", "SHIFT-6", "GEO-1", "GEO-5")
"""They are about channels of a group, and say nothing where it is empty."""


def operations(identifier: str) -> tuple[Op, ...]:
    """The operations that a requirement is about.

    >>> operations("GRAD-1"), operations("SHIFT-2"), operations("NUM-2")
    (('vjp',), ('forward',), ('forward', 'vjp'))
    """
    return OPERATIONS.get(identifier, FORWARD)


@dataclass(frozen=True)
class Unasked:
    """Why one operation was not asked about a requirement, or what the requirement is about is not
    there.
    """

    requirement: str
    operation: str
    state: State
    why: str


class OperationStanding(NamedTuple):
    """How a requirement stands in one operation: the strongest rung that passed ("none" if none
    did), and why it was not asked.
    """

    outcome: State
    rung: str
    why: str = ""


class Standing(NamedTuple):
    """How a requirement stands: the worst of its operations that were asked, the strongest rung
    that passed, and each operation.
    """

    outcome: State
    rung: str
    operations: dict[str, OperationStanding]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a program."""
        return {
            "outcome": self.outcome,
            "rung": self.rung,
            "operations": {op: one._asdict() for op, one in self.operations.items()},
        }


def standing(by_operation: dict[str, OperationStanding]) -> Standing:
    """Sum up the operations of a requirement."""
    outcomes = {one.outcome for one in by_operation.values()}
    outcome = next(state for state in WORST_FIRST if state in outcomes)
    return Standing(
        outcome,
        max((one.rung for one in by_operation.values() if one.rung != "none"), default="none"),
        by_operation,
    )


def as_case(case: Any) -> Case:
    """A case of a run, or a golden vector seen as one."""
    return (
        case if isinstance(case, Case) else Case(case.kind, case.shift_spec, case.shape, case.dtype)
    )


def speaks_for(identifier: str, case: Case, target: Target) -> bool:
    """Whether an answer to this case can say something of the requirement."""
    if identifier == "COST-1":
        return getattr(target, "module", None) is not None
    if identifier == "NUM-1":
        return target.moves_bits and case.values == "bits"
    if identifier == "BATCH-1":
        return case.shape[0] > 1
    return _has_channels(identifier, case.spec, case.shape[2])


@lru_cache(maxsize=4096)
def _has_channels(identifier: str, spec: ShiftSpec, channels: int) -> bool:
    if identifier not in MOVING:
        return True
    moves = [group.displacement for group in spec.partition(channels) if group.start < group.stop]
    if identifier == "SHIFT-2":
        return any(move.dt for move in moves)
    if identifier == "SHIFT-3":
        return any(move.dh or move.dw for move in moves)
    if identifier == "SHIFT-4":
        return not all(any(move) for move in moves)
    return any(any(move) for move in moves)


def note_asked(asked: dict[str, set[Op]], named: Iterable[str], case: Any, target: Target) -> None:
    """Add the requirements about which this case, which was right, said something, each with the
    operations that the target answered.

    Parameters
    ----------
    asked : dict
        What is added to: operations by requirement.
    named : iterable of str
        The requirements that the check speaks for.
    case : Case or VectorCase
        The case.
    target : Target
        What answered it.
    """
    plain = as_case(case)
    for op in target.answered:
        for identifier in named:
            known = asked.setdefault(identifier, set())
            if (
                op not in known
                and op in operations(identifier)
                and speaks_for(identifier, plain, target)
            ):
                known.add(op)


class _Asked(Protocol):
    """What is needed here of the result of a rule."""

    @property
    def asked(self) -> dict[str, tuple[str, ...]]: ...


def unasked(
    context: "SuiteContext", rules: Iterable["Check"], results: Iterable[_Asked]
) -> Iterator[Unasked]:
    """Say of each requirement that a rule names, in which operations nothing was asked about it,
    and why.

    Parameters
    ----------
    context : SuiteContext
        The target and its spec.
    rules : iterable of Check
        All that could have been asked.
    results : iterable of RuleResult
        What came of those that were.
    """
    asked = {
        (identifier, op)
        for result in results
        for identifier, ops in result.asked.items()
        for op in ops
    }
    skipped: dict[str, list[str]] = {}
    for rule in rules:
        why = rule.skip_reason(context)
        for identifier in rule.requirements:
            skipped.setdefault(identifier, []).extend([why] if why else [])
    for identifier, reasons in skipped.items():
        for op in operations(identifier):
            if (identifier, op) not in asked:
                absent = _absent(identifier, context, reasons)
                why = (
                    context.missing(op)
                    or _unseen(identifier, context)
                    or next(iter(reasons), "no case of this run was about it")
                )
                yield Unasked(
                    identifier, op, "does not apply" if absent else "not asked", absent or why
                )


def _absent(identifier: str, context: "SuiteContext", skipped: list[str]) -> str:
    """Why there is nothing that the requirement could be about, or nothing."""
    spec, fixed = context.spec, context.target.fixed
    if identifier in ("TSM-1", "MEM-1") and skipped:
        return skipped[0]
    if identifier == "BATCH-1" and fixed.get("N", 2) < 2:
        return "its layout or its sizes hold one clip only"
    if identifier == "SHIFT-2" and "T" not in spec.terms:
        return f"the spec moves nothing in time: its terms are {spec.terms}"
    if identifier == "SHIFT-3" and not set("HW") & set(spec.terms):
        return f"the spec moves nothing in height or width: its terms are {spec.terms}"
    if (
        identifier in MOVING
        and (not spec.alpha or spec.alpha == 1 or "C" in fixed)
        and not _has_channels(identifier, spec, context.min_full_channels)
    ):
        return (
            "every channel moves: there is no X_N"
            if identifier == "SHIFT-4"
            else f"no channel of {context.min_full_channels} moves so"
        )
    return ""


def _unseen(identifier: str, context: "SuiteContext") -> str:
    if identifier == "COST-1":
        return "parameters can be counted where the target is a torch module, and nowhere else"
    if identifier == "NUM-1" and not context.target.moves_bits:
        return "the target says that it computes, on finite values only (values: finite)"
    return ""
