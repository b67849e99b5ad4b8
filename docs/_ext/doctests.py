"""A doctest that follows the last section of a docstring is an example, and no further entry of
that section.
"""

from typing import Any

from sphinx.application import Sphinx

ENTRIES = {"Parameters", "Returns", "Raises"}


def as_examples(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Give the doctest a heading, in place, where a section of entries would take it for one."""
    section = ""
    for i, line in enumerate(lines):
        if i and line and set(line) == {"-"}:
            section = lines[i - 1]
        if line.startswith(">>>") and section in ENTRIES:
            lines[i:i] = ["Examples", "--------"]
            return


def setup(app: Sphinx) -> dict[str, bool]:
    """Run before napoleon reads the sections."""
    app.connect("autodoc-process-docstring", as_examples, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
