"""What came of one source and what is missing: for reports to its sender (RFC 3550, section 6.4) and for asking again."""

from server.media.rtcp import Block

MOST_MISSING = 256  # a longer gap is no loss but a pause or another beginning: nothing of it is asked for
TRIES = 5  # times that a packet is asked for
AGAIN_S = 0.1  # before it is asked for once more


class Reception:
    """Counts one source. `heard` every packet once; `ask` now and then."""

    __slots__ = (
        "_before", "_clock_hz", "_cycles", "_expected", "_got_before", "_jitter", "_last_transit",
        "_missing", "highest", "packets", "report_at", "report_middle",
    )  # fmt: skip

    def __init__(self, first: int, clock_hz: int) -> None:
        """`first` is the sequence of the first packet, which is still to be `heard`."""
        self.highest = first - 1 & 0xFFFF
        self.packets = 0
        self.report_at: float | None = None  # when its last sender's report came
        self.report_middle = 0
        self._before, self._clock_hz = first - 1, clock_hz
        self._cycles = 0 if first else -0x10000  # the first packet itself wraps round then
        self._expected = self._got_before = 0
        self._jitter = 0.0
        self._last_transit: float | None = None
        self._missing: dict[int, tuple[int, float]] = {}

    def heard(self, sequence: int, timestamp: int, now: float) -> bool:
        """Note a packet; returns whether packets before it are missing that were not known to be."""
        self.packets += 1
        step = sequence - self.highest & 0xFFFF
        if step == 1 and sequence:
            self.highest = sequence
            self._note_transit(timestamp, now)
            return False
        if step >= 0x8000:
            self._missing.pop(sequence, None)
            return False
        if sequence < self.highest:
            self._cycles += 0x10000
        first, self.highest = self.highest + 1, sequence
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
        clock_hz = self._clock_hz
        transit = now * clock_hz - timestamp
        if self._last_transit is not None:
            moved = abs(transit - self._last_transit)
            if moved >= clock_hz:  # the timestamp may have wrapped round in between
                moved = abs((moved + 0x80000000) % 0x100000000 - 0x80000000)
            if moved < clock_hz:  # a second or more is a pause, no jitter
                self._jitter += (moved - self._jitter) / 16
        self._last_transit = transit

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
        highest = self._cycles + self.highest
        expected = highest - self._before
        new, got = expected - self._expected, self.packets - self._got_before
        self._expected, self._got_before = expected, self.packets
        lost = new - got
        fraction = min(255, (lost << 8) // new) if new > 0 and lost > 0 else 0
        delay = int((now - self.report_at) * 65536) if self.report_at is not None else 0
        return Block(
            ssrc, fraction, expected - self.packets, highest & 0xFFFFFFFF, int(self._jitter), self.report_middle, delay & 0xFFFFFFFF
        )
