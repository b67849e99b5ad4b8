"""What a validation comes to: for people, for programs, and as an exit code."""

from dataclasses import dataclass, field
from typing import Any, Literal

from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.translation.layout import Layout
from stsm_ref.proofs.translation.modes import Looked
from stsm_ref.proofs.translation.run import Violation

Outcome = Literal["proved", "refuted", "undecided"]
EXIT_CODES: dict[Outcome, int] = {"proved": 0, "refuted": 1, "undecided": 3}
ASSUMPTIONS = (
    "the graph that torch.export recorded does to tensors what the Python code did that was "
    "watched at the same sizes",
    "the Python code decides by sizes, by what it was made with, and by nothing that the watch "
    "does not see; it was watched step by step",
    "the table of operator meanings, each tested against torch",
    "the input has fewer than 2**48 entries, so that places and counts fit into int64",
    "torch's own operators are those that torch ships, and the module stays as it is: its "
    "weights, buffers, attributes and hooks",
    "the input is a plain, dense, contiguous torch.Tensor of float32 on a CPU, every size at "
    "least 1; the default dtype is float32",
    "no autocast, no torch.func transform, no inference mode; kernels, compilers, threads and "
    "hardware are not looked at",
)
"""What every proof rests on."""
AS_EXPORTED = (
    "what torch.export records is decided about, and no claim is made about the module "
    "as Python runs it"
)


@dataclass
class Direction:
    """What came out for the forward or the backward map."""

    name: str
    outcome: Outcome = "undecided"
    graphs: int = 0
    cases: int = 0
    questions: int = 0
    moves_bits: bool = False
    moves_bits_of_values: bool = True
    """Whether that holds of the values too that come with a gradient."""
    modes: list[str] = field(default_factory=list)
    """In which it was recorded; where `training` is not read, one stands for both."""
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
                "way": violation.way,
            }
        return {
            "direction": self.name,
            "outcome": self.outcome,
            "graphs": self.graphs,
            "cases": self.cases,
            "questions": self.questions,
            "moves_bits": self.moves_bits,
            "recorded_in": self.modes,
            "why": self.why,
            "counterexample": counterexample,
        }


@dataclass
class Verdict:
    """What was decided about a target."""

    target: str
    spec: ShiftSpec
    layout: Layout
    directions: list[Direction] = field(default_factory=list)
    looked: Looked = field(default_factory=Looked)
    as_exported: bool = False

    @property
    def outcome(self) -> Outcome:
        """Refuted if either direction is, proved if both are."""
        outcomes = [direction.outcome for direction in self.directions]
        return (
            "refuted"
            if "refuted" in outcomes
            else "proved"
            if outcomes == ["proved"] * 2
            else "undecided"
        )

    @property
    def sizes_run(self) -> int:
        """At how many sizes the module itself was run."""
        return len(self.looked.sizes)

    @property
    def moves_bits(self) -> bool:
        """Whether bits are moved, and not numbers computed with."""
        return self.outcome == "proved" and all(
            direction.moves_bits for direction in self.directions
        )

    @property
    def modes(self) -> str:
        """What the proof says of training and eval mode."""
        recorded = {mode for direction in self.directions for mode in direction.modes}
        return (
            "recorded in both"
            if len(recorded) == 2
            else f"recorded in {', '.join(recorded)} mode; nothing reads the mode"
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the verdict rests on."""
        return ASSUMPTIONS if not self.as_exported else (AS_EXPORTED, *ASSUMPTIONS[2:])

    @property
    def exit_code(self) -> int:
        """0 proved, 1 refuted, 3 undecided."""
        return EXIT_CODES[self.outcome]

    @property
    def claim(self) -> str:
        """What is or is not the case, with its sizes."""
        fixed = [f"C={self.layout.channels}"] + (
            [f"T={self.layout.segments}"] if "NT" in self.layout.axes else []
        )
        subject = "as torch.export records it, equals" if self.as_exported else "equals"
        sizes = f"for {', '.join(fixed)} and all {', '.join(self.layout.free)} >= 1"
        limits = "on contiguous float32, in training and eval mode, with and without a gradient"
        numbers = ""
        if self.outcome == "proved":
            numbers = ", as bits" if self.moves_bits else ", over the real numbers"
        return f"{subject} STSM {self.spec} in layout {self.layout.name} {sizes}, {limits}{numbers}"

    @property
    def text(self) -> tuple[str, ...]:
        """Lines for people."""
        lines = [f"{self.outcome}: {self.target} {self.claim}"]
        for direction in self.directions:
            counted = (
                f"{direction.graphs} graphs, {direction.cases} cases, {direction.questions} "
                "questions to z3 and cvc5"
            )
            lines.append(f"  {direction.name}: {direction.outcome} ({counted})")
            if direction.outcome == "proved":
                lines.append(
                    (
                        "    every entry is moved as it is, NaN, infinities and -0.0 too, or is the "
                        "zero +0.0"
                    )
                    if direction.moves_bits
                    else "    equal in value for finite inputs: arithmetic on the way rounds "
                    "nothing, but NaN, infinities and "
                    "the sign of zero may not pass"
                )
            if direction.violation:
                lines.append(f"    {direction.violation}")
            lines += [f"    {reason}" for reason in direction.why]
        if self.outcome == "proved":
            lines.append(f"  training and eval mode: {self.modes}")
            lines.append(
                f"  the module itself, run {self.looked.runs} times at {self.sizes_run} sizes, in "
                "other modes, dtypes, layouts too, agrees"
            )
            lines += [f"    {way}: it refuses ({why})" for way, why in self.looked.refused.items()]
            lines += ["  assumed:", *(f"    {each}" for each in self.assumptions)]
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
            "runs": self.looked.runs,
            "refused": self.looked.refused,
            "moves_bits": self.moves_bits,
            "as_exported": self.as_exported,
            "modes": self.modes,
            "assumptions": list(self.assumptions),
        }
