"""What everybody reads of a professional who takes no new bookings, and the buttons that say so."""

import httpx2
import pytest
from starlette.applications import Starlette

from server.booking.model import Service
from server.core.house import House
from server.directory.model import Profile
from tests.booking import faults
from tests.cast import ALICE, CHARLIE, MALLORY, OLGA, Cast
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.booking import RADIO, VERSION, Booker, appointments, consultation_at, offer
from tests.http.test_people import PEOPLE

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3"), pytest.mark.row("P7")]

TEN, ELEVEN = "2026-03-03T10:00Z", "2026-03-03T11:00Z"
SAID = f"{ALICE.full_name} takes no new bookings at the moment."
ASKS = {"day2": "yes", "mornings": "yes", "until": "2026-03-04", "email": "dana@example.org", "name": "Dana Diaz"}


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    """alice offers a service, and is in the directory."""
    async with house.database.write() as tx:
        about = {"about": "", "languages": ",en-GB,", "listed": True, "changed_at": clock.now()}
        tx.add(Profile(professional_id=ALICE.professional_id, **about))
        return await offer(tx, clock.now(), price_minor=0, cancel_until_min=60, move_until_min=60)


@pytest.fixture
async def alice(sign_in: SignIn, service: Service) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


async def test_the_public_pages_say_so_and_offer_nothing(app: Starlette, house: House, alice: httpx2.AsyncClient, service: Service) -> None:
    async with browser_of(app) as anonymous:
        erin = Booker(anonymous, service, ALICE.professional_id)
        visit = (await erin.book(TEN)).partition("/appointment")[0]
        stopped = await alice.post("/offer/bookings", data={"do": "stop"})
        assert stopped.headers["location"] == "/offer#bookings"
        assert "You take no new bookings." in (await alice.get("/offer")).text
        assert "Takes no new bookings at the moment" in (await anonymous.get("/directory")).text
        profile = (await anonymous.get(f"/directory/{ALICE.professional_id}")).text
        assert f'href="/book/{ALICE.professional_id}"' not in profile
        front = (await anonymous.get(f"/book/{ALICE.professional_id}")).text
        assert (SAID in front, "See free times" in front) == (True, False)
        times = (await anonymous.get(erin.path)).text
        assert (SAID in times, f"{erin.path}/wait" in times) == (True, False)
        refused = await anonymous.post(erin.path, data={"time": ELEVEN})
        assert (refused.status_code, SAID in refused.text) == (409, True)
        waits = await anonymous.get(f"{erin.path}/wait")
        assert (SAID in waits.text, "<form" in waits.text) == (True, False)
        asked = await anonymous.post(f"{erin.path}/wait", data=ASKS)
        assert (asked.status_code, SAID in asked.text) == (409, True)
        moves = (await anonymous.get(f"{visit}/move")).text
        assert (SAID in moves, RADIO.findall(moves)) == (True, [])
        version = (await appointments(house))[0].version
        moved = await anonymous.post(f"{visit}/move", data={"time": ELEVEN, "version": str(version)})
        assert (moved.status_code, SAID in moved.text) == (409, True)
        assert (await alice.post("/offer/bookings", data={"do": "take"})).status_code == 303
        assert ELEVEN in await erin.times()
    async with house.database.read() as tx:
        assert await faults(tx) == []


async def test_whoever_works_here_reads_why_nothing_can_be_booked(
    app: Starlette, house: House, alice: httpx2.AsyncClient, service: Service
) -> None:
    async with browser_of(app) as anonymous:
        await Booker(anonymous, service, ALICE.professional_id).book(TEN)
    page = f"/consultations/{(await consultation_at(house, (await appointments(house))[0].id)).id}/appointment"
    await alice.post("/offer/bookings", data={"do": "stop"})
    assert SAID in (await alice.get(f"/appointments/new/{service.id}")).text
    booked = await alice.post(f"/appointments/new/{service.id}", data={"time": ELEVEN, "name": "Tim Diaz", "email": "tim@example.org"})
    assert (booked.status_code, "takes no new bookings" in booked.text) == (409, True)
    changing = (await alice.get(page)).text
    assert (SAID in changing, f"{page}/move" in changing) == (True, False)
    moved = await alice.post(f"{page}/move", data={"day": "2026-03-03", "time": "11:00", "version": VERSION.findall(changing)[0]})
    assert moved.status_code == 409
    assert SAID in (await alice.get(f"/offer/services/{service.id}/preview")).text
    plan = {"patient_name": "Tim Diaz", "email": "tim@example.org", "duration_min": 20}
    ahead = await alice.post("/api/consultations", json={**plan, "scheduled_at": "2026-03-03T11:00:00Z"})
    assert (ahead.status_code, ahead.json()["error"]["code"]) == (409, "takes_none")
    assert (await alice.post("/api/consultations", json=plan)).status_code == 201, "what begins at once is no booking"
    assert len(await appointments(house)) == 2


async def test_an_administrator_says_so_for_anybody_and_alone_takes_it_back(
    house: House, alice: httpx2.AsyncClient, sign_in: SignIn, service: Service
) -> None:
    olga = await sign_in(OLGA)
    page = f"{PEOPLE}/{ALICE.person_id}"
    assert (await olga.post(f"{page}/bookings", data={"do": "stop"})).headers["location"] == f"{page}/leaving?bookings#bookings"
    assert f"{ALICE.full_name} takes no new bookings." in (await olga.get(f"{page}/leaving?bookings")).text
    assert "Takes none since" in (await olga.get(page)).text
    offered = (await alice.get("/offer")).text
    assert ("alone can take it back" in offered, 'value="take"' in offered) == (True, False)
    assert (await alice.post("/offer/bookings", data={"do": "take"})).status_code == 403
    assert (await olga.post(f"{page}/bookings", data={"do": "take"})).status_code == 303
    assert SAID not in (await alice.get(f"/appointments/new/{service.id}")).text
    assert (await olga.post(f"{page}/bookings", data={"do": "perhaps"})).status_code == 422
    for outsider in (CHARLIE, MALLORY):
        client = await sign_in(outsider)
        assert (await client.post(f"{page}/bookings", data={"do": "stop"})).status_code == 403
