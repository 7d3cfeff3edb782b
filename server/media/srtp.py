"""SRTP of one connection, in place: libsrtp called on the slots of a batch, or pylibsrtp's sessions where that is impossible.

The keys come out of a finished DTLS handshake of aiortc. libsrtp's sessions are not safe for threads: all calls come from the loop's.
A packet that fails authentication gets no answer of any kind and no line in a log; its size is 0.
"""

from array import array
from itertools import repeat
from typing import Any, Protocol

import pylibsrtp
from aiortc.rtcdtlstransport import RTCDtlsTransport

from server.media.limits import LARGEST_CLEAR, LARGEST_PACKET, SLOT, SLOT_BITS

try:
    from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]  # compiled, without types
except ImportError:  # pragma: no cover - the binding is private: a later pylibsrtp may have none
    ffi = lib = None

OPEN_RTP: Any = getattr(lib, "srtp_unprotect", None)
OPEN_RTCP: Any = getattr(lib, "srtp_unprotect_rtcp", None)
SEAL_RTP: Any = getattr(lib, "srtp_protect", None)
SEAL_RTCP: Any = getattr(lib, "srtp_protect_rtcp", None)
RTCP_TYPES = range(192, 224)  # the second byte of RTCP where it shares a port with RTP (RFC 5761)


class Srtp(Protocol):
    """Sizes are bytes; `at` is the offset of the packet's slot, in the received slots to open, in the sending ones to seal."""

    sessions: tuple[int, int]

    def open_rtp(self, at: int, size: int) -> int:
        """Authenticate and decrypt; returns the new size, or 0 for what is not the browser's."""
        ...

    def open_rtcp(self, at: int, size: int) -> int: ...

    def seal_rtp(self, at: int, size: int) -> int:
        """Encrypt; returns the new size, or 0 for a packet that is too long or none at all."""
        ...

    def seal_run(self, at: int, sizes: list[int]) -> list[int]:
        """Encrypt the packets of a row of slots, the first of them at `at`; returns the new sizes, each 0 as of `seal_rtp`."""
        ...

    def seal_rtcp(self, at: int, size: int) -> int: ...

    def seal_bytes(self, packet: bytes) -> bytes:
        """Return RTP or RTCP sealed, for packets that are rare; empty when it cannot be sealed."""
        ...


class Slots:
    """A block of slots: `memory` for Python, `places` as libsrtp is given them, with the size of each in `lengths` and as `counters`."""

    def __init__(self, count: int) -> None:
        held = bytearray(count << SLOT_BITS)
        self.memory = memoryview(held)
        self.places: list[Any] = []
        self.counters: list[Any] = []
        if ffi is not None:
            begin = ffi.from_buffer("unsigned char[]", held)  # a view of the view would crash Python 3.11's garbage collector (gh-77894)
            self._kept = begin  # the places are valid for as long as this is
            self.places = [begin + index * SLOT for index in range(count)]
            sizes = self._sizes = ffi.new("int[]", count)
            self.lengths = memoryview(ffi.buffer(sizes)).cast("i")
            self.counters = [sizes + index for index in range(count)]


def available() -> bool:
    """Whether pylibsrtp lets us call libsrtp on our own memory."""
    return None not in (OPEN_RTP, OPEN_RTCP, SEAL_RTP, SEAL_RTCP)


def address_of(function: str) -> int:
    """Return where a function of libsrtp stands, for compiled code."""
    return _address(ffi.addressof(lib, function))


def srtp_of(dtls: RTCDtlsTransport, received: Slots, sending: Slots, *, fast: bool) -> Srtp:
    """Return the SRTP of a connected transport."""
    return (FastSrtp if fast else PlainSrtp)(dtls, received, sending)


class _Sessions:
    """Holds the two sessions: libsrtp's handles are freed with them, and used after that would end the process."""

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self._receiving: pylibsrtp.Session = dtls._rx_srtp  # noqa: SLF001 - held by tests/contract/test_aiortc_names.py
        self._sending: pylibsrtp.Session = dtls._tx_srtp  # noqa: SLF001 - likewise

    def seal_bytes(self, packet: bytes) -> bytes:
        session = self._sending
        protect = session.protect_rtcp if len(packet) > 1 and packet[1] in RTCP_TYPES else session.protect
        try:
            return bytes(protect(packet))
        except (pylibsrtp.Error, ValueError):
            return b""


class FastSrtp(_Sessions):
    """Calls libsrtp on the slots themselves: no copy, no allocation. `sessions` are the addresses of both: to open, and to seal."""

    def __init__(self, dtls: RTCDtlsTransport, received: Slots, sending: Slots) -> None:
        super().__init__(dtls)
        self._opener = self._receiving._srtp[0]  # noqa: SLF001 - likewise
        self._sealer = self._sending._srtp[0]  # noqa: SLF001 - likewise
        self.sessions = _address(self._opener), _address(self._sealer)
        self._received, self._outgoing = received.places, sending.places
        self._lengths, self._counters = sending.lengths, sending.counters
        self._size = ffi.new("int *")

    def open_rtp(self, at: int, size: int) -> int:
        length = self._size
        length[0] = size
        if size > LARGEST_PACKET or OPEN_RTP(self._opener, self._received[at >> SLOT_BITS], length):
            return 0
        return length[0]  # type: ignore[no-any-return]

    def open_rtcp(self, at: int, size: int) -> int:
        length = self._size
        length[0] = size
        if size > LARGEST_PACKET or OPEN_RTCP(self._opener, self._received[at >> SLOT_BITS], length):
            return 0
        return length[0]  # type: ignore[no-any-return]

    def seal_rtp(self, at: int, size: int) -> int:
        length = self._size
        length[0] = size
        if size > LARGEST_CLEAR or SEAL_RTP(self._sealer, self._outgoing[at >> SLOT_BITS], length):
            return 0
        return length[0]  # type: ignore[no-any-return]

    def seal_run(self, at: int, sizes: list[int]) -> list[int]:
        if len(sizes) == 1:
            return [self.seal_rtp(at, sizes[0])]
        first = at >> SLOT_BITS
        end, lengths = first + len(sizes), self._lengths
        lengths[first:end] = array("i", sizes)
        faults = list(map(SEAL_RTP, repeat(self._sealer), self._outgoing[first:end], self._counters[first:end]))
        sealed = lengths[first:end].tolist()
        if any(faults) or max(sizes) > LARGEST_CLEAR:
            return [0 if fault or size > LARGEST_CLEAR else done for fault, size, done in zip(faults, sizes, sealed, strict=True)]
        return sealed

    def seal_rtcp(self, at: int, size: int) -> int:
        length = self._size
        length[0] = size
        if size > LARGEST_CLEAR or SEAL_RTCP(self._sealer, self._outgoing[at >> SLOT_BITS], length):
            return 0
        return length[0]  # type: ignore[no-any-return]


class PlainSrtp(_Sessions):
    """Goes through pylibsrtp's public sessions, and copies."""

    sessions = 0, 0

    def __init__(self, dtls: RTCDtlsTransport, received: Slots, sending: Slots) -> None:
        super().__init__(dtls)
        self._received, self._outgoing = received.memory, sending.memory

    def open_rtp(self, at: int, size: int) -> int:
        return _in_place(self._receiving.unprotect, self._received, at, size)

    def open_rtcp(self, at: int, size: int) -> int:
        return _in_place(self._receiving.unprotect_rtcp, self._received, at, size)

    def seal_rtp(self, at: int, size: int) -> int:
        return _in_place(self._sending.protect, self._outgoing, at, size)

    def seal_run(self, at: int, sizes: list[int]) -> list[int]:
        return [self.seal_rtp(at + SLOT * index, size) for index, size in enumerate(sizes)]

    def seal_rtcp(self, at: int, size: int) -> int:
        return _in_place(self._sending.protect_rtcp, self._outgoing, at, size)


def _address(session: Any) -> int:
    return int(ffi.cast("uintptr_t", session))


def _in_place(work: Any, memory: memoryview, at: int, size: int) -> int:
    try:
        done = work(bytes(memory[at : at + size]))
    except (pylibsrtp.Error, ValueError):
        return 0
    memory[at : at + len(done)] = done
    return len(done)
