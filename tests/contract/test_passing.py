"""An appointment that a colleague takes over while somebody else books that colleague: the time is theirs once, on both databases."""

import anyio
import pytest

from server.access.model import Professional
from server.access.people import end_place
from server.booking.actions import Details, confirm, hold, hold_again
from server.booking.doors import held_ahead
from server.booking.guard import JustTaken
from server.booking.model import HOLD_FOR, Appointment, AppointmentState, Service
from server.booking.passing import pass_on, see_promised
from server.core.db import Database
from server.errors import Conflict
from tests.booking import faults, hours, service
from tests.cast import ALICE, BOB, OLGA, seat_cast
from tests.conftest import MORNING

pytestmark = [pytest.mark.anyio, pytest.mark.row("B3"), pytest.mark.row("P3")]

ROUNDS = 5


async def promised(database: Database, place: Service, number: int) -> Appointment:
    """Have somebody promised alice's time of that number."""
    begins_at = MORNING.replace(hour=11 + number)
    async with database.write() as tx:
        one = await hold(tx, place, begins_at, "Europe/London", MORNING)
        one.state, one.hold_until = AppointmentState.CONFIRMED, None
    return one


async def test_what_was_only_held_is_not_promised_once_the_place_has_ended(database: Database) -> None:
    alices = service(ALICE)
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        tx.add_all([*hours(ALICE), alices])
    async with database.write() as tx:
        one = await hold(tx, alices, MORNING.replace(hour=11), "Europe/London", MORNING)
        assert await held_ahead(tx, ALICE.professional_id, MORNING)
        assert not await held_ahead(tx, ALICE.professional_id, MORNING + HOLD_FOR)
    async with database.write() as tx:
        await end_place(tx, OLGA.viewer, ALICE.person_id, MORNING)
    with pytest.raises(Conflict):
        async with database.write() as tx:
            await confirm(tx, await tx.get_one(Appointment, one.id), Details("Erin Evans", None, None), MORNING)
    with pytest.raises(Conflict):
        async with database.write() as tx:
            await hold_again(tx, await tx.get_one(Appointment, one.id), MORNING + HOLD_FOR, MORNING)


async def test_bad_01_a_time_that_is_passed_on_is_not_sold_beside(database: Database) -> None:
    alices, bobs = service(ALICE), service(BOB)
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        tx.add_all([*hours(ALICE), *hours(BOB), alices, bobs])
    for number in range(ROUNDS):
        one = await promised(database, alices, number)
        outcomes: list[str] = []

        async def take_over(one: Appointment = one, outcomes: list[str] = outcomes) -> None:
            try:
                async with database.write() as tx:
                    leaving = await tx.get_one(Professional, ALICE.professional_id)
                    found = await see_promised(tx, leaving.id, one.id, MORNING)
                    await pass_on(tx, found, leaving, BOB.professional_id, one.version, MORNING)
                outcomes.append("passed")
            except JustTaken:
                outcomes.append("taken")

        async def book(one: Appointment = one, outcomes: list[str] = outcomes) -> None:
            try:
                async with database.write() as tx:
                    await hold(tx, bobs, one.begins_at, "Europe/London", MORNING)
                outcomes.append("booked")
            except JustTaken:
                outcomes.append("taken")

        async with anyio.create_task_group() as group:
            for act in (take_over, book) if number % 2 else (book, take_over):
                group.start_soon(act)
        assert sorted(outcomes) in (["booked", "taken"], ["passed", "taken"]), outcomes
        async with database.read() as tx:
            assert await faults(tx) == []
