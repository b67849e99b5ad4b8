"""Tell the author of a program what it gets right and wrong in the protocol, point by point.

Each point is a short exchange: plain ones first, then what a careless reader of lines, of JSON or
of shapes trips over. All messages are valid by the schemas. Values are not judged here: that is
what the suite is for.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.isolation.messages import shown
from stsm_ref.implementations.protocol.session import DEFAULT, ProtocolSession, Wrong
from stsm_ref.implementations.protocol.validator_points import POINTS

GROUND = 3
"""Points on which all others rest."""

MAX_DEATHS = 3
"""A program that ended or hung this often is not started again."""


@dataclass(frozen=True)
class Finding:
    """One point: what is asked of the program, whether it does it, and if not why, with the line
    that shows it.

    `fatal` where the program ended, hung or had to be ended.
    """

    point: str
    outcome: Literal["right", "wrong", "not tried"]
    why: str = ""
    line: str = ""
    fatal: bool = False


def run(
    command: str | Sequence[str],
    *,
    time_limit: float = 60,
    memory: int = 4 << 30,
    on_point: Callable[[int, int, str], None] | None = None,
) -> list[Finding]:
    """Try every point of `validator_points.POINTS` on a program.

    Parameters
    ----------
    command : str or sequence of str
        As for `ProcessTarget`.
    time_limit, memory
        Seconds for each answer, bytes for the program.
    on_point : callable, optional
        Called with (points tried, points in all, the point) before each.

    Raises
    ------
    TargetError
        If the program cannot be started at all.
    """
    session = ProtocolSession(
        shlex.split(command) if isinstance(command, str) else list(command), time_limit, memory
    )
    findings: list[Finding] = []
    deaths = 0
    session.child()  # a program that cannot be started has no points
    try:
        for number, (point, play) in enumerate(POINTS.items()):
            if on_point:
                on_point(number, len(POINTS), point)
            first_wrong = any(finding.outcome != "right" for finding in findings[:GROUND])
            if deaths >= MAX_DEATHS or first_wrong:
                why = (
                    "get what is wrong above right first"
                    if first_wrong
                    else "it ended or hung too often"
                )
                findings.append(Finding(point, "not tried", why))
                continue
            finding = _play(session, point, play)
            deaths += finding.fatal
            findings.append(finding)
    finally:
        session.forget()
    return findings


def _play(session: ProtocolSession, point: str, play: Callable[[ProtocolSession], None]) -> Finding:
    try:
        if session.hello and not session.runs:
            session.start()
        if session.hello:
            session.use(DEFAULT)
        play(session)
        session.expect_nothing()
    except Wrong as error:
        session.forget()  # who knows what else it would say
        return Finding(
            point, "wrong", str(error), shown(_abridged(error.line), 250) if error.line else ""
        )
    except TargetError as error:
        session.forget()
        return Finding(point, "wrong", str(error), fatal=True)
    return Finding(point, "right")


def _abridged(line: bytes) -> bytes:
    """The line without most of its hexadecimal digits."""
    return re.sub(rb"[0-9a-fA-F]{40,}", lambda digits: digits[0][:16] + b"...", line)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as plain data, format version 1."""
    right = all(finding.outcome == "right" for finding in findings)
    return {
        "format": "stsm-ref protocol",
        "version": 1,
        "right": right,
        "points": [asdict(finding) for finding in findings],
    }


def exit_code(findings: Sequence[Finding]) -> int:
    """0 if every point is right, 2 otherwise."""
    return 0 if findings and all(finding.outcome == "right" for finding in findings) else 2
