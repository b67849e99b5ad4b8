"""How messages speak of processes: their lines, their sizes, their ends."""

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from stsm_ref._files import MIB
from stsm_ref._files import size_in_words as size
from stsm_ref.errors import quoted

__all__ = ["MIB", "how_it_ended", "shown", "size", "why_not"]


def shown(line: bytes, most: int = 120) -> str:
    """A line of a program as it may stand in a message: cut, and with nothing in it that a
    terminal would obey.
    """
    text = ascii(line[:most].decode(errors="replace"))
    return text + " ..." if len(line) > most else text


def why_not(command: Sequence[str], error: Exception) -> str:
    """Why a command cannot be started."""
    program = command[0] if command else ""
    if isinstance(error, FileNotFoundError) and not shutil.which(program):
        hint = (
            f"; did you mean ./{program}?" if "/" not in program and Path(program).exists() else ""
        )
        return f"there is no program {quoted(program)}{hint}"
    if isinstance(error, PermissionError):
        return f"{quoted(program)} may not be executed: is it a program, and is its x bit set?"
    return f"{quoted(program)}: {getattr(error, 'strerror', None) or error}"


def how_it_ended(status: int) -> str:
    """What an exit status says."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
