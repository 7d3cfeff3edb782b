"""Whole frames of the note socket, spoilt: sync messages with a bent update inside, state vectors, presence, hellos, and plain noise."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from server.notes.yproto import (
    AWARENESS,
    EMPTY_UPDATE,
    STEP1,
    STEP2,
    SYNC,
    UPDATE,
    awareness_message,
    prefixed,
    sync_message,
    write_varuint,
)
from tests.fuzz.anatomy import Field
from tests.fuzz.bending import EDGES, Clocks, bend, some_client, spoil
from tests.fuzz.inventing import invent

Message = tuple[int, bytes]
"""Who sent an update, and the update."""

SIZES = (4_090, 262_200, 1_048_600)  # a little more than a state vector or presence, an update, and step 2 may have
JSON = (
    b"null", b"{}", b"[]", b"5", b'"x"', b"{", b"NaN", b"1e400", b"[" * 3_000, b"\xff", b'{"a":1,"a":2}', b'"\\ud800"', b"9" * 4_000,
    b'{"section":["plan"],"cursor":5,"writing":"yes"}', b'{"cursor":{"anchor":{"tname":"evil"},"head":{"tname":"plan"}}}',
    b'{"cursor":{"anchor":{"item":{"client":1e400,"clock":-1}},"head":null}}', b'{"user":{"id":"x","name":"Dr Alice Ahmed"},"more":{}}',
)  # fmt: skip
POSITION = {"type": {"client": 1, "clock": 3}, "tname": None, "item": {"client": 1, "clock": 9}, "assoc": 0}
STATE = json.dumps({"cursor": {"anchor": POSITION, "head": {"tname": "plan", "assoc": -1}}, "section": "plan", "writing": True}).encode()


def sessions() -> list[list[Message]]:
    """Return what three tabs with the real editor sent, session by session (static/test/editor-sessions.mjs)."""
    text = (Path(__file__).parents[1] / "pure" / "editor_sessions.txt").read_text()
    lines = [[line.split(" ") for line in session.splitlines()] for session in text.split("\n\n")]
    found = [[(int(author), bytes.fromhex(raw)) for author, raw in session] for session in lines]
    return [[message for message in session if message[1] != EMPTY_UPDATE] for session in found]


@dataclass(frozen=True)
class Seat:
    """Who sends: `author` is their client id, `seed` an update that they might send, `other` another; `clocks` are the document's."""

    author: int
    seed: Sequence[Field]
    other: Sequence[Field]
    clocks: Clocks


def hostile(dice: Random, seat: Seat) -> bytes:
    """Return one frame; seven of ten carry an update."""
    how = dice.random()
    if how < 0.35:
        return _carry(dice, bend(dice, list(seat.seed), list(seat.other), seat.clocks))
    if how < 0.75:
        return _carry(dice, invent(dice, seat.author, seat.clocks))
    if how < 0.83:
        return _presence(dice, seat)
    if how < 0.9:
        return _state_vector(dice, seat)
    if how < 0.905:
        return _big(dice)
    return _noise(dice, seat)


def _carry(dice: Random, update: bytes) -> bytes:
    message = sync_message(STEP2 if dice.random() < 0.15 else UPDATE, update)
    return message if dice.random() < 0.95 else spoil(dice, message)


def _presence(dice: Random, seat: Seat) -> bytes:
    who = seat.author if dice.random() < 0.8 else some_client(dice, seat.clocks)
    state = dice.choice(JSON) if dice.random() < 0.5 else spoil(dice, STATE)
    entries = {who: (dice.choice((1, 2, 3, dice.choice(EDGES))), state)}
    if dice.random() < 0.1:
        entries[some_client(dice, seat.clocks)] = (1, b"null")
    message = awareness_message(entries)
    return message if dice.random() < 0.8 else spoil(dice, message)


def _state_vector(dice: Random, seat: Seat) -> bytes:
    clients = dice.sample(list(seat.clocks), dice.randrange(len(seat.clocks) + 1)) + [some_client(dice, seat.clocks)] * dice.randrange(2)
    entries = b"".join(write_varuint(client) + write_varuint(dice.choice((0, 1, 5, *EDGES))) for client in clients)
    message = sync_message(STEP1, write_varuint(len(clients)) + entries)
    return message if dice.random() < 0.6 else spoil(dice, message)


def _big(dice: Random) -> bytes:
    size = dice.choice(SIZES)
    body = prefixed(dice.choice((b"\x00", b"\x01", b"\xff", b" ")) * size)
    return dice.choice((bytes((SYNC, STEP1)), bytes((SYNC, STEP2)), bytes((SYNC, UPDATE)), bytes((AWARENESS,)))) + body


def _noise(dice: Random, seat: Seat) -> bytes:
    if dice.random() < 0.5:
        return bytes((dice.choice((0, 0, 1, 2, 99, 100, 101, 103, 255)), *dice.randbytes(dice.randrange(12))))
    return dice.choice((b"", b"\x00", b"\x01", dice.randbytes(dice.randrange(1, 60)), sync_message(dice.randrange(3, 9), EMPTY_UPDATE)))


HELLO = {"ticket": "x", "schema": 1}
FIELDS: tuple[object, ...] = (None, 0, 1, -1, 2, 1.5, 1 << 32, 10**30, "", "x", "x" * 5_000, [], {}, True, "\ud800", "\x00")


def hello(dice: Random) -> str | bytes:
    """Return a first frame without a good ticket: no field, a wrong one, one too many, noise, binary."""
    body: dict[str, object] = {**HELLO, dice.choice(("ticket", "schema", "client_id", "more")): dice.choice(FIELDS)}
    if dice.random() < 0.3:
        del body[dice.choice(("ticket", "schema"))]
    text = json.dumps(body)
    how = dice.random()
    if how < 0.2:
        return spoil(dice, text.encode())
    if how < 0.5:
        return spoil(dice, text.encode()).decode(errors="replace")
    return dice.choice((text, text, dice.choice(JSON).decode(errors="replace"), '{"ticket":' * 2_000, ""))
