"""What an unattended browser must not be able to do asks who it is, keeps what was filled in, and then goes on."""

from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Route

from server.access.model import PlaceInvitation
from server.core.house import House
from server.identity.sensitive import SENSITIVE, ProofFirst
from tests.cast import ALICE, OLGA, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.routes import Endpoint

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

LATE_S = 600
TABLE = sorted(SENSITIVE)
INVITE = {"role": "assistant", "email": "new@example.org"}


async def invited(house: House) -> list[str | None]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(PlaceInvitation.email)))


async def test_every_row_of_the_table_is_a_route_that_asks(app: Starlette) -> None:
    asking = set()
    for route in app.routes:
        if isinstance(route, Route) and isinstance(route.app, ProofFirst):
            assert route.app.methods <= (route.methods or set())
            asking |= {(method, route.path) for method in route.app.methods}
    assert asking == SENSITIVE


@pytest.mark.parametrize(("method", "path"), TABLE)
async def test_it_asks_whoever_signed_in_a_while_ago(method: str, path: str, meeting: Meeting, clock: StillClock, sign_in: SignIn) -> None:
    """Before anything is decided about the thing itself: what is there and what is not looks the same."""
    olga = await sign_in(OLGA)
    clock.advance(LATE_S)
    real = Endpoint(method, path).filled(meeting)
    if method == "GET":
        answer = await olga.get(real, params={"form": "pdf"})
        assert answer.headers["location"] == f"/account/prove?next={real}%3Fform%3Dpdf"
        return
    answer = await olga.post(real, data={"words": 'Written <b>"at length"</b>', "minor": ""})
    assert answer.status_code == 403
    assert f'action="{real}"' in answer.text
    assert 'name="words" value="Written &lt;b&gt;&#34;at length&#34;&lt;/b&gt;"' in answer.text
    assert 'name="present"' in answer.text
    wrong = await olga.post(real, data={"words": "Mine", "present": "not this"})
    assert wrong.status_code == 401
    assert 'value="Mine"' in wrong.text
    assert "not this" not in wrong.text


@pytest.mark.parametrize(("method", "path"), TABLE)
async def test_it_asks_nobody_who_is_not_signed_in(method: str, path: str, app: Starlette, meeting: Meeting) -> None:
    async with browser_of(app) as stranger:
        answer = await stranger.request(method, Endpoint(method, path).filled(meeting), data={"x": "y"} if method == "POST" else None)
    assert answer.status_code in {303, 401}
    assert 'name="present"' not in answer.text


async def test_with_the_password_it_goes_on_with_what_was_filled_in(
    meeting: Meeting, house: House, clock: StillClock, sign_in: SignIn
) -> None:
    olga = await sign_in(OLGA)
    clock.advance(LATE_S)
    assert (await olga.post("/practice/people/invite", data=INVITE)).status_code == 403
    assert await invited(house) == []
    done = await olga.post("/practice/people/invite", data={**INVITE, "present": OLGA.password})
    assert done.headers["location"] == "/practice/people?done=invited#invited"
    again = await olga.post("/practice/people/invite", data=INVITE | {"email": "other@example.org"})
    assert again.status_code == 303  # for ten minutes more nothing is asked
    assert await invited(house) == ["new@example.org", "other@example.org"]


async def test_a_download_follows_the_proof(meeting: Meeting, clock: StillClock, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    clock.advance(LATE_S)
    asked = await alice.get(f"/patients/{uuid4()}/export", params={"form": "pdf"})
    back = httpx2.URL(asked.headers["location"]).params["next"]
    proved = await alice.post("/account/prove", data={"next": back, "password": ALICE.password})
    assert proved.headers["location"] == back
    assert UUID(back.split("/")[2])
    assert (await alice.get(back)).status_code == 404
