"""Holding, confirming, cancelling and moving a time, on both databases."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.booking.actions import Details, Planned, block, cancel, confirm, hold, move, move_for_practice
from server.booking.events import AppointmentCancelled, AppointmentConfirmed, AppointmentMoved
from server.booking.guard import JustTaken
from server.booking.model import HOLD_FOR, Appointment, AppointmentState, Needs, Party, Service, ServiceState
from server.booking.offer import slots_of, slots_to_move
from server.core.audit import Act, AuditEntry
from server.core.db import Database, Tx
from server.errors import Conflict, Invalid, NotFound
from server.patients.model import Patient
from tests.booking import at, clocks, faults, grains, hours, service, standing
from tests.cast import ALICE, BOB, CLINIC, DANA, NORTH, seat_cast
from tests.conftest import MORNING

pytestmark = [pytest.mark.anyio, pytest.mark.row("B3")]

DAY = "2026-03-03"
TUESDAY = date(2026, 3, 3)
TEN, TWENTY_PAST = at(DAY, "10:00"), at(DAY, "10:20")
ERIN = Details("Erin Evans", "+447700900002", "erin@example.org")


async def seat(database: Database, offered: Service | None = None) -> Service:
    """Seat the cast, with hours for dr_alice and nurse_bob and one service, dr_alice's unless told."""
    offered = offered or service(ALICE)
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        tx.add_all([*hours(ALICE), *hours(BOB), offered])
    return offered


async def held(database: Database, offered: Service, begins_at: datetime = TEN, now: datetime = MORNING) -> Appointment:
    async with database.write() as tx:
        return await hold(tx, offered, begins_at, "Europe/London", now)


async def confirmed(database: Database, offered: Service, begins_at: datetime = TEN) -> Appointment:
    appointment = await held(database, offered, begins_at)
    return await change(database, appointment, lambda tx, mine: confirm(tx, mine, ERIN, MORNING))


async def change(database: Database, appointment: Appointment, act: Callable[[Tx, Appointment], Awaitable[Any]]) -> Appointment:
    """Act on an appointment in a transaction of its own; returns it as it is then."""
    async with database.write() as tx:
        mine = await tx.get_one(Appointment, appointment.id)
        await act(tx, mine)
        return mine


async def free(database: Database, offered: Service, now: datetime = MORNING) -> list[str]:
    async with database.read() as tx:
        return clocks(await slots_of(tx, offered, TUESDAY, 1, now))


async def sound(database: Database) -> bool:
    async with database.read() as tx:
        return await faults(tx) == []


async def test_a_time_from_its_hold_to_its_end(database: Database) -> None:
    facts: list[object] = []

    async def listen(tx: Tx, fact: object) -> None:
        facts.append(fact)

    for kind in (AppointmentConfirmed, AppointmentMoved, AppointmentCancelled):
        database._events.subscribe(kind, listen)
    offered = await seat(database)
    appointment = await confirmed(database, offered)
    assert (appointment.state, appointment.hold_until, appointment.name, appointment.email) == (
        AppointmentState.CONFIRMED,
        None,
        None,
        None,
    )
    moved = await change(database, appointment, lambda tx, mine: move(tx, mine, TWENTY_PAST, appointment.version, MORNING))
    assert (moved.begins_at, moved.ends_at, moved.sequence) == (TWENTY_PAST, at(DAY, "10:40"), 1)
    assert "10:00" in await free(database, offered)
    gone = await change(database, appointment, lambda tx, mine: cancel(tx, mine, Party.PATIENT, MORNING))
    assert (gone.state, gone.cancelled_by, gone.sequence) == (AppointmentState.CANCELLED, Party.PATIENT, 2)
    assert facts == [AppointmentConfirmed(gone.id), AppointmentMoved(gone.id), AppointmentCancelled(gone.id)]
    assert await sound(database)
    async with database.read() as tx:
        assert await grains(tx) == 0


NOT_OFFERED = [
    TEN + timedelta(minutes=10), at(DAY, "08:40"), at(DAY, "17:00"), at("2026-03-07", "10:00"), MORNING - timedelta(hours=1),
    at("2026-08-03", "10:00"), datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC),
]  # fmt: skip


@pytest.mark.parametrize("begins_at", NOT_OFFERED)
async def test_what_is_not_offered_cannot_be_held(database: Database, begins_at: datetime) -> None:
    offered = await seat(database)
    with pytest.raises(Invalid) as refused:
        await held(database, offered, begins_at)
    assert refused.value.code == "not_offered"


async def test_a_service_that_is_not_offered_and_a_zone_that_is_none(database: Database) -> None:
    offered = await seat(database)
    with pytest.raises(Invalid):
        async with database.write() as tx:
            await hold(tx, offered, TEN, "../etc/passwd", MORNING)
    offered.state = ServiceState.WITHDRAWN
    with pytest.raises(NotFound):
        await held(database, offered)


async def test_bad_02_times_that_touch_and_buffers_that_overlap(database: Database) -> None:
    offered = await seat(database, service(ALICE, buffer_before_min=5, buffer_after_min=10, grid_min=5))
    await held(database, offered)
    assert {"09:25", "10:35"} <= set(await free(database, offered))
    assert not {"09:30", "10:30", "10:00"} & set(await free(database, offered))
    for begins_at in (at(DAY, "10:30"), at(DAY, "09:30")):
        with pytest.raises(JustTaken):
            await held(database, offered, begins_at)
    await held(database, offered, at(DAY, "10:35"))
    assert await sound(database)


async def test_bad_03_a_team_whose_member_is_taken_leaves_nothing(database: Database) -> None:
    team = await seat(database, service(NORTH))
    own = service(BOB)
    async with database.write() as tx:
        tx.add(own)
    await held(database, own)
    async with database.write() as tx:
        with pytest.raises(JustTaken):
            await hold(tx, team, TEN, "Europe/London", MORNING)
    async with database.read() as tx:
        assert (await standing(tx), await grains(tx)) == (1, 4)


async def test_a_conflict_that_is_met_only_at_the_key_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who forgot the lock and looked too early is stopped by the rows themselves."""
    offered = await seat(database, service(NORTH))
    await held(database, offered)

    async def nothing_taken(*asked: object) -> dict[object, int]:
        return {}

    monkeypatch.setattr("server.booking.offer.taken_in", nothing_taken)
    async with database.write() as tx:
        with pytest.raises(JustTaken):
            await hold(tx, offered, TEN, "Europe/London", MORNING)
    async with database.read() as tx:
        assert (await standing(tx), await grains(tx)) == (1, 8)


@pytest.mark.parametrize("needs", [Needs.ANY, Needs.LEAD_AND_ANY])
async def test_who_is_left_gives_it(database: Database, needs: Needs) -> None:
    team = await seat(database, service(NORTH, needs=needs, lead_id=ALICE.professional_id))
    await held(database, team)
    if needs == Needs.ANY:
        await held(database, team)
    with pytest.raises(JustTaken):
        await held(database, team)
    assert await sound(database)


@pytest.mark.parametrize(("late_s", "stands"), [(-1, True), (0, False)])
async def test_bad_09_a_hold_ends_at_its_second(database: Database, late_s: int, *, stands: bool) -> None:
    offered = await seat(database)
    appointment = await held(database, offered)
    then = MORNING + HOLD_FOR + timedelta(seconds=late_s)
    assert ("10:00" not in await free(database, offered, then)) is stands
    if stands:
        await change(database, appointment, lambda tx, mine: confirm(tx, mine, ERIN, then))
        return
    with pytest.raises(Conflict) as refused:
        await change(database, appointment, lambda tx, mine: confirm(tx, mine, ERIN, then))
    assert refused.value.code == "hold_over"
    await held(database, offered, now=then)
    async with database.read() as tx:
        assert (await tx.get_one(Appointment, appointment.id)).state == AppointmentState.EXPIRED
        assert list(await tx.scalars(select(Patient).where(Patient.name == ERIN.name))) == []
    assert await sound(database)


async def test_a_hold_is_confirmed_once(database: Database) -> None:
    appointment = await confirmed(database, await seat(database))
    with pytest.raises(Conflict) as refused:
        await change(database, appointment, lambda tx, mine: confirm(tx, mine, ERIN, MORNING))
    assert refused.value.code == "confirmed"
    async with database.read() as tx:
        record = (await tx.scalars(select(Patient).where(Patient.id == appointment.patient_id))).one()
        assert (record.name, record.mobile, record.email, record.person_id) == (ERIN.name, ERIN.mobile, ERIN.email, None)


async def test_an_account_books_for_its_own_record(database: Database) -> None:
    offered = await seat(database)
    for number, begins_at in (("+447700900001", TEN), ("+447700900009", TWENTY_PAST)):
        appointment = await held(database, offered, begins_at)
        who = Details("Another Name", number, None, DANA.person_id)
        mine = await change(database, appointment, lambda tx, mine, who=who: confirm(tx, mine, who, MORNING))
        assert (mine.patient_id, mine.booked_by) == (DANA.patient_id, DANA.person_id)
    async with database.read() as tx:
        record = await tx.get_one(Patient, DANA.patient_id)
        assert (record.name, record.mobile) == (DANA.name, "+447700900009")
        changed = await tx.scalars(select(AuditEntry.person_id).where(AuditEntry.act == Act.READDRESSED))
        assert list(changed) == [DANA.person_id]


@pytest.mark.row("B4")
@pytest.mark.parametrize(("late_s", "may"), [(0, True), (1, False)])
async def test_bad_07_a_patient_cancels_and_moves_up_to_the_last_second(database: Database, late_s: int, *, may: bool) -> None:
    offered = await seat(database, service(ALICE, cancel_until_min=120, move_until_min=180))
    mine = await confirmed(database, offered)
    moving, cancelling = (TEN - timedelta(minutes=minutes) + timedelta(seconds=late_s) for minutes in (180, 120))
    changes: list[Callable[[Tx, Appointment], Awaitable[None]]] = [
        lambda tx, mine: move(tx, mine, at(DAY, "16:00"), mine.version, moving),
        lambda tx, mine: cancel(tx, mine, Party.PATIENT, cancelling),
    ]
    if may:
        await change(database, mine, changes[0])
        await change(database, await confirmed(database, offered), changes[1])
        return
    for act in changes:
        with pytest.raises(Conflict) as refused:
            await change(database, mine, act)
        assert refused.value.code == "too_late"
    await change(database, mine, lambda tx, mine: move_for_practice(tx, mine, at(DAY, "17:30"), mine.version, moving))
    await change(database, mine, lambda tx, mine: cancel(tx, mine, Party.PRACTICE, at(DAY, "17:31")))
    assert await sound(database)


@pytest.mark.row("B4")
@pytest.mark.parametrize("act", [move, move_for_practice])
async def test_bad_06_a_taken_time_keeps_the_old_one(database: Database, act: Callable[..., Awaitable[None]]) -> None:
    offered = await seat(database)
    mine, other = await confirmed(database, offered), await held(database, offered, TWENTY_PAST)
    async with database.write() as tx:
        kept = await tx.get_one(Appointment, mine.id)
        with pytest.raises(JustTaken):
            await act(tx, kept, other.begins_at, kept.version, MORNING)
        assert (kept.begins_at, kept.sequence) == (TEN, 0)
    assert await sound(database)
    async with database.read() as tx:
        assert await grains(tx) == 8


@pytest.mark.row("B4")
async def test_bad_08_a_stale_page_is_told(database: Database) -> None:
    offered = await seat(database)
    mine = await confirmed(database, offered)
    await change(database, mine, lambda tx, one: move(tx, one, TWENTY_PAST, mine.version, MORNING))
    with pytest.raises(Conflict) as refused:
        await change(database, mine, lambda tx, one: move(tx, one, at(DAY, "11:00"), mine.version, MORNING))
    assert refused.value.code == "stale"


@pytest.mark.row("B4")
async def test_moving_over_its_own_time_keeps_its_people(database: Database) -> None:
    offered = await seat(database, service(NORTH, needs=Needs.ANY, grid_min=10))
    mine = await confirmed(database, offered)
    async with database.read() as tx:
        times = clocks(await slots_to_move(tx, mine, TUESDAY, 1, MORNING))
    assert {"09:50", "10:00", "10:10"} <= set(times)
    await change(database, mine, lambda tx, one: move(tx, one, at(DAY, "10:10"), mine.version, MORNING))
    assert await sound(database)


async def plan(database: Database, begins_at: datetime = TEN) -> Appointment:
    async with database.write() as tx:
        patient_id = DANA.patient_id
        assert patient_id is not None
        planned = Planned(CLINIC, ALICE.professional_id, patient_id, ALICE.person_id, begins_at, 20, "Europe/London")
        return await block(tx, planned, MORNING)


async def test_what_a_professional_plans_is_offered_to_nobody(database: Database) -> None:
    offered = await seat(database, service(ALICE, grid_min=10))
    patient = await confirmed(database, offered)
    await plan(database, at(DAY, "10:10"))
    assert not {"10:00", "10:10", "10:20"} & set(await free(database, offered))
    await change(database, patient, lambda tx, mine: cancel(tx, mine, Party.PATIENT, MORNING))
    assert not {"10:00", "10:10", "10:20"} & set(await free(database, offered))
    assert {"09:50", "10:30"} <= set(await free(database, offered))


async def test_a_plan_keeps_what_lies_below_a_hold_that_is_over(database: Database) -> None:
    offered = await seat(database, service(ALICE, grid_min=10))
    await held(database, offered, TWENTY_PAST)
    await plan(database, TWENTY_PAST)
    late = MORNING + HOLD_FOR
    assert not {"10:10", "10:20", "10:30"} & set(await free(database, offered, late))
    await plan(database, at(DAY, "10:10"))
    assert not {"10:00", "10:10", "10:20", "10:30"} & set(await free(database, offered, late))
    assert {"09:50", "10:40"} <= set(await free(database, offered, late))


async def test_many_plans_at_one_moment_take_nothing_from_each_other(database: Database) -> None:
    await seat(database)
    first, second = await plan(database), await plan(database)
    async with database.read() as tx:
        assert await grains(tx) == 4
    await change(database, first, lambda tx, mine: cancel(tx, mine, Party.PRACTICE, MORNING))
    async with database.read() as tx:
        assert await grains(tx) == 4
    moved = await change(database, second, lambda tx, mine: move_for_practice(tx, mine, TWENTY_PAST, mine.version, MORNING))
    assert moved.begins_at == TWENTY_PAST
