"""A tab that sends hostile frames to a real server, and sees to it that each is answered."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.errors import ConsiliumError, Malformed, TooBig, TooFast
from server.notes.awareness import read_own
from server.notes.conn import LIMITS
from server.notes.limits import BYTES_BURST, MAX_AWARENESS, SCHEMA_VERSION, STEP1_BURST
from server.notes.ypieces import LETTERS, Piece
from server.notes.yproto import (
    ACK,
    AWARENESS,
    EMPTY_UPDATE,
    HELLO,
    REJECT,
    STEP1,
    STEP2,
    SYNC,
    UPDATE,
    Bad,
    read_bytes,
    read_last,
    read_state_vector,
    read_varuint,
    sync_message,
)
from server.notes.ywalk import walk
from server.serve import WS_MAX_FRAME
from tests.fuzz.anatomy import CLIENT, CLOCK, COUNT, Field, number, take_apart
from tests.fuzz.bending import some_id
from tests.fuzz.frames import Seat, hostile, sessions
from tests.fuzz.inventing import opening

ANSWER_S = 20.0  # a bound for a machine that is busy; the server itself takes milliseconds
FRAMES_EACH = 80  # with a probe after each, this stays below the burst of a connection
DEEPER = 0.95  # of the frames that would be refused early are made anew
TEXTS, NODES = (1, 8), (0, 1, 7, 8, 12, 13, 14)  # clocks in `opening`; the others are letters
PROBE = sync_message(STEP2, EMPTY_UPDATE)
SEEDS = [take_apart(update) for session in sessions() for _, update in session]
TEXT_FRAME = '{"t":"hello","id":1,"b":{}}'


class Unanswered(Exception):
    """No answer came in time, or one that the frame does not deserve; the text says which."""


@dataclass(frozen=True)
class Refusal:
    """A frame that closed its socket, as the server must have recorded it."""

    code: str
    sha256: bytes
    size: int


@dataclass
class Raider:
    """One connection; `clocks` is what it knows of the document."""

    socket: ClientConnection
    dice: Random
    client: int = 0
    clocks: dict[int, int] = field(default_factory=dict)
    sent: int = 0
    acked: int = 0
    asked: int = 0  # for the whole text
    volume: int = 0  # bytes sent
    refused: bool = False  # the last frame, with 103

    async def settle_in(self) -> None:
        """Hear the greeting, then write something honest to hang the rest on."""
        while not self.client or not self.asked:
            self._hear(await self._next())
        self.asked = 0
        await self._probe(sync_message(UPDATE, opening(self.client)))

    def invent(self) -> bytes | str:
        """Return the next frame; one of a hundred is text.

        Most that walker or layout would refuse are made anew: they end the connection, and need no server to be tried by the million.
        """
        if self.dice.random() < 0.01:
            return TEXT_FRAME
        frame = self._draw()
        while len(frame) > WS_MAX_FRAME or (self.dice.random() < DEEPER and not _may_pass(frame, self.client)):
            frame = self._draw()
        return frame

    def _draw(self) -> bytes:
        seed, other = (self._fitted(self.dice.choice(SEEDS)) for _ in range(2))
        return hostile(self.dice, Seat(self.client, seed, other, self.clocks))

    async def send(self, frame: bytes | str) -> Refusal | None:
        """Send a frame and wait for its answer: the end of the connection, or what follows it in the order of things.

        Returns the refusal when it was the end; raises `Unanswered`.
        """
        raw = frame if isinstance(frame, bytes) else b""
        self.volume += len(raw)
        self.asked += raw[:2] == bytes((SYNC, STEP1))
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._probe(frame)
        except ConnectionClosed:
            return self._refusal(raw)
        except TimeoutError:
            raise Unanswered("no answer") from None
        return None

    async def _probe(self, frame: bytes | str) -> None:
        """An empty step 2 is acknowledged once all before it is done, and ends the silence after a 103."""
        self.refused = False
        counted = frame[:2] in (bytes((SYNC, STEP2)), bytes((SYNC, UPDATE)))
        self.sent += counted + 1
        await self.socket.send(frame)
        await self.socket.send(PROBE)
        while self.acked < self.sent:
            self._hear(await self._next())
        if isinstance(frame, bytes) and counted and not self.refused:
            self._keep(read_bytes(frame, 2)[0])

    def _refusal(self, raw: bytes) -> Refusal:
        code, reason = self.socket.close_code, self.socket.close_reason or ""
        if code not in {kind.close_code for kind in self._deserved(raw)}:
            raise Unanswered(f"closed {code} {reason}")
        return Refusal(reason, hashlib.sha256(raw).digest(), len(raw))

    def _deserved(self, raw: bytes) -> tuple[type[ConsiliumError], ...]:
        limit = _limit_of(raw)
        if limit and len(raw) > limit:
            return (TooBig,)
        if self.volume > BYTES_BURST / 2 or (raw[:2] == bytes((SYNC, STEP1)) and self.asked > STEP1_BURST):
            return (TooFast, Malformed)
        return (Malformed,)

    async def _next(self) -> bytes:
        frame = await self.socket.recv()
        assert isinstance(frame, bytes)
        return frame

    def _hear(self, frame: bytes) -> None:
        if frame[0] == ACK:
            self.acked = read_varuint(frame, 1)[0]
        elif frame[0] == REJECT:
            self.refused = True
        elif frame[0] == HELLO:
            self.client = json.loads(frame[1:])["client_id"]
        elif frame[0] == SYNC and frame[1] == STEP1:
            self.clocks.update(read_state_vector(read_bytes(frame, 2)[0]))
            self.asked = max(self.asked, 1) if not self.sent else self.asked
        elif frame[0] == SYNC and frame[1] == UPDATE:
            self._keep(read_bytes(frame, 2)[0])

    def _keep(self, update: bytes) -> None:
        for client, (_, end) in walk(update).structs.items():
            self.clocks[client] = max(end, self.clocks.get(client, 0))

    def _fitted(self, fields: list[Field]) -> list[Field]:
        """Return a real editor's update as if it had been made here: from our own next clock, and beside what there is."""
        fitted = list(fields)
        for place in range(len(fields) - 1):
            if (fields[place].kind, fields[place + 1].kind) == (CLIENT, CLOCK):
                head = place and fields[place - 1].kind == COUNT
                client, clock = (self.client, self.clocks.get(self.client, 0)) if head else some_id(self.dice, self.clocks)
                fitted[place : place + 2] = [number(CLIENT, client), number(CLOCK, clock)]
        return fitted


def _limit_of(raw: bytes) -> int:
    """Return how long a frame of this kind may be; 0 for a kind that there is not."""
    if raw[:1] == bytes((AWARENESS,)):
        return MAX_AWARENESS
    return LIMITS.get(raw[1], 0) if raw[:1] == bytes((SYNC,)) and len(raw) > 1 else 0


def _may_pass(frame: bytes, client: int) -> bool:
    """Guess whether the server takes a frame, or answers it with 103."""
    try:
        if frame[:1] == bytes((AWARENESS,)):
            return bool(read_own(frame, client))
        payload = read_last(frame, 2)
        if frame[:2] == bytes((SYNC, STEP1)):
            return bool(read_state_vector(payload))
        return all(_may_stand(piece) for pieces in walk(payload).pieces.values() for piece in pieces)
    except Bad:
        return False


def _may_stand(piece: Piece) -> bool:
    """Guess by the neighbours' clocks, for nearly everybody here began with the same `opening`."""
    beside = [item[1] for item in (piece.left, piece.right) if item is not None]
    if piece.parent is not None:
        return piece.content != LETTERS or piece.parent.id[1] in TEXTS
    return (piece.content == LETTERS) is not any(clock in NODES for clock in beside)


@asynccontextmanager
async def dial(url: str, origin: str) -> AsyncIterator[ClientConnection]:
    async with connect(
        f"{url}/ws/note", origin=origin, compression=None, max_size=None, ping_interval=None, proxy=None, close_timeout=ANSWER_S
    ) as socket:  # type: ignore[arg-type]
        yield socket


@asynccontextmanager
async def break_in(url: str, origin: str, ticket: str, dice: Random) -> AsyncIterator[Raider]:
    """Open the note with a good ticket."""
    async with dial(url, origin) as socket:
        await socket.send(json.dumps({"ticket": ticket, "schema": SCHEMA_VERSION}))
        raider = Raider(socket, dice)
        await raider.settle_in()
        yield raider
