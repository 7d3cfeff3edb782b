"""All open notes of this process: loaded once however many come at once, watched for changed rights, and let go when nobody reads them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from server.access.actions import RightsMark, rights_mark
from server.core.db import STORAGE_ERRORS
from server.core.house import House
from server.errors import ConsiliumError, NotStored
from server.notes.doors import keep_snapshot
from server.notes.journal import GroupCommit, Journal
from server.notes.journal_stores import store_for
from server.notes.limits import EPOCH_S, LINGER_S, RECHECK_S, RECHECKED_AT_ONCE, SETTLE_S, SNAPSHOT_EVERY
from server.notes.live import LiveNote, Member, State
from server.notes.loading import load_note
from server.notes.rights import read_rights
from server.notes.subject import NoteRef

log = structlog.get_logger(__name__)


class Restarting(ConsiliumError):
    code, message = "restart", "The server restarts."
    http_status, close_code = 503, 1012


@dataclass
class _Place:
    """A note's place in the hub: how many use it, the load that all of them wait for, and what must be undone when it goes."""

    live: LiveNote
    ready: asyncio.Future[None]
    users: int = 0
    linger: asyncio.TimerHandle | None = None
    undo: list[Callable[[], None]] = field(default_factory=list)


class Hub:
    """Found at `app.state.notes`; `start` and `close` belong to the app's lifespan."""

    def __init__(self, house: House, journal: Journal, *, linger_s: float = LINGER_S) -> None:
        self.house = house
        self._journal = journal
        self._linger_s = linger_s
        self._places: dict[int, _Place] = {}
        self._closing = False

    async def start(self) -> None:
        await self._journal.open()
        self.house.supervisor.keep(self._journal.run, name="note journal")
        self.house.supervisor.keep(self._recheck_often, name="note rights")
        self.house.supervisor.keep(self._watch_rights, name="note rights epoch")

    async def close(self, deadline_s: float) -> None:
        """Tell everybody that the server restarts, store what was accepted, and close the journal."""
        self._closing = True
        for place in tuple(self._places.values()):
            for member in tuple(place.live.members.values()):
                member.end(Restarting())
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                for place in tuple(self._places.values()):
                    await self._put_away(place)
        if self._places:
            log.error("notes not flushed in time", notes=len(self._places))
        await self._journal.close()

    @asynccontextmanager
    async def use(self, ref: NoteRef) -> AsyncIterator[LiveNote]:
        """Hold a note open; whoever comes while it loads waits for the same load. Raises `NotStored` when it cannot be read."""
        if self._closing:
            raise Restarting
        place = self._places.get(ref.note_id) or self._open(ref)
        place.users += 1
        self._stay(place)
        try:
            await asyncio.shield(place.ready)
            yield place.live
        finally:
            place.users -= 1
            self._linger(place)

    async def settle(self, note_id: int) -> None:
        """Wait until everything that an open note has accepted is on disk; raises `NotStored` when that takes too long."""
        place = self._places.get(note_id)
        if place is None:
            return
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._stored(place)
        except TimeoutError:
            raise NotStored("Not everything in this note is stored yet. Please try again in a moment.") from None

    def lock(self, note_id: int) -> None:
        """Tell an open note, and through it everybody who has it open, that it was locked."""
        place = self._places.get(note_id)
        if place is not None:
            place.live.lock()

    def tell_standing(self, note_id: int) -> None:
        """Tell everybody who has a note open that its signatures, releases or amendments are not what they were."""
        place = self._places.get(note_id)
        if place is not None:
            place.live.tell_standing()

    def writers(self, note_id: int) -> set[UUID]:
        """Return the people who have the note open and may write in it."""
        place = self._places.get(note_id)
        members = place.live.members.values() if place else ()
        return {member.subject.viewer.person_id for member in members if member.writable}

    def recheck(self, conn: Member) -> None:
        """Read one connection's right again, in a task of its own."""
        self.house.supervisor.spawn(self._recheck([conn]), name="note right")

    def _open(self, ref: NoteRef) -> _Place:
        live = LiveNote(ref, self._journal, self)
        place = _Place(live, asyncio.get_running_loop().create_future())
        place.ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._places[ref.note_id] = place
        place.undo += [self.house.bus.subscribe(topic, lambda: self._recheck_note(live)) for topic in ref.topics]
        self.house.supervisor.spawn(self._load(place), name="note load", on_crash=lambda error: self._give_up(place, error))
        return place

    async def _load(self, place: _Place) -> None:
        document, chain, sealer, locked = await load_note(self.house, place.live.note_id)
        place.live.come_alive(document, chain, sealer, locked=locked)
        place.ready.set_result(None)
        self._linger(place)

    def _give_up(self, place: _Place, error: BaseException) -> None:
        """The load crashed (and was logged): everybody who waited is told, and the next one tries again."""
        if not place.ready.done():
            place.ready.set_exception(error if isinstance(error, ConsiliumError) else NotStored())
        place.live.fail(NotStored())

    def forget(self, live: LiveNote) -> None:
        place = self._places.get(live.note_id)
        if place is not None and place.live is live:
            self._remove(place)

    def _remove(self, place: _Place) -> None:
        del self._places[place.live.note_id]
        if place.linger is not None:
            place.linger.cancel()
        for undo in place.undo:
            undo()

    def _stay(self, place: _Place) -> None:
        """Somebody came: whatever led to unloading is called off, even a flush that runs."""
        if place.linger is not None:
            place.linger.cancel()
            place.linger = None
        if place.live.state in {State.IDLE, State.FLUSHING}:
            place.live.state = State.LIVE

    def _linger(self, place: _Place) -> None:
        if place.users or place.live.state is not State.LIVE or self._closing:
            return
        place.live.state = State.IDLE
        loop = asyncio.get_running_loop()
        place.linger = loop.call_later(self._linger_s, lambda: self.house.supervisor.spawn(self._unload(place), name="note unload"))

    async def _unload(self, place: _Place) -> None:
        """Put a note away after its linger time, unless somebody came between the timer and this task."""
        if place.live.state is State.IDLE:
            await self._put_away(place)

    async def _put_away(self, place: _Place) -> None:
        """Flush and unload, unless somebody comes meanwhile."""
        live = place.live
        if live.dead or live.state is State.LOADING:
            return
        live.state = State.FLUSHING
        await self._stored(place)
        if live.state is State.FLUSHING and live.chain.seq > live.snapshot_seq:
            await self._snapshot(live)
        if live.state is State.FLUSHING and live.settled and self._places.get(live.note_id) is place:
            live.state = State.GONE
            self._remove(place)

    async def _stored(self, place: _Place) -> None:
        """Wait until what was accepted is on disk, or the note has failed."""
        done = asyncio.Event()
        place.undo.append(done.set)
        place.live.when_stored(done.set)
        await done.wait()

    def stored(self, live: LiveNote) -> None:
        if live.settled and live.chain.seq - live.snapshot_seq >= SNAPSHOT_EVERY:
            self.house.supervisor.spawn(self._snapshot(live), name="note snapshot")

    async def _snapshot(self, live: LiveNote) -> None:
        """Keep the document as it is at this instant, if all of it is on disk; a database in trouble makes this cache late, no more."""
        if not live.settled:
            return
        seq = live.snapshot_seq = live.chain.seq
        packed = live.packed()
        try:
            async with self.house.database.write() as tx:
                await keep_snapshot(tx, live.note_id, seq, packed)
        except STORAGE_ERRORS as error:
            log.warning("note snapshot not kept", note=live.note_id, error=type(error).__name__)

    async def recheck_all(self) -> None:
        """Read every right again, some connections at a time: a lost hint only delays. A database in trouble raises `STORAGE_ERRORS`."""
        conns = [conn for place in self._places.values() for conn in place.live.members.values()]
        for start in range(0, len(conns), RECHECKED_AT_ONCE):
            await self._read_and_apply(conns[start : start + RECHECKED_AT_ONCE])

    async def _recheck_often(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            with _until_asked_again():
                await self.recheck_all()

    async def _watch_rights(self) -> None:
        """See by the mark of all rights that one has changed, also where its hint was lost, or has run out: then all are read again.

        The mark counts as known only once they have been.
        """
        known: RightsMark | None = None
        while True:
            with _until_asked_again():
                known = await self._after(known)
            await asyncio.sleep(EPOCH_S)

    async def _after(self, known: RightsMark | None) -> RightsMark:
        async with self.house.database.read() as tx:
            mark = await rights_mark(tx, known, self.house.clock.now())
        if mark != known:
            await self.recheck_all()
        return mark

    def _recheck_note(self, live: LiveNote) -> None:
        if live.members:
            self.house.supervisor.spawn(self._recheck(list(live.members.values())), name="note right")

    async def _recheck(self, conns: Sequence[Member]) -> None:
        with _until_asked_again():
            await self._read_and_apply(conns)

    async def _read_and_apply(self, conns: Sequence[Member]) -> None:
        """Give, take away or close by the rights as they are now."""
        rights = await read_rights(self.house, [conn.subject for conn in conns])
        for conn, right in zip(conns, rights, strict=True):
            if isinstance(right, ConsiliumError):
                conn.end(right)
            else:
                conn.allow(writable=right)


@contextmanager
def _until_asked_again() -> Iterator[None]:
    """A database in trouble takes nobody's right away: it is asked again later."""
    try:
        yield
    except STORAGE_ERRORS as error:
        log.warning("note right not read", error=type(error).__name__)


def build_hub(house: House) -> Hub:
    return Hub(house, GroupCommit(store_for(house.database), house.clock))
