"""One track on its way to one subscriber: which layer is sent, with which numbers, and what is sent again.

What a subscriber misses is sent again out of the publisher's ring, so that only one copy of each packet is kept however many watch.
"""

import secrets
from struct import Struct
from typing import Protocol

from server.media.bwe import Estimator
from server.media.codecs import BY_TYPE, LAYERS, TRANSPORT_SEQUENCE
from server.media.continuity import Continuity, Outgoing, Span, in_terms_of, next_timestamp
from server.media.dtls import Connection
from server.media.layer import Layer
from server.media.layers import SILENT_S, Demand
from server.media.limits import SLOT
from server.media.payloads import Vp8, read_vp8, write_vp8
from server.media.publisher import Track
from server.media.rtcp import SenderReport, write_sdes, write_sender_report
from server.media.rtp import Header, as_rtx, read_header, write_header
from server.media.run import Ready, Run
from server.media.udp import UdpMux

AGAIN_S = 0.04  # before one packet is sent again once more: less than the way there and back is no use
MOST_AGAIN = 512  # packets whose sending again is remembered
GUESSES_BPS = (150_000, 500_000, 1_500_000)  # what a layer is taken for until it is measured
CNAME = "consilium"
PADDING = bytes((0xB0, *bytes(11), 0xBE, 0xDE, 0, 1, TRANSPORT_SEQUENCE << 4 | 1, 0, 0, 0, *bytes(254), 255))
"""A packet of RTP with a place for its transport-wide number and nothing else but padding, as much as its last byte can tell."""

_put_sequence = Struct("!H").pack_into
_put_header = Struct("!BHLL").pack_into
_put_numbers = Struct("!HB").pack_into


class Receiver(Protocol):
    """Whom a track is forwarded to: see `router.Subscriber`."""

    mux: UdpMux
    connection: Connection
    estimator: Estimator

    def send(self, packet: bytes, now: float) -> bool:
        """Send a packet that is rare."""
        ...

    def may_repair(self, size: int) -> bool:
        """Whether so many bytes may be sent again now."""
        ...


class Forwarder:
    """One track on its way to one subscriber. `layer` is what is sent now, `target` what will be from its next whole picture on.

    Its numbers and counters stand in `outgoing`; `repaired` packets were sent again.
    """

    def __init__(self, subscriber: Receiver, track: Track, ssrc: int, rtx_ssrc: int) -> None:
        self.track, self.ssrc = track, ssrc
        self.layer: Layer | None = None
        self.target: Layer | None = None
        self.limit: int | None = len(LAYERS) - 1
        self.pinned = False
        self.repaired = 0
        self._subscriber, self._mux, self._connection = subscriber, subscriber.mux, subscriber.connection
        self._estimator = subscriber.estimator
        self.outgoing = Outgoing() if self._mux.lane is None else self._mux.lane.taker(self._connection.wire, ssrc)
        self._continuity: Continuity[Layer] = Continuity(secrets.randbits(15), secrets.randbits(32), self.outgoing)
        self._rtx_ssrc, self._rtx_sequence = rtx_ssrc, secrets.randbits(15)
        self._again: dict[int, float] = {}
        self._last = self._doubled = -1
        self._best: tuple[Layer | None, int] = None, 0

    @property
    def is_paused(self) -> bool:
        """Whether a picture that is wanted is held back for want of bandwidth."""
        return self.limit is not None and self.target is None and self.track.kind == "video" and bool(self.track.layers)

    def wish(self, layer: str | None, *, pinned: bool = False) -> None:
        """What the subscriber wants to see: at most this layer, or nothing. Counts from the next tick on."""
        self.limit, self.pinned = (None if layer is None else LAYERS.index(layer)), pinned
        self._best = None, 0

    def aim(self, layer: Layer | None, now: float) -> None:
        """Change to a layer with its next whole picture, or stop at once."""
        if layer is self.target:
            return
        if self.target is not None:
            self.target.wait_no_more(self)
        self.target = layer
        if layer is None:
            self._leave()
        elif layer is not self.layer:
            layer.wait(self, now)

    def replaced(self, old: Layer, new: Layer, now: float) -> None:
        """The browser sends a layer under another SSRC from now on."""
        self._best = None, 0
        if self.target is old:
            self.aim(new, now)

    def served(self, now: float) -> int | None:
        """Return what it takes (bit/s) where it is sent the best that is wanted; None where there may be something to choose."""
        best, count = self._best
        layers, target = self.track.layers, self.target
        if target is None or target is not best or len(layers) != count or now - target.incoming.heard_at > SILENT_S:
            return None
        return target.rate

    def settle(self) -> None:
        """Note whether there is nothing better: what `served` says until something changes."""
        layers, limit = self.track.layers, self.limit
        best = None if limit is None or not layers else max((rank for rank in layers if rank <= limit), default=min(layers))
        self._best = (None if best is None else layers[best]), len(layers)

    def begin(self, layer: Layer, header: Header, vp8: Vp8 | None, now: float) -> None:
        """Here is the whole picture that was waited for: go on with this layer."""
        continuity, clock_hz = self._continuity, layer.codec.clock_hz
        reported = None
        if self.layer is not None and self.layer.instant is not None and layer.instant is not None:
            reported = in_terms_of(self.layer.instant, layer.instant, header.timestamp, clock_hz) + self.outgoing.timestamp & 0xFFFFFFFF
        outgoing = next_timestamp(continuity.last_timestamp, now - self.outgoing.sent_at, clock_hz, reported)
        numbers = (vp8.picture_id, vp8.tl0) if vp8 is not None else (0, 0)
        continuity.begin(layer, header.sequence, header.timestamp, outgoing, *numbers)
        self._leave()
        self.layer = layer
        layer.join(self)

    def end(self) -> None:
        """Take no more packets."""
        if self.target is not None:
            self.target.wait_no_more(self)
        self.target = None
        self._leave()

    def _leave(self) -> None:
        if self.layer is not None:
            self.layer.leave(self)
            self.layer = None

    def forward(self, run: Run, now: float) -> None:
        """Send copies with this subscriber's numbers. All that is done here is done for every packet of every subscriber, so what does
        not change within a run is looked up once, and the loop calls nothing of Python's own.
        """
        continuity, mux, out = self._continuity, self._mux, self._mux.out
        if not run.ordered or not continuity.goes_on(run.packets):
            packets = self._taken(run.packets)
            if not packets:
                return
            run = run.only(packets, now)
        if not self._connection.connected:
            return
        at = to = mux.room(len(run.sizes))
        ours = self.outgoing
        numbered_at, ssrc, sequences, timestamps = run.numbered_at, self.ssrc, ours.sequence, ours.timestamp
        pictures, tl0s = ours.picture, ours.tl0
        number = self._number(run, now) if numbered_at else 0
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
        self._count(run, mux.send_run(self._connection, at, run.sizes, run.alike), now)

    def _number(self, run: Run, now: float) -> int:
        estimator = self._estimator
        return estimator.number_all(run.lengths, run.moments) if len(run.packets) > 1 else estimator.number(run.sizes[0], now)

    def _taken(self, packets: list[Ready]) -> list[Ready]:
        """Return what of a run may go out, each packet looked at by itself."""
        takes = self._continuity.takes
        taken = [one for one in packets if takes(one.sequence, one.timestamp, one.vp8)]
        self.outgoing.late += len(packets) - len(taken)
        return taken

    def _count(self, run: Run, sent: list[int], now: float) -> None:
        if not sent:
            return
        ours = self.outgoing
        ours.sent_at = now
        if 0 not in sent:
            ours.packets += len(sent)
            ours.bytes += run.payload
            return
        for packet, size in zip(run.packets, sent, strict=True):
            if size:
                ours.packets += 1
                ours.bytes += packet.payload

    def send_again(self, outgoing: int, now: float) -> bool:
        """Answer a request for a packet, if it is still there and was not answered just now; returns whether it went out."""
        answered_at = self._again.get(outgoing)
        if (answered_at is not None and now - answered_at < AGAIN_S) or not self.repair(outgoing, now):
            return False
        self._again.pop(outgoing, None)
        self._again[outgoing] = now
        if len(self._again) > MOST_AGAIN:
            del self._again[next(iter(self._again))]
        return True

    def repair(self, outgoing: int, now: float) -> int:
        """Send a packet again, asked or not, if it is still there; returns its size in bytes if it went out, else 0."""
        span = self._continuity.find(outgoing)
        kept = span.source.ring.get(outgoing - span.sequence & 0xFFFF) if span is not None else None
        if span is None or kept is None or not self._subscriber.may_repair(len(kept)):
            return 0
        packet = self._as_sent(kept, span, outgoing)
        if packet is None or not self._send_rtx(packet, outgoing, now):
            return 0
        self.repaired += 1
        return len(packet)

    def double(self, now: float) -> int:
        """Send the last packet of a picture again before anybody can miss it: only what comes after a packet shows that it is lost, and
        after this one nothing comes for the length of a picture. To be called every few milliseconds: what is still the last one at the
        next call is taken for it. Returns how many bytes that took.
        """
        last = self._continuity.last
        if last != self._last:
            self._last = last
            return 0
        if last == self._doubled or self.layer is None:
            return 0
        self._doubled = last
        return self.repair(last, now)

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

    def _as_sent(self, kept: bytes, span: Span[Layer], outgoing: int) -> bytes | None:
        """Return a packet as it went out under this sequence, but for its transport-wide number."""
        header = read_header(kept, 0, len(kept))
        if header is None:
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
        ours = self.outgoing
        if layer is None or layer.instant is None or not ours.packets:
            return
        elapsed = now - layer.instant.at
        ntp = layer.instant.ntp + int(elapsed * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        timestamp = layer.instant.timestamp + int(elapsed * layer.codec.clock_hz) + ours.timestamp & 0xFFFFFFFF
        report = SenderReport(self.ssrc, ntp, timestamp, ours.packets & 0xFFFFFFFF, ours.bytes & 0xFFFFFFFF)
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
