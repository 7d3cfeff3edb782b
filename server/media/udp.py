"""One UDP port for all browsers: which packet is whose, read and sent in batches.

The first byte tells what a datagram is (RFC 7983), its sender's address whose it is; the address is learned from a valid check alone.
Nothing that a stranger sends gets an answer. What the kernel does not take at once is dropped and counted: nobody waits for a slow network.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Hashable
from typing import Protocol

import structlog

from server.core.supervise import Supervisor, where
from server.media import ice, mmsg, srtp
from server.media.limits import (
    ADDRESSES,
    LARGEST_CLEAR,
    LARGEST_PACKET,
    PIECE_S,
    READ_BATCH,
    READ_TURNS,
    SEND_SLOTS,
    SLOT,
    SLOT_BITS,
    SOCKET_BUFFER,
    SWEEP_S,
)
from server.media.stalls import Stalls
from server.ports import Clock

log = structlog.get_logger(__name__)

Work = Callable[[int, int], int]
"""(offset of a slot, size) -> new size, or 0: see `srtp.Srtp`."""
RunWork = Callable[[int, list[int]], list[int]]
"""(offset of the first slot of a row, sizes) -> new sizes, each 0 where it failed."""
Piece = Callable[[float], bool]
"""Does the next piece at this time, and tells whether there is a further one."""
RtpTaker = Callable[[memoryview, int, int, float], None]
RtcpTaker = Callable[[bytes, float], None]


class Endpoint(Protocol):
    """What the port needs of a connection. Before its handshake, and after its end, the four of SRTP return 0."""

    agent: ice.Agent
    known_as: set[str]
    """The ufrags under which the port knows it; only the port changes this, and `addresses`."""
    route: mmsg.Route | None
    addresses: dict[Hashable, mmsg.Route]
    open_rtp: Work
    open_rtcp: Work
    seal_rtp: Work
    seal_rtcp: Work
    seal_run: RunWork
    on_rtp: RtpTaker
    on_rtcp: RtcpTaker

    def checked(self) -> None:
        """A valid check came: `route` is set."""
        ...

    def on_dtls(self, packet: bytes) -> None: ...

    def end(self, reason: str) -> None: ...


class UdpMux:
    """The sockets (one per family) and who speaks over them.

    Sending: ask `slot` for an offset in `out`, write the packet there, call `send_rtp` with it before anything else is sent.
    `flush` sends what was collected; it is called after each batch that was read, and by whoever sends at another time.
    What is to be done when a batch has been read is put into `after_batch`, with whose packets it is done for; the slots are still as
    they were.
    Counters: datagrams `received` and `sent`; `dropped` by the kernel; `refused` by SRTP; `oversize`, which came longer than one may be, or
    were not sent because sealed they would be too long (once for each who should have had them); of `strangers`; `crashes` of our own code.
    """

    def __init__(  # noqa: PLR0913 - two are for tests
        self,
        supervisor: Supervisor,
        clock: Clock,
        address: str,
        port: int = 0,
        *,
        second: str | None = None,
        fast: bool | None = None,
        drop: Callable[[], bool] | None = None,
    ) -> None:
        """Bind `address`, and `second` of the other family at the same port; `drop` loses packets of RTP on their way out, for tests."""
        self.supervisor, self.clock, self.drop = supervisor, clock, drop
        self.fast = (mmsg.available() and srtp.available()) if fast is None else fast
        self.received = self.sent = self.dropped = self.refused = self.oversize = self.strangers = self.crashes = 0
        self.by_address: dict[Hashable, Endpoint] = {}
        self.by_ufrag: dict[str, Endpoint] = {}
        self.after_batch: list[tuple[Endpoint, Callable[[float], None]]] = []
        self.received_slots, self.sending_slots = srtp.Slots(READ_BATCH), srtp.Slots(SEND_SLOTS)
        self.out = self.sending_slots.memory
        self.sockets = bind_all(address, second, port)
        self._writer = mmsg.Writer(self.out, cut=mmsg.cuts(self.sockets[0])) if self.fast else mmsg.PlainWriter(self.out)
        self.port: int = self.sockets[0].getsockname()[1]
        self._next = 0
        self._socket = self.sockets[0]
        self.stalls = Stalls()

    def start(self) -> None:
        """Begin to read, in the running loop."""
        loop = asyncio.get_running_loop()
        kind = mmsg.Reader if self.fast else mmsg.PlainReader
        for bound in self.sockets:
            loop.add_reader(bound.fileno(), self._read, kind(bound, self.received_slots.memory))
        self.supervisor.keep(self._sweep_again, name="media consent")

    def close(self) -> None:
        """End every connection and close the sockets."""
        for connection in set(self.by_ufrag.values()):
            connection.end("closed")
        self.flush()
        loop = asyncio.get_running_loop()
        for bound in self.sockets:
            loop.remove_reader(bound.fileno())
            bound.close()

    def admit(self, connection: Endpoint) -> None:
        """Know a connection by its ufrags, and by no others than those that are valid now."""
        valid = connection.agent.ufrags
        for ufrag in connection.known_as - valid:
            del self.by_ufrag[ufrag]
        connection.known_as = valid
        for ufrag in valid:
            self.by_ufrag[ufrag] = connection

    def forget(self, connection: Endpoint) -> None:
        """Take no more packets for it, and answer no more checks."""
        for ufrag in connection.known_as:
            del self.by_ufrag[ufrag]
        for key in connection.addresses:
            del self.by_address[key]
        connection.known_as = set()
        connection.addresses.clear()

    def slot(self) -> int:
        """Return the offset of a free slot in `out`; sends what is collected when all are taken."""
        if self._next == SEND_SLOTS:
            self.flush()
        return self._next << SLOT_BITS

    def send_rtp(self, connection: Endpoint, at: int, size: int) -> bool:
        """Seal the packet in the slot at `at` and collect it; False when it cannot be sent to this connection."""
        self.oversize += size > LARGEST_CLEAR
        size = connection.seal_rtp(at, size)
        route = connection.route
        if not size or route is None:
            return False
        if self.drop is None or not self.drop():
            self._collect(route, at >> SLOT_BITS, size)
        return True

    def room(self, count: int) -> int:
        """Return the offset of the first of `count` free slots in a row, at most as many as a batch has; see `send_run`."""
        if self._next + count > SEND_SLOTS:
            self.flush()
        return self._next << SLOT_BITS

    def send_run(self, connection: Endpoint, at: int, sizes: list[int], alike: list[int]) -> list[int]:
        """Seal the packets that stand in a row of slots from `at` on, and collect them; `alike` is as of `run.Run`. Return their new
        sizes, 0 for each that cannot be sealed; nothing when none can be sent to this connection.
        """
        route = connection.route
        if route is None:
            return []
        if route.socket is not self._socket:
            self._write()
            self._socket = route.socket
        first = at >> SLOT_BITS
        sealed = connection.seal_run(at, sizes)
        self._next = first + len(sealed)
        if self.drop is None and 0 not in sealed:
            self._writer.put_run(first, route, sealed, alike)
        else:
            self.oversize += sum(size > LARGEST_CLEAR for size in sizes)
            self._send_some(first, route, sealed)
        return sealed

    def _send_some(self, first: int, route: mmsg.Route, sizes: list[int]) -> None:
        """Send the packets one by one, because some of the row are left out."""
        for index, size in enumerate(sizes, first):
            if size and (self.drop is None or not self.drop()):
                self._writer.put(index, route, size)

    def send_rtcp(self, connection: Endpoint, packet: bytes) -> bool:
        """Seal a compound packet and collect it; False when it cannot be sent to this connection."""
        at, size = self.slot(), len(packet)
        route = connection.route
        if route is None or size > LARGEST_CLEAR:
            self.oversize += size > LARGEST_CLEAR
            return False
        self.out[at : at + size] = packet
        size = connection.seal_rtcp(at, size)
        if size:
            self._collect(route, at >> SLOT_BITS, size)
        return bool(size)

    def send_now(self, route: mmsg.Route, packet: bytes) -> None:
        """Send a packet of STUN or DTLS as it is."""
        try:
            route.socket.sendto(packet, route.address)
        except OSError:
            self.dropped += 1
        else:
            self.sent += 1

    def flush(self) -> None:
        """Send what was collected. Call it once at the end of a turn, not once a packet."""
        self._write()
        self._next = 0

    def go_on_later(self, piece: Piece) -> None:
        """Do a piece of work, whose packets shall not go out all at once, in some milliseconds, and the next one as long after it."""
        asyncio.get_running_loop().call_later(PIECE_S, self._go_on, piece)

    def _go_on(self, piece: Piece) -> None:
        now = self.clock.monotonic()
        try:
            if piece(now):
                self.go_on_later(piece)
        except Exception as error:  # noqa: BLE001 - as in `_take`; it is not asked again
            self._contain(None, error)
        self.flush()
        self.stalls.sent(now, self.clock.monotonic())

    def sweep(self, now: float) -> None:
        """End the connections whose browsers have been silent for too long."""
        for connection in {one for one in self.by_ufrag.values() if one.agent.is_silent(now)}:
            connection.end("silent")

    async def _sweep_again(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.sweep(self.clock.monotonic())

    def _read(self, reader: mmsg.Reader | mmsg.PlainReader) -> None:
        for _ in range(READ_TURNS):
            keys, sizes = reader.read()
            self.received += len(keys)
            now = self.clock.monotonic()
            self._take(reader, keys, sizes, now)
            self._finish_batch(now)
            self.flush()
            self.stalls.sent(now, self.clock.monotonic())
            if len(keys) < READ_BATCH:
                break

    def _finish_batch(self, now: float) -> None:
        for connection, work in self.after_batch:
            try:
                work(now)
            except Exception as error:  # noqa: BLE001 - as in `_take`
                self._contain(connection, error)
        self.after_batch.clear()

    def _take(self, reader: mmsg.Reader | mmsg.PlainReader, keys: list[Hashable], sizes: list[int], now: float) -> None:
        """Hand each datagram on; the way of RTP is kept short, because nearly everything is RTP."""
        memory, find, at = self.received_slots.memory, self.by_address.get, 0
        for key, size in zip(keys, sizes, strict=True):
            connection = find(key)
            try:
                if connection is not None and 127 < memory[at] < 192 and not 191 < memory[at + 1] < 224:
                    clear = connection.open_rtp(at, size)
                    if clear:
                        connection.on_rtp(memory, at, clear, now)
                    else:
                        self._refuse(size)
                else:
                    self._take_other(reader, connection, at, size, now)
            except Exception as error:  # noqa: BLE001 - a bug met by one browser's packet must not stop the others
                self._contain(connection, error)
            at += SLOT

    def _take_other(self, reader: mmsg.Reader | mmsg.PlainReader, connection: Endpoint | None, at: int, size: int, now: float) -> None:
        memory = self.received_slots.memory
        first = memory[at] if 0 < size <= LARGEST_PACKET else 255
        if size > LARGEST_PACKET:
            self.oversize += 1
        elif first < 4:
            self._take_check(bytes(memory[at : at + size]), reader.route(at >> SLOT_BITS), now)
        elif connection is None or not (19 < first < 64 or 127 < first < 192):
            self.strangers += 1
        elif first < 64:
            connection.on_dtls(bytes(memory[at : at + size]))
        else:
            self._take_rtcp(connection, at, size, now)

    def _take_rtcp(self, connection: Endpoint, at: int, size: int, now: float) -> None:
        size = connection.open_rtcp(at, size)
        if size:
            connection.on_rtcp(bytes(self.received_slots.memory[at : at + size]), now)
        else:
            self.refused += 1

    def _refuse(self, size: int) -> None:
        if size > LARGEST_PACKET:
            self.oversize += 1
        else:
            self.refused += 1

    def _take_check(self, packet: bytes, route: mmsg.Route, now: float) -> None:
        check = ice.read_check(packet)
        connection = self.by_ufrag.get(check.ufrag) if check else None
        if check is None or connection is None:
            self.strangers += 1
            return
        password = connection.agent.password_for(check.ufrag)
        if not ice.is_signed(check, password):
            self.strangers += 1
        elif fault := ice.fault_of(check):
            self.send_now(route, ice.failure(check, fault, password))
        elif self._learn(connection, route, now, nominated=ice.USE_CANDIDATE in check.kinds):
            connection.agent.heard(check.ufrag, now)
            self.admit(connection)
            self.send_now(route, ice.success(check, route.address, password))
            connection.checked()

    def _learn(self, connection: Endpoint, route: mmsg.Route, now: float, *, nominated: bool) -> bool:
        """Bind an address to a connection. One that another, living connection has is refused: a sender's address can be forged."""
        holder = self.by_address.get(route.key)
        if holder is not None and holder is not connection:
            if not holder.agent.is_silent(now):
                self.strangers += 1
                return False
            del holder.addresses[route.key]
        self.by_address[route.key] = connection
        known = connection.addresses.setdefault(route.key, route)
        if nominated or connection.route is None:
            connection.route = known
        self._forget_oldest(connection)
        return True

    def _forget_oldest(self, connection: Endpoint) -> None:
        if len(connection.addresses) > ADDRESSES:
            oldest = next(key for key, route in connection.addresses.items() if route is not connection.route)
            del connection.addresses[oldest], self.by_address[oldest]

    def _contain(self, connection: Endpoint | None, error: Exception) -> None:
        self.crashes += 1
        log.error("media packet crashed", error=type(error).__name__, where=where(error))
        if connection is not None:
            connection.end("crashed")

    def _collect(self, route: mmsg.Route, index: int, size: int) -> None:
        if route.socket is not self._socket:
            self._write()
            self._socket = route.socket
        self._writer.put(index, route, size)
        self._next = index + 1

    def _write(self) -> None:
        sent, dropped = self._writer.write(self._socket)
        self.sent += sent
        self.dropped += dropped


def bind_all(address: str, second: str | None, port: int) -> list[socket.socket]:
    """Return one socket, or two at the same port; when the second cannot be had, none is kept."""
    first = bind(address, port)
    try:
        return [first] if second is None else [first, bind(second, first.getsockname()[1])]
    except OSError:
        first.close()
        raise


def bind(address: str, port: int) -> socket.socket:
    """Return a UDP socket that never blocks; a socket of IPv6 leaves IPv4 alone."""
    six = ipaddress.ip_address(address).version == 6
    bound = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)  # noqa: FBT003 - that is its signature
        if six:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            bound.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound
