"""Whoever works in a practice ends their own place there, after they have seen what stands open; the last in charge stays."""

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.actions import add_staff
from server.access.model import Professional, Staff, StaffRole
from server.access.workplaces import workplaces_of
from server.core.audit import Act, AuditEntry
from server.core.house import House
from tests import cast as people
from tests.cast import ALICE, BOB, CLINIC, DANA, ELSEWHERE, ERIN, OLGA, SAM, Cast, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.booking import Booker, offer
from tests.two_places import seat_twice, work_in

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3")]

PATH = "/account/leaving"
SURE = {"sure": "yes"}


async def works_at(house: House, who: people.Staff) -> bool:
    async with house.database.read() as tx:
        return CLINIC in await workplaces_of(tx, who.person_id)


@pytest.mark.parametrize("who", [BOB, SAM], ids=["a professional", "an assistant"])
async def test_somebody_leaves_by_themself(house: House, cast: Cast, sign_in: SignIn, who: people.Staff) -> None:
    client = await sign_in(who)
    assert f'href="{PATH}"' in (await client.get("/account")).text
    page = (await client.get(PATH)).text
    assert ("Leave Harbour Clinic" in page, "Nothing is open." in page) == (True, True)
    forgot = await client.post(PATH, data={"sure": ""})
    assert (forgot.status_code, "Please tick that your place shall end." in forgot.text) == (422, True)
    assert await works_at(house, who)
    assert (await client.post(PATH, data=SURE)).headers["location"] == "/"
    assert not await works_at(house, who)
    assert (await client.get("/patients")).status_code == 403
    assert (await client.get(PATH)).status_code == 403
    assert f'href="{PATH}"' not in (await client.get("/account")).text
    async with house.database.read() as tx:
        deed = (await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.LEFT))).one()
    assert (deed.person_id, deed.thing_id) == (who.person_id, who.person_id)


async def test_what_is_promised_keeps_them_and_leads_to_their_week(
    app: Starlette, house: House, cast: Cast, sign_in: SignIn, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        made = await offer(tx, clock.now(), price_minor=0)
    async with browser_of(app) as anonymous:
        await Booker(anonymous, made, ALICE.professional_id).book("2026-03-03T10:00Z")
    client = await sign_in(ALICE)
    page = (await client.get(PATH)).text
    assert 'href="/week?from=2026-03-03"' in page
    assert 'name="sure"' not in page
    assert (ERIN.name in page, BOB.full_name in page) == (False, False)
    refused = await client.post(PATH, data=SURE)
    assert (refused.status_code, "Please move or cancel them" in refused.text) == (409, True)
    assert await works_at(house, ALICE)


async def test_the_last_in_charge_stays_until_there_is_another(house: House, cast: Cast, sign_in: SignIn, clock: StillClock) -> None:
    client = await sign_in(OLGA)
    page = (await client.get(PATH)).text
    assert ("Nobody else could look after this practice" in page, 'name="sure"' in page) == (True, False)
    refused = await client.post(PATH, data=SURE)
    assert (refused.status_code, "make somebody else an owner first" in refused.text) == (409, True)
    async with house.database.write() as tx:
        add_staff(tx, CLINIC, BOB.person_id, StaffRole.ADMINISTRATOR, clock.now())
    assert (await client.post(PATH, data=SURE)).status_code == 303
    assert not await works_at(house, OLGA)


async def test_it_asks_who_it_is(house: House, cast: Cast, sign_in: SignIn, clock: StillClock) -> None:
    client = await sign_in(BOB)
    clock.advance(600)
    assert (await client.post(PATH, data=SURE)).status_code == 403
    assert await works_at(house, BOB)
    assert (await client.post(PATH, data={**SURE, "present": BOB.password})).status_code == 303
    assert not await works_at(house, BOB)


async def test_what_they_wrote_is_shown_to_them_with_its_way(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(ALICE)
    await client.post(f"/api/consultations/{meeting.consultation_id}/notes", json={})
    assert "that you began" not in (await client.get(PATH)).text, "nothing is written in them yet"


async def test_the_other_practice_stays_and_the_browser_goes_on_there(house: House, cast: Cast, sign_in: SignIn) -> None:
    client = await sign_in(ALICE)
    async with house.database.write() as tx:
        await seat_twice(tx, house)
    await work_in(house, CLINIC)
    stale = await client.post(f"{PATH}?at={ELSEWHERE}", data=SURE)
    assert stale.status_code == 409, "the page was made for the other one"
    assert (await client.post(f"{PATH}?at={CLINIC}", data=SURE)).status_code == 303
    async with house.database.read() as tx:
        assert await workplaces_of(tx, ALICE.person_id) == {ELSEWHERE}
    assert (await client.get("/today")).status_code == 200
    assert "Nobody else could look after this practice" in (await client.get(PATH)).text, "she owns the other one alone"


async def test_who_works_nowhere_has_nothing_to_leave(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    async with browser_of(app) as anonymous:
        assert (await anonymous.post(PATH, data=SURE)).status_code in {303, 401}
    client: httpx2.AsyncClient = await sign_in(DANA)  # type: ignore[arg-type]
    assert [(await client.get(PATH)).status_code, (await client.post(PATH, data=SURE)).status_code] == [403, 403]
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(Professional.id).where(Professional.ended_at.is_(None))))) == 4
        assert len(list(await tx.scalars(select(Staff.id).where(Staff.ended_at.is_(None))))) == 2
