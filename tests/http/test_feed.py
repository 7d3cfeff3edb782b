"""The calendar feed: what a calendar program reads, with a secret address that can be replaced, and without a patient's name."""

import re
from datetime import UTC, datetime, timedelta

import httpx2
import icalendar
import pytest
from starlette.applications import Starlette

from server.access.restrictions import Restriction
from server.booking.actions import cancel, move_for_practice
from server.booking.model import Appointment, Party
from server.consultation.model import Consultation
from server.core.house import House
from server.core.ids import new_id
from server.web.ratelimit import RULES
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, ERIN, OLGA, Cast, Meeting, add_meeting
from tests.conftest import MORNING, SignIn, StillClock, browser_of
from tests.http.booking import Booker, offer

pytestmark = [pytest.mark.anyio, pytest.mark.row("B6")]

PAGE = "/account/calendar"
ADDRESS = re.compile(r'value="http://testserver(/feed/[A-Za-z0-9_-]{43}[.]ics)"')


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def new_address(client: httpx2.AsyncClient, **chosen: str) -> str:
    page = await client.post(f"{PAGE}/new", data=chosen or {"initials": "no"})
    assert page.status_code == 200
    [path] = ADDRESS.findall(page.text)
    return str(path)


async def read(client: httpx2.AsyncClient, path: str) -> icalendar.Calendar:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    return icalendar.Calendar.from_ical(answer.content)


async def appointment_of(house: House, meeting: Meeting) -> Appointment:
    async with house.database.read() as tx:
        consultation = await tx.get_one(Consultation, meeting.consultation_id)
        return await tx.get_one(Appointment, consultation.appointment_id)


async def test_a_calendar_program_reads_what_is_confirmed(
    app: Starlette, house: House, clock: StillClock, *, meeting: Meeting, sign_in: SignIn, client: httpx2.AsyncClient
) -> None:
    async with house.database.write() as tx:
        service = await offer(tx, clock.now(), name="First talk")
    async with browser_of(app) as browser:
        await Booker(browser, service, ALICE.professional_id).book("2026-03-04T09:20Z")
        await Booker(browser, service, ALICE.professional_id).choose("2026-03-04T09:40Z")
    path = await new_address(await sign_in(ALICE))
    calendar = await read(client, path)
    assert [str(entry["summary"]) for entry in calendar.walk("VEVENT")] == ["Video consultation", "First talk"]
    [planned, booked] = calendar.walk("VEVENT")
    assert planned["dtstart"].dt == MORNING + timedelta(minutes=5)
    assert (booked["dtstart"].dt, booked["dtend"].dt) == tuple(datetime(2026, 3, 4, 9, at, tzinfo=UTC) for at in (20, 40))
    text = (await client.get(path)).text
    assert not any(part in text for name in (DANA.name, ERIN.name) for part in name.split())


async def test_initials_are_shown_where_the_professional_wants_them(meeting: Meeting, sign_in: SignIn, client: httpx2.AsyncClient) -> None:
    alice = await sign_in(ALICE)
    [entry] = (await read(client, await new_address(alice, initials="yes"))).walk("VEVENT")
    assert str(entry["summary"]) == "Video consultation (DD)"
    assert "initials." in (await alice.get(PAGE)).text


async def test_of_a_restricted_record_no_initials_are_shown(
    house: House, clock: StillClock, meeting: Meeting, sign_in: SignIn, client: httpx2.AsyncClient
) -> None:
    path = await new_address(await sign_in(ALICE), initials="yes")
    async with house.database.write() as tx:
        about = {"practice_id": CLINIC, "patient_id": DANA.patient_id, "reason": "Asked.", "began_at": clock.now()}
        tx.add(Restriction(id=new_id(), **about, lift_reason=None, announced_at=None, ends_at=None))
    [entry] = (await read(client, path)).walk("VEVENT")
    assert str(entry["summary"]) == "Video consultation"


async def test_what_is_moved_moves_and_what_is_cancelled_goes(
    house: House, clock: StillClock, meeting: Meeting, sign_in: SignIn, client: httpx2.AsyncClient
) -> None:
    path = await new_address(await sign_in(ALICE))
    before = (await read(client, path)).walk("VEVENT")[0]
    appointment = await appointment_of(house, meeting)
    async with house.database.write() as tx:
        await move_for_practice(tx, await tx.get_one(Appointment, appointment.id), MORNING + timedelta(days=2), 1, clock.now())
    after = (await read(client, path)).walk("VEVENT")[0]
    assert (after["uid"], after["sequence"]) == (before["uid"], before["sequence"] + 1)
    assert after["dtstart"].dt == MORNING + timedelta(days=2)
    async with house.database.write() as tx:
        await cancel(tx, await tx.get_one(Appointment, appointment.id), Party.PRACTICE, clock.now())
    assert (await read(client, path)).walk("VEVENT") == []


async def test_it_looks_thirty_days_back(
    house: House, clock: StillClock, meeting: Meeting, sign_in: SignIn, client: httpx2.AsyncClient
) -> None:
    path = await new_address(await sign_in(ALICE))
    clock.advance(timedelta(days=30, minutes=5).total_seconds())
    assert len((await read(client, path)).walk("VEVENT")) == 1
    clock.advance(1)
    assert (await read(client, path)).walk("VEVENT") == []


async def test_nothing_is_sent_again_while_nothing_changes(
    house: House, clock: StillClock, meeting: Meeting, sign_in: SignIn, client: httpx2.AsyncClient
) -> None:
    path = await new_address(await sign_in(ALICE))
    tag = (await client.get(path)).headers["etag"]
    clock.advance(3600)
    answer = await client.get(path, headers={"if-none-match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
    answer = await client.get(path, headers={"if-none-match": tag})
    assert (answer.status_code, answer.headers["etag"] != tag) == (200, True)


async def test_an_address_is_shown_once_and_dies_with_a_new_one(meeting: Meeting, sign_in: SignIn, client: httpx2.AsyncClient) -> None:
    alice = await sign_in(ALICE)
    first = await new_address(alice)
    assert ADDRESS.findall((await alice.get(PAGE)).text) == []
    second = await new_address(alice)
    assert (await client.get(first)).status_code == 404
    assert (await client.get(second)).status_code == 200
    assert (await alice.post(f"{PAGE}/stop")).headers["location"] == f"{PAGE}?stopped"
    assert (await client.get(second)).status_code == 404
    assert (await client.get(f"/feed/{'x' * 43}.ics")).status_code == 404


async def test_everybody_has_their_own_and_only_professionals_have_one(
    meeting: Meeting, sign_in: SignIn, client: httpx2.AsyncClient
) -> None:
    for other in (BOB, CHARLIE):
        assert (await read(client, await new_address(await sign_in(other)))).walk("VEVENT") == []
    for nobody in (OLGA, DANA):
        assert (await (await sign_in(nobody)).get(PAGE)).status_code == 403


async def test_nobody_reads_it_without_end(cast: Cast, sign_in: SignIn, client: httpx2.AsyncClient) -> None:
    path = await new_address(await sign_in(ALICE))
    answers = [(await client.get(path)).status_code for _ in range(RULES["feed"].times + 1)]
    assert answers == [200] * RULES["feed"].times + [429]
