"""The live side of one consultation: one task owns the roster, everybody else sends it asks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from server.consultation.asks import Act, Ask, Join
from server.consultation.attendance import note_seen
from server.consultation.audience import Audience, Seat
from server.consultation.changes import Answer, Arrive, Change, End, Leave, Lose
from server.consultation.exchange import Exchange
from server.consultation.inbox import Inbox
from server.consultation.live_actions import load_room, perform, read_facts
from server.consultation.model import Stage
from server.consultation.readings import Readings, keep_readings
from server.consultation.recording import OFF
from server.consultation.recording_actions import keep_answer
from server.consultation.recording_steps import followed
from server.consultation.resume import resumed_peer
from server.consultation.rights import check_rights, objection
from server.consultation.roster import Facts, Roster, absorb, restore
from server.consultation.route import Route
from server.consultation.steps import Close, Step, act, attach, check_arrival, drop, expel, overdue, showing
from server.consultation.subject import RoomSubject
from server.consultation.tape import Tape
from server.consultation.topics import room_topic
from server.consultation.view import view_for
from server.consultation.welcome import welcome
from server.core.db import STORAGE_ERRORS
from server.core.house import House
from server.core.ids import new_id
from server.errors import Conflict, ConsiliumError, Overloaded
from server.identity.actions import note_use
from server.web.connection import RESTART
from server.web.endpoint import storage_error


@dataclass(frozen=True)
class RoomPace:
    tick_s: float = 1.0  # how often the room looks at its clock
    grace_s: float = 30.0  # a peer that drops may come back
    linger_s: float = 60.0  # an empty room stays in memory
    attendance_s: float = 15.0  # how often presence is stored
    recheck_s: float = 30.0  # rights are read again this often, whether or not a hint came


class Room:
    """Its task (`run`) alone touches the roster. It ends when nobody was there for the linger time, when it is closed, or with a bug."""

    def __init__(self, house: House, consultation_id: UUID, pace: RoomPace, forget: Callable[["Room"], None]) -> None:
        self.consultation_id = consultation_id
        self.inbox = Inbox()
        self._house = house
        self._pace = pace
        self._forget = forget
        self._audience = Audience()
        self._readings = Readings()
        self._exchange = Exchange(house.engines, consultation_id, self.inbox.nudge)
        self._tape = Tape(house, consultation_id, self._exchange.deck)
        self._roster: Roster
        self._lost: set[int] = set()
        self._recheck_due = False
        self._closing = False
        self._tick_at = self._attendance_at = self._recheck_at = self._busy_at = house.clock.monotonic()

    @property
    def participants(self) -> set[UUID]:
        """Return who has an open socket here."""
        return {subject.participant_id for _, subject in self._audience.subjects()}

    def lose(self, handle: int) -> None:
        """A socket has ended; never waits."""
        self._lost.add(handle)
        self.inbox.nudge()

    def recheck(self) -> None:
        """Have rights and facts read again; never waits. Called by hints."""
        self._recheck_due = True
        self.inbox.nudge()

    def close(self) -> None:
        """Have everybody sent away and the task ended; never waits."""
        self._closing = True
        self.inbox.nudge()

    async def run(self) -> None:
        """The room's task."""
        unsubscribe = self._house.bus.subscribe(room_topic(self.consultation_id), self.recheck)
        failure = _crashed()
        try:
            await self._load()
            while not self._closing and not self._idle():
                await self._turn()
            await self._say_goodbye()
            failure = Overloaded()
        except ConsiliumError as error:
            failure = error
        except STORAGE_ERRORS as error:
            failure = storage_error(error)
        finally:
            unsubscribe()
            self._exchange.close()
            self._forget(self)
            self._audience.close_all(failure.close_code, failure.message)
            self.inbox.end(failure)

    async def _load(self) -> None:
        async with self._house.database.read() as tx:
            facts, messages = await load_room(tx, self.consultation_id)
        now = self._house.clock.monotonic()
        # counted on from the clock: a page that outlived a restart must not take a new change for one that it knows
        route = Route(epoch=int(self._house.clock.now().timestamp()))
        recording = await self._tape.load()
        self._roster = self._exchange.steer(replace(restore(facts, messages, now), route=route, recording=recording), now)
        self._busy_at, self._recheck_at = now, now + self._pace.recheck_s

    async def _turn(self) -> None:
        """Look at what is urgent, then at one ask, then at the clock."""
        self._drop_lost()
        await self._hear_engine()
        if self._recheck_due:
            await self._recheck()
        ask = await self.inbox.next(self._pace.tick_s)
        if ask is not None:
            await self._answer(ask)
        if self._house.clock.monotonic() >= self._tick_at:
            await self._tick()

    async def _answer(self, ask: Ask) -> None:
        """Carry out one ask; an error of the tree is its answer, a bug ends the room."""
        outcome: ConsiliumError | None = _crashed()
        closes: tuple[Close, ...] = ()
        try:
            closes = await (self._join(ask.what) if isinstance(ask.what, Join) else self._act(ask.what))
            outcome = None
        except ConsiliumError as error:
            outcome = error
        except STORAGE_ERRORS as error:
            outcome = storage_error(error)
        finally:
            ask.answer(outcome)
        self._audience.close(closes)

    async def _join(self, join: Join) -> tuple[Close, ...]:
        """Store the arrival, bind the socket, answer with the snapshot, tell the others; returns whom it replaces."""
        if join.line.closing:
            return ()
        subject = join.subject
        check_arrival(self._roster, subject.participant_id)
        facts = await self._store(Arrive(subject.participant_id, fresh=join.resume is None), subject)
        resumed = resumed_peer(self._house.secrets, subject.participant_id, join.resume)
        fresh = str(new_id())
        step = attach(absorb(self._roster, facts), subject.participant_id, join.handle, resumed, fresh)
        if join.media is not None:
            step = replace(step, roster=showing(step.roster, subject.participant_id, join.media))
        member = step.roster.members[subject.participant_id]
        peer = fresh if member.peer is None else member.peer.id
        view = view_for(step.roster, member, join.line.say)
        self._audience.add(join.handle, Seat(join.line, subject, view, self._watch_person(subject)))
        join.line.reply(join.hello_id, "welcome", welcome(self._house, member.id, peer, join.line.beat_s, view))
        closes = await self._take(step)
        self._audience.tell(self._exchange.pending(self._roster, peer))
        return closes

    def _watch_person(self, subject: RoomSubject) -> Callable[[], None]:
        if subject.viewer is None:
            return lambda: None
        return self._house.bus.subscribe(f"person:{subject.viewer.person_id}", self.recheck)

    async def _act(self, what: Act) -> tuple[Close, ...]:
        if what.handle is not None:
            member = self._roster.by_handle(what.handle)
            if member is None or member.id != what.participant_id:
                raise Conflict("You are connected from another place.", code="replaced")
        elif what.participant_id not in self._roster.members:
            await self._read_facts()
        step = act(self._roster, what.participant_id, what.command)
        if isinstance(step.store, Answer):
            step = replace(step, store=replace(step.store, language=what.language))
        return await self._take(step)

    async def _take(self, step: Step) -> tuple[Close, ...]:
        """Store, then believe, then tell: nobody hears of what was not committed. Returns whom to close once the asker is answered."""
        roster = step.roster
        self._tape.brake(roster.recording)
        if step.store is not None:
            roster = absorb(roster, await self._store(step.store))
        await self._believe(roster)
        if step.word is not None:
            self._exchange.say(*step.word, self._roster.route.epoch)
        if step.measured is not None:
            self._readings.note(step.measured, self._house.clock.now())
        self._audience.tell(step.tells)
        return step.closes

    async def _believe(self, roster: Roster) -> None:
        """Bring the recording and the way of the media after it, then show it to everybody."""
        roster = followed(roster, self._house.clock.now())
        await self._tape.follow(self._roster, roster)
        roster = self._tape.shown(self._exchange.steer(roster, self._house.clock.monotonic()))
        if roster is not self._roster:
            self._roster = roster
            self._audience.publish(roster)

    async def _hear_engine(self) -> None:
        """A recording that the engine gave up is over for everybody; what the database does not take is stored by the next turn."""
        try:
            roster, tells = self._exchange.take(self._roster, self._house.clock.monotonic())
            await self._believe(roster)
            self._audience.tell(tells)
            if await self._tape.hear(self._roster.recording):
                await self._believe(replace(self._roster, recording=OFF))
        except STORAGE_ERRORS as error:
            storage_error(error)

    async def _store(self, change: Change, subject: RoomSubject | None = None) -> Facts:
        """Commit one change; an arrival only if `subject` has the right to it at this moment."""
        now = self._house.clock.now()
        async with self._house.database.write() as tx:
            if subject is not None:
                await check_rights(tx, self._house.settings, subject, now)
            if isinstance(change, (Leave, Lose, End)):
                await note_seen(tx, self._seen(None if isinstance(change, End) else change.participant_id))
            if isinstance(change, Answer):
                await keep_answer(tx, change, self._tape.recording_id, now)
            return await perform(tx, self.consultation_id, change, now)

    def _drop_lost(self) -> None:
        if not self._lost:
            return
        now = self._house.clock.monotonic()
        for handle in self._lost:
            self._audience.lose(handle)
            self._roster = drop(self._roster, handle, now)
        self._lost.clear()
        self._audience.publish(self._roster)

    async def _recheck(self) -> None:
        """Ask the doors again for everybody who is here; a database that does not answer is asked again at the next tick."""
        self._recheck_due = False
        self._recheck_at = self._house.clock.monotonic() + self._pace.recheck_s
        try:
            await self._read_facts()
            for handle, error in await self._withdrawn():
                self._audience.close(await self._take(expel(self._roster, handle, error.close_code, error.message)))
        except STORAGE_ERRORS as error:
            storage_error(error)
            self._recheck_at = self._tick_at

    async def _read_facts(self) -> None:
        async with self._house.database.read() as tx:
            facts = await read_facts(tx, self.consultation_id)
        await self._believe(absorb(self._roster, facts))

    async def _withdrawn(self) -> list[tuple[int, ConsiliumError]]:
        now, settings = self._house.clock.now(), self._house.settings
        async with self._house.database.read() as tx:
            asked = [(handle, await objection(tx, settings, subject, now)) for handle, subject in list(self._audience.subjects())]
        return [(handle, error) for handle, error in asked if error is not None]

    async def _tick(self) -> None:
        now = self._house.clock.monotonic()
        self._tick_at = now + self._pace.tick_s
        self._recheck_due = self._recheck_due or now >= self._recheck_at
        try:
            await self._believe(self._roster)
            while (step := overdue(self._roster, now, self._pace.grace_s)) is not None:
                await self._take(step)
            if now >= self._attendance_at:
                self._attendance_at = now + self._pace.attendance_s
                await self._store_attendance()
        except STORAGE_ERRORS as error:
            storage_error(error)

    async def _store_attendance(self) -> None:
        seen, readings = self._seen(), self._readings.waiting()
        if seen or readings:
            async with self._house.database.write() as tx:
                await note_seen(tx, seen)
                await keep_readings(tx, readings)
                await note_use(tx, self._audience.logins(), self._house.settings, self._house.clock.now())
            self._readings.kept(readings)

    def _seen(self, only: UUID | None = None) -> dict[UUID, datetime]:
        """Return when each participant with a peer, or only this one, was last heard; a patient who has left is only being closed."""
        now, monotonic = self._house.clock.now(), self._house.clock.monotonic()
        members = [member for member in self._roster.members.values() if only in {None, member.id} and member.stage != Stage.LEFT]
        heard = {member.id: self._audience.heard_at(member) for member in members}
        return {name: now - timedelta(seconds=monotonic - at) for name, at in heard.items() if at is not None}

    def _idle(self) -> bool:
        """Whether nobody was here, and nobody knocked, for the linger time."""
        now = self._house.clock.monotonic()
        if self._lost or not self.inbox.empty or any(member.peer is not None for member in self._roster.members.values()):
            self._busy_at = now
        return now - self._busy_at >= self._pace.linger_s

    async def _say_goodbye(self) -> None:
        """After the linger time nobody is left to hear it, and nothing is left to wait for: no ask can slip in before the end."""
        self._audience.close_all(RESTART, "The server is restarting.")
        await self._store_attendance()


def _crashed() -> ConsiliumError:
    return ConsiliumError("Something went wrong on our side. Please try again.")
