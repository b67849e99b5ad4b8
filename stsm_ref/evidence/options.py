"""What a run of the suite is asked, and who is told how it goes: one object each, from the
command line down to the rules.
"""

from dataclasses import dataclass

from stsm_ref._files import GIB
from stsm_ref.evidence.report.report import RuleResult
from stsm_ref.evidence.suite_context import Level
from stsm_ref.geometry import ShiftSpec


@dataclass(frozen=True)
class RunOptions:
    """The options of one run; whoever needs one reads it here, and nobody passes them on one by
    one.

    Parameters
    ----------
    spec : ShiftSpec
        What the target must do; the spec of `only` where that is given.
    level : {"smoke", "ci", "night"}
        How many cases.
    seed : int
        Chooses the drawn cases: the same seed, the same cases.
    only : str, optional
        ``RULE/CASE``, or a case alone: nothing but this is run.
    first : bool
        End at the first violation.
    shrink : bool
        Look for the smallest failing case; without, the first one is reported.
    keep_memory_format : bool
        Make a lost memory format a violation (MEM-1); otherwise it is a warning.
    target : str
        How the command line names the target, which opens it and stands in the lines that
        reproduce a failure.
    layout, framework : str, optional
        In place of what the target says of itself.
    segments : int
        Frames of a clip for a target in the layout ``(NT)CHW`` that cannot be told them.
    time_limit : float, optional
        Seconds for an answer of a program, or from one case of a Python target to the next; by
        default, more at higher levels.
    memory : int
        Bytes that the process of the target and all that it starts may hold; 0 for no limit.
    """

    spec: ShiftSpec = ShiftSpec()
    level: Level = "ci"
    seed: int = 0
    only: str | None = None
    first: bool = False
    shrink: bool = True
    keep_memory_format: bool = False
    target: str = ""
    layout: str | None = None
    framework: str | None = None
    segments: int = 8
    time_limit: float | None = None
    memory: int = 4 * GIB


@dataclass(frozen=True)
class RunStarted:
    """The target is open: what it says of itself, how many cases are planned, and where the
    verdict will come from.
    """

    name: str
    kind: str
    layout: str
    declared: int
    environment: dict[str, str]
    hashes: dict[str, str]


class RunListener:
    """Told how a run goes; each method does nothing until a subclass says otherwise."""

    def started(self, run: RunStarted) -> None:
        """The target is open and no case has begun."""

    def case_begun(self, case: str, number: int) -> None:
        """``RULE/CASE`` is about to be tried, the `number`-th of those planned; a smaller failing
        case keeps the number of the last.
        """

    def rule_ended(self, result: RuleResult) -> None:
        """A rule is through."""


SILENT = RunListener()
