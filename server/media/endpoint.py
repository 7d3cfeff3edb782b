"""What the port needs of a connection."""

from collections.abc import Callable, Hashable
from typing import Any, Protocol

from server.media import ice, mmsg

Work = Callable[[int, int], int]
"""(offset of a slot, size) -> new size, or 0: see `srtp.Srtp`."""
RunWork = Callable[[int, list[int]], list[int]]
"""(offset of the first slot of a row, sizes) -> new sizes, each 0 where it failed."""
RtpTaker = Callable[[memoryview, int, int, float], None]
RtcpTaker = Callable[[bytes, float], None]


class Endpoint(Protocol):
    """A connection, as the port knows it. Before its handshake, and after its end, the four of SRTP return 0."""

    agent: ice.Agent
    known_as: set[str]
    """The ufrags under which the port knows it; only the port changes this, and `addresses`."""
    route: mmsg.Route | None
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
