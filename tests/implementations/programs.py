"""Programs that speak the protocol, rightly or in one way wrongly, for the tests to start; the
first argument says which way.

It stands alone: it is run as a script, with nothing but the standard library.
"""

import json
import os
import subprocess
import sys
import time

FOREVER = 60


def say(message: object) -> None:
    """Write one line at once."""
    sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    sys.stdout.flush()


def start_child(**options: object) -> None:
    """Start a process that outlives this one by far."""
    subprocess.Popen(
        [sys.executable, "-S", "-E", "-c", f"import time; time.sleep({FOREVER})"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **options,  # type: ignore[call-overload]
    )


def write_much() -> None:
    """Write ten megabytes to standard error."""
    for _ in range(1000):
        sys.stderr.write("x" * 9999 + "\n")


def begin_a_line() -> None:
    """Write half a line and wait."""
    sys.stdout.write('{"version":1')
    sys.stdout.flush()
    time.sleep(FOREVER)


def leave_an_orphan() -> None:
    """Start a process whose parent has ended, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        start_child()
        os._exit(0)


def give_up() -> None:
    """Say why on standard error, and end."""
    sys.stderr.write("no licence found\n")
    sys.exit(3)


BEFORE_HELLO = {
    "exits-at-once": give_up,
    "hangs-on-start": lambda: time.sleep(FOREVER),
    "leaves-a-child": start_child,
    "leaves-a-child-with-a-session-of-its-own": lambda: start_child(start_new_session=True),
    "leaves-a-child-that-hides": lambda: start_child(env={}),
    "leaves-an-orphan": leave_an_orphan,
    "stderr-by-the-megabyte": write_much,
    "no-newline": begin_a_line,
}
"""What it does before it says who it is."""

HELLOS = {
    "wrong-version": {"version": 2},
    "unknown-key": {"colour": "blue"},
    "unknown-layout": {"layout": "NHWC"},
    "name-with-escapes": {"name": "\x1b[2J"},
    "names-vjp-without-it": {"ops": ["forward", "vjp"]},
    "ops-without-forward": {"ops": ["vjp"]},
    "unknown-dtype": {"dtypes": ["float32", "float7"]},
}
"""What it says wrongly of itself."""


def hello(way: str) -> None:
    """Answer ``start``, or do not."""
    BEFORE_HELLO.get(way, lambda: None)()
    say(
        {"version": 1, "name": "program", "language": "python", "layout": "NTCHW"}
        | HELLOS.get(way, {})
    )


def allocate() -> None:
    """Take memory without end."""
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1 << 20)) * 16)


def allocate_in_children() -> None:
    """Take memory in three processes, little in each."""
    lines = "x = b'1' * (60 << 20); import time; time.sleep(60)"
    children = [subprocess.Popen([sys.executable, "-S", "-E", "-c", lines]) for _ in range(3)]
    for child in children:
        child.wait()


def flood(text: str) -> None:
    """Write it for ever."""
    while True:
        sys.stdout.write(text)


def shut_up() -> None:
    """Close standard output and go on running."""
    os.close(1)
    time.sleep(FOREVER)


BEHAVIOURS = {
    "exits-midway": lambda: sys.exit("the device fell off"),
    "crashes-midway": os.abort,
    "hangs-midway": lambda: time.sleep(FOREVER),
    "floods-stdout": lambda: flood("still computing\n"),
    "endless-line": lambda: flood("0" * 65536),
    "allocates": allocate,
    "allocates-in-children": allocate_in_children,
    "takes-a-large-block": lambda: bytearray(300 << 20),
    "closes-stdout": shut_up,
}
"""What else it does when it should answer."""

LINES = {
    "invalid-json": "Ergebnis: \x1b[31m42",
    "nan": '{"seq":1,"result":NaN}',
    "a-key-twice": '{"seq":1,"seq":1,"skipped":"x"}',
    "a-list": "[1]",
}
"""What it says instead of an answer."""

ANSWERS = {
    "json-floats": lambda seq, x: {"seq": seq, "result": {**x, "hex": [0.5, 1.0]}},
    "numbers": lambda seq, x: {"seq": seq, "result": [1, 2]},
    "wrong-seq": lambda seq, x: {"seq": seq + 1, "result": x},
    "true-for-seq": lambda seq, x: {"seq": True, "result": x},
    "wrong-shape": lambda seq, x: {"seq": seq, "result": {**x, "shape": x["shape"][::-1]}},
    "wrong-dtype": lambda seq, x: {"seq": seq, "result": {**x, "dtype": "float64"}},
    "short-hex": lambda seq, x: {"seq": seq, "result": {**x, "hex": x["hex"][:-2]}},
    "odd-hex": lambda seq, x: {"seq": seq, "result": {**x, "hex": x["hex"][:-1]}},
    "blank-hex": lambda seq, x: {"seq": seq, "result": {**x, "hex": "  " + x["hex"][2:]}},
    "two-answers-in-one": lambda seq, x: {"seq": seq, "result": x, "skipped": "or not"},
    "an-error": lambda seq, x: {"seq": seq, "error": "out of \x1b[31mchannels"},
    "skips": lambda seq, x: {"seq": seq, "skipped": "not today"},
    "file-unasked": lambda seq, x: {
        "seq": seq,
        "result": {"dtype": x["dtype"], "shape": x["shape"], "safetensors": "/x", "name": "x"},
    },
}
"""The answer that it gives, from the sequence number and the input; where nothing moves, the
input is right.
"""


CARELESS = {
    "float32-only": lambda line, message: message["x"]["dtype"] != "float32",
    "no-single-pixels": lambda line, message: message["x"]["shape"] == [1] * 5,
    "tires": lambda line, message: message["seq"] % 50 == 49,
    "splits-at-commas": lambda line, message: '"cmd":"run"' not in line.replace(": ", ":"),
    "counts-braces": lambda line, message: line.count("{") != line.count("}"),
}
"""When a careless reader of lines, shapes or JSON stumbles."""


class Program:
    """A program that gives back its input, or does in one way what it should not."""

    def __init__(self, way: str) -> None:
        self.way = way
        self.specs: list[dict] = []

    def serve(self) -> None:
        """Answer line by line."""
        for line in sys.stdin:
            message = json.loads(line)
            command = message["cmd"]
            if command == "start":
                hello(self.way)
            elif command == "spec":
                self.specs.append(message["spec"])
                say(
                    {"ok": False, "why": "no time axis here"}
                    if self.way == "declines"
                    else {"ok": True}
                )
            elif command == "run":
                if self.way == "reads-64-KiB" and len(line) > 65536:
                    os.abort()
                self.run(line, message)
            else:
                time.sleep(FOREVER if self.way == "ignores-stop" else 0)
                sys.exit(4 if self.way == "ends-badly" else 0)
        if self.way == "ignores-the-end":
            time.sleep(FOREVER)

    def run(self, line: str, message: dict) -> None:
        """Answer ``run`` in the way of this program."""
        seq, x, way = message["seq"], message["x"], self.way
        if way in BEHAVIOURS:
            BEHAVIOURS[way]()
        exact = self.specs and self.specs[-1]["rounding"] == "exact" and x["shape"][2] % 16
        if way in LINES:
            say(LINES[way])
        elif way in ANSWERS:
            say(ANSWERS[way](seq, x))
        elif way in CARELESS and CARELESS[way](line, message):
            say({"seq": seq, "error": "I stumbled"})
        elif message["op"] != "forward" and way != "does-every-op":
            say({"seq": seq, "skipped": "forward only"})
        elif exact and way != "does-not-refuse":
            say({"seq": seq, "error": "the channels do not divide"})
        elif way == "remembers" and len({str(spec) for spec in self.specs}) > 1:
            say({"seq": seq, "result": {**x, "hex": "0" * len(x["hex"])}})
        else:
            say({"seq": seq & 0x7FFFFFFF if way == "counts-in-31-bits" else seq, "result": x})
        if way == "two-lines":
            say({"seq": seq, "result": x})


if __name__ == "__main__":
    Program(sys.argv[1]).serve()
