"""The pages that tell how calls went: who sees them, what stands there, and what never does."""

from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import update

from server.consultation.model import Participant
from server.consultation.readings import KEPT_FOR
from server.consultation.records import CallQuality
from server.core.house import House
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Meeting, Staff
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("O3")]

EMPTY = "There are no figures yet."


async def report(house: House, participant_id: UUID, clock: StillClock, readings: int = 60, **worse: int) -> None:
    """Store ten minutes of a good call; `worse` holds for three minutes in the middle of it."""
    fine = {"lost_in": 0, "lost_out": 5, "delay_ms": 40, "jitter_ms": 4, "in_kbps": 900, "out_kbps": 800, "frozen_ms": 0}
    async with house.database.write() as tx:
        for number in range(readings):
            now = {**fine, **worse} if 20 <= number < 38 else fine
            at = clock.now() + timedelta(seconds=10 * number)
            tx.add(CallQuality(participant_id=participant_id, at=at, sound_only=False, **now))


def page_of(meeting: Meeting) -> str:
    return f"/calls/{meeting.consultation_id}"


@pytest.mark.parametrize("member", [ALICE, BOB], ids=["hers", "his team's"])
async def test_its_professionals_read_how_it_went(
    sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock, member: Staff
) -> None:
    await report(house, meeting.participant_id, clock, lost_in=120)
    client = await sign_in(member)
    for page in ("/calls", page_of(meeting)):
        text = (await client.get(page)).text
        assert "Hard to hear for Dana Diaz for about 3 minutes." in text
    assert page_of(meeting) in (await client.get("/calls")).text
    assert text.count('<svg class="plot"') == 3
    assert "<title id=" in text
    assert "12.0 %" in text
    assert text.count('<th scope="row">') == 10


async def test_everybody_elses_calls_are_not_there(sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock) -> None:
    await report(house, meeting.participant_id, clock)
    for member in (CHARLIE, MALLORY):
        client = await sign_in(member)
        assert (await client.get(page_of(meeting))).status_code == 404
        assert EMPTY in (await client.get("/calls")).text
        assert (await client.get(f"/calls/{UUID(int=7)}")).status_code == 404


async def test_an_administrator_reads_it_and_never_whom_it_was_with(
    sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock
) -> None:
    await report(house, meeting.participant_id, clock, frozen_ms=9_000)
    client = await sign_in(OLGA)
    for page in ("/calls", page_of(meeting)):
        text = (await client.get(page)).text
        assert "1 interruption for The patient, about 3 minutes." in text
        assert "Dana" not in text
    assert "/calls" in (await client.get("/account")).text


@pytest.mark.parametrize("member", [SAM, DANA], ids=["assistant", "patient"])
async def test_nobody_else_reads_it(sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock, member: Staff) -> None:
    await report(house, meeting.participant_id, clock)
    client = await sign_in(member)
    for page in ("/calls", page_of(meeting)):
        assert (await client.get(page)).status_code == 403
    assert "/calls" not in (await client.get("/account")).text


async def test_without_a_login_there_is_the_sign_in(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    answer = await client.get(page_of(meeting))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


async def test_nothing_yet_is_said(sign_in: SignIn, meeting: Meeting) -> None:
    client = await sign_in(ALICE)
    assert EMPTY in (await client.get("/calls")).text
    text = (await client.get(page_of(meeting))).text
    assert "There are no figures of this call." in text
    assert f"more than {KEPT_FOR.days} days ago" in text
    assert '<svg class="plot"' not in text


async def test_bad_35_a_hostile_name_is_text_in_every_place(sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock) -> None:
    hostile = "</title><script>alert(1)</script> {{7*7}} {name} \u202e"
    async with house.database.write() as tx:
        await tx.execute(update(Participant).where(Participant.id == meeting.participant_id).values(name=hostile))
    await report(house, meeting.participant_id, clock, lost_in=120)
    client = await sign_in(ALICE)
    for page in ("/calls", page_of(meeting)):
        text = (await client.get(page)).text
        assert "<script>alert" not in text
        assert "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in text


async def test_the_largest_numbers_and_one_lone_report_are_drawn(
    sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        tx.add(
            CallQuality(
                participant_id=meeting.participant_id, at=clock.now(), lost_in=1_000, lost_out=1_000, delay_ms=60_000, jitter_ms=60_000,
                in_kbps=1_000_000, out_kbps=1_000_000, frozen_ms=10_000, sound_only=True,
            )
        )  # fmt: skip
    client = await sign_in(ALICE)
    answer = await client.get(page_of(meeting))
    assert answer.status_code == 200
    for words in ("100 %", "100000 ms", "1000000 kbit/s", "1 short interruption for Dana Diaz.", "Sound came late", "used sound only"):
        assert words in answer.text
