"""Who speaks, told from the audio levels that browsers write beside their sound (RFC 6464).

A level is in dB below the loudest: 0 is loudest, 127 silence.
"""

SPEECH = 50  # dB below the loudest, smoothed: what is quieter is a room
SMOOTHING = 0.2  # of each packet: about a tenth of a second of sound
LEAD = 3.0  # dB by which somebody must be louder than who speaks now, to take over at once
HOLD_S = 1.5  # who has spoken keeps the word so long through a pause
STALE_S = 1.0  # a level so old says nothing any more: the microphone is off


class Speaker:
    """Of one room. Names are the caller's; there are as many as there are peers."""

    def __init__(self) -> None:
        self._levels: dict[str, tuple[float, float]] = {}  # smoothed level and when
        self._active: str | None = None
        self._spoke_at = 0.0

    def heard(self, name: str, level: int, now: float) -> None:
        """Take the level of one packet."""
        before, at = self._levels.get(name, (127.0, now))
        if now - at > STALE_S:
            before = 127.0
        self._levels[name] = (before + SMOOTHING * (level - before), now)

    def forget(self, name: str) -> None:
        """Somebody is gone."""
        self._levels.pop(name, None)
        if self._active == name:
            self._active = None

    def active(self, now: float) -> str | None:
        """Return who speaks, or spoke last and briefly ago; None when it has been quiet for longer."""
        speaking = {name: level for name, (level, at) in self._levels.items() if level < SPEECH and now - at <= STALE_S}
        if self._active in speaking:
            self._spoke_at = now
        loudest = min(speaking, key=speaking.__getitem__, default=None)
        if loudest is not None and self._may_take_over(loudest, speaking, now):
            self._active, self._spoke_at = loudest, now
        elif self._active is not None and now - self._spoke_at > HOLD_S:
            self._active = None
        return self._active

    def _may_take_over(self, loudest: str, speaking: dict[str, float], now: float) -> bool:
        if self._active is None:
            return True
        if self._active in speaking:
            return speaking[loudest] + LEAD < speaking[self._active]
        return now - self._spoke_at > HOLD_S / 2
