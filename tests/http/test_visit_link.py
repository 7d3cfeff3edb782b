"""The personal link: what it opens, when, for whom, and what it never gives away."""

import re
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.access.model import Practice
from server.consultation.actions import reissue_link, revoke_link
from server.consultation.join_link import join_token
from server.consultation.model import Consultation, JoinLink, Participant, Stage
from server.consultation.records import Attendance, Consent
from server.core.house import House
from server.settings import Settings
from server.web.assets import built_assets
from server.web.middleware import CSP
from tests.cast import ALICE, ERIN, Cast, Meeting, add_meeting
from tests.conftest import StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("V1")]


async def follow(client: httpx2.AsyncClient, meeting: Meeting) -> httpx2.Response:
    """Open the link as a browser does, up to the page behind it."""
    answer = await client.get(meeting.join_path)
    assert answer.status_code == 303
    return await client.get(answer.headers["location"])


async def stage_of(house: House, meeting: Meeting) -> Stage:
    async with house.database.read() as tx:
        return Stage((await tx.get_one(Participant, meeting.participant_id)).stage)


async def test_the_link_becomes_a_cookie_and_leaves_the_address(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    answer = await client.get(meeting.join_path)
    assert answer.headers["location"] == f"/v/{meeting.visit_id}"
    cookie = answer.headers["set-cookie"]
    assert f"Path=/v/{meeting.visit_id}" in cookie
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()
    page = await follow(client, meeting)
    assert page.status_code == 200
    assert "Dr Alice Ahmed" in page.text
    assert meeting.token not in page.text


async def test_the_first_page_needs_one_answer_to_be_painted(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    page = await follow(client, meeting)
    text, digest = built_assets().style("app.css")
    assert f"<style>{text}</style>" in page.text
    assert 'rel="stylesheet"' not in page.text
    assert f"style-src 'self' '{digest}';" in page.headers["content-security-policy"]
    assert page.headers["content-encoding"] == "gzip"


async def test_later_pages_allow_no_style_of_their_own(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    await follow(client, meeting)
    page = await client.get(f"/v/{meeting.visit_id}/who")
    assert page.headers["content-security-policy"] == CSP
    assert "<style" not in page.text


async def test_bad_31_a_mail_scanner_uses_nothing_up(client: httpx2.AsyncClient, house: House, meeting: Meeting) -> None:
    for _ in range(3):
        assert (await client.head(meeting.join_path)).status_code == 303
        await follow(client, meeting)
    assert await stage_of(house, meeting) is Stage.NOT_ARRIVED
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(Attendance)) == 0
        link = await tx.get_one(JoinLink, meeting.visit_id)
    assert link.revoked_at is None
    assert (await follow(client, meeting)).status_code == 200


async def test_bad_31_the_address_with_the_secret_is_no_referer(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    assert (await client.get(meeting.join_path)).headers["referrer-policy"] == "no-referrer"
    assert (await client.get("/j/" + "x" * 43)).headers["referrer-policy"] == "no-referrer"


async def test_bad_31_an_unknown_link_says_what_to_do(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    for token in (
        "x" * 43,
        "short",
        "x" * 2000,
        "é" * 43,
        "%00",
        "..%2f..%2fetc",
        "'; drop table join_link; --",
        meeting.token[:-1],
        meeting.token + "A",
    ):
        answer = await client.get(f"/j/{token}")
        assert answer.status_code == 404, token
        assert "set-cookie" not in answer.headers, token
        assert "We do not know this link" in answer.text or "There is nothing here" in answer.text, token
        assert token not in answer.text


async def test_the_page_without_the_cookie_says_how_to_come_back(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    answer = await client.get(f"/v/{meeting.visit_id}")
    assert answer.status_code == 404
    assert "Please open the link in your message again" in answer.text
    assert "Alice" not in answer.text


async def test_bad_31_the_link_of_another_appointment_opens_only_its_own(
    app: Starlette, house: House, cast: Cast, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        danas = await add_meeting(tx, house.secrets, clock.now())
        erins = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
    erin = browser_of(app, {"visit": erins.token})
    assert (await erin.get(f"/v/{erins.visit_id}")).status_code == 200
    for path in ("", "/who", "/consent", "/camera", "/room", "/after", "/calendar.ics", "/probe"):
        answer = await erin.get(f"/v/{danas.visit_id}{path}")
        assert answer.status_code == 404, path
        assert "Dana" not in answer.text


async def test_bad_31_a_revoked_link_opens_one_page(client: httpx2.AsyncClient, house: House, clock: StillClock, meeting: Meeting) -> None:
    await follow(client, meeting)
    async with house.database.write() as tx:
        await revoke_link(tx, ALICE.viewer, meeting.consultation_id, clock.now())
    answer = await follow(client, meeting)
    assert answer.status_code == 410
    assert "no longer in use" in answer.text
    assert "+44 20 7946 0018" in answer.text
    await closed_everywhere(client, meeting)


async def test_a_new_link_works_while_the_old_one_is_closed(app: Starlette, house: House, clock: StillClock, meeting: Meeting) -> None:
    async with house.database.write() as tx:
        link = await reissue_link(tx, house.secrets, ALICE.viewer, meeting.consultation_id, clock.now())
    renewed = Meeting(meeting.consultation_id, meeting.participant_id, link.id, join_token(house.secrets, link.id))
    assert (await follow(browser_of(app), renewed)).status_code == 200
    assert (await follow(browser_of(app), meeting)).status_code == 410


async def test_bad_31_an_expired_link_opens_one_page(client: httpx2.AsyncClient, clock: StillClock, meeting: Meeting) -> None:
    await follow(client, meeting)
    clock.advance(timedelta(days=2).total_seconds())
    answer = await follow(client, meeting)
    assert answer.status_code == 410
    assert "This link has expired" in answer.text
    assert "Call Harbour Clinic" in answer.text
    await closed_everywhere(client, meeting)


async def closed_everywhere(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    """No page of the visit but the welcome page answers, and no form is taken."""
    base = f"/v/{meeting.visit_id}"
    for path in (
        "/who",
        "/consent",
        "/declined",
        "/camera",
        "/microphone",
        "/speaker",
        "/network",
        "/room",
        "/after",
        "/calendar.ics",
        "/probe",
    ):
        answer = await client.get(base + path)
        assert (answer.status_code, answer.headers["location"]) == (303, base), path
    for path in ("", "/who", "/consent", "/declined", "/check"):
        answer = await client.post(base + path, data={"name": "Dana", "step": "camera", "result": "works"})
        assert answer.headers["location"] == base, path
    assert (await client.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409


@pytest.mark.parametrize(
    ("zone", "told"), [("Europe/London", "Today, 10:05 (London time)"), ("America/New_York", "Today, 05:05 (New York time)")]
)
async def test_the_welcome_page_names_the_zone_of_its_time(
    client: httpx2.AsyncClient, house: House, meeting: Meeting, zone: str, told: str
) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Practice, ALICE.practice_id)).time_zone = zone
    page = (await follow(client, meeting)).text
    assert told in re.sub(r"<[^>]+>", "", page)


@pytest.mark.row("V2")
async def test_bad_30_too_early_lets_the_patient_try_the_camera_and_no_more(
    app: Starlette, house: House, cast: Cast, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, clock.now(), scheduled_at=clock.now() + timedelta(days=3))
    dana = browser_of(app, {"visit": meeting.token})
    base = f"/v/{meeting.visit_id}"
    page = await dana.get(base)
    assert page.status_code == 200
    assert "You are early" in page.text
    assert f"{base}/calendar.ics" in page.text
    for path in ("/who", "/consent", "/room"):
        assert (await dana.get(base + path)).headers["location"] == base
    assert (await dana.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409
    assert (await dana.get(f"{base}/camera")).status_code == 200
    done = await dana.post(f"{base}/check", data={"step": "network", "result": "good"})
    assert done.headers["location"] == base
    assert await stage_of(house, meeting) is Stage.NOT_ARRIVED
    clock.advance(timedelta(days=2, seconds=1).total_seconds())
    assert (await dana.get(f"{base}/who")).status_code == 200


async def test_the_link_moves_with_its_consultation(client: httpx2.AsyncClient, house: House, clock: StillClock, meeting: Meeting) -> None:
    clock.advance(timedelta(days=2).total_seconds())
    assert (await follow(client, meeting)).status_code == 410
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).scheduled_at = clock.now()
    assert (await follow(client, meeting)).status_code == 200


@pytest.mark.row("V2")
async def test_bad_30_steps_cannot_be_skipped(client: httpx2.AsyncClient, house: House, meeting: Meeting) -> None:
    base = f"/v/{meeting.visit_id}"
    await follow(client, meeting)
    for path in ("/camera", "/microphone", "/speaker", "/network", "/probe", "/room"):
        assert (await client.get(base + path)).headers["location"] == f"{base}/consent", path
    assert (await client.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(Consent)) == 0


async def test_too_many_links_from_one_address_are_slowed(client: httpx2.AsyncClient, app: Starlette) -> None:
    statuses = [(await client.get("/j/" + "x" * 43)).status_code for _ in range(121)]
    assert statuses[:120] == [404] * 120
    assert statuses[120] == 429


class TestOverHttps:
    """The same link where people reach the server by https."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"base_url": "https://testserver"})

    async def test_the_cookie_is_secure(self, client: httpx2.AsyncClient, meeting: Meeting) -> None:
        assert "secure" in (await client.get(meeting.join_path)).headers["set-cookie"].lower()


async def test_the_calendar_file_has_the_time_and_no_secret(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    await follow(client, meeting)
    answer = await client.get(f"/v/{meeting.visit_id}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "DTSTART:20260302T100500Z\r\nDTEND:20260302T102500Z" in answer.text
    assert "Dr Alice Ahmed" in answer.text
    assert meeting.token not in answer.text.replace("\r\n ", "")
    assert "Dana" not in answer.text
