"""Booking by the public pages: from free times to the appointment, and a clear sentence wherever it fails."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.booking.actions import HOLD_FOR
from server.booking.held import COOKIE
from server.booking.model import AppointmentState, Grain, Pays, Service, ServiceState
from server.consultation.model import Participant
from server.core.house import House
from server.messaging.model import Delivery
from server.patients.model import Patient
from tests.cast import ALICE, BOB, CHARLIE, DANA, NORTH, Cast
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.booking import ERIN, Booker, appointments, consultation_at, offer, offer_team

pytestmark = [pytest.mark.anyio, pytest.mark.row("B1")]

SCRIPT = "<script>alert(1)</script>"


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
async def other(app: Starlette, service: Service) -> AsyncIterator[Booker]:
    async with browser_of(app) as client:
        yield Booker(client, service, ALICE.professional_id)


async def grains(house: House) -> int:
    async with house.database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(Grain)) or 0


async def test_the_front_says_who_and_what(erin: Booker, house: House) -> None:
    page = await erin.client.get(f"/book/{ALICE.professional_id}")
    assert page.status_code == 200
    for words in ("Dr Alice Ahmed", "General practice", "MB BS", "Video consultation", "20 minutes", "Free", "Harbour Clinic"):
        assert words in page.text


@pytest.mark.parametrize("state", [ServiceState.DRAFT, ServiceState.WITHDRAWN])
async def test_what_is_not_offered_is_not_there(erin: Booker, house: House, state: ServiceState) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Service, erin.service.id)).state = state
    assert (await erin.client.get(f"/book/{ALICE.professional_id}")).status_code == 404
    assert (await erin.client.get(erin.path)).status_code == 404
    assert (await erin.client.post(erin.path, data={"time": "2026-03-03T09:00Z"})).status_code == 404


async def test_nobody_has_a_page_who_offers_nothing(erin: Booker) -> None:
    for owner_id in (BOB.professional_id, CHARLIE.professional_id, NORTH, uuid4()):
        assert (await erin.client.get(f"/book/{owner_id}")).status_code == 404
        assert (await erin.client.get(f"/book/{owner_id}/{erin.service.id}")).status_code == 404


@pytest.mark.row("B2")
async def test_free_times_come_by_day_and_by_week(erin: Booker) -> None:
    """It is ten o'clock on Monday: with half an hour of notice the first free time is 10:40, or 10:30 on a finer grid."""
    first = await erin.times()
    assert first[0] == "2026-03-02T10:40Z"
    assert first[-1] == "2026-03-06T11:40Z"
    assert len(first) == 4 + 4 * 9
    second = await erin.times("?from=2026-03-09")
    assert (second[0], len(second)) == ("2026-03-09T09:00Z", 5 * 9)
    page = (await erin.client.get(erin.path)).text
    assert "?from=2026-03-09" in page
    assert "Earlier" not in page
    assert "All times are London time." in page


@pytest.mark.row("B2")
async def test_after_the_clocks_changed_nine_is_an_hour_earlier(erin: Booker) -> None:
    assert (await erin.times("?from=2026-03-23"))[0] == "2026-03-23T09:00Z"
    assert (await erin.times("?from=2026-03-30"))[0] == "2026-03-30T08:00Z"


@pytest.mark.row("B2")
async def test_whoever_is_elsewhere_sees_both_times(erin: Booker) -> None:
    page = (await erin.client.get(f"{erin.path}?zone=America/New_York")).text
    assert "05:40 in New York" in page
    assert 'name="zone" value="America/New_York"' in page
    plain = (await erin.client.get(f"{erin.path}?zone=Europe/Lisbon")).text
    assert "in Lisbon" not in plain
    assert "America/New_York" in (await erin.client.get(f"{erin.path}/zone")).text


@pytest.mark.parametrize("query", ["?from=x&zone=../etc/passwd", "?from=9999-12-31", "?from=0001-01-01", "?zone=BST&zone=" + "x" * 500])
async def test_bad_23_whatever_an_address_says_it_shows_times(erin: Booker, query: str) -> None:
    assert (await erin.client.get(erin.path + query)).status_code == 200


async def test_no_free_time_is_said_with_the_next_one(erin: Booker, house: House) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Service, erin.service.id)).notice_min = 8 * 24 * 60
    assert (await erin.times())[0] == "2026-03-10T10:00Z"
    page = (await erin.client.get(f"{erin.path}?from=2026-03-02")).text
    assert "There is no free time in this week" in page
    assert "The first free time is Tuesday 10 March" in page
    async with house.database.write() as tx:
        (await tx.get_one(Service, erin.service.id)).notice_min = 300 * 24 * 60
    assert "At the moment there is no free time at all." in (await erin.client.get(erin.path)).text


async def test_a_booking_from_end_to_end(erin: Booker, house: House) -> None:
    location = await erin.book("2026-03-03T09:20Z")
    appointment = (await appointments(house))[0]
    assert appointment.state == AppointmentState.CONFIRMED
    assert (appointment.name, appointment.mobile, appointment.email) == (None, None, None)
    consultation = await consultation_at(house, appointment.id)
    assert consultation.scheduled_at == appointment.begins_at
    assert (consultation.professional_id, consultation.team_id, consultation.duration_min) == (ALICE.professional_id, None, 20)
    assert location.startswith("/v/")
    assert not any(word in location for word in ("Erin", "0077", "example"))
    page = (await erin.client.get(location)).text
    for words in ("Your appointment is booked", "Tomorrow, ", "09:20 (London time)", "With Dr Alice Ahmed", ERIN["mobile"], ERIN["email"]):
        assert words in page
    async with house.database.read() as tx:
        place = (await tx.scalars(select(Participant).where(Participant.consultation_id == consultation.id))).one()
        sent = list(await tx.scalars(select(Delivery.channel).where(Delivery.consultation_id == consultation.id)))
    assert place.name == "Erin Evans"
    assert sorted(sent) == ["email", "sms"]
    assert "2026-03-03T09:20Z" not in await erin.times()


async def test_the_calendar_file_is_that_of_the_consultation(erin: Booker, house: House) -> None:
    base = (await erin.book("2026-03-03T09:20Z")).partition("/appointment")[0]
    file = (await erin.client.get(f"{base}/calendar.ics")).text
    assert "DTSTART:20260303T092000Z" in file
    assert "SEQUENCE:0" in file


async def test_the_price_is_said_before_and_after(erin: Booker, house: House) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Service, erin.service.id)).price_minor = 4000
    held = await erin.choose("2026-03-03T09:20Z")
    await erin.client.post(held, data=ERIN)
    assert "You pay £40.00 at the practice, not now." in (await erin.client.get(f"{held}/check")).text
    location = (await erin.client.post(f"{held}/check")).headers["location"]
    assert "You pay £40.00 at the practice, not now." in (await erin.client.get(location)).text


@pytest.mark.row("B3")
async def test_who_comes_second_is_told_and_sees_fresh_times(erin: Booker, other: Booker) -> None:
    await erin.choose("2026-03-03T09:20Z")
    answer = await other.client.post(other.path, data={"time": "2026-03-03T09:20Z"})
    assert answer.status_code == 409
    assert "Somebody else has just taken this time" in answer.text
    assert "2026-03-03T09:20Z" not in answer.text
    assert "2026-03-03T09:40Z" in answer.text


@pytest.mark.parametrize(
    "time", ["", "x", "2026-03-03T09:30", "2026-03-03", "9999-12-31T23:59Z", "2026-03-03T09:20Z\u202e", "2026-03-03T09:20Z' OR 1=1"]
)
async def test_bad_23_no_time_is_chosen_until_one_is(erin: Booker, house: House, time: str) -> None:
    answer = await erin.client.post(erin.path, data={"time": time, "name": "Erin"})
    assert answer.status_code == 422
    assert "Please choose a time" in answer.text
    assert 'name="name" value="Erin"' in answer.text
    assert await appointments(house) == []


@pytest.mark.parametrize("time", ["2026-03-02T09:00Z", "2026-03-03T09:10Z", "2026-03-07T09:00Z", "2026-03-03T08:00Z", "2027-03-03T09:00Z"])
async def test_a_time_that_is_not_offered_is_not_kept(erin: Booker, house: House, time: str) -> None:
    """It was free when the page was made, or it never was: whoever asks is shown what is free now."""
    answer = await erin.client.post(erin.path, data={"time": time})
    assert answer.status_code == 422
    assert "This time cannot be booked any more" in answer.text
    assert await grains(house) == 0


@pytest.mark.row("B3")
async def test_a_hold_that_ran_out_keeps_what_was_written(erin: Booker, other: Booker, clock: StillClock) -> None:
    held = await erin.choose("2026-03-03T09:20Z")
    clock.advance(HOLD_FOR.total_seconds() + 1)
    assert "2026-03-03T09:20Z" in await other.times()
    answer = await erin.client.post(held, data=ERIN)
    assert answer.status_code == 409
    for words in ("Your time is no longer kept for you", "What you wrote is kept.", 'name="mobile" value="+447700900002"'):
        assert words in answer.text
    again = await erin.choose("2026-03-03T09:20Z", **ERIN)
    page = (await erin.client.get(again)).text
    assert 'value="Erin Evans"' in page
    assert (await erin.client.get(f"{again}/check")).status_code == 200


async def test_what_is_wrong_is_said_and_nothing_is_lost(erin: Booker) -> None:
    held = await erin.choose("2026-03-03T09:20Z")
    answer = await erin.client.post(held, data={"name": SCRIPT, "mobile": "12", "email": "erin@"})
    assert answer.status_code == 422
    assert "This mobile number does not look right." in answer.text
    assert "This e-mail address does not look right." in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert SCRIPT not in answer.text
    nothing = await erin.client.post(held, data={"name": ""})
    assert "Please write your name." in nothing.text
    assert "Please write a mobile number or an e-mail address" in nothing.text


async def test_bad_30_steps_are_not_skipped(erin: Booker, house: House) -> None:
    held = await erin.choose("2026-03-03T09:20Z")
    for answer in (await erin.client.get(f"{held}/check"), await erin.client.post(f"{held}/check")):
        assert (answer.status_code, answer.headers["location"]) == (303, held)
    assert (await appointments(house))[0].state == AppointmentState.HELD


@pytest.mark.parametrize("cookie", ["", "x", "{id}", "{id}.", "{id}." + "A" * 43, "{id}.\u00e9"])
async def test_bad_28_what_somebody_else_holds_is_not_shown(app: Starlette, erin: Booker, house: House, cookie: str) -> None:
    held = await erin.choose("2026-03-03T09:20Z", zone="Asia/Tokyo")
    await erin.client.post(held, data=ERIN)
    appointment = (await appointments(house))[0]
    forged = cookie.replace("{id}", appointment.id.hex)
    async with browser_of(app, {COOKIE: forged} if forged.isascii() else {}) as stranger:
        for method, path in (("GET", held), ("GET", f"{held}/check"), ("POST", f"{held}/check"), ("POST", f"{held}/leave")):
            answer = await stranger.request(method, path, data={"name": ""} if method == "POST" else None)
            assert answer.status_code == 409
            assert not any(value in answer.text for value in (*ERIN.values(), "Tokyo"))
    assert (await appointments(house))[0].state == AppointmentState.HELD


async def test_booking_twice_books_once(erin: Booker, house: House) -> None:
    held = await erin.choose("2026-03-03T09:20Z")
    await erin.client.post(held, data=ERIN)
    answers = [await erin.client.post(f"{held}/check") for _ in range(2)] + [await erin.client.get(held)]
    assert {answer.headers["location"] for answer in answers} == {answers[0].headers["location"]}
    assert len(await appointments(house)) == 1
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(Delivery)) == 2


@pytest.mark.row("B3")
async def test_a_browser_holds_one_time(erin: Booker, other: Booker) -> None:
    first = await erin.choose("2026-03-03T09:20Z")
    second = await erin.choose("2026-03-03T10:20Z")
    assert "2026-03-03T09:20Z" in await other.times()
    assert "no longer kept for you" in (await erin.client.get(first)).text
    assert (await erin.client.get(second)).status_code == 200


async def test_another_time_gives_the_first_one_back_and_loses_nothing(erin: Booker, other: Booker) -> None:
    held = await erin.choose("2026-03-03T09:20Z")
    answer = await erin.client.post(f"{held}/leave", data={"name": "Erin Ev", "mobile": "0770"})
    assert answer.status_code == 200
    assert 'name="name" value="Erin Ev"' in answer.text
    assert "2026-03-03T09:20Z" in await other.times()


async def test_whoever_books_without_an_account_gets_a_record_of_their_own(erin: Booker, house: House) -> None:
    """A number is no proof of who somebody is, and a name neither."""
    await erin.book("2026-03-03T09:20Z", {"name": DANA.name, "mobile": DANA.mobile, "email": DANA.email})
    async with house.database.read() as tx:
        records = list(await tx.scalars(select(Patient.id).where(Patient.name == DANA.name)))
    assert len(records) == 2
    assert (await appointments(house))[0].patient_id != DANA.patient_id


async def test_who_signs_in_has_it_filled_and_books_for_their_record(sign_in: SignIn, service: Service, house: House) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).mobile = DANA.mobile
    dana = Booker(await sign_in(DANA), service, ALICE.professional_id)
    held = await dana.choose("2026-03-03T09:20Z")
    page = (await dana.client.get(held)).text
    assert 'value="Dana Diaz"' in page
    assert f'value="{DANA.mobile}"' in page
    await dana.client.post(held, data={"name": "dana  diaz", "mobile": DANA.mobile})
    await dana.client.post(f"{held}/check")
    assert (await appointments(house))[0].patient_id == DANA.patient_id
    assert "Join, change or cancel" in (await dana.client.get("/my")).text


async def test_who_books_for_somebody_else_leaves_their_own_record_alone(sign_in: SignIn, service: Service, house: House) -> None:
    dana = Booker(await sign_in(DANA), service, ALICE.professional_id)
    await dana.book("2026-03-03T09:20Z", {"name": "Diego Diaz", "mobile": DANA.mobile})
    assert (await appointments(house))[0].patient_id != DANA.patient_id
    assert "Your next consultation" not in (await dana.client.get("/my")).text


async def test_a_team_is_booked_whole(house: House, cast: Cast, clock: StillClock, client: httpx2.AsyncClient) -> None:
    async with house.database.write() as tx:
        service = await offer_team(tx, clock.now())
    front = (await client.get(f"/book/{NORTH}")).text
    for words in ("North", "Dr Alice Ahmed", "Nurse Bob Brown", "Diabetes review"):
        assert words in front
    await Booker(client, service, NORTH).book("2026-03-03T09:20Z")
    consultation = await consultation_at(house, (await appointments(house))[0].id)
    assert consultation.team_id == NORTH


async def test_holds_of_one_address_are_bounded(erin: Booker, house: House) -> None:
    answers = [await erin.client.post(erin.path, data={"time": "2026-03-03T09:20Z"}) for _ in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [303] * 30
    assert answers[30].status_code == 429


async def test_the_cookie_says_nothing_and_stays_where_it_belongs(erin: Booker) -> None:
    answer = await erin.client.post(erin.path, data={"time": "2026-03-03T09:20Z"})
    cookie = answer.headers["set-cookie"]
    for words in ("Path=/book", "HttpOnly", "SameSite=lax"):
        assert words in cookie
    assert UUID(answer.headers["location"].rsplit("/", 1)[1])


async def test_bad_35_names_are_text(erin: Booker, sign_in: SignIn, house: House) -> None:
    location = await erin.book("2026-03-03T09:20Z", ERIN | {"name": SCRIPT})
    pages = [(await erin.client.get(location)).text, (await (await sign_in(ALICE)).get("/week")).text]
    assert not any(SCRIPT in page for page in pages)
    assert "&lt;script&gt;" in pages[1]


@pytest.mark.row("M5")
async def test_without_a_provider_what_is_paid_online_is_paid_at_the_practice(erin: Booker, house: House) -> None:
    async with house.database.write() as tx:
        service = await tx.get_one(Service, erin.service.id)
        service.price_minor, service.pays = 4000, Pays.ONLINE
    assert "you pay at the practice" in (await erin.client.get(f"/book/{ALICE.professional_id}")).text
    location = await erin.book("2026-03-03T09:20Z")
    assert "You pay £40.00 at the practice, not now." in (await erin.client.get(location)).text
    assert (await appointments(house))[0].pays == Pays.PRACTICE
