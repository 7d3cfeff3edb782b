"""The live side of one consultation: one task owns the roster, everybody else sends it asks."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import OperationalError

from server.consultation.asks import Act, Ask, Join
from server.consultation.attendance import note_seen
from server.consultation.audience import Audience, Seat
from server.consultation.changes import Arrive, Change, Leave, Lose
from server.consultation.live_actions import load_room, perform, read_facts
from server.consultation.resume import resume_token, resumed_peer
from server.consultation.rights import check_rights
from server.consultation.roster import Facts, Roster, absorb, restore
from server.consultation.steps import Step, act, attach, check_arrival, drop, expel, overdue
from server.consultation.subject import RoomSubject
from server.consultation.turn import ice_servers
from server.consultation.view import view_for
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id
from server.errors import Conflict, ConsiliumError, Forbidden, NotFound
from server.web.connection import RESTART
from server.web.endpoint import storage_error

MAX_INBOX = 256  # asks that wait; whoever brings one more waits, and with it the sender behind the socket


@dataclass(frozen=True)
class RoomPace:
    beat_s: float = 5.0  # what pages are told; the connections keep it
    tick_s: float = 1.0  # how often the room looks at its clock
    grace_s: float = 30.0  # a peer that drops may come back
    linger_s: float = 60.0  # an empty room stays in memory
    attendance_s: float = 15.0  # how often presence is stored
    recheck_s: float = 30.0  # rights are read again this often, whether or not a hint came


class RoomGone(Exception):
    """This object is no longer the room; ask the registry for the one that is."""


class Room:
    """Its task (`run`) is the only one that touches the roster. It ends when nobody was there for the linger time, or with a bug."""

    def __init__(self, house: House, consultation_id: UUID, pace: RoomPace, forget: Callable[["Room"], None]) -> None:
        self.consultation_id = consultation_id
        self._house = house
        self._pace = pace
        self._forget = forget
        self._inbox: asyncio.Queue[Ask | None] = asyncio.Queue(MAX_INBOX)
        self._lost: set[int] = set()
        self._recheck_due = False
        self._closing = False
        self._dead = False
        self._audience = Audience()
        self._roster: Roster
        now = house.clock.monotonic()
        self._tick_at = self._attendance_at = self._recheck_at = self._busy_at = now

    @property
    def participants(self) -> set[UUID]:
        """Return who has an open socket here."""
        return {subject.participant_id for _, subject in self._audience.subjects()}

    async def post(self, ask: Ask) -> None:
        """Hand over an ask; waits while the inbox is full. Raises `RoomGone` where nothing was handed over."""
        if self._dead:
            raise RoomGone
        await self._inbox.put(ask)
        if self._dead:
            self._drain(_crashed())

    def lose(self, handle: int) -> None:
        """A socket has ended; never waits, may come at any time, also before its join was looked at."""
        self._lost.add(handle)
        self._nudge()

    def recheck(self) -> None:
        """Read rights and facts again; never waits. Called by hints."""
        self._recheck_due = True
        self._nudge()

    def close(self) -> None:
        """Say goodbye to everybody and end; never waits."""
        self._closing = True
        self._nudge()

    async def run(self) -> None:
        """The room's task."""
        unsubscribe = self._house.bus.subscribe(f"rights:{self.consultation_id}", self.recheck)
        failure: ConsiliumError = _crashed()
        try:
            await self._load()
            while not self._closing and not self._idle():
                await self._turn()
            await self._say_goodbye()
        except ConsiliumError as error:
            failure = error
        except OperationalError as error:
            failure = storage_error(error)
        finally:
            unsubscribe()
            self._end(failure)

    async def _load(self) -> None:
        async with self._house.database.read() as tx:
            facts, messages = await load_room(tx, self.consultation_id)
        now = self._house.clock.monotonic()
        self._roster = restore(facts, messages, now)
        self._busy_at, self._recheck_at = now, now + self._pace.recheck_s

    async def _turn(self) -> None:
        """Look at what is urgent, then at one ask, then at the clock."""
        self._drop_lost()
        if self._recheck_due:
            await self._recheck()
        ask = await self._next_ask()
        if ask is not None:
            await self._answer(ask)
        if self._house.clock.monotonic() >= self._tick_at:
            await self._tick()

    async def _next_ask(self) -> Ask | None:
        try:
            async with asyncio.timeout(self._pace.tick_s):
                return await self._inbox.get()
        except TimeoutError:
            return None

    async def _answer(self, ask: Ask) -> None:
        """Carry out one ask; an error of the tree is its answer, a bug ends the room."""
        error: ConsiliumError | None = _crashed()
        try:
            await self._carry_out(ask.what)
            error = None
        except ConsiliumError as refused:
            error = refused
        except OperationalError as failed:
            error = storage_error(failed)
        finally:
            ask.answer(error)

    async def _carry_out(self, what: Join | Act) -> None:
        if isinstance(what, Join):
            await self._join(what)
        else:
            await self._act(what)

    async def _join(self, join: Join) -> None:
        """Store the arrival, bind the socket, answer with the snapshot, tell the others."""
        subject = join.subject
        if join.handle in self._lost:
            return
        check_arrival(self._roster, subject.participant_id)
        facts = await self._store(Arrive(subject.participant_id, fresh=join.resume is None), subject)
        resumed = resumed_peer(self._house.secrets, subject.participant_id, join.resume)
        step = attach(absorb(self._roster, facts), subject.participant_id, join.handle, resumed, str(new_id()))
        view = view_for(step.roster, step.roster.members[subject.participant_id])
        self._audience.add(join.handle, Seat(join.line, subject, view, self._watch_person(subject)))
        join.line.reply(join.hello_id, "welcome", self._welcome(step.roster, subject, view))
        await self._take(step)

    def _welcome(self, roster: Roster, subject: RoomSubject, view: object) -> dict[str, object]:
        peer = roster.members[subject.participant_id].peer
        assert peer is not None  # noqa: S101 - attached just now
        return {
            "you": str(subject.participant_id),
            "peer": peer.id,
            "resume": resume_token(self._house.secrets, subject.participant_id, peer.id),
            "beat_s": self._pace.beat_s,
            "ice": ice_servers(self._house.settings, self._house.clock.now(), subject.participant_id),
            "snapshot": view,
        }

    def _watch_person(self, subject: RoomSubject) -> Callable[[], None]:
        if subject.viewer is None:
            return lambda: None
        return self._house.bus.subscribe(f"person:{subject.viewer.person_id}", self.recheck)

    async def _act(self, ask: Act) -> None:
        if ask.handle is not None:
            member = self._roster.by_handle(ask.handle)
            if member is None or member.id != ask.participant_id:
                raise Conflict("You are connected from another place.", code="replaced")
        elif ask.participant_id not in self._roster.members:
            await self._read_facts()
        await self._take(act(self._roster, ask.participant_id, ask.command))

    async def _take(self, step: Step) -> None:
        """Store, then believe, then tell: nobody hears of what was not committed."""
        roster = step.roster
        if step.store is not None:
            roster = absorb(roster, await self._store(step.store))
        if roster is not self._roster:
            self._roster = roster
            self._audience.publish(roster)
        self._audience.tell(step.tells)
        self._audience.close(step.closes)

    async def _store(self, change: Change, subject: RoomSubject | None = None) -> Facts:
        """Commit one change; of an arrival only if `subject` has the right to it at this moment."""
        now = self._house.clock.now()
        async with self._house.database.write() as tx:
            if subject is not None:
                await check_rights(tx, self._house.settings, subject, now)
            if isinstance(change, (Leave, Lose)):
                await note_seen(tx, self._seen(change.participant_id))
            return await perform(tx, self.consultation_id, change, now)

    def _drop_lost(self) -> None:
        now = self._house.clock.monotonic()
        for handle in self._lost:
            self._audience.lose(handle)
            self._roster = drop(self._roster, handle, now)
        if self._lost:
            self._lost.clear()
            self._audience.publish(self._roster)

    async def _recheck(self) -> None:
        """Ask the doors again for everybody who is here; a database that does not answer is asked again at the next tick."""
        self._recheck_due = False
        self._recheck_at = self._house.clock.monotonic() + self._pace.recheck_s
        try:
            await self._read_facts()
            for handle, error in await self._withdrawn():
                await self._take(expel(self._roster, handle, error.close_code, error.message))
        except OperationalError as error:
            storage_error(error)
            self._recheck_at = self._tick_at

    async def _read_facts(self) -> None:
        async with self._house.database.read() as tx:
            facts = await read_facts(tx, self.consultation_id)
        self._roster = absorb(self._roster, facts)
        self._audience.publish(self._roster)

    async def _withdrawn(self) -> list[tuple[int, ConsiliumError]]:
        now = self._house.clock.now()
        async with self._house.database.read() as tx:
            asked = [(handle, await self._objection(tx, subject, now)) for handle, subject in list(self._audience.subjects())]
        return [(handle, error) for handle, error in asked if error is not None]

    async def _objection(self, tx: Tx, subject: RoomSubject, now: datetime) -> ConsiliumError | None:
        try:
            await check_rights(tx, self._house.settings, subject, now)
        except NotFound:
            return Forbidden("You may no longer see this consultation.", code="withdrawn")
        except ConsiliumError as error:
            return error
        return None

    async def _tick(self) -> None:
        now = self._house.clock.monotonic()
        self._tick_at = now + self._pace.tick_s
        self._recheck_due = self._recheck_due or now >= self._recheck_at
        try:
            while (step := overdue(self._roster, now, self._pace.grace_s)) is not None:
                await self._take(step)
            if now >= self._attendance_at:
                self._attendance_at = now + self._pace.attendance_s
                await self._store_attendance()
        except OperationalError as error:
            storage_error(error)

    async def _store_attendance(self) -> None:
        seen = self._seen()
        if seen:
            async with self._house.database.write() as tx:
                await note_seen(tx, seen)

    def _seen(self, only: UUID | None = None) -> dict[UUID, datetime]:
        """Return when each connected participant, or only this one, was last heard."""
        clock = self._house.clock
        now, monotonic = clock.now(), clock.monotonic()
        members = [member for member in self._roster.members.values() if only in {None, member.id}]
        heard = {member.id: self._audience.heard_at(member) for member in members}
        return {name: now - timedelta(seconds=monotonic - at) for name, at in heard.items() if at is not None}

    def _idle(self) -> bool:
        """Whether nobody was here, and nobody knocked, for the linger time."""
        now = self._house.clock.monotonic()
        if self._lost or not self._inbox.empty() or any(member.peer is not None for member in self._roster.members.values()):
            self._busy_at = now
        return now - self._busy_at >= self._pace.linger_s

    async def _say_goodbye(self) -> None:
        """Nobody is left after the linger time; at the end of the process, everybody is asked to come back at once."""
        self._audience.close_all(RESTART, "The server is restarting.")
        await self._store_attendance()

    def _end(self, failure: ConsiliumError) -> None:
        self._dead = True
        self._forget(self)
        self._audience.close_all(failure.close_code, failure.message)
        self._drain(failure)

    def _drain(self, failure: ConsiliumError) -> None:
        while not self._inbox.empty():
            ask = self._inbox.get_nowait()
            if ask is not None:
                ask.answer(failure)

    def _nudge(self) -> None:
        """Wake the task; a full inbox keeps it awake anyway."""
        if not self._inbox.full():
            self._inbox.put_nowait(None)


def _crashed() -> ConsiliumError:
    return ConsiliumError("Something went wrong on our side. Please try again.")
