"""Counts by month, in which nobody can be found."""

import asyncio
import csv
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import select, update

from server.access.model import Practice
from server.access.restrictions import Restriction
from server.chores import statistics
from server.consultation.model import Consultation, ConsultationState, Outcome, Participant
from server.consultation.records import Attendance, CallQuality, Feedback
from server.core.house import House
from server.core.ids import new_id
from server.patients.model import Patient
from server.settings import Settings
from tests.cast import ALICE, CLINIC, DANA, ERIN, MALLORY, OLGA, SAM, Cast, Guest, Staff, add_meeting
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("L7")]

PAGE = "/practice/statistics"
FEBRUARY = datetime(2026, 2, 17, 9, 0, tzinfo=UTC)  # a Tuesday of a week whose readings are all kept on 2 March
GOOD = {"lost_out": 0, "delay_ms": 50, "jitter_ms": 5, "in_kbps": 800, "out_kbps": 800, "frozen_ms": 0, "sound_only": False}


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def held(house: House, outcome: Outcome, number: int, owner: Staff = ALICE, guest: Guest = ERIN) -> None:
    """Add so many consultations of February with a wait of four minutes and a length of twenty."""
    async with house.database.write() as tx:
        for place in range(number):
            at = FEBRUARY + timedelta(minutes=30 * place)
            meeting = await add_meeting(tx, house.secrets, at, owner=owner, guest=guest, team_id=None, scheduled_at=at)
            one = await tx.get_one(Consultation, meeting.consultation_id)
            one.state, one.outcome, one.started_at, one.ended_at = ConsultationState.ENDED, outcome, at, at + timedelta(minutes=20)
            came = at - timedelta(minutes=4)
            (await tx.get_one(Participant, meeting.participant_id)).admitted_at = at
            tx.add(Attendance(id=new_id(), participant_id=meeting.participant_id, joined_at=came, last_seen_at=at, left_at=at))
            tx.add(Feedback(participant_id=meeting.participant_id, felt=4, comment="Alice was kind", given_at=at))
            tx.add(CallQuality(participant_id=meeting.participant_id, at=at, lost_in=0 if place else 300, **GOOD))


async def figures(client: httpx2.AsyncClient) -> dict[tuple[str, str, str], str]:
    answer = await client.get(PAGE + ".csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="statistics.csv"'
    return {(table, begins, name): value for table, begins, name, value in csv.reader(answer.text.splitlines())}


async def test_figures_are_counted_and_small_ones_hidden(sign_in: SignIn, house: House, settings: Settings) -> None:
    olga = await sign_in(OLGA)
    assert PAGE in (await olga.get("/account")).text
    assert "nothing to count yet" in (await olga.get(PAGE)).text
    await held(house, Outcome.COMPLETED, 24)
    await held(house, Outcome.ABSENT, 3)
    await held(house, Outcome.UNSUITABLE, 11)
    await held(house, Outcome.COMPLETED, 2, owner=MALLORY)
    found = await figures(olga)
    month = "2026-02-01"
    assert [found["outcomes", month, name] for name in ("total", "completed", "absent", "unsuitable", "unsaid")] == [
        "38", "not shown", "not shown", "not shown", "not shown",
    ]  # fmt: skip
    assert [found["kinds", month, name] for name in ("total", "booked", "planned")] == ["38", "fewer than 10 people", "not shown"]
    assert [found["middles", month, name] for name in ("waited_min", "lasted_min", "felt", "answers")] == ["4", "20", "4.0", "38"]
    assert found["calls", "2026-02-16", "total"] == "38"
    assert found["calls", "2026-02-16", "troubled"] == "fewer than 10 people"
    assert found["outcomes", "2026-01-01", "total"] == "fewer than 10 people"
    page = (await olga.get(PAGE)).text
    assert ("February 2026" in page, "Week from 16 Feb 2026" in page, page.count('class="bar-shown"') > 2) == (True, True, True)
    assert not any(word in page for word in ("Erin", "Evans", "Alice"))
    listed = await asyncio.to_thread(statistics, settings)
    assert listed.startswith("table,begins,figure,value")


async def test_many_consultations_of_one_patient_are_one_patient(sign_in: SignIn, house: House) -> None:
    await held(house, Outcome.COMPLETED, 30, guest=DANA)
    await held(house, Outcome.ABSENT, 8)
    found = await figures(await sign_in(OLGA))
    month = {value for (_, begins, _), value in found.items() if begins in {"2026-02-01", "2026-02-16"}}
    assert month == {"fewer than 10 people"}
    await held(house, Outcome.COMPLETED, 1)
    found = await figures(await sign_in(OLGA))
    assert [found["outcomes", "2026-02-01", name] for name in ("total", "completed", "absent")] == ["39", "not shown", "not shown"]
    assert found["middles", "2026-02-01", "felt"] == "4.0"


async def test_the_zone_of_a_practice_moves_no_edge(sign_in: SignIn, house: House) -> None:
    await held(house, Outcome.COMPLETED, 12)
    olga = await sign_in(OLGA)
    async with house.database.write() as tx:
        await tx.execute(update(Consultation).values(scheduled_at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC)))
    before = await figures(olga)
    assert before["outcomes", "2026-01-01", "total"] == "12"
    async with house.database.write() as tx:
        (await tx.get_one(Practice, CLINIC)).time_zone = "Asia/Tokyo"
    assert await figures(olga) == before


async def test_what_is_restricted_is_in_no_figure(sign_in: SignIn, house: House) -> None:
    olga = await sign_in(OLGA)
    await held(house, Outcome.COMPLETED, 24)
    before = await figures(olga)
    assert before["outcomes", "2026-02-01", "total"] == before["calls", "2026-02-16", "total"] == "24"
    async with house.database.write() as tx:
        for patient_id in list(await tx.scalars(select(Patient.id))):
            about = {"practice_id": CLINIC, "patient_id": patient_id, "reason": "Asked.", "began_at": house.clock.now()}
            tx.add(Restriction(id=new_id(), **about, lift_reason=None, announced_at=None, ends_at=None))
    after = await figures(olga)
    assert "24" not in after.values()
    assert after["calls", "2026-02-16", "total"] == "fewer than 10 people"


async def test_the_present_month_is_not_counted(sign_in: SignIn, house: House) -> None:
    found = await figures(await sign_in(OLGA))
    assert max(begins for table, begins, _ in found if table == "outcomes") == "2026-02-01"
    assert len({begins for table, begins, _ in found if table == "outcomes"}) == 12


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=lambda member: str(member.username))
async def test_they_are_for_whoever_looks_after_the_practice(sign_in: SignIn, cast: Cast, member: Staff) -> None:
    client = await sign_in(member)
    assert [(await client.get(path)).status_code for path in (PAGE, PAGE + ".csv")] == [403, 403]
