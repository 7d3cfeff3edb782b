"""Books in a process of its own, as fast as it can: `python -m tests.racer` reads a `Race` as JSON, says `ready`, waits for a line, races.

The last line that it prints is its `Tally` as JSON.
"""

import asyncio
import dataclasses
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.adapters.memory_bus import MemoryBus
from server.booking.actions import Details, cancel, confirm, hold, move
from server.booking.guard import JustTaken
from server.booking.model import Appointment, Party, Service
from server.booking.offer import slots_of
from server.core.db import STORAGE_ERRORS, Database, Events
from server.errors import ConsiliumError

WHO = Details("Erin Evans", "+447700900002", None)


@dataclass(frozen=True)
class Race:
    """`attempts` to book one of `starts` (ISO, UTC) at the time `now`, `at_once` of them at a time. With `wild` the winners go on to
    confirm, move and cancel, so that freed times are fought for again."""

    url: str
    service_ids: list[str]
    starts: list[str]
    now: str
    attempts: int
    at_once: int
    wild: bool
    seed: int


@dataclass
class Tally:
    """What came of it; `fresh` are the losers who were then shown slots, `worst_s` the longest attempt with all that followed."""

    outcomes: dict[str, int]
    fresh: int
    worst_s: float


class Racer:
    def __init__(self, race: Race) -> None:
        self.race = race
        self.database = Database(race.url, MemoryBus(), Events())
        self.now = datetime.fromisoformat(race.now)
        self.dice = random.Random(race.seed)
        self.outcomes: Counter[str] = Counter()
        self.fresh = 0
        self.worst_s = 0.0

    async def run(self) -> Tally:
        left = iter(range(self.race.attempts))

        async def lane() -> None:
            for _ in left:
                await self._attempt()

        await asyncio.gather(*(lane() for _ in range(self.race.at_once)))
        await self.database.close()
        return Tally(dict(self.outcomes), self.fresh, self.worst_s)

    async def warm(self) -> None:
        """Open a connection and compile the statements, as a server that has been up for a while has."""
        async with self.database.read() as tx:
            service = await tx.get_one(Service, UUID(self.race.service_ids[0]))
            await slots_of(tx, service, self.now.date(), 1, self.now)

    async def _attempt(self) -> None:
        began = time.monotonic()
        try:
            appointment = await self._hold()
            self.outcomes["won"] += 1
            if self.race.wild:
                await self._go_on(appointment.id)
        except JustTaken:
            self.outcomes["just_taken"] += 1
            await self._look_again()
        except ConsiliumError as error:
            self.outcomes[error.code] += 1
        except STORAGE_ERRORS as error:
            self.outcomes[type(getattr(error, "orig", error)).__name__] += 1
        self.worst_s = max(self.worst_s, time.monotonic() - began)

    async def _hold(self) -> Appointment:
        async with self.database.write() as tx:
            service = await tx.get_one(Service, UUID(self.dice.choice(self.race.service_ids)))
            return await hold(tx, service, self._start(), "Europe/London", self.now)

    async def _go_on(self, appointment_id: UUID) -> None:
        fate = self.dice.random()
        async with self.database.write() as tx:
            appointment = await tx.get_one(Appointment, appointment_id)
            if fate < 0.3:
                await cancel(tx, appointment, Party.PATIENT, self.now)
                self.outcomes["cancelled"] += 1
                return
            await confirm(tx, appointment, WHO, self.now)
        if fate < 0.8:
            await self._move(appointment_id)
        if fate < 0.7:
            async with self.database.write() as tx:
                await cancel(tx, await tx.get_one(Appointment, appointment_id), Party.PATIENT, self.now)
                self.outcomes["cancelled"] += 1

    async def _move(self, appointment_id: UUID) -> None:
        """Move once, or keep the old time where the other is taken."""
        try:
            async with self.database.write() as tx:
                await move(tx, await tx.get_one(Appointment, appointment_id), self._start(), 2, self.now)
            self.outcomes["moved"] += 1
        except JustTaken:
            self.outcomes["kept"] += 1

    async def _look_again(self) -> None:
        async with self.database.read() as tx:
            service = await tx.get_one(Service, UUID(self.race.service_ids[0]))
            slots = await slots_of(tx, service, self.now.date(), 14, self.now)
        self.fresh += bool(slots)

    def _start(self) -> datetime:
        return datetime.fromisoformat(self.dice.choice(self.race.starts))


def run_races(races: Sequence[Race]) -> tuple[list[Tally], float]:
    """Run each race in a process of its own, all from one start; returns what came of them, and the seconds until the last had finished."""
    children = [
        subprocess.Popen([sys.executable, "-m", "tests.racer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in races
    ]
    try:
        for child, race in zip(children, races, strict=True):
            _tell(child, json.dumps(dataclasses.asdict(race)))
        for child in children:
            assert _line_of(child) == "ready"
        began = time.monotonic()
        for child in children:
            _tell(child, "go")
        tallies = [Tally(**json.loads(_line_of(child))) for child in children]
        return tallies, time.monotonic() - began
    finally:
        for child in children:
            child.kill()
            child.communicate()


def _tell(child: "subprocess.Popen[str]", line: str) -> None:
    assert child.stdin is not None
    child.stdin.write(line + "\n")
    child.stdin.flush()


def _line_of(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


async def main() -> None:
    racer = Racer(Race(**json.loads(sys.stdin.readline())))
    await racer.warm()
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(dataclasses.asdict(await racer.run())), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
