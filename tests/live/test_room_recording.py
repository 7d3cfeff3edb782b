"""Recording over real sockets, with an engine that only writes down what it is told."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.recorded import Recording, RecordingTrack
from server.consultation.records import Consent, Refusal
from server.consultation.room import RoomPace
from server.consultation.rooms import Rooms, build_rooms
from server.core.audit import AuditEntry
from server.core.house import House
from server.core.keyring import place_of
from server.ports import Recorded, RecordedTrack, RecordingFailed
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import StillClock
from tests.live.room_client import Client, Refused, as_patient, as_staff, until

pytestmark = [pytest.mark.anyio, pytest.mark.row("V8")]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@dataclass
class Engine:
    """What it was told, in order; `rooms`, `key` and `folder` of the last recording."""

    able: bool = True
    told: list[str] = field(default_factory=list)
    folder: str = ""
    key: bytes = b""
    rooms: set[UUID] = field(default_factory=set)

    def record(self, room: UUID, folder: str, key: bytes) -> None:
        self._take("record", room)
        self.folder, self.key = folder, key

    def pause_recording(self, room: UUID) -> None:
        self._take("pause", room)

    def resume_recording(self, room: UUID) -> None:
        self._take("resume", room)

    def stop_recording(self, room: UUID) -> None:
        self._take("stop", room)

    def _take(self, word: str, room: UUID) -> None:
        self.told.append(word)
        self.rooms.add(room)


@pytest.fixture
def engine(app: Starlette, house: House) -> Engine:
    engine = Engine()
    app.state.rooms = build_rooms(house, RoomPace(tick_s=0.05), engine)
    return engine


async def call_of_two(stack: AsyncExitStack, sockets: str, house: House, meeting: Meeting) -> tuple[Client, Client]:
    dana = await stack.enter_async_context(as_patient(sockets, house, meeting))
    alice = await stack.enter_async_context(as_staff(sockets, house, ALICE, meeting))
    await alice.command("admit")
    await dana.until(lambda: dana.me["stage"] == "in_call")
    return alice, dana


async def state(client: Client, wanted: str) -> None:
    await client.until(lambda: client.page.recording["state"] == wanted)


async def only(house: House, model: type) -> list:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(model)))


@pytest.mark.row("L2")
async def test_three_people_a_late_one_and_the_end(sockets: str, app: Starlette, house: House, meeting: Meeting, engine: Engine) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await alice.command("record", on=True)
        await state(dana, "asking")
        assert dana.page.recording["question"]["version"] == "1"
        assert (engine.told, await only(house, Recording)) == ([], [])
        await dana.command("agree", yes=True)
        await state(alice, "on")
        assert engine.told == ["record"]
        [row] = await only(house, Recording)
        assert house.keyring.data_key(row.key_id, row.data_key, place_of("recording", row.id)) == engine.key
        assert row.keep_until - row.began_at == timedelta(days=90)

        bob = await stack.enter_async_context(as_staff(sockets, house, BOB, meeting))
        await bob.command("enter", quiet=True)
        await state(dana, "paused")
        await state(bob, "paused")
        assert engine.told == ["record", "pause"]
        await bob.command("agree", yes=True)
        await state(dana, "on")
        assert engine.told[2:] == ["resume"]
        assert {consent.recording_id for consent in await only(house, Consent) if consent.purpose == "recording"} == {row.id}

        peer = dana.welcome["peer"]
        await dana.command("leave")
        await alice.until(lambda: alice.stage(meeting.participant_id) == "left")
        assert alice.page.recording["state"] == "on"
        await alice.command("record", on=False)
        await state(bob, "off")
        assert engine.told[3:] == ["pause", "stop"]
        now = house.clock.now()
        track = RecordedTrack("a.box", peer, now, now + timedelta(seconds=9), 4711, bytes(32))
        rooms: Rooms = app.state.rooms
        rooms.recorded(Recorded(meeting.consultation_id, engine.folder, (track,)))
        await until(lambda: kept(house))
    [kept_track] = await only(house, RecordingTrack)
    assert engine.rooms == {meeting.consultation_id}
    assert (kept_track.participant_id, kept_track.size) == (meeting.participant_id, 4711)
    assert [entry.act for entry in await only(house, AuditEntry) if entry.thing == "recording"] == ["recorded", "stopped"]


async def kept(house: House) -> bool:
    return [row.state for row in await only(house, Recording)] == ["kept"]


@pytest.mark.row("L2")
async def test_a_no_ends_the_asking_and_is_kept(sockets: str, house: House, meeting: Meeting, engine: Engine) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        with pytest.raises(Refused):
            await dana.command("record", on=True)
        await alice.command("record", on=True)
        await state(dana, "asking")
        await dana.command("agree", yes=False)
        await state(alice, "off")
    assert (engine.told, await only(house, Recording)) == ([], [])
    [refusal] = await only(house, Refusal)
    assert (refusal.participant_id, refusal.wordings) == (meeting.participant_id, "recording 1")
    assert all(consent.withdrawn_at for consent in await only(house, Consent) if consent.purpose == "recording")


@pytest.mark.row("L2")
async def test_what_was_agreed_to_and_taken_back_is_deleted(
    sockets: str, app: Starlette, house: House, meeting: Meeting, engine: Engine
) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await alice.command("record", on=True)
        await dana.command("agree", yes=True)
        await state(alice, "on")
        await dana.command("agree", yes=False)
        await state(alice, "off")
        assert engine.told == ["record", "pause", "stop"]
        [row] = await only(house, Recording)
        assert (row.state, row.gone, row.data_key) == ("deleted", "withdrawn", None)
        now = house.clock.now()
        track = RecordedTrack("a.box", dana.welcome["peer"], now, now, 1, bytes(32))
        app.state.rooms.recorded(Recorded(meeting.consultation_id, engine.folder, (track,)))
        await alice.command("record", on=True)
        await state(dana, "asking")
    assert await only(house, RecordingTrack) == []


async def test_an_engine_that_gives_up_ends_it_for_everybody(
    sockets: str, app: Starlette, house: House, meeting: Meeting, engine: Engine
) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await alice.command("record", on=True)
        await dana.command("agree", yes=True)
        await state(dana, "on")
        app.state.rooms.recorded(RecordingFailed(meeting.consultation_id, "disk"))
        await state(dana, "off")
        await state(alice, "off")
        [row] = await only(house, Recording)
        assert row.state == "failed"
        engine.able = False
        with pytest.raises(Refused) as refused:
            await alice.command("record", on=True)
        assert refused.value.code == "no_engine"


async def test_the_end_of_the_call_ends_the_recording(
    sockets: str, house: House, meeting: Meeting, engine: Engine, clock: StillClock
) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await alice.command("record", on=True)
        await dana.command("agree", yes=True)
        await state(alice, "on")
        clock.advance(60)
        await alice.command("end", outcome="completed", reason=None)
        await state(alice, "off")
    assert engine.told == ["record", "pause", "stop"]
    [row] = await only(house, Recording)
    assert row.ended_at - row.began_at == timedelta(seconds=60)
