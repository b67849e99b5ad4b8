"""Mathematics as MathML, written into the page when the site is built: no script, no network,
and a screen reader can read it.
"""

import html
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def mathml(latex: str, display: str) -> str:
    """Translate LaTeX; what the translator does not know stays in its result as a backslash and is
    refused.

    Raises
    ------
    ValueError
        If a command is unknown, or braces do not match.
    """
    if latex.count("{") - latex.count(r"\{") != latex.count("}") - latex.count(r"\}"):
        raise ValueError(f"{latex!r} is no LaTeX that becomes MathML: its braces do not match")
    try:
        result: str = convert(latex, display=display)
    except Exception as error:  # its exceptions share no base but this
        raise ValueError(
            f"{latex!r} is no LaTeX that becomes MathML: {type(error).__name__} {error}"
        ) from None
    if "\\" in html.unescape(result):
        raise ValueError(
            f"{latex!r} has a command that does not become MathML: {html.unescape(result)}"
        )
    return result


def _write(translator: Any, node: nodes.math | nodes.math_block, display: str) -> None:
    try:
        body = mathml(node.astext(), display)
    except ValueError as error:
        logger.warning("%s", error, location=node)
        body = html.escape(node.astext())
    if display == "block":
        body = f'<div class="math">{body}</div>'
    translator.body.append(body)
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer; conf.py chooses it by `html_math_renderer`."""
    app.add_html_math_renderer(
        "mathml",
        (lambda translator, node: _write(translator, node, "inline"), None),
        (lambda translator, node: _write(translator, node, "block"), None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
