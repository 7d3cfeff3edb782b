"""What one browser sends: its tracks, and the layers of each.

A packet is `size` bytes at `at` of `data`, decrypted in place, and is made ready once for all who are sent it: what names the publisher's
own lines is blanked, the time of sending renewed.
"""

import secrets
from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any, Protocol

from server.media.codecs import (
    BY_TYPE,
    LAYERS,
    MID,
    REPAIRED_RID,
    REPAIRS,
    RID,
    Kind,
)
from server.media.continuity import Instant
from server.media.dtls import Connection
from server.media.layer import Layer, Taker, new_tuple
from server.media.layout import Layout, blanked
from server.media.native_arrivals import NativeArrivals
from server.media.rtcp import ReceiverReport, SenderReport, read_wanted, write_receiver_report
from server.media.rtp import (
    FIXED_BYTES,
    MARKER,
    Header,
    ahead,
    read_fixed,
    read_header,
    write_header,
)  # fmt: skip
from server.media.twcc import Arrivals
from server.media.udp import UdpMux

MOST_SSRCS = 32  # of one browser: three layers of two pictures, their repairs and the sound are thirteen; further ones are dropped
REPORT_EVERY_S = 1.0
FEEDBACK_EVERY_S = 0.09  # a tick of 0.1 s that comes a little early must not wait for the next one

_read_sequence = Struct("!H").unpack_from


class Track:
    """One line of a browser. `layers` by their rank; a track without simulcast has one, of rank 0. `takers` are all its subscribers'."""

    def __init__(self, mid: str, kind: Kind) -> None:
        self.mid, self.kind = mid, kind
        self.layers: dict[int, Layer] = {}
        self.takers: list[Forwarding] = []


class Forwarding(Taker, Protocol):
    def replaced(self, old: Layer, new: Layer, now: float) -> None:
        """A layer has another SSRC from now on."""
        ...


class Publisher:
    """A browser that sends. `lines` are its mids; `heard(level, now)` is told the level of its sound (RFC 6464).

    Counters: `broken` packets, and those with an `unknown` SSRC.
    """

    def __init__(
        self, mux: UdpMux, connection: Connection, lines: Mapping[str, Kind], heard: Callable[[int, float], None] | None = None
    ) -> None:
        self.tracks = {mid: Track(mid, kind) for mid, kind in lines.items()}
        self.own_ssrc = secrets.randbits(32) | 1
        self.broken = self.unknown = 0
        self.mux, self._connection, self._heard = mux, connection, heard
        self._layers: dict[int, Layer] = {}
        self._repairs: dict[int, Layer] = {}
        self._arrivals: Arrivals | NativeArrivals
        self._room: Any
        self._arrivals, self._room = mux.lane.listen(connection.wire) if mux.lane is not None else (Arrivals(), None)
        self._reported_at = 0.0

    def on_rtp(self, data: memoryview, at: int, size: int, now: float) -> None:
        """Take a packet that is decrypted and proved to be the browser's. One that begins as its source's packets do needs no reading."""
        if size < FIXED_BYTES:
            self.broken += 1
            return
        self._take_heard()
        flags, second, sequence, timestamp, ssrc = read_fixed(data, at)
        layer = self._layers.get(ssrc)
        layout = layer.layout if layer is not None else None
        if layer is None or layout is None or not layout.fits(data, at, size, flags):
            self._read(data, at, size, now)
            return
        extensions = layout.extensions and at + layout.extensions
        header = new_tuple(Header, (second > 127, second & 127, sequence, timestamp, ssrc, extensions, at + layout.body, at + size))
        if layout.numbered_at:
            self._arrivals.heard(_read_sequence(data, at + layout.numbered_at)[0], self.mux.came)
        if layout.names:
            layout.blank(data, at)
        if layout.sent_at or layout.level_at:
            self._note(layout, data, at, now)
        layer.take(data, at, size, header, layout.numbered_at, now)

    def _read(self, data: memoryview, at: int, size: int, now: float) -> None:
        """Take a packet of which nothing is known yet."""
        header = read_header(data, at, size)
        if header is None:
            self.broken += 1
            return
        layout = Layout(data, at, header)
        if layout.numbered_at:
            self._arrivals.heard(_read_sequence(data, at + layout.numbered_at)[0], self.mux.came)
        layer = self._layers.get(header.ssrc)
        if layer is None and header.payload_type in REPAIRS:
            self._repair(data, at, size, header, layout, now)
            return
        layer = layer or self._learn(data, at, header, layout, now)
        if layer is not None:
            layout, may_keep = blanked(layout, data, at, header)
            layer.layout = layout if may_keep else None
            layer.post()
            self._note(layout, data, at, now)
            layer.take(data, at, size, header, layout.numbered_at, now)

    def _take_heard(self) -> None:
        """Take the levels that the compiled lane has kept of the packets that went its way."""
        lane = self.mux.lane
        for at, level in lane.take_heard(self._connection.wire) if lane is not None else ():
            if self._heard is not None:
                self._heard(level, at)

    def _listen(self) -> None:
        if self.mux.lane is not None:
            self.mux.lane.listen_to(self._connection.wire, [layer.incoming for layer in self._layers.values()])

    def _note(self, layout: Layout, data: memoryview, at: int, now: float) -> None:
        """Renew the time of sending, and tell how loud it is."""
        if layout.sent_at:
            place = at + layout.sent_at
            data[place : place + 3] = (int(now * 262144) & 0xFFFFFF).to_bytes(3, "big")
        if layout.level_at and self._heard is not None:
            self._heard(data[at + layout.level_at] & 127, self.mux.came)

    def _repair(self, data: memoryview, at: int, size: int, header: Header, layout: Layout, now: float) -> None:  # noqa: PLR0913, PLR0917
        """Turn a retransmission (RFC 4588) into the packet that was missed, in place; passes over what came already."""
        layer = self._repairs.get(header.ssrc) or self._learn_repair(data, at, header, layout)
        if layer is None:
            self.unknown += 1
            return
        if header.body + 2 > header.end:
            return  # mere padding, by which a browser probes its way
        sequence = _read_sequence(data, header.body)[0]
        if layer.is_known(sequence) or ahead(sequence, layer.incoming.highest) > 0:
            layer.again += 1
            return
        data[at + 2 : header.body + 2] = bytes(data[at : header.body])
        second = header.marker * MARKER | REPAIRS[header.payload_type]
        write_header(data, at + 2, second, sequence, header.timestamp, layer.ssrc)
        repaired = read_header(data, at + 2, size - 2)
        if repaired is not None:
            layout, _ = blanked(Layout(data, at + 2, repaired), data, at + 2, repaired)
            self._note(layout, data, at + 2, now)
            layer.take(data, at + 2, size - 2, repaired, layout.numbered_at, now)

    def hand_on_later(self, layer: Layer) -> None:
        """Have a layer hand on what it has collected when the batch has been read."""
        self.mux.after_batch.append((self._connection, layer.hand_on))

    def _learn(self, data: memoryview, at: int, header: Header, layout: Layout, now: float) -> Layer | None:
        """Bind a new SSRC to the line and layer that its first packet names. Later packets need not name them, and do not."""
        track = self.tracks.get(_text(data, at, layout, MID))
        codec = BY_TYPE.get(header.payload_type)
        if track is None or codec is None or codec.kind != track.kind or len(self._layers) + len(self._repairs) >= MOST_SSRCS:
            self.unknown += 1
            return None
        rid = _text(data, at, layout, RID)
        rank = LAYERS.index(rid) if rid in LAYERS else 0
        layer = Layer(self, track.kind, header.ssrc, header, now)
        old = track.layers.get(rank)
        track.layers[rank] = self._layers[header.ssrc] = layer
        if old is not None:
            self._forget(old)
            for taker in track.takers:
                taker.replaced(old, layer, now)
        self._listen()
        return layer

    def _forget(self, layer: Layer) -> None:
        del self._layers[layer.ssrc]
        self._repairs = {ssrc: repaired for ssrc, repaired in self._repairs.items() if repaired is not layer}

    def _learn_repair(self, data: memoryview, at: int, header: Header, layout: Layout) -> Layer | None:
        """Bind the SSRC of repairs to what it repairs, once that is known."""
        track = self.tracks.get(_text(data, at, layout, MID))
        rid = _text(data, at, layout, REPAIRED_RID)
        layer = track.layers.get(LAYERS.index(rid) if rid in LAYERS else 0) if track is not None else None
        if layer is None or layer.kind != "video" or len(self._layers) + len(self._repairs) >= MOST_SSRCS:
            return None
        self._repairs[header.ssrc] = layer
        return layer

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take the browser's reports on what it sends; whatever else it says on this line is not read."""
        for report in read_wanted(packet, lambda kind: kind is SenderReport):
            layer = self._layers.get(report.ssrc) if isinstance(report, SenderReport) else None
            if layer is not None and isinstance(report, SenderReport):
                layer.instant = Instant(report.ntp, report.rtp_timestamp, now)
                layer.reception.report_middle, layer.reception.report_at = report.ntp >> 16 & 0xFFFFFFFF, now

    def tick(self, now: float) -> None:
        """Tell the browser what came of its packets, and ask for what is missing."""
        self._take_heard()
        for layer in self._layers.values():
            layer.tick(now)
        if not self._layers:
            return
        if self._arrivals.due(now, FEEDBACK_EVERY_S):
            for packet in self._arrivals.take(self.own_ssrc, next(iter(self._layers))):
                self.ask(packet)
        if now - self._reported_at >= REPORT_EVERY_S:
            self._reported_at = now
            self.ask(write_receiver_report(ReceiverReport(self.own_ssrc, [layer.block(now) for layer in self._layers.values()])))

    def ask(self, packet: bytes) -> None:
        """Send RTCP to the browser."""
        self.mux.send_rtcp(self._connection, packet)


def _text(data: memoryview, at: int, layout: Layout, number: int) -> str:
    """Return an extension that names something; empty where it is missing."""
    offset, length = layout.places.get(number, (0, 0))
    return bytes(data[at + offset : at + offset + length]).decode("ascii", "replace")
