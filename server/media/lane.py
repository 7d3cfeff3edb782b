"""The express lane: lane.c forwards the packets of which nothing is new, and stops at those that are Python's."""

from array import array
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from struct import Struct
from sys import byteorder
from typing import Any, NamedTuple

from server.media import native
from server.media.codecs import Codec
from server.media.layout import Layout
from server.media.mmsg import NAME_USED, Reader, Route, ffi
from server.media.native_arrivals import NativeArrivals
from server.media.ring import KEPT_TURNS, SIZE
from server.media.rtp import FIXED_BYTES
from server.media.srtp import address_of

HEARD, HEARD_BYTES = 256, 16  # packets of sound of one publisher between two ticks; at the bound Python takes them, and empties it
MOST_BLOCK = 64  # bytes of contributing sources and extensions; a packet with more goes the way of Python

_read_heard = Struct("=di4x").iter_unpack


class Log(NamedTuple):
    """Where a sender notes its packets: the `next` transport-wide number, and by its number when each packet was sent, and its size."""

    next: "array[int]"
    sent_at: "array[float]"
    sizes: "array[int]"


class Told:
    """Counters of datagrams, as `UdpMux` has them: where there is a lane they are its `struct told`."""

    __slots__ = ("dropped", "excess", "oversize", "refused", "sent", "stalled_at", "strangers")

    def __init__(self) -> None:
        self.sent = self.dropped = self.refused = self.oversize = self.excess = self.strangers = 0
        self.stalled_at = 0.0


class NativeRing:
    """As `ring.Ring`, in memory that the lane writes, too."""

    def __init__(self, first: int) -> None:
        """`first` is the sequence with which the source begins."""
        self.held = _held(native.library.ring_new(first), native.library.ring_free)
        self._turns = deque((self.held.highest,), KEPT_TURNS + 1)

    def put(self, sequence: int, packet: bytes | None) -> None:
        if not native.library.ring_put(self.held, sequence, ffi.NULL if packet is None else packet, len(packet or b"")):
            raise MemoryError

    def came(self, sequence: int) -> bool:
        return bool(self.held.came[sequence % SIZE] == sequence)

    def get(self, sequence: int) -> bytes | None:
        place = sequence % SIZE
        packet = self.held.packets[place] if self.came(sequence) else ffi.NULL
        return bytes(ffi.buffer(packet, self.held.sizes[place])) if packet else None

    def turn(self) -> None:
        turns = self._turns
        if len(turns) > KEPT_TURNS:
            native.library.ring_forget(self.held, turns[0] + 1 & 0xFFFF, min(turns[1] - turns[0] & 0xFFFF, SIZE - 1))
        turns.append(self.held.highest)


class Lane:
    """One for each port. Structures that it hands out are valid while who asked for them keeps them."""

    def __init__(self, *, cut: bool, work: Sequence[Any] | None = None) -> None:
        """With `cut` the kernel cuts messages into datagrams. `work` is what opens RTP and RTCP, and seals RTP; tests bring
        their own.
        """
        self._lane = _held(
            native.library.lane_new(*(work or _pointers("srtp_unprotect", "srtp_unprotect_rtcp", "srtp_protect")), cut),
            native.library.lane_free,
        )
        self.told = native.library.lane_told(self._lane)
        """`struct told`: counters, how many datagrams the batch has, and the size of that at which it stopped if it is opened, else 0."""

    def read(self, reader: Reader, now: float) -> int:
        """Read a batch and forward it; returns the index of the first datagram that is for Python, or `told.count`."""
        return native.library.lane_read(self._lane, reader.file, reader.headers, now)  # type: ignore[no-any-return]

    def go_on(self, headers: Any, at: int, now: float) -> int:
        """Go on with the batch at this datagram; returns as `read` does."""
        return native.library.lane_go_on(self._lane, headers, at, now)  # type: ignore[no-any-return]

    def bind(self, key: Hashable, wire: Any) -> None:
        """Whatever comes from this address is the wire's. Raises MemoryError."""
        name = _key(key)
        if not native.library.lane_bind(self._lane, name, len(name), wire):
            raise MemoryError

    def unbind(self, key: Hashable) -> None:
        name = _key(key)
        native.library.lane_unbind(self._lane, name, len(name))

    def wire(self) -> Any:
        """Return a connection that has neither keys nor an address yet: `struct wire`."""
        return ffi.new("struct wire *")

    def give_keys(self, wire: Any, opener: int, sealer: int) -> None:
        """Sessions of libsrtp by their addresses; 0 takes them back, as must be done before they are freed."""
        wire.opener, wire.sealer = ffi.cast("void *", opener), ffi.cast("void *", sealer)

    def aim(self, wire: Any, route: Route) -> None:
        """Send to this address from now on."""
        name, file = bytes(ffi.buffer(route.sockaddr, NAME_USED)), route.socket.fileno()
        if (bytes(wire.name), wire.name_length, wire.file) != (name, NAME_USED, file):
            wire.name, wire.name_length, wire.file, wire.cuts = list(name), NAME_USED, file, 1

    def lend_log(self, wire: Any, log: Log) -> list[Any]:
        """Note there what the wire is sent; the caller keeps what is returned as long as the wire."""
        lent = [ffi.from_buffer(kind, part) for kind, part in zip(("uint16_t[]", "double[]", "uint16_t[]"), log, strict=True)]
        wire.number, wire.sent_at, wire.sizes = lent
        return lent

    def tally(self, wire: Any) -> Any:
        """Take the usual report of this connection, too, and return what they come to, as of `bwe.Tally`; the caller keeps that as long as
        the wire. Nothing is taken before it has a `delay`.
        """
        wire.tally = tally = ffi.new("struct tally *")
        return tally

    def know(self, wire: Any, teller: int) -> None:
        """This SSRC has told something by a packet that Python took."""
        if wire.tally:
            wire.tally.teller = teller

    def listen(self, wire: Any) -> tuple[NativeArrivals, Any]:
        """Have room for what the publisher is to be told, and for its levels of sound; the caller keeps both as long as the wire."""
        arrivals = NativeArrivals()
        wire.arrivals, wire.heard = arrivals.held, (room := ffi.new("struct heard[]", HEARD))
        return arrivals, room

    def take_heard(self, wire: Any) -> Iterator[tuple[float, int]]:
        """Return the level of each packet of sound that the lane took since the last asking, and when it came."""
        count, wire.heard_count = wire.heard_count, 0
        return _read_heard(bytes(ffi.buffer(wire.heard, count * HEARD_BYTES)) if count else b"")

    def listen_to(self, wire: Any, sources: Sequence[Any]) -> None:
        """These are the sources of the wire; there are as many as `publisher.MOST_SSRCS` at most."""
        wire.source_count = len(sources)
        for index, source in enumerate(sources):
            wire.sources[index] = source

    def ring(self, first: int) -> NativeRing:
        """Return room for the last packets of a source that begins with this sequence."""
        return NativeRing(first)

    def source(self, ssrc: int, clock_hz: int, ring: NativeRing | None) -> Any:
        """Return the counters of a layer, which the lane passes over until they are posted: `struct source`. With a ring it is video."""
        source = ffi.new("struct source *")
        source.ssrc, source.clock_hz = ssrc, clock_hz
        if ring is not None:
            source.ring, source.is_video = ring.held, 1
        return source

    def taker(self, wire: Any, ssrc: int) -> Any:
        """Return the numbers of a track on its way to a subscriber: `struct taker`."""
        taker = ffi.new("struct taker *")
        taker.wire, taker.ssrc = wire, ssrc
        return taker

    def post(self, source: Any, codec: Codec, layout: Layout | None, takers: Sequence[Any]) -> Any:
        """Tell how the packets of a layer begin that are the lane's, None for none, and whose they are; where one of `takers` is None,
        who takes them is not a subscriber, and they go the way of Python. The caller keeps what is returned until the next time.
        """
        source.regular = 0
        if layout is None or layout.body - FIXED_BYTES > MOST_BLOCK or None in takers:
            return None
        kept = ffi.new("struct taker *[]", list(takers))
        source.payload_type, source.is_vp8, source.flags = codec.payload_type, codec.name == "VP8", layout.flags
        source.body, source.numbered_at, source.sent_at, source.level_at = layout.body, layout.numbered_at, layout.sent_at, layout.level_at
        source.name_count, source.names[0 : len(layout.names)] = len(layout.names), layout.names
        for field, value in ((source.mask, layout.mask), (source.block, layout.block)):
            ffi.memmove(field, value.to_bytes(layout.body - FIXED_BYTES, "big"), layout.body - FIXED_BYTES)
        source.takers, source.taker_count, source.regular = kept, len(takers), 1
        return kept


def _held(pointer: Any, free: Any) -> Any:
    if not pointer:
        raise MemoryError
    return ffi.gc(pointer, free)


def _pointers(*functions: str) -> list[Any]:
    return [ffi.cast("void *", address_of(function)) for function in functions]


def _key(key: Hashable) -> bytes:
    """Return an address as the lane compares it: see `mmsg.Reader`."""
    return key.to_bytes(8, byteorder) if isinstance(key, int) else bytes(key)  # type: ignore[call-overload]
