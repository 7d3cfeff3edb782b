"""What the port needs of a connection."""

from collections.abc import Callable, Hashable
from typing import Any, Protocol

from server.media import ice, mmsg
from server.media.limits import AHEAD_S, PACKETS_S

Work = Callable[[int, int], int]
"""(offset of a slot, size) -> new size, or 0: see `srtp.Srtp`."""
RunWork = Callable[[int, list[int]], list[int]]
"""(offset of the first slot of a row, sizes) -> new sizes, each 0 where it failed."""
RtpTaker = Callable[[memoryview, int, int, float], None]
RtcpTaker = Callable[[bytes, float], None]


class Allowance:
    """How much of one browser is taken: so much a second, and at once as much as that makes in `ahead_s`. The last of it may be more than
    is left, and is waited for afterwards.

    Of datagrams all count, also those that nobody could open: it is for them that others would wait.
    """

    __slots__ = ("_ahead_s", "_due", "_each_s")

    def __init__(self, per_s: float = PACKETS_S, ahead_s: float = AHEAD_S) -> None:
        self._each_s, self._ahead_s = 1.0 / per_s, ahead_s
        self._due = 0.0

    def is_spent(self, now: float, amount: int = 1) -> bool:
        """Count so much more, unless it is too much already."""
        if self._due > now + self._ahead_s:
            return True
        self.count(now, amount)
        return False

    def count(self, now: float, amount: int) -> None:
        """Count what cannot be refused any more."""
        self._due = max(self._due, now) + amount * self._each_s


class Endpoint(Protocol):
    """A connection, as the port knows it. Before its handshake, and after its end, the four of SRTP return 0."""

    agent: ice.Agent
    known_as: set[str]
    """The ufrags under which the port knows it; only the port changes this, and `addresses`."""
    route: mmsg.Route | None
    allowance: Allowance
    wire: Any
    """What the compiled lane knows of it, where there is a lane."""
    sources: set[int]
    """The SSRCs under which it has spoken."""
    addresses: dict[Hashable, mmsg.Route]
    open_rtp: Work
    open_rtcp: Work
    seal_rtp: Work
    seal_rtcp: Work
    seal_run: RunWork
    on_rtp: RtpTaker
    on_rtcp: RtcpTaker

    def checked(self) -> None:
        """A valid check came: `route` is set."""
        ...

    def on_dtls(self, packet: bytes) -> None: ...

    def end(self, reason: str) -> None: ...
