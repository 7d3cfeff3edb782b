"""Whoever waits for a professional who leaves is not lost: they wait for somebody else from then on, or are told that nobody gives it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

import anyio
import httpx2
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.access.taking import BOOKINGS
from server.booking.model import Service, ServiceState
from server.booking.seekers import Seeker, SeekerState
from server.booking.waiting_list import REACHED_FOR, make_offer
from server.core.audit import AuditEntry
from server.core.house import House
from server.core.outbox import TOPIC
from server.errors import Conflict
from server.messaging.composing import Post, compose
from server.messaging.model import Delivery
from server.web.i18n import read_languages
from tests.booking import faults
from tests.cast import ALICE, BOB, CHARLIE, MALLORY, NORTH, OLGA, Cast, Staff
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of
from tests.http.booking import offer, offer_team
from tests.http.test_people import PEOPLE
from tests.http.test_waiting_list import FORM, Waiter, offered, state_of, until_offered

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3"), pytest.mark.row("B2")]

PAGE = f"{PEOPLE}/{ALICE.person_id}/leaving"
END = f"{PEOPLE}/{ALICE.person_id}/end"
NAME = "Dana Diaz"


class Talks(NamedTuple):
    """What alice offers, who leaves, and what bob does."""

    alices: Service
    bobs: Service


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now(), name="Long talk")


@pytest.fixture
async def bobs(house: House, service: Service, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now(), BOB, name="Short talk")


@pytest.fixture
async def olga(sign_in: SignIn, cast: Cast) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


@pytest.fixture
def talks(service: Service, bobs: Service) -> Talks:
    return Talks(service, bobs)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app) as client:
        yield client


@pytest.fixture
async def dana(browser: httpx2.AsyncClient, service: Service) -> Waiter:
    """dana waits for alice."""
    return await wait(browser, f"/book/{ALICE.professional_id}/{service.id}/wait")


async def wait(browser: httpx2.AsyncClient, path: str) -> Waiter:
    answer = await browser.post(path, data=FORM)
    assert answer.status_code == 303, answer.text
    return Waiter(browser, answer.headers["location"])


async def told(house: House, clock: StillClock, waiter: Waiter, news: str) -> str:
    """Return the e-mail of that kind as it would go out now."""
    post = Post(house.secrets, ORIGIN, read_languages(house.settings.locales_dir))
    async with house.database.read() as tx:
        one = (await tx.scalars(select(Delivery).where(Delivery.seeker_id == waiter.id, Delivery.news == news))).one()
        letter = await compose(tx, post, one, clock.now())
    assert letter is not None
    return " ".join(letter.sentences)


async def test_who_waits_is_handed_over_told_and_offered_a_time_of_the_colleague(
    house: House, clock: StillClock, olga: httpx2.AsyncClient, talks: Talks, dana: Waiter
) -> None:
    page = (await olga.get(PAGE)).text
    assert ("1 person waits" in page, "Short talk with Nurse Bob Brown" in page, NAME in page) == (True, True, False)
    asked_at = (await seeker_of(house, dana)).asked_at
    answer = await olga.post(f"{PAGE}/waiting/{talks.alices.id}", data={"instead": str(talks.bobs.id)})
    assert answer.headers["location"] == f"{PAGE}?waiting#waiting"
    found = await seeker_of(house, dana)
    assert (found.service_id, found.asked_at, found.state) == (talks.bobs.id, asked_at, SeekerState.ASKING)
    assert "wait for a time with Nurse Bob Brown" in await told(house, clock, dana, "waits_on")
    await until_offered(house, dana)
    assert "With Nurse Bob Brown" in await dana.page()
    async with house.database.read() as tx:
        assert await faults(tx) == []
        deeds = [(one.thing, one.reason) for one in await tx.scalars(select(AuditEntry).where(AuditEntry.person_id == OLGA.person_id))]
    assert ("waiting_list", "passes 1 on") in deeds
    assert (BOOKINGS, "takes none") in deeds
    after = (await olga.get(f"{PAGE}?waiting")).text
    assert ("They wait for it now" in after, "1 person waits" in after) == (True, False)


async def seeker_of(house: House, waiter: Waiter) -> Seeker:
    async with house.database.read() as tx:
        return await tx.get_one(Seeker, waiter.id)


async def test_who_is_left_when_the_place_ends_is_told_with_whom_else_they_can_book(
    house: House, clock: StillClock, olga: httpx2.AsyncClient, bobs: Service, dana: Waiter
) -> None:
    assert (await olga.post(END, data={"sure": "yes"})).status_code == 303
    assert await state_of(house, dana) == SeekerState.CLOSED
    assert "the waiting list that you were on has ended" in await told(house, clock, dana, "list_ended")
    page = await dana.page()
    assert "Dr Alice Ahmed gives no appointments at" in page
    assert f'href="/book/{BOB.professional_id}/{bobs.id}"' in page
    assert "Leave the waiting list" not in page
    clock.advance((REACHED_FOR + timedelta(seconds=2)).total_seconds())
    with anyio.fail_after(30):
        while (await seeker_of(house, dana)).email is not None:
            house.bus.publish(TOPIC)
            await anyio.sleep(0.02)
    assert (await seeker_of(house, dana)).name == ""
    assert "This waiting list has ended" in await dana.page()


async def test_where_nobody_else_offers_anything_the_practice_is_called(olga: httpx2.AsyncClient, dana: Waiter) -> None:
    assert "Nobody else here offers something that can be booked now." in (await olga.get(PAGE)).text
    assert (await olga.post(END, data={"sure": "yes"})).status_code == 303
    assert "Please call the practice." in await dana.page()


async def test_whose_time_is_kept_stays_until_they_have_answered(
    house: House, clock: StillClock, olga: httpx2.AsyncClient, talks: Talks, dana: Waiter
) -> None:
    async with house.database.write() as tx:
        await make_offer(tx, dana.id, clock.now() + timedelta(days=1), clock.now())
    assert "a time is kept for 1 of them" in (await olga.get(PAGE)).text
    answer = await olga.post(f"{PAGE}/waiting/{talks.alices.id}", data={"instead": str(talks.bobs.id)})
    assert answer.headers["location"] == f"{PAGE}?answered#waiting"
    assert (await seeker_of(house, dana)).service_id == talks.alices.id
    kept = await olga.post(END, data={"sure": "yes"})
    assert (kept.status_code, "Somebody is booking" in kept.text) == (409, True)


async def test_a_time_of_whoever_leaves_is_not_kept_for_whoever_was_handed_over_meanwhile(
    house: House, clock: StillClock, service: Service, bobs: Service, dana: Waiter
) -> None:
    """The sweep had found the time before they were handed over."""
    async with house.database.write() as tx:
        seeker, before = await tx.get_one(Seeker, dana.id), await tx.get_one(Service, service.id)
        await tx.execute(update(Seeker).values(service_id=bobs.id).execution_options(synchronize_session=False))
        assert (seeker.service_id, before.id) == (service.id, service.id)
        with pytest.raises(Conflict):
            await make_offer(tx, dana.id, clock.now() + timedelta(days=1), clock.now())
    assert not await offered(house, dana)


async def test_only_what_somebody_else_gives_and_can_be_booked_takes_them(
    house: House, clock: StillClock, olga: httpx2.AsyncClient, talks: Talks, dana: Waiter
) -> None:
    async with house.database.write() as tx:
        own = await offer(tx, clock.now(), name="Other talk")
        drafted = await offer(tx, clock.now(), BOB, name="Draft", state=ServiceState.DRAFT)
        full = await offer(tx, clock.now(), CHARLIE, name="Full")
        far = await offer(tx, clock.now(), MALLORY, name="Far", practice_id=MALLORY.practice_id)
        shared = await offer_team(tx, clock.now())
    await olga.post(f"{PEOPLE}/{CHARLIE.person_id}/bookings", data={"do": "stop"})
    page = (await olga.get(PAGE)).text
    assert [f'value="{one.id}"' in page for one in (own, drafted, full, far, talks.bobs, shared)] == [False] * 4 + [True] * 2
    for wrong in (str(own.id), str(drafted.id), str(full.id), str(far.id), str(uuid4()), "nothing", ""):
        answer = await olga.post(f"{PAGE}/waiting/{talks.alices.id}", data={"instead": wrong})
        assert (answer.status_code, "Please choose what they shall wait for instead." in answer.text) == (422, True)
    assert (await olga.post(f"{PAGE}/waiting/{talks.bobs.id}", data={"instead": str(shared.id)})).status_code == 404
    assert (await seeker_of(house, dana)).service_id == talks.alices.id
    assert f"{ALICE.full_name} takes no new bookings." not in (await olga.get(PAGE)).text, "nothing was changed"


async def test_a_list_of_a_team_goes_on(house: House, browser: httpx2.AsyncClient, olga: httpx2.AsyncClient, clock: StillClock) -> None:
    async with house.database.write() as tx:
        shared = await offer_team(tx, clock.now())
    waiter = await wait(browser, f"/book/{NORTH}/{shared.id}/wait")
    assert (await olga.post(END, data={"sure": "yes"})).status_code == 303
    assert await state_of(house, waiter) == SeekerState.ASKING


@pytest.mark.parametrize("outsider", [ALICE, BOB, MALLORY], ids=lambda member: member.username)
async def test_bad_28_only_whoever_looks_after_the_practice_hands_a_list_over(
    house: House, sign_in: SignIn, talks: Talks, dana: Waiter, outsider: Staff
) -> None:
    client = await sign_in(outsider)
    assert (await client.post(f"{PAGE}/waiting/{talks.alices.id}", data={"instead": str(talks.bobs.id)})).status_code == 403
    assert (await seeker_of(house, dana)).service_id == talks.alices.id
