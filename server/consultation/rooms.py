"""The registry of the live rooms of this process: the only way to one."""

import asyncio
import itertools
from uuid import UUID

import structlog

from server.consultation.asks import Act, Ask, asked
from server.consultation.attendance import find_stale, sweep_stale
from server.consultation.commands import Command
from server.consultation.lapse import find_lapsed, sweep_lapsed
from server.consultation.room import Room, RoomPace
from server.core.house import House
from server.errors import Overloaded

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 60.0


def build_rooms(house: House, pace: RoomPace | None = None) -> "Rooms":
    return Rooms(house, pace or RoomPace())


class Rooms:
    """Owns the rooms' tasks. A room is in the registry before its first await, so two callers never load one consultation twice."""

    def __init__(self, house: House, pace: RoomPace) -> None:
        self._house = house
        self._pace = pace
        self._rooms: dict[UUID, Room] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._handles = itertools.count(1)
        self._closing = False

    def start(self) -> None:
        """Begin to sweep up what a crash may have left, and what nobody ended."""
        self._house.supervisor.keep(self._sweep_attendance, name="attendance sweep")
        self._house.supervisor.keep(self._sweep_lapsed, name="lapse sweep")

    def new_handle(self) -> int:
        """Return a name for a socket that this process has not used before."""
        return next(self._handles)

    async def run(self, consultation_id: UUID, participant_id: UUID, command: Command) -> None:
        """Carry out a command for an HTTP request that passed its door; raises what the command raises."""
        ask, outcome = asked(Act(participant_id, None, command))
        await self.post(consultation_id, ask)
        await outcome

    async def post(self, consultation_id: UUID, ask: Ask) -> Room:
        """Hand an ask to the room of a consultation, loading it if need be; raises `Overloaded` while the process ends."""
        room = self._of(consultation_id)
        await room.inbox.put(ask)
        return room

    async def close(self, deadline_s: float) -> None:
        """Ask everybody to come back (1012), store who was there, and wait for the rooms at most so long."""
        self._closing = True
        for room in self._rooms.values():
            room.close()
        tasks = set(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_s)

    def _of(self, consultation_id: UUID) -> Room:
        room = self._rooms.get(consultation_id)
        if room is None:
            if self._closing:
                raise Overloaded
            room = self._rooms[consultation_id] = Room(self._house, consultation_id, self._pace, self._forget)
            self._tasks[consultation_id] = self._house.supervisor.spawn(room.run(), name="room")
        return room

    def _forget(self, room: Room) -> None:
        """Called by the room at its end, before it refuses asks: the next one makes a new room."""
        del self._rooms[room.consultation_id]
        del self._tasks[room.consultation_id]

    async def _sweep_attendance(self) -> None:
        while True:
            await self.sweep_attendance()
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep_attendance(self) -> None:
        present = {participant for room in self._rooms.values() for participant in room.participants}
        now = self._house.clock.now()
        async with self._house.database.read() as tx:
            found = await find_stale(tx, present, now)
        if found:
            async with self._house.database.write() as tx:
                swept = await sweep_stale(tx, present, now)
            log.info("attendance swept", stretches=swept)

    async def _sweep_lapsed(self) -> None:
        while True:
            await self.sweep_lapsed()
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep_lapsed(self) -> None:
        now = self._house.clock.now()
        async with self._house.database.read() as tx:
            found = await find_lapsed(tx, now)
        if found:
            async with self._house.database.write() as tx:
                lapsed = await sweep_lapsed(tx, found, now)
            log.info("consultations lapsed", consultations=lapsed)
