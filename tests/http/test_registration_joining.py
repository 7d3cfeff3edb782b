"""A patient who has an account adds another practice to it, by that practice's link and the account's password."""

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.web.ratelimit import RULES
from tests.cast import DANA, MALLORY, Cast, Meeting, add_meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.visiting import let_in, record_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P1")]

DANAS = {"joins": "yes", "username": "DANA", "password": "dana likes long walks"}


@pytest.fixture
async def at_the_hill(house: House, cast: Cast, clock: StillClock) -> Meeting:
    """dana has a consultation in another practice, too."""
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, clock.now(), guest=DANA, owner=MALLORY, team_id=None)
        await let_in(tx, meeting, clock.now())
    return meeting


async def test_one_account_reads_several_records(app: Starlette, house: House, at_the_hill: Meeting) -> None:
    async with browser_of(app, {"visit": at_the_hill.token}) as dana:
        answer = await dana.post(f"/v/{at_the_hill.visit_id}/account", data=DANAS)
        assert answer.headers["location"] == "/my"
        page = (await dana.get("/my")).text
    assert page.index("Harbour Clinic") < page.index("Hill Practice")
    assert (await record_of(house, at_the_hill)).person_id == DANA.person_id
    async with house.database.read() as tx:
        (entry,) = await tx.scalars(select(AuditEntry))
    assert (entry.act, entry.person_id) == (Act.REGISTERED, DANA.person_id)


async def test_being_signed_in_is_not_enough_to_add_a_practice(sign_in: SignIn, house: House, at_the_hill: Meeting) -> None:
    dana = await sign_in(DANA)
    dana.cookies.set("visit", at_the_hill.token)
    for password in ("", "wrong", "four words are better"):
        answer = await dana.post(f"/v/{at_the_hill.visit_id}/account", data={**DANAS, "password": password})
        assert answer.status_code == 401
        assert "Username or password is not right." in answer.text
    assert (await record_of(house, at_the_hill)).person_id is None


async def test_bad_32_the_form_gives_no_more_guesses_than_the_sign_in(
    client: httpx2.AsyncClient, app: Starlette, at_the_hill: Meeting
) -> None:
    for _ in range(RULES["sign_in_name"].times):
        assert (await client.post("/sign-in", data={"username": "dana", "password": "wrong"})).status_code == 401
    async with browser_of(app, {"visit": at_the_hill.token}) as dana:
        answer = await dana.post(f"/v/{at_the_hill.visit_id}/account", data=DANAS)
    assert answer.status_code == 429
    assert "too many attempts" in answer.text
