"""What an administrator decides about messages to patients, and what they see to when one could not be delivered."""

from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from server.access.model import Practice
from server.consultation.events import Channel
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.messaging.actions import settle
from server.messaging.model import Delivery, DeliveryStatus, MessageText, Why
from server.messaging.wording import Kind
from tests.cast import ALICE, CLINIC, DANA, MALLORY, OLGA, SAM, Cast, Meeting, Staff
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("S4")]

PAGE, LIST = "/practice/messages", "/practice/undelivered"
TEXT = f"{PAGE}/invitation/en-GB"
OWN = "Hello from {practice}. It is on {day} at {time}.\nOpen {link} please."


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


async def reminds(house: House) -> tuple[bool, bool]:
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, CLINIC)
        return practice.reminds_day_before, practice.reminds_shortly_before


async def on_record(house: House) -> list[str | None]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(AuditEntry.reason).where(AuditEntry.act == Act.CHANGED).order_by(AuditEntry.number)))


@pytest.mark.row("B6")
async def test_an_administrator_decides_which_reminders_go_out(olga: httpx2.AsyncClient, house: House) -> None:
    assert (await olga.get("/account")).text.count(PAGE) == 1
    assert (await olga.get(PAGE)).text.count(" checked") == 2
    answer = await olga.post(f"{PAGE}/reminders", data={"shortly_before": "yes"})
    assert answer.headers["location"] == f"{PAGE}?done=reminders"
    assert await reminds(house) == (False, True)
    page = (await olga.get(answer.headers["location"])).text
    assert (page.count(" checked"), "Saved." in page) == (1, True)
    await olga.post(f"{PAGE}/reminders", data={"day_before": "no"})
    await olga.post(f"{PAGE}/reminders", data={"day_before": "no"})
    assert await on_record(house) == ["reminds shortly before", "reminds nobody"]


async def test_an_own_text_is_previewed_kept_used_and_given_up(
    olga: httpx2.AsyncClient, house: House, meeting: Meeting, sign_in: SignIn
) -> None:
    assert "To join, open {link} - no app is needed." in (await olga.get(TEXT)).text
    page = (await olga.post(TEXT, data={"text": OWN, "preview": "1"})).text
    assert "Hello from Harbour Clinic. It is on Tuesday 3 March at 10:00 (London time). Open http://testserver/j/example please." in page
    assert (await olga.post(TEXT, data={"text": OWN.replace("\n", "\r\n")})).headers["location"] == f"{PAGE}?done=text"
    assert "Your own text" in (await olga.get(PAGE)).text
    alice = await sign_in(ALICE)
    assert "Hello from Harbour Clinic. It is on" in (await alice.get("/outbox")).text
    assert "Back to the built-in text" in (await olga.get(TEXT)).text
    assert (await olga.post(f"{TEXT}/built-in")).headers["location"] == f"{PAGE}?done=built-in"
    assert "Hello from" not in (await alice.get("/outbox")).text
    said = [f"{doing}: invitation, en-GB" for doing in ("writes its own text", "goes back to the built-in text")]
    assert await on_record(house) == said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{practice} at {time}", "Without {link} the patient cannot join."),
        ("{practice} {time} {link}.", "Please leave a space before and after {link}"),
        ("{practice} {time} {link} {price}", "There is no placeholder {price} here."),
        ("", "Please write something."),
    ],
)
async def test_a_text_that_would_lose_the_link_is_not_kept(olga: httpx2.AsyncClient, house: House, text: str, words: str) -> None:
    answer = await olga.post(TEXT, data={"text": text})
    assert answer.status_code == 422
    assert words in answer.text
    assert words in (await olga.post(TEXT, data={"text": text, "preview": "1"})).text
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(MessageText))) == []


@pytest.mark.parametrize("path", ["invitation/xx", "diagnosis/en-GB", "en-GB/invitation"])
async def test_there_is_no_other_text(olga: httpx2.AsyncClient, path: str) -> None:
    assert (await olga.get(f"{PAGE}/{path}")).status_code == 404


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=["professional", "assistant", "patient", "elsewhere"])
async def test_nobody_else_looks_or_decides(sign_in: SignIn, house: House, cast: Cast, member: Staff) -> None:
    client = await sign_in(member)
    for path in (PAGE, TEXT, LIST):
        assert (await client.get(path)).status_code == 403
    for path in (f"{PAGE}/reminders", TEXT, f"{TEXT}/built-in"):
        assert (await client.post(path, data={"text": OWN})).status_code == 403
    assert await reminds(house) == (True, True)


async def fail(house: House, clock: StillClock, why: Why, channel: Channel = Channel.SMS) -> UUID:
    """Let one of the invitations of dana have failed."""
    async with house.database.write() as tx:
        delivery = (await tx.scalars(select(Delivery).where(Delivery.channel == channel).order_by(Delivery.created_at))).first()
        assert delivery is not None
        delivery.status = DeliveryStatus.QUEUED
        await settle(tx, delivery.id, DeliveryStatus.STOPPED if why == Why.STOPPED else DeliveryStatus.FAILED, clock.now(), why)
        return delivery.id


@pytest.mark.row("S1")
async def test_what_could_not_be_delivered_is_told_in_words_without_a_name(
    olga: httpx2.AsyncClient, house: House, meeting: Meeting, clock: StillClock
) -> None:
    assert "There is nothing to see to." in (await olga.get(LIST)).text
    await fail(house, clock, Why.REFUSED)
    page = (await olga.get(LIST)).text
    for words in ("The provider refused it: please check the number.", "To …001.", "with Dr Alice Ahmed on Monday, 2 March 2026 at"):
        assert words in page
    assert DANA.name not in page
    assert DANA.mobile not in page
    assert "1 message could not be delivered" in (await olga.get(PAGE)).text


@pytest.mark.row("S1")
async def test_it_is_sent_again_once_however_often_that_is_pressed(
    olga: httpx2.AsyncClient, house: House, meeting: Meeting, clock: StillClock
) -> None:
    failed = await fail(house, clock, Why.UNREACHABLE)
    for _ in range(2):
        assert (await olga.post(f"{LIST}/{failed}/again")).headers["location"] == f"{LIST}?done=again"
    async with house.database.read() as tx:
        again = list(await tx.scalars(select(Delivery).where(Delivery.channel == Channel.SMS, Delivery.id != failed)))
    assert len(again) == 1
    assert (again[0].link_id, again[0].news) == (meeting.visit_id, None)
    assert "There is nothing to see to." in (await olga.get(LIST)).text


@pytest.mark.row("S1")
async def test_what_was_seen_to_in_another_way_is_done(olga: httpx2.AsyncClient, house: House, meeting: Meeting, clock: StillClock) -> None:
    stopped = await fail(house, clock, Why.STOPPED)
    assert "Send again" not in (await olga.get(LIST)).text
    assert (await olga.post(f"{LIST}/{stopped}/done")).status_code == 303
    assert "There is nothing to see to." in (await olga.get(LIST)).text


@pytest.mark.row("S1")
async def test_only_ones_own_practice_and_only_what_failed(
    olga: httpx2.AsyncClient, house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn
) -> None:
    failed = await fail(house, clock, Why.REFUSED)
    async with house.database.read() as tx:
        email = (await tx.scalars(select(Delivery.id).where(Delivery.channel == Channel.EMAIL))).first()
    for doing in ("again", "done"):
        assert (await olga.post(f"{LIST}/{email}/{doing}")).status_code == 404
        assert (await (await sign_in(ALICE)).post(f"{LIST}/{failed}/{doing}")).status_code == 403
    assert "Invitation" in (await olga.get(LIST)).text


def test_every_kind_has_a_name_on_the_page() -> None:
    from server.messaging.practice_pages import NAMES

    assert NAMES.keys() == set(Kind)
