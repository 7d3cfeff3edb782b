"""Consents: all in one place and taken back there; news only by the patient's own word, and stopped by whoever has the link."""

import re
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.circulars.consents import Choice, choose, may_write, wanted_by
from server.circulars.holdings import HOLDINGS
from server.circulars.links import news_token
from server.circulars.model import NewsConsent, NewsStop, Via
from server.circulars.switches import desk_of
from server.consultation.events import Channel
from server.consultation.records import Refusal
from server.core.audit import AuditEntry
from server.core.holdings import Subject, erase
from server.core.house import House
from server.messaging.optouts import hear
from server.patients.model import Patient, SharingConsent
from server.web.i18n import ENGLISH
from tests.cast import DANA, ERIN, Cast, Meeting, add_meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.visiting import YES

pytestmark = [pytest.mark.anyio]

CONSENTS, NEWS = "/my/consents", f"/my/{DANA.patient_id}/news"
BOTH = {Channel.EMAIL, Channel.SMS}


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def dana(house: House, cast: Cast, sign_in: SignIn) -> httpx2.AsyncClient:
    """Dana, with whose record her addresses are."""
    async with house.database.write() as tx:
        patient = await tx.get_one(Patient, DANA.patient_id)
        patient.email, patient.mobile = DANA.email, DANA.mobile
    return await sign_in(DANA)


async def wanted(house: House) -> set[Channel]:
    async with house.database.read() as tx:
        assert DANA.patient_id is not None
        return await wanted_by(tx, DANA.patient_id)


async def may_mail(house: House, address: str = DANA.email) -> bool:
    async with house.database.read() as tx:
        return await may_write(tx, desk_of(house), await tx.get_one(Patient, DANA.patient_id), Channel.EMAIL, address)


def link(house: House, address: str = DANA.email) -> str:
    assert DANA.patient_id is not None
    return f"/news/{news_token(house.secrets, DANA.patient_id, address)}"


@pytest.mark.row("S2")
async def test_news_are_asked_for_by_channel_and_taken_back_on_record(dana: httpx2.AsyncClient, house: House) -> None:
    page = (await dana.get(CONSENTS)).text
    assert "news of this practice by e-mail" in page
    assert " checked" not in page
    for form, stands in (({"email": "yes"}, {Channel.EMAIL}), ({"email": "yes", "sms": "yes"}, BOTH), ({"sms": "yes"}, {Channel.SMS})):
        assert (await dana.post(NEWS, data=form)).headers["location"] == f"{CONSENTS}?news"
        assert await wanted(house) == stands
    assert not await may_mail(house)
    async with house.database.read() as tx:
        rows = list(await tx.scalars(select(NewsConsent).order_by(NewsConsent.given_at)))
        said = list(await tx.scalars(select(AuditEntry.reason).where(AuditEntry.thing == "news")))
    assert {row.given_by for row in rows} == {DANA.person_id}
    assert [len(row.wording_sha256) for row in rows] == [32, 32]
    assert sorted(str(one) for one in said) == ["email", "email", "sms"]
    assert "Stopped news of the practice" in (await dana.get(f"/my/{DANA.patient_id}/looks")).text
    page = (await dana.get(CONSENTS)).text
    assert "Taken back on" in page
    assert "no news of the practice come" in page


@pytest.mark.row("S2")
async def test_taking_back_on_an_old_page_asks_for_nothing(dana: httpx2.AsyncClient, house: House) -> None:
    """The page was opened while news came both ways; the other way was stopped meanwhile."""
    await dana.post(NEWS, data={"email": "yes", "sms": "yes"})
    page = (await dana.get(CONSENTS)).text
    (card,) = (one for one in page.split('<form method="post"') if 'value="email"' in one and "Take it back" in one)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', card))
    await dana.post(NEWS, data={"email": "yes"})
    await dana.post(NEWS, data=fields)
    assert await wanted(house) == set()


@pytest.mark.row("S2")
async def test_one_click_needs_no_cookie_and_looking_changes_nothing(dana: httpx2.AsyncClient, app: Starlette, house: House) -> None:
    await dana.post(NEWS, data={"email": "yes", "sms": "yes"})
    async with browser_of(app) as scanner:
        page = await scanner.get(f"{link(house)}/stop")
    assert page.status_code == 200
    assert await may_mail(house)
    assert not any(word in page.text for word in ("Dana", "Diaz", DANA.email, DANA.mobile))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as program:
        for body in ({"data": {"List-Unsubscribe": "One-Click"}}, {"files": {"List-Unsubscribe": (None, "One-Click")}}):
            answer = await program.post(f"{link(house)}/stop", **body)
            assert answer.status_code == 200
    assert await wanted(house) == {Channel.SMS}
    assert not await may_mail(house)


@pytest.mark.row("S2")
async def test_who_stopped_is_added_again_by_themself_only(dana: httpx2.AsyncClient, app: Starlette, house: House) -> None:
    """The address stays on the list of stops after the erasure, and under another record."""
    await dana.post(NEWS, data={"email": "yes"})
    async with browser_of(app) as anybody:
        await anybody.post(link(house), data={"email": "no"})
        async with house.database.write() as tx:
            erin = Patient(
                id=uuid4(), practice_id=(await tx.get_one(Patient, DANA.patient_id)).practice_id, person_id=None, name=ERIN.name,
                mobile=None, email=DANA.email.upper(), created_at=house.clock.now(),
            )  # fmt: skip
            tx.add(erin)
            await tx.flush()
            tx.add(
                NewsConsent(
                    id=uuid4(), patient_id=erin.id, channel=Channel.EMAIL, wording_version="1", wording_sha256=b"", language="en-GB",
                    given_by=None, given_via=Via.ACCOUNT, given_at=house.clock.now(), withdrawn_via=None, withdrawn_at=None,
                )
            )  # fmt: skip
            await tx.flush()
            await erase(tx, HOLDINGS, Subject(DANA.person_id, frozenset({DANA.patient_id})))
        async with house.database.write() as tx:
            desk = desk_of(house)
            assert not await may_write(tx, desk, erin, Channel.EMAIL, DANA.email)
            assert len(list(await tx.scalars(select(NewsStop)))) == 1
            for via, lifted in ((Via.VISIT, False), (Via.ACCOUNT, True)):
                for channels in ((), (Channel.EMAIL,)):
                    choice = Choice(channels, (Channel.EMAIL,), via, None, ENGLISH)
                    await choose(tx, desk, erin, choice, house.clock.now())
                assert await may_write(tx, desk, erin, Channel.EMAIL, DANA.email) == lifted


@pytest.mark.row("S2")
async def test_an_address_that_another_record_stopped_is_off_until_it_is_asked_for(dana: httpx2.AsyncClient, house: House) -> None:
    await dana.post(NEWS, data={"email": "yes"})
    async with house.database.write() as tx:
        patient = await tx.get_one(Patient, DANA.patient_id)
        erin = Patient(
            id=uuid4(), practice_id=patient.practice_id, person_id=None, name=ERIN.name, mobile=None, email=DANA.email,
            created_at=house.clock.now(),
        )  # fmt: skip
        tx.add(erin)
        await tx.flush()
        for channels in ((Channel.EMAIL,), ()):
            await choose(tx, desk_of(house), erin, Choice(channels, (Channel.EMAIL,), Via.LINK, None, ENGLISH), house.clock.now())
    assert not await may_mail(house)
    assert " checked" not in (await dana.get(CONSENTS)).text
    await dana.post(NEWS, data={"email": "yes"})
    assert await may_mail(house)
    assert " checked" in (await dana.get(CONSENTS)).text


@pytest.mark.row("S2")
async def test_bad_a_link_is_tampered_with_outlives_an_erasure_and_an_address(
    dana: httpx2.AsyncClient, app: Starlette, house: House
) -> None:
    await dana.post(NEWS, data={"email": "yes"})
    good, old = link(house), link(house, "former@example.org")
    async with browser_of(app) as anybody:
        for bad in (good[:-1] + ("A" if good[-1] != "A" else "B"), good + "A", "/news/x", "/news/" + "ä" * 54, good[:-8]):
            assert [(await anybody.get(bad)).status_code, (await anybody.post(f"{bad}/stop")).status_code] == [404, 404], bad
        assert (await anybody.post(f"{old}/stop")).status_code == 200, "to stop is good for whoever has any link"
        assert await wanted(house) == set()
        await anybody.post(old, data={"email": "yes"})
        assert await wanted(house) == set(), "to ask for news is for the address that they go to"
        assert "sends you no news" in (await anybody.get(old)).text
        await anybody.post(good, data={"email": "yes", "sms": "yes"})
        assert await wanted(house) == {Channel.EMAIL}
        async with house.database.write() as tx:
            await erase(tx, HOLDINGS, Subject(None, frozenset({DANA.patient_id})))
            (await tx.get_one(Patient, DANA.patient_id)).email = None
        assert (await anybody.post(f"{good}/stop")).status_code == 200
        assert "sends you no news" in (await anybody.get(good)).text


@pytest.mark.row("S2")
async def test_stop_by_text_message_ends_news_by_it(dana: httpx2.AsyncClient, house: House) -> None:
    await dana.post(NEWS, data={"sms": "yes"})
    async with house.database.write() as tx:
        await hear(tx, house.secrets, DANA.mobile, "STOP", house.clock.now())
    async with house.database.read() as tx:
        assert not await may_write(tx, desk_of(house), await tx.get_one(Patient, DANA.patient_id), Channel.SMS, DANA.mobile)
    assert "answered STOP" in (await dana.get(CONSENTS)).text


@pytest.mark.row("S2")
async def test_news_are_offered_by_the_link_of_an_appointment(app: Starlette, house: House, cast: Cast, clock: StillClock) -> None:
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
    async with browser_of(app, {"visit": meeting.token}) as erin:
        page = f"/v/{meeting.visit_id}/news"
        assert " checked" not in (await erin.get(page)).text
        assert (await erin.post(page, data={"email": "yes"})).headers["location"] == f"{page}?done"
        assert " checked" in (await erin.get(page)).text
        assert (await erin.post(page, data={"email": "no"})).status_code == 303
        await erin.post(page, data={"email": "yes"})
        assert 'name="email"' not in (again := (await erin.get(page)).text), "a colleague has this link, too"
        assert 'name="sms"' in again
    async with house.database.read() as tx:
        row = (await tx.scalars(select(NewsConsent))).one()
    assert (row.given_via, row.given_by) == (Via.VISIT, None)


@pytest.mark.row("L2")
async def test_every_yes_is_shown_and_taken_back(app: Starlette, house: House, meeting: Meeting, sign_in: SignIn) -> None:
    async with browser_of(app, {"visit": meeting.token}) as visitor:
        await visitor.post(f"/v/{meeting.visit_id}/consent", data=YES)
    dana = await sign_in(DANA)
    page = (await dana.get(CONSENTS)).text
    for words in ("The whole team that treats me", "I agree to have this consultation by video", "notes that somebody has open close"):
        assert words in page, words
    back = f"/my/{DANA.patient_id}/consents/{meeting.consultation_id}/withdraw"
    assert back in page
    assert (await dana.post(back)).headers["location"] == f"{CONSENTS}?withdrawn"
    assert (await dana.post(f"/my/{DANA.patient_id}/sharing", data={"agree": "no"})).status_code == 303
    assert "nothing that still counts" in (await dana.get(CONSENTS)).text
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(Refusal)))) == 1
        assert all(row.withdrawn_at for row in await tx.scalars(select(SharingConsent)))
