"""All that a process started: found by parent, by session and by a mark in the environment,
measured, and ended.

A process that leaves its parent, starts a session of its own *and* clears its environment is not
found: nothing short of a container is.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator

from stsm_ref.errors import MissingExtraError

try:
    import psutil
except ModuleNotFoundError:
    raise MissingExtraError(
        "running a target in a process of its own", "psutil", "verify"
    ) from None

MARK = "STSM_REF_TARGET"
"""The environment variable that every process below a target inherits; its value is new for each
target.
"""

GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


def new_mark() -> str:
    """A value of `MARK` that no other process carries."""
    return secrets.token_hex(16)


def members(root: int | None, mark: str) -> list[psutil.Process]:
    """The living processes of the tree: `root` itself, its session, its descendants, and whoever
    carries the mark.

    Without a root, the last of these only.
    """
    found: dict[int, psutil.Process] = {}
    with contextlib.suppress(*GONE):
        found |= (
            {process.pid: process for process in psutil.Process(root).children(recursive=True)}
            if root
            else {}
        )
    for process in psutil.process_iter():
        if (
            process.pid != os.getpid()
            and process.pid not in found
            and _belongs(process, root, mark)
        ):
            found[process.pid] = process
    return [process for process in found.values() if _lives(process)]


def _belongs(process: psutil.Process, root: int | None, mark: str) -> bool:
    with contextlib.suppress(OSError):
        if process.pid == root or os.getsid(process.pid) == root:
            return True
    with contextlib.suppress(OSError, *GONE):
        return process.environ().get(MARK) == mark
    return False


def _lives(process: psutil.Process) -> bool:
    """Whether it runs; a zombie has ended, and waits only for whoever inherited it to look."""
    try:
        return process.is_running() and process.status() not in (
            psutil.STATUS_ZOMBIE,
            psutil.STATUS_DEAD,
        )
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def memory(root: int) -> int:
    """Bytes of main memory that `root` and its descendants hold."""
    total = 0
    with contextlib.suppress(*GONE):
        process = psutil.Process(root)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(*GONE):
                total += member.memory_info().rss
    return total


def others(root: int, mark: str, *, seconds: float) -> list[str]:
    """The members besides `root` that are still there after `seconds`, each as ``name (pid)``."""
    left: list[psutil.Process] = []
    for _ in _until(seconds):
        left = [process for process in members(root, mark) if process.pid != root]
        if not left:
            break
    return sorted(_named(process) for process in left)


def kill(root: int | None, mark: str, *, seconds: float = 60) -> None:
    """End every member with SIGKILL, again and again until none is left: one that is just
    starting another does not escape.
    """
    for _ in _until(seconds):
        left = members(root, mark)
        if not left:
            return
        for process in left:
            with contextlib.suppress(*GONE):
                process.kill()


def _named(process: psutil.Process) -> str:
    with contextlib.suppress(*GONE):
        return f"{process.name()} ({process.pid})"
    return str(process.pid)


def _until(seconds: float) -> Iterator[None]:
    """Turns of a loop, with pauses that grow, for that long."""
    ends, pause = time.monotonic() + seconds, 0.002
    while True:
        yield
        if time.monotonic() >= ends:
            return
        time.sleep(pause)
        pause = min(2 * pause, 0.1)
