"""The bytes of the note socket: varints, sync, awareness and our own messages (docs/WIRE.md, section 3)."""

import json
from collections.abc import Mapping

from server.errors import Malformed

SYNC, AWARENESS = 0, 1
STEP1, STEP2, UPDATE = 0, 1, 2
ACK, HELLO, EVENT, REJECT = 100, 101, 102, 103

EMPTY_UPDATE = b"\x00\x00"
MAX_VARINT_BYTES = 8
NULL_STATE = b"null"


class Bad(Malformed):
    """Bytes that no honest editor sends; `code` says which rule they broke."""

    def __init__(self, code: str) -> None:
        super().__init__(code=code)


def write_varuint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(128 | (number & 127))
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varuint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number and the place after it; raises `Bad` past the end or past 56 bits."""
    number = shift = 0
    for _ in range(MAX_VARINT_BYTES):
        if at >= len(data):
            raise Bad("truncated")
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
    raise Bad("varint")


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a length-prefixed string of bytes and the place after it."""
    size, at = read_varuint(data, at)
    if size > len(data) - at:
        raise Bad("truncated")
    return data[at : at + size], at + size


def read_last(data: bytes, at: int) -> bytes:
    """Return a length-prefixed string of bytes that must be the rest of the message."""
    found, end = read_bytes(data, at)
    if end != len(data):
        raise Bad("trailing")
    return found


def prefixed(raw: bytes) -> bytes:
    return write_varuint(len(raw)) + raw


def sync_message(kind: int, payload: bytes) -> bytes:
    return bytes((SYNC, kind)) + prefixed(payload)


def awareness_message(states: Mapping[int, tuple[int, bytes]]) -> bytes:
    """Pack {client id: (clock, JSON of the state)}."""
    entries = b"".join(write_varuint(client) + write_varuint(clock) + prefixed(state) for client, (clock, state) in states.items())
    return bytes((AWARENESS,)) + prefixed(write_varuint(len(states)) + entries)


def ack_message(count: int) -> bytes:
    return bytes((ACK,)) + write_varuint(count)


def json_message(kind: int, body: Mapping[str, object]) -> bytes:
    """Pack a hello, an event or a reject: the kind, then UTF-8 JSON to the end of the frame."""
    return bytes((kind,)) + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def read_state_vector(data: bytes) -> dict[int, int]:
    """Return {client id: next clock}; raises `Bad` for more entries than the bytes can hold, doubles, or trailing bytes."""
    count, at = read_varuint(data, 0)
    clocks: dict[int, int] = {}
    for _ in range(count):
        client, at = read_varuint(data, at)
        clocks[client], at = read_varuint(data, at)
    if at != len(data) or len(clocks) != count:
        raise Bad("state_vector")
    return clocks


def wire_frame(message: bytes) -> bytes:
    """Return the message as one unmasked binary websocket frame, as a server sends it (RFC 6455, section 5.2)."""
    size = len(message)
    if size < 126:
        return bytes((0x82, size)) + message
    if size < 65_536:
        return b"\x82\x7e" + size.to_bytes(2, "big") + message
    return b"\x82\x7f" + size.to_bytes(8, "big") + message
