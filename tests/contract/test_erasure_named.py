"""Whoever acts for a patient, or ever did, and has their own data erased: the other's record still says who acted, on both databases."""

from uuid import UUID

import anyio
import pytest
from sqlalchemy import select

from server.access.representation import Representation
from server.chores import replay_erasures
from server.core.house import House
from server.identity.model import Credential, Person
from server.patients.model import Patient
from server.patients.representing import claim_child, end
from server.privacy.account_closing import erase_account
from server.privacy.erasure_labels import PATIENT, STAFF, told
from server.privacy.erasure_plan import Why
from server.privacy.erasures import ERASE, TELL_ERASED
from server.privacy.holds import place
from server.privacy.request_rows import RightsRequest
from server.privacy.unused import GOES as UNUSED_GO
from server.web.i18n import ENGLISH
from tests.acting import hand_of, representation
from tests.backups import Copies
from tests.cast import DANA, OLGA, Guest, add_meeting
from tests.conftest import StillClock
from tests.erasing import Box, asked_by_dana, ordered, planned, run, seat_dana

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1"), pytest.mark.row("P5")]

TIM = Guest("Tim Diaz", "+447700900077", "tim@example.org")


@pytest.fixture
def house(idle_house: House) -> House:
    return idle_house


@pytest.fixture
async def asked(house: House, clock: StillClock) -> RightsRequest:
    await seat_dana(house, clock)
    return await asked_by_dana(house)


@pytest.fixture
async def child(house: House, asked: RightsRequest) -> UUID:
    """Dana acts for a child; returns its record."""
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, house.clock.now(), guest=TIM)
        child = (await tx.scalars(select(Patient.id).where(Patient.name == TIM.name))).one()
        await claim_child(tx, await hand_of(tx, house, child), DANA.name)
    return child


async def test_the_account_of_whoever_acts_for_another_stays(house: House, asked: RightsRequest, child: UUID) -> None:
    seen = await planned(house, asked)
    assert seen.subject.person_id is None
    await ordered(house, asked, seen)
    await run(house, asked, Box(), ERASE)
    one = await representation(house)
    assert (one.patient_id, one.person_id, one.name) == (child, DANA.person_id, DANA.name)


async def test_bad_38_whoever_acted_for_another_stays_named_there(house: House, asked: RightsRequest, child: UUID) -> None:
    """It has ended, and the other's record is held back."""
    await acted(house, child)
    seen = await planned(house, asked)
    assert seen.subject.person_id == DANA.person_id
    assert {line.thing.name for line in seen.shown if line.why is Why.NAMED} == {"identity.account", "patients.acting"}
    for voice, said in ((PATIENT, "Your name stays"), (STAFF, "The patient's name stays")):
        assert len([line for line in told(ENGLISH, seen.shown, voice) if line.goes and line.why.startswith(said)]) == 2
    await ordered(house, asked, seen)
    await run(house, asked, Box(), TELL_ERASED, ERASE)
    await has_only_the_name(house)


async def test_bad_38_a_backup_that_was_put_back_leaves_the_name_too(
    house: House, asked: RightsRequest, child: UUID, copies: Copies
) -> None:
    """Also one in which dana still acts."""
    await copies.keep()
    await acted(house, child)
    await ordered(house, asked, await planned(house, asked))
    await run(house, asked, Box(), TELL_ERASED, ERASE)
    await copies.put_back()
    assert (await representation(house)).ended_at is None
    for _ in range(2):
        await anyio.to_thread.run_sync(replay_erasures, house.settings)
        await has_only_the_name(house)


@pytest.fixture
def copies(house: House) -> Copies:
    return Copies(house)


async def acted(house: House, child: UUID) -> None:
    """Let it be over that dana acts for the child, whose record is held back from then on."""
    async with house.database.write() as tx:
        one = (await tx.scalars(select(Representation).where(Representation.patient_id == child))).one()
        one.email = DANA.email
        await end(tx, one, DANA.person_id, house.clock.now())
        await place(tx, OLGA.viewer, child, "A claim.", house.clock.now())


async def test_an_account_that_was_not_used_takes_the_address_along_at_which_it_was_asked_to_act(house: House, child: UUID) -> None:
    await acted(house, child)
    async with house.database.write() as tx:
        await erase_account(tx, UNUSED_GO, DANA.person_id, house.clock.now())
    one = await representation(house)
    assert (one.person_id, one.name, one.email) == (DANA.person_id, DANA.name, None)


async def has_only_the_name(house: House) -> None:
    """Look at what is left of dana's account, and of her in the child's record."""
    one = await representation(house)
    assert (one.person_id, one.name, one.email) == (DANA.person_id, DANA.name, None)
    assert one.ended_at is not None
    async with house.database.read() as tx:
        assert await tx.get(Credential, DANA.person_id) is None
        assert (await tx.get_one(Person, DANA.person_id)).name == DANA.name
        assert (await tx.get_one(Patient, DANA.patient_id)).name != DANA.name
