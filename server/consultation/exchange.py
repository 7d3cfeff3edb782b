"""The call's room on a forwarding engine: who is in the call is let in there, who left is let out, and what the engine says is kept for us.

Owned by the room's task and never waited for: an engine that is slow or dead delays nobody who writes, waits or is admitted.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID

from server.consultation.commands import Answer, MediaWord, RestartMedia, Watch
from server.consultation.deck import Deck
from server.consultation.engine_words import tells_of
from server.consultation.roster import Roster
from server.consultation.route import Route, change, follow
from server.consultation.steps import Tell
from server.media_control import AnswerOffer, Connected, Event, Gone, Join, Leave, Offer, RestartIce, Side, Wish
from server.media_control import Watch as WatchTracks
from server.ports import MediaEngines, MediaRoom

MOST_HEARD = 1_000  # events that wait for the room's task; with more the engine is taken for lost
ROOMS_KNOWN = 8  # the newest, by their epoch: a room that is closed for us may still say what it has recorded
PATIENCE_S = 1.0  # before a lost room is opened again, and for whoever was let go of to turn out to have left
PAUSES_S = (PATIENCE_S, 5.0, 10.0, 30.0)  # before whoever the engine let go of is let in again: the first time, the second, and so on
LASTED_S = 60.0  # of standing, after which losses before it count no more; longer than an engine waits for a side that stays silent


class Hall:
    """One room on one engine: those who were let in, the change for which it was opened, and the offers that are not answered yet.

    Whoever joins quietly has no line there to send on. `lost` holds whom the engine has let go of, and when they may be let in again: most
    of them have closed their page, and are only in our way for the grace. `losses` counts how often in a row, `stands` holds since when
    the browsers that reached the engine do.
    """

    def __init__(self, room: MediaRoom, epoch: int) -> None:
        self.room, self.epoch = room, epoch
        self.peers: set[str] = set()
        self.quiet: set[str] = set()
        self.lost: dict[str, float] = {}
        self.losses: dict[str, int] = {}
        self.stands: dict[str, float] = {}
        self.offers: dict[tuple[str, Side], Offer] = {}

    def follow(self, peers: frozenset[str], quiet: frozenset[str]) -> None:
        for peer in self.peers - peers:
            self.room.do(Leave, peer=peer)
        self.lost = {peer: at for peer, at in self.lost.items() if peer in peers}
        self.losses = {peer: count for peer, count in self.losses.items() if peer in peers}
        self.stands = {peer: at for peer, at in self.stands.items() if peer in peers}
        for peer in sorted(peers - self.peers - self.lost.keys()):
            self.room.do(Join, peer=peer, **({"publishes": []} if peer in quiet else {}))
            self.quiet = self.quiet | {peer} if peer in quiet else self.quiet - {peer}
        self.peers = set(peers - self.lost.keys())
        self.offers = {key: offer for key, offer in self.offers.items() if key[0] in self.peers}

    def connect(self, peer: str, now: float) -> None:
        """Note that a peer has reached the engine."""
        if peer in self.peers:
            self.stands.setdefault(peer, now)

    def lose(self, peer: str, now: float) -> None:
        """Note that the engine has let go of a peer: it is not there to be told to leave. Each time in a row the pause is longer."""
        if peer not in self.peers:
            return
        self.peers.discard(peer)
        lasted = now - self.stands.pop(peer, now) >= LASTED_S
        count = self.losses[peer] = 1 if lasted else self.losses.get(peer, 0) + 1
        self.lost[peer] = now + PAUSES_S[min(count, len(PAUSES_S)) - 1]

    def forgive(self, roster: Roster, now: float) -> None:
        """Let those be let in again who are here, and whose pause is over."""
        here = {member.peer.id for _, member in roster.connected() if member.peer is not None}
        self.lost = {peer: at for peer, at in self.lost.items() if peer not in here or now < at}

    def misplaces(self, roster: Roster) -> bool:
        """Whether somebody who is here needs a fresh room, being quiet no more, or only now."""
        return any((peer in self.quiet) != (peer in roster.quiet) for peer in self.peers & roster.talking)

    def answer(self, peer: str, answer: Answer) -> None:
        offer = self.offers.get((peer, answer.side))
        if offer is not None and offer.number == answer.number:
            del self.offers[peer, answer.side]
        self.room.do(AnswerOffer, peer=peer, side=answer.side, offer=answer.number, sdp=answer.sdp)


class Exchange:
    """`wake` is called when the engine has said something."""

    def __init__(self, engines: MediaEngines, consultation_id: UUID, wake: Callable[[], None]) -> None:
        self._engines, self._name, self._wake = engines, str(consultation_id), wake
        self._hall: Hall | None = None
        self._older: Hall | None = None
        self._heard: deque[tuple[int, Event | None]] = deque()
        self._rooms: dict[int, MediaRoom] = {}
        self._opened_at: float | None = None
        self.deck = Deck()

    def steer(self, roster: Roster, now: float) -> Roster:
        """Return the roster with the route that its call takes now, and bring the engine to where that is."""
        self.deck.tick(now)
        route = follow(roster.route, roster.talking, now, recorded=self.deck.busy)
        if route.path == "engine" and self._hall is not None and self._hall.epoch == route.epoch and self._hall.misplaces(roster):
            route = change(route, "engine", now)
        has_engine = self._hall is not None or self._engines.available
        self._follow(route, roster, now)
        if route.path == "engine" and not route.settled and self._hall is None:
            route = replace(route, since=now)  # the older path goes on for as long as there is no new one
        if route is roster.route and has_engine is roster.has_engine:
            return roster
        return replace(roster, route=route, has_engine=has_engine)

    def take(self, roster: Roster, now: float) -> tuple[Roster, tuple[Tell, ...]]:
        """Return what the engine has led to since the last time. A room that is lost is replaced."""
        tells: list[Tell] = []
        while self._heard:
            epoch, event = self._heard.popleft()
            self.deck.hear(self._rooms.get(epoch), event, now)
            self._note(epoch, event, now)
            if self._hall is None or epoch != self._hall.epoch or epoch != roster.route.epoch:
                continue
            if event is None:
                self._hall = None
                roster = self.steer(replace(roster, route=change(roster.route, "engine", now)), now)
            else:
                tells += self._tell(roster, event)
        return roster, tuple(tells)

    def pending(self, roster: Roster, peer: str) -> tuple[Tell, ...]:
        """What a page that comes back may have missed."""
        offers = [] if self._hall is None else [offer for (name, _), offer in self._hall.offers.items() if name == peer]
        return tuple(tell for offer in offers for tell in tells_of(roster, offer))

    def _tell(self, roster: Roster, event: Event) -> Iterable[Tell]:
        if isinstance(event, Offer) and self._hall is not None:
            self._hall.offers[event.peer, event.side] = event
        return tells_of(roster, event)

    def _note(self, epoch: int, event: Event | None, now: float) -> None:
        for hall in (self._hall, self._older):
            if hall is None or hall.epoch != epoch:
                continue
            if isinstance(event, Connected):
                hall.connect(event.peer, now)
            elif isinstance(event, Gone):
                hall.lose(event.peer, now)

    def _follow(self, route: Route, roster: Roster, now: float) -> None:
        """Open a room for a new epoch, keep the older one until that is settled."""
        if self._hall is not None and self._hall.epoch != route.epoch:
            self._close_older(now)
            self._older, self._hall = self._hall, None
        if route.path == "engine" and self._hall is None:
            self._open(route.epoch, now)
        if route.settled:
            self._close_older(now)
        if self._older is not None:
            self._older.follow(roster.talking & self._older.peers, roster.quiet)
        if self._hall is not None:
            self._hall.forgive(roster, now)
            self._hall.follow(roster.talking, roster.quiet)

    def say(self, peer: str, word: MediaWord, epoch: int) -> None:
        """Hand on what a browser says of its connections; what belongs to an earlier epoch is passed over."""
        if self._hall is None or self._hall.epoch != epoch or peer not in self._hall.peers:
            return
        match word:
            case Answer():
                if word.epoch == epoch:
                    self._hall.answer(peer, word)
            case RestartMedia():
                self._hall.room.do(RestartIce, peer=peer, side=word.side)
            case Watch():
                wishes = [Wish(publisher=wish.peer, source=wish.source, layer=wish.layer, pinned=wish.pinned) for wish in word.wishes]
                self._hall.room.do(WatchTracks, peer=peer, wishes=wishes)

    def close(self) -> None:
        """End every room; what was recorded last is completed by the engine, and told to nobody."""
        for hall in (self._older, self._hall):
            if hall is not None:
                hall.room.close()
        self._older = self._hall = None
        self.deck.close()

    def _open(self, epoch: int, now: float) -> None:
        if self._opened_at is not None and now - self._opened_at < PATIENCE_S:
            return
        self._opened_at = now
        room = self._engines.open(f"{self._name}-{epoch}", lambda event: self._hear(epoch, event))
        self._hall = None if room is None else Hall(room, epoch)
        if room is not None:
            self._rooms = {**{name: known for name, known in self._rooms.items() if epoch - name < ROOMS_KNOWN}, epoch: room}
            self.deck.enter(room, now)

    def _hear(self, epoch: int, event: Event | None) -> None:
        if len(self._heard) == MOST_HEARD:
            self._heard.clear()
            event = None
        self._heard.append((epoch, event))
        self._wake()

    def _close_older(self, now: float) -> None:
        if self._older is not None:
            self.deck.part(self._older.room, now)
            self._older = None
