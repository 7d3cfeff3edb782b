"""Packets of browsers, a port that keeps what it is given instead of sending it, and a call over it."""

from collections.abc import Callable
from struct import pack
from typing import Any, NamedTuple

from server.media.codecs import ABS_SEND_TIME, AUDIO_LEVEL, MID, REPAIRED_RID, RID, TRANSPORT_SEQUENCE
from server.media.forwarder import Forwarder
from server.media.publisher import Publisher
from server.media.router import Subscriber
from server.media.rtcp import PictureLoss, read_compound
from server.media.rtp import Header, find_extensions, read_header
from server.media.stalls import Stalls

SLOTS = 64
PIECES = 4  # between two ticks
LINES = {"audio": "audio", "camera": "video", "screen": "video"}


class Wire:
    """A browser's connection; what it is sent stands in `rtp` and `rtcp`."""

    def __init__(self) -> None:
        self.connected = True
        self.route = object()
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []


class Mux:
    """Takes the place of the UDP port."""

    lane = None

    def __init__(self) -> None:
        self.out = memoryview(bytearray(2048 * SLOTS))
        self.after_batch: list[tuple[Any, Callable[[float], None]]] = []
        self.pieces: list[Callable[[float], bool]] = []
        self.stalls = Stalls()
        self.came = 0.0
        self._next = 0
        self.flushes = 0

    def slot(self) -> int:
        self._next = (self._next + 1) % SLOTS
        return self._next * 2048

    def room(self, count: int) -> int:
        if self._next + count >= SLOTS:
            self._next = 0
        return (self._next + 1) * 2048

    def send_run(self, connection: Any, at: int, sizes: list[int], alike: list[int]) -> list[int]:
        assert sum(alike) == len(sizes)
        connection.rtp += [bytes(self.out[at + 2048 * index : at + 2048 * index + size]) for index, size in enumerate(sizes)]
        self._next = at // 2048 + len(sizes) - 1
        return sizes

    def go_on_later(self, piece: Callable[[float], bool]) -> None:
        self.pieces.append(piece)

    def go_on(self, now: float) -> None:
        """Do the next pieces of what is under way, as if some milliseconds had passed after each."""
        for _ in range(PIECES):
            self.turn(now)

    def turn(self, now: float) -> None:
        """Do the next piece of each."""
        pieces, self.pieces = self.pieces, []
        self.pieces = [piece for piece in pieces if piece(now)] + self.pieces

    def finish_batch(self, now: float) -> None:
        for _, work in self.after_batch:
            work(now)
        self.after_batch.clear()

    def send_rtp(self, connection: Any, at: int, size: int) -> bool:
        connection.rtp.append(bytes(self.out[at : at + size]))
        return True

    def send_rtcp(self, connection: Any, packet: bytes) -> bool:
        connection.rtcp.append(packet)
        return True

    def flush(self) -> None:
        self.flushes += 1


class Sent(NamedTuple):
    header: Header
    extensions: dict[int, bytes]
    payload: bytes


def read(packet: bytes) -> Sent:
    header = read_header(packet, 0, len(packet))
    assert header is not None
    places = {number: packet[at : at + length] for number, (at, length) in find_extensions(packet, header).items()}
    return Sent(header, places, packet[header.body : header.end])


def rtp(payload: bytes, *, kind: int, ssrc: int, sequence: int, timestamp: int, marker: bool = False, **names: bytes) -> bytes:
    numbers = {
        "mid": MID, "rid": RID, "repaired": REPAIRED_RID, "transport": TRANSPORT_SEQUENCE, "level": AUDIO_LEVEL, "sent": ABS_SEND_TIME,
    }  # fmt: skip
    block = b"".join(bytes((numbers[name] << 4 | len(value) - 1,)) + value for name, value in names.items())
    block += bytes(-len(block) % 4)
    head = pack("!BBHLL", 0x90, marker << 7 | kind, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return head + pack("!HH", 0xBEDE, len(block) // 4) + block + payload


def vp8(picture: int, tl0: int, *, key: bool) -> bytes:
    return bytes((0x90, 0xC0)) + pack("!H", 0x8000 | picture & 0x7FFF) + bytes((tl0 & 0xFF, 0 if key else 1)) + b"picture" * 20


class Encoder:
    """One layer of a camera, as Chromium sends it: mid and rid in its first packets only."""

    def __init__(
        self, ssrc: int, rid: str, *, sequence: int, timestamp: int, picture: int = 100, mid: str = "camera", named: int = 3
    ) -> None:
        self.ssrc, self.rid, self.mid = ssrc, rid, mid
        self.sequence, self.timestamp, self.picture, self.tl0 = sequence, timestamp, picture, picture & 0xFF
        self.named = named
        self.transport = 0

    def next(self, *, key: bool = False, **more: bytes) -> bytes:
        names = dict(more)
        if self.named:
            self.named -= 1
            names |= {"mid": self.mid.encode()} | ({"rid": self.rid.encode()} if self.rid else {})
        self.transport += 1
        packet = rtp(
            vp8(self.picture, self.tl0, key=key), kind=96, ssrc=self.ssrc, sequence=self.sequence, timestamp=self.timestamp, marker=True,
            transport=pack("!H", self.transport & 0xFFFF), sent=b"old", **names,
        )  # fmt: skip
        self.sequence, self.timestamp, self.picture, self.tl0 = self.sequence + 1, self.timestamp + 3000, self.picture + 1, self.tl0 + 1
        return packet


def take(publisher: Publisher, packet: bytes, now: float, came: float | None = None) -> None:
    """Hand a packet over as the port does: in the middle of a block that is used again. It `came` before it is read where that is said."""
    memory = memoryview(bytearray(4096))
    memory[2048 : 2048 + len(packet)] = packet
    publisher.mux.came = now if came is None else came
    publisher.on_rtp(memory, 2048, len(packet), now)
    publisher.mux.finish_batch(now)  # type: ignore[attr-defined]


class Call:
    """One publisher of three layers and one subscriber to its camera, at a time that only `go_on` moves."""

    def __init__(self, *rids: str) -> None:
        self.mux, self.sending, self.receiving = Mux(), Wire(), Wire()
        self.now = 1000.0
        self.levels: list[int] = []
        self.publisher = Publisher(self.mux, self.sending, LINES, lambda level, _: self.levels.append(level))  # type: ignore[arg-type]
        self.subscriber = Subscriber(self.mux, self.receiving)  # type: ignore[arg-type]
        self.layers = {
            rid: Encoder(
                10 + number, rid, sequence=65_530 + 7 * number, timestamp=4_294_960_000 + 1_000_000 * number, picture=32_700 + 40 * number
            )
            for number, rid in enumerate(rids or ("l", "m", "h"))
        }
        self.forwarder: Forwarder = self.subscriber.add(self.publisher, "camera", 77, 78)

    def frame(self, *, key: bool = False, only: str | None = None) -> None:
        for rid, encoder in self.layers.items():
            if only is None or rid == only:
                take(self.publisher, encoder.next(key=key), self.now)

    def go_on(self, seconds: float = 0.1) -> None:
        self.now += seconds
        self.publisher.tick(self.now)
        self.subscriber.tick(self.now)
        self.mux.go_on(self.now)

    def play(self, seconds: float, *, only: str | None = None) -> None:
        for _ in range(round(seconds * 10)):
            self.frame(only=only)
            self.go_on()

    def answer_plis(self) -> None:
        """Send a whole picture in each layer that one was asked for."""
        asked = {one.media_ssrc for one in asks(self.sending) if isinstance(one, PictureLoss)}
        self.sending.rtcp.clear()
        for rid, encoder in self.layers.items():
            if encoder.ssrc in asked:
                self.frame(key=True, only=rid)

    def watch(self, rid: str | None) -> None:
        self.forwarder.wish(rid)
        self.go_on()
        self.answer_plis()


def asks(wire: Wire) -> list[object]:
    return [one for packet in wire.rtcp for one in read_compound(packet)]


def begun(rid: str = "l", *rids: str, wide: bool = True) -> Call:
    """A call in which this layer is on its way, over a way that is known to be wide, unless it is not known at all."""
    call = Call(*rids)
    call.frame()
    if wide:
        call.subscriber.estimator.on_remb(50_000_000, call.now)
    call.watch(rid)
    return call
