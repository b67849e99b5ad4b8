"""A solver in a process of its own, beside this one, so that two solvers work at once; lines of
JSON go in and come out.

``python -m stsm_ref.proofs.smt.cvc5_process cvc5`` is that process. It ends when its input does, so
it cannot outlive the one that started it by more than a query.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable


class Beside:
    """One solver in a process that is started when it is first asked, and again if it is lost."""

    def __init__(self, solver: str) -> None:
        self.solver = solver
        self.process: subprocess.Popen[str] | None = None
        self._owner = 0
        self._asked = 0
        self._lock = threading.Lock()

    def during(self, text: str, timeout: float, meanwhile: Callable[[], None]) -> str | None:
        """Have a text answered while `meanwhile` runs here; None if the process has no answer,
        so that it must be sought here.
        """
        with self._lock:
            try:
                number = self._send(text, timeout)
                meanwhile()
                return self._receive(number) if number else None
            except BaseException:  # an answer that nobody took must not be taken for the next one
                self.stop()
                raise

    def stop(self) -> None:
        """End the process, if it is ours."""
        if self.process is not None and self._owner == os.getpid():
            self.process.kill()
            self.process.communicate()
        self.process = None

    def _start(self) -> subprocess.Popen[str]:
        if self.process is None or self._owner != os.getpid() or self.process.poll() is not None:
            self.stop()
            command = [
                sys.executable,
                "-P",
                "-m",
                __name__ if __name__ != "__main__" else "stsm_ref.proofs.smt.cvc5_process",
                self.solver,
            ]
            paths = os.pathsep.join(path for path in sys.path if path)
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONPATH": paths},
            )
            self._owner = os.getpid()
        return self.process

    def _send(self, text: str, timeout: float) -> int:
        """Write a query; its number, or 0 if there is no process to take it."""
        try:
            pipe = self._start().stdin
            self._asked += 1
            assert pipe is not None
            pipe.write(json.dumps({"number": self._asked, "text": text, "timeout": timeout}) + "\n")
            pipe.flush()
        except OSError:
            self.stop()
            return 0
        return self._asked

    def _receive(self, number: int) -> str | None:
        """Read the answer to the query of that number."""
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        reply = json.loads(line) if line.endswith("\n") else {}
        if reply.get("number") != number:
            self.stop()
            return None
        return str(reply["said"])


def serve(solver: str) -> None:
    """Answer one query a line until there are no more."""
    from stsm_ref.proofs.smt.solvers import listen

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this decides when it ends
    for line in sys.stdin:
        asked = json.loads(line)
        reply = {"number": asked["number"], "said": listen(solver, asked["text"], asked["timeout"])}
        print(json.dumps(reply), flush=True)  # noqa: T201 # the protocol


CVC5 = Beside("cvc5")
atexit.register(CVC5.stop)

if __name__ == "__main__":
    serve(sys.argv[1])
