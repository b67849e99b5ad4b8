"""Standard output and standard error that cannot change a verdict: what they cannot take is
dropped, and what they cannot spell is respelt.

The exit code of a command is its verdict. A reader that closed the pipe, a full disk, a stream
that was closed before we began or an encoding without the letter ``§`` says nothing about the
implementation that was judged: none of them may raise.
"""

import codecs
import contextlib
import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from typing import Any, TextIO

RESPELT = "stsm_ref.respelt"
"""The name of our error handler: signs that an encoding lacks, in letters that every encoding
has.
"""

_IN_ASCII = {
    **dict.fromkeys("–—−", "-"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **{
        "•": "*",
        "·": "*",
        "…": "...",
        "×": "x",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "→": "->",
        "←": "<-",
        "✓": "+",
        "✗": "x",
    },
    **{"α": "alpha", "§": "sec."},
}


def _respell(error: UnicodeError) -> tuple[str, int]:
    """Put what the encoding lacks in ASCII: by its likeness where there is one, by its code point
    where not.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(
        _IN_ASCII.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs
    ), error.end


codecs.register_error(RESPELT, _respell)


class Drain(io.RawIOBase):
    """Bytes go to `raw` as long as it takes them; `lost` says why it no longer does. No write
    raises.
    """

    def __init__(self, raw: Any) -> None:
        super().__init__()
        self._raw = raw
        self.lost: OSError | None = None

    def writable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """As what lies below."""
        return bool(self._raw.isatty())

    def fileno(self) -> int:
        """As what lies below."""
        return int(self._raw.fileno())

    def write(self, data: Any) -> int:
        """Pass on what can be passed on, and say that all of it was."""
        rest = memoryview(data).cast("B")
        try:
            while rest and self.lost is None:
                if (
                    taken := self._raw.write(rest)
                ) is None:  # a pipe that must not block, and is full
                    select.select([], [self._raw], [])
                    continue
                rest = rest[taken:]
        except OSError as error:
            self.lost = error
        return len(memoryview(data).cast("B"))


def careful(stream: TextIO | None, descriptor: int) -> tuple[TextIO, Drain]:
    """A text stream in place of `stream`, which is None where the descriptor was closed before we
    began.
    """
    binary = getattr(stream, "buffer", None)
    raw = getattr(binary, "raw", binary) or io.FileIO(descriptor, "w", closefd=False)
    drain = Drain(raw)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = io.TextIOWrapper(
        io.BufferedWriter(drain),
        encoding=encoding,
        errors=RESPELT,
        line_buffering=descriptor == 2 or drain.isatty(),
    )
    return text, drain


@contextlib.contextmanager
def careful_streams() -> Iterator[None]:
    """Within, `sys.stdout` and `sys.stderr` never raise; at the end what could not be written to
    standard output is told on standard error.

    Descriptors 0 to 2 that were closed lead to the null device from then on, so that no file or
    pipe that is opened later takes their place and is written to by whoever prints.
    """
    for descriptor in (0, 1, 2):
        _open_if_closed(descriptor)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 # it lives as long as the process
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, AttributeError):
            stream.flush()  # what is there already goes out before ours
    sys.stdout, drain = careful(sys.stdout, 1)
    sys.stderr, _ = careful(sys.stderr, 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        # whoever closed the pipe has read enough, and knows it; a disk that is full nobody expects
        if drain.lost is not None and drain.lost.errno != errno.EPIPE:
            reason = drain.lost.strerror or str(drain.lost)
            sys.stderr.write(
                f"stsm-ref: standard output is cut short ({reason}); the exit code still is the "
                "verdict\n"
            )
        sys.stderr.flush()


def _open_if_closed(descriptor: int) -> None:
    """Let a closed standard descriptor lead to the null device."""
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, os.O_RDONLY if descriptor == 0 else os.O_WRONLY)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)
