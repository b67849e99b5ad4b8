"""The templates of our pages: what is put into them is escaped, and they load nothing."""

from functools import cache
from pathlib import Path
from typing import Any

from stsm_ref.errors import MissingExtraError
from stsm_ref.evidence.report.junit import printable

try:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup
except ModuleNotFoundError:
    raise MissingExtraError("an HTML page", "jinja2", "verify") from None

FOLDER = Path(__file__).parent / "templates"


def render(name: str, **values: Any) -> str:
    """Fill in a template."""
    return _environment().get_template(name).render(values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=_printable,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )


def _printable(value: Any) -> Any:
    """A browser and a text file cannot hold all that a target says; markup is ours."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
