"""Many members of one team, for tickets are limited per person, and every refused frame costs its sender a ticket."""

from server.access.model import Membership, Professional
from server.adapters.memory_bus import MemoryBus
from server.core.clock import SystemClock
from server.core.db import Database, Events
from server.identity.actions import begin_login
from server.identity.model import Person
from tests.cast import CLINIC, NORTH, Staff, fixed_id


async def seat_crowd(url: str, size: int) -> list[str]:
    """Add so many members of the team North, straight into the database, and return a login's cookie for each: a sign-in hashes, and is
    slow on purpose.
    """
    database = Database(url, MemoryBus(), Events())
    now = SystemClock().now()
    cookies = []
    async with database.write() as tx:
        for number in range(size):
            staff = Staff(f"raider_{number}", "Dr", f"Raider {number}", CLINIC, NORTH)
            tx.add(Person(id=staff.person_id, name=staff.name))
            await tx.flush()
            about = {
                "title": "Dr",
                "name": staff.name,
                "qualifications": "MB BS",
                "field_of_practice": "General practice",
                "review": "approved",
            }
            tx.add(Professional(id=staff.professional_id, person_id=staff.person_id, practice_id=CLINIC, **about))
            await tx.flush()
            place = fixed_id("membership", staff.username)
            tx.add(Membership(id=place, team_id=NORTH, professional_id=staff.professional_id, joined_at=now, ended_at=None))
            cookies.append(begin_login(tx, staff.person_id, "Test", now))
    await database.close()
    return cookies
