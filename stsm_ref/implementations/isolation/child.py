"""One child process, asked in lines and never trusted: every wait, buffer and byte of memory has
a limit, and every way out ends all of it.

One thread does everything: a selector moves bytes both ways, so that neither side can block the
other.
"""

import atexit
import contextlib
import os
import selectors
import signal
import subprocess
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import IO, NoReturn

from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.isolation import tree
from stsm_ref.implementations.isolation.messages import MIB, how_it_ended, shown, size, why_not

MAX_NOISE = 8 * MIB
"""Bytes that may come on a stream that is not asked for, between two answers."""

TAIL_LINES, TAIL_BYTES = 20, 4000
TICK = 0.25
"""Seconds between two looks at the process and its memory."""

ENDING, REAPING, LEAVING = 60.0, 30.0, 10.0
"""Seconds of patience, which only a hang uses up, however busy the machine is: until a process
that was told to stop has ended, until one whose pipes are closed has, and until whatever it
started has.
"""

OUT_OF_MEMORY = (
    "memoryerror",
    "bad_alloc",
    "out of memory",
    "cannot allocate memory",
    "allocation failed",
    "failed to allocate",
)
_alive: "weakref.WeakSet[Child]" = weakref.WeakSet()


class Child:
    """A process in a session of its own, whose answers are lines on its standard output, or on a
    pipe that is passed to it.

    `memory` limits the writable memory of each process by the operating system (Linux), and what
    the tree holds by looking (everywhere); 0 sets no limit. `total` limits the seconds from the
    start to the end. Raises `TargetError` if it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        memory: int,
        total: float,
        what: str = "the program",
        environment: Mapping[str, str] | None = None,
        own_channel: bool = False,
    ) -> None:
        if os.name != "posix":
            raise TargetError(
                "a target in a process of its own needs Linux or macOS; in Windows, use its "
                "subsystem for Linux, or check() in Python"
            )
        self.what, self.memory, self.total = what, memory, total
        self._mark = tree.new_mark()
        self._selector = selectors.DefaultSelector()
        self._lines, self._pending, self._stderr = bytearray(), memoryview(b""), bytearray()
        self._scanned = self._noise = 0
        self._eof = self._ended = False
        self._reason = "was closed"
        self._looked = self._started = time.monotonic()
        channel = os.pipe() if own_channel else None
        try:
            self._process = subprocess.Popen(
                [
                    part if channel is None else part.replace("{channel}", str(channel[1]))
                    for part in command
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                pass_fds=() if channel is None else channel[1:],
                env={**os.environ, **(environment or {}), tree.MARK: self._mark},
            )
        except (OSError, ValueError) as error:
            for end in channel or ():
                os.close(end)
            raise TargetError(f"{what} cannot be started: {why_not(command, error)}") from None
        _alive.add(self)
        if memory:
            _limit_memory(self._process.pid, memory)
        assert self._process.stdout is not None
        self._answers = os.fdopen(channel[0], "rb", 0) if channel else self._process.stdout
        if channel:
            os.close(channel[1])
        for stream in {self._answers, self._process.stdout, self._process.stderr}:
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)

    @property
    def pid(self) -> int:
        """Its process id, which is also its session's."""
        return self._process.pid

    @property
    def tail(self) -> str:
        """The last lines of its standard error, with nothing in them that a terminal would obey."""
        text = bytes(self._stderr[-TAIL_BYTES:]).decode(errors="replace")
        lines = text.rstrip().splitlines()[-TAIL_LINES:]
        return "\n".join(
            "".join(sign if sign.isprintable() or sign == "\t" else "?" for sign in line)
            for line in lines
        )

    def ask(self, line: bytes, *, seconds: float, most: int) -> bytes:
        """Send one line and return the line that answers it, which comes within `seconds` and has
        at most `most` bytes.

        Raises
        ------
        TargetError
            If it does not; the process and all that it started have ended then.
        """
        if self._ended:
            raise TargetError(f"{self.what} runs no more: it {self._reason}")
        self.expect_nothing()
        self._send(line)
        return self.receive(seconds=seconds, most=most)

    def expect_nothing(self, seconds: float = 0) -> None:
        """Listen for that long; a line that nobody asked for is an error."""
        ends = time.monotonic() + seconds
        while (
            self._pump(max(0.0, ends - time.monotonic()))
            and time.monotonic() < ends
            and not self._lines
        ):
            pass
        if self._lines:
            self.fail(f"wrote a line that nobody asked for: {shown(bytes(self._lines))}")

    def receive(self, *, seconds: float, most: int) -> bytes:
        """The next line, without its end; see `ask`."""
        ends = time.monotonic() + seconds
        self._noise = 0
        while True:
            at = self._lines.find(b"\n", self._scanned)
            if at >= 0:
                line = bytes(self._lines[:at])
                del self._lines[: at + 1]
                self._scanned = 0
                return line
            self._scanned = len(self._lines)
            if self._scanned > most:
                self.fail(
                    f"wrote a line of more than {size(most)} where none so long can be right: "
                    f"{shown(bytes(self._lines[:200]))}"
                )
            now = time.monotonic()
            if now >= ends:
                begun = (
                    f"; it had begun a line without ending it: {shown(bytes(self._lines))}"
                    if self._lines
                    else ""
                )
                self.fail(f"gave no answer within {seconds:g} s{begun}")
            self._watch(now)
            self._pump(max(0.0, min(TICK, ends - now)))

    def end(self, line: bytes | None = None, *, seconds: float | None = None) -> None:
        """Send a last line, let it end by itself with status 0, and see that it left nothing
        behind; asked twice, nothing happens.

        It has `seconds` for that, `ENDING` where none are named.

        Raises
        ------
        TargetError
            If it had to be killed, ended badly, or left processes behind; they have ended then.
        """
        if self._ended:
            return
        try:
            self._end(line, ENDING if seconds is None else seconds)
        finally:  # interrupted, too
            self.kill()

    def _end(self, line: bytes | None, seconds: float) -> None:
        if line:
            self._send(line)
        ends = time.monotonic() + seconds
        while self._process.poll() is None or not self._eof:
            del self._lines[:]
            if time.monotonic() > ends:
                if self._process.poll() is None:
                    self.fail(f"was told to stop and had not ended {seconds:g} s later")
                break  # somebody else holds its pipes: see below
            self._noise = self._scanned = 0
            if not self._pending and self._process.stdin and not self._process.stdin.closed:
                self._process.stdin.close()
            self._pump(0.01 if self._eof else 0.05)
        if self._process.returncode:
            self.fail(how_it_ended(self._process.returncode))
        if left := tree.others(self.pid, self._mark, seconds=LEAVING):
            self.fail(
                f"left {len(left)} process{'es' * (len(left) > 1)} behind: {', '.join(left[:5])}"
            )

    def kill(self) -> None:
        """End the whole tree at once and say nothing; asked twice, nothing happens."""
        if self._ended:
            return
        self._ended = True
        _alive.discard(self)
        try:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            tree.kill(self.pid, self._mark)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=REAPING)
        finally:
            self._selector.close()
            for stream in (
                self._answers,
                self._process.stdin,
                self._process.stdout,
                self._process.stderr,
            ):
                if stream:
                    stream.close()

    def fail(self, reason: str) -> NoReturn:
        """End everything and raise `failure`."""
        raise self.failure(reason)

    def failure(self, reason: str) -> TargetError:
        """End everything; the error has the reason and the last lines of standard error."""
        for _ in range(4):  # what is still in the pipe may say why
            if self._ended or not self._pump(0.02):
                break
        self.kill()
        tail = self.tail
        if self.memory and any(words in tail.lower() for words in OUT_OF_MEMORY):
            hint = (
                "; sanitisers reserve more than any limit allows, so run them with --memory 0"
                if "Sanitizer" in tail
                else ""
            )
            reason += f" (it may have {size(self.memory)} of memory{hint})"
        self._reason = reason
        return TargetError(
            f"{self.what} {reason}" + (f"; the end of its standard error:\n{tail}" if tail else "")
        )

    def _send(self, line: bytes) -> None:
        """Queue a line; whatever is not taken at once goes out while an answer is awaited."""
        stdin = self._process.stdin
        if stdin and not stdin.closed:
            if not self._pending:
                self._selector.register(stdin, selectors.EVENT_WRITE)
            self._pending = memoryview(bytes(self._pending) + line + b"\n")

    def _pump(self, seconds: float) -> int:
        """Move what can be moved within `seconds`; return how many bytes came in."""
        came = 0
        for key, _ in self._selector.select(seconds):
            came += self._write() if key.fileobj is self._process.stdin else self._read(key.fileobj)  # type: ignore[arg-type]  # streams only
        return came

    def _write(self) -> int:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            self._pending = self._pending[os.write(stdin.fileno(), self._pending[:MIB]) :]
        except BlockingIOError:
            return 0
        except OSError:  # it reads no more: the other side tells whether it ends or answers
            self._pending = memoryview(b"")
        if not self._pending:
            self._selector.unregister(stdin)
        return 0

    def _read(self, stream: IO[bytes]) -> int:
        try:
            chunk = os.read(stream.fileno(), MIB)
        except BlockingIOError:
            return 0
        if not chunk:
            self._selector.unregister(stream)
            self._eof = self._eof or stream is self._answers
            return 0
        if stream is self._answers:
            self._lines += chunk
            return len(chunk)
        self._noise += len(chunk)
        if stream is self._process.stderr:
            self._stderr += chunk
            del self._stderr[:-TAIL_BYTES]
        return len(chunk)

    def _watch(self, now: float) -> None:
        """Fail if it ended, closed its output, or takes too much of anything."""
        if self._noise > MAX_NOISE:
            self.fail(
                f"flooded its standard error or output with more than {size(MAX_NOISE)} before "
                "it answered"
            )
        if self._eof or self._process.poll() is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=REAPING)
            if self._process.returncode is None:
                self.fail("closed the stream of its answers and goes on running")
            if self._eof or not self._pump(0.05):
                middle = (
                    f", in the middle of a line: {shown(bytes(self._lines))}"
                    if self._lines
                    else ", without an answer"
                )
                self.fail(how_it_ended(self._process.returncode) + middle)
        if now - self._started > self.total:
            self.fail(f"took longer than {self.total:g} s in all")
        if self.memory and now - self._looked > TICK:
            self._looked = now
            if (used := tree.memory(self.pid)) > self.memory:
                self.fail(f"used {size(used)} of memory, and may have {size(self.memory)}")


def _limit_memory(pid: int, limit: int) -> None:
    """Limit the writable private memory of the process and its children, where the system can:
    reserved address space does not count.
    """
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))


@atexit.register
def _kill_all() -> None:
    """Leave nothing behind when the interpreter ends."""
    for child in list(_alive):
        child.kill()
