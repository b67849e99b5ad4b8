"""Write a file whole or not at all."""

import contextlib
import os
from pathlib import Path

from stsm_ref.errors import ReportError


def require_writable(path: Path) -> None:
    """Refuse `path` before the work is done whose result it shall hold.

    Raises
    ------
    ReportError
        If it is a folder, or its folder does not exist or may not be written.
    """
    if path.is_dir():
        raise ReportError(f"{str(path)!r} is a folder: name a file in it")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ReportError(f"{str(path)!r} cannot be written: {str(path.parent)!r} is no folder that you may write to")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `content` beside `path` and move it there; a file that stood there stays if that fails.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    require_writable(path)
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise ReportError(f"{str(path)!r} cannot be written: {error.strerror}") from None
