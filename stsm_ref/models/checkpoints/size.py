"""What a checkpoint may take, known before a byte of it is unpacked."""

import contextlib
import zipfile
from pathlib import Path

from stsm_ref._files import GIB, require_file, size_in_words
from stsm_ref.errors import ModelError, quoted

MOST = 16 * GIB
"""Bytes of a file: the largest network here has half a GiB, and training saves a few copies
of it.
"""


def require_checkpoint(path: str | Path) -> None:
    """Refuse what is not a file, and an archive that unpacks to more than it takes on disk.

    ``torch.save`` stores what it writes and compresses nothing, so that an honest archive holds
    less than its file has. One that is compressed, or whose entries lie over one another, may ask
    for a thousand times its size, which torch would take and fill first.

    Raises
    ------
    ModelError
        If it is a pipe, a device or a folder, is larger than `MOST`, or unpacks to more than the
        file has.
    """
    with contextlib.suppress(OSError):  # of a name that no disk takes the next line says so
        if not Path(path).exists() or Path(path).is_dir():
            return  # whoever opens it says why that fails
    size = require_file(Path(path), most=MOST, what="the checkpoint", error=ModelError)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return  # a file of the time before archives, or a damaged one: torch says which
    if (unpacked := sum(entry.file_size for entry in entries)) > size:
        raise ModelError(
            f"path={quoted(str(path))} has {size_in_words(size)} and unpacks to "
            f"{size_in_words(unpacked)}, where torch.save compresses "
            "nothing: load and save it again with torch.save, if you trust it"
        )
