"""What goes out of the engine's port: written into slots, sealed there, and sent in batches.

What the kernel does not take at once is dropped and counted: nobody waits for a slow network.
"""

import socket
from collections.abc import Callable

from server.media import lane, mmsg, srtp
from server.media.endpoint import Endpoint
from server.media.limits import LARGEST_CLEAR, SEND_SLOTS, SLOT_BITS


class Counter:
    """A counter of the port, which the lane counts on, too."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, egress: "Egress", _owner: type) -> int:
        return int(getattr(egress.told, self._name))

    def __set__(self, egress: "Egress", value: int) -> None:
        setattr(egress.told, self._name, value)


class Egress:
    """The sending half of `udp.UdpMux`. What is for one family waits apart from what is for the other, so that a room of both costs no more
    calls than two.
    """

    sent, dropped, refused, oversize, excess, strangers = Counter(), Counter(), Counter(), Counter(), Counter(), Counter()

    def __init__(self, sockets: list[socket.socket], *, fast: bool, express: bool, drop: Callable[[], bool] | None) -> None:
        self.sockets, self.drop = sockets, drop
        self.sending_slots = srtp.Slots(SEND_SLOTS)
        self.out = self.sending_slots.memory
        cut = mmsg.cuts(sockets[0])
        self._writers = {bound: mmsg.Writer(self.out, cut=cut) if fast else mmsg.PlainWriter(self.out) for bound in sockets}
        self.lane = lane.Lane(cut=cut) if express else None
        self.told = self.lane.told if self.lane is not None else lane.Told()
        self._next = 0

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
        first = at >> SLOT_BITS
        sealed = connection.seal_run(at, sizes)
        self._next = first + len(sealed)
        if self.drop is None and 0 not in sealed:
            self._writers[route.socket].put_run(first, route, sealed, alike)
        else:
            self.oversize += sum(size > LARGEST_CLEAR for size in sizes)
            self._send_some(first, route, sealed)
        return sealed

    def _send_some(self, first: int, route: mmsg.Route, sizes: list[int]) -> None:
        """Send the packets one by one, because some of the row are left out."""
        for index, size in enumerate(sizes, first):
            if size and (self.drop is None or not self.drop()):
                self._writers[route.socket].put(index, route, size)

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
        for bound, writer in self._writers.items():
            sent, dropped = writer.write(bound)
            self.sent += sent
            self.dropped += dropped
        self._next = 0

    def _collect(self, route: mmsg.Route, index: int, size: int) -> None:
        self._writers[route.socket].put(index, route, size)
        self._next = index + 1
