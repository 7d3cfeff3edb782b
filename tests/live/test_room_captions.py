"""Captions and reports over real sockets: who reads what, what is stored of it, and what happens to too much of it."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.readings import EVERY_S, KEPT_FOR
from server.consultation.records import CallQuality, ChatMessage
from server.consultation.rooms import Rooms
from server.consultation.ws import CAPTIONS_BURST, REPORTS_BURST
from server.core.house import House
from tests.cast import ALICE, Meeting
from tests.conftest import StillClock
from tests.live.room_client import Refused, as_patient, as_staff, until

pytestmark = pytest.mark.anyio

GOOD = {
    "lost_in": 12, "lost_out": 1, "delay_ms": 40, "jitter_ms": 3, "in_kbps": 900, "out_kbps": 800, "frozen_ms": 0, "sound_only": False,
}  # fmt: skip
WORDS = "Only for those who are here"


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def stored(house: House) -> list[CallQuality]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(CallQuality).order_by(CallQuality.at)))


async def count(house: House, rows: int) -> bool:
    return len(await stored(house)) == rows


@pytest.mark.row("V11")
async def test_captions_are_read_by_the_other_and_stored_nowhere(
    sockets: str, house: House, meeting: Meeting, capfd: pytest.CaptureFixture[str]
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        with pytest.raises(Refused, match="not_seated"):
            await dana.command("caption", body=WORDS, final=True, source="typed")
        await alice.command("admit")
        await dana.until(lambda: dana.stage(meeting.participant_id) == "in_call")
        await dana.command("caption", body="Only", final=False, source="typed")
        await dana.command("caption", body=WORDS, final=True, source="typed")
        await alice.until(lambda: len(alice.page.heard("caption")) == 2)
        assert alice.page.heard("caption")[-1] == {
            "from": str(meeting.participant_id), "body": WORDS, "final": True, "source": "typed",
        }  # fmt: skip
    async with as_staff(sockets, house, ALICE, meeting) as again, house.database.read() as tx:
        assert WORDS not in json.dumps(again.welcome)
        assert list(await tx.scalars(select(ChatMessage))) == []
    assert WORDS not in "".join(capfd.readouterr())


@pytest.mark.row("V11")
async def test_too_many_captions_are_refused_and_the_call_goes_on(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        for number in range(int(CAPTIONS_BURST)):
            await alice.command("caption", body=str(number), final=False, source="speech")
        with pytest.raises(Refused, match="too_fast"):
            await alice.command("caption", body="One too many", final=True, source="speech")
        await alice.command("chat", body="Captions do not count against the chat")
        clock.advance(1)
        await alice.command("caption", body="After a moment", final=True, source="speech")
        await dana.until(lambda: dana.page.heard("caption") and dana.page.heard("caption")[-1]["body"] == "After a moment")


@pytest.mark.row("O3")
async def test_reports_are_stored_together_and_once_in_ten_seconds(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        await dana.until(lambda: dana.stage(meeting.participant_id) == "in_call")
        begun = clock.now()
        for client in (alice, dana):
            await client.command("quality", **GOOD)
        await dana.command("quality", **{**GOOD, "lost_in": 999})
        clock.advance(EVERY_S)
        await dana.command("quality", **{**GOOD, "sound_only": True})
        assert await stored(house) == []
        clock.advance(EVERY_S)
        await until(lambda: count(house, 3))
        rows = await stored(house)
        assert [row.at for row in rows] == [begun, begun, begun + timedelta(seconds=EVERY_S)]
        assert {row.lost_in for row in rows} == {12}
        assert [row.sound_only for row in rows if row.participant_id == meeting.participant_id] == [False, True]


@pytest.mark.row("O3")
async def test_reports_are_stored_when_the_server_ends(app: Starlette, sockets: str, house: House, meeting: Meeting) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        await alice.command("enter")
        await alice.command("quality", **GOOD)
        await app.state.rooms.close(5.0)
        assert await alice.until_closed() == 1012
    assert await count(house, 1)


async def test_more_reports_than_a_page_sends_are_refused(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        await alice.command("enter")
        for _ in range(int(REPORTS_BURST)):
            await alice.command("quality", **GOOD)
        with pytest.raises(Refused, match="too_fast"):
            await alice.command("quality", **GOOD)
        await alice.command("chat", body="Still here")


async def test_reports_are_forgotten_after_a_month(app: Starlette, house: House, meeting: Meeting, clock: StillClock) -> None:
    rooms: Rooms = app.state.rooms
    async with house.database.write() as tx:
        for days in (0, 1):
            tx.add(CallQuality(participant_id=meeting.participant_id, at=clock.now() + timedelta(days=days), **GOOD))
    clock.advance(KEPT_FOR.total_seconds())
    await rooms.sweep_readings()
    assert await count(house, 2)
    clock.advance(1)
    await rooms.sweep_readings()
    assert await count(house, 1)
