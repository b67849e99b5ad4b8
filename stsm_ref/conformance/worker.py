"""The child's side of `sandbox`: open a Python target, run the suite on it, and send what is found
to the parent.

Started as ``python -m stsm_ref.conformance.worker CHANNEL`` by `sandbox`, never by hand. The
request is one line of JSON on standard input. The answers are lines of JSON on the pipe CHANNEL:
``opened``, ``case`` before each case, ``result`` after each rule, and at last ``report``,
``refused`` or ``bug``. What the target prints goes where the parent throws it away.

The target lives in this process, and can write to any descriptor of it. So each line begins with a
code that only who was given the key of this run can make (`signed`), over the line and its number:
what the target writes there, blindly or from what it read there, is found out. Whoever searches
this process for the key, or changes our functions in it, is not: the sandbox stops accidents, and
says so.
"""

import contextlib
import hashlib
import json
import os
import signal
import sys
import traceback
from dataclasses import asdict
from typing import Any


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

    def send(**message: Any) -> None:
        nonlocal sent
        data = signed(json.dumps(message).encode(), key, sent) + b"\n"
        sent += 1
        while data:
            data = data[os.write(channel, data) :]

    from stsm_ref.errors import StsmError

    try:
        send(report=_run(request, send))
    except StsmError as error:
        send(refused=type(error).__name__, why=str(error))
    except (
        KeyboardInterrupt,
        OSError,
    ) as error:  # the target raised the one, or closed the pipe under us: no traceback of ours
        from stsm_ref._loading import frames, told

        sys.stderr.write(f"{told(error)}{frames(error)}\n")
        sys.stderr.flush()
        os._exit(1)
    except Exception as error:
        from stsm_ref._loading import frames, told

        if theirs := frames(error):  # the target's own code ran where nobody thought that it could
            send(refused="TargetError", why=f"the target raised {told(error)}{theirs}")
        else:
            send(bug="".join(traceback.format_exception(error)))


CODE = 32
"""Letters of the code that a line begins with."""


def signed(line: bytes, key: bytes, number: int) -> bytes:
    """The line with number `number` of the run whose key this is, behind the code that proves
    it.
    """
    return (
        hashlib.blake2b(b"%d " % number + line, key=key, digest_size=CODE // 2).hexdigest().encode()
        + line
    )


def _line_of_input() -> bytes:
    """The first line of standard input, of which no buffer of Python keeps a copy."""
    line = bytearray()
    while not line.endswith(b"\n"):
        if not (chunk := os.read(0, 1 << 16)):
            break
        line += chunk
    return bytes(line)


def _run(request: dict[str, Any], send: Any) -> dict[str, Any]:
    from stsm_ref.conformance.runner import run_target
    from stsm_ref.evidence.provenance import environment, hashes
    from stsm_ref.geometry import ShiftSpec

    def opened(target: Any, declared: int) -> None:
        about = {
            "name": target.name,
            "kind": target.kind,
            "layout": target.layout,
            "declared": declared,
        }
        send(opened=about | {"environment": environment(target.kind), "hashes": hashes()})

    request["spec"] = ShiftSpec.parse(request["spec"])
    report = run_target(
        **request,
        on_open=opened,
        on_progress=lambda begun, declared, case: send(case=case, begun=begun),
        on_result=lambda result: send(result=asdict(result)),
    )
    return report.as_dict()


def _die_with_the_parent() -> None:
    """Where the system can (Linux), be killed when the parent ends, however it ends."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    main()
