"""The points of `validate_protocol`: what is asked of a program, in its author's words, and the
exchange that shows it.
"""

import json
from collections.abc import Callable

from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Op, TargetError
from stsm_ref.implementations.protocol import messages
from stsm_ref.implementations.protocol.session import (
    ALL_TERMS,
    DEFAULT,
    ONE,
    SMALL,
    WIDE,
    Talk,
    Wrong,
)

POINTS: dict[str, Callable[[Talk], None]] = {}


def point(play: Callable[[Talk], None]) -> Callable[[Talk], None]:
    """Register a point; its docstring is what the author reads."""
    POINTS[str(play.__doc__).splitlines()[0].rstrip(".")] = play
    return play


def _result(talk: Talk, answer: messages.Answer, what: str) -> bytes:
    if answer.result is None:
        raise Wrong(f"{what} gives no result: {answer.error or answer.skipped}", talk.last)
    return answer.result.tobytes()


@point
def says_who_it_is(talk: Talk) -> None:
    """It answers start with version, name, language and layout, and prints nothing before."""
    talk.start()


@point
def takes_the_default_spec(talk: Talk) -> None:
    """It answers spec with {"ok":true}, here for T+H+W@3/8."""
    if why := talk.use(DEFAULT):
        raise Wrong(f"it declines the paper's own setting: {why}", talk.last)


@point
def answers_a_small_clip(talk: Talk) -> None:
    """It answers run with a tensor of the shape and dtype of x, and the same seq."""
    _result(talk, talk.run(SMALL if _batches(talk) else (1, *SMALL[1:])), "a small clip")


@point
def every_dtype(talk: Talk) -> None:
    """It gives a result for each dtype that it named (all, if it named none), or skips it."""
    assert talk.hello
    for dtype in talk.hello.dtypes:
        answer = talk.run((1, 2, 8, 2, 3), dtype=dtype)
        if answer.error:
            raise Wrong(
                f"it gives an error for {dtype}: {answer.error}; name in dtypes what it takes",
                talk.last,
            )


@point
def every_op(talk: Talk) -> None:
    """It gives a result for each op that it named, vjp with grad and jvp with dx."""
    assert talk.hello
    for op in sorted(talk.hello.ops):
        _result(talk, talk.run((1, 2, 8, 2, 3), op), op)


@point
def other_ops_do_no_harm(talk: Talk) -> None:
    """It answers an op that it did not name with skipped or error, and goes on."""
    assert talk.hello
    others: tuple[Op, ...] = ("vjp", "jvp")
    for op in others:
        if op not in talk.hello.ops and talk.run((1, 2, 8, 2, 3), op).result is not None:
            raise Wrong(
                f"it gives a result for {op}: name it in ops, so that it is checked", talk.last
            )
    _result(talk, talk.run((1, 2, 8, 2, 3)), "forward after that")


@point
def sizes_of_one(talk: Talk) -> None:
    """It takes a clip of one frame, one channel and one pixel."""
    _result(talk, talk.run(ONE), "a clip of one pixel")


@point
def long_lines(talk: Talk) -> None:
    """It takes a line of more than 64 KiB, and answers with one."""
    _result(talk, talk.run(WIDE), "a clip of 128 KiB")


@point
def lines_one_after_another(talk: Talk) -> None:
    """It answers fifty questions in turn, each once."""
    for _ in range(50):
        _result(talk, talk.run((1, 2, 8, 2, 3)), "a small clip")


@point
def other_specs(talk: Talk) -> None:
    """It answers a spec of all seven terms with ok or with why not, and a later spec replaces
    it.
    """
    before = _result(talk, talk.run((1, 3, 16, 3, 2)), "a small clip")
    if talk.use(ALL_TERMS) is None:
        talk.run((1, 3, 64, 3, 2))
    if why := talk.use(DEFAULT):
        raise Wrong(f"it declines a spec that it took before: {why}", talk.last)
    if _result(talk, talk.run((1, 3, 16, 3, 2)), "a small clip") != before:
        raise Wrong(
            "the same question has another answer after a spec in between: keep nothing of it",
            talk.last,
        )


@point
def refusals_do_no_harm(talk: Talk) -> None:
    """Where rounding is exact and the channels do not divide, it answers with error or skipped,
    and goes on.
    """
    if (
        talk.use(ShiftSpec(rounding="exact")) is None
        and talk.run((1, 2, 17, 2, 3)).result is not None
    ):
        raise Wrong("17 channels do not divide by 16, and it gives a result", talk.last)
    talk.use(DEFAULT)
    _result(talk, talk.run((1, 2, 8, 2, 3)), "a clip after the refusal")


@point
def any_seq(talk: Talk) -> None:
    """It gives back any seq as a whole number: 0, and 9007199254740991."""
    for seq in (0, 2**53 - 1, 7):
        _result(talk, talk.run((1, 2, 8, 2, 3), seq=seq), f"seq {seq}")


@point
def blanks_and_order(talk: Talk) -> None:
    """It reads JSON with blanks between the words and its keys in any order."""

    def turned(message: dict[str, object]) -> str:
        x = message["x"]
        assert isinstance(x, dict)
        return json.dumps(
            dict(reversed((message | {"x": dict(reversed(x.items()))}).items())),
            separators=(" , ", " : "),
        )

    _result(talk, talk.run((1, 2, 8, 2, 3), dumps=turned), "a clip in such a line")


@point
def escapes(talk: Talk) -> None:
    """It reads strings with escapes, with braces, and with letters beyond ASCII, here in case."""
    for ascii_only in (True, False):
        dumps = lambda message, ascii_only=ascii_only: json.dumps(message, ensure_ascii=ascii_only)  # noqa: E731 # bound to this turn
        _result(
            talk,
            talk.run((1, 2, 8, 2, 3), case='é "x": {[ \\ ∂', dumps=dumps),
            "a clip of such a case",
        )


@point
def stops(talk: Talk) -> None:
    """It ends soon after stop, with status 0, and leaves no process behind."""
    talk.end(messages.stop())


@point
def ends_with_its_input(talk: Talk) -> None:
    """It ends soon after its standard input has ended, so that it never outlives whoever asks."""
    talk.start()
    try:
        talk.end(None)
    except TargetError as error:
        if "ended with status" not in str(error):  # any status will do here
            raise


def _batches(talk: Talk) -> bool:
    return talk.hello is not None and talk.hello.layout != "TCHW"
