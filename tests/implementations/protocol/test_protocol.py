"""Messages of the protocol: bits survive the way there and back, and what is no message is
refused, by the schemas and by the reader.
"""

import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from stsm_ref import strategies
from stsm_ref.errors import quoted
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.isolation import child
from stsm_ref.implementations.isolation.child import Child
from stsm_ref.implementations.process import ProcessTarget
from stsm_ref.implementations.protocol import messages, terminal, validator
from stsm_ref.implementations.protocol.schema import MESSAGES, complaint, schema
from stsm_ref.implementations.protocol.validator_points import POINTS
from stsm_ref.values import DTYPES
from tests import PROGRAMS, ROOT
from tests.implementations.programs import ANSWERS, HELLOS, LINES

X = np.arange(24, dtype="f4").reshape(1, 2, 3, 2, 2)
CLIPS = strategies.arrays(st.tuples(*[st.integers(0, 3)] * 5), dtypes=DTYPES)
ONLY_THE_READER = {
    "names-vjp-without-it",
    "wrong-seq",
    "wrong-shape",
    "wrong-dtype",
    "short-hex",
    "nan",
    "a-key-twice",
    "skips",
    "an-error",
    "file-unasked",
}
"""Lines that are messages, but not here, or not a program's; a schema cannot see it."""


@given(CLIPS)
def test_tensors_travel_as_bits(x: np.ndarray) -> None:
    """Every dtype, shape, memory layout and bit pattern comes back as it went, in digits and in
    a line.
    """
    answer = {"seq": 1, "result": messages.encode(x)}
    assert complaint("run-answer", answer) == ""
    again = messages.read_answer(json.dumps(answer).encode(), 1, x).result
    assert again is not None
    assert (again.dtype, again.shape, again.tobytes()) == (x.dtype, x.shape, x.tobytes())


def test_digits_are_those_of_the_document() -> None:
    """Little-endian, C order, two digits a byte: a literal, and a big-endian transposed array
    gives the same.
    """
    want = {"dtype": "float32", "shape": [2, 1], "hex": "0000803f00000080"}
    assert messages.encode(np.array([[1.0], [-0.0]], "f4")) == want
    assert messages.encode(np.array([[1.0, -0.0]], ">f4").T) == want


@given(strategies.shift_specs(), CLIPS, st.sampled_from(["forward", "vjp", "jvp"]))
def test_what_we_send_is_valid_by_its_schema(spec: ShiftSpec, x: np.ndarray, op: Any) -> None:
    """Every message that we write is one of the schema's."""
    tensors = {"x": messages.encode(x)} | (
        {} if op == "forward" else {"grad" if op == "vjp" else "dx": messages.encode(x)}
    )
    run = messages.run(3, "a case", op, tensors, num_segments=2)
    for message, line in {
        "start": messages.start(),
        "spec": messages.spec(spec),
        "run": run,
        "stop": messages.stop(),
    }.items():
        assert complaint(message, json.loads(line)) == ""
        assert b"\n" not in line


@pytest.mark.parametrize("message", MESSAGES)
def test_schemas_are_schemas_and_closed(message: str) -> None:
    """Each is valid in its draft, takes no unknown key anywhere, and describes what a tensor is
    in the same words.
    """
    jsonschema.Draft202012Validator.check_schema(schema(message))
    for part in (schema(message), *schema(message).get("$defs", {}).values()):
        assert part.get("type") != "object" or part["additionalProperties"] is False
    if "$defs" in schema(message):
        assert schema(message)["$defs"] == schema("run")["$defs"]
        assert tuple(schema("run")["$defs"]["inline"]["properties"]["dtype"]["enum"]) == tuple(
            d.name for d in DTYPES
        )


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("start-answer", messages.Hello),
        ("spec-answer", messages.Agreement),
        ("run-answer", messages.RunAnswer),
    ],
)
def test_schemas_and_structs_have_the_same_keys(message: str, kind: type) -> None:
    """What may stand in an answer, and what must, is one thing in the shipped schema and in the
    struct that reads it.
    """
    shipped, read = schema(message), msgspec.json.schema(kind)["$defs"][kind.__name__]
    assert set(shipped["properties"]) == set(read["properties"])
    assert set(shipped["required"]) == set(read["required"])
    assert shipped["additionalProperties"] is read["additionalProperties"] is False
    for key, part in read["properties"].items():
        if "enum" in part:
            assert set(shipped["properties"][key]["enum"]) == set(part["enum"])


@pytest.mark.parametrize("way", [*HELLOS, *ANSWERS, *LINES])
def test_schemas_and_reader_agree(way: str) -> None:
    """What the reader refuses, the schema refuses too, unless only the question shows that it
    is wrong.
    """
    tensor = messages.encode(X)
    if way in HELLOS:
        message: Any = {"version": 1, "name": "program", "language": "c", "layout": "NTCHW"}
        line, kind = json.dumps(message | HELLOS[way]), "start-answer"
        assert complaint(kind, message) == ""
    else:
        line, kind = LINES.get(way) or json.dumps(ANSWERS[way](1, tensor)), "run-answer"
    if way not in ("skips", "an-error", "names-vjp-without-it"):
        with pytest.raises(messages.ProtocolError):
            messages.read_hello(line.encode()) if way in HELLOS else messages.read_answer(
                line.encode(), 1, X
            )
    if way not in {*ONLY_THE_READER, "invalid-json", "name-with-escapes"}:
        assert complaint(kind, json.loads(line))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_readers_refuse_anything_else_in_their_own_words(data: Any) -> None:
    """Whatever JSON comes, a reader refuses it as a ProtocolError, never otherwise."""
    line = json.dumps(data).encode()
    for read in (
        messages.read_hello,
        messages.read_agreement,
        lambda line: messages.read_answer(line, 1, X),
    ):
        with pytest.raises(messages.ProtocolError):
            read(line)


@pytest.mark.parametrize(
    "line", [b"", b"\xff", b"[" * 100000, b'{"seq":' + b"9" * 5000 + b"}", b"{}{}"]
)
def test_readers_survive_what_is_no_json(line: bytes) -> None:
    """Bytes that are no text, nesting without end, and numbers without end are no JSON for us."""
    with pytest.raises(messages.ProtocolError):
        messages.read_answer(line, 1, X)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"ok": False}, "ok is false, so why must be a string"),
        ({"ok": True, "why": "x"}, "there must be no why"),
        ({"ok": 1}, r"Expected `bool`, got `int` - at `\$.ok`"),
        ({"ok": True, "also": 1}, "unknown field `also`"),
    ],
)
def test_an_agreement_is_one_of_two(line: dict[str, Any], why: str) -> None:
    """Yes stands alone, and no says why; the schema sees the same."""
    with pytest.raises(messages.ProtocolError, match=why):
        messages.read_agreement(json.dumps(line).encode())
    assert complaint("spec-answer", line)


def test_the_documented_messages_are_messages() -> None:
    """Every line of the how-to is valid by its schema, reads back, and is answered as it says."""
    page = (ROOT / "docs" / "howto" / "check-your-implementation.md").read_text()
    lines = re.findall(r"^([<>]) (\{.*\})$", page, re.MULTILINE)
    assert len(lines) == 9
    asked = ""
    for side, text in lines:
        message = json.loads(text)
        asked = message["cmd"] if side == ">" else asked
        assert complaint(asked if side == ">" else f"{asked}-answer", message) == ""
    [file] = re.findall(r"^\{.*safetensors.*\}$", page, re.MULTILINE)
    assert complaint("run-answer", {"seq": 1, "result": json.loads(file)}) == ""
    assert all(f"protocol-{message}`" in page for message in MESSAGES)
    assert f"{len(POINTS)} points of the protocol" in page


def test_bools_are_zero_or_one() -> None:
    """Any other byte would be a bool that is neither."""
    x = np.ones(2, bool)
    line = json.dumps({"seq": 1, "result": messages.encode(x) | {"hex": "0102"}}).encode()
    with pytest.raises(messages.ProtocolError, match="a bool must be the byte 00 or 01"):
        messages.read_answer(line, 1, x)


FILES = {
    "inside": ("{folder}/y.safetensors", "y", X, ""),
    "elsewhere": ("{folder}/../y.safetensors", "y", X, "must lie beside the input's"),
    "through a link": ("{folder}/link", "y", X, "must lie beside the input's"),
    "absent": ("{folder}/z.safetensors", "y", None, "must lie beside the input's"),
    "of another name": ("{folder}/y.safetensors", "z", X, "holds no tensor 'z'"),
    "of another shape": ("{folder}/y.safetensors", "y", X[0], "holds F32"),
    "of another dtype": ("{folder}/y.safetensors", "y", X.astype("f8"), "holds F64"),
    "no such file": ("{folder}/bad", "y", None, "cannot be read"),
}


@pytest.mark.parametrize("way", FILES)
def test_results_may_come_by_file(way: str, tmp_path: Path) -> None:
    """A safetensors file in the folder that we gave is read; any other is refused."""
    from safetensors.numpy import save_file

    path, name, held, why = FILES[way]
    folder = tmp_path / "folder"
    folder.mkdir()
    path = path.format(folder=folder)
    (folder / "bad").write_bytes(b"not at all")
    if held is not None:
        save_file(
            {"y": np.ascontiguousarray(held)},
            tmp_path / "y.safetensors" if way == "through a link" else Path(path),
        )
    (folder / "link").symlink_to(tmp_path / "y.safetensors")
    tensor = {"dtype": "float32", "shape": list(X.shape), "safetensors": path, "name": name}
    line = json.dumps({"seq": 1, "result": tensor}).encode()
    assert complaint("run-answer", json.loads(line)) == ""
    if why:
        with pytest.raises(messages.ProtocolError, match=why):
            messages.read_answer(line, 1, X, folder=folder)
    else:
        np.testing.assert_array_equal(messages.read_answer(line, 1, X, folder=folder).result, X)
    with pytest.raises(messages.ProtocolError, match="must have the keys dtype, shape, hex"):
        messages.read_answer(line, 1, X)


def safetensors(name: str, dtype: str, shape: list[int], data: bytes) -> bytes:
    """A file of one tensor, of any dtype."""
    head = json.dumps(
        {name: {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}
    ).encode()
    return len(head).to_bytes(8, "little") + head + data


HOSTILE_FILES = {
    "BF16": (
        safetensors("y", "BF16", [1, 2, 3, 2, 2], bytes(48)),
        r"holds BF16 \[1, 2, 3, 2, 2\], and must hold F32",
    ),
    "F8": (safetensors("y", "F8_E4M3", [1, 2, 3, 2, 2], bytes(24)), r"holds F8_E4M3"),
    "a header of its own size": ((1 << 60).to_bytes(8, "little") + b"{}", r"cannot be read"),
    "a header of brackets": ((10**5).to_bytes(8, "little") + b"[" * 10**5, r"cannot be read"),
    "too large": (bytes(1 << 21), r"has 2.0 MiB, where a right one has 1.0 MiB at most"),
    "empty": (b"", r"cannot be read"),
}


def test_a_file_of_a_program_is_not_trusted(tmp_path: Path) -> None:
    """Dtypes that NumPy lacks, a sparse file of a terabyte, and headers that lie are refused as
    what they are, and not read whole.
    """
    path = tmp_path / "y.safetensors"
    tensor = {"dtype": "float32", "shape": list(X.shape), "safetensors": str(path), "name": "y"}
    line = json.dumps({"seq": 1, "result": tensor}).encode()
    for content, why in HOSTILE_FILES.values():
        path.write_bytes(content)
        with pytest.raises(messages.ProtocolError, match=why):
            messages.read_answer(line, 1, X, folder=tmp_path)
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(messages.ProtocolError, match=r"has 1024.0 GiB, where a right one"):
        messages.read_answer(line, 1, X, folder=tmp_path)


def test_a_bool_in_a_file_is_zero_or_one(tmp_path: Path) -> None:
    """As inline: a byte that is neither would compare as it likes."""
    x, path = np.zeros(3, bool), tmp_path / "y.safetensors"
    line = json.dumps(
        {"seq": 1, "result": {"dtype": "bool", "shape": [3], "safetensors": str(path), "name": "y"}}
    ).encode()
    path.write_bytes(safetensors("y", "BOOL", [3], b"\0\1\1"))
    assert messages.read_answer(line, 1, x, folder=tmp_path).result.tolist() == [False, True, True]
    path.write_bytes(safetensors("y", "BOOL", [3], b"\0\2\1"))
    with pytest.raises(messages.ProtocolError, match="a bool must be the byte 00 or 01"):
        messages.read_answer(line, 1, x, folder=tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        {"version": 1, "name": "\ud800", "language": "c", "layout": "NTCHW"},
        {"ok": False, "why": "\ud800\x1b[2J"},
        {"seq": 1, "skipped": "\ud800" * 9999},
        {"seq": 1, "error": "\ud800"},
        {
            "seq": 1,
            "result": {
                "dtype": "\ud800",
                "shape": ["\ud800"],
                "safetensors": "\ud800",
                "name": "\ud800",
            },
        },
        {"\ud800": 1, "seq": 1},
    ],
)
def test_half_a_surrogate_pair_is_refused_or_shown(answer: dict[str, Any], tmp_path: Path) -> None:
    """JSON can say it and no encoding can hold it; whatever is made of it can be printed."""
    line = json.dumps(answer).encode()
    with contextlib.suppress(messages.ProtocolError):
        messages.read_hello(line)
    try:
        told = str(
            messages.read_agreement(line)
            if "ok" in answer
            else messages.read_answer(line, 1, X, folder=tmp_path)
        )
    except messages.ProtocolError as error:
        told = str(error)
        told.encode()
    assert len(quoted(told)) < 300
    quoted(told).encode()


def test_large_tensors_go_by_file_and_the_files_go(tmp_path: Path) -> None:
    """Past 64 KiB a program that said so reads a file; the folder is gone when it is closed,
    and after an error too.
    """
    program = tmp_path / "program.py"
    program.write_text(
        """
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if m["cmd"] == "start":
        a = {"version": 1, "name": "files", "language": "python", "layout": "NTCHW", "safetensors": True}
    elif m["cmd"] == "spec":
        a = {"ok": True}
    elif m["cmd"] == "stop":
        break
    else:
        assert ("safetensors" in m["x"]) == (len(sys.argv) > 1), m
        a = {"seq": m["seq"], "result": m["x"]}
    print(json.dumps(a), flush=True)
"""
    )
    command = [sys.executable, "-S", "-E", str(program)]
    with ProcessTarget([*command, "large"]) as target:
        folder = Path(target._folder.name)
        for dtype in ("f4", "i2", "?"):
            x = np.arange(2**17).astype(dtype).reshape(1, 2, 8, 128, 64)
            np.testing.assert_array_equal(target.run("forward", x).output, x)
        assert folder.stat().st_mode & 0o077 == 0
        assert list(folder.iterdir())
    assert not folder.exists()
    with ProcessTarget(command) as target:
        x = np.zeros((1, 1, 4096, 1, 1), "c16")[:, :, : messages.INLINE_LIMIT // 16]
        target.run("forward", x)
        folder = Path(target._folder.name)
        with pytest.raises(TargetError, match="AssertionError"):
            target.run("forward", np.zeros((1, 1, 1 << 16, 1, 1), "f4"))
        assert not folder.exists()


@pytest.mark.parametrize("layout", ["TCHW", "NTCHW", "NCTHW", "NTHWC", "(NT)CHW"])
def test_a_program_gets_its_own_layout(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips go out and come back in the layout that the program named; frames come with their
    number.
    """
    sent: list[dict[str, Any]] = []
    real = Child.ask

    def ask(self: Child, line: bytes, **how: Any) -> bytes:
        answer = real(self, line, **how)
        sent.append(json.loads(line))
        return answer.replace(b'"NTCHW"', json.dumps(layout).encode())

    monkeypatch.setattr(Child, "ask", ask)
    x = np.arange(60, dtype="f4").reshape(1, 2, 3, 2, 5)
    with ProcessTarget([sys.executable, "-S", "-E", str(PROGRAMS), "rightly"]) as target:
        assert target.fixed == ({"N": 1} if layout == "TCHW" else {})
        np.testing.assert_array_equal(target.run("forward", x).output, x)
    sizes = dict(zip("NTCHW", x.shape, strict=True))
    shape = [2, 3, 2, 5] if layout in ("TCHW", "(NT)CHW") else [sizes[letter] for letter in layout]
    assert sent[-1]["x"]["shape"] == shape
    assert sent[-1].get("num_segments") == (2 if layout == "(NT)CHW" else None)


def validated(way: str) -> dict[str, validator.Finding]:
    """The findings about one of the programs."""
    found = validator.run(
        [sys.executable, "-S", "-E", str(PROGRAMS), way], time_limit=5 if "hangs" in way else 300
    )
    assert [finding.point for finding in found] == list(POINTS)
    return {finding.point: finding for finding in found}


WRONG_POINTS = {
    "unknown-key": (0, r"unknown field `colour`; .* \(schema protocol-start-answer\)", 15),
    "hangs-on-start": (0, "gave no answer within 5 s", 15),
    "exits-midway": (2, "the device fell off", 13),
    "wrong-dtype": (2, "result's dtype must be 'float32' as the input's, not 'float64'", 13),
    "odd-hex": (2, "hex must have 7680 digits", 13),
    "two-lines": (2, "a line that nobody asked for", 13),
    "ends-badly": (14, "ended with status 4", 0),
    "leaves-a-child": (14, "left 1 process behind", 0),
    "ignores-stop": (14, "had not ended 2 s later", 0),
    "ignores-the-end": (15, "had not ended 2 s later", 0),
    "declines": (1, "declines the paper's own setting: no time axis here", 14),
    "skips": (2, "a small clip gives no result: not today", 13),
    "float32-only": (3, "an error for float64: I stumbled; name in dtypes what it takes", 0),
    "names-vjp-without-it": (4, "vjp gives no result: forward only", 0),
    "does-every-op": (5, "it gives a result for vjp: name it in ops", 0),
    "no-single-pixels": (6, "a clip of one pixel gives no result: I stumbled", 0),
    "reads-64-KiB": (7, "killed by SIGABRT", 0),
    "tires": (8, "a small clip gives no result: I stumbled", 0),
    "remembers": (9, "the same question has another answer after a spec in between", 0),
    "does-not-refuse": (10, "17 channels do not divide by 16, and it gives a result", 0),
    "counts-in-31-bits": (11, "seq must be 9007199254740991, not 2147483647", 0),
    "splits-at-commas": (12, "a clip in such a line gives no result", 0),
    "counts-braces": (13, "a clip of such a case gives no result", 0),
}
"""For each way, the number of the point that shows it, the reason, and how many points are not
tried then.
"""


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("way", WRONG_POINTS)
def test_an_author_is_told_what_is_wrong(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The point that a program gets wrong is found, with the reason; what rests on it is not
    tried.
    """
    number, why, untried = WRONG_POINTS[way]
    if "left" in why or "had not ended" in why:
        monkeypatch.setattr(child, "LEAVING" if "left" in why else "ENDING", 2.0)
    found = list(validated(way).values())
    assert found[number].outcome == "wrong"
    assert re.search(why, found[number].why), found[number].why
    assert sum(finding.outcome == "not tried" for finding in found) == untried
    assert validator.exit_code(found) == 2
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(terminal.findings(found))
    text = console.export_text()
    assert "points are right" in text
    assert ("not tried" in text) == bool(untried)


def test_a_right_program_has_every_point() -> None:
    """A program without a fault gets every point, and the data say so."""
    found = list(validated("rightly").values())
    assert [finding for finding in found if finding.outcome != "right"] == []
    assert validator.exit_code(found) == 0
    assert validator.as_json(found)["right"] is True


def test_every_point_can_be_missed() -> None:
    """Each point is the one that some program of the table misses, so none of them is for show."""
    assert {number for number, _, _ in WRONG_POINTS.values()} == set(range(len(POINTS)))
