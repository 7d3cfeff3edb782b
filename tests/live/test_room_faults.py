"""What a room does when something breaks: a bug, a database that refuses, the end of the process, nobody left."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import uuid4

import anyio
import anyio.lowlevel
import pytest
import structlog
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.applications import Starlette

from server.consultation import inbox
from server.consultation import room as room_module
from server.consultation.asks import Act, Join, asked
from server.consultation.attendance import begin_stretch, end_stretch, note_seen, sweep_stale
from server.consultation.commands import Chat
from server.consultation.model import Participant, Role
from server.consultation.records import Attendance, ChatMessage
from server.consultation.room import Room, RoomPace
from server.consultation.rooms import Rooms
from server.consultation.subject import RoomSubject
from server.consultation.ws import RoomConversation
from server.core.house import House
from server.core.ids import new_id
from server.errors import Conflict, ConsiliumError, NotFound, Overloaded
from server.web.wire import Frame
from tests.cast import ALICE, ERIN, Meeting, add_meeting
from tests.conftest import StillClock
from tests.live.room_client import Refused, as_patient, as_staff, patient_ticket, until
from tests.pure.room_game import Page

pytestmark = pytest.mark.anyio


@pytest.fixture
def rooms(app: Starlette) -> Rooms:
    """The application's registry with rooms that look at their clock more often than in life."""
    rooms = Rooms(app.state.house, RoomPace(tick_s=0.02))
    app.state.rooms = rooms
    return rooms


@pytest.fixture
def quick(rooms: Rooms, house: House) -> House:
    """The house, with such rooms."""
    del rooms
    return house


@contextmanager
def broken(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> Iterator[None]:
    """Make a function that the room calls fail for a while."""

    def fail(*_: object, **__: object) -> object:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(room_module, name, fail)
        yield


async def test_a_bug_ends_one_room_and_leaves_the_others(
    sockets: str, house: House, meeting: Meeting, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.database.write() as tx:
        other = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
    async with (
        as_staff(sockets, house, ALICE, meeting) as alice,
        as_patient(sockets, house, meeting) as dana,
        as_patient(sockets, house, other) as erin,
    ):
        await alice.command("admit")
        with broken(monkeypatch, "act", ZeroDivisionError("Dana Diaz")), structlog.testing.capture_logs() as logs:
            with pytest.raises(Refused):
                await dana.command("hand", up=True)
            assert await dana.until_closed() == 1011
            assert await alice.until_closed() == 1011
        assert [(line["task"], line["error"]) for line in logs] == [("room", "ZeroDivisionError")]
        assert "Dana" not in str(logs)
        await erin.command("chat", body="Nothing happened here")
        async with as_patient(sockets, house, meeting, dana.welcome["resume"]) as again:
            assert again.me["stage"] == "in_call"
            assert again.welcome["peer"] == dana.welcome["peer"]


OUTAGES = {
    "full": OperationalError("insert", {}, Exception("disk full")),
    "closed": InterfaceError("insert", {}, Exception("the connection is closed")),
    "read-only": InternalError("insert", {}, Exception("cannot execute INSERT in a read-only transaction")),
    "overrun": PoolTimeout(),
    "gone": ConnectionRefusedError(),
}


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
async def test_what_the_database_does_not_take_is_told_to_nobody(
    sockets: str, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch, outage: Exception
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        with broken(monkeypatch, "perform", outage):
            for kind, body in (("chat", {"body": "Lost?"}), ("admit", {})):
                with pytest.raises(Refused, match="not_stored"):
                    await alice.command(kind, **body)
        await dana.command("chat", body="Hello?")
        await alice.until(lambda: alice.page.messages)
        assert [message["body"] for message in dana.page.messages + alice.page.messages] == ["Hello?", "Hello?"]
        assert dana.me["stage"] == "waiting"
        await alice.command("admit")


async def test_a_broken_rule_of_the_schema_is_a_bug_and_no_outage(
    sockets: str, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        with broken(monkeypatch, "perform", IntegrityError("insert", {}, Exception("NOT NULL"))), pytest.raises(Refused, match="error"):
            await alice.command("chat", body="Hello")
        assert await alice.until_closed() == 1011


async def test_a_database_that_is_gone_for_a_while_puts_nobody_out(
    sockets: str, quick: House, meeting: Meeting, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick
    gone = OperationalError("select", {}, Exception("server closed the connection"))
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        with broken(monkeypatch, "read_facts", gone), broken(monkeypatch, "note_seen", gone), structlog.testing.capture_logs() as logs:
            clock.advance(60)
            await until(lambda: has_logged(logs, 2))
            await dana.command("hand", up=True)
        await alice.until(lambda: alice.other(meeting.participant_id)["hand"])
        assert {line["event"] for line in logs} == {"database refused"}


async def has_logged(logs: list[structlog.typing.EventDict], count: int) -> bool:
    return len(logs) >= count


@pytest.mark.row("V4")
async def test_the_end_of_the_process_asks_everybody_to_come_back(
    sockets: str, app: Starlette, house: House, meeting: Meeting, clock: StillClock
) -> None:
    rooms: Rooms = app.state.rooms
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        clock.advance(7)
        await dana.command("hand", up=True)
        await rooms.close(5)
        assert await dana.until_closed() == 1012
        assert await alice.until_closed() == 1012
        with pytest.raises(Overloaded):
            await rooms.run(meeting.consultation_id, meeting.participant_id, Chat(body="Too late"))
        async with house.database.read() as tx:
            patient = await tx.get_one(Participant, meeting.participant_id)
            stretch = (await tx.scalars(select(Attendance).where(Attendance.participant_id == patient.id))).one()
        assert patient.stage == "in_call"
        assert (stretch.left_at, stretch.last_seen_at) == (None, clock.now())


async def test_an_empty_room_is_forgotten_after_its_linger_time(rooms: Rooms, house: House, meeting: Meeting, clock: StillClock) -> None:
    await rooms.run(meeting.consultation_id, meeting.participant_id, Chat(body="One"))
    first = room_of(rooms, meeting)
    assert first is not None
    clock.advance(59)
    await rooms.run(meeting.consultation_id, meeting.participant_id, Chat(body="Two"))
    assert room_of(rooms, meeting) is first
    clock.advance(61)
    await until(lambda: is_forgotten(rooms, meeting))
    await rooms.run(meeting.consultation_id, meeting.participant_id, Chat(body="Three"))
    assert room_of(rooms, meeting) is not first
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(ChatMessage.body).order_by(ChatMessage.id))) == ["One", "Two", "Three"]


def room_of(rooms: Rooms, meeting: Meeting) -> Room | None:
    return rooms._rooms.get(meeting.consultation_id)


async def is_forgotten(rooms: Rooms, meeting: Meeting) -> bool:
    return room_of(rooms, meeting) is None


async def test_many_who_come_while_it_unloads_all_get_in(rooms: Rooms, house: House, meeting: Meeting, clock: StillClock) -> None:
    """Whatever the moment, an ask is answered: by the room that was there, or by its successor."""
    for round_ in range(8):
        clock.advance(61)
        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(rooms.run, meeting.consultation_id, meeting.participant_id, Chat(body=f"{round_} {number}"))
                await anyio.lowlevel.checkpoint()
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(ChatMessage.id)))) == 40


async def test_a_full_inbox_makes_its_senders_wait_and_loses_nothing(
    rooms: Rooms, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_ASKS", 3)
    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(rooms.run, meeting.consultation_id, meeting.participant_id, Chat(body=str(number)))
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(ChatMessage.id)))) == 30


async def test_those_who_wait_for_a_room_that_crashes_hear_of_it(
    rooms: Rooms, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    async def ask() -> None:
        try:
            await rooms.run(meeting.consultation_id, meeting.participant_id, Chat(body="Hello"))
        except ConsiliumError as error:
            heard.append(error.code)

    monkeypatch.setattr(inbox, "MAX_ASKS", 3)
    with broken(monkeypatch, "act", ZeroDivisionError()):
        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(ask)
    assert heard == ["error"] * 30


async def test_a_socket_that_closed_before_its_turn_gets_no_place(rooms: Rooms, house: House, meeting: Meeting) -> None:
    subject = RoomSubject(meeting.consultation_id, meeting.participant_id, Role.PATIENT, "Dana Diaz", None, meeting.visit_id)
    ask, outcome = asked(Join(rooms.new_handle(), Page(closing=True), subject, 1, None))
    room = await rooms.post(meeting.consultation_id, ask)
    await outcome
    assert room.participants == set()
    async with house.database.read() as tx:
        assert (await tx.get_one(Participant, meeting.participant_id)).stage == "not_arrived"


async def test_a_socket_that_was_replaced_commands_nothing_any_more(rooms: Rooms, meeting: Meeting) -> None:
    ask, outcome = asked(Act(meeting.participant_id, rooms.new_handle(), Chat(body="From an old tab")))
    await rooms.post(meeting.consultation_id, ask)
    with pytest.raises(Conflict) as refused:
        await outcome
    assert refused.value.code == "replaced"


async def test_a_frame_for_a_room_that_has_ended_asks_the_page_to_come_back(rooms: Rooms, app: Starlette, meeting: Meeting) -> None:
    page = Page()
    conversation = RoomConversation(SimpleNamespace(app=app, cookies={}, headers={}), page)  # type: ignore[arg-type]
    hello = {"ticket": patient_ticket(app.state.house, meeting), "resume": None}
    await conversation.open(Frame("hello", 1, hello))
    await rooms.close(5)
    page.closing, page.closed = False, None
    await conversation.receive(Frame("hand", 2, {"up": True}))
    assert page.closed is not None
    assert page.closed[0] == 1012
    conversation.closed()


async def test_a_consultation_that_is_not_there_has_no_room(rooms: Rooms) -> None:
    nowhere = uuid4()
    with pytest.raises(NotFound):
        await rooms.run(nowhere, uuid4(), Chat(body="Hello"))
    assert nowhere not in rooms._rooms


async def test_a_consultation_that_disappears_closes_its_room(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_patient(sockets, house, meeting) as dana:
        async with house.database.write() as tx:
            await tx.execute(text("DELETE FROM participant"))
            await tx.execute(text("DELETE FROM join_link"))
            await tx.execute(text("DELETE FROM consultation"))
            tx.hint(f"rights:{meeting.consultation_id}")
        assert await dana.until_closed() == 4404


async def test_a_place_that_was_added_after_loading_is_found(rooms: Rooms, house: House, meeting: Meeting) -> None:
    await rooms.run(meeting.consultation_id, meeting.participant_id, Chat(body="One"))
    async with house.database.write() as tx:
        patient = await tx.get_one(Participant, meeting.participant_id)
        place = Participant(
            id=new_id(), consultation_id=patient.consultation_id, role="professional", person_id=ALICE.person_id, name=ALICE.full_name,
            companion=None, stage="not_arrived", waiting_since=None, admitted_at=None, refused_reason=None, devices=None, quiet=False,
        )  # fmt: skip
        tx.add(place)
    await rooms.run(meeting.consultation_id, place.id, Chat(body="Two"))


@pytest.mark.row("V4")
async def test_a_stretch_that_a_crash_left_open_ends_with_its_last_beat(house: House, meeting: Meeting, clock: StillClock) -> None:
    began = clock.now()
    for pause in (0, 60, 200, 0):
        clock.advance(pause)
        async with house.database.write() as tx:
            await begin_stretch(tx, meeting.participant_id, clock.now())
    async with house.database.write() as tx:
        await end_stretch(tx, meeting.participant_id)
        await note_seen(tx, {meeting.participant_id: clock.now()})
    async with house.database.read() as tx:
        rows = list(await tx.scalars(select(Attendance).order_by(Attendance.joined_at, Attendance.left_at.is_(None))))
    times = [[at and (at - began).total_seconds() for at in (row.joined_at, row.last_seen_at, row.left_at)] for row in rows]
    assert times == [[0, 60, 60], [260, 260, 260], [260, 260, None]]


@pytest.mark.row("V4")
async def test_what_a_crash_left_open_is_swept_up(rooms: Rooms, house: House, meeting: Meeting, clock: StillClock) -> None:
    began = clock.now()
    async with house.database.write() as tx:
        patient = await tx.get_one(Participant, meeting.participant_id)
        patient.stage = "in_call"
        tx.add(Attendance(id=new_id(), participant_id=patient.id, joined_at=began, last_seen_at=began, left_at=None))
    async with house.database.write() as tx:
        clock.advance(110)
        assert await sweep_stale(tx, (), clock.now()) == 0
        clock.advance(20)
        assert await sweep_stale(tx, {meeting.participant_id}, clock.now()) == 0
    rooms.start()
    await until(lambda: has_left(house, meeting))
    async with house.database.read() as tx:
        assert (await tx.scalars(select(Attendance.left_at))).one() == began


async def has_left(house: House, meeting: Meeting) -> bool:
    async with house.database.read() as tx:
        return (await tx.get_one(Participant, meeting.participant_id)).stage == "left"
