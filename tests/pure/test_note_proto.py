"""The bytes of the note socket, both ways."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from server.notes.yproto import (
    HELLO,
    Bad,
    awareness_message,
    json_message,
    read_bytes,
    read_last,
    read_state_vector,
    read_varuint,
    sync_message,
    wire_frame,
    write_varuint,
)


@given(st.integers(0, 2**56 - 1))
def test_varints_come_back(number: int) -> None:
    raw = write_varuint(number)
    assert read_varuint(raw, 0) == (number, len(raw))


@pytest.mark.parametrize("raw", [b"", b"\x80", b"\xff" * 8, b"\xff" * 40])
def test_bad_41_varints(raw: bytes) -> None:
    with pytest.raises(Bad):
        read_varuint(raw, 0)


@given(st.binary(max_size=300), st.binary(max_size=3))
def test_prefixed_bytes_end_where_they_say(payload: bytes, more: bytes) -> None:
    message = sync_message(2, payload)
    assert read_bytes(message + more, 2) == (payload, len(message))
    if more:
        with pytest.raises(Bad, match="trailing"):
            read_last(message + more, 2)


def test_bad_41_a_length_beyond_the_end() -> None:
    with pytest.raises(Bad, match="truncated"):
        read_bytes(b"\x05abc", 0)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_are_those_of_the_websocket_library(size: int) -> None:
    message = b"x" * size
    assert wire_frame(message) == Frame(Opcode.BINARY, message).serialize(mask=False)


def test_json_keeps_letters() -> None:
    raw = json_message(HELLO, {"name": "Zoë"})
    assert raw[0] == HELLO
    assert json.loads(raw[1:]) == {"name": "Zoë"}


def test_state_vectors() -> None:
    assert read_state_vector(b"\x02\x0b\x05\x16\x80\x01") == {11: 5, 22: 128}


@pytest.mark.parametrize("raw", [b"", b"\x01\x0b", b"\x01\x0b\x05\x00", b"\x02\x0b\x05\x0b\x05", write_varuint(1 << 31)])
def test_bad_41_state_vectors(raw: bytes) -> None:
    with pytest.raises(Bad):
        read_state_vector(raw)


def test_awareness_holds_every_state() -> None:
    assert awareness_message({1: (2, b"{}"), 300: (4, b"null")}) == b"\x01\x0e\x02\x01\x02\x02{}\xac\x02\x04\x04null"
