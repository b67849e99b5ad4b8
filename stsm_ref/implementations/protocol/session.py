"""A session with a program that goes on after a wrong answer, for the validator."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import Op
from stsm_ref.implementations.isolation.child import Child
from stsm_ref.implementations.layouts import own_shape
from stsm_ref.implementations.protocol import messages
from stsm_ref.implementations.protocol.schema import complaint

SLACK = 1 << 16
DEFAULT = ShiftSpec()
ALL_TERMS = ShiftSpec("T+H+W+TH+TW+HW+THW", 1, "backward-first")
SMALL, WIDE, ONE = (2, 3, 16, 2, 5), (1, 4, 16, 32, 16), (1, 1, 1, 1, 1)
Read = TypeVar("Read")


class Wrong(Exception):
    """The program gets a point wrong, and can go on."""

    def __init__(self, why: str, line: bytes = b"") -> None:
        super().__init__(why)
        self.line = line


class ProtocolSession:
    """A session with the program, which is started anew when it has ended."""

    def __init__(self, command: Sequence[str], time_limit: float, memory: int) -> None:
        self._command, self._time_limit, self._memory = command, time_limit, memory
        self._child: Child | None = None
        self._seq = 0
        self.hello: messages.Hello | None = None
        self.last = b""

    @property
    def runs(self) -> bool:
        """Whether the program that was started last is still asked."""
        return self._child is not None

    def child(self) -> Child:
        """The program, started if need be."""
        if self._child is None:
            self._child = Child(self._command, memory=self._memory, total=600, what="the program")
        return self._child

    def start(self) -> messages.Hello:
        """Ask who it is."""
        line = self.ask(messages.start())
        self.hello = self._read("start-answer", line, lambda: messages.read_hello(line))
        return self.hello

    def use(self, spec: ShiftSpec, line: bytes | None = None) -> str | None:
        """Set a spec; why it is declined, or None."""
        answer = self.ask(messages.spec(spec) if line is None else line)
        return self._read("spec-answer", answer, lambda: messages.read_agreement(answer))

    def run(self, shape: tuple[int, ...], op: Op = "forward", **how: Any) -> messages.Answer:
        """Ask for one computation on a clip of that shape, ``(N, T, C, H, W)``; `how`: dtype,
        seq, case, dumps.
        """
        assert self.hello is not None
        x = clip(
            own_shape(shape, self.hello.layout), np.dtype(how.get("dtype", self.hello.dtypes[0]))
        )
        self._seq = int(how.get("seq", self._seq + 1))
        tensors = {"x": messages.encode(x)} | (
            {} if op == "forward" else {"grad" if op == "vjp" else "dx": messages.encode(x)}
        )
        segments = shape[1] if self.hello.layout == "(NT)CHW" else None
        request = messages.run(
            self._seq, how.get("case", "a-case"), op, tensors, num_segments=segments
        )
        if "dumps" in how:
            request = how["dumps"](json.loads(request)).encode()
        line = self.ask(request, most=2 * x.nbytes + SLACK)
        return self._read("run-answer", line, lambda: messages.read_answer(line, self._seq, x))

    def ask(self, line: bytes, *, most: int = SLACK) -> bytes:
        """Send a line and return the answer."""
        self.last = b""
        self.last = self.child().ask(line, seconds=self._time_limit, most=most)
        return self.last

    def expect_nothing(self) -> None:
        """See that no line comes that nobody asked for."""
        if self._child:
            self._child.expect_nothing(0.02)

    def end(self, line: bytes | None) -> None:
        """Send a last line, or none, and see it end."""
        child, self._child, self.last = self.child(), None, b""
        child.end(line)

    def forget(self) -> None:
        """End the program at once; the next question starts it anew."""
        if self._child:
            self._child.kill()
        self._child = None

    def _read(self, message: str, line: bytes, reader: Callable[[], Read]) -> Read:
        """Read an answer, and hold it to its schema too."""
        try:
            answer = reader()
        except messages.ProtocolError as error:
            raise Wrong(
                f"{str(error).partition('; the line was')[0]} (schema protocol-{message})", line
            ) from None
        if why := complaint(message, json.loads(line)):
            raise Wrong(f"by the schema protocol-{message}, {why}", line)
        return answer


def clip(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Some values of that dtype."""
    return (
        (np.arange(int(np.prod(shape)), dtype="i8") % 101 % (2 if dtype.kind == "b" else 128))
        .astype(dtype)
        .reshape(shape)
    )
