"""One UDP port for all browsers: which packet is whose, read and sent in batches.

The first byte tells what a datagram is (RFC 7983), its sender's address whose it is; the address is learned from a valid check alone.
Nothing that a stranger sends gets an answer. What the kernel does not take at once is dropped and counted: nobody waits for a slow network.
"""

import asyncio
import socket
from collections.abc import Callable, Hashable
from struct import Struct

import structlog

from server.core.supervise import Supervisor, where
from server.media import ice, lane, mmsg, native, srtp
from server.media.egress import Egress
from server.media.endpoint import Endpoint
from server.media.limits import (
    ADDRESSES,
    CATCH_UP_TURNS,
    LARGEST_PACKET,
    PIECE_S,
    READ_BATCH,
    READ_TURNS,
    SLOT_BITS,
    SOURCES,
    SWEEP_S,
)
from server.media.sockets import bind_all
from server.media.stalls import Stalls
from server.ports import Clock

log = structlog.get_logger(__name__)

SSRC_AT, RTCP_SSRC_AT = 8, 4  # in a packet of RTP, and of RTCP
_read_ssrc = Struct("!L").unpack_from

Piece = Callable[[float], bool]
"""Does the next piece at this time, and tells whether there is a further one."""


class UdpMux(Egress):
    """The sockets (one per family) and who speaks over them.

    Sending: ask `slot` for an offset in `out`, write the packet there, call `send_rtp` with it before anything else is sent.
    `flush` sends what was collected; it is called after each batch that was read, and by whoever sends at another time.
    What is to be done when a batch has been read is put into `after_batch`, with whose packets it is done for; the slots are still as
    they were.
    Where there is a compiled `lane`, it forwards what is regular; the rest, and everything while packets are to be lost for a test, goes
    the way of Python.
    Counters: datagrams `received` and `sent`; `dropped` by the kernel; `refused` by SRTP; `oversize`, which came longer than one may be, or
    were not sent because sealed they would be too long (once for each who should have had them); of `strangers`; `excess`, which came
    faster than one browser may send; `crashes` of our own code.
    `came` is when the packet of RTP in hand came: by the kernel, which was there while this process was held up, or by when it was read.
    """

    def __init__(  # noqa: PLR0913 - three are for tests
        self,
        supervisor: Supervisor,
        clock: Clock,
        address: str,
        port: int = 0,
        *,
        second: str | None = None,
        fast: bool | None = None,
        express: bool | None = None,
        stamped: bool = True,
        drop: Callable[[], bool] | None = None,
    ) -> None:
        """Bind `address`, and `second` of the other family at the same port. For tests: `drop` loses packets of RTP on their way out, and
        without `stamped` only `clock` tells the time.
        """
        self.supervisor, self.clock = supervisor, clock
        self.fast = (mmsg.available() and srtp.available()) if fast is None else fast
        express = self.fast and native.available() if express is None else express
        super().__init__(bind_all(address, second, port), fast=self.fast, express=express, drop=drop)
        self.received = self.crashes = 0
        self.by_address: dict[Hashable, Endpoint] = {}
        self.by_ufrag: dict[str, Endpoint] = {}
        self.after_batch: list[tuple[Endpoint, Callable[[float], None]]] = []
        self.received_slots = srtp.Slots(READ_BATCH)
        self._readers = [self._reader(bound, stamped=stamped) for bound in self.sockets]
        self.came = 0.0
        self.port: int = self.sockets[0].getsockname()[1]
        self.stalls = Stalls(self.told)

    def _reader(self, bound: socket.socket, *, stamped: bool) -> mmsg.Reader | mmsg.PlainReader:
        memory = self.received_slots.memory
        return mmsg.Reader(bound, memory, stamped=stamped and mmsg.stamps(bound)) if self.fast else mmsg.PlainReader(bound, memory)

    def start(self) -> None:
        """Begin to read, in the running loop."""
        loop = asyncio.get_running_loop()
        for reader in self._readers:
            loop.add_reader(reader.file, self._read, reader)
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
            self._unbind(key)
        connection.known_as = set()
        connection.addresses.clear()

    def go_on_later(self, piece: Piece) -> None:
        """Do a piece of work, whose packets shall not go out all at once, in some milliseconds, and the next one as long after it."""
        asyncio.get_running_loop().call_later(PIECE_S, self._go_on, piece)

    def _go_on(self, piece: Piece) -> None:
        now = self.clock.monotonic()
        try:
            if piece(now):
                self.go_on_later(piece)
        except Exception as error:  # noqa: BLE001 - as in `_take`; it is not asked again
            self.contain(None, error)
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

    def catch_up(self) -> None:
        """Read all that waits, when the loop was held up: before somebody judges by the time what has not come."""
        for reader in self._readers:
            for _ in range(CATCH_UP_TURNS):
                if not self._read(reader):
                    break

    def _read(self, reader: mmsg.Reader | mmsg.PlainReader) -> bool:
        """Read some batches; returns whether more may wait."""
        for _ in range(READ_TURNS):
            if self.lane is not None and self.drop is None and isinstance(reader, mmsg.Reader):
                count = self._read_express(self.lane, reader)
            else:
                count = self._read_batch(reader)
            self.received += count
            if count < READ_BATCH:
                return False
        return True

    def _read_batch(self, reader: mmsg.Reader | mmsg.PlainReader) -> int:
        keys, sizes = reader.read()
        now = self.clock.monotonic()
        for index, (key, size) in enumerate(zip(keys, sizes, strict=True)):
            self._take_allowed(reader, index, key, size, now)
        self._finish_batch(now)
        self.flush()
        self.stalls.sent(now, self.clock.monotonic())
        return len(keys)

    def _read_express(self, express: lane.Lane, reader: mmsg.Reader) -> int:
        """Let the lane go on until a datagram is not for it, do what that asks for, and let it go on behind it."""
        now, told, headers = self.clock.monotonic(), express.told, reader.headers
        index = express.read(reader, now)
        count: int = told.count
        if index < count:
            reader.began = told.began
        while index < count:
            self._take(reader, index, *reader.look(index), now, told.clear)
            index = express.go_on(headers, index + 1, now)
        self._finish_batch(now)
        if self._next:
            self.flush()
        self.stalls.sent(now, self.clock.monotonic())
        return count

    def _finish_batch(self, now: float) -> None:
        for connection, work in self.after_batch:
            try:
                work(now)
            except Exception as error:  # noqa: BLE001 - as in `_take`
                self.contain(connection, error)
        self.after_batch.clear()

    def _take_allowed(self, reader: mmsg.Reader | mmsg.PlainReader, index: int, key: Hashable, size: int, now: float) -> None:
        """Hand a datagram on, unless its sender sends too much. The lane counts by itself."""
        connection = self.by_address.get(key)
        if connection is not None and connection.allowance.is_spent(now):
            self.excess += 1
        else:
            self._take(reader, index, key, size, now)

    def _take(  # noqa: PLR0913, PLR0917
        self, reader: mmsg.Reader | mmsg.PlainReader, index: int, key: Hashable, size: int, now: float, clear: int = 0
    ) -> None:
        """Hand a datagram on. `clear` is the size of one that is opened already."""
        memory, connection, at = self.received_slots.memory, self.by_address.get(key), index << SLOT_BITS
        try:
            if connection is not None and 127 < memory[at] < 192 and not 191 < memory[at + 1] < 224:
                clear = clear or connection.open_rtp(at, size)
                if clear:
                    self.came = reader.came(index, now)
                    self._meet(connection, at + SSRC_AT)
                    connection.on_rtp(memory, at, clear, now)
                else:
                    self._refuse(size)
            elif connection is not None and clear:
                self._take_report(connection, at, clear, now)
            else:
                self._take_other(reader, connection, at, size, now)
        except Exception as error:  # noqa: BLE001 - a bug met by one browser's packet must not stop the others
            self.contain(connection, error)

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
            self._take_report(connection, at, size, now)
        else:
            self.refused += 1

    def _take_report(self, connection: Endpoint, at: int, size: int, now: float) -> None:
        ssrc = self._meet(connection, at + RTCP_SSRC_AT)
        if self.lane is not None:
            self.lane.know(connection.wire, ssrc)
        connection.on_rtcp(bytes(self.received_slots.memory[at : at + size]), now)

    def _meet(self, connection: Endpoint, at: int) -> int:
        """Note who has spoken, by a packet that was proved to be its browser's. The lane's packets are of sources that were met before."""
        ssrc: int = _read_ssrc(self.received_slots.memory, at)[0]
        if ssrc not in connection.sources:
            connection.sources.add(ssrc)
            if len(connection.sources) > SOURCES:
                connection.end("crowded")
        return ssrc

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
        self._bind(route.key, connection)
        known = connection.addresses.setdefault(route.key, route)
        if nominated or connection.route is None:
            connection.route = known
            if self.lane is not None:
                self.lane.aim(connection.wire, known)
        self._forget_oldest(connection)
        return True

    def _forget_oldest(self, connection: Endpoint) -> None:
        if len(connection.addresses) > ADDRESSES:
            oldest = next(key for key, route in connection.addresses.items() if route is not connection.route)
            del connection.addresses[oldest]
            self._unbind(oldest)

    def _bind(self, key: Hashable, connection: Endpoint) -> None:
        self.by_address[key] = connection
        if self.lane is not None:
            self.lane.bind(key, connection.wire)

    def _unbind(self, key: Hashable) -> None:
        del self.by_address[key]
        if self.lane is not None:
            self.lane.unbind(key)

    def contain(self, connection: Endpoint | None, error: Exception) -> None:
        """Take note of a bug that was met; what belongs to a connection ends that one."""
        self.crashes += 1
        log.error("media work crashed", error=type(error).__name__, where=where(error))
        if connection is not None:
            connection.end("crashed")
