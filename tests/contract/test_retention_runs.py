"""A run goes by rules in force, once, in pieces that survive a stop; a wrong clock takes nothing in one night."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import anyio
import pytest
from sqlalchemy import func, select

import server.privacy.retention_jobs
from server.core.holdings import BLANK_NAME
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import Errand
from server.identity.actions import begin_login
from server.patients.legal_holds import held
from server.patients.model import Patient
from server.privacy.expiring import expire
from server.privacy.holds import place
from server.privacy.letter_rows import Letter
from server.privacy.retention import Rules
from server.privacy.retention_facts import Calendar
from server.privacy.retention_jobs import begin_runs
from server.privacy.retention_report import Line, report_of
from server.privacy.retention_rows import ExpiredRecord
from tests.cast import CLINIC, DANA, OLGA, seat_cast
from tests.conftest import MORNING, StillClock
from tests.retaining import ADULTS, decide_on, night, nights, run_of, work_on

pytestmark = [pytest.mark.anyio, pytest.mark.row("L5")]

ENQUIRIES = 22  # with dana more than one piece
RECORDS = ENQUIRIES + 1
LATER = date(2028, 3, 10)


@pytest.fixture
async def house(idle_house: House, clock: StillClock) -> House:
    """A practice with rules, and enquiries that came to nothing."""
    async with idle_house.database.write() as tx:
        await seat_cast(tx, clock.now())
        tx.add_all(
            Patient(id=new_id(), practice_id=CLINIC, person_id=None, name=f"Erin {n}", mobile=None, email=None, created_at=MORNING)
            for n in range(ENQUIRIES)
        )
    await decide_on(idle_house)
    return idle_house


async def left(house: House) -> int:
    async with house.database.read() as tx:
        expired = await tx.scalar(select(func.count()).select_from(ExpiredRecord))
        named = await tx.scalar(select(func.count()).select_from(Patient).where(Patient.name != BLANK_NAME))
        assert named == RECORDS - (expired or 0)
        return named


async def test_two_workers_at_once_do_it_once(house: House, clock: StillClock) -> None:
    await night(house, clock, LATER - timedelta(days=1))
    clock.set(datetime(2028, 3, 10, 3, tzinfo=UTC))
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(begin_runs, house)
    run = await run_of(house, LATER)
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(work_on, house, run.id)
    assert await left(house) == 0
    assert (await run_of(house, LATER)).counts["records"] == RECORDS
    assert await begin_runs(house) == 0, "one run a day"


async def test_a_run_that_was_stopped_in_the_middle_goes_on(house: House, clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> None:
    await night(house, clock, LATER - timedelta(days=1))
    seen: list[object] = []

    async def dying(*given: object) -> None:
        seen.append(given)
        if len(seen) == 5:
            raise RuntimeError
        await expire(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(server.privacy.retention_jobs, "expire", dying)
    with pytest.raises(RuntimeError):
        await night(house, clock, LATER)
    assert await left(house) == RECORDS - 4
    run = await run_of(house, LATER)
    assert run.counts["records"] == 4
    assert run.ended_at is None
    await work_on(house, run.id)
    assert await left(house) == 0
    run = await run_of(house, LATER)
    assert run.counts["records"] == RECORDS
    assert run.ended_at is not None


async def test_what_takes_long_asks_for_another_errand(house: House, clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> None:
    await night(house, clock, LATER - timedelta(days=1))
    monkeypatch.setattr(server.privacy.retention_jobs, "WORKS_S", 0.0)
    run = await night(house, clock, LATER)
    assert (run.counts["records"], run.ended_at) == (20, None)
    async with house.database.read() as tx:
        assert f"retain:{run.id}:1" in set(await tx.scalars(select(Errand.dedupe_key)))


async def test_nothing_goes_before_rules_were_decided_for_a_week(idle_house: House, clock: StillClock) -> None:
    async with idle_house.database.write() as tx:
        await seat_cast(tx, MORNING - timedelta(days=4000))
    clock.set(datetime(2026, 3, 2, 3, tzinfo=UTC))
    assert await begin_runs(idle_house) == 0
    await decide_on(idle_house)
    clock.set(datetime(2026, 3, 8, 3, tzinfo=UTC))
    assert await begin_runs(idle_house) == 0
    clock.set(datetime(2026, 3, 9, 1, 59, tzinfo=UTC))
    assert await begin_runs(idle_house) == 0, "before the night"
    assert (await night(idle_house, clock, date(2026, 3, 9))).counts == {"records": 1, "told": 1}


async def test_bad_21_a_clock_that_was_set_far_ahead_takes_nothing_in_one_night(house: House, clock: StillClock) -> None:
    assert (await night(house, clock, date(2026, 3, 20))).ended_at is not None
    assert (await night(house, clock, date(2099, 1, 1))).counts == {}
    assert await left(house) == RECORDS
    await night(house, clock, date(2026, 3, 21))
    assert await left(house) == RECORDS


async def test_a_hold_that_is_placed_while_the_run_is_under_way_counts(house: House, clock: StillClock) -> None:
    """The facts of a page are read before its records go one by one; each is looked at again."""
    await nights(house, clock, date(2028, 1, 10))
    async with house.database.read() as tx:
        patient_id = (await tx.scalars(select(Patient.id).where(Patient.name == "Erin 7"))).one()
        run = await run_of(house, date(2028, 1, 10))
    clock.set(datetime(2028, 3, 10, 3, tzinfo=UTC))
    async with house.database.write() as tx:
        await place(tx, OLGA.viewer, patient_id, "A claim.", clock.now())
    await expire(house, run.id, patient_id, ADULTS, Calendar(clock.now(), ZoneInfo("Europe/London")))
    async with house.database.read() as tx:
        assert await held(tx, patient_id)
        assert (await tx.get_one(Patient, patient_id)).name == "Erin 7"
        assert await tx.get(ExpiredRecord, patient_id) is None


async def test_what_the_report_says_is_what_goes(house: House, clock: StillClock) -> None:
    await settle_things(house)
    await night(house, clock, date(2028, 2, 29))
    clock.set(datetime(2028, 3, 1, 2, tzinfo=UTC))
    before = {line.name: line for line in await report(house, clock)}
    assert {name: (line.now, line.month) for name, line in before.items()} == {
        "records": (0, RECORDS), "accounts": (0, 1), "money": (0, 0), "messages": (0, 0), "letters": (0, 2), "logins": (1, 1),
    }  # fmt: skip
    assert before["records"].next_on == date(2028, 3, 3)
    assert before["letters"].next_on == date(2028, 3, 3)
    assert (await night(house, clock, date(2028, 3, 1))).counts == {"told": 1, "logins": 1}
    run = await night(house, clock, date(2028, 3, 31))
    assert run.counts == {"records": RECORDS, "letters": 2, "accounts": 1}
    assert {(line.now, line.month) for line in await report(house, clock)} == {(0, 0)}
    async with house.database.read() as tx:
        kept = (await tx.execute(select(Letter.kind, Letter.state).order_by(Letter.number))).all()
    assert kept == [("contact", "in_work"), ("complaint", "closed")], "a complaint is kept as long as a record"


async def settle_things(house: House) -> None:
    """Let dana have signed in twice, and let letters be closed, answered and taken up again, and a complaint be settled."""
    async with house.database.write() as tx:
        for days in (0, 1):
            begin_login(tx, DANA.person_id, "Test", MORNING + timedelta(days=days))
        letters = (("contact", "closed"), ("contact", "answered"), ("contact", "in_work"), ("complaint", "closed"))
        for number, (kind, state) in enumerate(letters, 1):
            letter = Letter(
                id=new_id(), practice_id=CLINIC, number=number, kind=kind, state=state, key_id="k", data_key=b"", sealed=b"",
                received_at=MORNING, acknowledge_by=None, acknowledged_at=None, answered_at=None if state == "closed" else MORNING,
                closed_at=MORNING if state == "closed" else None,
            )  # fmt: skip
            tx.add(letter)


async def report(house: House, clock: StillClock) -> list[Line]:
    async with house.database.read() as tx:
        return await report_of(tx, house, CLINIC, ADULTS, Calendar(clock.now(), ZoneInfo("Europe/London")))


async def test_longer_rules_count_at_once(house: House, clock: StillClock) -> None:
    await nights(house, clock, date(2028, 2, 20))
    await decide_on(house, Rules(contact_years=5, unknown_as_child=False))
    await night(house, clock, date(2028, 2, 26))
    await night(house, clock, LATER)
    assert await left(house) == RECORDS
