"""What was read off the paper and off other people's repositories, as TOML: facts and quotations,
and no code.
"""

import tomllib
from importlib.resources import files
from typing import Any

__all__ = ["read_data"]


def read_data(name: str) -> dict[str, list[dict[str, Any]]]:
    """Read a file of this folder."""
    return tomllib.loads(files(__name__).joinpath(name).read_text(encoding="utf-8"))
