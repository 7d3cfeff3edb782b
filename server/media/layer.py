"""One encoding of one track, and the short way that each of its packets takes to its subscribers.

A packet is `size` bytes at `at` of `data`, decrypted in place and made ready for all who are sent it. Only then is it copied, once for each
of them; a layer's packets of one batch together.
"""

from typing import Protocol

from server.media.codecs import BY_NAME, BY_TYPE, Codec, Kind
from server.media.continuity import Instant, Outgoing
from server.media.layers import SILENT_S
from server.media.layout import Layout
from server.media.payloads import Descriptor, Vp8, starts_picture
from server.media.reception import Incoming, Reception
from server.media.ring import SIZE, Ring
from server.media.rtcp import Block, write_nack, write_pli
from server.media.rtp import Header
from server.media.run import Ready, Run
from server.media.udp import UdpMux

PLI_EVERY_S = 0.3  # at most, for one layer: a new picture is the dearest that a browser can be asked for

WEIGHED_S = 0.5  # for one measuring of a rate

VP8 = BY_NAME["VP8"]

new_tuple = tuple.__new__
"""Makes a named tuple without a call of Python's own, which would take longer than all the rest of it."""


class Source(Protocol):
    """Whose layer it is: see `publisher.Publisher`."""

    own_ssrc: int
    mux: UdpMux

    def ask(self, packet: bytes) -> None:
        """Send RTCP to the browser."""
        ...

    def hand_on_later(self, layer: "Layer") -> None:
        """Have a layer hand on what it has collected when the batch has been read."""
        ...


class Taker(Protocol):
    """Who is sent a layer: see `forwarder.Forwarder`. `outgoing` are its numbers, None where it has none."""

    @property
    def outgoing(self) -> Outgoing | None: ...

    def begin(self, layer: "Layer", header: Header, vp8: Vp8 | None, now: float) -> None: ...

    def forward(self, run: Run, now: float) -> None: ...


class Layer:
    """One encoding of one track. `fan` are those who are sent it, `waiting` those who will be from its next whole picture on.

    `rate` is bit/s, 0 while it is not measured; `again` counts the packets that came a second time. What is counted for every packet stands
    in `incoming`.
    """

    def __init__(self, publisher: Source, kind: Kind, ssrc: int, header: Header, now: float) -> None:
        self.kind, self.ssrc = kind, ssrc
        self.codec: Codec = BY_TYPE[header.payload_type]
        self.fan: list[Taker] = []
        self.waiting: list[Taker] = []
        lane = publisher.mux.lane
        ring = lane.ring(header.sequence) if lane is not None and kind == "video" else None
        self.ring = ring or Ring(SIZE if kind == "video" else 1, header.sequence)
        self.incoming = lane.source(ssrc, self.codec.clock_hz, ring) if lane is not None else Incoming()
        self.reception = Reception(header.sequence, self.codec.clock_hz, self.incoming)
        self.instant: Instant | None = None
        self.rate = 0
        self.incoming.heard_at = now
        self.again = 0
        self._publisher, self._posted = publisher, None
        self._weighed_at, self._weighed = now, 0
        self._asked_at = -PLI_EVERY_S
        self._asks = False
        self._run: Run | None = None
        self._descriptor = Descriptor()
        self.layout: Layout | None = None

    def is_known(self, sequence: int) -> bool:
        """Whether a packet of video has come before, or may have."""
        late = self.incoming.highest - sequence & 0xFFFF
        return late < 0x8000 and self.kind == "video" and (late >= SIZE or self.ring.came(sequence))

    def is_silent(self, now: float) -> bool:
        return now - self.incoming.heard_at > SILENT_S

    def wait(self, taker: Taker, now: float) -> None:
        """Ask for a whole picture, and let somebody in with it."""
        self.waiting.append(taker)
        self.post()
        self.ask(now)

    def wait_no_more(self, taker: Taker) -> None:
        """Forget that somebody waits, if so."""
        if taker in self.waiting:
            self.waiting.remove(taker)
            self.post()

    def join(self, taker: Taker) -> None:
        """Send it to somebody from now on."""
        self.fan.append(taker)
        self.post()

    def leave(self, taker: Taker) -> None:
        """Send it to somebody no more."""
        self.fan.remove(taker)
        self.post()

    def post(self) -> None:
        """Tell the compiled lane what has changed: which packets are its own, and whose they are. While somebody waits, none is."""
        lane = self._publisher.mux.lane
        if lane is not None:
            layout = self.layout if not self.waiting else None
            self._posted = lane.post(self.incoming, self.codec, layout, [taker.outgoing for taker in self.fan])

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
        incoming = self.incoming
        if sequence != incoming.highest + 1 and self.is_known(sequence):
            self.again += 1
            return
        came = self._publisher.mux.came
        incoming.heard_at = came
        incoming.bytes += size
        missed = self.reception.heard(sequence, timestamp, came)
        if payload_type != self.codec.payload_type:
            self.codec = BY_TYPE.get(payload_type, self.codec)
            self.post()
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
            self.incoming.pending = 1
            self._publisher.hand_on_later(self)
        elif packet.sequence - run.packets[-1].sequence - 1 & 0xFFFF >= 0x7FFF:
            run.ordered = False
        run.packets.append(packet)

    def hand_on(self, now: float) -> None:
        """Send what was collected to everybody."""
        run, self._run = self._run, None
        self.incoming.pending = 0
        if run is not None and self.fan:
            run.close(now)
            for taker in self.fan:
                taker.forward(run, now)

    def _let_in(self, header: Header, vp8: Vp8 | None, now: float) -> None:
        self.hand_on(now)
        waiting, self.waiting = self.waiting, []
        for taker in waiting:
            taker.begin(self, header, vp8, now)
        self.post()

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
        self._weigh(now)

    def _weigh(self, now: float) -> None:
        """Measure the rate from packet to packet by when they came. What waits to be read is then not missed, and what was read late came
        no faster for it.
        """
        until = now if self.is_silent(now) else self.incoming.heard_at
        elapsed = until - self._weighed_at
        if elapsed >= WEIGHED_S:
            rate = 8 * (self.incoming.bytes - self._weighed) / elapsed
            self.rate = int(rate if not self.rate else self.rate + 0.5 * (rate - self.rate))
            self._weighed_at, self._weighed = until, self.incoming.bytes

    def block(self, now: float) -> Block:
        return self.reception.block(self.ssrc, now)
