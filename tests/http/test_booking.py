"""A consultation for a known patient goes through the door of the record, and changes how they are reached on record only."""

import httpx2
import pytest
from sqlalchemy import func, select

from server.access.emergency import Emergency, break_glass
from server.access.permissions import Wish, permit
from server.consultation.model import Consultation
from server.core.audit import Act
from server.core.house import House
from server.identity.mail_model import AccountEmail
from server.patients.model import Patient
from tests.acting import DORA, let_act
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Cast, Meeting, Staff
from tests.conftest import SignIn, StillClock
from tests.http.recording import entries

pytestmark = [pytest.mark.anyio, pytest.mark.row("N3")]

KNOWN = {"patient_name": "Dana", "patient_id": str(DANA.patient_id)}
NOBODY = KNOWN | {"patient_id": "00000000-0000-4000-8000-000000000000"}
OTHER = "+447700900999"


async def book(client: httpx2.AsyncClient, **more: object) -> httpx2.Response:
    return await client.post("/api/consultations", json=KNOWN | more)


async def addresses(house: House) -> tuple[str | None, str | None]:
    async with house.database.read() as tx:
        dana = await tx.get_one(Patient, DANA.patient_id)
        return dana.mobile, dana.email


async def consultations(house: House) -> int:
    async with house.database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(Consultation)) or 0


@pytest.mark.parametrize("outsider", [CHARLIE, MALLORY], ids=lambda member: member.username)
async def test_bad_28_whoever_may_not_see_the_record_books_nothing(
    sign_in: SignIn, meeting: Meeting, house: House, outsider: Staff
) -> None:
    client, before = await sign_in(outsider), await consultations(house)
    answers = [await book(client, mobile=OTHER), await client.post("/api/consultations", json=NOBODY)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert await consultations(house) == before
    assert await addresses(house) == (DANA.mobile, DANA.email)
    assert await entries(house, Act.READDRESSED) == []


@pytest.mark.parametrize("insider", [ALICE, BOB], ids=lambda member: member.username)
async def test_whoever_may_see_the_record_books(sign_in: SignIn, meeting: Meeting, insider: Staff) -> None:
    assert (await book(await sign_in(insider))).status_code == 201


async def test_a_record_without_a_consultation_is_begun_by_anybody_of_its_practice(sign_in: SignIn, cast: Cast) -> None:
    assert (await book(await sign_in(MALLORY))).status_code == 404
    assert [(await book(await sign_in(member))).status_code for member in (OLGA, SAM)] == [403, 403]
    assert (await book(await sign_in(CHARLIE))).status_code == 201
    assert (await book(await sign_in(ALICE))).status_code == 404


@pytest.mark.parametrize("way", ["permission", "emergency"])
async def test_every_way_to_the_record_leads_to_a_consultation_and_to_no_note(
    sign_in: SignIn, notes: dict[str, str], house: House, clock: StillClock, way: str
) -> None:
    until = clock.now().replace(hour=23)
    async with house.database.write() as tx:
        if way == "permission":
            wish = Wish(DANA.patient_id, CHARLIE.person_id, "Second opinion", until)
            await permit(tx, ALICE.viewer, wish, clock.now())
        else:
            emergency = Emergency(DANA.patient_id, frozenset({ALICE.person_id}), "Collapsed in the corridor")
            await break_glass(tx, CHARLIE.viewer, emergency, clock.now())
    charlie = await sign_in(CHARLIE)
    assert (await book(charlie)).status_code == 201
    clock.advance(86400)
    again = await sign_in(CHARLIE)
    assert (await again.get(f"/patients/{DANA.patient_id}")).status_code == 200
    assert (await again.post(f"/api/notes/{notes['shared']}/tickets", json={})).status_code == 404


async def test_an_address_is_never_replaced_in_silence(sign_in: SignIn, meeting: Meeting, house: House) -> None:
    alice = await sign_in(ALICE)
    assert (await book(alice, mobile=DANA.mobile)).status_code == 201
    assert await entries(house, Act.READDRESSED) == []
    assert (await book(alice, mobile=OTHER)).status_code == 201
    assert (await book(await sign_in(BOB), mobile=DANA.mobile, email="diaz@example.org")).status_code == 201
    kept = await entries(house, Act.READDRESSED)
    assert [(entry.person_id, entry.patient_id, entry.thing, entry.reason) for entry in kept] == [
        (ALICE.person_id, DANA.patient_id, "record", "mobile"),
        (BOB.person_id, DANA.patient_id, "record", "mobile email"),
    ]
    assert await addresses(house) == (DANA.mobile, "diaz@example.org")
    looks = (await (await sign_in(DANA)).get(f"/my/{DANA.patient_id}/looks")).text
    assert looks.count("Changed the mobile number or e-mail address of the record") == 2
    assert OTHER not in looks


@pytest.mark.row("P5")
async def test_where_the_record_has_no_address_whoever_acts_is_written_to(
    sign_in: SignIn, cast: Cast, house: House, clock: StillClock
) -> None:
    alice = await sign_in(ALICE)
    await let_act(house)
    assert (await book(alice)).json()["sent"] == []
    async with house.database.write() as tx:
        tx.add(AccountEmail(person_id=DORA.person_id, address=DORA.email, confirmed_at=clock.now()))
    booked = (await book(alice)).json()
    assert booked["sent"] == ["email"]
    link = f"/api/consultations/{booked['id']}/link/send"
    assert [(await alice.post(link, json={"channel": way})).status_code for way in ("email", "sms")] == [204, 422]
    (row,) = [row for row in (await alice.get("/api/today")).json()["rows"] if row["id"] == booked["id"]]
    assert (row["email"], row["email_to"], row["sms_to"]) == (None, "to whoever acts for the patient", None)
    assert DORA.email not in (await alice.get("/api/today")).text


async def test_an_address_that_was_missing_is_added(sign_in: SignIn, cast: Cast, house: House) -> None:
    """And what the answer says was sent is what was sent, also to an address that only the record knew."""
    alice = await sign_in(ALICE)
    assert (await book(alice)).json()["sent"] == []
    assert (await book(alice, mobile=OTHER)).json()["sent"] == ["sms"]
    assert (await book(alice)).json()["sent"] == ["sms"]
    assert await addresses(house) == (OTHER, None)
    assert await entries(house, Act.READDRESSED) == []
