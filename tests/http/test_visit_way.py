"""The patient's way from welcome to after, as plain forms, and what the professional sees of it."""

import httpx2
import pytest

from server.consultation.model import Participant, Stage
from server.consultation.subject import RoomSubject
from server.core.house import House
from tests.cast import ALICE, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.visiting import YES, place, step

pytestmark = pytest.mark.anyio


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


@pytest.mark.row("V2")
async def test_a_step_that_is_done_again_replaces_its_words(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    for result in ("missing", "without", "works"):
        await step(agreed, f"{base}/check", step="camera", result=result)
    assert (await place(house, meeting)).devices == "camera:works"


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
