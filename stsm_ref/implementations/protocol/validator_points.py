"""The points of the validator: what is asked of a program, in its author's words, and the
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
    ProtocolSession,
    Wrong,
)

POINTS: dict[str, Callable[[ProtocolSession], None]] = {}


def point(play: Callable[[ProtocolSession], None]) -> Callable[[ProtocolSession], None]:
    """Register a point; its docstring is what the author reads."""
    POINTS[" ".join(str(play.__doc__).split("\n\n")[0].split()).rstrip(".")] = play
    return play


def _result(session: ProtocolSession, answer: messages.Answer, what: str) -> bytes:
    if answer.result is None:
        raise Wrong(f"{what} gives no result: {answer.error or answer.skipped}", session.last)
    return answer.result.tobytes()


@point
def says_who_it_is(session: ProtocolSession) -> None:
    """It answers start with version, name, language and layout, and prints nothing before."""
    session.start()


@point
def takes_the_default_spec(session: ProtocolSession) -> None:
    """It answers spec with {"ok":true}, here for T+H+W@3/8."""
    if why := session.use(DEFAULT):
        raise Wrong(f"it declines the paper's own setting: {why}", session.last)


@point
def answers_a_small_clip(session: ProtocolSession) -> None:
    """It answers run with a tensor of the shape and dtype of x, and the same seq."""
    _result(session, session.run(SMALL if _batches(session) else (1, *SMALL[1:])), "a small clip")


@point
def every_dtype(session: ProtocolSession) -> None:
    """It gives a result for each dtype that it named (all, if it named none), or skips it."""
    assert session.hello
    for dtype in session.hello.dtypes:
        answer = session.run((1, 2, 8, 2, 3), dtype=dtype)
        if answer.error:
            raise Wrong(
                f"it gives an error for {dtype}: {answer.error}; name in dtypes what it takes",
                session.last,
            )


@point
def every_op(session: ProtocolSession) -> None:
    """It gives a result for each op that it named, vjp with grad and jvp with dx."""
    assert session.hello
    for op in sorted(session.hello.ops):
        _result(session, session.run((1, 2, 8, 2, 3), op), op)


@point
def other_ops_do_no_harm(session: ProtocolSession) -> None:
    """It answers an op that it did not name with skipped or error, and goes on."""
    assert session.hello
    others: tuple[Op, ...] = ("vjp", "jvp")
    for op in others:
        if op not in session.hello.ops and session.run((1, 2, 8, 2, 3), op).result is not None:
            raise Wrong(
                f"it gives a result for {op}: name it in ops, so that it is checked", session.last
            )
    _result(session, session.run((1, 2, 8, 2, 3)), "forward after that")


@point
def sizes_of_one(session: ProtocolSession) -> None:
    """It takes a clip of one frame, one channel and one pixel."""
    _result(session, session.run(ONE), "a clip of one pixel")


@point
def long_lines(session: ProtocolSession) -> None:
    """It takes a line of more than 64 KiB, and answers with one."""
    _result(session, session.run(WIDE), "a clip of 128 KiB")


@point
def lines_one_after_another(session: ProtocolSession) -> None:
    """It answers fifty questions in turn, each once."""
    for _ in range(50):
        _result(session, session.run((1, 2, 8, 2, 3)), "a small clip")


@point
def other_specs(session: ProtocolSession) -> None:
    """It answers a spec of all seven terms with ok or with why not, and a later spec replaces
    it.
    """
    before = _result(session, session.run((1, 3, 16, 3, 2)), "a small clip")
    if session.use(ALL_TERMS) is None:
        session.run((1, 3, 64, 3, 2))
    if why := session.use(DEFAULT):
        raise Wrong(f"it declines a spec that it took before: {why}", session.last)
    if _result(session, session.run((1, 3, 16, 3, 2)), "a small clip") != before:
        raise Wrong(
            "the same question has another answer after a spec in between: keep nothing of it",
            session.last,
        )


@point
def refusals_do_no_harm(session: ProtocolSession) -> None:
    """Where rounding is exact and the channels do not divide, it answers with error or skipped,
    and goes on.
    """
    if (
        session.use(ShiftSpec(rounding="exact")) is None
        and session.run((1, 2, 17, 2, 3)).result is not None
    ):
        raise Wrong("17 channels do not divide by 16, and it gives a result", session.last)
    session.use(DEFAULT)
    _result(session, session.run((1, 2, 8, 2, 3)), "a clip after the refusal")


@point
def any_seq(session: ProtocolSession) -> None:
    """It gives back any seq as an integer: 0, and 9007199254740991."""
    for seq in (0, 2**53 - 1, 7):
        _result(session, session.run((1, 2, 8, 2, 3), seq=seq), f"seq {seq}")


@point
def blanks_and_order(session: ProtocolSession) -> None:
    """It reads JSON with blanks between the words and its keys in any order."""

    def turned(message: dict[str, object]) -> str:
        x = message["x"]
        assert isinstance(x, dict)
        return json.dumps(
            dict(reversed((message | {"x": dict(reversed(x.items()))}).items())),
            separators=(" , ", " : "),
        )

    _result(session, session.run((1, 2, 8, 2, 3), dumps=turned), "a clip in such a line")


@point
def escapes(session: ProtocolSession) -> None:
    """It reads strings with escapes, with braces, and with letters beyond ASCII, here in case."""
    for ascii_only in (True, False):
        dumps = lambda message, ascii_only=ascii_only: json.dumps(message, ensure_ascii=ascii_only)  # noqa: E731 # bound to this turn
        _result(
            session,
            session.run((1, 2, 8, 2, 3), case='é "x": {[ \\ ∂', dumps=dumps),
            "a clip of such a case",
        )


@point
def stops(session: ProtocolSession) -> None:
    """It ends soon after stop, with status 0, and leaves no process behind."""
    session.end(messages.stop())


@point
def ends_with_its_input(session: ProtocolSession) -> None:
    """It ends soon after its standard input has ended, so that it never outlives whoever asks."""
    session.start()
    try:
        session.end(None)
    except TargetError as error:
        if "ended with status" not in str(error):  # any status will do here
            raise


def _batches(session: ProtocolSession) -> bool:
    return session.hello is not None and session.hello.layout != "TCHW"
