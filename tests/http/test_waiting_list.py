"""A freed time is kept for whoever asked first, for a while, and then for the next; nobody else can take it meanwhile."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import anyio
import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.booking.model import AppointmentState, Service
from server.booking.seekers import Seeker, SeekerState, SlotOffer
from server.booking.seeking import KEPT_FOR
from server.booking.waiting_list import MOST_OFFERS, MOST_SEEKERS, waiting_token
from server.core.house import House
from server.core.outbox import TOPIC
from server.messaging.model import Delivery
from tests.booking import faults, standing
from tests.cast import ALICE, BOB, CHARLIE, NORTH, SOUTH, Cast
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.booking import VERSION, Booker, offer, offer_team

pytestmark = [pytest.mark.anyio, pytest.mark.row("B2")]

WEDNESDAY, THURSDAY = "2026-03-04T09:00Z", "2026-03-05T09:00Z"
FORM = {"day2": "yes", "mornings": "yes", "until": "2026-03-04", "email": "dana@example.org", "name": "Dana Diaz"}
Ask = Callable[..., Awaitable["Waiter"]]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    """One time a day: from nine to twelve."""
    async with house.database.write() as tx:
        return await offer(tx, clock.now(), length_min=180, grid_min=60)


@pytest.fixture
async def erin(app: Starlette, service: Service) -> AsyncIterator[Booker]:
    async with browser_of(app) as client:
        yield Booker(client, service, ALICE.professional_id)


class Waiter:
    """A browser of somebody who asked to be told."""

    def __init__(self, client: httpx2.AsyncClient, path: str) -> None:
        self.client, self.path = client, path

    @property
    def id(self) -> UUID:
        return UUID(self.path.rpartition("/")[2])

    async def page(self) -> str:
        answer = await self.client.get(self.path)
        assert answer.status_code == 200
        return answer.text

    async def does(self, what: str) -> str:
        answer = await self.client.post(f"{self.path}/{what}")
        assert answer.status_code == 303, answer.text
        location: str = answer.headers["location"]
        return location


@pytest.fixture
def ask(app: Starlette, erin: Booker, clock: StillClock) -> Ask:
    async def ask(**changes: str) -> Waiter:
        clock.advance(1)
        client = browser_of(app)
        answer = await client.post(f"{erin.path}/wait", data={**FORM, **changes})
        assert answer.status_code == 303, answer.text
        return Waiter(client, answer.headers["location"])

    return ask


async def state_of(house: House, waiter: Waiter) -> SeekerState:
    async with house.database.read() as tx:
        return SeekerState((await tx.get_one(Seeker, waiter.id)).state)


async def offered(house: House, waiter: Waiter) -> bool:
    async with house.database.read() as tx:
        return await tx.scalar(select(SlotOffer.id).where(SlotOffer.seeker_id == waiter.id, SlotOffer.ended_at.is_(None))) is not None


async def until_offered(house: House, waiter: Waiter) -> None:
    with anyio.fail_after(30):
        while not await offered(house, waiter):
            house.bus.publish(TOPIC)
            await anyio.sleep(0.02)


async def cancel(erin: Booker, visit: str) -> None:
    version = VERSION.findall((await erin.client.get(f"{visit}/cancel")).text)[0]
    assert (await erin.client.post(f"{visit}/cancel", data={"version": version})).status_code == 303


async def book(erin: Booker, time: str = WEDNESDAY) -> str:
    return (await erin.book(time)).partition("/appointment")[0]


async def test_whoever_asked_first_is_offered_the_freed_time_and_takes_it(erin: Booker, ask: Ask, house: House) -> None:
    visit = await book(erin)
    assert f'href="{erin.path}/wait"' in (await erin.client.get(erin.path)).text
    assert "Whoever asked first is told first." in (await erin.client.get(f"{erin.path}/wait")).text
    first, second = await ask(), await ask(name="Frank Foster", email="frank@example.org")
    assert "You are on the waiting list" in await first.page()
    await cancel(erin, visit)
    await until_offered(house, first)
    assert not await offered(house, second)
    assert WEDNESDAY not in await erin.times()  # held in the guard
    page = await first.page()
    assert "A time has become free" in page
    assert "Wednesday 4 March" in page
    check = await first.does("take")
    page = (await first.client.get(check)).text
    assert "Dana Diaz" in page
    assert (await first.client.post(check)).status_code == 303
    assert await state_of(house, first) == SeekerState.TAKEN
    async with house.database.read() as tx:
        seeker = await tx.get_one(Seeker, first.id)
        assert (seeker.name, seeker.mobile, seeker.email) == ("", None, None)
    assert "You have taken a time" in await first.page()
    assert not await offered(house, second)
    async with house.database.read() as tx:
        assert await standing(tx, AppointmentState.CONFIRMED) == 1
        assert await faults(tx) == []


async def test_a_time_that_goes_by_is_offered_to_the_next_and_never_twice(erin: Booker, ask: Ask, house: House, clock: StillClock) -> None:
    visit = await book(erin)
    first, second = await ask(), await ask(name="Frank Foster")
    await cancel(erin, visit)
    await until_offered(house, first)
    clock.advance(KEPT_FOR.total_seconds())
    await until_offered(house, second)
    assert "You are on the waiting list" in await first.page()
    clock.advance(KEPT_FOR.total_seconds())
    house.bus.publish(TOPIC)
    with anyio.fail_after(30):
        while await offered(house, second):
            house.bus.publish(TOPIC)
            await anyio.sleep(0.02)
    assert not await offered(house, first)
    assert WEDNESDAY in await erin.times()


@pytest.mark.parametrize(("what", "state"), [("pass", SeekerState.ASKING), ("leave", SeekerState.LEFT)])
async def test_who_passes_or_leaves_makes_room_at_once(erin: Booker, ask: Ask, house: House, *, what: str, state: SeekerState) -> None:
    visit = await book(erin)
    first, second = await ask(), await ask(name="Frank Foster")
    await cancel(erin, visit)
    await until_offered(house, first)
    await first.does(what)
    await first.does(what)
    await until_offered(house, second)
    assert await state_of(house, first) == state
    assert (await first.does("take")) == first.path
    async with house.database.read() as tx:
        assert await faults(tx) == []


async def test_a_move_frees_a_time_too(erin: Booker, ask: Ask, house: House) -> None:
    visit = await book(erin)
    waiter = await ask()
    version = VERSION.findall((await erin.client.get(f"{visit}/move")).text)[0]
    await erin.client.post(f"{visit}/move", data={"time": THURSDAY, "version": version})
    await until_offered(house, waiter)


async def test_after_so_many_times_that_went_by_somebody_is_off_the_list(erin: Booker, ask: Ask, house: House, clock: StillClock) -> None:
    visit = await book(erin)
    waiter = await ask(day1="yes", day3="yes", day4="yes", until="2026-03-20")
    await cancel(erin, visit)
    for _ in range(MOST_OFFERS):
        await until_offered(house, waiter)
        await waiter.does("pass")
    assert await state_of(house, waiter) == SeekerState.GIVEN_UP
    assert "You can ask again." in await waiter.page()


async def test_they_are_told_by_message_and_the_link_opens_their_place(
    app: Starlette, erin: Booker, ask: Ask, house: House, sign_in: SignIn
) -> None:
    visit = await book(erin)
    waiter = await ask()
    await cancel(erin, visit)
    await until_offered(house, waiter)
    async with house.database.read() as tx:
        news = list(await tx.scalars(select(Delivery.news).where(Delivery.seeker_id == waiter.id).order_by(Delivery.created_at)))
    assert news == ["listed", "freed"]
    link = f"/wait/{waiting_token(house.secrets, waiter.id)}"
    outbox = (await (await sign_in(ALICE)).get("/outbox")).text
    assert link in outbox
    assert "a time has become free on Wednesday 4 March at 09:00 (London time)" in outbox
    async with browser_of(app) as other:
        assert (await other.get(waiter.path)).status_code == 404
        assert (await other.get("/wait/" + "x" * 43)).status_code == 404
        answer = await other.get(link)
        assert (answer.status_code, answer.headers["location"]) == (303, waiter.path)
        assert "Take this time" in (await other.get(waiter.path)).text
    assert link not in (await (await sign_in(CHARLIE)).get("/outbox")).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": ""}, "Please write a mobile number or an e-mail address"),
        ({"day2": "no"}, "Please choose at least one day of the week."),
        ({"until": "2027-01-01"}, "Please choose a day from today to three months ahead."),
        ({"name": "<b>"}, ""),
    ],
)
async def test_what_is_missing_is_said(erin: Booker, changes: dict[str, str], words: str) -> None:
    answer = await erin.client.post(f"{erin.path}/wait", data={**FORM, **changes})
    assert answer.status_code == (422 if words else 303)
    assert words in answer.text


async def test_a_full_list_says_so(erin: Booker, ask: Ask, house: House) -> None:
    waiter = await ask()
    async with house.database.write() as tx:
        seeker = await tx.get_one(Seeker, waiter.id)
        values = {column.key: getattr(seeker, column.key) for column in Seeker.__table__.columns}
        for number in range(1, MOST_SEEKERS):
            tx.add(Seeker(**{**values, "id": UUID(int=number), "token_hash": number.to_bytes(32)}))
    answer = await erin.client.post(f"{erin.path}/wait", data=FORM)
    assert answer.status_code == 409
    assert "This waiting list is full" in answer.text


async def test_the_practice_sees_its_list_and_nobody_elses(erin: Booker, ask: Ask, house: House, sign_in: SignIn) -> None:
    visit = await book(erin)
    dana = await ask()
    await ask(name="Frank Foster", day3="yes")
    page = (await (await sign_in(ALICE)).get("/waiting-list")).text
    assert page.index("Dana Diaz") < page.index("Frank Foster")
    assert "Wednesday, Thursday" in page
    await cancel(erin, visit)
    await until_offered(house, dana)
    assert "Offered: " in (await (await sign_in(ALICE)).get("/waiting-list")).text
    for other in (BOB, CHARLIE):
        assert "Dana Diaz" not in (await (await sign_in(other)).get("/waiting-list")).text


async def test_a_team_has_a_list_of_its_own(erin: Booker, ask: Ask, house: House, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        shared = await offer_team(tx, house.clock.now())
    await ask()
    answer = await erin.client.post(f"/book/{NORTH}/{shared.id}/wait", data={**FORM, "name": "Frank Foster"})
    assert answer.status_code == 303, answer.text
    alice, charlie = await sign_in(ALICE), await sign_in(CHARLIE)
    assert f'href="/waiting-list?team={NORTH}"' in (await alice.get(f"/teams/{NORTH}")).text
    team, everything = (await alice.get(f"/waiting-list?team={NORTH}")).text, (await alice.get("/waiting-list")).text
    assert "Frank Foster" in team
    assert "Dana Diaz" not in team
    assert all(name in everything for name in ("Dana Diaz", "Frank Foster"))
    for asked in (NORTH, SOUTH, "north"):
        found = await charlie.get(f"/waiting-list?team={asked}")
        assert found.status_code == (200 if asked == SOUTH else 404)
        assert "Frank Foster" not in found.text


async def test_whose_last_day_is_over_is_off_the_list(erin: Booker, ask: Ask, house: House, clock: StillClock) -> None:
    await book(erin, "2026-03-11T09:00Z")
    late = await book(erin, "2026-03-12T09:00Z")
    waiter = await ask(until="2026-03-04")
    other = await ask(until="2026-03-20", day3="yes")
    clock.advance(timedelta(days=5).total_seconds())
    await cancel(erin, late)
    await until_offered(house, other)
    assert await state_of(house, waiter) == SeekerState.OVER
    assert "The last day that you named is over." in await waiter.page()
