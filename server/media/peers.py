"""One participant's two connections, and the offers and answers of each.

At most one offer of a connection is out at a time: what changes meanwhile goes into the next one, when the answer has come. Only an ICE
restart overtakes, because a browser that changed its network may never have seen the offer before. The answer to an offer that was
overtaken is passed over.
"""

import secrets
from collections.abc import Callable, Sequence

from server.errors import NotFound
from server.media.codecs import KIND_OF
from server.media.dtls import Connection
from server.media.forwarder import Forwarder
from server.media.outlets import Outlets, Track
from server.media.publisher import Publisher
from server.media.router import Subscriber
from server.media.sdp import Answer, Inlet, Outlet, Transport, offer, read_answer
from server.media_control import Side, Source, Wish


class Negotiation:
    """The offers of one connection. `send` is handed the number and the text of each."""

    def __init__(
        self,
        connection: Connection,
        addresses: tuple[str, ...],
        port: int,
        lines: Sequence[Inlet | Outlet],
        send: Callable[[int, str], None],
    ) -> None:
        self._connection, self._addresses, self._port, self._send = connection, addresses, port, send
        self._lines = lines
        self._offered: tuple[Inlet | Outlet, ...] = ()
        self._session = secrets.randbits(62)
        self._number = 0
        self._waits = self._changed = False

    def propose(self) -> None:
        """Offer the lines as they are now, or as they will be once the answer to the last offer is there."""
        if self._waits:
            self._changed = True
        else:
            self._offer()

    def restart(self) -> None:
        """Offer at once, with new credentials."""
        self._connection.restart()
        self._offer()

    def answer(self, number: int, text: str) -> Answer | None:
        """Take the answer to the offer of that number; None if it was overtaken. Raises `Invalid`: then the offer is still out."""
        if not self._waits or number != self._number:
            return None
        answer = read_answer(text, self._offered)
        self._connection.remote(answer.fingerprint, answer.setup)
        self._waits = False
        return answer

    def go_on(self) -> None:
        """After an answer was applied: offer what has changed meanwhile."""
        if self._changed and not self._waits:
            self._offer()

    def is_current(self, mid: str) -> bool:
        """Whether what was offered last is still what stands on that line."""
        return any(now == offered and now.mid == mid for now, offered in zip(self._lines, self._offered, strict=False))

    def _offer(self) -> None:
        held = self._connection
        transport = Transport(self._addresses, self._port, held.ufrag, held.password, held.fingerprint)
        self._number += 1
        self._offered = tuple(self._lines)
        self._waits, self._changed = True, False
        self._send(self._number, offer(transport, self._offered, session=self._session, version=self._number))


class Publishing:
    """The side on which a peer sends: one line for each source, whose mid is the source's name. `sources` are those it sends now."""

    def __init__(self, connection: Connection, router: Publisher, negotiation: Negotiation) -> None:
        self.connection, self.router, self.negotiation = connection, router, negotiation
        self.sources: list[Source] = []


class Subscribing:
    """The side on which a peer receives; it begins with the first track that there is to receive."""

    def __init__(self, connection: Connection, router: Subscriber, negotiation: Negotiation, outlets: Outlets) -> None:
        self.connection, self.router, self.negotiation, self.outlets = connection, router, negotiation, outlets
        self.forwarded: dict[Track, Forwarder] = {}

    @property
    def paused(self) -> list[str]:
        """Whose camera is not sent for want of bandwidth."""
        return [track.publisher for track, one in self.forwarded.items() if track.source == "camera" and one.is_paused]

    def stop(self, track: Track) -> None:
        """Forward this track no more, if it is forwarded."""
        forwarder = self.forwarded.pop(track, None)
        if forwarder is not None:
            self.router.remove(forwarder)


class Peer:
    """One participant. A side is None while it has no connection."""

    def __init__(self, name: str, *, subscribes: bool) -> None:
        self.name, self.subscribes = name, subscribes
        self.publishing: Publishing | None = None
        self.subscribing: Subscribing | None = None
        self.wishes: dict[Track, Wish] = {}

    @property
    def sides(self) -> list[Publishing | Subscribing]:
        return [side for side in (self.publishing, self.subscribing) if side is not None]

    @property
    def sources(self) -> list[Source]:
        return self.publishing.sources if self.publishing is not None else []

    def side(self, name: Side) -> Publishing | Subscribing:
        """Raises `NotFound` when it has no such connection."""
        side = self.publishing if name == "publish" else self.subscribing
        if side is None:
            raise NotFound(code="side")
        return side

    def close(self) -> None:
        """End both connections, and take no more from anybody."""
        for side in self.sides:
            side.connection.close()
        if self.subscribing is not None:
            self.subscribing.router.close()


def inlets(sources: Sequence[Source], video: tuple[str, ...], *, simulcast: bool) -> list[Inlet]:
    """Return a line for each source. A screen has one layer: its text must stay readable, and few senders encode it thrice."""
    codecs = {"audio": ("opus",), "video": video}
    return [Inlet(source, KIND_OF[source], codecs[KIND_OF[source]], simulcast and source == "camera") for source in sources]
