"""What a patient finds after the call: the way back in, what happens next, and two questions."""

from datetime import timedelta

import httpx2
import pytest

from server.consultation.actions import revoke_link
from server.consultation.model import Consultation, Outcome, Participant
from server.consultation.records import Feedback
from server.core.house import House
from tests.cast import ALICE, Meeting
from tests.conftest import StillClock
from tests.http.visiting import step

pytestmark = [pytest.mark.anyio, pytest.mark.row("V1")]


async def ended(house: House, meeting: Meeting, outcome: Outcome = Outcome.COMPLETED) -> None:
    """Dana was in the call, which has ended."""
    async with house.database.write() as tx:
        place = await tx.get_one(Participant, meeting.participant_id)
        place.admit(house.clock.now())
        place.dismiss()
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
    page = (await agreed.get(f"{base}/after")).text
    assert "the practice will call you" in page
    assert f'href="{base}/room"' not in page
    assert (await agreed.get(f"{base}/room")).headers["location"] == f"{base}/after"
    assert (await agreed.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409


async def test_feedback_is_kept_once_and_thanked_for(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    await ended(house, meeting)
    assert await step(agreed, f"{base}/feedback", felt="1", comment="") == f"{base}/after?thanks"
    await step(agreed, f"{base}/feedback", felt="4", comment="The picture froze once.")
    async with house.database.read() as tx:
        found = await tx.get_one(Feedback, meeting.participant_id)
    assert (found.felt, found.comment) == (4, "The picture froze once.")
    page = (await agreed.get(f"{base}/after")).text
    assert "Thank you." in page
    assert "felt-5" not in page


async def test_bad_feedback_comes_back_with_what_was_written(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    await ended(house, meeting)
    for fields in ({"comment": "Only this"}, {"felt": "6", "comment": "So so"}, {"felt": "5", "comment": "x" * 2001}):
        answer = await agreed.post(f"{base}/feedback", data=fields)
        assert answer.status_code == 422
        assert "data-errors" in answer.text
        assert fields["comment"] in answer.text


async def feedback_of(house: House, meeting: Meeting) -> Feedback | None:
    async with house.database.read() as tx:
        return await tx.get(Feedback, meeting.participant_id)


async def test_bad_30_nobody_judges_a_call_before_it(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    assert "felt-5" not in (await agreed.get(f"{base}/after")).text
    assert await step(agreed, f"{base}/feedback", felt="1", comment="") == f"{base}/after"
    assert await feedback_of(house, meeting) is None


async def left_the_call(house: House, meeting: Meeting) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).admit(house.clock.now())


async def test_bad_31_a_revoked_link_writes_no_feedback(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    await left_the_call(house, meeting)
    async with house.database.write() as tx:
        await revoke_link(tx, ALICE.viewer, meeting.consultation_id, house.clock.now())
    assert await step(agreed, f"{base}/feedback", felt="1", comment="") == base
    assert await feedback_of(house, meeting) is None


async def test_bad_31_an_expired_link_writes_no_feedback(
    agreed: httpx2.AsyncClient, base: str, house: House, clock: StillClock, meeting: Meeting
) -> None:
    await left_the_call(house, meeting)
    clock.advance(3 * 86400)
    assert await step(agreed, f"{base}/feedback", felt="1", comment="") == base
    assert await feedback_of(house, meeting) is None


async def test_who_did_not_come_is_told_to_call(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).end(house.clock.now(), Outcome.ABSENT, None)
    page = (await agreed.get(f"{base}/after")).text
    assert "could not meet you" in page
    assert "felt-5" not in page
