"""When our own process was held up, so that packets went out later than the time which was noted for them.

On a busy machine the system may take the processor away between the two. What such packets tell of the delay on their way is not true: it
looks as if a queue had grown there.
"""

from collections.abc import Sequence

from server.media.lane import Told

STALL_S = 0.02  # from noting the time of a batch until all of it is sent; even on a full core it takes a few milliseconds
KEPT = 256  # batches: some five seconds of them at the least


class Stalls:
    """Tell it of each batch when it is `sent`; ask which packets were `held_up`. It is asked for each feedback, nearly always in vain."""

    __slots__ = ("_noted", "_told")

    def __init__(self, told: Told | None = None) -> None:
        """`told.stalled_at` is kept at the last noted time, which the lane must know: reports of such packets are not its own."""
        self._noted: dict[float, None] = {}
        self._told = told or Told()

    def sent(self, noted: float, now: float) -> None:
        """All packets of a batch, for which this time was `noted`, are sent by now."""
        if now - noted <= STALL_S:
            return
        self._noted[noted], self._told.stalled_at = None, noted
        if len(self._noted) > KEPT:
            del self._noted[next(iter(self._noted))]

    def held_up(self, noted: list[float]) -> Sequence[int]:
        """Return the places of those packets whose noted time is not when they were sent, out of some that went out after each other."""
        if not noted or noted[0] > self._told.stalled_at:
            return ()
        return [place for place, at in enumerate(noted) if at in self._noted]


NEVER = Stalls()
