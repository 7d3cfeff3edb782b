"""What a room does about its recording: stores what is agreed, and drives the engine. Owned by the room's task.

The engine hears of a pause and of an end before anything is stored, and of a beginning only once everything is.
"""

from collections import deque
from uuid import UUID

import structlog

from server.consultation import recording_actions as actions
from server.consultation.model import Stage
from server.consultation.recording import Recording, RecordingState
from server.consultation.roster import Roster
from server.core.house import House
from server.errors import Conflict
from server.ports import Recorded, Recorder, RecordingFailed

log = structlog.get_logger(__name__)


class Tape:
    """The recording of one room, if there is one. Without an engine there never is."""

    def __init__(self, house: House, consultation_id: UUID, recorder: Recorder | None) -> None:
        self.recording_id: UUID | None = None
        self._house = house
        self._consultation_id = consultation_id
        self._recorder = recorder
        self._owners: dict[str, UUID] = {}
        self._told: deque[Recorded | RecordingFailed] = deque()
        self._runs = False

    def check_able(self) -> None:
        """Raises `Conflict` where there is no engine to record with."""
        if self._recorder is None or not self._recorder.able:
            raise Conflict("This server cannot record at the moment.", code="no_engine")

    def brake(self, after: Recording) -> None:
        """Pause at once unless recording goes on, whether or not that can be stored; never waits."""
        if self._runs and after.state != RecordingState.ON and self._recorder is not None:
            self._recorder.pause_recording(self._consultation_id)
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

    def told(self, event: Recorded | RecordingFailed) -> None:
        """The engine has said something; never waits."""
        self._told.append(event)

    async def hear(self, now: Recording) -> bool:
        """Store what the engine has said; returns whether it gave up what was going on."""
        failed = False
        while self._told:
            failed = await self._hear(self._told[0], now) or failed
            self._told.popleft()
        return failed

    async def _hear(self, event: Recorded | RecordingFailed, now: Recording) -> bool:
        database, clock = self._house.database, self._house.clock
        if isinstance(event, Recorded):
            async with database.write() as tx:
                await actions.keep_tracks(tx, UUID(hex=event.folder), event.tracks, self._owners, clock.now())
            return False
        log.warning("recording failed", fault=event.reason)
        if self.recording_id is None or not now.begun:
            return False
        async with database.write() as tx:
            await actions.fail(tx, self.recording_id, clock.now())
        self.recording_id, self._runs = None, False
        return True

    async def _begin(self, new: Recording) -> None:
        async with self._house.database.write() as tx:
            row, key = await actions.begin(tx, self._house.keyring, self._consultation_id, new)
        self.recording_id = row.id
        if self._recorder is not None:
            self._recorder.record(self._consultation_id, row.folder, key)
            self._runs = True

    def _resume(self) -> None:
        if self._recorder is not None and not self._runs:
            self._recorder.resume_recording(self._consultation_id)
            self._runs = True

    async def _end(self, old: Recording, new: Recording) -> None:
        now = self._house.clock.now()
        if not old.begun or self.recording_id is None:
            async with self._house.database.write() as tx:
                await actions.drop_asking(tx, self._consultation_id, now)
            return
        if self._recorder is not None:
            self._recorder.stop_recording(self._consultation_id)
        async with self._house.database.write() as tx:
            await actions.end(tx, self.recording_id, new, now)
        self.recording_id = None

    def _note_owners(self, roster: Roster) -> None:
        """Remember whose browser each one is, for as long as the room lives: the engine knows browsers only."""
        here = (member for member in roster.members.values() if member.stage == Stage.IN_CALL and member.peer is not None)
        self._owners |= {member.peer.id: member.id for member in here if member.peer is not None}
