"""The cast of the tests: the same few people with the same ids in every test.

dr_alice and nurse_bob work in team North, dr_charlie in team South of the same practice: every test of a right asks what charlie sees.
dr_mallory belongs to another practice. dana and erin are patients; dana is registered.
olga runs the computers: she signs in, and is no professional. sam assists: he sees what an author lets him see.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5

import anyio

from server.access.actions import add_staff
from server.access.model import Membership, Practice, Professional, Review, StaffRole, Team
from server.access.policy import Viewer
from server.adapters.memory_bus import MemoryBus
from server.consultation.actions import Plan, schedule
from server.consultation.join_link import join_token
from server.core.clock import SystemClock
from server.core.crypto import Secrets
from server.core.db import Database, Events, Tx
from server.core.house import House
from server.identity.actions import begin_login, set_password
from server.identity.model import Person
from server.identity.passwords import HASHER
from server.patients.actions import agree_to_sharing
from server.patients.model import Patient
from server.web.i18n import ENGLISH


def fixed_id(*words: str) -> UUID:
    """Return the id that these words always have."""
    return uuid5(NAMESPACE_URL, "cast:" + ":".join(words))


NORTH, SOUTH = fixed_id("team", "north"), fixed_id("team", "south")
CLINIC, ELSEWHERE = fixed_id("practice", "clinic"), fixed_id("practice", "elsewhere")
PHONE = "+44 20 7946 0018"


@dataclass(frozen=True)
class Staff:
    """Somebody who signs in; `team_id` is the team, `title` is empty for whoever is not a professional."""

    username: str
    title: str
    name: str
    practice_id: UUID
    team_id: UUID | None

    @property
    def password(self) -> str:
        return f"{self.username} likes long walks"

    @property
    def person_id(self) -> UUID:
        return fixed_id("person", self.username)

    @property
    def professional_id(self) -> UUID:
        return fixed_id("professional", self.username)

    @property
    def full_name(self) -> str:
        return f"{self.title} {self.name}".strip()

    @property
    def viewer(self) -> Viewer:
        teams = frozenset({self.team_id} if self.team_id else ())
        return Viewer(self.person_id, self.professional_id if self.title else None, self.practice_id, teams, self.full_name)


@dataclass(frozen=True)
class Guest:
    """A patient; one with a `username` is registered, and has agreed that the team sees the notes."""

    name: str
    mobile: str
    email: str
    username: str | None = None

    @property
    def person_id(self) -> UUID:
        return fixed_id("person", str(self.username))

    @property
    def patient_id(self) -> UUID | None:
        """The record of a registered patient, who has one from the beginning."""
        return fixed_id("patient", self.username) if self.username else None


ALICE = Staff("dr_alice", "Dr", "Alice Ahmed", CLINIC, NORTH)
BOB = Staff("nurse_bob", "Nurse", "Bob Brown", CLINIC, NORTH)
CHARLIE = Staff("dr_charlie", "Dr", "Charlie Cole", CLINIC, SOUTH)
MALLORY = Staff("dr_mallory", "Dr", "Mallory Moon", ELSEWHERE, None)
OLGA = Staff("olga", "", "Olga Orlova", CLINIC, None)
SAM = Staff("sam", "", "Sam Stone", CLINIC, None)
EVERYBODY = (ALICE, BOB, CHARLIE, MALLORY, OLGA, SAM)
DANA = Guest("Dana Diaz", "+447700900001", "dana@example.org", "dana")
ERIN = Guest("Erin Evans", "+447700900002", "erin@example.org")


@dataclass(frozen=True)
class Cast:
    """Everybody, for tests that take them as one fixture."""

    alice: Staff = ALICE
    bob: Staff = BOB
    charlie: Staff = CHARLIE
    mallory: Staff = MALLORY
    olga: Staff = OLGA
    sam: Staff = SAM
    dana: Guest = DANA
    erin: Guest = ERIN
    north: UUID = NORTH
    south: UUID = SOUTH
    practice_id: UUID = CLINIC


@dataclass(frozen=True)
class Meeting:
    """A consultation with its patient's place, personal link and the link's secret; `note_id` once somebody laid out its notes."""

    consultation_id: UUID
    participant_id: UUID
    visit_id: UUID
    token: str
    note_id: UUID | None = None

    @property
    def join_path(self) -> str:
        return f"/j/{self.token}"


@lru_cache(maxsize=8)
def password_hash(password: str) -> str:
    """Return one hash per password and test run: hashing is slow on purpose."""
    return HASHER.hash(password)


async def seat_cast(tx: Tx, now: datetime) -> Cast:
    """Add the practices, teams, people and patients."""
    clinic = Practice(id=CLINIC, name="Harbour Clinic", phone=PHONE, time_zone="Europe/London")
    tx.add_all((clinic, Practice(id=ELSEWHERE, name="Hill Practice", phone=None, time_zone="Europe/London")))
    await tx.flush()
    tx.add_all((Team(id=NORTH, practice_id=CLINIC, name="North"), Team(id=SOUTH, practice_id=CLINIC, name="South")))
    for member in EVERYBODY:
        await _seat(tx, member, now)
    tx.add(Person(id=DANA.person_id, name=DANA.name))
    await tx.flush()
    set_password(tx, DANA.person_id, str(DANA.username), password_hash("dana likes long walks"), now)
    record = Patient(
        id=DANA.patient_id, practice_id=CLINIC, person_id=DANA.person_id, name=DANA.name, mobile=None, email=None, created_at=now
    )
    tx.add(record)
    await tx.flush()
    await agree_to_sharing(tx, record.id, ENGLISH, now)
    add_staff(tx, CLINIC, OLGA.person_id, StaffRole.ADMINISTRATOR, now)
    add_staff(tx, CLINIC, SAM.person_id, StaffRole.ASSISTANT, now)
    return Cast()


def seat_in(url: str, now: datetime | None = None) -> None:
    """Seat the cast in a migrated database from outside; runs a loop in a thread of its own, because a test may have one already."""

    async def seat() -> None:
        database = Database(url, MemoryBus(), Events())
        async with database.write() as tx:
            await seat_cast(tx, now or SystemClock().now())
        await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(anyio.run, seat).result()


async def _seat(tx: Tx, member: Staff, now: datetime) -> None:
    tx.add(Person(id=member.person_id, name=member.name))
    await tx.flush()
    set_password(tx, member.person_id, member.username, password_hash(member.password), now)
    if not member.title:
        return
    tx.add(
        Professional(
            id=member.professional_id, person_id=member.person_id, practice_id=member.practice_id, title=member.title, name=member.name,
            qualifications="MB BS", field_of_practice="General practice",
            body="GMC", registration="1234567", review=Review.APPROVED,
        )
    )  # fmt: skip
    await tx.flush()
    if member.team_id:
        place = fixed_id("membership", member.username)
        tx.add(
            Membership(
                id=place,
                team_id=member.team_id,
                professional_id=member.professional_id,
                joined_at=now,
                ended_at=None,
            )
        )


async def add_meeting(
    tx: Tx,
    secrets: Secrets,
    now: datetime,
    *,
    owner: Staff = ALICE,
    guest: Guest = DANA,
    team_id: UUID | None = NORTH,
    scheduled_at: datetime | None = None,
) -> Meeting:
    """Add a consultation of `owner` with `guest`, given to `team_id`, in five minutes unless told, and the guest's personal link."""
    when = scheduled_at or now + timedelta(minutes=5)
    known = guest.patient_id if owner.practice_id == CLINIC else None
    plan = Plan(guest.name, guest.mobile, guest.email, team_id, when, duration_min=20, patient_id=known)
    consultation, link = await schedule(tx, secrets, owner.viewer, plan, now)
    return Meeting(consultation.id, link.participant_id, link.id, join_token(secrets, link.id))


async def sign_in_as(house: House, member: Staff | Guest) -> str:
    """Begin a login session without the password's slow hash; returns the cookie's token."""
    async with house.database.write() as tx:
        return begin_login(tx, member.person_id, "Test", house.clock.now())
