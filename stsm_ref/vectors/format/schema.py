"""The JSON schemas of a file of vectors and of the manifest (draft 2020-12); they lie beside
the data.
"""

from typing import Any

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TEXT: dict[str, Any] = {"type": "string"}
HEX = {"type": "string", "pattern": "^([0-9a-f]{2})*$"}
COUNT = {"type": "integer", "minimum": 0}
SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
IDENTIFIER = {"type": "string", "pattern": r"^[a-z-]+/[A-Za-z0-9_+-]+/[0-9]{3}$"}
WORDS = {
    "type": "array",
    "items": {"type": "string", "pattern": "^[a-z0-9-]+$"},
    "minItems": 1,
    "uniqueItems": True,
}
RULES = {
    "type": "array",
    "items": {"type": "string", "pattern": "^[A-Z]+-[0-9A-Zx]+$"},
    "minItems": 1,
    "uniqueItems": True,
}
SPEC = {"type": "string", "pattern": "^[THW+]+@[0-9/]+,(forward|backward)-first,(floor|exact)$"}
DTYPES = [
    "bool",
    *(f"{s}int{n}" for s in ("", "u") for n in (8, 16, 32, 64)),
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def _closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _sizes(least: int, most: int) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": least,
        "maxItems": most,
    }


def _group(head: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """A group of cases; a case has requirements of its own where they are not those of the
    group.
    """
    case = case | {"properties": case["properties"] | {"requirements": RULES}}
    return _closed(
        head | {"requirements": RULES, "cases": {"type": "array", "items": case, "minItems": 1}}
    )


def _const(value: str) -> dict[str, Any]:
    return {"const": value}


_NAMED = {"id": IDENTIFIER, "flags": WORDS}
_STORED = {"dtype": {"enum": DTYPES}, "packing": {"enum": ["bits", "uint8", "uint16"]}}
_WRONG = _closed(_NAMED | {"instead_of": IDENTIFIER, "forbidden": HEX})
_SHIFT = {"spec": SPEC, "layout": _const("NTCHW"), **_STORED}
_CONV = {
    "kind": _const("conv"),
    "layout": _const("THW"),
    "taps": _sizes(3, 3),
    "weights": HEX,
    "padding": {
        "type": "array",
        "items": {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2},
        "minItems": 3,
        "maxItems": 3,
    },
    "displacement": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
    **_STORED,
}
_FIELDS = _closed({"terms": TEXT, "alpha": TEXT, "order": TEXT, "rounding": TEXT})
_REJECT = _closed(_NAMED, {"text": TEXT, "fields": _FIELDS, "channels": COUNT})

GROUPS = [
    _group(
        {"kind": _const("forward"), "result": _const("valid"), **_SHIFT},
        _closed(_NAMED | {"shape": _sizes(5, 5), "x": HEX, "expected": HEX}),
    ),
    _group(
        {"kind": {"enum": ["vjp", "jvp"]}, "result": _const("valid"), **_SHIFT},
        _closed(_NAMED | {"shape": _sizes(5, 5), "x": HEX, "other": HEX, "expected": HEX}),
    ),
    _group(
        {"kind": {"enum": ["forward", "vjp", "jvp"]}, "result": _const("invalid"), **_SHIFT}, _WRONG
    ),
    _group(
        {"result": _const("valid"), **_CONV},
        _closed(
            _NAMED | {"shape": _sizes(3, 3), "x": HEX, "expected": HEX},
            {"output_shape": _sizes(3, 3)},
        ),
    ),
    _group({"result": _const("invalid"), **_CONV}, _WRONG),
    _group(
        {"kind": _const("reject"), "result": _const("invalid")},
        _REJECT | {"anyOf": [{"required": ["text"]}, {"required": ["fields"]}]},
    ),
]

VECTORS_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "stsm_ref golden vectors, version 1",
    **_closed(
        {
            "format": _const("stsm-ref vectors"),
            "version": {"const": 1},
            "family": TEXT,
            "about": TEXT,
            "notes": {
                "type": "object",
                "propertyNames": {"pattern": "^[a-z0-9-]+$"},
                "additionalProperties": TEXT,
            },
            "groups": {"type": "array", "items": {"oneOf": GROUPS}, "minItems": 1},
        }
    ),
}

_FILE = _closed(
    {"sha256": SHA256, "bytes": COUNT}, {"cases": COUNT, "valid": COUNT, "invalid": COUNT}
)

MANIFEST_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "stsm_ref golden vectors, version 1: the manifest",
    **_closed(
        {
            "format": _const("stsm-ref vectors"),
            "version": {"const": 1},
            "generator": {"type": "integer", "minimum": 1},
            "cases": COUNT,
            "invalid": COUNT,
            "files": {
                "type": "object",
                "propertyNames": {"pattern": "^[a-z-]+\\.json$"},
                "additionalProperties": _FILE,
            },
            "specs": {
                "type": "object",
                "propertyNames": SPEC,
                "additionalProperties": {"type": "array", "items": COUNT, "minItems": 1},
            },
        }
    ),
}
