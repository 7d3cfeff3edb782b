"""What came of one source and what is missing: for reports to its sender (RFC 3550, section 6.4) and for asking again."""

from server.media.rtcp import Block

MOST_MISSING = 256  # a longer gap is no loss but a pause or another beginning: nothing of it is asked for
TRIES = 5  # times that a packet is asked for
AGAIN_S = 0.1  # before it is asked for once more


class Incoming:
    """What is counted for every packet of one source, by the compiled lane, too: there it is `struct source` of native.h.

    The `highest` sequence, and the `cycles` of 2^16 before it; `packets` and their `bytes`; the `jitter` in ticks of its clock, with the
    `transit` of the packet before where there was one (`has_transit`); when it was last `heard_at`. While packets are `pending`, to be
    handed on by Python, the lane takes none.
    """

    __slots__ = ("bytes", "cycles", "has_transit", "heard_at", "highest", "jitter", "packets", "pending", "transit")

    def __init__(self) -> None:
        self.highest = self.cycles = self.packets = self.bytes = self.has_transit = self.pending = 0
        self.jitter = self.transit = self.heard_at = 0.0


class Reception:
    """Counts one source. `heard` every packet once; `ask` now and then."""

    __slots__ = ("_before", "_clock_hz", "_expected", "_got_before", "_missing", "of", "report_at", "report_middle")

    def __init__(self, first: int, clock_hz: int, of: Incoming | None = None) -> None:
        """`first` is the sequence of the first packet, which is still to be `heard`."""
        self.of = of if of is not None else Incoming()
        self.of.highest = first - 1 & 0xFFFF
        self.of.cycles = 0 if first else -0x10000  # the first packet itself wraps round then
        self.report_at: float | None = None  # when its last sender's report came
        self.report_middle = 0
        self._before, self._clock_hz = first - 1, clock_hz
        self._expected = self._got_before = 0
        self._missing: dict[int, tuple[int, float]] = {}

    def heard(self, sequence: int, timestamp: int, now: float) -> bool:
        """Note a packet; returns whether packets before it are missing that were not known to be."""
        of = self.of
        of.packets += 1
        step = sequence - of.highest & 0xFFFF
        if step == 1 and sequence:
            of.highest = sequence
            self._note_transit(timestamp, now)
            return False
        if step >= 0x8000:
            self._missing.pop(sequence, None)
            return False
        if sequence < of.highest:
            of.cycles += 0x10000
        first, of.highest = of.highest + 1, sequence
        self._note_transit(timestamp, now)
        if step <= 1:
            return False
        if step > MOST_MISSING:
            self._missing.clear()
            return False
        for place in range(first, first + step - 1):
            self._missing[place & 0xFFFF] = (0, 0.0)
        while len(self._missing) > MOST_MISSING:
            del self._missing[next(iter(self._missing))]
        return True

    def _note_transit(self, timestamp: int, now: float) -> None:
        of, clock_hz = self.of, self._clock_hz
        transit = now * clock_hz - timestamp
        if of.has_transit:
            moved = abs(transit - of.transit)
            if moved >= clock_hz:  # the timestamp may have wrapped round in between
                moved = abs((moved + 0x80000000) % 0x100000000 - 0x80000000)
            if moved < clock_hz:  # a second or more is a pause, no jitter
                of.jitter += (moved - of.jitter) / 16
        of.transit, of.has_transit = transit, 1

    @property
    def has_missing(self) -> bool:
        return bool(self._missing)

    def ask(self, now: float) -> list[int]:
        """Return, in their order, the sequences to be asked for now."""
        due = [(place, tries) for place, (tries, at) in self._missing.items() if not tries or now - at >= AGAIN_S]
        for place, tries in due:
            if tries + 1 == TRIES:
                del self._missing[place]
            else:
                self._missing[place] = (tries + 1, now)
        return [place for place, _ in due]

    def block(self, ssrc: int, now: float) -> Block:
        """Return the report on what came since the last one."""
        of = self.of
        highest = of.cycles + of.highest
        expected = highest - self._before
        new, got = expected - self._expected, of.packets - self._got_before
        self._expected, self._got_before = expected, of.packets
        lost = new - got
        fraction = min(255, (lost << 8) // new) if new > 0 and lost > 0 else 0
        delay = int((now - self.report_at) * 65536) if self.report_at is not None else 0
        return Block(ssrc, fraction, expected - of.packets, highest & 0xFFFFFFFF, int(of.jitter), self.report_middle, delay & 0xFFFFFFFF)
