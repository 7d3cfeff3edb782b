"""What one browser is sent: a forwarder for each track, and the budget that decides on the layers of all of them.

What a subscriber misses is sent again out of the publisher's ring, so that only one copy of each packet is kept however many watch.
"""

import secrets
from struct import Struct

from server.media.bwe import PROBE_PACKETS, Estimator
from server.media.codecs import BY_TYPE, LAYERS, TRANSPORT_SEQUENCE
from server.media.continuity import Continuity, in_terms_of, next_timestamp
from server.media.dtls import Connection
from server.media.layers import Chooser, Demand
from server.media.limits import SLOT
from server.media.payloads import Vp8, read_vp8, write_vp8
from server.media.publisher import Layer, Publisher, Track
from server.media.rtcp import (
    Block,
    FullIntra,
    Nack,
    Packet,
    PictureLoss,
    ReceiverReport,
    Remb,
    SenderReport,
    read_compound,
    write_sdes,
    write_sender_report,
)
from server.media.rtp import Header, as_rtx, find_extensions, read_header, write_header
from server.media.run import Run
from server.media.twcc import Feedback
from server.media.udp import UdpMux

__all__ = ["Forwarder", "Publisher", "Subscriber"]

AGAIN_S = 0.04  # before one packet is sent again once more: less than the way there and back is no use
MOST_AGAIN = 512  # packets whose sending again is remembered
REPAIR_BYTES_S = 125_000.0  # sent again to one browser, per second; what it asks for beyond that stays lost
REPAIR_BURST = 96_000.0
REPORT_EVERY_S = 1.0
GUESSES_BPS = (150_000, 500_000, 1_500_000)  # what a layer is taken for until it is measured
CNAME = "consilium"
PADDING = bytes((0xB0, *bytes(11), 0xBE, 0xDE, 0, 1, TRANSPORT_SEQUENCE << 4 | 1, 0, 0, 0, *bytes(254), 255))
"""A packet of RTP with a place for its transport-wide number and nothing else but padding, as much as its last byte can tell."""

_SEQUENCE = Struct("!H")
_put_sequence = _SEQUENCE.pack_into
_put_header = Struct("!BHLL").pack_into
_put_numbers = Struct("!HB").pack_into


class Forwarder:
    """One track on its way to one subscriber. `layer` is what is sent now, `target` what will be from its next whole picture on.

    Counters: `packets` and payload `bytes` sent, `late` packets dropped, `repaired` ones sent again.
    """

    def __init__(self, subscriber: "Subscriber", track: Track, ssrc: int, rtx_ssrc: int) -> None:
        self.track, self.ssrc = track, ssrc
        self.layer: Layer | None = None
        self.target: Layer | None = None
        self.limit: int | None = len(LAYERS) - 1
        self.pinned = False
        self.packets = self.bytes = self.late = self.repaired = 0
        self._subscriber, self._mux, self._connection = subscriber, subscriber.mux, subscriber.connection
        self._estimator = subscriber.estimator
        self._continuity: Continuity[Layer] = Continuity(secrets.randbits(15), secrets.randbits(32))
        self._sent_at = 0.0
        self._rtx_ssrc, self._rtx_sequence = rtx_ssrc, secrets.randbits(15)
        self._again: dict[int, float] = {}

    @property
    def is_paused(self) -> bool:
        """Whether a picture that is wanted is held back for want of bandwidth."""
        return self.limit is not None and self.target is None and self.track.kind == "video" and bool(self.track.layers)

    def wish(self, layer: str | None, *, pinned: bool = False) -> None:
        """What the subscriber wants to see: at most this layer, or nothing. Counts from the next tick on."""
        self.limit, self.pinned = (None if layer is None else LAYERS.index(layer)), pinned

    def aim(self, layer: Layer | None, now: float) -> None:
        """Change to a layer with its next whole picture, or stop at once."""
        if layer is self.target:
            return
        if self.target is not None and self in self.target.waiting:
            self.target.waiting.remove(self)
        self.target = layer
        if layer is None:
            self._leave()
        elif layer is not self.layer:
            layer.waiting.append(self)
            layer.ask(now)

    def replaced(self, old: Layer, new: Layer, now: float) -> None:
        """The browser sends a layer under another SSRC from now on."""
        if self.target is old:
            self.aim(new, now)

    def begin(self, layer: Layer, header: Header, vp8: Vp8 | None, now: float) -> None:
        """Here is the whole picture that was waited for: go on with this layer."""
        continuity, clock_hz = self._continuity, layer.codec.clock_hz
        reported = None
        if self.layer is not None and self.layer.instant is not None and layer.instant is not None:
            reported = in_terms_of(self.layer.instant, layer.instant, header.timestamp, clock_hz) + continuity.timestamp & 0xFFFFFFFF
        outgoing = next_timestamp(continuity.last_timestamp, now - self._sent_at, clock_hz, reported)
        numbers = (vp8.picture_id, vp8.tl0) if vp8 is not None else (0, 0)
        continuity.begin(layer, header.sequence, header.timestamp, outgoing, *numbers)
        self._leave()
        self.layer = layer
        layer.fan.append(self)

    def end(self) -> None:
        """Take no more packets."""
        if self.target is not None and self in self.target.waiting:
            self.target.waiting.remove(self)
        self.target = None
        self._leave()

    def _leave(self) -> None:
        if self.layer is not None:
            self.layer.fan.remove(self)
            self.layer = None

    def forward(self, run: Run, now: float) -> None:
        """Send copies with this subscriber's numbers. All that is done here is done for every packet of every subscriber, so what does
        not change within a run is looked up once, and the loop calls nothing of Python's own.
        """
        continuity, mux, out = self._continuity, self._mux, self._mux.out
        if not run.ordered or not continuity.goes_on(run.packets):
            run = self._taken(run)
        if not run.packets or not self._connection.connected:
            return
        at = to = mux.room(len(run.sizes))
        numbered_at, ssrc, sequences, timestamps = run.numbered_at, self.ssrc, continuity.sequence, continuity.timestamp
        pictures, tl0s = continuity.picture, continuity.tl0
        number = self._estimator.number_all(run.sizes, now) if numbered_at else 0
        for data, size, second, sequence, timestamp, _, vp8, numbers_at in run.packets:
            out[to : to + size] = data
            _put_header(out, to + 1, second, sequence + sequences & 0xFFFF, timestamp + timestamps & 0xFFFFFFFF, ssrc)
            if numbers_at and vp8 is not None:
                _put_numbers(out, to + numbers_at, vp8.picture_id + pictures & 0x7FFF | 0x8000, vp8.tl0 + tl0s & 0xFF)
            elif vp8 is not None:
                write_vp8(out, vp8, vp8.picture_id + pictures, vp8.tl0 + tl0s, to)
            if numbered_at:
                _put_sequence(out, to + numbered_at, number & 0xFFFF)
                number += 1
            to += SLOT
        self._count(run, mux.send_run(self._connection, at, run.sizes), now)

    def _taken(self, run: Run) -> Run:
        """Return what of a run may go out, each packet looked at by itself."""
        takes = self._continuity.takes
        packets = [one for one in run.packets if takes(one.sequence, one.timestamp, one.vp8)]
        self.late += len(run.packets) - len(packets)
        return run.only(packets)

    def _count(self, run: Run, sent: list[int], now: float) -> None:
        if not sent:
            return
        self._sent_at = now
        if 0 not in sent:
            self.packets += len(sent)
            self.bytes += run.payload
            return
        for packet, size in zip(run.packets, sent, strict=True):
            if size:
                self.packets += 1
                self.bytes += packet.payload

    def send_again(self, outgoing: int, now: float) -> None:
        """Answer a request for a packet, if it is still there and was not answered just now."""
        answered_at = self._again.get(outgoing)
        if answered_at is not None and now - answered_at < AGAIN_S:
            return
        packet = self._packet(outgoing)
        if packet is None or not self._subscriber.may_repair(len(packet)):
            return
        self._again.pop(outgoing, None)
        self._again[outgoing] = now
        if len(self._again) > MOST_AGAIN:
            del self._again[next(iter(self._again))]
        self.repaired += self._send_rtx(packet, outgoing, now)

    def pad(self, now: float, count: int) -> None:
        """Send packets that hold nothing, for a probe of the way: retransmissions of nothing, which a receiver passes over."""
        codec = next((layer.codec for layer in self.track.layers.values()), None)
        if codec is None or codec.rtx is None or not self._connection.connected:
            return
        for _ in range(count):
            packet = bytearray(PADDING)
            timestamp = self._continuity.last_timestamp
            write_header(packet, 0, codec.rtx, self._next_rtx(), timestamp, self._rtx_ssrc)
            self._subscriber.send(bytes(packet), now)

    def _next_rtx(self) -> int:
        sequence = self._rtx_sequence
        self._rtx_sequence = sequence + 1 & 0xFFFF
        return sequence

    def _packet(self, outgoing: int) -> bytes | None:
        """Return a packet as it went out under this sequence, but for its transport-wide number."""
        span = self._continuity.find(outgoing)
        kept = span.source.ring.get(outgoing - span.sequence & 0xFFFF) if span is not None else None
        header = read_header(kept, 0, len(kept)) if kept is not None else None
        if span is None or kept is None or header is None:
            return None
        packet = bytearray(kept)
        write_header(packet, 0, packet[1], outgoing, header.timestamp + span.timestamp & 0xFFFFFFFF, self.ssrc)
        vp8 = read_vp8(packet, header.body, header.end) if span.source.codec.name == "VP8" else None
        if vp8 is not None:
            write_vp8(packet, vp8, vp8.picture_id + span.picture, vp8.tl0 + span.tl0)
        return bytes(packet)

    def _send_rtx(self, packet: bytes, outgoing: int, now: float) -> bool:
        codec = BY_TYPE.get(packet[1] & 127)
        if codec is None or codec.rtx is None or not self._connection.connected:
            return False
        return self._subscriber.send(as_rtx(packet, codec.rtx, self._rtx_ssrc, self._next_rtx(), outgoing), now)

    def report(self, now: float) -> None:
        """Tell the subscriber what the media clock shows now, so that it can show sound and picture together."""
        layer = self.layer
        if layer is None or layer.instant is None or not self.packets:
            return
        elapsed = now - layer.instant.at
        ntp = layer.instant.ntp + int(elapsed * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        timestamp = layer.instant.timestamp + int(elapsed * layer.codec.clock_hz) + self._continuity.timestamp & 0xFFFFFFFF
        report = SenderReport(self.ssrc, ntp, timestamp, self.packets & 0xFFFFFFFF, self.bytes & 0xFFFFFFFF)
        self._mux.send_rtcp(self._connection, write_sender_report(report) + write_sdes(self.ssrc, CNAME))

    def demand(self, now: float) -> Demand:
        """Return what this picture would take. Its only layer may be silent: a still screen sends nothing."""
        layers = self.track.layers
        silent_counts = len(layers) > 1 and any(not layer.is_silent(now) for layer in layers.values())
        rates: list[int | None] = [None] * len(LAYERS)
        for rank, layer in layers.items():
            if not (silent_counts and layer.is_silent(now)):
                rates[rank] = layer.rate or GUESSES_BPS[rank]
        current = next((rank for rank, layer in layers.items() if layer is self.target), None)
        return Demand(tuple(rates), self.limit, current, self.pinned)


class Subscriber:
    """A browser that receives. `add` a track, tell what it wishes, and `tick`: the rest follows from what the way carries."""

    def __init__(self, mux: UdpMux, connection: Connection, estimator: Estimator | None = None) -> None:
        self.mux, self.connection = mux, connection
        self.estimator = estimator or Estimator(0.0)
        self._forwarders: dict[int, Forwarder] = {}
        self._chooser = Chooser()
        self._repair_bytes, self._repair_at = REPAIR_BURST, 0.0
        self._reported_at = self._began_at = 0.0
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
        """Take what the browser says about what it is sent."""
        for told in read_compound(packet):
            if isinstance(told, Feedback):
                self.estimator.on_feedback(told, now)
            elif isinstance(told, Remb):
                self.estimator.on_remb(told.bitrate, now)
            else:
                self._take(told, now)

    def _take(self, told: Packet, now: float) -> None:
        match told:
            case Nack():
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
        self._repair_bytes = min(REPAIR_BURST, self._repair_bytes + REPAIR_BYTES_S * (now - self._repair_at))
        self._repair_at = now
        for sequence in asked.sequences:
            forwarder.send_again(sequence, now)

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
        if not self._began_at:
            self._began_at = now
            self.estimator.begin(now)
        budget = self._give_sound(now)
        pictures = [forwarder for forwarder in self._forwarders.values() if forwarder.track.kind == "video"]
        demands = [forwarder.demand(now) for forwarder in pictures]
        chosen = self._chooser.choose(demands, budget, now, may_pause=self.estimator.is_measured)
        for forwarder, rank in zip(pictures, chosen, strict=True):
            forwarder.aim(None if rank is None else forwarder.track.layers[rank], now)
        self._report(now)
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
        """Send a short train of old packets, if it is time to try whether more would fit."""
        if not self.estimator.wants_probe(int(wanted_bps), now):
            return
        first = self.estimator.next_sequence
        if pictures:
            pictures[0].pad(now, PROBE_PACKETS)
        self.estimator.probed(first, int(wanted_bps), now)
