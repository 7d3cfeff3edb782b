"""dora, who acts for dana, and what the tests need to let her."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from server.access.acting import Basis, Reach
from server.access.model import Practice
from server.access.representation import Representation
from server.core.db import Tx
from server.core.house import House
from server.identity.actions import set_password
from server.identity.model import Person
from server.patients.model import Patient
from server.patients.representing import Hand, Wish, acting_token, give, take
from server.web.i18n import ENGLISH
from tests.cast import CLINIC, DANA, Guest, password_hash

DORA = Guest("Dora Dale", "+447700900003", "dora@example.org", "dora")
YEAR = timedelta(days=365)


async def seat_dora(tx: Tx, house: House) -> None:
    tx.add(Person(id=DORA.person_id, name=DORA.name))
    await tx.flush()
    set_password(tx, DORA.person_id, str(DORA.username), password_hash("dora likes long walks"), house.clock.now())


async def hand_of(tx: Tx, house: House, patient_id: UUID | None = None) -> Hand:
    """Return dana's hand on her record."""
    patient = await tx.get_one(Patient, patient_id or DANA.patient_id)
    practice = await tx.get_one(Practice, CLINIC)
    return Hand(house.secrets, patient, practice, DANA.person_id, None, mails=False, now=house.clock.now())


async def ask(house: House, reach: Reach = Reach.RIGHTS, good_for: timedelta = YEAR) -> tuple[UUID, str]:
    """Let dana ask dora; returns the representation and its link's token."""
    async with house.database.write() as tx:
        hand = await hand_of(tx, house)
        one = await give(tx, hand, Wish(DORA.name, "", Basis.CONSENT, reach, hand.now + good_for), ENGLISH)
    return one.id, acting_token(house.secrets, one.id)


async def let_act(house: House, reach: Reach = Reach.RIGHTS, good_for: timedelta = YEAR) -> UUID:
    """Let dora act for dana from now on."""
    asked, token = await ask(house, reach, good_for)
    async with house.database.write() as tx:
        if await tx.get(Person, DORA.person_id) is None:
            await seat_dora(tx, house)
        await take(tx, token, DORA.person_id, house.clock.now())
    return asked


async def representation(house: House) -> Representation:
    """Return the newest one."""
    async with house.database.read() as tx:
        newest = select(Representation).order_by(Representation.asked_at.desc(), Representation.id.desc())
        return (await tx.scalars(newest.limit(1))).one()
