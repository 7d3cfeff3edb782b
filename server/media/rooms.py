"""A media room: who is there, who is offered whose tracks, and what is freed when somebody goes.

Everything here is a plain function that runs to its end: commands and packets take turns on one loop, so nothing changes between a check
and what follows from it. The engine always offers; the application carries offers and answers between here and the browsers.
"""

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from server.errors import Conflict, NotFound, Overloaded
from server.media.codecs import KIND_OF
from server.media.dtls import Connection, Identity
from server.media.outlets import Outlets, Track
from server.media.peers import Negotiation, Peer, Publishing, Subscribing, inlets
from server.media.publisher import Publisher
from server.media.publisher import Track as Sent
from server.media.recording import Recording, Recordings
from server.media.router import Subscriber
from server.media.sdp import Answer, Inlet, Outlet
from server.media.speaker import Speaker
from server.media.udp import UdpMux
from server.media_control import AnswerOffer, Connected, Event, Gone, Join, Offer, Quality, Record, Side, Source, Speaking, Stream, Wish

MOST_PEERS = 9  # in one room: eight people and a recorder; a tenth is refused
QUALITY_S = 5.0  # between two words about how well a peer is served


class Ground(NamedTuple):
    """What all rooms of an engine stand on: its port, its certificate, and the addresses at which browsers reach it."""

    mux: UdpMux
    identity: Identity
    addresses: tuple[str, ...]


class MediaRoom:
    """Tell `tell` what the application must know. `video` are the codecs that may be sent, the favourite first."""

    def __init__(self, name: str, ground: Ground, video: tuple[str, ...], tell: Callable[[Event], None]) -> None:
        self.name = name
        self._ground, self._video, self._tell = ground, video, tell
        self._peers: dict[str, Peer] = {}
        self._speaker = Speaker()
        self._speaking: str | None = None
        self._quality_at = 0.0
        self._recording: Recording | None = None

    @property
    def size(self) -> int:
        """How many peers are in it."""
        return len(self._peers)

    @property
    def losses(self) -> list[float]:
        """What each peer that receives was sent and never had, as a fraction."""
        sides = [peer.subscribing for peer in self._peers.values() if peer.subscribing is not None]
        return [_lost(side) for side in sides if side.connection.connected]

    def join(self, asked: Join) -> None:
        """Let a peer in, and offer it to send. What it may receive is offered when somebody sends. Raises `Conflict`, `Overloaded`."""
        if asked.peer in self._peers:
            raise Conflict(code="peer")
        if len(self._peers) == MOST_PEERS:
            raise Overloaded(code="room_full")
        peer = self._peers[asked.peer] = Peer(asked.peer, subscribes=asked.subscribes)
        if asked.publishes:
            self._let_publish(peer, asked.publishes, simulcast=asked.simulcast)
        self._offer_others_to(peer)

    def leave(self, name: str) -> None:
        """Raises `NotFound`."""
        self._remove(self._see(name))

    def answer(self, given: AnswerOffer) -> None:
        """Raises `NotFound` or `Invalid`."""
        peer = self._see(given.peer)
        side = peer.side(given.side)
        answer = side.negotiation.answer(given.offer, given.sdp)
        if answer is None:
            return
        if isinstance(side, Publishing):
            self._published(side, answer)
        else:
            self._subscribed(peer, side, answer)
        side.negotiation.go_on()

    def restart(self, name: str, side: Side) -> None:
        """Raises `NotFound`."""
        self._see(name).side(side).negotiation.restart()

    def watch(self, name: str, wishes: Sequence[Wish]) -> None:
        """Raises `NotFound` for a peer that is not there; a wish for a track that is not there waits for it."""
        peer = self._see(name)
        peer.wishes = {Track(wish.publisher, wish.source): wish for wish in wishes}
        if peer.subscribing is not None:
            for track in peer.subscribing.forwarded:
                self._wish(peer, peer.subscribing, track)

    @property
    def recording(self) -> Recording:
        """Raises `NotFound` where nothing is recorded."""
        if self._recording is None or self._recording.ended:
            raise NotFound(code="recording")
        return self._recording

    def record(self, asked: Record, recordings: Recordings) -> None:
        """Record everybody, and whoever comes, until it is stopped. Raises `Conflict`, `Overloaded`."""
        if self._recording is not None and not self._recording.ended:
            raise Conflict(code="recording")
        self._recording = recordings.begin(asked, self._tell)

    def tick(self, now: float) -> None:
        """Let every side do what is due: feedback, reports, choice of layers. Call it about every 100 ms."""
        for peer in list(self._peers.values()):
            for side in peer.sides:
                side.router.tick(now)
        if self._recording is not None:
            self._recording.tick(self._sent(), now)
        self._tell_speaker(now)
        if now - self._quality_at >= QUALITY_S:
            self._quality_at = now
            self._tell_quality(now)

    def crash(self) -> None:
        """Tell that everybody is out and the recording over, because of a bug, and then end what can be ended."""
        for peer in self._peers.values():
            self._tell(Gone(room=self.name, peer=peer.name, side="publish" if peer.publishing else "subscribe", reason="crashed"))
        recording, self._recording = self._recording, None
        try:
            self.close()
        finally:
            if recording is not None and not recording.ended:
                recording.fail("crashed")

    def close(self) -> None:
        if self._recording is not None:
            self._recording.stop()
        for peer in self._peers.values():
            peer.close()
        self._peers.clear()

    def _sent(self) -> dict[Track, Sent]:
        """Return everything that anybody sends."""
        publishing = [(peer.name, peer.publishing) for peer in self._peers.values() if peer.publishing is not None]
        return {Track(name, source): side.router.tracks[source] for name, side in publishing for source in side.sources}

    def _see(self, name: str) -> Peer:
        peer = self._peers.get(name)
        if peer is None:
            raise NotFound(code="peer")
        return peer

    def _let_publish(self, peer: Peer, sources: Sequence[Source], *, simulcast: bool) -> None:
        connection = self._connect(peer, "publish")
        lines = inlets(sources, self._video, simulcast=simulcast)
        router = Publisher(self._ground.mux, connection, {line.mid: line.kind for line in lines}, partial(self._speaker.heard, peer.name))
        connection.on_rtp, connection.on_rtcp = router.on_rtp, router.on_rtcp
        peer.publishing = Publishing(connection, router, self._negotiation(peer, "publish", connection, lines))
        peer.publishing.negotiation.propose()

    def _let_subscribe(self, peer: Peer) -> Subscribing:
        connection = self._connect(peer, "subscribe")
        router = Subscriber(self._ground.mux, connection)
        connection.on_rtcp = router.on_rtcp
        outlets = Outlets(self._video)
        return Subscribing(connection, router, self._negotiation(peer, "subscribe", connection, outlets.lines), outlets)

    def _connect(self, peer: Peer, side: Side) -> Connection:
        return Connection(
            self._ground.mux,
            self._ground.identity,
            on_rtp=_pass_over,
            on_rtcp=_pass_over,
            on_connected=partial(self._tell, Connected(room=self.name, peer=peer.name, side=side)),
            on_gone=partial(self._gone, peer, side),
        )

    def _negotiation(self, peer: Peer, side: Side, connection: Connection, lines: Sequence[Inlet | Outlet]) -> Negotiation:
        return Negotiation(connection, self._ground.addresses, self._ground.mux.port, lines, partial(self._offer, peer, side))

    def _offer(self, peer: Peer, side: Side, number: int, text: str) -> None:
        tracks = peer.subscribing.outlets.tracks if side == "subscribe" and peer.subscribing else {}
        streams = [Stream(mid=mid, publisher=track.publisher, source=track.source) for mid, track in tracks.items()]
        self._tell(Offer(room=self.name, peer=peer.name, side=side, number=number, sdp=text, streams=streams))

    def _published(self, side: Publishing, answer: Answer) -> None:
        """Offer to the others what the browser says that it sends."""
        sent = {line.mid for line in answer.lines if line.sends}
        side.sources = [source for source in KIND_OF if source in sent]
        for other in self._peers.values():
            self._offer_others_to(other)

    def _subscribed(self, peer: Peer, side: Subscribing, answer: Answer) -> None:
        """Forward what the browser takes now: not before its answer, because it could not tell whose packets they are."""
        tracks = side.outlets.tracks
        for line in answer.lines:
            track = tracks.get(line.mid)
            if track is None or not side.negotiation.is_current(line.mid):
                continue
            if line.receives:
                self._forward(peer, side, track)
            else:
                side.stop(track)

    def _offer_others_to(self, peer: Peer) -> None:
        """Bring a peer's lines to what the others send now, and offer them if that changed anything."""
        wanted = {Track(other.name, source) for other in self._peers.values() if other is not peer for source in other.sources}
        if not peer.subscribes or (peer.subscribing is None and not wanted):
            return
        if peer.subscribing is None:
            peer.subscribing = self._let_subscribe(peer)
        side = peer.subscribing
        held = set(side.outlets.tracks.values())
        for track in held - wanted:
            side.stop(track)
            side.outlets.take(track)
        for track in sorted(wanted - held):
            side.outlets.put(track, *_new_ssrcs())
        if held != wanted:
            side.negotiation.propose()

    def _forward(self, peer: Peer, side: Subscribing, track: Track) -> None:
        publishing, line = self._peers[track.publisher].publishing, side.outlets.line_of(track)
        if track in side.forwarded or publishing is None or line is None:
            return
        side.forwarded[track] = side.router.add(publishing.router, track.source, line.ssrc, line.rtx_ssrc)
        self._wish(peer, side, track)

    def _wish(self, peer: Peer, side: Subscribing, track: Track) -> None:
        wish = peer.wishes.get(track)
        if wish is not None and KIND_OF[track.source] == "video":
            side.forwarded[track].wish(wish.layer, pinned=wish.pinned)

    def _remove(self, peer: Peer) -> None:
        """Free everything of a peer, and take its tracks from the others."""
        del self._peers[peer.name]
        peer.close()
        self._speaker.forget(peer.name)
        for other in self._peers.values():
            self._offer_others_to(other)

    def _gone(self, peer: Peer, side: Side, reason: str) -> None:
        self._tell(Gone(room=self.name, peer=peer.name, side=side, reason=reason))
        self._remove(peer)

    def _tell_speaker(self, now: float) -> None:
        speaking = self._speaker.active(now)
        if speaking != self._speaking:
            self._speaking = speaking
            self._tell(Speaking(room=self.name, peer=speaking))

    def _tell_quality(self, now: float) -> None:
        for peer in self._peers.values():
            if peer.subscribing is not None and peer.subscribing.connection.connected:
                router, paused = peer.subscribing.router, peer.subscribing.paused
                lost = _lost(peer.subscribing)
                self._tell(Quality(room=self.name, peer=peer.name, budget_bps=router.budget(now), lost=lost, paused=paused))


def _lost(side: Subscribing) -> float:
    return min(1.0, max(0.0, side.router.lost))


def _new_ssrcs() -> tuple[int, int]:
    """Two that differ; that they meet another line's is as likely as for any browser (RFC 3550, section 8.1)."""
    ssrc, rtx_ssrc = secrets.randbits(32) | 1, secrets.randbits(32) & ~1
    return ssrc, rtx_ssrc or 2


def _pass_over(*packet: object) -> None:
    """Take what comes before there is somebody to take it."""
