"""What a validation comes to: for people, for programs, and as an exit code."""

from dataclasses import dataclass, field
from typing import Any, Literal

from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.validate_layout import Layout
from stsm_ref.proofs.validate_run import Violation

Outcome = Literal["proved", "refuted", "undecided"]
EXIT_CODES: dict[Outcome, int] = {"proved": 0, "refuted": 1, "undecided": 3}
ASSUMPTIONS = (
    "torch.export records what the module does: the graph stands for the module under its guards",
    "the table of operator meanings, each tested against torch",
    "the input is dense, contiguous float32; device and memory layout are not looked at, nor are kernels, compilers and hardware",
    "the module keeps no state from one call to the next",
    "the input has fewer than 2**48 entries, so that places and counts fit into int64",
)
"""What every verdict rests on."""


@dataclass
class Direction:
    """What came out for the forward or the backward map."""

    name: str
    outcome: Outcome = "undecided"
    graphs: int = 0
    cases: int = 0
    questions: int = 0
    moves_bits: bool = False
    why: list[str] = field(default_factory=list)
    violation: Violation | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        violation = self.violation
        counterexample = None
        if violation:
            counterexample = {
                "sizes": violation.sizes,
                "what": violation.what,
                "index": list(violation.index),
                "position": violation.position,
                "got": violation.got,
                "should_be": violation.should_be,
            }
        return {
            "direction": self.name,
            "outcome": self.outcome,
            "graphs": self.graphs,
            "cases": self.cases,
            "questions": self.questions,
            "moves_bits": self.moves_bits,
            "why": self.why,
            "counterexample": counterexample,
        }


@dataclass
class Verdict:
    """What was decided about a target."""

    target: str
    spec: ShiftSpec
    layout: Layout
    directions: tuple[Direction, ...]
    sizes_run: int

    @property
    def outcome(self) -> Outcome:
        """Refuted if either direction is, proved if both are."""
        outcomes = {direction.outcome for direction in self.directions}
        return "refuted" if "refuted" in outcomes else "proved" if outcomes == {"proved"} else "undecided"

    @property
    def exit_code(self) -> int:
        """0 proved, 1 refuted, 3 undecided."""
        return EXIT_CODES[self.outcome]

    @property
    def claim(self) -> str:
        """What is or is not the case, with its sizes."""
        fixed = [f"C={self.layout.channels}"] + ([f"T={self.layout.segments}"] if "NT" in self.layout.axes else [])
        return f"equals STSM {self.spec} in layout {self.layout.name} for {', '.join(fixed)} and all {', '.join(self.layout.free)} >= 1"

    @property
    def text(self) -> tuple[str, ...]:
        """Lines for people."""
        lines = [f"{self.outcome}: {self.target} {self.claim}"]
        for direction in self.directions:
            counted = f"{direction.graphs} graphs, {direction.cases} cases, {direction.questions} questions to z3 and cvc5"
            lines.append(f"  {direction.name}: {direction.outcome} ({counted})")
            if direction.outcome == "proved":
                lines.append(
                    "    every entry is moved as it is, NaN, infinities and -0.0 too, or is the zero +0.0"
                    if direction.moves_bits
                    else "    equal in value for finite inputs: arithmetic on the way rounds nothing, but NaN, infinities and "
                    "the sign of zero may not pass"
                )
            if direction.violation:
                lines.append(f"    {direction.violation}")
            lines += [f"    {reason}" for reason in direction.why]
        if self.outcome == "proved":
            lines.append(f"  the module itself, run without export at {self.sizes_run} sizes of 1 to 3, forward and backward, agrees")
            lines += ["  assumed:", *(f"    {each}" for each in ASSUMPTIONS)]
        return tuple(lines)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "format": "stsm-ref prove",
            "version": 1,
            "rung": "L5",
            "target": self.target,
            "spec": str(self.spec),
            "layout": self.layout.name,
            "channels": self.layout.channels,
            "segments": self.layout.segments if "NT" in self.layout.axes else None,
            "claim": self.claim,
            "outcome": self.outcome,
            "directions": [direction.as_dict() for direction in self.directions],
            "sizes_run": self.sizes_run,
            "assumptions": list(ASSUMPTIONS),
        }
