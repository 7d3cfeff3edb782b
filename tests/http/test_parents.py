"""A parent who registered a child: the practice learns of it, and accepts or refuses them before anybody treats the child."""

import httpx2
import pytest
from sqlalchemy import delete, update

from server.access.actions import add_staff
from server.access.model import Staff, StaffRole
from server.core.house import House
from server.patients.model import Patient
from tests.acting import DORA, let_act, representation
from tests.cast import ALICE, BOB, CLINIC, DANA, MALLORY, OLGA, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.booking import Booker, offer
from tests.http.test_acting import TIM
from tests.http.test_restriction import restricted

pytestmark = [pytest.mark.anyio, pytest.mark.row("P5")]

LIST = "/practice/parents"
GOOD = {"reach": "see", "until": "2026-12-31", "evidence": "Birth certificate seen"}


@pytest.fixture
async def dana(meeting: Meeting, sign_in: SignIn) -> httpx2.AsyncClient:
    """dana has registered tim."""
    client = await sign_in(DANA)
    assert (await client.post("/my/acting/child", data=TIM)).status_code == 303
    return client


async def test_an_administrator_sees_who_waits_and_accepts_on_evidence(house: House, dana: httpx2.AsyncClient, sign_in: SignIn) -> None:
    olga, one = await sign_in(OLGA), await representation(house)
    assert "1 parent of a child to be accepted" in (await olga.get("/practice")).text
    assert TIM["name"] in (await olga.get(LIST)).text
    page = (await olga.get(f"{LIST}/{one.id}")).text
    assert "1 May 2015" in page
    refused = await olga.post(f"{LIST}/{one.id}/accept", data={**GOOD, "until": "2029-01-01"})
    assert refused.status_code == 422
    assert GOOD["evidence"] in refused.text
    assert (await olga.post(f"{LIST}/{one.id}/accept", data=GOOD)).headers["location"] == f"{LIST}?accepted"
    assert (await dana.get(f"/my/{one.patient_id}/background")).status_code == 200
    assert "No parent waits here" in (await olga.get(LIST)).text
    again = await olga.post(f"{LIST}/{one.id}/refuse")
    assert again.status_code == 409, "a page from before"
    assert "Somebody has dealt with this parent" in again.text


async def test_bad_39_nobody_accepts_themself_while_there_is_a_colleague(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).person_id = OLGA.person_id
        add_staff(tx, CLINIC, BOB.person_id, StaffRole.ADMINISTRATOR, house.clock.now())
    olga = await sign_in(OLGA)
    assert (await olga.post("/my/acting/child", data=TIM)).status_code == 303
    path = f"{LIST}/{(await representation(house)).id}/accept"
    refused = await olga.post(path, data=GOOD)
    assert (refused.status_code, "Nobody accepts themself" in refused.text) == (422, True)
    async with house.database.write() as tx:
        await tx.execute(delete(Staff).where(Staff.person_id != OLGA.person_id))
        await tx.execute(update(Staff).values(role=StaffRole.OWNER))
    assert (await olga.post(path, data=GOOD)).status_code == 303, "whoever owns a practice alone has nobody to ask"


async def test_a_parent_who_is_refused_books_no_more(house: House, dana: httpx2.AsyncClient, sign_in: SignIn) -> None:
    olga, one = await sign_in(OLGA), await representation(house)
    assert (await dana.get(f"/my/{one.patient_id}")).status_code == 200
    assert (await olga.post(f"{LIST}/{one.id}/refuse")).headers["location"] == f"{LIST}?refused"
    assert (await dana.get(f"/my/{one.patient_id}")).status_code == 404
    assert (await representation(house)).ended_by == OLGA.person_id


async def test_whoever_treats_the_child_decides_once_somebody_does(
    house: House, dana: httpx2.AsyncClient, sign_in: SignIn, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        service = await offer(tx, clock.now())
    one = await representation(house)
    held = await Booker(dana, service, ALICE.professional_id).choose("2026-03-03T09:20Z")
    await dana.post(held, data={"whom": str(one.patient_id)})
    assert (await dana.post(f"{held}/check")).status_code == 303
    assert TIM["name"] not in (await (await sign_in(OLGA)).get(LIST)).text
    patients = (await (await sign_in(ALICE)).get("/patients")).text
    assert "A parent waits to be accepted" in patients
    assert f'href="/patients/{one.patient_id}/acting"' in patients


async def test_bad_39_nobody_else_learns_of_the_child(house: House, dana: httpx2.AsyncClient, sign_in: SignIn) -> None:
    one = await representation(house)
    for outsider in (BOB, MALLORY, DANA):
        client = await sign_in(outsider)
        for path, status in ((LIST, 403), (f"{LIST}/{one.id}", 403)):
            assert (await client.get(path)).status_code == status, (outsider, path)
        for path in ("accept", "refuse"):
            assert (await client.post(f"{LIST}/{one.id}/{path}", data=GOOD)).status_code == 403, (outsider, path)


@pytest.mark.parametrize("who", ["actor", "patient", "practice"])
@pytest.mark.row("L1")
async def test_it_is_ended_by_all_three_while_the_record_is_restricted(house: House, meeting: Meeting, sign_in: SignIn, who: str) -> None:
    one = await let_act(house)
    restriction = await restricted(house, sign_in)
    page = f"/practice/restrictions/{restriction.id}"
    client, path = {
        "actor": (await sign_in(DORA), f"/my/acting/{one}/end"),
        "patient": (await sign_in(DANA), f"/my/acting/{one}/end"),
        "practice": (await sign_in(OLGA), f"{page}/acting/{one}/end"),
    }[who]
    assert DORA.name in (await (await sign_in(OLGA)).get(page)).text
    assert (await (await sign_in(ALICE)).post(f"{page}/acting/{one}/end")).status_code == 403
    assert (await client.post(path)).status_code == 303
    assert (await representation(house)).ended_at is not None
    assert DORA.name not in (await (await sign_in(OLGA)).get(page)).text
