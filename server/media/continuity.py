"""One stream out of several: sequences, timestamps and picture ids go on as if a subscriber had never been given another layer.

Each source has numbers of its own, which are moved by offsets. The offsets of the last few sources are kept, so that what a subscriber
asks for again is found, and sent again with exactly the numbers that it had.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from server.media.payloads import Vp8
from server.media.rtp import ahead, ahead32
from server.media.run import Ready

Source = TypeVar("Source")

KEPT = 8  # sources whose packets can be asked for again
LONGEST_JUMP_S = 10.0  # between two timestamps that senders' reports put beside each other; a longer one is an error of theirs


class Span(NamedTuple, Generic[Source]):
    """From outgoing sequence `first` on: what is added to the numbers of which source."""

    first: int
    source: Source
    sequence: int
    timestamp: int
    picture: int
    tl0: int


class Outgoing:
    """The numbers of one outgoing stream, which the compiled lane also counts on: there it is `struct taker` of native.h.

    What is to be added now to the `sequence`, `timestamp`, `picture` id and `tl0` of the source, before masking; what was `last` taken of
    the source; how many sequences have `passed` since its beginning. Counters: `packets` and payload `bytes` sent, the last of them at
    `sent_at`; `late` packets that were dropped.
    """

    __slots__ = (
        "bytes", "last", "last_picture", "last_timestamp", "last_tl0", "late", "packets", "passed", "picture", "sent_at", "sequence",
        "timestamp", "tl0",
    )  # fmt: skip

    def __init__(self) -> None:
        self.sequence = self.timestamp = self.picture = self.tl0 = 0
        self.last = self.last_timestamp = self.last_picture = self.last_tl0 = self.passed = 0
        self.packets = self.bytes = self.late = 0
        self.sent_at = 0.0


class Continuity(Generic[Source]):
    """Moves the numbers of one outgoing stream; they stand in `out`."""

    __slots__ = ("_first_sequence", "_first_timestamp", "_spans", "out")

    def __init__(self, first_sequence: int, first_timestamp: int, out: Outgoing | None = None) -> None:
        """`first_sequence` must be below 2^15: a receiver that misses the first packets guesses SRTP's rollovers wrongly otherwise."""
        self._first_sequence, self._first_timestamp = first_sequence, first_timestamp
        self.out = out if out is not None else Outgoing()
        self._spans: list[Span[Source]] = []

    @property
    def last(self) -> int:
        """The outgoing sequence of the newest packet."""
        return self.out.last + self.out.sequence & 0xFFFF

    @property
    def last_timestamp(self) -> int:
        """The outgoing timestamp of the newest packet."""
        return self.out.last_timestamp + self.out.timestamp & 0xFFFFFFFF

    def begin(self, source: Source, sequence: int, timestamp: int, outgoing: int, picture: int = 0, tl0: int = 0) -> None:  # noqa: PLR0913, PLR0917
        """Go on with another source, or with the same after a pause: this is its first packet, `outgoing` its timestamp as sent.

        For the very first source `outgoing` is passed over, and its picture ids are kept.
        """
        out = self.out
        if self._spans:
            next_sequence = out.last + out.sequence + 1
            out.picture = out.picture + out.last_picture + 1 - picture & 0xFFFF
            out.tl0 = out.tl0 + out.last_tl0 + 1 - tl0 & 0xFF
            out.timestamp = outgoing - timestamp & 0xFFFFFFFF
        else:
            next_sequence = self._first_sequence
            out.timestamp = self._first_timestamp - timestamp & 0xFFFFFFFF
        out.sequence = next_sequence - sequence & 0xFFFF
        out.last, out.last_timestamp, out.passed = sequence, timestamp, 0
        out.last_picture, out.last_tl0 = picture, tl0
        self._spans.append(Span(next_sequence & 0xFFFF, source, out.sequence, out.timestamp, out.picture, out.tl0))
        del self._spans[:-KEPT]

    def takes(self, sequence: int, timestamp: int, vp8: Vp8 | None) -> bool:
        """Whether a packet of the source may go out; one from before the source's first would come twice with one sequence."""
        out = self.out
        step = sequence - out.last & 0xFFFF
        if step < 0x8000:
            out.last, out.last_timestamp = sequence, timestamp
            out.passed += step
            if vp8 is not None:
                out.last_picture, out.last_tl0 = vp8.picture_id, vp8.tl0
            return True
        return 0x10000 - step <= out.passed

    def goes_on(self, packets: Sequence[Ready]) -> bool:
        """Take packets of the source that came in their order all at once: the same as to ask for each whether it may go out. Where the
        first is late nothing is taken, and each is to be asked for.
        """
        out, first, last = self.out, packets[0].sequence, packets[-1].sequence
        step = first - out.last & 0xFFFF
        if step >= 0x8000:
            return False
        out.passed += step + (last - first & 0xFFFF)
        out.last, out.last_timestamp = last, packets[-1].timestamp
        vp8 = packets[-1].vp8
        if vp8 is not None:
            out.last_picture, out.last_tl0 = vp8.picture_id, vp8.tl0
        return True

    def find(self, outgoing: int) -> Span[Source] | None:
        """Return the span in which this sequence went out, if it was one of the last."""
        for span in reversed(self._spans):
            if ahead(outgoing, span.first) >= 0:
                return span
        return None


class Instant(NamedTuple):
    """What a sender's report says: at `ntp` (64 bits, seconds above 32) the media clock showed `timestamp`; heard at `at`."""

    ntp: int
    timestamp: int
    at: float


def in_terms_of(old: Instant, new: Instant, timestamp: int, clock_hz: int) -> int:
    """Return what the old source's clock showed when the new one's showed `timestamp`."""
    between = (new.ntp - old.ntp) * clock_hz >> 32
    return old.timestamp + between + ahead32(timestamp, new.timestamp) & 0xFFFFFFFF


def next_timestamp(last: int, elapsed_s: float, clock_hz: int, reported: int | None) -> int:
    """Return an outgoing timestamp after `last`: the `reported` one where it is believable, else by the time that has passed."""
    if reported is not None and 0 < ahead32(reported, last) < LONGEST_JUMP_S * clock_hz:
        return reported
    return last + max(1, int(elapsed_s * clock_hz)) & 0xFFFFFFFF
