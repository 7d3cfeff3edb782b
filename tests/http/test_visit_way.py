"""The patient's way from welcome to after, as plain forms, and what the professional sees of it."""

import hashlib
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.consents import WORDINGS
from server.consultation.model import Consent, Consultation, Feedback, Outcome, Participant, Stage
from server.consultation.subject import RoomSubject
from server.core.house import House
from tests.cast import ALICE, Meeting
from tests.conftest import SignIn, StillClock, browser_of

pytestmark = pytest.mark.anyio
YES = {wording.purpose: "yes" for wording in WORDINGS}


@pytest.fixture
def base(meeting: Meeting) -> str:
    return f"/v/{meeting.visit_id}"


@pytest.fixture
async def dana(app: Starlette, meeting: Meeting) -> httpx2.AsyncClient:
    return browser_of(app, {"visit": meeting.token})


@pytest.fixture
async def agreed(dana: httpx2.AsyncClient, base: str) -> httpx2.AsyncClient:
    """dana, who has agreed to everything."""
    assert (await dana.post(f"{base}/consent", data=YES)).status_code == 303
    return dana


async def place(house: House, meeting: Meeting) -> Participant:
    async with house.database.read() as tx:
        return await tx.get_one(Participant, meeting.participant_id)


async def step(client: httpx2.AsyncClient, path: str, **fields: str) -> str:
    """Send a form and return where it leads."""
    answer = await client.post(path, data=fields)
    assert answer.status_code == 303, answer.text
    location: str = answer.headers["location"]
    return location


@pytest.mark.row("V1")
@pytest.mark.row("V2")
async def test_the_whole_way_without_any_script(
    dana: httpx2.AsyncClient, base: str, house: House, meeting: Meeting, sign_in: SignIn
) -> None:
    alice = await sign_in(ALICE)

    async def row() -> dict[str, object]:
        found: dict[str, object] = (await alice.get("/api/today")).json()["rows"][0]
        return found

    assert (await row())["stage"] == "not_arrived"
    assert await step(dana, base) == f"{base}/who"
    assert (await row())["stage"] == "welcome"
    assert await step(dana, f"{base}/who", name="  Dana   D. ", companion="Ines, my daughter") == f"{base}/consent"
    assert await step(dana, f"{base}/consent", **YES) == f"{base}/camera"
    assert (await row())["stage"] == "checking"
    assert await step(dana, f"{base}/check", step="camera", result="blocked") == f"{base}/microphone"
    assert await step(dana, f"{base}/check", step="microphone", result="works") == f"{base}/speaker"
    assert await step(dana, f"{base}/check", step="speaker", result="heard") == f"{base}/network"
    assert await step(dana, f"{base}/check", step="network", result="fair") == f"{base}/room"
    seen = await row()
    assert (seen["patient_name"], seen["companion"]) == ("Dana D.", "Ines, my daughter")
    assert seen["devices"] == "No camera: refused in the browser · Microphone works · Heard the test sound · Connection fair"
    room = await dana.get(f"{base}/room")
    assert room.status_code == 200
    assert str(meeting.participant_id) in room.text
    assert meeting.token not in room.text


@pytest.mark.row("V1")
async def test_every_page_is_whole(agreed: httpx2.AsyncClient, base: str) -> None:
    for path in ("", "/who", "/consent", "/camera", "/microphone", "/speaker", "/network", "/room", "/after"):
        answer = await agreed.get(base + path)
        assert answer.status_code == 200, path
        assert "+44 20 7946 0018" in answer.text, path
        assert answer.text.count("<h1") == 1, path
        assert '<html lang="en-GB" dir="ltr">' in answer.text, path
        assert (await agreed.head(base + path)).status_code == 200, path


async def test_each_consent_is_kept_with_its_wording(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    async with house.database.read() as tx:
        found = list(await tx.scalars(select(Consent).where(Consent.participant_id == meeting.participant_id)))
    assert {consent.purpose for consent in found} == set(YES)
    assert {(consent.wording_version, consent.language) for consent in found} == {("1", "en-GB")}
    assert {consent.given_at for consent in found} == {house.clock.now()}
    video = next(consent for consent in found if consent.purpose == "video")
    read = f"{WORDINGS[0].sentence}\n{WORDINGS[0].more}"
    assert video.wording_sha256 == hashlib.sha256(read.encode()).digest()
    page = (await agreed.get(f"{base}/consent")).text
    assert page.count(" checked>") == len(WORDINGS)


async def test_agreeing_twice_keeps_the_first_time(
    agreed: httpx2.AsyncClient, base: str, house: House, clock: StillClock, meeting: Meeting
) -> None:
    first = clock.now()
    clock.advance(60)
    await step(agreed, f"{base}/consent", **YES)
    async with house.database.read() as tx:
        times = list(await tx.scalars(select(Consent.given_at)))
    assert times == [first] * len(WORDINGS)


async def test_a_missing_consent_is_named_and_nothing_is_stored(dana: httpx2.AsyncClient, base: str, house: House) -> None:
    answer = await dana.post(f"{base}/consent", data={"video": "yes", "notes": "on"})
    assert answer.status_code == 422
    assert 'href="#notes"' in answer.text
    assert 'href="#private_place"' in answer.text
    assert 'href="#video"' not in answer.text
    assert answer.text.count(" checked") == 1
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(Consent))) == []


@pytest.mark.row("V3")
async def test_who_does_not_agree_comes_to_people(agreed: httpx2.AsyncClient, base: str, meeting: Meeting, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    assert await step(agreed, f"{base}/declined") == f"{base}/declined"
    page = await agreed.get(f"{base}/declined")
    assert "Call Harbour Clinic" in page.text
    assert (await alice.get("/api/today")).json()["rows"][0]["stage"] == "declined"
    assert (await agreed.get(f"{base}/room")).headers["location"] == f"{base}/declined"
    assert (await agreed.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409
    assert await step(agreed, f"{base}/consent", **YES) == f"{base}/camera"
    assert (await agreed.get(f"{base}/room")).status_code == 200
    assert (await agreed.get(f"{base}/declined")).headers["location"] == f"{base}/consent"


@pytest.mark.row("V2")
async def test_a_step_that_is_done_again_replaces_its_words(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    for result in ("missing", "without", "works"):
        await step(agreed, f"{base}/check", step="camera", result=result)
    assert (await place(house, meeting)).devices == "Camera works"


async def test_a_result_that_is_none_is_refused(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    for fields in ({"x": ""}, {"step": "camera"}, {"step": "camera", "result": "<b>"}, {"step": "nose", "result": "works"}):
        assert (await agreed.post(f"{base}/check", data=fields)).status_code == 422
    assert (await place(house, meeting)).devices is None


@pytest.mark.row("V2")
async def test_the_connection_test_answers_with_what_it_promises(agreed: httpx2.AsyncClient, base: str) -> None:
    assert (await agreed.get(f"{base}/probe")).content == b""
    full = await agreed.get(f"{base}/probe?size=full")
    assert len(full.content) == 192 * 1024
    assert "content-encoding" not in full.headers


@pytest.mark.row("V3")
async def test_checking_on_another_device_takes_nobody_out_of_the_waiting_room(
    agreed: httpx2.AsyncClient, base: str, house: House, clock: StillClock, meeting: Meeting
) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).wait(clock.now())
    await step(agreed, base)
    await step(agreed, f"{base}/check", step="camera", result="works")
    assert (await place(house, meeting)).stage == Stage.WAITING


async def test_a_ticket_speaks_for_the_patient_alone(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    answer = await agreed.post(f"{base}/tickets", json={"purpose": "room"})
    assert answer.status_code == 200
    subject = house.tickets.redeem("room", answer.json()["ticket"])
    assert isinstance(subject, RoomSubject)
    assert (subject.participant_id, subject.visit_id, subject.viewer) == (meeting.participant_id, meeting.visit_id, None)


async def test_no_patient_gets_a_ticket_for_anything_else(agreed: httpx2.AsyncClient, base: str) -> None:
    for purpose in ("note", "today", "", "ROOM"):
        assert (await agreed.post(f"{base}/tickets", json={"purpose": purpose})).status_code == 422, purpose


async def ended(house: House, meeting: Meeting, outcome: Outcome = Outcome.COMPLETED) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).end(house.clock.now(), outcome, None)


async def test_after_the_call_there_are_ten_minutes_to_come_back(
    agreed: httpx2.AsyncClient, base: str, house: House, clock: StillClock, meeting: Meeting
) -> None:
    await ended(house, meeting)
    assert (await agreed.get(base)).headers["location"] == f"{base}/after"
    assert f'href="{base}/room"' in (await agreed.get(f"{base}/after")).text
    assert (await agreed.get(f"{base}/room")).status_code == 200
    clock.advance(timedelta(minutes=10, seconds=1).total_seconds())
    assert f'href="{base}/room"' not in (await agreed.get(f"{base}/after")).text
    assert (await agreed.get(f"{base}/room")).headers["location"] == f"{base}/after"
    assert (await agreed.get(f"{base}/camera")).headers["location"] == f"{base}/after"
    assert (await agreed.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409


async def test_unsuitable_for_video_means_a_phone_call(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    await ended(house, meeting, Outcome.UNSUITABLE)
    assert "the practice will call you" in (await agreed.get(f"{base}/after")).text


async def test_feedback_is_kept_once_and_thanked_for(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    await ended(house, meeting)
    assert await step(agreed, f"{base}/feedback", worked="no", comment="") == f"{base}/after?thanks"
    await step(agreed, f"{base}/feedback", worked="mostly", comment="The picture froze once.")
    async with house.database.read() as tx:
        found = await tx.get_one(Feedback, meeting.participant_id)
    assert (found.worked, found.comment) == ("mostly", "The picture froze once.")
    assert "Thank you." in (await agreed.get(f"{base}/after?thanks")).text


async def test_bad_feedback_comes_back_with_what_was_written(agreed: httpx2.AsyncClient, base: str) -> None:
    for fields in ({"comment": "Only this"}, {"worked": "perhaps", "comment": "So so"}, {"worked": "yes", "comment": "x" * 2001}):
        answer = await agreed.post(f"{base}/feedback", data=fields)
        assert answer.status_code == 422
        assert "data-errors" in answer.text
        assert fields["comment"] in answer.text
