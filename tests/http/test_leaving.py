"""Before a place ends: what stands open is listed, and each appointment goes to a colleague who is free, or is cancelled."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.booking.actions import cancel
from server.booking.model import Appointment, AppointmentState, Party, Pays
from server.consultation.model import Consultation, ConsultationState
from server.core.audit import AuditEntry
from server.core.house import House
from server.messaging.composing import Post, compose
from server.messaging.model import Delivery
from server.web.i18n import read_languages
from tests.booking import faults
from tests.cast import ALICE, BOB, CHARLIE, ERIN, MALLORY, OLGA, Cast, Staff
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of
from tests.http.booking import Booker, appointments, consultation_at, offer
from tests.http.test_people import PEOPLE

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3"), pytest.mark.row("P8")]

PAGE = f"{PEOPLE}/{ALICE.person_id}/leaving"
TEN = "2026-03-03T10:00Z"


@pytest.fixture
async def booked(app: Starlette, house: House, cast: Cast, clock: StillClock) -> Appointment:
    """erin has booked alice for Tuesday at ten."""
    async with house.database.write() as tx:
        made = await offer(tx, clock.now(), price_minor=0)
    async with browser_of(app) as anonymous:
        await Booker(anonymous, made, ALICE.professional_id).book(TEN)
    return (await appointments(house))[0]


@pytest.fixture
async def olga(sign_in: SignIn, cast: Cast) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


def taken_by(colleague: Staff, one: Appointment) -> dict[str, str]:
    return {"colleague": str(colleague.professional_id), "version": str(one.version)}


async def sound(house: House) -> None:
    async with house.database.read() as tx:
        assert await faults(tx) == []


async def test_a_colleague_takes_an_appointment_over_and_the_patient_is_told(
    house: House, booked: Appointment, olga: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    consultation = await consultation_at(house, booked.id)
    assert f'href="{PAGE}"' in (await olga.get(f"{PEOPLE}/{ALICE.person_id}")).text
    page = (await olga.get(PAGE)).text
    assert BOB.full_name in page
    assert ERIN.name not in page, "who it is stands in the professional's own week"
    answer = await olga.post(f"{PAGE}/{booked.id}/pass", data=taken_by(BOB, booked))
    assert answer.headers["location"] == f"{PAGE}?passed"
    assert (await consultation_at(house, booked.id)).professional_id == BOB.professional_id
    await sound(house)
    assert (await (await sign_in(BOB)).get(f"/consultations/{consultation.id}/appointment")).status_code == 200
    assert (await (await sign_in(ALICE)).get(f"/consultations/{consultation.id}/appointment")).status_code == 404
    post = Post(house.secrets, ORIGIN, read_languages(house.settings.locales_dir))
    async with house.database.read() as tx:
        told = (await tx.scalars(select(Delivery).where(Delivery.news == "passed_on").limit(1))).one()
        letter = await compose(tx, post, told, house.clock.now())
        deed = (await tx.scalars(select(AuditEntry).where(AuditEntry.thing == "handover"))).one()
    assert letter is not None
    assert f"is with {BOB.full_name} now" in " ".join(letter.sentences)
    assert deed.person_id == OLGA.person_id
    assert f"{ALICE.full_name} takes no new bookings." in (await olga.get(PAGE)).text, "with the first that is handed over"
    assert (await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})).status_code == 303


async def test_bad_01_who_is_not_free_takes_nothing(
    app: Starlette, house: House, booked: Appointment, olga: httpx2.AsyncClient, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        theirs = await offer(tx, clock.now(), BOB)
    async with browser_of(app) as anonymous:
        await Booker(anonymous, theirs, BOB.professional_id).book(TEN)
    page = (await olga.get(PAGE)).text
    assert CHARLIE.full_name in page
    assert f'value="{BOB.professional_id}"' not in page
    answer = await olga.post(f"{PAGE}/{booked.id}/pass", data=taken_by(BOB, booked))
    assert answer.status_code == 409
    assert "not free any more" in answer.text
    assert (await consultation_at(house, booked.id)).professional_id == ALICE.professional_id
    await sound(house)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"colleague": str(MALLORY.professional_id)}, (422, "choose a colleague")),
        ({"colleague": "nobody"}, (422, "choose a colleague")),
        ({"colleague": str(ALICE.professional_id)}, (422, "choose a colleague")),
        ({"colleague": str(BOB.professional_id), "version": "99"}, (409, "has changed in the meantime")),
    ],
)
async def test_who_could_not_give_it_and_an_old_page_change_nothing(
    house: House, booked: Appointment, olga: httpx2.AsyncClient, data: dict[str, str], said: tuple[int, str]
) -> None:
    answer = await olga.post(f"{PAGE}/{booked.id}/pass", data={"version": str(booked.version), **data})
    assert (answer.status_code, said[1] in answer.text) == (said[0], True)
    assert (await consultation_at(house, booked.id)).professional_id == ALICE.professional_id


async def test_what_was_paid_online_is_cancelled_and_the_place_ends_then(
    house: House, booked: Appointment, olga: httpx2.AsyncClient
) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(Appointment).values(pays=Pays.ONLINE, price_minor=4000))
    assert "Cancelled, the money goes back" in (await olga.get(PAGE)).text
    refused = await olga.post(f"{PAGE}/{booked.id}/pass", data=taken_by(BOB, booked))
    assert (refused.status_code, "to the account of whoever leaves" in refused.text) == (409, True)
    kept = await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})
    assert (kept.status_code, "hand them over or cancel them" in kept.text) == (409, True)
    version = {"version": str(booked.version)}
    assert (await olga.post(f"{PAGE}/{booked.id}/cancel", data=version)).status_code == 422
    assert (await olga.post(f"{PAGE}/{booked.id}/cancel", data={**version, "sure": "yes"})).headers["location"] == f"{PAGE}?cancelled"
    assert (await appointments(house))[0].state == AppointmentState.CANCELLED
    assert (await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})).status_code == 303


async def test_a_place_does_not_end_while_somebody_is_talked_to(
    house: House, booked: Appointment, sign_in: SignIn, clock: StillClock
) -> None:
    clock.set(booked.begins_at + timedelta(minutes=1))
    async with house.database.write() as tx:
        await tx.execute(update(Consultation).values(state=ConsultationState.ACTIVE, started_at=clock.now()))
    olga = await sign_in(OLGA)
    assert "1 consultation is going on" in (await olga.get(PAGE)).text
    answer = await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})
    assert (answer.status_code, "wait until it is over" in answer.text) == (409, True)


async def test_a_place_does_not_end_while_somebody_is_booking(
    app: Starlette, house: House, cast: Cast, olga: httpx2.AsyncClient, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        made = await offer(tx, clock.now(), price_minor=0)
    async with browser_of(app) as anonymous:
        await Booker(anonymous, made, ALICE.professional_id).choose(TEN)
    answer = await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})
    assert (answer.status_code, "Somebody is booking" in answer.text) == (409, True)


@pytest.mark.parametrize("outsider", [ALICE, BOB, MALLORY], ids=lambda member: member.username)
async def test_bad_28_only_whoever_looks_after_the_practice_hands_over(
    house: House, booked: Appointment, sign_in: SignIn, outsider: Staff
) -> None:
    client = await sign_in(outsider)
    answers = [await client.get(PAGE)]
    answers += [
        await client.post(f"{PAGE}/{booked.id}/{what}", data={**taken_by(BOB, booked), "sure": "yes"}) for what in ("pass", "cancel")
    ]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert (await consultation_at(house, booked.id)).professional_id == ALICE.professional_id


async def test_book_again_leads_to_whoever_gives_it_now_and_nowhere_where_nobody_can_be_booked(
    app: Starlette, house: House, cast: Cast, olga: httpx2.AsyncClient, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        made = await offer(tx, clock.now(), price_minor=0)
        await offer(tx, clock.now(), BOB)
    async with browser_of(app) as anonymous:
        visit = (await Booker(anonymous, made, ALICE.professional_id).book(TEN)).partition("/appointment")[0]
        one = (await appointments(house))[0]
        assert (await olga.post(f"{PAGE}/{one.id}/pass", data=taken_by(BOB, one))).status_code == 303
        again = (await appointments(house))[0]
        async with house.database.write() as tx:
            await cancel(tx, await tx.get_one(Appointment, again.id), Party.PRACTICE, clock.now())
        assert f'href="/book/{BOB.professional_id}"' in (await anonymous.get(visit)).text
        assert (await anonymous.get(f"/book/{BOB.professional_id}")).status_code == 200
        await olga.post(f"{PEOPLE}/{BOB.person_id}/bookings", data={"do": "stop"})
        closed = (await anonymous.get(visit)).text
    assert ("Book again" in closed, "Please call the practice." in closed) == (False, True)
