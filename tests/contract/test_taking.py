"""A professional takes no new bookings: no way to a time of theirs goes past it, also none that is begun at the same moment."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date, timedelta
from uuid import UUID

import anyio
import pytest

import server.booking.actions
from server.access.model import Membership, Professional
from server.access.taking import stop_bookings, take_bookings
from server.administration.leaving import hand_over, standing_of
from server.billing.doors import stays_paid
from server.billing.model import Reason
from server.billing.refunds import apply_refund, refund_of
from server.booking.actions import Details, Planned, block, confirm, hold, hold_again, move, move_for_practice
from server.booking.guard import TakesNone, lock_diaries, members_of
from server.booking.model import Appointment, AppointmentState, Needs, Service
from server.booking.offer import slots_of, slots_to_move
from server.booking.passing import free_for, see_promised
from server.core.db import Database, Tx
from server.core.ids import new_id
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.ports import RefundSeen, RefundStatus
from tests.booking import clocks, faults, grains, hours, service
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, MALLORY, NORTH, OLGA, Staff, seat_cast
from tests.conftest import MORNING
from tests.money import money_faults, open_shop, tell, to_the_till

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3"), pytest.mark.row("B3")]

ROUNDS = 6
ZONE = "Europe/London"
ELEVEN = MORNING.replace(hour=11)


async def seated(database: Database, *services: Service) -> None:
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        tx.add_all([*hours(ALICE), *hours(BOB), *services])


async def stop(database: Database, by: Staff = ALICE, whose: Staff = ALICE) -> None:
    async with database.write() as tx:
        await stop_bookings(tx, by.viewer, whose.professional_id, MORNING)


async def held(database: Database, mine: Service, hour: int = 11) -> Appointment:
    async with database.write() as tx:
        return await hold(tx, mine, MORNING.replace(hour=hour), ZONE, MORNING)


async def promised(database: Database, mine: Service) -> Appointment:
    async with database.write() as tx:
        one = await hold(tx, mine, ELEVEN, ZONE, MORNING)
        one.state, one.hold_until, one.move_until_min = AppointmentState.CONFIRMED, None, 0
    return one


async def test_what_was_promised_or_held_before_stays_and_nothing_new_is_taken(database: Database) -> None:
    mine = service(ALICE)
    await seated(database, mine)
    before = await held(database, mine)
    await stop(database)
    async with database.write() as tx:
        assert await slots_of(tx, mine, date(2026, 3, 3), 1, MORNING) == []
        await confirm(tx, await tx.get_one(Appointment, before.id), Details("Erin Evans", None, None), MORNING)
    with pytest.raises(TakesNone):
        await held(database, mine, 12)
    async with database.read() as tx:
        assert await grains(tx) == 4, "only what was held before"


Way = Callable[[Tx, Appointment], Awaitable[object]]


def planned(minutes_ahead: int) -> Planned:
    assert DANA.patient_id is not None
    begins_at = MORNING + timedelta(minutes=minutes_ahead)
    return Planned(CLINIC, ALICE.professional_id, DANA.patient_id, ALICE.person_id, begins_at, 20, ZONE)


@pytest.mark.parametrize(
    "way",
    [
        lambda tx, one: move(tx, one, one.begins_at + timedelta(hours=1), one.version, MORNING),
        lambda tx, one: move_for_practice(tx, one, one.begins_at + timedelta(hours=1), one.version, MORNING),
        lambda tx, _one: block(tx, planned(60), MORNING),
    ],
    ids=["the patient moves", "the practice moves", "planned ahead"],
)
async def test_no_other_way_goes_past_it(database: Database, way: Way) -> None:
    mine = service(ALICE)
    await seated(database, mine)
    one = await promised(database, mine)
    await stop(database)
    async with database.read() as tx:
        assert await slots_to_move(tx, one, date(2026, 3, 2), 7, MORNING) == []
    with pytest.raises(TakesNone):
        async with database.write() as tx:
            await way(tx, await tx.get_one(Appointment, one.id))
    async with database.write() as tx:
        assert (await tx.get_one(Appointment, one.id)).begins_at == ELEVEN
        assert await faults(tx) == []
        await take_bookings(tx, ALICE.viewer, ALICE.professional_id, MORNING)
        await way(tx, await tx.get_one(Appointment, one.id))


async def test_what_begins_at_once_is_no_booking_and_a_hold_that_ran_out_is_not_taken_again(database: Database) -> None:
    mine = service(ALICE)
    await seated(database, mine)
    before = await held(database, mine)
    later = MORNING + timedelta(minutes=30)
    await stop(database)
    async with database.write() as tx:
        assert (await block(tx, planned(0), MORNING)).standing
        one = await tx.get_one(Appointment, before.id)
        one.expire(later)
        await tx.flush()
        with pytest.raises(TakesNone):
            await hold_again(tx, one, later + timedelta(minutes=30), later)


async def test_a_team_goes_on_without_them_and_nobody_hands_over_to_them(database: Database) -> None:
    anyone, both = service(NORTH, needs=Needs.ANY), service(NORTH, needs=Needs.LEAD_AND_ANY, lead_id=ALICE.professional_id)
    bobs = service(BOB)
    await seated(database, anyone, both, bobs)
    one = await promised(database, bobs)
    async with database.read() as tx:
        leaving = await tx.get_one(Professional, BOB.professional_id)
        assert ALICE.professional_id in {
            other.id for other in await free_for(tx, await see_promised(tx, leaving.id, one.id, MORNING), leaving, MORNING)
        }
    await stop(database)
    async with database.read() as tx:
        assert clocks(await slots_of(tx, anyone, date(2026, 3, 3), 1, MORNING))
        assert await slots_of(tx, both, date(2026, 3, 3), 1, MORNING) == []
        others = await free_for(tx, await see_promised(tx, leaving.id, one.id, MORNING), leaving, MORNING)
        assert ALICE.professional_id not in {other.id for other in others}


async def test_bad_28_who_may_say_so_and_who_may_take_it_back(database: Database) -> None:
    await seated(database)
    for outsider, error in ((BOB, Forbidden), (CHARLIE, Forbidden), (MALLORY, Forbidden)):
        with pytest.raises(error):
            await stop(database, outsider)
    with pytest.raises(NotFound):
        await stop(database, OLGA, MALLORY)
    await stop(database)
    await stop(database, OLGA)
    with pytest.raises(Forbidden):
        async with database.write() as tx:
            await take_bookings(tx, ALICE.viewer, ALICE.professional_id, MORNING)
    async with database.write() as tx:
        await take_bookings(tx, OLGA.viewer, ALICE.professional_id, MORNING)
        await tx.flush()
        assert (await tx.get_one(Professional, ALICE.professional_id)).takes_none_since is None


async def test_bad_01_a_time_is_not_taken_while_bookings_end(database: Database) -> None:
    """Whoever is first is first: either the time is held and stays, or nobody holds any."""
    mine = service(ALICE)
    await seated(database, mine)
    for number in range(ROUNDS):
        outcomes: list[str] = []

        async def book(number: int = number, outcomes: list[str] = outcomes) -> None:
            try:
                await held(database, mine, 9 + number)
                outcomes.append("held")
            except (TakesNone, Invalid):
                outcomes.append("refused")

        async def close(outcomes: list[str] = outcomes) -> None:
            await stop(database)
            outcomes.append("closed")

        async with anyio.create_task_group() as group:
            for act in (book, close) if number % 2 else (close, book):
                group.start_soon(act)
        assert sorted(outcomes) in (["closed", "held"], ["closed", "refused"]), outcomes
        with pytest.raises(Conflict):
            await held(database, mine, 16)
        async with database.write() as tx:
            assert await faults(tx) == []
            await take_bookings(tx, ALICE.viewer, ALICE.professional_id, MORNING)


async def test_bad_01_the_rule_is_read_again_once_the_diary_is_locked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL bookings may end after the free times were read; SQLite lets nobody write in between."""
    mine = service(ALICE)
    await seated(database, mine)
    lock = lock_diaries

    async def late(tx: Tx, who: Iterable[UUID]) -> None:
        if not database.is_sqlite:
            await stop(database)
        await lock(tx, who)

    if database.is_sqlite:
        await stop(database)
    monkeypatch.setattr(server.booking.actions, "lock_diaries", late)
    with pytest.raises(TakesNone):
        await held(database, mine)
    async with database.read() as tx:
        assert await grains(tx) == 0


async def team_of_three(database: Database) -> Appointment:
    """Have both of team North promised, and paid to alice, who leads; charlie is in the team, too."""
    offered = await open_shop(database, professional_id=None, team_id=NORTH, needs=Needs.LEAD_AND_ANY, lead_id=ALICE.professional_id)
    charge = await to_the_till(database, offered, ELEVEN)
    await tell(database, charge)
    async with database.write() as tx:
        tx.add(Membership(id=new_id(), team_id=NORTH, professional_id=CHARLIE.professional_id, joined_at=MORNING, ended_at=None))
        return await tx.get_one(Appointment, charge.appointment_id)


@pytest.mark.row("M2")
async def test_what_was_paid_to_a_colleague_who_stays_is_handed_over_with_the_money_where_it_is(database: Database) -> None:
    one = await team_of_three(database)
    async with database.read() as tx:
        for leaver, could in ((BOB, [CHARLIE.professional_id]), (ALICE, [])):
            standing = await standing_of(tx, OLGA.viewer, leaver.person_id, MORNING)
            assert [colleague.id for choice in standing.choices for colleague in choice.colleagues] == could
    with pytest.raises(Conflict, match="account of whoever leaves"):
        async with database.write() as tx:
            await hand_over(tx, OLGA.viewer, (ALICE.person_id, one.id), CHARLIE.professional_id, one.version, MORNING)
    async with database.write() as tx:
        await hand_over(tx, OLGA.viewer, (BOB.person_id, one.id), CHARLIE.professional_id, one.version, MORNING)
        assert (await tx.get_one(Professional, BOB.professional_id)).takes_none_since == MORNING
    async with database.read() as tx:
        assert set(await members_of(tx, one)) == {ALICE.professional_id, CHARLIE.professional_id}
        assert (await money_faults(tx), await faults(tx)) == ([], [])


@pytest.mark.row("M2")
async def test_what_has_all_gone_back_is_handed_over(database: Database) -> None:
    one = await team_of_three(database)
    async with database.write() as tx:
        refund = await refund_of(tx, one.id, 100, Reason.GOODWILL, None, MORNING)
        assert refund is not None
    async with database.read() as tx:
        assert not await stays_paid(tx, one.id, ALICE.professional_id), "it is asked for, and not back yet"
    async with database.write() as tx:
        await apply_refund(tx, refund.id, RefundSeen("re_1", RefundStatus.DONE), MORNING)
        await hand_over(tx, OLGA.viewer, (ALICE.person_id, one.id), CHARLIE.professional_id, one.version, MORNING)
