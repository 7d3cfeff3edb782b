"""The application's side of the control protocol, and members of a room who answer offers as a browser does."""

import asyncio
import itertools
import re
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from server.media.codecs import AUDIO_LEVEL, MID
from server.media_control import AnswerOffer, Done, Event, Greeting, Hello, Join, Offer, OpenRoom, Refused, Side, Welcome
from server.media_lines import prove, read_down, write
from tests.live.media.caller import Caller

E = TypeVar("E", bound=Event)
SECRET = b"a secret that both sides know"
CHALLENGE = "c" * 64
PATIENCE_S = 10.0
LONGEST_S = 60.0  # an engine tells its load all the while: of each line alone a wait would have no end
LOUD = 10  # dB below the loudest
SOUND = b"sound" * 16


class App:
    """Drives an engine; `events` are those that nobody has waited for yet. `hang_up_all` at the end of a test closes every one."""

    opened: ClassVar[list["App"]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.events: list[Event] = []
        self._ids = itertools.count(1)
        self.opened.append(self)

    @classmethod
    async def at(cls, place: Path | tuple[str, int], secret: bytes | None = None) -> "App":
        """Connect and shake hands; raises EOFError when the engine hangs up."""
        opened = asyncio.open_unix_connection(place) if isinstance(place, Path) else asyncio.open_connection(*place)
        app = cls(*await opened)
        greeting = await app.read()
        assert isinstance(greeting, Greeting)
        app.write(hello_to(greeting, secret))
        welcome = await app.read()
        assert isinstance(welcome, Welcome)
        if secret is not None:
            assert welcome.proof == prove(secret, "engine", greeting.challenge or "", CHALLENGE)
        return app

    def write(self, message: Any) -> None:
        self.writer.write(write(message))

    async def read(self) -> Any:
        """Read the next line; raises EOFError at the end."""
        return read_down(await asyncio.wait_for(self.reader.readuntil(), PATIENCE_S))

    async def do(self, kind: Callable[..., Any], **fields: Any) -> str:
        """Send a command; returns "ok" or the error's code. Events that come before the answer are kept."""
        number = next(self._ids)
        self.write(kind(id=number, **fields))
        async with asyncio.timeout(LONGEST_S):
            message = await self.read()
            while not isinstance(message, (Done, Refused)):
                self.events.append(message)
                message = await self.read()
        assert message.re == number
        return message.code if isinstance(message, Refused) else "ok"

    async def event(self, kind: type[E], **fields: Any) -> E:
        """Return the first event of this kind with these fields, waiting for it; the others stay."""
        async with asyncio.timeout(LONGEST_S):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items()):
                        self.events.remove(event)
                        return event
                self.events.append(await self.read())

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()
        self.opened.remove(self)

    @classmethod
    async def hang_up_all(cls) -> None:
        for app in list(cls.opened):
            await app.close()


class Member:
    """One participant: a caller for each side, made when its offer is answered; with `six` it has IPv6 alone."""

    def __init__(self, app: App, name: str, room: str = "r", *, six: bool = False) -> None:
        self.app, self.name, self.room, self._six = app, name, room, six
        self.callers: dict[Side, Caller] = {}
        self.offers: dict[Side, Offer] = {}

    async def join(self, **fields: Any) -> None:
        assert await self.app.do(Join, room=self.room, peer=self.name, **fields) == "ok"

    async def answer(self, side: Side) -> Offer:
        """Wait for the next offer of that side, answer it, and connect if there is no transport yet."""
        offer = self.offers[side] = await self.app.event(Offer, peer=self.name, side=side)
        if side not in self.callers:
            self.callers[side] = caller_for(offer, six=self._six)
        answer = answer_to(offer, self.callers[side])
        assert await self.app.do(AnswerOffer, room=self.room, peer=self.name, side=side, offer=offer.number, sdp=answer) == "ok"
        if self.callers[side].dtls is None:
            await self.callers[side].connect(attribute(offer.sdp, "fingerprint"))
        return offer

    def vanish(self) -> None:
        for caller in self.callers.values():
            caller.vanish()


def spoken(sequence: int) -> bytes:
    """Return a packet of sound that names its line and its level."""
    named = bytes([MID << 4 | 4]) + b"audio" + bytes([AUDIO_LEVEL << 4, LOUD])
    named += bytes(-len(named) % 4)
    head = struct.pack("!BBHIIHH", 0x90, 111, sequence, 960 * sequence, 5, 0xBEDE, len(named) // 4)
    return head + named + SOUND


def heard(member: Member) -> int:
    return sum(packet.endswith(SOUND) for packet in member.callers["subscribe"].rtp)


def hello_to(greeting: Greeting, secret: bytes | None) -> Hello:
    if secret is None or greeting.challenge is None:
        return Hello(version=greeting.version)
    return Hello(version=greeting.version, challenge=CHALLENGE, proof=prove(secret, "app", greeting.challenge, CHALLENGE))


def attribute(sdp: str, name: str) -> str:
    found = re.search(rf"^a={name}:(.*)\r$", sdp, re.MULTILINE)
    assert found is not None, name
    return found[1]


def addresses(offer: Offer) -> list[tuple[str, int]]:
    """Return where the browser is told that the engine is, the best first."""
    found = (line.split() for line in offer.sdp.split("m=")[1].splitlines() if line.startswith("a=candidate:"))
    return [(words[4], int(words[5])) for words in found]


def caller_for(offer: Offer, *, six: bool = False) -> Caller:
    """Return one that speaks to the first address of its family."""
    address = next(each for each in addresses(offer) if (":" in each[0]) == six)
    return Caller(address, attribute(offer.sdp, "ice-ufrag"), attribute(offer.sdp, "ice-pwd"))


def answer_to(offer: Offer, caller: Caller) -> str:
    """Return an answer that takes everything that is offered, as a browser with a camera and a microphone would."""
    head, *sections = re.split(r"^m=", offer.sdp, flags=re.MULTILINE)
    identity = f"a=ice-ufrag:{caller.own_ufrag}\r\na=ice-pwd:{'p' * 24}\r\na=fingerprint:{caller.fingerprint}\r\na=setup:active\r\n"
    group = next(line for line in head.split("\r\n") if line.startswith("a=group:"))
    return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{group}\r\n{identity}" + "".join(map(_take, sections))


def _take(section: str) -> str:
    kind, _, _, *types = section.split("\r\n", 1)[0].split()
    chosen = " ".join(types[:2])
    way = {"recvonly": "sendonly", "sendonly": "recvonly", "inactive": "inactive"}
    direction = next(way[name] for name in way if f"\r\na={name}\r\n" in f"\r\n{section}")
    layers = "a=simulcast:send l;m;h\r\n" if "a=simulcast:recv" in section else ""
    return f"m={kind} 9 UDP/TLS/RTP/SAVPF {chosen}\r\na=mid:{attribute(section, 'mid')}\r\na={direction}\r\n{layers}"


async def open_room(app: App, name: str = "r") -> None:
    assert await app.do(OpenRoom, room=name) == "ok"
