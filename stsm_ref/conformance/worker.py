"""The child's side of `isolated_runner`: open a Python target, run the suite on it, and send what
is found to the parent.

`isolated_runner` starts it as ``python -m stsm_ref.conformance.worker CHANNEL``. The request is
one line of JSON on standard input: the options of the run, and a key. The answers are lines of
JSON on the pipe CHANNEL, the messages below. What the target prints goes where the parent throws
it away.

The target lives in this process, and can write to any descriptor of it. So each line begins with
a code over the line and its number, which takes the key of this run to make (`signed`): what the
target writes there, blindly or from what it read there, is noticed. A target that searches this
process for the key, or changes our functions in it, is not: the child process stops accidents,
and says so.
"""

import contextlib
import hashlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stsm_ref.errors import MissingExtraError

try:
    import msgspec
except ModuleNotFoundError:
    raise MissingExtraError(
        "running a target in a process of its own", "msgspec", "verify"
    ) from None

from stsm_ref.evidence.options import RunListener, RunOptions, RunStarted

if TYPE_CHECKING:
    from stsm_ref.evidence.report.report import RuleResult


class Opened(msgspec.Struct, tag=True):
    """The target is open."""

    run: RunStarted


class CaseBegun(msgspec.Struct, tag=True):
    """A case is about to be tried."""

    case: str
    number: int


class RuleEnded(msgspec.Struct, tag=True):
    """A rule is through."""

    result: dict[str, Any]


class Finished(msgspec.Struct, tag=True):
    """The run is through."""

    report: dict[str, Any]


class Refused(msgspec.Struct, tag=True):
    """The target, or an option, is refused: the name of the error and its text."""

    error: str
    why: str


class Crashed(msgspec.Struct, tag=True):
    """A bug of ours, with its traceback."""

    trace: str


Message = Opened | CaseBegun | RuleEnded | Finished | Refused | Crashed
Send = Callable[[Message], None]


def read(body: bytes) -> Message:
    """What a line says, without its code."""
    message: Message = msgspec.convert(json.loads(body), Message)
    return message


def main() -> None:
    """Answer one request."""
    channel = os.dup(
        int(sys.argv[1])
    )  # the copy is not inherited, so no child of the target keeps the pipe open
    os.close(int(sys.argv[1]))
    _die_with_the_parent()
    request = json.loads(_line_of_input())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a target that reads finds the end at once
    key, sent = bytes.fromhex(request.pop("key")), 0

    def send(message: Message) -> None:
        nonlocal sent
        # a file name may hold half a surrogate pair, which json escapes and msgspec's writer
        # refuses
        data = signed(json.dumps(msgspec.to_builtins(message)).encode(), key, sent) + b"\n"
        sent += 1
        while data:
            data = data[os.write(channel, data) :]

    from stsm_ref._loading import error_text, frames
    from stsm_ref.errors import StsmError

    try:
        send(Finished(_run(request, send)))
    except StsmError as error:
        send(Refused(type(error).__name__, str(error)))
    except (
        KeyboardInterrupt,
        OSError,
    ) as error:  # the target raised the one, or closed the pipe under us: no traceback of ours
        sys.stderr.write(f"{error_text(error)}{frames(error)}\n")
        sys.stderr.flush()
        os._exit(1)
    except Exception as error:
        if theirs := frames(error):  # the target's own code ran where nobody thought that it could
            send(Refused("TargetError", f"the target raised {error_text(error)}{theirs}"))
        else:
            send(Crashed("".join(traceback.format_exception(error))))


CODE_LENGTH = 32
"""Letters of the code that a line begins with."""


def signed(line: bytes, key: bytes, number: int) -> bytes:
    """The line with this number in the run that has this key, behind the code that proves it."""
    code = hashlib.blake2b(b"%d " % number + line, key=key, digest_size=CODE_LENGTH // 2)
    return code.hexdigest().encode() + line


def _line_of_input() -> bytes:
    """The first line of standard input, of which no buffer of Python keeps a copy."""
    line = bytearray()
    while not line.endswith(b"\n"):
        if not (chunk := os.read(0, 1 << 16)):
            break
        line += chunk
    return bytes(line)


class _Sender(RunListener):
    """Sends on what it is told."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def started(self, run: RunStarted) -> None:
        self._send(Opened(run))

    def case_begun(self, case: str, number: int) -> None:
        self._send(CaseBegun(case, number))

    def rule_ended(self, result: "RuleResult") -> None:
        self._send(RuleEnded(asdict(result)))


def _run(request: dict[str, Any], send: Send) -> dict[str, Any]:
    from stsm_ref.conformance.runner import run_target
    from stsm_ref.geometry import ShiftSpec

    options = RunOptions(**request | {"spec": ShiftSpec.parse(request["spec"])})
    return run_target(options, _Sender(send)).as_dict()


def _die_with_the_parent() -> None:
    """Where the system can (Linux), be killed when the parent ends, however it ends."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    main()
