"""Write a file whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from stsm_ref.errors import ReportError


def require_writable(path: Path) -> Path:
    """Refuse `path` before the work is done whose result it shall hold; return the file that it leads to.

    Raises
    ------
    ReportError
        If it is a folder, a device or a read-only file, or its folder does not exist or may not be written.
    """
    try:
        target = path.resolve()
        if target.is_dir():
            raise ReportError(f"{str(path)!r} is a folder: name a file in it")
        if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
            raise ReportError(f"{str(path)!r} is no file that you may write to: name another")
        if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
            raise ReportError(f"{str(path)!r} cannot be written: {str(path.parent)!r} is no folder that you may write to")
    except OSError as error:
        raise ReportError(f"{str(path)!r} cannot be written: {error.strerror}") from None
    return target


def make_folder(folder: Path, refusal: str, *, parents: bool = True) -> None:
    """Make `folder` if it is not there, with those above it if `parents`, before the work is done whose results it shall hold.

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
    """Write `content` beside `path` and move it there; a file that stood there stays if that fails, a link stays a link.

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
            file.write(content.encode() if isinstance(content, str) else content)
        draft.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
        draft.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            if draft:
                draft.unlink(missing_ok=True)
        raise ReportError(f"{str(path)!r} cannot be written: {error.strerror}") from None


def _umask() -> int:
    """What this process takes away from the permissions of new files; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
