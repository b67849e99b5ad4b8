"""Which files a target is made of, as far as its text on the command line tells."""

import contextlib
import shlex
from pathlib import Path


def files_of(text: str) -> list[Path]:
    """Files that the target which `text` names is made of, as far as its text tells: nothing that
    is written may replace them.

    >>> files = files_of("py:mine.py:forward") + files_of("cmd:node shift.js --fast")
    >>> [path.name for path in files]
    ['mine.py', 'node', 'shift.js', '--fast']
    """
    kind, _, rest = text.partition(":")
    if kind == "py":
        module = rest.rpartition(":")[0]
        stem = module.replace(".", "/")  # may be nothing, which whoever opens it refuses
        return (
            [Path(module)]
            if module.endswith(".py")
            else [Path(f"{stem}.py"), Path(stem, "__init__.py")]
        )
    if kind == "cmd":
        with contextlib.suppress(ValueError):
            return [Path(word) for word in shlex.split(rest)]
    return [Path(rest)] if kind == "onnx" else []
