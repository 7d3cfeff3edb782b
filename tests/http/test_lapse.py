"""Consultations that nobody ended do not stand in Today's list for ever, and never push today's patients out of it."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette

from server.consultation import today
from server.consultation.model import Consultation, Participant
from server.consultation.records import Attendance
from server.consultation.rooms import Rooms
from server.core.house import House
from server.core.ids import new_id
from tests.cast import ALICE, ERIN, Meeting, add_meeting
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("V3")]
WINDOW = timedelta(hours=24, minutes=25)  # five minutes to the beginning, twenty of length, and the link's day


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
def rooms(app: Starlette) -> Rooms:
    rooms: Rooms = app.state.rooms
    return rooms


async def consultation_of(house: House, meeting: Meeting) -> Consultation:
    async with house.database.read() as tx:
        return await tx.get_one(Consultation, meeting.consultation_id)


async def place_of(house: House, meeting: Meeting) -> Participant:
    async with house.database.read() as tx:
        return await tx.get_one(Participant, meeting.participant_id)


async def knock(house: House, meeting: Meeting) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).patient_waits()
        (await tx.get_one(Participant, meeting.participant_id)).wait(house.clock.now())


async def test_nobody_met(house: House, rooms: Rooms, meeting: Meeting, clock: StillClock, sign_in: SignIn) -> None:
    await knock(house, meeting)
    hints: list[str] = []
    house.bus.subscribe(f"rights:{meeting.consultation_id}", lambda: hints.append("room"))
    house.bus.subscribe(f"today:{ALICE.practice_id}", lambda: hints.append("today"))
    clock.advance(WINDOW.total_seconds())
    await rooms.sweep_lapsed()
    assert (await consultation_of(house, meeting)).state == "waiting"
    clock.advance(1)
    await rooms.sweep_lapsed()
    lapsed = await consultation_of(house, meeting)
    assert (lapsed.state, lapsed.outcome, lapsed.ended_at) == ("abandoned", None, lapsed.closes_at)
    assert (await place_of(house, meeting)).stage == "left"
    assert hints == ["room", "today"]
    client = await sign_in(ALICE)
    assert (await client.get("/api/today")).json()["rows"] == []


async def test_nobody_even_came(house: House, rooms: Rooms, meeting: Meeting, clock: StillClock) -> None:
    clock.advance(WINDOW.total_seconds() + 1)
    await rooms.sweep_lapsed()
    assert (await consultation_of(house, meeting)).state == "abandoned"
    assert (await place_of(house, meeting)).stage == "not_arrived"


async def test_a_forgotten_call(house: House, rooms: Rooms, meeting: Meeting, clock: StillClock) -> None:
    began = clock.now()
    left = began + timedelta(minutes=12)
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).begin(began)
        (await tx.get_one(Participant, meeting.participant_id)).admit(began)
        tx.add(Attendance(id=new_id(), participant_id=meeting.participant_id, joined_at=began, last_seen_at=left, left_at=left))
    clock.advance(WINDOW.total_seconds() + 1)
    await rooms.sweep_lapsed()
    lapsed = await consultation_of(house, meeting)
    assert (lapsed.state, lapsed.outcome, lapsed.ended_at) == ("ended", None, left)
    assert (await place_of(house, meeting)).stage == "left"


async def test_a_quiet_server_writes_nothing(house: House, rooms: Rooms, meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    def write() -> None:
        raise AssertionError("took the write lock to look")

    await knock(house, meeting)
    monkeypatch.setattr(house.database, "write", write)
    await rooms.sweep_lapsed()
    await rooms.sweep_attendance()


async def test_what_is_left_from_before_never_hides_todays_patients(
    house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.database.write() as tx:
        old = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
        (await tx.get_one(Consultation, old.consultation_id)).scheduled_at = clock.now() - timedelta(days=1)
    await knock(house, old)
    client = await sign_in(ALICE)
    assert [row["patient_name"] for row in (await client.get("/api/today")).json()["rows"]] == ["Erin Evans", "Dana Diaz"]
    monkeypatch.setattr(today, "MAX_ROWS", 1)
    assert [row["patient_name"] for row in (await client.get("/api/today")).json()["rows"]] == ["Dana Diaz"]


async def test_the_professional_says_that_nobody_came(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(ALICE)
    path = f"/api/consultations/{meeting.consultation_id}"
    assert (await client.post(f"{path}/end", json={"outcome": "absent", "reason": None})).status_code == 204
    assert (await client.get(path)).json()["state"] == "abandoned"
    assert "Did not come" in (await client.get("/today")).text
