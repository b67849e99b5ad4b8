"""The JSON schemas of the protocol's messages, as they are shipped for other people's tools."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from stsm_ref.errors import MissingExtraError

MESSAGES = ("start", "start-answer", "spec", "spec-answer", "run", "run-answer", "stop")


@cache
def schema(message: str) -> dict[str, Any]:
    """The schema of one of `MESSAGES` (draft 2020-12)."""
    text = (
        files("stsm_ref.implementations.protocol") / "schemas" / f"protocol-{message}.schema.json"
    ).read_text(encoding="utf-8")
    return dict(json.loads(text))


def complaint(message: str, data: Any) -> str:
    """What the schema of `message` says against `data`, where, or nothing.

    >>> complaint("start-answer", {"version": 1, "name": "mine", "language": "c", "layout": "NHWC"})
    "layout: 'NHWC' is not one of ['TCHW', 'NTCHW', 'NCTHW', 'NTHWC', '(NT)CHW']"
    """
    try:
        import jsonschema
    except ModuleNotFoundError:
        raise MissingExtraError("validating the protocol", "jsonschema", "verify") from None
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema(message)).iter_errors(data)
    )
    if error is None:
        return ""
    text = error.message if len(error.message) <= 300 else error.message[:300] + " ..."
    return f"{'.'.join(map(str, error.absolute_path)) or 'the message'}: {text}"
