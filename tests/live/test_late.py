"""A professional who runs late: whoever waits reads it at once, whoever comes later when they come, and for some seconds it is undone."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from server.consultation.events import News
from server.core.house import House
from server.core.outbox import TOPIC
from server.messaging.delays import REACH, TAKE_BACK
from server.messaging.model import Delay, Delivery
from tests.cast import ALICE, BOB, DANA, ERIN, Meeting, Staff, add_meeting
from tests.conftest import SignIn, StillClock
from tests.live.room_client import as_patient, until

pytestmark = [pytest.mark.anyio, pytest.mark.row("B6")]

LATE = "/api/late"
SENTENCE = "Dr Alice Ahmed is running about 15 minutes late."


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def later(house: House, meeting: Meeting, clock: StillClock) -> Meeting:
    """erin's appointment with alice in half an hour."""
    async with house.database.write() as tx:
        return await add_meeting(tx, house.secrets, clock.now(), guest=ERIN, scheduled_at=clock.now() + timedelta(minutes=30))


async def told_of(house: House) -> list[UUID]:
    async with house.database.read() as tx:
        found = await tx.scalars(select(Delivery.consultation_id).where(Delivery.news == News.DELAYED))
        return sorted(set(found))


async def settled(house: House, delay_id: str) -> bool:
    async with house.database.read() as tx:
        return (await tx.get_one(Delay, UUID(delay_id))).told_at is not None


async def pass_on(house: House, clock: StillClock) -> None:
    clock.advance(TAKE_BACK.total_seconds())
    house.bus.publish(TOPIC)


async def test_the_waiting_page_says_so_and_everybody_due_is_written_to(
    sockets: str, house: House, *, meeting: Meeting, later: Meeting, clock: StillClock, sign_in: SignIn
) -> None:
    alice = await sign_in(ALICE)
    async with as_patient(sockets, house, meeting) as dana:
        said = (await alice.post(LATE, json={"minutes": 15})).json()
        assert (said["patients"], said["told_in_s"]) == (2, 10)
        assert await told_of(house) == []
        await pass_on(house, clock)
        assert (await dana.event("hold"))["body"] == SENTENCE
        await until(lambda: settled(house, said["id"]))
        assert await told_of(house) == sorted([meeting.consultation_id, later.consultation_id])
        assert (await alice.delete(f"{LATE}/{said['id']}")).json()["error"]["code"] == "told"
    async with as_patient(sockets, house, later) as erin:
        assert (await erin.event("hold"))["body"] == SENTENCE
    page = (await alice.get("/outbox")).text
    assert page.count(SENTENCE) >= 2
    assert "at 10:05 (London time). You keep your place." in page


async def test_within_seconds_it_is_undone_and_nobody_hears_of_it(
    sockets: str, house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn
) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    said = (await alice.post(LATE, json={"minutes": 30})).json()
    assert (await bob.delete(f"{LATE}/{said['id']}")).status_code == 404
    assert (await alice.delete(f"{LATE}/{said['id']}")).status_code == 204
    again = (await alice.post(LATE, json={"minutes": 15})).json()
    await pass_on(house, clock)
    await until(lambda: settled(house, again["id"]))
    assert not await settled(house, said["id"])
    async with as_patient(sockets, house, meeting) as dana:
        assert (await dana.event("hold"))["body"] == SENTENCE
    assert len(await told_of(house)) == 1


@pytest.mark.parametrize(("member", "minutes", "status", "code"), [(BOB, 15, 409, "nobody"), (ALICE, 7, 422, "minutes")])
async def test_only_ones_own_patients_and_only_what_is_offered(
    meeting: Meeting, sign_in: SignIn, *, member: Staff, minutes: int, status: int, code: str
) -> None:
    answer = await (await sign_in(member)).post(LATE, json={"minutes": minutes})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_whoever_comes_much_later_is_left_alone(house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now(), guest=DANA, scheduled_at=clock.now() + REACH + timedelta(minutes=1))
    assert (await (await sign_in(ALICE)).post(LATE, json={"minutes": 15})).json()["patients"] == 1
