"""When a frame was: sound and picture of one person together, and all persons by one clock.

A sender's report (RFC 3550, section 6.4) puts a source's timestamp beside the sender's own time of day, which is the same for everything
that one sender sends. That clock may be wrong by any amount; how much is learned from the packets that came the fastest. So what is left
between two persons is the difference of their networks' shortest delays. Without a report a source is placed by when it came.
"""

from server.media.continuity import Instant
from server.media.rtp import ahead32

DRIFT = 1e-4  # seconds a second by which a sender's clock may run away from ours
FARTHEST_S = 5.0  # by which a sender's clock may seem to jump; after a longer one it is learned anew


class SenderClock:
    """How far one sender's time of day is from ours."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._at = 0.0

    def ours(self, theirs: float, now: float) -> float:
        """Return when it was by our clock; `now` is when its packet came."""
        seen = now - theirs
        if self._offset is None or abs(seen - self._offset) > FARTHEST_S:
            self._offset = seen
        self._offset = min(self._offset + max(0.0, now - self._at) * DRIFT, seen)
        self._at = now
        return theirs + self._offset


class SourceClock:
    """The times of one source. Hand it each report, and ask for the time of each frame."""

    def __init__(self, sender: SenderClock, clock_hz: int) -> None:
        self._sender, self._clock_hz = sender, clock_hz
        self._instant: Instant | None = None
        self._first: tuple[int, float] | None = None

    def reported(self, instant: Instant) -> None:
        self._instant = instant

    def time_of(self, timestamp: int, now: float) -> float:
        """Return when the frame was, in seconds of our clock; `now` is when its last packet came."""
        if self._instant is not None:
            theirs = self._instant.ntp / 2**32 + ahead32(timestamp, self._instant.timestamp) / self._clock_hz
            return self._sender.ours(theirs, now)
        return self._by_arrival(timestamp, now)

    def _by_arrival(self, timestamp: int, now: float) -> float:
        """Count from the first frame; one that comes early by that count shows that the first was late."""
        if self._first is None:
            self._first = (timestamp, now)
        first, at = self._first
        told = at + ahead32(timestamp, first) / self._clock_hz
        if told > now or now - told > FARTHEST_S:
            self._first, told = (timestamp, now), now
        return told
