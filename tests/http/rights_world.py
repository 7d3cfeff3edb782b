"""The world of the rights matrix: one thing of every kind, and six people who have no right to any of it."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx2
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.acting import Basis, Reach
from server.access.actions import add_staff
from server.access.model import Grant, Practice, StaffRole
from server.consultation.model import Consultation
from server.core.db import Base, Tx
from server.core.house import House
from server.core.ids import new_id
from server.identity.actions import set_password
from server.identity.model import Person
from server.patients.model import Patient
from server.patients.representing import Hand, Wish, acting_token, give, take
from server.web.i18n import ENGLISH
from tests.acting import DORA, let_act
from tests.cast import (
    CHARLIE,
    CLINIC,
    ELSEWHERE,
    ERIN,
    MALLORY,
    SAM,
    SOUTH,
    Guest,
    Meeting,
    Staff,
    add_meeting,
    password_hash,
    sign_in_as,
)  # fmt: skip
from tests.conftest import StillClock, browser_of
from tests.http.booking import offer

ANONYMOUS, PROXY = "anonymous", "expired proxy"
ROSA = Guest("Rosa Reyes", "+447700900007", "rosa@example.org", "rosa")
NO_THINGS = {"audit_entry", "audit_head", "login_session"}  # what looking and being signed in leave behind
Row = TypeVar("Row", bound=Base)
Rows = dict[str, list[tuple[object, ...]]]


@dataclass
class World:
    """`things` are ids by the word for what they name, `own` what each stranger has of the same kinds; the others are browsers by name."""

    app: Starlette
    clock: StillClock
    place: Path
    things: dict[str, UUID] = field(default_factory=dict)
    own: dict[str, dict[str, UUID]] = field(default_factory=dict)
    strangers: dict[str, httpx2.AsyncClient] = field(default_factory=dict)
    rightful: dict[str, httpx2.AsyncClient] = field(default_factory=dict)

    @property
    def house(self) -> House:
        house: House = self.app.state.house
        return house

    async def signed_in(self, who: Staff | Guest, **cookies: str) -> httpx2.AsyncClient:
        return browser_of(self.app, {"sid": await sign_in_as(self.house, who), **cookies})

    async def add(self, row: Row) -> Row:
        async with self.house.database.write() as tx:
            tx.add(row)
        return row

    async def only(self, table: type[Base], *which: object) -> UUID:
        """Return the id of the one row of a table that there is."""
        async with self.house.database.read() as tx:
            found: UUID = (await tx.scalars(select(table.__table__.c.id).where(*which))).one()  # type: ignore[arg-type]
        return found

    def rows(self) -> Rows:
        """Return every row of every table that tells of things."""
        with closing(sqlite3.connect(self.place)) as db:
            return {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for name in Base.metadata.tables if name not in NO_THINGS}

    @contextmanager
    def kept(self) -> Iterator["Pristine"]:
        """Remember the database as it is now."""
        with closing(sqlite3.connect(":memory:")) as copy, closing(sqlite3.connect(self.place)) as own:
            own.backup(copy)
            yield Pristine(self, copy, own)


@dataclass
class Pristine:
    """The database as it was, and a connection that tells whether another one has committed since."""

    world: World
    copy: sqlite3.Connection
    own: sqlite3.Connection

    def __post_init__(self) -> None:
        self.rows = self.world.rows()
        self.version = self._version()

    def _version(self) -> int:
        version: int = self.own.execute("PRAGMA data_version").fetchone()[0]
        return version

    def changed(self) -> list[str]:
        """Return the tables that are not as they were."""
        if self._version() == self.version:
            return []
        return [name for name, rows in self.world.rows().items() if rows != self.rows[name]]

    def restore(self) -> None:
        """Put everything back if anything was written at all."""
        if self._version() != self.version:
            self.copy.backup(self.own)
            self.version = self._version()


@asynccontextmanager
async def inhabited(app: Starlette, clock: StillClock, place: Path) -> AsyncIterator[World]:
    """Seat the strangers beside the cast, who sits in the database already."""
    world = World(app, clock, place)
    rosas, erins = await _seat_rosa(world)
    await let_act(world.house, good_for=timedelta(minutes=1))
    await _let_dora_act_for_rosa(world)
    clock.advance(60)
    await _give_of_their_own(world, rosas, erins)
    members = {"another professional": CHARLIE, "another practice": MALLORY, "assistant out of scope": SAM, PROXY: DORA}
    world.strangers = {
        ANONYMOUS: browser_of(app),
        "another patient": await world.signed_in(ROSA, visit=rosas.token),
        **{name: await world.signed_in(member) for name, member in members.items()},
    }
    yield world
    for client in {*world.strangers.values(), *world.rightful.values()}:
        await client.aclose()


async def _seat_rosa(world: World) -> tuple[Meeting, Meeting]:
    """Seat rosa, who is dr_charlie's patient and registered; returns his consultation with her and dr_mallory's with erin."""
    secrets, now = world.house.secrets, world.clock.now()
    async with world.house.database.write() as tx:
        tx.add(Person(id=ROSA.person_id, name=ROSA.name))
        await tx.flush()
        set_password(tx, ROSA.person_id, str(ROSA.username), password_hash("rosa likes long walks"), now)
        who = {"practice_id": CLINIC, "person_id": ROSA.person_id, "name": ROSA.name, "mobile": None, "email": None}
        tx.add(Patient(id=ROSA.patient_id, **who, created_at=now))
        await tx.flush()
        rosas = await add_meeting(tx, secrets, now, owner=CHARLIE, guest=ROSA, team_id=SOUTH)
        return rosas, await add_meeting(tx, secrets, now, owner=MALLORY, guest=ERIN, team_id=None)


async def _let_dora_act_for_rosa(world: World) -> None:
    """She acts for somebody today: what has run out is her right to act for dana."""
    now = world.clock.now()
    async with world.house.database.write() as tx:
        patient, practice = await tx.get_one(Patient, ROSA.patient_id), await tx.get_one(Practice, CLINIC)
        hand = Hand(world.house.secrets, patient, practice, ROSA.person_id, None, mails=False, now=now)
        one = await give(tx, hand, Wish(DORA.name, "", Basis.CONSENT, Reach.RIGHTS, now + timedelta(days=90)), ENGLISH)
        await take(tx, acting_token(world.house.secrets, one.id), DORA.person_id, now)


def permission(author: Staff, person: Staff, patient_id: UUID | None, world: World) -> Grant:
    """Return what lets somebody see what an author wrote of a patient."""
    now = world.clock.now()
    return Grant(
        id=new_id(), practice_id=CLINIC, author_id=author.person_id, person_id=person.person_id, patient_id=patient_id, reason="To assist",
        granted_at=now, expires_at=now + timedelta(days=30), withdrawn_at=None,
    )  # fmt: skip


async def _give_of_their_own(world: World, rosas: Meeting, erins: Meeting) -> None:
    """sam assists dr_charlie with rosa; dr_mallory owns the practice on the hill, and so administers there."""
    async with world.house.database.write() as tx:
        there = (await tx.get_one(Consultation, erins.consultation_id)).patient_id
        add_staff(tx, ELSEWHERE, MALLORY.person_id, StaffRole.OWNER, world.clock.now())
        tx.add(permission(CHARLIE, SAM, ROSA.patient_id, world))
        services = [await offer(tx, world.clock.now(), owner, practice_id=owner.practice_id) for owner in (CHARLIE, MALLORY)]
    assert ROSA.patient_id
    rosa = {"patient": ROSA.patient_id, "consultation": rosas.consultation_id}
    world.own = {
        "another patient": {"patient": ROSA.patient_id, "visit": rosas.visit_id},
        "another professional": {**rosa, "service": services[0].id},
        "another practice": {
            "patient": there, "consultation": erins.consultation_id, "service": services[1].id, "person": MALLORY.person_id,
        },
        "assistant out of scope": {"patient": ROSA.patient_id},
        PROXY: {"patient": ROSA.patient_id},
    }  # fmt: skip


async def patient_of_the_clinic(tx: Tx, name: str, world: World) -> Patient:
    """Add a record that nobody reads as their own."""
    patient = Patient(
        id=new_id(), practice_id=CLINIC, person_id=None, name=name, mobile=None, email=None, created_at=world.clock.now()
    )  # fmt: skip
    tx.add(patient)
    await tx.flush()
    return patient
