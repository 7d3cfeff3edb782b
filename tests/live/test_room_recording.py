"""Recording over real sockets, with an engine that only writes down what it is told."""

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.recorded import Recording, RecordingTrack
from server.consultation.records import Consent, Refusal
from server.consultation.room import RoomPace
from server.consultation.rooms import build_rooms
from server.core.audit import AuditEntry
from server.core.house import House
from server.core.keyring import place_of
from server.media_control import (
    NotRecorded,
    PauseRecording,
    Record,
    Recorded,
    RecordedFile,
    RecordingFailed,
    ResumeRecording,
    StopRecording,
)
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import StillClock
from tests.live.room_client import Client, Refused, as_patient, as_staff, until
from tests.pure.fake_engine import FakeEngine, FakeRoom, Hear

pytestmark = [pytest.mark.anyio, pytest.mark.row("V8")]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


WORDS = {Record: "record", PauseRecording: "pause", ResumeRecording: "resume", StopRecording: "stop"}


class Engine(FakeEngine):
    """Remembers every room that it ever had, and what it was told of recordings there, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.ever: list[FakeRoom] = []

    def open(self, name: str, hear: Hear) -> FakeRoom | None:
        room = super().open(name, hear)
        self.ever += [room] if room else []
        return room

    @property
    def told(self) -> list[str]:
        return [WORDS[kind] for room in self.ever for kind, _ in room.said if kind in WORDS]

    @property
    def asked(self) -> dict[str, str]:
        """Folder and key of the last recording."""
        return next(fields for room in reversed(self.ever) for kind, fields in reversed(room.said) if kind is Record)

    def completes(self, peer: str, begun: datetime) -> None:
        room = self.ever[-1]
        ended = begun + timedelta(seconds=9)
        file = RecordedFile(file=f"{peer}.1.box", peer=peer, begun=begun, ended=ended, bytes=4711, head="00" * 32)
        room.hear(Recorded(room=room.name, folder=self.asked["folder"], tracks=[file]))


@pytest.fixture
def engine(app: Starlette, house: House) -> Engine:
    engine = Engine()
    app.state.rooms = build_rooms(replace(house, engines=engine), RoomPace(tick_s=0.05))
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
async def test_three_people_a_late_one_and_the_end(sockets: str, house: House, meeting: Meeting, engine: Engine) -> None:
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
        assert house.keyring.data_key(row.key_id, row.data_key, place_of("recording", row.id)) == bytes.fromhex(engine.asked["key"])
        assert engine.asked["folder"] == row.folder
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
        engine.completes(peer, house.clock.now())
        await until(lambda: kept(house))
    [kept_track] = await only(house, RecordingTrack)
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
async def test_what_was_agreed_to_and_taken_back_is_deleted(sockets: str, house: House, meeting: Meeting, engine: Engine) -> None:
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
        engine.completes(dana.welcome["peer"], house.clock.now())
        await alice.command("record", on=True)
        await state(dana, "asking")
    assert await only(house, RecordingTrack) == []


async def agreed_to(alice: Client, dana: Client) -> None:
    await alice.command("record", on=True)
    await dana.command("agree", yes=True)
    await state(dana, "on")


async def test_an_engine_that_cannot_record_ends_it_for_everybody(sockets: str, house: House, meeting: Meeting, engine: Engine) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await agreed_to(alice, dana)
        room = engine.ever[-1]
        room.hear(RecordingFailed(room=room.name, folder=engine.asked["folder"], reason="no_recordings"))
        await state(dana, "off")
        await state(alice, "off")
        [row] = await only(house, Recording)
        assert row.state == "failed"
        engine.available = False
        engine.ever[-1].lose()
        with pytest.raises(Refused) as refused:
            await alice.command("record", on=True)
        assert refused.value.code == "no_engine"


async def test_a_lost_engine_interrupts_it_until_there_is_one_again(
    sockets: str, house: House, meeting: Meeting, engine: Engine, clock: StillClock
) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await agreed_to(alice, dana)
        engine.available = False
        engine.ever[-1].lose()
        await dana.until(lambda: dana.page.recording["interrupted"])
        assert dana.page.recording["state"] == "paused"
        engine.available = True
        clock.advance(2)
        await state(dana, "on")
        assert not dana.page.recording["interrupted"]
        assert engine.told == ["record", "record"]
        [row] = await only(house, Recording)
        assert engine.asked["folder"] == f"{row.folder}-1"


async def test_a_recorder_that_dies_is_followed_by_another(
    sockets: str, house: House, meeting: Meeting, engine: Engine, clock: StillClock
) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await agreed_to(alice, dana)
        room = engine.ever[-1]
        room.hear(RecordingFailed(room=room.name, folder=engine.asked["folder"], reason="recorder"))
        await dana.until(lambda: dana.page.recording["interrupted"])
        clock.advance(2)
        await state(dana, "on")
        assert engine.told == ["record", "record"]


async def test_what_cannot_be_recorded_is_said_to_everybody_and_kept(sockets: str, house: House, meeting: Meeting, engine: Engine) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await agreed_to(alice, dana)
        room, peer = engine.ever[-1], dana.welcome["peer"]
        missed = NotRecorded(room=room.name, folder=engine.asked["folder"], peer=peer, source="camera", codec="H264")
        room.hear(missed)
        room.hear(missed)
        for client in (alice, dana):
            await client.until(lambda client=client: client.page.recording["unseen"] == [str(meeting.participant_id)])
        assert alice.page.recording["state"] == "on"
    [row] = await only(house, RecordingTrack)
    assert (row.participant_id, row.unseen, row.size) == (meeting.participant_id, "camera", 0)


async def test_a_room_that_is_loaded_again_goes_on_once_everybody_is_back(
    app: Starlette, sockets: str, house: House, meeting: Meeting, engine: Engine
) -> None:
    async with AsyncExitStack() as stack:
        alice, dana = await call_of_two(stack, sockets, house, meeting)
        await agreed_to(alice, dana)
        [row] = await only(house, Recording)
        rooms = app.state.rooms
        app.state.rooms = build_rooms(replace(house, engines=engine), RoomPace(tick_s=0.05))
        await rooms.close(1)
        dana = await stack.enter_async_context(as_patient(sockets, house, meeting))
        assert (dana.page.recording["state"], dana.page.recording["interrupted"]) == ("paused", True)
        assert engine.told.count("record") == 1
        bob = await stack.enter_async_context(as_staff(sockets, house, BOB, meeting))
        assert bob.page.recording["interrupted"]
        await stack.enter_async_context(as_staff(sockets, house, ALICE, meeting))
        await state(dana, "on")
        assert engine.told.count("record") == 2
        assert engine.asked["folder"].startswith(f"{row.folder}-")
        await bob.command("enter", quiet=True)
        await state(dana, "paused")
        assert not dana.page.recording["interrupted"]
        await dana.command("agree", yes=False)
        await state(bob, "off")
    [row] = await only(house, Recording)
    assert (row.state, row.gone) == ("deleted", "withdrawn")


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
