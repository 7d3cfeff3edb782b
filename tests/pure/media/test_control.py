"""The lines between application and engine mean the same on both sides, and nothing else is taken."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Malformed, TooBig
from server.media.codecs import CODECS, KIND_OF
from server.media.outlets import Outlets, Track
from server.media.sdp import Transport, offer
from server.media_control import (
    LONGEST_LINE,
    MOST_LINES,
    AnswerOffer,
    CloseRoom,
    Connected,
    Done,
    Gone,
    Greeting,
    Hello,
    Join,
    Leave,
    Offer,
    OpenRoom,
    Quality,
    Refused,
    RestartIce,
    Speaking,
    Stream,
    Watch,
    Welcome,
    Wish,
)
from server.media_lines import is_proof, prove, read_down, read_up, write

UP = [
    Hello(version=1),
    Hello(version=1, challenge="a" * 32, proof="b" * 64),
    OpenRoom(id=1, room="r"),
    CloseRoom(id=2, room="r"),
    Join(id=3, room="r", peer="p", publishes=["audio"], subscribes=False),
    AnswerOffer(id=4, room="r", peer="p", side="publish", offer=1, sdp="v=0\r\n"),
    Leave(id=5, room="r", peer="p"),
    RestartIce(id=6, room="r", peer="p", side="subscribe"),
    Watch(id=7, room="r", peer="p", wishes=[Wish(publisher="q", source="camera", layer=None)]),
]
DOWN = [
    Greeting(version=1, challenge=None),
    Welcome(proof=None),
    Done(re=1),
    Refused(re=2, code="not_found"),
    Offer(room="r", peer="p", side="subscribe", number=3, sdp="v=0", streams=[Stream(mid="0", publisher="q", source="screen")]),
    Connected(room="r", peer="p", side="publish"),
    Gone(room="r", peer="p", side="publish", reason="silent"),
    Speaking(room="r", peer=None),
    Quality(room="r", peer="p", budget_bps=500_000, lost=0.25, paused=["q"]),
]
JOIN = {"t": "join", "id": 1, "room": "r", "peer": "p"}


@pytest.mark.parametrize("message", UP, ids=lambda message: message.t)
def test_what_the_application_writes_the_engine_reads(message: Hello) -> None:
    assert read_up(write(message)) == message


@pytest.mark.parametrize("message", DOWN, ids=lambda message: message.t)
def test_what_the_engine_writes_the_application_reads(message: Greeting) -> None:
    line = write(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert read_down(line) == message


@pytest.mark.parametrize(
    "change",
    [
        {"t": "jump"}, {"t": "offer"}, {"more": 1}, {"id": "1"}, {"id": -1}, {"id": True},
        {"peer": ""}, {"peer": "two words"}, {"room": "r" * 65},
        {"publishes": ["sound"]}, {"publishes": ["audio"] * 4}, {"subscribes": 1}, {"peer": "p\n"}, {"peer": None},
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_command_is_refused(change: dict[str, object]) -> None:
    read_up(json.dumps(JOIN).encode())
    with pytest.raises(Malformed):
        read_up(json.dumps(JOIN | change).encode())


@pytest.mark.parametrize("line", [b"", b"\n", b"[]", b"{}", b"null", b"\xff\xfe", b'{"t": "leave"', b"[" * 5000])
def test_what_is_not_an_object_is_refused(line: bytes) -> None:
    with pytest.raises(Malformed):
        read_up(line)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists).map(json.dumps).map(str.encode)
)
def test_any_line_is_read_or_refused(line: bytes) -> None:
    with pytest.raises(Malformed):
        read_up(line)


def test_a_line_is_bounded_both_ways() -> None:
    with pytest.raises(TooBig):
        read_up(b" " * (LONGEST_LINE + 1))
    with pytest.raises(TooBig):
        write(Offer(room="r", peer="p", side="publish", number=1, sdp="\n" * 40_000, streams=[]))


def test_the_largest_offer_fits_a_line() -> None:
    outlets = Outlets(tuple(codec.name for codec in CODECS if codec.kind == "video"))
    for number in range(MOST_LINES // 3):
        for source in KIND_OF:
            outlets.put(Track(f"{number:064}", source), 2**32 - 1, 2**32 - 2)
    transport = Transport(("2001:db8:1111:2222:3333:4444:5555:6666", "255.255.255.255"), 65_535, "u" * 8, "p" * 32, "sha-256 " + "AB:" * 32)
    sdp = offer(transport, outlets.lines, session=2**62, version=2**31)
    streams = [Stream(mid=mid, publisher=track.publisher, source=track.source) for mid, track in outlets.tracks.items()]
    write(Offer(room="r" * 64, peer="p" * 64, side="subscribe", number=2**31, sdp=sdp, streams=streams))


def test_a_proof_is_of_one_side_one_secret_and_these_challenges() -> None:
    ours = prove(b"secret", "app", "g", "h")
    others = [
        prove(b"other", "app", "g", "h"),
        prove(b"secret", "engine", "g", "h"),
        prove(b"secret", "app", "x", "h"),
        prove(b"secret", "app", "g", "x"),
    ]
    assert is_proof(ours, ours)
    assert not any(is_proof(ours, other) for other in [*others, ""])
    assert not is_proof(None, ours)
