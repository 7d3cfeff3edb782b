"""A professional books for a patient: free times of a service, somebody known or new, confirmed at once; and moves by free times."""

import httpx2
import pytest
from sqlalchemy import func, select

from server.booking.model import AppointmentState, Needs, Service, ServiceState
from server.booking.offer_form import FIRST
from server.consultation.model import Consultation
from server.core.house import House
from server.messaging.model import Delivery
from server.patients.model import Patient
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, SAM, Cast, Meeting, Staff
from tests.conftest import SignIn, StillClock
from tests.http.booking import RADIO, VERSION, appointments, consultation_at, offer, offer_team

pytestmark = [pytest.mark.anyio, pytest.mark.row("B2")]

WEDNESDAY, THURSDAY = "2026-03-04T09:20Z", "2026-03-05T09:40Z"
FRED = {"name": "Fred Fox", "mobile": "+447700900003", "email": ""}


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now())


@pytest.fixture
async def alice(sign_in: SignIn, service: Service) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


def path_of(service: Service) -> str:
    return f"/appointments/new/{service.id}"


async def patients(house: House) -> int:
    async with house.database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(Patient)) or 0


async def test_somebody_new(alice: httpx2.AsyncClient, service: Service, house: House) -> None:
    page = (await alice.get("/appointments/new")).text
    assert f'href="{path_of(service)}"' in page
    assert WEDNESDAY in RADIO.findall((await alice.get(path_of(service))).text)
    answer = await alice.post(path_of(service), data={**FRED, "time": WEDNESDAY, "do": "book"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/week?from=2026-03-04&booked")
    [appointment] = await appointments(house)
    assert (appointment.state, appointment.booked_by, appointment.service_id) == (AppointmentState.CONFIRMED, ALICE.person_id, service.id)
    consultation = await consultation_at(house, appointment.id)
    async with house.database.read() as tx:
        assert (await tx.get_one(Patient, consultation.patient_id)).name == "Fred Fox"
        assert [row.channel for row in await tx.scalars(select(Delivery))] == ["sms"]
    week = (await alice.get(answer.headers["location"])).text
    assert "The appointment is booked." in week
    assert "Fred Fox" in week
    assert WEDNESDAY not in RADIO.findall((await alice.get(path_of(service))).text)


async def test_somebody_known_is_found_and_keeps_their_record(
    alice: httpx2.AsyncClient, service: Service, meeting: Meeting, house: House
) -> None:
    before = await patients(house)
    page = (await alice.post(path_of(service), data={"do": "find", "letters": "dian", "time": THURSDAY})).text
    assert "No patient of yours is called so." in page
    page = (await alice.post(path_of(service), data={"do": "find", "letters": "DAN", "time": THURSDAY})).text
    assert f'href="{path_of(service)}/for/{DANA.patient_id}"' in page
    answer = await alice.post(f"{path_of(service)}/for/{DANA.patient_id}", data={"time": WEDNESDAY, "do": "book"})
    assert answer.status_code == 303
    booked = next(one for one in await appointments(house) if one.service_id is not None)
    assert booked.patient_id == DANA.patient_id
    assert await patients(house) == before


@pytest.mark.parametrize(
    ("written", "sign"),
    [
        ({"name": "Dana Deighton", "mobile": DANA.mobile, "email": ""}, "The same mobile number"),
        ({"name": DANA.name.upper(), "mobile": "", "email": "another@example.org"}, "Nearly the same name"),
    ],
    ids=["number", "name"],
)
@pytest.mark.usefixtures("meeting")
async def test_a_double_is_told_of_before_it_is_made(
    alice: httpx2.AsyncClient, service: Service, house: House, written: dict[str, str], sign: str
) -> None:
    before = await patients(house)
    answer = await alice.post(path_of(service), data={**written, "time": THURSDAY, "do": "book"})
    assert answer.status_code == 422
    for words in ("Is it one of these?", sign, f'formaction="{path_of(service)}/for/{DANA.patient_id}"', f'value="{THURSDAY}" checked'):
        assert words in answer.text
    assert f'value="{written["name"]}"' in answer.text
    assert await patients(house) == before
    answer = await alice.post(path_of(service), data={**written, "time": THURSDAY, "do": "new"})
    assert (answer.status_code, await patients(house)) == (303, before + 1)


async def test_a_double_of_somebody_elses_patient_stays_unnamed(
    service: Service, meeting: Meeting, house: House, clock: StillClock, sign_in: SignIn
) -> None:
    async with house.database.write() as tx:
        own = await offer(tx, clock.now(), CHARLIE)
    client = await sign_in(CHARLIE)
    answer = await client.post(path_of(own), data={"name": DANA.name, "mobile": DANA.mobile, "email": "", "time": THURSDAY, "do": "book"})
    assert answer.status_code == 303


async def test_from_the_desk_and_from_the_record(alice: httpx2.AsyncClient, service: Service, meeting: Meeting, house: House) -> None:
    answer = await alice.get(f"/consultations/{meeting.consultation_id}/next")
    assert answer.headers["location"] == f"/appointments/new/for/{DANA.patient_id}", "what was planned has no service"
    assert f'href="{path_of(service)}/for/{DANA.patient_id}"' in (await alice.get(answer.headers["location"])).text
    assert f'href="/appointments/new/for/{DANA.patient_id}"' in (await alice.get(f"/patients/{DANA.patient_id}")).text
    await alice.post(f"{path_of(service)}/for/{DANA.patient_id}", data={"time": WEDNESDAY, "do": "book"})
    booked = next(one for one in await appointments(house) if one.service_id is not None)
    answer = await alice.get(f"/consultations/{(await consultation_at(house, booked.id)).id}/next")
    assert answer.headers["location"] == f"{path_of(service)}/for/{DANA.patient_id}"


async def test_what_is_missing_is_said_and_what_was_written_stays(alice: httpx2.AsyncClient, service: Service, house: House) -> None:
    answer = await alice.post(path_of(service), data={"name": "Fred Fox", "mobile": "", "email": "", "time": THURSDAY, "do": "book"})
    assert answer.status_code == 422
    assert "Please write a mobile number or an e-mail address" in answer.text
    assert 'value="Fred Fox"' in answer.text
    assert f'value="{THURSDAY}" checked' in answer.text
    answer = await alice.post(path_of(service), data={**FRED, "do": "book"})
    assert (answer.status_code, "Please choose a time." in answer.text) == (422, True)
    before = await patients(house)
    assert (await alice.post(path_of(service), data={**FRED, "time": WEDNESDAY, "do": "book"})).status_code == 303
    answer = await alice.post(path_of(service), data={**FRED, "time": WEDNESDAY, "do": "new"})
    assert (answer.status_code, "Somebody else has just taken this time." in answer.text) == (409, True)
    assert 'value="Fred Fox"' in answer.text
    assert await patients(house) == before + 1, "a time that was taken left a record behind"


async def test_only_what_is_offered(alice: httpx2.AsyncClient, service: Service, house: House) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Service, service.id)).state = ServiceState.WITHDRAWN
    assert "You offer nothing yet" in (await alice.get("/appointments/new")).text
    assert (await alice.get(path_of(service))).status_code == 404
    assert (await alice.post(path_of(service), data={**FRED, "time": WEDNESDAY, "do": "book"})).status_code == 404


@pytest.mark.parametrize("outsider", [BOB, CHARLIE, MALLORY, SAM], ids=lambda member: member.username)
async def test_bad_28_nobody_books_into_the_diary_of_others(service: Service, house: House, sign_in: SignIn, outsider: Staff) -> None:
    client = await sign_in(outsider)
    answer = await client.post(path_of(service), data={**FRED, "time": WEDNESDAY, "do": "book"})
    assert answer.status_code == (404 if outsider.title else 403)
    assert await appointments(house) == []


async def test_bad_28_nobody_books_for_a_record_that_is_not_theirs(
    service: Service, meeting: Meeting, house: House, clock: StillClock, sign_in: SignIn
) -> None:
    async with house.database.write() as tx:
        own = await offer(tx, clock.now(), CHARLIE)
    client = await sign_in(CHARLIE)
    for path in (f"{path_of(own)}/for/{DANA.patient_id}", f"/appointments/new/for/{DANA.patient_id}"):
        assert (await client.get(path)).status_code == 404
    assert (await client.get(f"/consultations/{meeting.consultation_id}/next")).status_code == 404
    assert (await client.post(f"{path_of(own)}/for/{DANA.patient_id}", data={"time": WEDNESDAY, "do": "book"})).status_code == 404


async def test_for_a_team_all_are_taken_or_none(sign_in: SignIn, house: House, cast: Cast, clock: StillClock) -> None:
    async with house.database.write() as tx:
        team = await offer_team(tx, clock.now())
    client = await sign_in(BOB)
    assert (await client.post(path_of(team), data={**FRED, "time": WEDNESDAY, "do": "book"})).status_code == 303
    [appointment] = await appointments(house)
    consultation = await consultation_at(house, appointment.id)
    assert consultation.team_id == ALICE.team_id


async def test_moving_by_free_times_and_by_hand(alice: httpx2.AsyncClient, service: Service, house: House) -> None:
    await alice.post(path_of(service), data={**FRED, "time": WEDNESDAY, "do": "book"})
    [appointment] = await appointments(house)
    page = f"/consultations/{(await consultation_at(house, appointment.id)).id}/appointment"
    text = (await alice.get(page)).text
    assert THURSDAY in RADIO.findall(text)
    moved = await alice.post(f"{page}/move", data={"time": THURSDAY, "version": VERSION.findall(text)[0]})
    assert (moved.status_code, moved.headers["location"]) == (303, "/week?from=2026-03-05")
    text = (await alice.get(page)).text
    by_hand = {"day": "2026-03-06", "time": "19:35", "version": VERSION.findall(text)[0]}
    assert (await alice.post(f"{page}/move", data=by_hand)).status_code == 303
    async with house.database.read() as tx:
        [consultation] = list(await tx.scalars(select(Consultation)))
    assert consultation.scheduled_at.strftime("%d %H:%M") == "06 19:35"


async def test_a_lead_and_any_one_beside(sign_in: SignIn, house: House, cast: Cast) -> None:
    client = await sign_in(ALICE)
    page = (await client.get("/offer/services/new")).text
    assert "One who leads, and any one beside" in page
    form = {
        "name": "Review", "about": "", "length_min": "20", "buffer_before_min": "0", "buffer_after_min": "0", "price": "",
        "currency": "GBP", "grid_min": "20", "notice_min": "120", "horizon_days": "56", "cancel_until_min": "1440",
        "move_until_min": "1440",
        "needs": "lead_and_any", "team_id": str(ALICE.team_id), "lead": "",
        **{field: FIRST[field] for field in ("pays", "late_fee_percent", "no_show_fee_percent")},
    }  # fmt: skip
    refused = await client.post("/offer/services/new", data=form)
    assert (refused.status_code, "Please choose somebody of the team." in refused.text) == (422, True)
    assert (await client.post("/offer/services/new", data={**form, "lead": str(CHARLIE.professional_id)})).status_code == 422
    assert (await client.post("/offer/services/new", data={**form, "lead": str(BOB.professional_id)})).status_code == 303
    async with house.database.read() as tx:
        [made] = list(await tx.scalars(select(Service)))
    assert (made.needs, made.lead_id) == (Needs.LEAD_AND_ANY, BOB.professional_id)
