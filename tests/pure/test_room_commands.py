"""Bodies of the room's commands: what is read, what is refused (bad inputs 23 and 27)."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.consultation.commands import COMMANDS, MAX_DESCRIPTION, Chat, Media, Signal, parse_command, parse_hello
from server.errors import Malformed, TooBig

SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
HELLO = {"ticket": "t", "resume": None}

GOOD: dict[str, dict[str, Any]] = {
    "signal": {"to": "p", "description": {"type": "offer", "sdp": SDP}},
    "media": {"mic": True, "camera": False, "screen": False},
    "hand": {"up": True},
    "answer": {"epoch": 1, "side": "publish", "number": 2, "sdp": SDP},
    "restart_media": {"side": "subscribe"},
    "watch": {"wishes": [{"peer": "p", "source": "camera", "layer": "l", "pinned": False}]},
    "flowing": {"epoch": 1},
    "stuck": {},
    "chat": {"body": "Hello"},
    "caption": {"body": "Hello", "final": True, "source": "typed"},
    "quality": {
        "lost_in": 0,
        "lost_out": 1,
        "delay_ms": 40,
        "jitter_ms": 3,
        "in_kbps": 900,
        "out_kbps": 800,
        "frozen_ms": 0,
        "sound_only": False,
    },
    "enter": {},
    "admit": {},
    "hold": {"body": None},
    "refuse": {"reason": "No"},
    "leave": {},
    "record": {"on": True},
    "agree": {"yes": False},
    "end": {"outcome": "completed", "reason": None},
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", " ", "a", "v=0", "\u00e9", "offer", 0.5, 1e300]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["body", "to", "mic", "x"]), inner, max_size=3),
    max_leaves=6,
)


def test_every_command_has_a_good_example() -> None:
    assert GOOD.keys() == COMMANDS.keys()
    for kind, body in GOOD.items():
        assert isinstance(parse_command(kind, body), COMMANDS[kind])


@given(kind=st.sampled_from(sorted(COMMANDS)), body=st.dictionaries(st.sampled_from(["body", "to", "up", "reason", "candidate"]), JSON))
def test_any_body_is_read_or_refused(kind: str, body: dict[str, Any]) -> None:
    """A refusal is the answer to one frame; any other exception would end the connection."""
    with suppress(Malformed, TooBig):
        assert isinstance(parse_command(kind, body), COMMANDS[kind])


@pytest.mark.parametrize(("kind", "body"), list(GOOD.items()), ids=list(GOOD))
def test_unknown_fields_are_refused(kind: str, body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_command(kind, {**body, "more": 1})


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for kind, body in GOOD.items() if body], ids=str)
def test_missing_fields_are_refused(kind: str, body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_command(kind, dict(list(body.items())[1:]))


@pytest.mark.parametrize("kind", ["", "hello", "beat", "welcome", "nothing", "__class__"])
def test_unknown_commands_are_refused(kind: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_command(kind, {})
    assert refused.value.code == "unknown_command"


@pytest.mark.parametrize("body", ["", "   \n ", "x" * 2001, 5, None, ["x"]])
def test_messages_have_one_to_two_thousand_characters(body: object) -> None:
    with pytest.raises(Malformed):
        parse_command("chat", {"body": body})


def test_outer_space_of_a_message_is_dropped() -> None:
    assert parse_command("chat", {"body": " a b \n"}) == Chat(body="a b")


@pytest.mark.parametrize("value", [1, 0, "true", None])
def test_switches_are_booleans_and_nothing_like_them(value: object) -> None:
    with pytest.raises(Malformed):
        parse_command("hand", {"up": value})


@pytest.mark.parametrize("outcome", ["done", "", None, 1])
def test_there_are_three_outcomes(outcome: object) -> None:
    with pytest.raises(Malformed):
        parse_command("end", {"outcome": outcome, "reason": None})


@pytest.mark.parametrize(
    "body",
    [
        {"description": {"type": "offer", "sdp": SDP, "gen": 3}},
        {"description": {"type": "rollback"}},
        {"description": {"type": "answer", "sdp": "v=0" + "x" * (MAX_DESCRIPTION - 3)}},
        {"candidate": {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0, "gen": 1}},
        {"candidate": {"candidate": "", "usernameFragment": None}},
        {"candidate": None},
    ],
    ids=str,
)
def test_signals_are_relayed_unchanged(body: dict[str, Any]) -> None:
    command = parse_command("signal", {"to": "p", **body})
    assert isinstance(command, Signal)
    assert command.payload == body


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"description": {"type": "offer", "sdp": SDP}, "candidate": None},
        {"description": None},
        {"description": {}},
        {"description": {"type": "offer"}},
        {"description": {"type": "offer", "sdp": "<script>"}},
        {"description": {"type": "offer", "sdp": ["v=0"]}},
        {"description": {"type": "please", "sdp": SDP}},
        {"description": {"type": ["offer"], "sdp": SDP}},
        {"description": {"type": "offer", "sdp": SDP, "deep": {"a": 1}}},
        {"description": {"type": "offer", "sdp": SDP, "long": "x" * 1025}},
        {"description": {"type": "offer", "sdp": SDP, **{str(number): number for number in range(8)}}},
        {"candidate": {}},
        {"candidate": {"candidate": 1}},
        {"candidate": {"candidate": "x" * 1025}},
        {"candidate": {"candidate": "x", "more": []}},
        {"candidate": "x"},
    ],
    ids=str,
)
def test_bad_27_malformed_signals_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_command("signal", {"to": "p", **body})


def test_bad_27_a_description_that_is_too_long_is_refused() -> None:
    with pytest.raises(TooBig):
        parse_command("signal", {"to": "p", "description": {"type": "offer", "sdp": "v=0" + "x" * MAX_DESCRIPTION}})


@pytest.mark.parametrize(
    "change",
    [
        {"ticket": ""},
        {"ticket": "x" * 129},
        {"ticket": None},
        {"resume": "x" * 257},
        {"more": 1},
        {"media": {"mic": 1}},
        {"media": []},
    ],
)
def test_hello_is_strict(change: dict[str, Any]) -> None:
    assert parse_hello(HELLO).ticket == "t"
    media = {"mic": True, "camera": False, "screen": False}
    assert parse_hello({**HELLO, "media": media}).media == Media(**media)
    with pytest.raises(Malformed):
        parse_hello({**HELLO, **change})
