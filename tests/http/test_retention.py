"""The page on which a practice decides how long data are kept, and ten years under its rules on both databases."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from server.access.representation import Representation
from server.access.restrictions import Restriction
from server.billing.papers import BillingDocument
from server.circulars.consents import Choice, choose, wanted_by
from server.circulars.model import Via
from server.circulars.switches import desk_of
from server.consultation import records
from server.consultation.doors import see_visit
from server.consultation.events import Channel
from server.consultation.recording_jobs import remove_with
from server.consultation.testimonials import say, shown_about
from server.core.holdings import BLANK_NAME
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import Errand
from server.identity.letters import WRITE, account_email
from server.identity.mail_model import AccountEmail
from server.identity.model import Credential, Person
from server.messaging.model import Delivery
from server.notes.records import listed_records
from server.patients.acting_doors import actors_of
from server.patients.model import Patient
from server.privacy.expiring import remove_files_with
from server.privacy.holds import place
from server.privacy.keys import check_keys
from server.privacy.retention import NUMBERS, Rules
from server.privacy.retention_choices import versions_of
from server.settings import Settings
from server.web.i18n import ENGLISH
from tests.acting import DORA, let_act, representation
from tests.cast import ALICE, CLINIC, DANA, MALLORY, OLGA, SAM, Cast, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.filing import picture
from tests.http.paying import balances
from tests.retaining import decide_on, nights
from tests.tapes import record_call

pytestmark = [pytest.mark.anyio, pytest.mark.row("L5")]

PAGE = "/practice/retention"
OWN_VALUES = {"preset": "own", "version": "0", **{name: str(getattr(Rules(), name)) for name in NUMBERS}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"payments": "sandbox"})


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def filled(house: House, meeting: Meeting, visit: str, sign_in: SignIn) -> House:
    """In March 2026 dana had a recorded consultation with notes, an answer, a document and a chat; erin paid for an appointment."""
    dana, alice = await sign_in(DANA), await sign_in(ALICE)
    await alice.post(f"/api/consultations/{meeting.consultation_id}/notes", json={})
    sent = await dana.post(f"/my/{DANA.patient_id}/files", data={"title": "A scan"}, files={"file": ("scan.jpg", picture(), "image/jpeg")})
    assert sent.status_code == 303, sent.text
    await dana.post(f"/my/{DANA.patient_id}/background/particulars", data={"born_on": "1980-02-29"})
    await alice.post(f"/api/consultations/{meeting.consultation_id}/link/send", json={"channel": "sms"})
    await record_call(house, meeting, [(None, b"sound" * 100, 0, 9)])
    async with house.database.write() as tx:
        tx.add(AccountEmail(person_id=DANA.person_id, address="dana@example.org", confirmed_at=house.clock.now()))
        await tx.execute(
            text("UPDATE consultation SET state = 'ended', ended_at = scheduled_at WHERE id = :id"), {"id": _raw(house, meeting)}
        )
        await tx.execute(text("UPDATE delivery SET settled_at = created_at, status = 'sent'"))
    return house


def _raw(house: House, meeting: Meeting) -> object:
    return meeting.consultation_id.hex if house.database.is_sqlite else meeting.consultation_id


async def there(house: House) -> set[str]:
    """Return what is there of dana and erin."""
    async with house.database.read() as tx:
        names = set(await tx.scalars(select(Patient.name)))
        found = {
            "account": await tx.get(Credential, DANA.person_id) is not None,
            "dana": DANA.name in names,
            "erin": "Erin Evans" in names,
            "notes": bool(await tx.scalar(text("SELECT count(*) FROM note WHERE length(data_key) > 0"))),
            "words": bool(await tx.scalar(text("SELECT count(*) FROM background_entry"))),
            "messages": bool(await tx.scalar(select(func.count()).select_from(Delivery))),
            "buyer": set(await tx.scalars(select(BillingDocument.buyer_name))) == {"Erin Evans"},
            "key": bool(await tx.scalar(text("SELECT count(*) FROM recording WHERE data_key IS NOT NULL"))),
        }
    found |= {"document": any_file(house.settings.documents_dir), "recording": any_file(house.settings.recordings_dir)}
    return {name for name, is_there in found.items() if is_there}


def any_file(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


async def remove_all(house: House) -> None:
    """Do what the errands about files do."""
    async with house.database.read() as tx:
        rows = list(await tx.execute(select(Errand.kind, Errand.subject_id)))
    handlers = {"remove_documents": remove_files_with(house), "remove_recording": remove_with(house.database, house.settings)}
    for kind, subject_id in rows:
        if kind in handlers:
            await handlers[kind](subject_id)


RECORD = {"dana", "notes", "words", "document"}
TAPE = {"key", "recording"}
EVERYTHING = {*RECORD, *TAPE, "account", "erin", "messages", "buyer"}
YEARS = {
    2027: EVERYTHING,  # in this night dana is told about the account
    2028: EVERYTHING - {"account", "messages"},
    2029: EVERYTHING - {"account", "messages"},
    2030: EVERYTHING - {"account", "messages"},
    2031: EVERYTHING - {"account", "messages"},
    2032: EVERYTHING - {"account", "messages", "buyer"},  # six years after 5 April 2026
    2033: set(),  # seven years after the last appointment
    2034: set(),
    2035: set(),
    2036: set(),
}


async def test_ten_years_under_the_rules(filled: House, clock: StillClock) -> None:
    house = filled
    assert await there(house) == EVERYTHING
    before = await counted(house)
    sums = await balances(house)
    await decide_on(house)
    for year, left in YEARS.items():
        await nights(house, clock, date(year, 4, 11))
        await remove_all(house)
        assert await there(house) == left, year
    assert await counted(house) == before, "what is counted for statistics"
    assert await balances(house) == sums
    async with house.database.read() as tx:
        assert set(await tx.scalars(select(Patient.name))) == {BLANK_NAME}
        assert (await tx.get_one(Person, DANA.person_id)).name == BLANK_NAME
        assert await tx.scalar(select(func.count()).select_from(Errand).where(Errand.kind == WRITE)) == 1
    await check_keys(house.database, house.keyring)
    async with house.database.read() as tx:
        assert await listed_records(tx, ALICE.viewer, "") == [], "what is empty is in no list"


@pytest.mark.parametrize(
    "change", ["buyer_name = 'Somebody'", "buyer_name = '-', gross_minor = 1", "buyer_name = '-', brand = 'x'", "title = '-'"]
)
async def test_a_document_of_money_may_lose_its_name_and_nothing_else(house: House, visit: str, change: str) -> None:
    with pytest.raises(DBAPIError, match="never changes"):
        async with house.database.write() as tx:
            await tx.execute(text(f"UPDATE billing_document SET {change}"))
    async with house.database.write() as tx:
        await tx.execute(text("UPDATE billing_document SET buyer_name = '-'"))


async def counted(house: House) -> list[object]:
    """Return how many consultations, appointments, patients and documents about money there are."""
    tables = ("consultation", "appointment", "patient", "billing_document")
    async with house.database.read() as tx:
        return [await tx.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]


@pytest.mark.parametrize("by", ["hold", "restriction"])
async def test_a_hold_or_a_restriction_keeps_everything(filled: House, clock: StillClock, by: str) -> None:
    house = filled
    await decide_on(house)
    async with house.database.write() as tx:
        for patient_id in list(await tx.scalars(select(Patient.id))):
            if by == "hold":
                await place(tx, OLGA.viewer, patient_id, "A claim.", clock.now())
            else:
                tx.add(_restriction(patient_id, clock.now()))
    for year in (2027, 2040, 2060):
        await nights(house, clock, date(year, 4, 11))
        await remove_all(house)
        assert await there(house) == EVERYTHING, year


async def test_with_an_unused_account_goes_what_is_taken_back_in_it(house: House, meeting: Meeting, clock: StillClock) -> None:
    now = clock.now()
    async with house.database.write() as tx:
        patient = await tx.get_one(Patient, DANA.patient_id)
        patient.email = DANA.email
        visit = await see_visit(tx, meeting.visit_id, meeting.token, now)
        await say(tx, visit, "Very kind", agreed=True, language=ENGLISH, now=now)
        await choose(tx, desk_of(house), patient, Choice([Channel.EMAIL], [Channel.EMAIL], Via.VISIT, None, ENGLISH), now)
        await tx.execute(update(records.Testimonial).values(state=records.TestimonialState.SHOWN))
    await decide_on(house)
    for year in (2027, 2028):
        await nights(house, clock, date(year, 4, 11))
    assert not {"account"} & await there(house)
    async with house.database.read() as tx:
        assert await shown_about(tx, ALICE.professional_id, clock.now()) == []
        assert await wanted_by(tx, patient.id) == set()
        given = (await tx.scalars(select(records.Consent).where(records.Consent.purpose == "testimonial"))).one()
    assert given.withdrawn_at is not None


def _restriction(patient_id: UUID, now: datetime) -> Restriction:
    return Restriction(
        id=new_id(), practice_id=CLINIC, patient_id=patient_id, reason="Asked.", began_at=now,
        lift_reason=None, announced_at=None, ends_at=None,
    )  # fmt: skip


async def test_a_sign_in_saves_an_account(house: House, cast: Cast, clock: StillClock, sign_in: SignIn) -> None:
    await decide_on(house)
    assert (await nights(house, clock, date(2026, 8, 20))).counts == {"told": 1}
    clock.set(datetime(2026, 9, 1, 12, tzinfo=UTC))
    await sign_in(DANA)
    for day in (date(2026, 9, 20), date(2026, 10, 19), date(2027, 1, 20)):
        assert "accounts" not in (await nights(house, clock, day)).counts, day
    assert "account" in await there(house)


async def test_whoever_acts_for_a_patient_keeps_their_account_and_stays_named_when_it_goes(
    house: House, cast: Cast, clock: StillClock
) -> None:
    """It is good for a year, sleeps for the last of it, and has run out when the account goes."""
    one = await let_act(house)
    async with house.database.write() as tx:
        tx.add(AccountEmail(person_id=DORA.person_id, address=DORA.email, confirmed_at=clock.now()))
        (await tx.get_one(Representation, one)).sleeps_at = datetime(2026, 12, 1, tzinfo=UTC)
    await decide_on(house)
    for day in (date(2026, 10, 1), date(2026, 11, 15), date(2026, 12, 20), date(2027, 2, 1)):
        await nights(house, clock, day)
        assert await reached(house) == DORA.email, day
    for day in (date(2027, 4, 1), date(2027, 5, 10)):
        await nights(house, clock, day)
    assert await reached(house) is None
    ended = await representation(house)
    assert (ended.ended_at, ended.person_id, ended.name) == (clock.now(), DORA.person_id, DORA.name)
    async with house.database.read() as tx:
        assert await tx.get(Credential, DORA.person_id) is None
        assert [actor.name for actor in await actors_of(tx, ended.patient_id, clock.now())] == [DORA.name]


async def reached(house: House) -> str | None:
    """Return where dora is written to."""
    async with house.database.read() as tx:
        return await account_email(tx, str(DORA.username))


async def test_the_rules_are_chosen_tried_and_kept_with_who_and_when(cast: Cast, house: House, sign_in: SignIn) -> None:
    olga = await sign_in(OLGA)
    assert PAGE in (await olga.get("/account")).text
    page = (await olga.get(PAGE)).text
    assert "nothing is deleted by rule" in page
    assert "Nothing was decided yet." in page
    tried = (await olga.post(PAGE, data={"preset": "nhs", "version": "0", "report": "yes"})).text
    assert "0 now, 0 within a month" in tried
    assert await versions(house) == []
    assert (await olga.post(PAGE, data={"preset": "nhs", "version": "0"})).status_code == 303
    page = (await olga.get(f"{PAGE}?done=saved")).text
    assert "Version 1" in page
    assert OLGA.name in page
    assert [row.contract_years for row in await versions(house)] == [8]


async def versions(house: House) -> list[Rules]:
    async with house.database.read() as tx:
        return [row.rules for row in await versions_of(tx, CLINIC)]


async def test_bad_08_a_page_from_before_a_colleagues_change_is_refused_and_keeps_what_was_chosen(
    cast: Cast, house: House, sign_in: SignIn
) -> None:
    olga = await sign_in(OLGA)
    await decide_on(house)
    answer = await olga.post(PAGE, data={**OWN_VALUES, "contract_years": "11"})
    assert answer.status_code == 409
    assert "A colleague has changed these rules meanwhile." in answer.text
    assert 'value="11"' in answer.text
    assert len(await versions(house)) == 1
    assert (await olga.post(PAGE, data={**OWN_VALUES, "contract_years": "11", "version": "1"})).status_code == 303
    assert (await versions(house))[-1].contract_years == 11


@pytest.mark.parametrize("wrong", ["5", "101", "", "-7", "7.5", "\u0667", "1e9", "9" * 40])
async def test_what_is_no_rule_is_said_at_its_field(cast: Cast, house: House, sign_in: SignIn, wrong: str) -> None:
    olga = await sign_in(OLGA)
    answer = await olga.post(PAGE, data={**OWN_VALUES, "contract_years": wrong})
    assert answer.status_code == 422
    assert "Please write a whole number from 6 to 100." in answer.text
    assert 'href="#contract_years"' in answer.text
    assert (await olga.post(PAGE, data={"preset": "for ever"})).status_code == 422
    assert await versions(house) == []


async def test_bad_28_nobody_else_sees_or_changes_the_rules(cast: Cast, house: House, sign_in: SignIn) -> None:
    for member in (ALICE, SAM, DANA):
        other: httpx2.AsyncClient = await sign_in(member)
        assert (await other.get(PAGE)).status_code == 403
        assert (await other.post(PAGE, data=OWN_VALUES)).status_code == 403
    assert (await (await sign_in(MALLORY)).get(PAGE)).status_code == 403
    assert await versions(house) == []
