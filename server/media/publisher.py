"""What one browser sends: its tracks, the layers of each, and the one short way that every packet takes to its subscribers.

A packet is `size` bytes at `at` of `data`, decrypted in place, and is made ready once for all who are sent it: what names the publisher's
own lines is blanked, the time of sending renewed. Only then is it copied, once for each of them; a layer's packets of one batch together.
"""

import secrets
from collections.abc import Callable, Mapping
from struct import Struct
from typing import Protocol

from server.media.codecs import (
    BY_NAME,
    BY_TYPE,
    LAYERS,
    MID,
    REPAIRED_RID,
    REPAIRS,
    RID,
    Codec,
    Kind,
)
from server.media.continuity import Instant
from server.media.dtls import Connection
from server.media.layers import SILENT_S
from server.media.layout import Layout, blanked
from server.media.payloads import Descriptor, Vp8, starts_picture
from server.media.reception import Reception
from server.media.ring import SIZE, Ring
from server.media.rtcp import Block, ReceiverReport, SenderReport, read_compound, write_nack, write_pli, write_receiver_report
from server.media.rtp import (
    FIXED_BYTES,
    MARKER,
    Header,
    ahead,
    read_fixed,
    read_header,
    write_header,
)  # fmt: skip
from server.media.run import Ready, Run
from server.media.twcc import Arrivals
from server.media.udp import UdpMux

MOST_SSRCS = 32  # of one browser: three layers of two pictures, their repairs and the sound are thirteen; further ones are dropped
PLI_EVERY_S = 0.3  # at most, for one layer: a new picture is the dearest that a browser can be asked for
REPORT_EVERY_S = 1.0
FEEDBACK_EVERY_S = 0.09  # a tick of 0.1 s that comes a little early must not wait for the next one

VP8 = BY_NAME["VP8"]

new_tuple = tuple.__new__
"""Makes a named tuple without a call of Python's own, which would take longer than all the rest of it."""
_read_sequence = Struct("!H").unpack_from


class Taker(Protocol):
    """Who is sent a layer: see `router.Forwarder`."""

    def begin(self, layer: "Layer", header: Header, vp8: Vp8 | None, now: float) -> None: ...

    def forward(self, run: Run, now: float) -> None: ...


class Layer:
    """One encoding of one track. `fan` are those who are sent it, `waiting` those who will be from its next whole picture on.

    `rate` is bit/s, 0 while it is not measured; `again` counts the packets that came a second time.
    """

    def __init__(self, publisher: "Publisher", kind: Kind, ssrc: int, header: Header, now: float) -> None:
        self.kind, self.ssrc = kind, ssrc
        self.codec: Codec = BY_TYPE[header.payload_type]
        self.fan: list[Taker] = []
        self.waiting: list[Taker] = []
        self.ring = Ring(SIZE if kind == "video" else 1, header.sequence)
        self.reception = Reception(header.sequence, self.codec.clock_hz)
        self.instant: Instant | None = None
        self.rate = 0
        self.heard_at = now
        self.bytes = self.again = 0
        self._publisher = publisher
        self._weighed_at, self._weighed = now, 0
        self._asked_at = -PLI_EVERY_S
        self._asks = False
        self._run: Run | None = None
        self._descriptor = Descriptor()
        self.layout: Layout | None = None

    def is_known(self, sequence: int) -> bool:
        """Whether a packet of video has come before, or may have."""
        late = self.reception.highest - sequence & 0xFFFF
        return late < 0x8000 and self.kind == "video" and (late >= SIZE or self.ring.came(sequence))

    def is_silent(self, now: float) -> bool:
        return now - self.heard_at > SILENT_S

    def ask(self, now: float) -> None:
        """Have the browser send a whole picture: now, or as soon as it may be asked again."""
        if self.kind == "audio":
            return
        self._asks = now - self._asked_at < PLI_EVERY_S
        if not self._asks:
            self._asked_at = now
            self._publisher.ask(write_pli(self._publisher.own_ssrc, self.ssrc))

    def take(self, data: memoryview, at: int, size: int, header: Header, numbered_at: int, now: float) -> None:  # noqa: PLR0913, PLR0917
        """Take a packet of this layer, to be handed on by `hand_on` at the latest, if it is new: one that came under two SSRCs, as itself
        and as a repair, must not be sealed twice under one number. `numbered_at` is where its transport-wide number stands, from its
        beginning, or 0.
        """
        marker, payload_type, sequence, timestamp, _, _, body, end = header
        if sequence != self.reception.highest + 1 and self.is_known(sequence):
            self.again += 1
            return
        self.heard_at = now
        self.bytes += size
        missed = self.reception.heard(sequence, timestamp, now)
        if payload_type != self.codec.payload_type:
            self.codec = BY_TYPE.get(payload_type, self.codec)
        is_video = self.kind == "video"
        if is_video and missed:
            self._ask_again(now)
        packet = bytes(data[at : at + size])
        vp8, numbers_at = self._descriptor.read(packet, body - at, end - at) if self.codec is VP8 else (None, 0)
        if self.waiting and (not is_video or starts_picture(self.codec.name, data, body, end)):
            self._let_in(header, vp8, now)
        if is_video:
            self.ring.put(sequence, packet if self.fan or self.waiting else None)  # the picture that is waited for may come after it
        if self.fan:
            ready = (packet, size, marker << 7 | payload_type, sequence, timestamp, end - body, vp8, numbers_at)
            self._collect(new_tuple(Ready, ready), numbered_at, now)

    def _collect(self, packet: Ready, numbered_at: int, now: float) -> None:
        run = self._run
        if run is not None and run.numbered_at != numbered_at:
            self.hand_on(now)
            run = None
        if run is None:
            run = self._run = Run(numbered_at)
            self._publisher.hand_on_later(self)
        elif packet.sequence - run.packets[-1].sequence - 1 & 0xFFFF >= 0x7FFF:
            run.ordered = False
        run.packets.append(packet)

    def hand_on(self, now: float) -> None:
        """Send what was collected to everybody."""
        run, self._run = self._run, None
        if run is not None and self.fan:
            run.close(now)
            for taker in self.fan:
                taker.forward(run, now)

    def _let_in(self, header: Header, vp8: Vp8 | None, now: float) -> None:
        self.hand_on(now)
        waiting, self.waiting = self.waiting, []
        for taker in waiting:
            taker.begin(self, header, vp8, now)

    def _ask_again(self, now: float) -> None:
        missing = self.reception.ask(now)
        if missing:
            self._publisher.ask(write_nack(self._publisher.own_ssrc, self.ssrc, missing))

    def tick(self, now: float) -> None:
        """Do what is due: a picture that somebody waits for, packets that are still missing, the rate."""
        if self.kind == "video":
            self.ring.turn()
            if self._asks or self.waiting:
                self.ask(now)
            if self.reception.has_missing:
                self._ask_again(now)
        elapsed = now - self._weighed_at
        if elapsed >= 0.5:
            rate = 8 * (self.bytes - self._weighed) / elapsed
            self.rate = int(rate if not self.rate else self.rate + 0.5 * (rate - self.rate))
            self._weighed_at, self._weighed = now, self.bytes

    def block(self, now: float) -> Block:
        return self.reception.block(self.ssrc, now)


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
        self._arrivals = Arrivals()
        self._reported_at = 0.0

    def on_rtp(self, data: memoryview, at: int, size: int, now: float) -> None:
        """Take a packet that is decrypted and proved to be the browser's. One that begins as its source's packets do needs no reading."""
        if size < FIXED_BYTES:
            self.broken += 1
            return
        flags, second, sequence, timestamp, ssrc = read_fixed(data, at)
        layer = self._layers.get(ssrc)
        layout = layer.layout if layer is not None else None
        if layer is None or layout is None or not layout.fits(data, at, size, flags):
            self._read(data, at, size, now)
            return
        extensions = layout.extensions and at + layout.extensions
        header = new_tuple(Header, (second > 127, second & 127, sequence, timestamp, ssrc, extensions, at + layout.body, at + size))
        if layout.numbered_at:
            self._arrivals.heard(_read_sequence(data, at + layout.numbered_at)[0], now)
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
            self._arrivals.heard(_read_sequence(data, at + layout.numbered_at)[0], now)
        layer = self._layers.get(header.ssrc)
        if layer is None and header.payload_type in REPAIRS:
            self._repair(data, at, size, header, layout, now)
            return
        layer = layer or self._learn(data, at, header, layout, now)
        if layer is not None:
            layout, may_keep = blanked(layout, data, at, header)
            layer.layout = layout if may_keep else None
            self._note(layout, data, at, now)
            layer.take(data, at, size, header, layout.numbered_at, now)

    def _note(self, layout: Layout, data: memoryview, at: int, now: float) -> None:
        """Renew the time of sending, and tell how loud it is."""
        if layout.sent_at:
            place = at + layout.sent_at
            data[place : place + 3] = (int(now * 262144) & 0xFFFFFF).to_bytes(3, "big")
        if layout.level_at and self._heard is not None:
            self._heard(data[at + layout.level_at] & 127, now)

    def _repair(self, data: memoryview, at: int, size: int, header: Header, layout: Layout, now: float) -> None:  # noqa: PLR0913, PLR0917
        """Turn a retransmission (RFC 4588) into the packet that was missed, in place; passes over what came already."""
        layer = self._repairs.get(header.ssrc) or self._learn_repair(data, at, header, layout)
        if layer is None:
            self.unknown += 1
            return
        if header.body + 2 > header.end:
            return  # mere padding, by which a browser probes its way
        sequence = _read_sequence(data, header.body)[0]
        if layer.is_known(sequence) or ahead(sequence, layer.reception.highest) > 0:
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
        """Take the browser's reports on what it sends."""
        for report in read_compound(packet):
            layer = self._layers.get(report.ssrc) if isinstance(report, SenderReport) else None
            if layer is not None and isinstance(report, SenderReport):
                layer.instant = Instant(report.ntp, report.rtp_timestamp, now)
                layer.reception.report_middle, layer.reception.report_at = report.ntp >> 16 & 0xFFFFFFFF, now

    def tick(self, now: float) -> None:
        """Tell the browser what came of its packets, and ask for what is missing."""
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
