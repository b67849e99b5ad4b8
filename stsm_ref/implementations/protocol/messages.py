"""The subprocess protocol, version 1: what a message may be, and nothing else.

One JSON object on each line, UTF-8. Tensors travel as bytes, never as JSON numbers: a decimal
would round, and has no NaN, infinity or -0.0. What a program writes is data: whatever does not
fit is refused with what was expected and what came. The structs below say what keys an answer has
and of what type they are; the shipped schemas say the same to other people's tools.
"""

import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

import numpy as np

from stsm_ref._files import MIB, read_file
from stsm_ref.errors import StsmError, quoted
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations._structs import (
    UNSET,
    Meta,
    Read,
    Struct,
    UnsetType,
    check_name,
    read_struct,
)
from stsm_ref.implementations.base import Layout, Op
from stsm_ref.implementations.isolation.messages import shown
from stsm_ref.values import DTYPES

VERSION = 1
INLINE_LIMIT = 1 << 16
"""Bytes of a tensor above which it goes by file, when the program said that it reads safetensors.
"""

SAFETENSORS_NAMES = {
    dtype.name: f"{dtype.kind.upper()}{8 * dtype.itemsize}" for dtype in DTYPES
} | {"bool": "BOOL"}
"""What safetensors calls the dtypes."""

IN_SAFETENSORS = frozenset(dtype.name for dtype in DTYPES) - {"complex64", "complex128"}
"""What a safetensors file may hold; the others stay inline."""

Text = Annotated[str, Meta(min_length=1)]


class ProtocolError(StsmError):
    """A message that is not one of version 1."""


class Hello(Struct, frozen=True, forbid_unknown_fields=True):
    """What a program answers to ``start``: who it is and what it does."""

    version: int
    name: str
    language: str
    layout: Layout
    dtypes: tuple[str, ...] = tuple(dtype.name for dtype in DTYPES)
    ops: tuple[Op, ...] = ("forward",)
    safetensors: bool = False

    def __post_init__(self) -> None:
        """Check what a type cannot say; a `ValueError` becomes a `ProtocolError`."""
        if self.version != VERSION:
            raise ValueError(f"version must be {VERSION}, not {self.version}")
        check_name("name", self.name)
        check_name("language", self.language)
        if "forward" not in self.ops or len(set(self.ops)) < len(self.ops):
            raise ValueError(
                f"ops must contain 'forward' and name none twice, and is {quoted(list(self.ops))}"
            )
        known = [dtype.name for dtype in DTYPES]
        if (
            not self.dtypes
            or not set(self.dtypes) <= set(known)
            or len(set(self.dtypes)) < len(self.dtypes)
        ):
            wanted = f"a list of some of {', '.join(known)}, none twice"
            raise ValueError(f"dtypes must be {wanted}, not {quoted(list(self.dtypes))}")


class Agreement(Struct, frozen=True, forbid_unknown_fields=True):
    """What a program answers to ``spec``."""

    ok: bool
    why: Text | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Yes stands alone, and no says why."""
        if self.ok and self.why:
            raise ValueError("ok is true, so there must be no why")
        if not self.ok and not self.why:
            raise ValueError("ok is false, so why must be a string that says why")


class Tensor(Struct, frozen=True, forbid_unknown_fields=True):
    """The bytes of an array: inline, or by the name that they have in a safetensors file."""

    dtype: str
    shape: tuple[int, ...]
    hex: str | UnsetType = UNSET
    safetensors: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class RunAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """What a program answers to ``run``, as it comes: exactly one of the last three."""

    seq: int
    result: Tensor | UnsetType = UNSET
    skipped: Text | UnsetType = UNSET
    error: Text | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Check that there is one."""
        kinds = [
            kind for kind in ("result", "skipped", "error") if getattr(self, kind) is not UNSET
        ]
        if len(kinds) != 1:
            raise ValueError(
                "exactly one of result, skipped, error must be given, "
                f"not {' and '.join(kinds) or 'none'}"
            )


class Answer(NamedTuple):
    """What a program answers to ``run``, read: one of the three is given."""

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
    """Asks for one computation.

    Parameters
    ----------
    seq : int
        The number that the answer must give back.
    case : str
        The name of the case.
    op : {"forward", "vjp", "jvp"}
        What to compute.
    tensors : dict
        The arrays by their names, encoded already.
    num_segments : int, optional
        Frames of a clip, in the layout ``(NT)CHW``.
    """
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
        If it is not one; so do all that read.
    """
    return _read(line, "start", Hello)


def read_agreement(line: bytes) -> str | None:
    """Read the answer to ``spec``: why the program does not do it, or None if it does."""
    return _read(line, "spec", Agreement).why or None


def read_answer(line: bytes, seq: int, like: Array, *, folder: Path | None = None) -> Answer:
    """Read the answer to ``run``.

    Parameters
    ----------
    line : bytes
        What the program wrote.
    seq : int
        The number that it must give back.
    like : array
        A result has its dtype and shape.
    folder : Path, optional
        A result may lie in a file in there; otherwise it must be inline.
    """
    message = _read(line, "run", RunAnswer)
    if message.seq != seq:
        _refuse(line, f"seq must be {seq}, not {message.seq}")
    if isinstance(message.result, Tensor):
        return Answer(_array(line, message.result, like, folder), None, None)
    return Answer(None, message.skipped or None, message.error or None)


def _array(line: bytes, tensor: Tensor, like: Array, folder: Path | None) -> Array:
    keys = [key for key in Tensor.__struct_fields__ if getattr(tensor, key) is not UNSET]
    inline = "hex" in keys or folder is None
    expected = ["dtype", "shape", "hex"] if inline else ["dtype", "shape", "safetensors", "name"]
    if keys != expected:
        _refuse(line, f"result must have the keys {', '.join(expected)}, and has {', '.join(keys)}")
    if tensor.dtype != like.dtype.name:
        _refuse(
            line,
            f"result's dtype must be {like.dtype.name!r} as the input's, "
            f"not {quoted(tensor.dtype)}",
        )
    if tensor.shape != like.shape:
        _refuse(
            line,
            f"result's shape must be {list(like.shape)} as the input's, "
            f"not {quoted(list(tensor.shape))}",
        )
    if inline:
        return _from_hex(line, str(tensor.hex), like)
    assert folder is not None
    return _from_file(line, Path(str(tensor.safetensors)), str(tensor.name), like, folder)


def _from_hex(line: bytes, text: str, like: Array) -> Array:
    if len(text) != 2 * like.nbytes:
        digits = f"{2 * like.nbytes} digits ({like.nbytes} bytes, two digits each)"
        _refuse(line, f"result's hex must have {digits}, and has {len(text)}")
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


def _from_file(line: bytes, path: Path, name: str, like: Array, folder: Path) -> Array:
    """Read one tensor from a file whose size is known to be near that of the tensor before a byte
    is read.
    """
    from safetensors import SafetensorError, deserialize

    try:
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            _refuse(
                line,
                f"result's file must lie beside the input's, in {quoted(str(folder))}, "
                f"not at {quoted(str(path))}",
            )
        content = read_file(path, most=4 * like.nbytes + MIB, what="the file", error=StsmError)
        held = {key: entry for key, entry in deserialize(content) if key == name}  # type: ignore[no-untyped-call]  # safetensors's
    except ProtocolError:
        raise
    except StsmError as error:
        _refuse(line, f"result's file cannot be taken: {error}")
    except (OSError, ValueError, SafetensorError) as error:
        _refuse(line, f"result's file cannot be read: {error}")
    if name not in held:
        _refuse(line, f"result's file holds no tensor {quoted(name)}")
    has = held[name]["dtype"], list(held[name]["shape"])
    must = SAFETENSORS_NAMES[like.dtype.name], list(like.shape)
    if has != must:
        _refuse(line, f"result's file holds {has[0]} {has[1]}, and must hold {must[0]} {must[1]}")
    return _from_bytes(line, bytes(held[name]["data"]), like)


def _read(line: bytes, asked: str, kind: type[Read]) -> Read:
    """Parse one line as a message; no key may stand twice, and no number be other than an
    integer.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            _refuse(line, f"the key {twice!r} stands twice in one object")
        return dict(pairs)

    def no_float(text: str) -> NoReturn:
        _refuse(
            line,
            f"{text} stands where no such number can: values travel as hex, the rest are integers",
        )

    try:
        message = json.loads(
            line.decode(), object_pairs_hook=once, parse_float=no_float, parse_constant=no_float
        )
    except ProtocolError:
        raise
    except (ValueError, RecursionError) as error:
        _refuse(line, f"it is not JSON: {error}")
    try:
        return read_struct(message, kind)
    except ValueError as error:
        hint = (
            "; a tensor is {dtype, shape, hex}: numbers in JSON are not exact"
            if "`$.result`" in str(error)
            else ""
        )
        _refuse(line, f"the answer to {asked} is wrong: {error}{hint}")


def _refuse(line: bytes, why: str) -> NoReturn:
    raise ProtocolError(f"{why}; the line was {shown(line)}")


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()
