"""What a room does about its recording: stores what is agreed, and drives the engine. Owned by the room's task.

The engine hears of a pause and of an end before anything is stored, and of a beginning only once everything is. What an earlier room did
not end goes on as soon as everybody who was in the call is back, or is out of it.
"""

from dataclasses import replace
from uuid import UUID

import structlog

from server.consultation import recording_actions as actions
from server.consultation.deck import Deck, Told
from server.consultation.model import Stage
from server.consultation.recording import OFF, Recording, RecordingState, written
from server.consultation.recording_stretches import TakenUp, find_unended, note_owners, note_unseen, take_up
from server.consultation.roster import Roster
from server.core.house import House
from server.media_control import NotRecorded, Recorded, RecordingFailed

log = structlog.get_logger(__name__)


class Tape:
    """The recording of one room, if there is one; `deck` has the engine's rooms."""

    def __init__(self, house: House, consultation_id: UUID, deck: Deck) -> None:
        self.recording_id: UUID | None = None
        self._house = house
        self._consultation_id = consultation_id
        self._deck = deck
        self._owners: dict[str, UUID] = {}
        self._unseen: set[UUID] = set()
        self._runs = False
        self._left: TakenUp | None = None

    async def load(self) -> Recording:
        """Return what an earlier room was recording when it stopped, or nothing."""
        database, now = self._house.database, self._house.clock.now()
        async with database.read() as tx:
            unended = await find_unended(tx, self._consultation_id)
        if unended is None:
            return OFF
        async with database.write() as tx:
            self._left = await take_up(tx, self._house.keyring, unended, now)
        if self._left is None:
            return OFF
        self.recording_id, self._owners = unended, self._left.owners
        return self._left.state

    def brake(self, after: Recording) -> None:
        """Pause at once unless recording goes on, whether or not that can be stored; never waits."""
        if self._runs and after.state != RecordingState.ON:
            self._deck.pause()
            self._runs = False

    async def follow(self, before: Roster, after: Roster) -> None:
        """Store and carry out the way from one state to the next; what the database does not take has not happened, but for the pause."""
        old, new = before.recording, after.recording
        self.brake(new)
        if new.begun and old.begun:
            await self._note_owners(after)
        if self._left is not None and new.begun:
            self._go_on(self._left, after)
        elif old == new:
            return
        elif new.begun and not old.begun:
            await self._begin(after)
        elif new.state == RecordingState.ON:
            self._resume()
        elif new.state == RecordingState.OFF:
            await self._end(old, new)

    def shown(self, roster: Roster) -> Roster:
        """Return the room with what becomes of its recording on the engine at this moment."""
        now = written(roster.recording, writes=self._deck.writes, unseen=self._unseen)
        return roster if now == roster.recording else replace(roster, recording=now)

    async def hear(self, now: Recording) -> bool:
        """Store what the engine has said; returns whether it gave up what was going on."""
        failed = False
        while self._deck.told:
            failed = await self._hear(self._deck.told[0], now) or failed
            self._deck.told.popleft()
        return failed

    async def _hear(self, event: Told, now: Recording) -> bool:
        database, clock = self._house.database, self._house.clock
        match event:
            case Recorded():
                async with database.write() as tx:
                    await actions.keep_tracks(tx, event, clock.now())
                return False
            case NotRecorded():
                await self._miss(event)
                return False
            case RecordingFailed():
                log.warning("recording failed", fault=event.reason)
        if self.recording_id is None or not now.begun:
            return False
        async with database.write() as tx:
            await actions.fail(tx, self.recording_id, clock.now())
        self._deck.stop(clock.monotonic())
        self.recording_id, self._runs, self._left = None, False, None
        return True

    async def _miss(self, event: NotRecorded) -> None:
        """What cannot be recorded of somebody is said to everybody, and stands in the list of what was recorded."""
        if self.recording_id is None or not event.folder.startswith(self.recording_id.hex):
            return
        log.warning("not recorded", code=event.codec)
        async with self._house.database.write() as tx:
            owner = await note_unseen(tx, self.recording_id, event, self._house.clock.now())
        if owner is not None:
            self._unseen.add(owner)

    async def _begin(self, after: Roster) -> None:
        owners = _browsers(after)
        async with self._house.database.write() as tx:
            row, key = await actions.begin(tx, self._house.keyring, self._consultation_id, after.recording)
            await note_owners(tx, row.id, owners)
        self.recording_id, self._owners, self._unseen = row.id, owners, set()
        self._deck.record(row.folder, key, self._house.clock.monotonic())
        self._runs = True

    def _go_on(self, left: TakenUp, roster: Roster) -> None:
        """Wait for everybody who is in the call to be back; the folder's number is one that no earlier process has come to."""
        if any(member.peer is None for member in roster.in_call):
            return
        self._left = None
        clock = self._house.clock
        self._runs = True
        self.brake(roster.recording)
        self._deck.record(left.row.folder, left.key, clock.monotonic(), count=int(clock.now().timestamp()))

    def _resume(self) -> None:
        if not self._runs:
            self._deck.resume()
            self._runs = True

    async def _end(self, old: Recording, new: Recording) -> None:
        now = self._house.clock.now()
        if not old.begun or self.recording_id is None:
            async with self._house.database.write() as tx:
                await actions.drop_asking(tx, self._consultation_id, now)
            return
        self._deck.stop(self._house.clock.monotonic())
        async with self._house.database.write() as tx:
            await actions.end(tx, self.recording_id, new, now)
        self.recording_id = self._left = None

    async def _note_owners(self, roster: Roster) -> None:
        """Store whose browser each one is before it is recorded: the engine knows browsers only."""
        owners = _browsers(roster)
        if self.recording_id is not None and not owners.keys() <= self._owners.keys():
            async with self._house.database.write() as tx:
                await note_owners(tx, self.recording_id, owners)
            self._owners |= owners


def _browsers(roster: Roster) -> dict[str, UUID]:
    here = (member for member in roster.members.values() if member.stage == Stage.IN_CALL)
    return {member.peer.id: member.id for member in here if member.peer is not None}
