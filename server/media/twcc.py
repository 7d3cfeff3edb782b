"""Transport-wide congestion feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): what arrived when, told and read.

Whoever sends numbers all packets of a transport; whoever receives tells back, some ten times a second, when each number arrived. Times
are seconds of the teller's monotonic clock, told in steps of 250 µs.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from struct import Struct
from typing import NamedTuple

from server.media.rtp import ahead

FORMAT, PACKET_TYPE = 15, 205  # transport-layer feedback (RFC 4585)
TICKS_PER_S = 4000
TICKS_PER_REFERENCE = 256  # 64 ms
LOST, SMALL, LARGE = 0, 1, 2  # the symbols: nothing, a delta of one byte, a delta of two

MAX_STATUSES = 2048  # told or read at once: some seconds of a fast transport
MAX_TOLD = 250  # arrivals in one packet, which stays below 1,200 bytes
MAX_HEARD = 4096  # arrivals between two takings; a flood beyond that is told as lost, which slows its sender
KEPT = 256  # sequences whose arrivals are kept after they were told, for what comes late between them

MOST_VECTORS = 4096  # chunks whose symbols are kept: nearly all reports consist of the same few

_HEAD = Struct("!BBHLLHHL")  # the last field is 24 bits of reference and 8 of count
_FCI = Struct("!HHL")
_CHUNK = Struct("!H")
_LARGE = Struct("!h")
_RUN = 0x1FFF  # the bits of its length, which hold more than may be told


class Feedback(NamedTuple):
    """One report. `arrivals` holds for `base` and the `count - 1` sequences after it the time in seconds or None for a loss.

    The times count from `reference_s`, whose 24 bits wrap round: they come again every `REFERENCE_PERIOD_S`.
    """

    base: int
    count: int  # type: ignore[assignment] # over the method of tuples, which nobody asks
    reference_s: float
    feedback_count: int
    arrivals: list[float | None]


REFERENCE_PERIOD_S = (1 << 24) * TICKS_PER_REFERENCE / TICKS_PER_S


class Arrivals:
    """What came in on one transport and is to be told to its sender. `arrivals.c` is the same, compiled."""

    __slots__ = ("_count", "_heard", "_highest", "_least", "_next", "_ticks", "_waiting_since")

    def __init__(self) -> None:
        self._ticks: list[int | None] = [None] * MAX_STATUSES  # of the last sequences, each at its place
        self._highest = 0  # sequences are counted on without wrapping round
        self._next = 0  # the first that the next report tells
        self._least: int | None = None  # what is before it was told, and is forgotten; None before the first arrival
        self._heard = 0
        self._count = 0
        self._waiting_since: float | None = None

    def heard(self, sequence: int, now: float) -> None:
        """Note an arrival. A jump too far to be a loss begins anew: its sender has restarted."""
        place = self._highest + ahead(sequence, self._highest)
        if self._least is None or abs(place - self._highest) >= MAX_STATUSES:
            self._begin(sequence)
            place = sequence
        elif self._heard >= MAX_HEARD or place < self._least or (place <= self._highest and self._at(place) is not None):
            return
        for passed in range(self._highest + 1, place):
            self._ticks[passed % MAX_STATUSES] = None
        self._ticks[place % MAX_STATUSES] = int(now * TICKS_PER_S)
        self._heard += 1
        self._highest = max(self._highest, place)
        self._next = min(self._next, place)
        if self._waiting_since is None:
            self._waiting_since = now

    def _begin(self, sequence: int) -> None:
        self._ticks = [None] * MAX_STATUSES
        self._highest = self._next = sequence
        self._least, self._heard = sequence - KEPT, 0

    def _at(self, place: int) -> int | None:
        return self._ticks[place % MAX_STATUSES]

    def due(self, now: float, every_s: float) -> bool:
        """Return whether something has waited so long to be told."""
        return self._waiting_since is not None and now - self._waiting_since >= every_s

    def take(self, sender_ssrc: int, media_ssrc: int) -> list[bytes]:
        """Return RTCP packets that tell everything since the last taking; none when there is nothing."""
        if self._waiting_since is None:
            return []
        self._next = max(self._next, self._highest - MAX_STATUSES + 1)
        packets = []
        for lot in self._lots():
            packets.append(self._write(lot, sender_ssrc, media_ssrc))
            self._next, self._count = lot[-1][0] + 1, self._count + 1 & 0xFF
        self._least, self._heard = self._highest - KEPT, 0
        self._waiting_since = None
        return packets

    def _lots(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the sequences that came, each with its time in ticks, in lots that one packet can tell."""
        lot: list[tuple[int, int]] = []
        for place in range(self._next, self._highest + 1):
            ticks = self._at(place)
            if ticks is None:
                continue
            if lot and (len(lot) == MAX_TOLD or not -0x8000 <= ticks - lot[-1][1] < 0x8000):
                yield lot
                lot = []
            lot.append((place, ticks))
        yield lot

    def _write(self, lot: list[tuple[int, int]], sender_ssrc: int, media_ssrc: int) -> bytes:
        first = self._next
        symbols = bytearray(lot[-1][0] + 1 - first)  # all are lost to begin with
        reference = lot[0][1] // TICKS_PER_REFERENCE
        last, deltas = reference * TICKS_PER_REFERENCE, bytearray()
        for place, ticks in lot:
            delta, last = ticks - last, ticks
            if 0 <= delta <= 0xFF:
                symbols[place - first] = SMALL
                deltas.append(delta)
            else:
                symbols[place - first] = LARGE
                deltas += _LARGE.pack(delta)
        body = b"".join((*map(_CHUNK.pack, _chunks(symbols)), deltas))
        body += bytes(-len(body) % 4)
        time_and_count = (reference & 0xFFFFFF) << 8 | self._count
        words = (_HEAD.size + len(body)) // 4 - 1
        head = (0x80 | FORMAT, PACKET_TYPE, words, sender_ssrc, media_ssrc, self._next & 0xFFFF, len(symbols), time_and_count)
        return _HEAD.pack(*head) + body


def _chunks(symbols: bytearray) -> Iterator[int]:
    """Yield 16-bit chunks: a run where it is the shortest, else 14 symbols of one bit, or 7 of two."""
    at = 0
    while at < len(symbols):
        run = _run(symbols, at)
        vector = symbols[at : at + 14]
        if run >= 14 or (run >= 7 and LARGE in vector):
            yield symbols[at] << 13 | run
            at += run
        elif LARGE not in vector:
            yield 0x8000 | _packed(vector.ljust(14, b"\0"), 1)
            at += 14
        else:
            yield 0xC000 | _packed(vector[:7].ljust(7, b"\0"), 2)
            at += 7


def _run(symbols: bytearray, at: int) -> int:
    """Return how many symbols are the same from here on."""
    return len(symbols) - at - len(symbols[at:].lstrip(symbols[at : at + 1]))


def _packed(symbols: bytearray, bits: int) -> int:
    chunk = 0
    for symbol in symbols:
        chunk = chunk << bits | symbol
    return chunk


def read_feedback(payload: bytes) -> Feedback | None:
    """Read what stands behind the two SSRCs of a report; None for what is cut short, uses the reserved symbol, or tells more than
    `MAX_STATUSES`.
    """
    if len(payload) < _FCI.size:
        return None
    base, count, time_and_count = _FCI.unpack_from(payload)
    symbols, at = _read_symbols(payload, count) if count <= MAX_STATUSES else (b"", 0)
    if len(symbols) != count:
        return None
    reference = time_and_count >> 8
    ticks = TICKS_PER_REFERENCE * (reference - (reference >> 23 << 24))
    arrivals = _read_arrivals(payload, at, symbols, ticks)
    return None if arrivals is None else Feedback(base, count, ticks / TICKS_PER_S, time_and_count & 0xFF, arrivals)


def _read_symbols(payload: bytes, count: int) -> tuple[bytes, int]:
    """Return the symbols, fewer than `count` where the payload ends too early, and the offset after them."""
    symbols = b""
    at = _FCI.size
    while len(symbols) < count and at + 2 <= len(payload):
        chunk = _CHUNK.unpack_from(payload, at)[0]
        at += 2
        symbols += _unpacked(chunk) if chunk & 0x8000 else bytes((chunk >> 13,)) * min(chunk & _RUN, count - len(symbols))
    return symbols[:count], at


@lru_cache(MOST_VECTORS)
def _unpacked(chunk: int) -> bytes:
    """Return the symbols of a chunk that is no run."""
    if not chunk & 0x4000:
        return bytes(chunk >> shift & 1 for shift in range(13, -1, -1))
    return bytes(chunk >> shift & 3 for shift in range(12, -1, -2))


def _read_arrivals(payload: bytes, at: int, symbols: bytes, ticks: int) -> list[float | None] | None:
    arrivals: list[float | None] = []
    count = len(symbols)
    if symbols.count(SMALL) == count <= len(payload) - at:  # the usual report: everything came, and soon after what was before it
        arrivals += [tick / TICKS_PER_S for tick in accumulate(payload[at : at + count], initial=ticks)]
        return arrivals[1:]
    for symbol in symbols:
        if symbol == LOST:
            arrivals.append(None)
            continue
        if symbol > LARGE or at + symbol > len(payload):
            return None
        ticks += payload[at] if symbol == SMALL else _LARGE.unpack_from(payload, at)[0]
        at += symbol
        arrivals.append(ticks / TICKS_PER_S)
    return arrivals
