"""A program in any language as a `Target`: asked over its standard input and output in the
subprocess protocol, version 1.
"""

import contextlib
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stsm_ref.errors import MissingExtraError, quoted
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import CrashError, Declined, Layout, Observation, Op, TargetError
from stsm_ref.implementations.isolation.child import Child
from stsm_ref.implementations.layouts import from_own, to_own
from stsm_ref.implementations.protocol import messages

SLACK = 1 << 16
"""Bytes of an answer besides its tensor's digits."""


class ProcessTarget:
    """A program that speaks the protocol.

    Parameters
    ----------
    command : str or sequence of str
        The program and its arguments; a string is split as a shell would, and no shell runs it.
    time_limit, total : float
        Seconds for each answer, and from the start to the end.
    memory : int
        Bytes that the program and all it starts may hold; 0 for no limit.

    Raises
    ------
    TargetError
        If it cannot be started, or does not answer ``start`` as the protocol says.
    """

    sees_memory = False
    moves_bits = True

    def __init__(
        self,
        command: str | Sequence[str],
        *,
        time_limit: float = 60,
        total: float = 3600,
        memory: int = 4 << 30,
    ) -> None:
        try:
            parts = shlex.split(command) if isinstance(command, str) else list(command)
        except ValueError as error:
            raise TargetError(
                f"the command {quoted(command)} cannot be split into words: {error}"
            ) from None
        if not parts:
            raise TargetError(
                "the command is empty: name a program and its arguments, as in cmd:./mine --fast"
            )
        self._time_limit, self._seq = time_limit, 0
        self.answered: set[Op] = set()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._child = Child(
            parts, memory=memory, total=total, what=f"the program {quoted(shlex.join(parts))}"
        )
        with self._guarded():
            self._hello = messages.read_hello(
                self._child.ask(messages.start(), seconds=time_limit, most=SLACK)
            )
            if self._hello.safetensors:
                self._folder = _private_folder()

    @property
    def name(self) -> str:
        """What it calls itself."""
        return self._hello.name

    @property
    def kind(self) -> str:
        """Its language."""
        return self._hello.language

    @property
    def layout(self) -> Layout:
        """The layout that it asked for."""
        return self._hello.layout

    @property
    def fixed(self) -> dict[str, int]:
        """One clip where its arrays have no batch axis."""
        return {"N": 1} if self.layout == "TCHW" else {}

    @property
    def ops(self) -> frozenset[Op]:
        """What it said it computes."""
        return frozenset(self._hello.ops)

    @property
    def dtypes(self) -> tuple[np.dtype[Any], ...]:
        """What it said it takes; all of the protocol's if it did not say."""
        return tuple(map(np.dtype, self._hello.dtypes))

    def use(self, spec: ShiftSpec) -> None:
        """Send the spec; raise `Declined` if the program does not do it."""
        with self._guarded():
            why = messages.read_agreement(
                self._child.ask(messages.spec(spec), seconds=self._time_limit, most=SLACK)
            )
        if why is not None:
            raise Declined(f"{self.name} does not do {spec}: {quoted(why)}")

    def run(self, op: Op, x: Array, other: Array | None = None, *, case: str = "") -> Observation:
        """See `Target.run`."""
        self._seq += 1
        mine = to_own(x, self.layout)
        segments = x.shape[1] if self.layout == "(NT)CHW" else None
        with self._guarded(case):
            tensors = {"x": self._encode("x", mine)}
            if other is not None:
                name = "grad" if op == "vjp" else "dx"
                tensors[name] = self._encode(name, to_own(other, self.layout))
            request = messages.run(self._seq, case, op, tensors, num_segments=segments)
            line = self._child.ask(request, seconds=self._time_limit, most=2 * x.nbytes + SLACK)
            answer = messages.read_answer(
                line, self._seq, mine, folder=Path(self._folder.name) if self._folder else None
            )
        if answer.skipped is not None:
            raise Declined(f"{self.name} skips {case or op}: {quoted(answer.skipped)}")
        if answer.result is None:
            raise CrashError(
                f"{self.name} reports an error{_on(case)}: {quoted(str(answer.error), 500)}"
            )
        self.answered.add(op)
        return Observation(from_own(answer.result, self.layout, x.shape))

    def close(self) -> None:
        """Send ``stop`` and see it end; raise `TargetError` if it does not, or leaves processes
        behind.
        """
        try:
            self._child.end(messages.stop())
        finally:
            self._clean()

    def __enter__(self) -> "ProcessTarget":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:  # one reason is enough
            self._child.kill()
            self._clean()

    def _encode(self, name: str, x: Array) -> dict[str, Any]:
        if (
            self._folder
            and x.nbytes > messages.INLINE_LIMIT
            and x.dtype.name in messages.IN_SAFETENSORS
        ):
            return messages.encode_file(x, Path(self._folder.name) / f"{name}.safetensors")
        return messages.encode(x)

    @contextlib.contextmanager
    def _guarded(self, case: str = "") -> Iterator[None]:
        """Whatever goes wrong inside ends the program, and a fault of its own names the case."""
        try:
            yield
        except messages.ProtocolError as error:
            self._clean()
            raise self._child.failure(f"broke the protocol{_on(case)}: {error}") from None
        except TargetError as error:
            self._clean()
            if not case:
                raise
            raise TargetError(f"in case {case}: {error}") from None
        except BaseException:
            self._child.kill()
            self._clean()
            raise

    def _clean(self) -> None:
        if self._folder:
            self._folder.cleanup()
            self._folder = None


def _on(case: str) -> str:
    return f" in case {case}" if case else ""


def _private_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that only this user may enter, and that goes with this process at the latest."""
    try:
        import safetensors  # noqa: F401 # asked before the first large tensor, not in the midst of a run
    except ModuleNotFoundError:
        raise MissingExtraError(
            "a program that reads safetensors", "safetensors", "verify"
        ) from None
    return tempfile.TemporaryDirectory(prefix="stsm-ref-", ignore_cleanup_errors=True)
