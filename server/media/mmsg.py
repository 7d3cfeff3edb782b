"""Many datagrams in one system call: Linux' recvmmsg and sendmmsg by cffi, without a compiler; elsewhere one at a time.

Datagrams of one size that go to one address, as those of a picture do, are handed over as one message, which the kernel cuts
(UDP_SEGMENT, Linux 4.18): it walks through routes, rules and queues once for all of them.

`Reader` and `Writer` are the fast way, `PlainReader` and `PlainWriter` the one that works everywhere, with the same methods.
A batch is a block of slots of 2,048 bytes; the datagram number `index` begins at `index << SLOT_BITS`.
"""

import errno
import socket
import struct
import sys
from array import array
from collections.abc import Hashable
from time import time
from typing import Any

from cffi import FFI  # type: ignore[import-untyped]

from server.media.limits import READ_BATCH, SLOT, SLOT_BITS

ffi = FFI()
ffi.cdef("""
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr {
    void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
    void *msg_control; size_t msg_controllen; int msg_flags;
};
struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
struct stamp { size_t cmsg_len; int cmsg_level; int cmsg_type; int64_t seconds; int64_t nanoseconds; };
struct cut { size_t cmsg_len; int cmsg_level; int cmsg_type; uint16_t size; uint16_t unused[3]; };
int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
int sendmmsg(int, struct mmsghdr *, unsigned int, int);
""")

NAME = 32  # bytes kept for one sockaddr
NAME_USED = 28  # of sockaddr_in6; the kernel takes as much for sockaddr_in and reads its 16
FULL = {errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM}
UDP_SEGMENT = 103  # of the level IPPROTO_UDP
TIMESTAMPNS = 35  # of the level SOL_SOCKET; so is the control message that it asks for
STAMP_BYTES = 32
LONGEST_WAIT_S = 2.0  # in the kernel; more is no wait, but a clock that was set
CUT_BYTES, CUT_USED = 24, 18  # of one control message: what it takes, and what of it is said

Batch = tuple[list[Hashable], list[int]]


def _find_calls() -> Any:
    try:
        library = ffi.dlopen(None)
        wide = ffi.sizeof("size_t") == 8  # as the views of its structures below expect
        found = library.recvmmsg and library.sendmmsg and wide
    except (AttributeError, OSError):
        return None
    return library if found else None


_libc = _find_calls()


def available() -> bool:
    """Whether this machine's C library has both calls."""
    return _libc is not None


def cuts(bound: socket.socket) -> bool:
    """Whether the kernel cuts a message into datagrams. One that does not know the word would send it as a single one."""
    try:
        bound.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
    except OSError:
        return False
    return True


def stamps(bound: socket.socket) -> bool:
    """Have the kernel tell of each datagram when it came; returns whether it will."""
    try:
        bound.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)
    except OSError:
        return False
    return sys.platform == "linux"


class Route:
    """Where packets go: the socket of the address's family, and the address as Python (`address`) and the kernel (`pointer`) write it.

    `key` is what a reader names the same address by. `cuts` turns false when the kernel would not cut a message on this way.
    """

    __slots__ = ("address", "cuts", "key", "pointer", "sockaddr", "socket")

    def __init__(self, bound: socket.socket, address: tuple[str, int], key: Hashable, sockaddr: bytes = b"") -> None:
        self.socket = bound
        self.address = address
        self.key = key
        self.cuts = True
        self.sockaddr = ffi.new("unsigned char[]", sockaddr) if sockaddr else None
        self.pointer = _address_of(self.sockaddr) if sockaddr else 0


class Reader:
    """Reads a socket into the slots of `memory`, up to 64 datagrams a call. With `stamped` it can tell when each had come."""

    def __init__(self, bound: socket.socket, memory: memoryview, *, stamped: bool = False) -> None:
        self._socket, self.file = bound, bound.fileno()
        self._four = bound.family == socket.AF_INET
        self._names = bytearray(READ_BATCH * NAME)
        self._vectors = _vectors(memory, READ_BATCH)
        self.headers = _headers(self._vectors, READ_BATCH)
        _words(self.headers, "msg_name", READ_BATCH)[:] = _places(self._names, NAME, READ_BATCH)
        self._sizes = memoryview(ffi.buffer(self.headers)).cast("I")[_offset("msg_len") // 4 :: ffi.sizeof("struct mmsghdr") // 4]
        self._keys = memoryview(self._names).cast("Q")[:: NAME // 8]
        self.began = 0.0
        self._stamps: Any = None
        self._controls: memoryview | None = None
        if stamped:
            self._stamps, self._controls, self._room = _stamps(self.headers)

    def begin(self) -> None:
        """Make ready for the next batch; `began` is when that was, by the kernel's clock for stamps."""
        if self._controls is not None:
            self._controls[:] = self._room
            self.began = time()

    def came(self, index: int, now: float) -> float:
        """Return when a datagram of the batch came, where `now` is when the batch began by another clock."""
        if self._controls is None or self._controls[index] < STAMP_BYTES:
            return now
        stamp = self._stamps[index]
        waited = self.began - (stamp.seconds + stamp.nanoseconds / 1e9)
        return now - waited if 0.0 < waited < LONGEST_WAIT_S else now

    def read(self) -> Batch:
        """Return key and size of each datagram in its order; nothing when none waits."""
        self.begin()
        count = max(0, int(_libc.recvmmsg(self.file, self.headers, READ_BATCH, socket.MSG_DONTWAIT, ffi.NULL)))
        keys: list[Any] = self._keys[:count].tolist() if self._four else [self._name(index) for index in range(count)]
        return keys, self._sizes[:count].tolist()

    def look(self, index: int) -> tuple[Hashable, int]:
        """Return key and size of one datagram of the batch just read."""
        return self._keys[index] if self._four else self._name(index), self._sizes[index]

    def route(self, index: int) -> Route:
        """Return the way back to the sender of a datagram of the batch just read."""
        name = self._name(index)
        host = socket.inet_ntop(self._socket.family, name[4:8] if self._four else name[8:24])
        key = self._keys[index] if self._four else name
        return Route(self._socket, (host, struct.unpack_from("!H", name, 2)[0]), key, name)

    def _name(self, index: int) -> bytes:
        return bytes(self._names[index * NAME : index * NAME + NAME_USED])


class Writer:
    """Sends the slots of `memory` that `put` and `put_run` have addressed. With `cut` it has the kernel cut messages into datagrams."""

    def __init__(self, memory: memoryview, *, cut: bool) -> None:
        count = len(memory) >> SLOT_BITS
        self._cut = cut
        self._vectors, self._marks = _vectors(memory, count), _marks(count)
        self._headers = _headers(self._vectors, count)
        for index in range(count):
            self._headers[index].msg_hdr.msg_control = self._marks + index
        self._sizes = memoryview(ffi.buffer(self._vectors)).cast("Q")[1::2]
        self._cut_sizes = memoryview(ffi.buffer(self._marks)).cast("H")[CUT_USED // 2 - 1 :: CUT_BYTES // 2]
        words = ("msg_name", "msg_iov", "msg_iovlen", "msg_controllen")
        self._names, self._firsts, self._counts, self._controls = (_words(self._headers, word, count) for word in words)
        self._places = [_address_of(self._vectors + index) for index in range(count)]
        self._routes: list[Route] = []
        """One for each message; they are kept until it is sent, because the kernel reads their bytes."""
        self._whole = 0

    def put(self, index: int, route: Route, size: int) -> None:
        """Address the packet in this slot."""
        self._sizes[index] = size
        self._add(index, 1, route, 0)

    def put_run(self, first: int, route: Route, sizes: list[int], alike: list[int]) -> None:
        """Address the packets in a row of slots; `alike` is how many after each other may be one message: see `run.alike`."""
        self._sizes[first : first + len(sizes)] = array("Q", sizes)
        if not (self._cut and route.cuts):
            alike = [1] * len(sizes)
        at = 0
        for count in alike:
            self._add(first + at, count, route, sizes[at])
            at += count

    def _add(self, first: int, count: int, route: Route, size: int) -> None:
        message = len(self._routes)
        self._routes.append(route)
        self._whole += count
        self._names[message] = route.pointer
        self._firsts[message] = self._places[first]
        self._counts[message] = count
        if count > 1:
            self._cut_sizes[message] = size
            self._controls[message] = CUT_BYTES
        else:
            self._controls[message] = 0

    def write(self, bound: socket.socket) -> tuple[int, int]:
        """Send everything that was put; returns how many datagrams the kernel took, and how many it did not. It never waits, and repeats
        nothing.
        """
        at, end, file = 0, len(self._routes), bound.fileno()
        whole, lost = self._whole, 0
        while at < end:
            count = _libc.sendmmsg(file, self._headers + at, end - at, socket.MSG_DONTWAIT)
            if count > 0:
                at += count
            elif ffi.errno in FULL:
                lost += sum(self._counts[at:end])
                break
            else:
                lost += self._apart(file, at)  # an address without a route, for instance: the others can be sent
                at += 1
        self._routes.clear()
        self._whole = 0
        return whole - lost, lost

    def _apart(self, file: int, message: int) -> int:
        """Send one by one what the kernel would not cut, for instance because the way takes smaller packets only; returns what is lost."""
        header, count = self._headers[message].msg_hdr, self._counts[message]
        if count == 1:
            return 1
        self._routes[message].cuts = False
        header.msg_controllen, header.msg_iovlen, lost = 0, 1, 0
        for _ in range(count):
            lost += _libc.sendmmsg(file, self._headers + message, 1, socket.MSG_DONTWAIT) != 1
            header.msg_iov += 1
        return lost


class PlainReader:
    """Reads a socket into the slots of `memory`, one datagram a call."""

    def __init__(self, bound: socket.socket, memory: memoryview) -> None:
        self._socket, self.file = bound, bound.fileno()
        self._slots = [memory[index << SLOT_BITS : (index + 1) << SLOT_BITS] for index in range(READ_BATCH)]
        self._keys: list[Hashable] = []

    @staticmethod
    def came(index: int, now: float) -> float:
        """Nobody tells when it came."""
        del index
        return now

    def read(self) -> Batch:
        """Return key and size of each datagram in its order; nothing when none waits."""
        self._keys, sizes = [], []
        for slot in self._slots:
            try:
                size, address = self._socket.recvfrom_into(slot)
            except OSError:
                break
            self._keys.append(address)
            sizes.append(size)
        return self._keys, sizes

    def route(self, index: int) -> Route:
        """Return the way back to the sender of a datagram of the batch just read."""
        address: Any = self._keys[index]
        return Route(self._socket, address[:2], address)


class PlainWriter:
    """Sends the slots of `memory` that `put` and `put_run` have addressed, one at a time."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self._put: list[tuple[int, Any, int]] = []

    def put(self, index: int, route: Route, size: int) -> None:
        """Address the packet in this slot."""
        self._put.append((index, route.key, size))

    def put_run(self, first: int, route: Route, sizes: list[int], alike: list[int]) -> None:
        """Address the packets in a row of slots."""
        del alike
        for index, size in enumerate(sizes, first):
            self.put(index, route, size)

    def write(self, bound: socket.socket) -> tuple[int, int]:
        """As of `Writer`."""
        put, self._put = self._put, []
        taken = sum(self._write(bound, *each) for each in put)
        return taken, len(put) - taken

    def _write(self, bound: socket.socket, index: int, address: Any, size: int) -> bool:
        begin = index << SLOT_BITS
        try:
            bound.sendto(self._memory[begin : begin + size], address)
        except OSError:
            return False
        return True


def _offset(field: str) -> int:
    owner = "struct mmsghdr" if field == "msg_len" else "struct msghdr"
    return int(ffi.offsetof(owner, field))


def _address_of(memory: Any) -> int:
    return int(ffi.cast("uintptr_t", ffi.cast("void *", memory)))


def _places(memory: bytearray | memoryview, stride: int, count: int) -> memoryview:
    """Return the address of each of `count` parts, as a view of machine words that a view of a C structure can take over."""
    begin = _address_of(ffi.from_buffer(memory))
    return memoryview(struct.pack(f"={count}Q", *(begin + index * stride for index in range(count)))).cast("Q")


def _words(structures: Any, field: str, count: int) -> memoryview:
    """Return a view of one pointer-sized field of all message headers."""
    stride = ffi.sizeof("struct mmsghdr") // 8
    return memoryview(ffi.buffer(structures)).cast("Q")[_offset(field) // 8 :: stride][:count]


def _vectors(memory: memoryview, count: int) -> Any:
    vectors = ffi.new("struct iovec[]", count)
    places = _places(memory, SLOT, count)
    for index in range(count):
        vectors[index].iov_base = ffi.cast("void *", places[index])
        vectors[index].iov_len = SLOT
    return vectors


def _marks(count: int) -> Any:
    """Return a control message for each of `count` messages, in which the size of a datagram is still to be said."""
    marks = ffi.new("struct cut[]", count)
    for index in range(count):
        marks[index].cmsg_len, marks[index].cmsg_level, marks[index].cmsg_type = CUT_USED, socket.IPPROTO_UDP, UDP_SEGMENT
    return marks


def _stamps(headers: Any) -> tuple[Any, memoryview, memoryview]:
    """Give each header of a batch room for its stamp; return that, the view of what of it is used, and what that view is to be set to."""
    stamps = ffi.new("struct stamp[]", READ_BATCH)
    _words(headers, "msg_control", READ_BATCH)[:] = _places(ffi.buffer(stamps), STAMP_BYTES, READ_BATCH)
    return stamps, _words(headers, "msg_controllen", READ_BATCH), memoryview(array("Q", (STAMP_BYTES,)) * READ_BATCH)


def _headers(vectors: Any, count: int) -> Any:
    headers = ffi.new("struct mmsghdr[]", count)
    for index in range(count):
        header = headers[index].msg_hdr
        header.msg_iov, header.msg_iovlen, header.msg_namelen = vectors + index, 1, NAME_USED
    return headers
