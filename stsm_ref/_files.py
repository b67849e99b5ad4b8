"""Write a file whole or not at all; read a file of others only once it is known to be one, and
not too large.
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from stsm_ref.errors import ReportError, StsmError, quoted

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def size_in_words(count: int) -> str:
    """A number of bytes for people.

    >>> size_in_words(3 << 19)
    '1.5 MiB'
    """
    if count >= GIB:
        return f"{count / GIB:.1f} GiB"
    return f"{count / MIB:.1f} MiB" if count >= MIB else f"{count} bytes"


def require_file(path: Path, *, most: int, what: str, error: type[StsmError] = ReportError) -> int:
    """Refuse what is not a file of at most `most` bytes, before anybody opens it; return its size.

    A pipe would be waited for without end, a device be read without end, and a sparse file costs
    nothing but whoever reads it.

    Parameters
    ----------
    path : Path
        Where the file lies; a link is followed.
    most : int
        Bytes that a right file has at most.
    what : str
        What it should be, for the message: "the checkpoint".
    error : type of StsmError
        What is raised.

    Raises
    ------
    StsmError
        If it is not there, is a folder, a pipe, a socket or a device, or is larger.
    """
    try:
        return _checked(path.stat(), path, most, what, error)
    except (OSError, ValueError) as reason:
        raise _unreadable(path, what, error, reason) from None


def read_file(path: Path, *, most: int, what: str, error: type[StsmError] = ReportError) -> bytes:
    """The content of a file of others, once `require_file` holds for what was opened; it is never
    waited for.

    Raises
    ------
    StsmError
        As `require_file`, and if the file grows past `most` while it is read.
    """
    how = (
        os.O_RDONLY
        | getattr(os, "O_NONBLOCK", 0)
        | getattr(os, "O_BINARY", 0)
        | getattr(os, "O_CLOEXEC", 0)
    )
    try:
        descriptor = os.open(path, how)
        try:
            _checked(os.fstat(descriptor), path, most, what, error)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(most + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as reason:
        raise _unreadable(path, what, error, reason) from None
    if len(content) > most:
        raise error(_too_large(path, what, "more", most))
    return content


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _checked(
    status: os.stat_result, path: Path, most: int, what: str, error: type[StsmError]
) -> int:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise error(f"{what} {quoted(str(path))} cannot be read, since it is {kind}: name a file")
    if status.st_size > most:
        raise error(_too_large(path, what, size_in_words(status.st_size), most))
    return status.st_size


def _too_large(path: Path, what: str, size: str, most: int) -> str:
    right = f"{size_in_words(most)} at most"
    return (
        f"{what} {quoted(str(path))} has {size}, where a right one has {right}: name another file"
    )


def _unreadable(path: Path, what: str, error: type[StsmError], reason: Exception) -> StsmError:
    if isinstance(reason, StsmError):
        return reason
    return error(
        f"{what} {quoted(str(path))} cannot be read: {getattr(reason, 'strerror', None) or reason}"
    )


def require_distinct(outputs: Mapping[str, Path | None], inputs: Iterable[Path] = ()) -> None:
    """Refuse outputs of which the last would win, or which would replace what the work is done on.

    Parameters
    ----------
    outputs : mapping of str to Path or None
        Where each option writes; None where it is not given.
    inputs : iterable of Path
        Files that are read, whether they exist or not.

    Raises
    ------
    ReportError
        If two options lead to one file, by whatever name, or one leads to an input.
    """
    named = {option: path for option, path in outputs.items() if path is not None}
    for place, (option, path) in enumerate(named.items()):
        for other, another in list(named.items())[:place]:
            if _same_file(path, another):
                raise ReportError(
                    f"{other} and {option} both lead to {quoted(str(path))}, where only the last "
                    "would stay: name two files"
                )
    for option, path in named.items():
        for read in inputs:
            if _same_file(path, read):
                raise ReportError(
                    f"{option} leads to {quoted(str(path))}, which is what is to be judged: name "
                    "another file"
                )


def _same_file(first: Path, second: Path) -> bool:
    try:
        if first.exists() and second.exists():
            return first.samefile(second)
        return os.path.normcase(first.resolve()) == os.path.normcase(second.resolve())
    except (OSError, ValueError):  # whoever opens it says why
        return False


def require_writable(path: Path, *, begins: tuple[str, ...] = ()) -> Path:
    """Refuse `path` before the work is done whose result it shall hold; return the file that it
    leads to.

    Parameters
    ----------
    path : Path
        Where the result shall stand.
    begins : tuple of str
        How a result of this kind begins: a file that stands there is replaced only if it is empty
        or begins so, however the letters are cased. Nothing is asked if it is empty.

    Raises
    ------
    ReportError
        If it is a folder, a device or a read-only file, if its folder does not exist or may not
        be written, or if something else stands there, such as somebody's source.
    """
    try:
        target = path.resolve()
        if target.is_dir():
            raise ReportError(f"{str(path)!r} is a folder: name a file in it")
        if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
            raise ReportError(f"{str(path)!r} is not a file that you may write to: name another")
        if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
            raise ReportError(
                f"{str(path)!r} cannot be written: {str(path.parent)!r} is not a folder that you "
                "may write to"
            )
        if begins and target.exists():
            _require_own(path, target, begins)
    except (OSError, ValueError) as error:
        if isinstance(error, ReportError):
            raise
        raise ReportError(
            f"{quoted(str(path))} cannot be written: {getattr(error, 'strerror', None) or error}"
        ) from None
    return target


def _require_own(path: Path, target: Path, begins: tuple[str, ...]) -> None:
    with target.open("rb") as file:
        head = file.read(max(map(len, begins))).decode(errors="replace").lower()
    if head and not head.startswith(begins):
        raise ReportError(
            f"{quoted(str(path))} holds something else, not such a report, and would be lost: "
            "name another file"
        )


def make_folder(folder: Path, refusal: str, *, parents: bool = True) -> None:
    """Make `folder` if it is not there, with those above it if `parents`, before the work is done
    whose results it shall hold.

    Raises
    ------
    ReportError
        If it cannot be made: `refusal`, and why.
    """
    try:
        folder.mkdir(parents=parents, exist_ok=True)
    except OSError as error:
        raise ReportError(f"{refusal}: {error.strerror}") from None


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `content`, a text as UTF-8, beside `path` and move it there; a file that stood there
    stays if that fails, a link stays a link.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    target = require_writable(path)
    draft = None
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".draft-", delete=False) as file:
            draft = Path(file.name)
            file.write(
                content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
            )
        draft.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
        draft.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            if draft:
                draft.unlink(missing_ok=True)
        raise ReportError(f"{str(path)!r} cannot be written: {error.strerror}") from None


def _umask() -> int:
    """What this process takes away from the permissions of new files; it can only be read by
    setting it.
    """
    mask = os.umask(0)
    os.umask(mask)
    return mask
