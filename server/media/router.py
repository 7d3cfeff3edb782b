"""What one browser is sent, and the budget that decides on the layers of all of it."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from struct import Struct

from server.media.bwe import PROBE_PIECES, Estimator, piece_of_probe
from server.media.codecs import TRANSPORT_SEQUENCE
from server.media.dtls import Connection
from server.media.endpoint import Allowance
from server.media.forwarder import Forwarder
from server.media.lane import Lane
from server.media.layers import Chooser
from server.media.limits import AHEAD_S, ASKED_AHEAD_S, ASKED_S, LARGEST_CLEAR, TOLD_LEAST, TOLD_S
from server.media.mmsg import Route
from server.media.native_delay import NativeDelay
from server.media.publisher import Publisher
from server.media.rtcp import Block, FullIntra, Nack, Packet, PictureLoss, ReceiverReport, Remb, SenderReport, read_wanted
from server.media.rtp import find_extensions, read_header
from server.media.twcc import Feedback
from server.media.udp import UdpMux

REPAIR_BYTES_S = 125_000.0  # sent again to one browser, per second; what it asks for beyond that stays lost
REPAIR_BURST = 96_000.0
SPARE_S = 0.5  # for so long what a way carries beyond what it is sent may be saved up
REPORT_EVERY_S = 1.0

_put_sequence = Struct("!H").pack_into


def new_estimator(lane: Lane | None, connection: Connection) -> Estimator:
    if lane is None:
        return Estimator(0.0)
    tally = lane.tally(connection.wire)
    return Estimator(0.0, partial(NativeDelay, tally=tally), tally)


class Subscriber:
    """A browser that receives. `add` a track, tell what it wishes, and `tick`: the rest follows from what the way carries."""

    def __init__(self, mux: UdpMux, connection: Connection, estimator: Estimator | None = None) -> None:
        self.mux, self.connection = mux, connection
        self.estimator = estimator or new_estimator(mux.lane, connection)
        self._lent = mux.lane.lend_log(connection.wire, self.estimator.log) if mux.lane is not None else []
        self._forwarders: dict[int, Forwarder] = {}
        self._chooser = Chooser()
        self._repair_bytes, self._repair_at = REPAIR_BURST, 0.0
        self._asked, self._told = Allowance(ASKED_S, ASKED_AHEAD_S), Allowance(TOLD_S, AHEAD_S)
        self._reported_at = 0.0
        self._way: Route | None = None
        self._doubles = False
        self._spare_bytes = self._doubled_at = 0.0
        self._blocks: dict[int, Block] = {}

    @property
    def lost(self) -> float:
        """The fraction that the browser said was lost of late, of what it was sent."""
        if self._blocks:
            return max(block.fraction_lost for block in self._blocks.values()) / 256
        return self.estimator.lost

    def budget(self, now: float) -> int:
        """Return what the way to this browser carries, in bit/s."""
        return self.estimator.budget(now)

    def add(self, publisher: Publisher, mid: str, ssrc: int, rtx_ssrc: int) -> Forwarder:
        """Forward a line of a publisher under these SSRCs."""
        forwarder = Forwarder(self, publisher.tracks[mid], ssrc, rtx_ssrc)
        forwarder.track.takers.append(forwarder)
        self._forwarders[ssrc] = forwarder
        return forwarder

    def remove(self, forwarder: Forwarder) -> None:
        """Forward it no more."""
        forwarder.end()
        forwarder.track.takers.remove(forwarder)
        del self._forwarders[forwarder.ssrc]
        self._blocks.pop(forwarder.ssrc, None)

    def close(self) -> None:
        """Forward nothing more."""
        for forwarder in list(self._forwarders.values()):
            self.remove(forwarder)

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take what the browser says about what it is sent, as far as its allowances of what is dear go."""
        for told in read_wanted(packet, partial(self._may_read, now)):
            if isinstance(told, Feedback):
                self._told.count(now, told.count)
                self.estimator.on_feedback(told, now, self.mux.stalls)
            elif isinstance(told, Remb):
                self.estimator.on_remb(told.bitrate, now)
            else:
                self._take(told, now)

    def _may_read(self, now: float, kind: type[Packet]) -> bool:
        if kind is Nack:
            return not self._asked.is_spent(now)
        return kind is not Feedback or not self._told.is_spent(now, TOLD_LEAST)

    def _take(self, told: Packet, now: float) -> None:
        match told:
            case Nack():
                self._asked.count(now, len(told.sequences))
                self._repair(told, now)
            case PictureLoss():
                self._renew(told.media_ssrc, now)
            case FullIntra():
                for ssrc in told.ssrcs:
                    self._renew(ssrc, now)
            case ReceiverReport() | SenderReport():
                self._blocks.update({block.ssrc: block for block in told.blocks if block.ssrc in self._forwarders})

    def _repair(self, asked: Nack, now: float) -> None:
        forwarder = self._forwarders.get(asked.media_ssrc)
        if forwarder is None or forwarder.track.kind != "video":
            return
        self._regain(now)
        sent = [one for one in asked.sequences if self._repair_bytes >= LARGEST_CLEAR and forwarder.send_again(one, now)]
        if sent and self.estimator.is_lossy:
            self.mux.go_on_later(partial(self._repair_once_more, forwarder, sent))

    def _repair_once_more(self, forwarder: Forwarder, sequences: list[int], now: float) -> bool:
        """A browser that misses a repair, too, asks for it only a tenth of a second later: then its picture has stood still."""
        self._regain(now)
        for sequence in sequences:
            forwarder.repair(sequence, now)
        return False

    def _regain(self, now: float) -> None:
        self._repair_bytes = min(REPAIR_BURST, self._repair_bytes + REPAIR_BYTES_S * (now - self._repair_at))
        self._repair_at = now

    def _double(self, now: float) -> bool:
        """Spend what the way carries beyond what it is sent on the last packets of pictures, while it loses some."""
        self._regain(now)
        self._doubles, forwarders = False, self._forwarders.values()
        taken = sum(one.layer.rate for one in forwarders if one.layer is not None)
        spare_bytes_s = max(0, self.estimator.budget(now) - taken) / 8
        self._spare_bytes = min(self._spare_bytes + spare_bytes_s * (now - self._doubled_at), spare_bytes_s * SPARE_S)
        self._doubled_at = now
        for forwarder in forwarders:
            if forwarder.track.kind == "video" and self._spare_bytes > 0:
                self._spare_bytes -= forwarder.double(now)
        self._doubles = self.estimator.is_lossy and self.connection.connected
        return self._doubles

    def may_repair(self, size: int) -> bool:
        """Take so many bytes from what may be sent again at this time, if they are left."""
        if size > self._repair_bytes:
            return False
        self._repair_bytes -= size
        return True

    def _renew(self, ssrc: int, now: float) -> None:
        forwarder = self._forwarders.get(ssrc)
        if forwarder is not None and forwarder.layer is not None:
            forwarder.layer.ask(now)

    def send(self, packet: bytes, now: float) -> bool:
        """Send a packet that is rare, with a transport-wide number of its own where it has a place for one."""
        out, at, size = self.mux.out, self.mux.slot(), len(packet)
        out[at : at + size] = packet
        header = read_header(out, at, size)
        place = find_extensions(out, header).get(TRANSPORT_SEQUENCE) if header is not None else None
        if place is not None and place[1] == 2:
            _put_sequence(out, place[0], self.estimator.number(size, now))
        return self.mux.send_rtp(self.connection, at, size)

    def tick(self, now: float) -> None:
        """Choose layers, report, and probe where that is due."""
        if not self.connection.connected:
            return
        if self.connection.route is not self._way:
            self._go(self.connection.route, now)
        self._report(now)
        if self.estimator.is_lossy and not self._doubles:
            self._doubles, self._spare_bytes, self._doubled_at = True, 0.0, now
            self.mux.go_on_later(self._double)
        if not self._is_served(now):
            self._choose(now)

    def _go(self, way: Route | None, now: float) -> None:
        """Send another way than before, if there was one: the browser has chosen it, or its network has changed."""
        begin = self.estimator.begin if self._way is None else self.estimator.begin_anew
        self._way, self._chooser = way, Chooser()
        begin(now)

    def _is_served(self, now: float) -> bool:
        """Whether everybody is sent the best that is wanted, with so much to spare that nothing is to be found out: then, which is nearly
        always, a tick costs next to nothing.
        """
        taken = 0
        for forwarder in self._forwarders.values():
            rate = forwarder.served(now)
            if rate is None:
                return False
            taken += rate
        return not self.estimator.is_short_of(taken, now)

    def _choose(self, now: float) -> None:
        budget = self._give_sound(now)
        pictures = [forwarder for forwarder in self._forwarders.values() if forwarder.track.kind == "video"]
        demands = [forwarder.demand(now) for forwarder in pictures]
        chosen = self._chooser.choose(demands, budget, now, may_pause=self.estimator.is_measured)
        for forwarder, rank in zip(pictures, chosen, strict=True):
            forwarder.aim(None if rank is None else forwarder.track.layers[rank], now)
        for forwarder in self._forwarders.values():
            forwarder.settle()
        self._probe(pictures, sum(demand.wanted for demand in demands) + self.estimator.budget(now) - budget, now)

    def _give_sound(self, now: float) -> float:
        """Let all sound through, and return what it leaves of the budget."""
        left = float(self.estimator.budget(now))
        for forwarder in self._forwarders.values():
            layer = forwarder.track.layers.get(0)
            if forwarder.track.kind == "audio" and layer is not None:
                forwarder.aim(layer, now)
                left -= layer.rate
        return max(0.0, left)

    def _report(self, now: float) -> None:
        if now - self._reported_at >= REPORT_EVERY_S:
            self._reported_at = now
            for forwarder in self._forwarders.values():
                forwarder.report(now)

    def _probe(self, pictures: list[Forwarder], wanted_bps: float, now: float) -> None:
        """Begin a short train of packets that hold nothing, if it is time to try whether more would fit."""
        if pictures and self.estimator.wants_probe(int(wanted_bps), now):
            self.estimator.begin_probe(int(wanted_bps), now)
            go_on = partial(self._go_on_probing, pictures[0], piece_of_probe(wanted_bps), count(1))
            go_on(now)
            self.mux.go_on_later(go_on)

    def _go_on_probing(self, picture: Forwarder, packets: int, pieces: Iterator[int], now: float) -> bool:
        picture.pad(now, packets)
        if next(pieces) < PROBE_PIECES:
            return True
        self.estimator.end_probe(now)
        return False
