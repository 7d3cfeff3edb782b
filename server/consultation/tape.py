"""What a room does about its recording: stores what is agreed, and drives the engine. Owned by the room's task.

The engine hears of a pause and of an end before anything is stored, and of a beginning only once everything is.
"""

from uuid import UUID

import structlog

from server.consultation import recording_actions as actions
from server.consultation.deck import Deck
from server.consultation.model import Stage
from server.consultation.recording import Recording, RecordingState
from server.consultation.roster import Roster
from server.core.house import House
from server.media_control import Recorded, RecordingFailed

log = structlog.get_logger(__name__)


class Tape:
    """The recording of one room, if there is one; `deck` has the engine's rooms."""

    def __init__(self, house: House, consultation_id: UUID, deck: Deck) -> None:
        self.recording_id: UUID | None = None
        self._house = house
        self._consultation_id = consultation_id
        self._deck = deck
        self._owners: dict[str, UUID] = {}
        self._runs = False

    def brake(self, after: Recording) -> None:
        """Pause at once unless recording goes on, whether or not that can be stored; never waits."""
        if self._runs and after.state != RecordingState.ON:
            self._deck.pause()
            self._runs = False

    async def follow(self, before: Roster, after: Roster) -> None:
        """Store and carry out the way from one state to the next; what the database does not take has not happened, but for the pause."""
        old, new = before.recording, after.recording
        self.brake(new)
        if new.begun:
            self._note_owners(after)
        if old == new:
            return
        if new.begun and not old.begun:
            await self._begin(new)
        elif new.state == RecordingState.ON:
            self._resume()
        elif new.state == RecordingState.OFF:
            await self._end(old, new)

    async def hear(self, now: Recording) -> bool:
        """Store what the engine has said; returns whether it gave up what was going on."""
        failed = False
        while self._deck.told:
            failed = await self._hear(self._deck.told[0], now) or failed
            self._deck.told.popleft()
        return failed

    async def _hear(self, event: Recorded | RecordingFailed, now: Recording) -> bool:
        database, clock = self._house.database, self._house.clock
        if isinstance(event, Recorded):
            async with database.write() as tx:
                await actions.keep_tracks(tx, event, self._owners, clock.now())
            return False
        log.warning("recording failed", fault=event.reason)
        if self.recording_id is None or not now.begun:
            return False
        async with database.write() as tx:
            await actions.fail(tx, self.recording_id, clock.now())
        self._deck.stop(clock.monotonic())
        self.recording_id, self._runs = None, False
        return True

    async def _begin(self, new: Recording) -> None:
        async with self._house.database.write() as tx:
            row, key = await actions.begin(tx, self._house.keyring, self._consultation_id, new)
        self.recording_id = row.id
        self._deck.record(row.folder, key)
        self._runs = True

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
        self.recording_id = None

    def _note_owners(self, roster: Roster) -> None:
        """Remember whose browser each one is, for as long as the room lives: the engine knows browsers only."""
        here = (member for member in roster.members.values() if member.stage == Stage.IN_CALL and member.peer is not None)
        self._owners |= {member.peer.id: member.id for member in here if member.peer is not None}
