"""The page of one day: what begins on it by the practice's clock, for whoever may see it, on both databases."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from server.booking.actions import cancel
from server.booking.model import Appointment, Party
from server.consultation.actions import Plan, schedule
from server.core.house import House
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, ELSEWHERE, ERIN, Cast, add_meeting
from tests.conftest import SignIn, StillClock
from tests.two_places import ALICE_THERE, THERE, seat_twice, work_in

pytestmark = [pytest.mark.anyio, pytest.mark.row("B7")]
DESK = re.compile(r'href="/desk/([0-9a-f-]{36})"')
FORTY = 40


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def meet(house: House, *times: datetime) -> list[str]:
    """Add a consultation of dr_alice at each of these times; returns their ids."""
    async with house.database.write() as tx:
        made = [
            await add_meeting(tx, house.secrets, house.clock.now(), scheduled_at=each, guest=(DANA, ERIN)[place % 2])
            for place, each in enumerate(times)
        ]
    return [str(each.consultation_id) for each in made]


async def test_a_day_has_what_begins_between_its_midnights(sign_in: SignIn, cast: Cast, house: House, clock: StillClock) -> None:
    clock.set(datetime(2026, 6, 1, 9, tzinfo=UTC))
    edges = [datetime(2026, 6, 2, 22, 55, tzinfo=UTC), datetime(2026, 6, 2, 23, 0, tzinfo=UTC), datetime(2026, 6, 3, 22, 55, tzinfo=UTC)]
    before, first, last = await meet(house, *edges)
    alice = await sign_in(ALICE)
    assert DESK.findall((await alice.get("/day?on=2026-06-03")).text) == [first, last]
    assert DESK.findall((await alice.get("/day?on=2026-06-02")).text) == [before]
    assert DESK.findall((await (await sign_in(CHARLIE)).get("/day?on=2026-06-03")).text) == []


async def test_forty_are_shown_by_time(sign_in: SignIn, cast: Cast, house: House) -> None:
    times = [datetime(2026, 3, 4, 8 + place // 4, place % 4 * 15, tzinfo=UTC) for place in range(FORTY)]
    made = await meet(house, *reversed(times))
    assert DESK.findall((await (await sign_in(ALICE)).get("/day?on=2026-03-04")).text) == made[::-1]


async def test_days_lead_to_the_next_ones(sign_in: SignIn) -> None:
    page = (await (await sign_in(ALICE)).get("/day?on=2026-03-01")).text
    for address in ("/day?on=2026-02-28", "/day?on=2026-03-02", "/week?from=2026-02-23"):
        assert f'href="{address}"' in page
    assert "Nothing planned." in page


@pytest.mark.parametrize("asked", ["", "yesterday", "2026-02-30", "2026-3-2", "<b>"])
async def test_what_is_no_day_is_today(sign_in: SignIn, asked: str) -> None:
    answer = await (await sign_in(ALICE)).get("/day", params={"on": asked})
    assert answer.status_code == 200
    assert "Monday, 2 March 2026" in answer.text


@pytest.mark.parametrize("asked", ["0001-01-01", "9999-12-31"])
async def test_days_far_off_are_the_furthest(sign_in: SignIn, asked: str) -> None:
    assert (await (await sign_in(ALICE)).get("/day", params={"on": asked})).status_code == 200


@pytest.mark.row("P3")
async def test_what_another_practice_has_is_busy_and_says_no_more(sign_in: SignIn, cast: Cast, house: House) -> None:
    ten, on_the_hill = datetime(2026, 3, 4, 10, tzinfo=UTC), replace(ALICE_THERE.viewer, professional_id=THERE)
    async with house.database.write() as tx:
        await seat_twice(tx, house)
    await meet(house, datetime(2026, 3, 4, 14, tzinfo=UTC))
    async with house.database.write() as tx:
        plan = Plan("Frank Foster", None, "frank@example.org", None, ten, duration_min=30)
        await schedule(tx, house.secrets, on_the_hill, plan, house.clock.now())
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    for address in ("/day?on=2026-03-04", "/week?from=2026-03-04"):
        await work_in(house, CLINIC)
        page = (await alice.get(address)).text
        assert page.index("Busy in another practice") < page.index("Dana Diaz"), "by time"
        assert ("10:00</time> Busy in another practice" in page, "until 10:30" in page, "Frank" in page) == (True, True, False)
        assert "Busy in another practice" not in (await bob.get(address)).text, "a colleague of the team learns nothing of it"
        await work_in(house, ELSEWHERE)
        there = (await alice.get(address)).text
        assert ("Frank Foster" in there, "14:00</time> Busy in another practice" in there, "Dana" in there) == (True, True, False)
    async with house.database.write() as tx:
        (theirs,) = await tx.scalars(select(Appointment).where(Appointment.practice_id == ELSEWHERE))
        await cancel(tx, theirs, Party.PRACTICE, house.clock.now())
    await work_in(house, CLINIC)
    assert "Busy in another practice" not in (await alice.get("/week?from=2026-03-04")).text
