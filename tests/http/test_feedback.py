"""What patients said reaches the professional whose consultation it was, and nobody else; an average waits for ten answers."""

from uuid import UUID

import httpx2
import pytest

from server.consultation.feedback import FEWEST
from server.consultation.records import Feedback
from server.core.house import House
from tests.cast import ALICE, BOB, CHARLIE, DANA, OLGA, Meeting, add_meeting
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("V10")]

PAGE = "/feedback"


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def say(house: House, participant_id: UUID, felt: int, comment: str | None = None) -> None:
    async with house.database.write() as tx:
        tx.add(Feedback(participant_id=participant_id, felt=felt, comment=comment, given_at=house.clock.now()))


async def more(house: House, clock: StillClock, count: int, felt: int) -> None:
    for _ in range(count):
        async with house.database.write() as tx:
            meeting = await add_meeting(tx, house.secrets, clock.now())
        await say(house, meeting.participant_id, felt)


async def read(client: httpx2.AsyncClient) -> str:
    answer = await client.get(PAGE)
    assert answer.status_code == 200
    return answer.text


async def test_the_professional_reads_it_and_no_colleague(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    assert "Nobody has answered yet." in await read(alice)
    await say(house, meeting.participant_id, 4, "It began <b>late</b>.")
    page = await read(alice)
    assert "Good" in page
    assert "It began &lt;b&gt;late&lt;/b&gt;." in page
    assert DANA.name not in page
    for other in (BOB, CHARLIE):
        assert "It began" not in await read(await sign_in(other))
    assert (await (await sign_in(OLGA)).get(PAGE)).status_code == 403


async def test_an_average_waits_for_enough_answers(house: House, clock: StillClock, meeting: Meeting, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    await say(house, meeting.participant_id, 1)
    await more(house, clock, FEWEST - 2, 5)
    page = await read(alice)
    assert f"{FEWEST - 1} answers so far." in page
    assert "On average" not in page
    await more(house, clock, 1, 5)
    assert f"On average 4.6 of 5, from {FEWEST} answers." in await read(alice)


async def test_an_answer_from_before_the_question_counts_for_nothing(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        tx.add(Feedback(participant_id=meeting.participant_id, felt=None, comment="Old", given_at=house.clock.now()))
    assert "Nobody has answered yet." in await read(await sign_in(ALICE))
