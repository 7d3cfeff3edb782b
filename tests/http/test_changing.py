"""Moving and cancelling by the link, as the service's rules allow: the link stays, everybody invited is told, the stale page is, too."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.booking.model import Appointment, AppointmentState, Service
from server.consultation.events import News
from server.consultation.guests import GuestPlan, invite_guest
from server.consultation.join_link import join_token
from server.consultation.model import Consultation, JoinLink, Relation
from server.core.house import House
from server.messaging.model import Delivery
from server.patients.model import Patient
from tests.cast import ALICE, CHARLIE, DANA, MALLORY, Cast, Meeting, Staff
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.booking import VERSION, Booker, consultation_at, offer

pytestmark = [pytest.mark.anyio, pytest.mark.row("B4")]

WEDNESDAY, THURSDAY = "2026-03-04T09:20Z", "2026-03-05T09:40Z"
LAST_MOMENT = datetime(2026, 3, 3, 9, 20, tzinfo=UTC)


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now())


@pytest.fixture
async def erin(app: Starlette, service: Service) -> AsyncIterator[Booker]:
    async with browser_of(app) as client:
        yield Booker(client, service, ALICE.professional_id)


@pytest.fixture
async def visit(erin: Booker) -> str:
    """Where the pages of erin's appointment on Wednesday are."""
    return (await erin.book(WEDNESDAY)).partition("/appointment")[0]


async def appointment_of(house: House, visit: str) -> Appointment:
    async with house.database.read() as tx:
        link = await tx.get_one(JoinLink, UUID(visit.removeprefix("/v/")))
        consultation = await tx.get_one(Consultation, link.consultation_id)
        return await tx.get_one(Appointment, consultation.appointment_id)


async def version(erin: Booker, page: str) -> str:
    return VERSION.findall((await erin.client.get(page)).text)[0]


async def news(house: House) -> list[tuple[str | None, str]]:
    async with house.database.read() as tx:
        found = await tx.execute(select(Delivery.news, Delivery.channel).order_by(Delivery.news, Delivery.channel))
        return [(row[0], row[1]) for row in found if row[0]]


async def test_moving_keeps_the_link_and_tells(erin: Booker, visit: str, house: House) -> None:
    page = (await erin.client.get(f"{visit}/move")).text
    assert "Your link stays the same." in page
    answer = await erin.client.post(f"{visit}/move", data={"time": THURSDAY, "version": await version(erin, f"{visit}/move")})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{visit}/appointment?moved")
    page = (await erin.client.get(answer.headers["location"])).text
    for words in ("Your appointment has a new time", "Thursday 5 March, ", "09:40 (London time)", "It is the same link as before."):
        assert words in page
    appointment = await appointment_of(house, visit)
    consultation = await consultation_at(house, appointment.id)
    assert consultation.scheduled_at == appointment.begins_at == datetime(2026, 3, 5, 9, 40, tzinfo=UTC)
    assert await news(house) == [(News.MOVED, "email"), (News.MOVED, "sms")]
    times = await erin.times()
    assert WEDNESDAY in times
    assert THURSDAY not in times
    assert "SEQUENCE:1" in (await erin.client.get(f"{visit}/calendar.ics")).text


async def test_cancelling_frees_the_time_and_ends_the_link(erin: Booker, visit: str, house: House) -> None:
    answer = await erin.client.post(f"{visit}/cancel", data={"version": await version(erin, f"{visit}/cancel")})
    assert (answer.status_code, answer.headers["location"]) == (303, visit)
    page = await erin.client.get(visit)
    assert page.status_code == 410
    assert "This appointment is cancelled" in page.text
    assert erin.path in page.text
    appointment = await appointment_of(house, visit)
    assert (appointment.state, appointment.cancelled_by) == (AppointmentState.CANCELLED, "patient")
    assert (await consultation_at(house, appointment.id)).state == "cancelled"
    assert await news(house) == [(News.CANCELLED, "email"), (News.CANCELLED, "sms")]
    assert WEDNESDAY in await erin.times()
    for path in ("/move", "/cancel", "/appointment", "/room", "/camera"):
        assert (await erin.client.get(visit + path)).headers["location"] == visit
    assert (await erin.client.post(f"{visit}/tickets", json={"purpose": "room"})).status_code == 409


@pytest.mark.parametrize("page", ["move", "cancel"])
async def test_bad_07_a_second_inside_and_outside_the_window(erin: Booker, visit: str, house: House, clock: StillClock, page: str) -> None:
    number = await version(erin, f"{visit}/{page}")
    clock.set(LAST_MOMENT.replace(second=1))
    late = await erin.client.post(f"{visit}/{page}", data={"time": THURSDAY, "version": number})
    assert late.status_code == 409
    assert "It is too late to" in late.text
    assert "That was possible until today, " in late.text
    assert (await appointment_of(house, visit)).state == AppointmentState.CONFIRMED
    clock.set(LAST_MOMENT.replace(minute=19, second=59))
    assert (await erin.client.post(f"{visit}/{page}", data={"time": THURSDAY, "version": number})).status_code == 303


@pytest.mark.parametrize("page", ["move", "cancel"])
async def test_bad_08_the_stale_page_is_told(erin: Booker, visit: str, house: House, page: str) -> None:
    number = await version(erin, f"{visit}/{page}")
    await erin.client.post(f"{visit}/move", data={"time": THURSDAY, "version": number})
    stale = await erin.client.post(f"{visit}/{page}", data={"time": "2026-03-06T09:00Z", "version": number})
    assert stale.status_code == 409
    assert "This appointment was changed in the meantime" in stale.text
    assert "Thursday 5 March" in stale.text
    appointment = await appointment_of(house, visit)
    assert (appointment.state, appointment.begins_at.day) == (AppointmentState.CONFIRMED, 5)


@pytest.mark.row("B3")
async def test_bad_06_moving_into_a_taken_time_keeps_the_old(erin: Booker, visit: str, app: Starlette, house: House) -> None:
    async with browser_of(app) as client:
        await Booker(client, erin.service, erin.owner_id).book(THURSDAY)
    number = await version(erin, f"{visit}/move")
    answer = await erin.client.post(f"{visit}/move", data={"time": THURSDAY, "version": number})
    assert answer.status_code == 409
    assert "Somebody else has just taken this time" in answer.text
    assert "Your old time is still yours." in answer.text
    assert (await appointment_of(house, visit)).begins_at.day == 4
    assert WEDNESDAY not in await erin.times()


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "1.0"])
async def test_bad_23_a_version_is_a_number(erin: Booker, visit: str, house: House, number: str) -> None:
    for page in ("move", "cancel"):
        answer = await erin.client.post(f"{visit}/{page}", data={"time": THURSDAY, "version": number})
        assert answer.status_code in {409, 422}
    assert (await appointment_of(house, visit)).begins_at.day == 4


async def test_no_time_chosen_is_said(erin: Booker, visit: str) -> None:
    answer = await erin.client.post(f"{visit}/move", data={"version": "1"})
    assert answer.status_code == 422
    assert "Please choose a time" in answer.text


async def test_what_a_professional_made_is_theirs_to_change(app: Starlette, meeting: Meeting) -> None:
    async with browser_of(app, {"visit": meeting.token}) as dana:
        base = f"/v/{meeting.visit_id}"
        assert "Change or cancel" not in (await dana.get(base)).text
        for path in ("/appointment", "/move", "/cancel"):
            assert (await dana.get(base + path)).headers["location"] == base


async def test_a_guest_is_told_and_changes_nothing(erin: Booker, visit: str, house: House, app: Starlette, clock: StillClock) -> None:
    consultation = await consultation_at(house, (await appointment_of(house, visit)).id)
    async with house.database.write() as tx:
        plan = GuestPlan(consultation.id, "Imran Iqbal", Relation.INTERPRETER, "+447700900777", None)
        link = await invite_guest(tx, house.secrets, ALICE.viewer, plan, clock.now())
    await erin.client.post(f"{visit}/move", data={"time": THURSDAY, "version": await version(erin, f"{visit}/move")})
    assert await news(house) == [(News.MOVED, "email"), (News.MOVED, "sms"), (News.MOVED, "sms")]
    async with browser_of(app, {"visit": join_token(house.secrets, link.id)}) as imran:
        for path in ("/appointment", "/move", "/cancel"):
            assert (await imran.get(f"/v/{link.id}{path}")).headers["location"] == f"/v/{link.id}"


async def test_the_professional_reads_the_news_as_it_was_sent(erin: Booker, visit: str, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    await erin.client.post(f"{visit}/move", data={"time": THURSDAY, "version": await version(erin, f"{visit}/move")})
    assert "your video appointment is now on Thursday 5 March at 09:40 (London time)." in (await alice.get("/outbox")).text
    await erin.client.post(f"{visit}/cancel", data={"version": await version(erin, f"{visit}/cancel")})
    outbox = (await alice.get("/outbox")).text
    assert "your video appointment on Thursday 5 March at 09:40 (London time) is cancelled." in outbox
    assert "is now on" not in outbox


@pytest.mark.row("B7")
async def test_the_account_opens_its_own_consultations_and_no_others(
    sign_in: SignIn, meeting: Meeting, erin: Booker, visit: str, house: House
) -> None:
    dana = await sign_in(DANA)
    path = f"/my/{DANA.patient_id}/consultations/"
    answer = await dana.get(f"{path}{meeting.consultation_id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/v/{meeting.visit_id}")
    assert (await dana.get(answer.headers["location"])).status_code == 200
    other = await consultation_at(house, (await appointment_of(house, visit)).id)
    assert (await dana.get(f"{path}{other.id}")).status_code == 404
    assert (await (await sign_in(ALICE)).get(f"{path}{meeting.consultation_id}")).status_code == 404


@pytest.mark.row("B7")
async def test_the_week_shows_what_one_may_see(erin: Booker, visit: str, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    week = (await alice.get("/week")).text
    assert "Erin Evans" in week
    assert "Wednesday, 4 March 2026" in week
    assert "Erin Evans" not in (await alice.get("/week?from=2026-03-09")).text
    assert "Erin Evans" in (await alice.get("/week?from=2026-03-08")).text
    for outsider in (CHARLIE, MALLORY):
        assert "Erin Evans" not in (await (await sign_in(outsider)).get("/week")).text
    assert (await alice.get("/week?from=9999-12-31")).status_code == 200


async def test_the_record_and_the_links_stay_whole(erin: Booker, visit: str, house: House) -> None:
    await erin.client.post(f"{visit}/move", data={"time": THURSDAY, "version": await version(erin, f"{visit}/move")})
    async with house.database.read() as tx:
        consultation = (await tx.scalars(select(Consultation))).one()
        link = (await tx.scalars(select(JoinLink))).one()
        patient = await tx.get_one(Patient, consultation.patient_id)
    assert f"/v/{link.id}" == visit
    assert link.revoked_at is None
    assert patient.name == "Erin Evans"


@pytest.mark.row("B7")
async def test_the_practice_moves_and_cancels_whenever_it_must(erin: Booker, visit: str, sign_in: SignIn, house: House) -> None:
    alice = await sign_in(ALICE)
    appointment = await appointment_of(house, visit)
    page = f"/consultations/{(await consultation_at(house, appointment.id)).id}/appointment"
    number = VERSION.findall((await alice.get(page)).text)[0]
    moved = await alice.post(f"{page}/move", data={"day": "2026-03-02", "time": "15:00", "version": number})
    assert (moved.status_code, moved.headers["location"]) == (303, "/week?from=2026-03-02")
    assert (await consultation_at(house, appointment.id)).scheduled_at == datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    stale = await alice.post(f"{page}/cancel", data={"version": number})
    assert stale.status_code == 409
    assert "Nothing was changed" in stale.text
    for time in ("", "25:00", "x"):
        assert (await alice.post(f"{page}/move", data={"day": "2026-03-02", "time": time, "version": number})).status_code == 422
    gone = VERSION.findall((await alice.get(page)).text)[0]
    assert (await alice.post(f"{page}/cancel", data={"version": gone})).status_code == 303
    assert (await appointment_of(house, visit)).cancelled_by == "practice"
    assert "This appointment is cancelled" in (await erin.client.get(visit)).text
    assert "Cancelled" in (await alice.get("/week")).text


@pytest.mark.row("B2")
@pytest.mark.parametrize("member", [CHARLIE, MALLORY], ids=lambda member: member.username)
async def test_bad_28_nobody_else_changes_it(erin: Booker, visit: str, sign_in: SignIn, house: House, member: Staff) -> None:
    page = f"/consultations/{(await consultation_at(house, (await appointment_of(house, visit)).id)).id}/appointment"
    client = await sign_in(member)
    assert (await client.get(page)).status_code == 404
    for path, data in (("move", {"day": "2026-03-02", "time": "15:00", "version": "2"}), ("cancel", {"version": "2"})):
        assert (await client.post(f"{page}/{path}", data=data)).status_code == 404


async def test_what_is_planned_by_hand_is_offered_to_nobody(erin: Booker, sign_in: SignIn, house: House) -> None:
    alice = await sign_in(ALICE)
    made = await alice.post("/api/consultations", json={"patient_name": "Sam", "scheduled_at": WEDNESDAY.replace("Z", ":00Z")})
    assert made.status_code == 201
    assert WEDNESDAY not in await erin.times()
    page = f"/consultations/{made.json()['id']}/appointment"
    number = VERSION.findall((await alice.get(page)).text)[0]
    assert (await alice.post(f"{page}/cancel", data={"version": number})).status_code == 303
    assert WEDNESDAY in await erin.times()
