"""Somebody who works in two practices has one diary: no time is sold in both, on both databases."""

from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from server.access.viewer import viewer_in
from server.booking.actions import Details, Planned, block, cancel, confirm, hold, move_for_practice
from server.booking.guard import BusyElsewhere, JustTaken
from server.booking.model import Appointment, AppointmentState, Party, Service
from server.booking.offer import slots_of
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id
from server.patients.actions import Contact, add_record
from tests.booking import at, clocks, hours, service
from tests.cast import ALICE, CLINIC, ELSEWHERE, seat_cast
from tests.conftest import MORNING
from tests.two_places import THERE, seat_twice

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3"), pytest.mark.row("B3")]

NINE = at("2026-03-03", "09:00")
DAY = NINE.date()


@pytest.fixture
async def both(idle_house: House) -> tuple[Service, Service]:
    """What dr_alice offers in the clinic and on the hill, in the same hours of the same days."""
    here, there = service(ALICE), service(ALICE, practice_id=ELSEWHERE, professional_id=THERE)
    async with idle_house.database.write() as tx:
        await seat_cast(tx, MORNING)
        await seat_twice(tx, idle_house)
        weekly = hours(ALICE)
        for one in hours(ALICE):
            one.professional_id = THERE
            weekly.append(one)
        tx.add_all(weekly)
        tx.add_all((here, there))
    return here, there


async def held(house: House, offered: Service, results: list[str]) -> Appointment | None:
    try:
        async with house.database.write() as tx:
            appointment = await hold(tx, offered, NINE, "Europe/London", MORNING)
    except JustTaken as refusal:
        results.append(refusal.code)
        return None
    results.append("held")
    return appointment


async def free(tx: Tx, offered: Service) -> bool:
    return "09:00" in clocks(await slots_of(tx, offered, DAY, 1, MORNING))


async def test_of_two_who_book_in_two_practices_at_once_one_has_the_time(idle_house: House, both: tuple[Service, Service]) -> None:
    results = list[str]()
    async with anyio.create_task_group() as group:
        for offered in both:
            group.start_soon(held, idle_house, offered, results)
    assert sorted(results) == ["held", "just_taken"]
    async with idle_house.database.read() as tx:
        assert [await free(tx, offered) for offered in both] == [False, False]


async def test_a_time_that_is_given_back_is_free_in_both(idle_house: House, both: tuple[Service, Service]) -> None:
    here, there = both
    appointment = await held(idle_house, there, [])
    assert appointment is not None
    async with idle_house.database.write() as tx:
        assert not await free(tx, here)
        kept = await tx.get_one(Appointment, appointment.id)
        await confirm(tx, kept, Details("Erin Evans", None, "erin@example.org"), MORNING)
        await cancel(tx, kept, Party.PRACTICE, MORNING)
    async with idle_house.database.read() as tx:
        assert await free(tx, here)
        assert await free(tx, there)


async def test_a_hold_that_is_over_keeps_nobody_out_elsewhere(idle_house: House, both: tuple[Service, Service]) -> None:
    here, there = both
    assert await held(idle_house, there, []) is not None
    later = MORNING + timedelta(minutes=16)
    async with idle_house.database.write() as tx:
        appointment = await hold(tx, here, NINE, "Europe/London", later)
        assert appointment.state == AppointmentState.HELD


def planned(practice_id: object, professional_id: object, patient_id: object) -> Planned:
    return Planned(practice_id, professional_id, patient_id, ALICE.person_id, NINE, 20, "Europe/London")  # type: ignore[arg-type]


async def test_what_one_plans_is_kept_in_both_and_never_over_the_other(idle_house: House, both: tuple[Service, Service]) -> None:
    here, there = both
    async with idle_house.database.write() as tx:
        record = await add_record(tx, CLINIC, Contact("Erin Evans", None, None), None, MORNING)
        hers = await add_record(tx, ELSEWHERE, Contact("Finn Fox", None, None), None, MORNING)
        await block(tx, planned(CLINIC, ALICE.professional_id, record.id), MORNING)
    async with idle_house.database.read() as tx:
        assert not await free(tx, there)
    with pytest.raises(BusyElsewhere):
        async with idle_house.database.write() as tx:
            await block(tx, planned(ELSEWHERE, THERE, hers.id), MORNING)
    async with idle_house.database.write() as tx:  # in the same practice it may lie over what is there
        await block(tx, planned(CLINIC, ALICE.professional_id, record.id), MORNING)
    async with idle_house.database.write() as tx:
        moved = await block(tx, replace(planned(ELSEWHERE, THERE, hers.id), begins_at=NINE + timedelta(hours=1)), MORNING)
    async with idle_house.database.write() as tx:
        kept = await tx.get_one(Appointment, moved.id)
        with pytest.raises(JustTaken):
            await move_for_practice(tx, kept, NINE, kept.version, MORNING)
    async with idle_house.database.read() as tx:
        assert not await free(tx, here)


async def test_a_viewer_has_the_rights_of_one_practice(idle_house: House, both: tuple[Service, Service]) -> None:
    del both
    async with idle_house.database.read() as tx:
        here, there, nowhere = [await viewer_in(tx, ALICE.person_id, one, MORNING) for one in (CLINIC, ELSEWHERE, new_id())]
    assert (here.professional_id, here.practice_id, len(here.team_ids)) == (ALICE.professional_id, CLINIC, 1)
    assert (there.professional_id, there.practice_id, len(there.team_ids)) == (THERE, ELSEWHERE, 0)
    assert (nowhere.professional_id, nowhere.practice_id) == (None, None)
