"""The subprocess protocol, version 1: what a message may be, and nothing else.

One JSON object on each line, UTF-8. Tensors travel as bytes, never as JSON numbers: a decimal would
round, and has no NaN, infinity or -0.0. What a program writes is data: whatever does not fit is
refused with what was expected and what came.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, get_args

import numpy as np

from stsm_ref._files import MIB, read_file
from stsm_ref.errors import StsmError, quoted
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import Layout, Op
from stsm_ref.implementations.isolation.messages import shown

VERSION = 1
INLINE_LIMIT = 1 << 16
"""Bytes of a tensor above which it goes by file, when the program said that it reads
safetensors.
"""

LONGEST_NAME = 100

NAMES = (
    "float32 float64 float16 int32 int64 int8 int16 uint8 uint16 uint32 uint64 bool complex64 "
    "complex128"
)
DTYPES = tuple(map(np.dtype, NAMES.split()))
"""What a tensor may be made of."""

SAFETENSORS_NAMES = {
    dtype.name: f"{dtype.kind.upper()}{8 * dtype.itemsize}" for dtype in DTYPES
} | {"bool": "BOOL"}
"""What safetensors calls the dtypes."""

IN_SAFETENSORS = frozenset(dtype.name for dtype in DTYPES) - {"complex64", "complex128"}
"""What a safetensors file may hold; the others stay inline."""


class ProtocolError(StsmError):
    """A message that is not one of version 1."""


class Hello(NamedTuple):
    """What a program answers to ``start``: who it is and what it does."""

    name: str
    language: str
    layout: Layout
    dtypes: tuple[np.dtype[Any], ...]
    ops: frozenset[Op]
    safetensors: bool


class Answer(NamedTuple):
    """What a program answers to ``run``: one of the three is given."""

    result: Array | None
    skipped: str | None
    error: str | None


def start() -> bytes:
    """The first message."""
    return _line({"cmd": "start", "version": VERSION})


def spec(spec: ShiftSpec) -> bytes:
    """Sets the spec for what follows."""
    fields = {
        "terms": spec.terms,
        "alpha": str(spec.alpha),
        "order": spec.order,
        "rounding": spec.rounding,
    }
    return _line({"cmd": "spec", "spec": fields})


def run(
    seq: int,
    case: str,
    op: Op,
    tensors: dict[str, dict[str, Any]],
    *,
    num_segments: int | None = None,
) -> bytes:
    """Asks for one computation; `tensors` are encoded already."""
    message = {"cmd": "run", "seq": seq, "case": case, "op": op, **tensors}
    return _line(message if num_segments is None else message | {"num_segments": num_segments})


def stop() -> bytes:
    """The last message."""
    return _line({"cmd": "stop"})


def encode(x: Array) -> dict[str, Any]:
    """A tensor inline: little-endian, C order, two hexadecimal digits a byte.

    >>> encode(np.array([1, 258], dtype="int16"))
    {'dtype': 'int16', 'shape': [2], 'hex': '01000201'}
    """
    little = x.astype(x.dtype.newbyteorder("<"), copy=False)
    return {"dtype": x.dtype.name, "shape": list(x.shape), "hex": little.tobytes().hex()}


def encode_file(x: Array, path: Path) -> dict[str, Any]:
    """A tensor in a safetensors file at `path`, under the name ``x``."""
    from safetensors.numpy import save_file

    save_file({"x": np.ascontiguousarray(x)}, path)
    return {"dtype": x.dtype.name, "shape": list(x.shape), "safetensors": str(path), "name": "x"}


def read_hello(line: bytes) -> Hello:
    """Read the answer to ``start``.

    Raises
    ------
    ProtocolError
        If it is none; so do all that read.
    """
    optional = {"dtypes", "ops", "safetensors"}
    message = _fields(
        line, "the answer to start", {"version", "name", "language", "layout"}, optional
    )
    if not _is_int(message["version"]) or message["version"] != VERSION:
        _refuse(line, f"version must be {VERSION}, not {quoted(message['version'])}")
    for key in ("name", "language"):
        if (
            not isinstance(message[key], str)
            or not message[key].isprintable()
            or not 1 <= len(message[key]) <= LONGEST_NAME
        ):
            _refuse(
                line,
                f"{key} must be a printable string of 1 to {LONGEST_NAME} characters, not "
                f"{quoted(message[key])}",
            )
    if message["layout"] not in get_args(Layout):
        _refuse(
            line,
            f"layout must be one of {', '.join(get_args(Layout))}, not {quoted(message['layout'])}",
        )
    ops = _names(line, message, "ops", get_args(Op), ["forward"])
    if "forward" not in ops:
        _refuse(line, f"ops must contain 'forward', and is {quoted(ops)}")
    known = [dtype.name for dtype in DTYPES]
    dtypes = tuple(np.dtype(name) for name in _names(line, message, "dtypes", known, known))
    if not isinstance(files := message.get("safetensors", False), bool):
        _refuse(line, f"safetensors must be true or false, not {quoted(files)}")
    return Hello(
        message["name"], message["language"], message["layout"], dtypes, frozenset(ops), files
    )  # type: ignore[arg-type]  # checked


def read_agreement(line: bytes) -> str | None:
    """Read the answer to ``spec``: why the program does not do it, or None if it does."""
    message = _fields(line, "the answer to spec", {"ok"}, {"why"})
    if not isinstance(message["ok"], bool):
        _refuse(line, f"ok must be true or false, not {quoted(message['ok'])}")
    if message["ok"]:
        if "why" in message:
            _refuse(line, "ok is true, so there must be no why")
        return None
    if not isinstance(message.get("why"), str) or not message["why"]:
        _refuse(line, "ok is false, so why must be a string that says why")
    return str(message["why"])


def read_answer(line: bytes, seq: int, like: Array, *, folder: Path | None = None) -> Answer:
    """Read the answer to ``run``; a result has the dtype and the shape of `like`, and lies
    inline or in a file inside `folder`.
    """
    kinds = ("result", "skipped", "error")
    message = _fields(line, "the answer to run", {"seq"}, set(kinds))
    if not _is_int(message["seq"]) or message["seq"] != seq:
        _refuse(line, f"seq must be {seq}, not {quoted(message['seq'])}")
    if len(given := [kind for kind in kinds if kind in message]) != 1:
        _refuse(
            line,
            "exactly one of result, skipped, error must be given, not "
            f"{' and '.join(given) or 'none'}",
        )
    kind = given[0]
    if kind == "result":
        return Answer(_tensor(line, message["result"], like, folder), None, None)
    if not isinstance(message[kind], str) or not message[kind]:
        _refuse(line, f"{kind} must be a string that says why, not {quoted(message[kind])}")
    return Answer(None, *((message[kind], None) if kind == "skipped" else (None, message[kind])))


def _tensor(line: bytes, tensor: Any, like: Array, folder: Path | None) -> Array:
    if not isinstance(tensor, dict):
        _refuse(line, "result must be a tensor {dtype, shape, hex}: numbers in JSON are not exact")
    inline = "hex" in tensor or folder is None
    wanted = {"dtype", "shape", "hex"} if inline else {"dtype", "shape", "safetensors", "name"}
    if set(tensor) != wanted:
        _refuse(
            line,
            f"result must have the keys {', '.join(sorted(wanted))}, and has "
            f"{', '.join(sorted(tensor)) or 'none'}",
        )
    if tensor["dtype"] != like.dtype.name:
        _refuse(
            line,
            f"result's dtype must be {like.dtype.name!r} as the input's, not "
            f"{quoted(tensor['dtype'])}",
        )
    shape = tensor["shape"]
    if not isinstance(shape, list) or not all(map(_is_int, shape)) or shape != list(like.shape):
        _refuse(
            line, f"result's shape must be {list(like.shape)} as the input's, not {quoted(shape)}"
        )
    if inline:
        return _from_hex(line, tensor["hex"], like)
    assert folder is not None
    return _from_file(line, tensor, like, folder)


def _from_hex(line: bytes, text: Any, like: Array) -> Array:
    if not isinstance(text, str):
        _refuse(line, "result's hex must be a string")
    if len(text) != 2 * like.nbytes:
        _refuse(
            line,
            f"result's hex must have {2 * like.nbytes} digits ({like.nbytes} bytes, two digits "
            f"each), and has {len(text)}",
        )
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != like.nbytes:
        _refuse(line, "result's hex must hold the digits 0-9 and a-f only")
    return _from_bytes(line, raw, like)


def _from_bytes(line: bytes, raw: bytes, like: Array) -> Array:
    """The tensor, which is little-endian; another byte would be a bool that is neither, and
    compare as it likes.
    """
    if like.dtype.kind == "b" and raw.strip(b"\0\1"):
        _refuse(line, "a bool must be the byte 00 or 01")
    return (
        np.frombuffer(raw, like.dtype.newbyteorder("<"))
        .astype(like.dtype, copy=False)
        .reshape(like.shape)
    )


def _from_file(line: bytes, tensor: dict[str, Any], like: Array, folder: Path) -> Array:
    """Read one tensor, of one dtype and shape, from a file whose size is known to be near that
    of the tensor before a byte is read.
    """
    from safetensors import SafetensorError, deserialize

    path, name = tensor["safetensors"], tensor["name"]
    if not isinstance(path, str) or not isinstance(name, str):
        _refuse(line, "result's safetensors and name must be strings")
    try:
        inside = Path(path).resolve().is_relative_to(folder.resolve()) and Path(path).is_file()
        if not inside:
            _refuse(
                line,
                f"result's file must lie beside the input's, in {quoted(str(folder))}, not at "
                f"{quoted(path)}",
            )
        content = read_file(
            Path(path), most=4 * like.nbytes + MIB, what="the file", error=StsmError
        )
        held = {key: entry for key, entry in deserialize(content) if key == name}  # type: ignore[no-untyped-call]  # safetensors's
    except ProtocolError:
        raise
    except StsmError as error:
        _refuse(line, f"result's file cannot be taken: {error}")
    except (OSError, ValueError, SafetensorError) as error:
        _refuse(line, f"result's file cannot be read: {error}")
    if name not in held:
        _refuse(line, f"result's file holds no tensor {quoted(name)}")
    wanted, found = (
        {"dtype": SAFETENSORS_NAMES[like.dtype.name], "shape": list(like.shape)},
        held[name],
    )
    if found["dtype"] != wanted["dtype"] or list(found["shape"]) != wanted["shape"]:
        _refuse(
            line,
            f"result's file holds {found['dtype']} {found['shape']}, and must hold "
            f"{wanted['dtype']} {wanted['shape']}",
        )
    return _from_bytes(line, bytes(found["data"]), like)


def _fields(line: bytes, what: str, required: set[str], optional: set[str]) -> dict[str, Any]:
    """Parse a JSON object of these keys and no others; no key twice, no number that is not
    whole, no NaN.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            _refuse(
                line,
                f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in "
                "one object",
            )
        return dict(pairs)

    def no_float(text: str) -> NoReturn:
        _refuse(
            line, f"{text} stands where no such number can: values travel as hex, the rest is whole"
        )

    try:
        message = json.loads(
            line.decode(), object_pairs_hook=once, parse_float=no_float, parse_constant=no_float
        )
    except ProtocolError:
        raise
    except (ValueError, RecursionError) as error:
        _refuse(line, f"it is no JSON: {error}")
    if not isinstance(message, dict):
        _refuse(line, f"{what} must be an object")
    if missing := sorted(required - set(message)):
        _refuse(line, f"{what} must have {', '.join(missing)}")
    if unknown := sorted(set(message) - required - optional):
        _refuse(line, f"{what} has no such key as {', '.join(map(repr, unknown))}")
    return message


def _names(
    line: bytes, message: dict[str, Any], key: str, known: Any, default: list[str]
) -> list[str]:
    names = message.get(key, default)
    if (
        not isinstance(names, list)
        or not names
        or not all(name in known for name in names)
        or len(set(names)) < len(names)
    ):
        _refuse(
            line,
            f"{key} must be a list of some of {', '.join(known)}, none twice, not {quoted(names)}",
        )
    return list(names)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse(line: bytes, why: str) -> NoReturn:
    raise ProtocolError(f"{why}; the line was {shown(line)}")


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()
