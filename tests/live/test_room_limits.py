"""The room's bounds, each with what happens at it (docs/WIRE.md 2.6; bad input 27)."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from server.consultation import ws
from server.consultation.commands import MAX_DESCRIPTION
from server.consultation.live_actions import MAX_MESSAGES
from server.consultation.records import ChatMessage
from server.consultation.ws import STORED_BURST, WORDS_BURST, WORDS_PER_S
from server.core.house import House
from server.web.connection import SocketLimits
from tests.cast import ALICE, Meeting
from tests.conftest import ORIGIN, StillClock
from tests.live.room_client import Client, Refused, as_patient, as_staff, patient_ticket

pytestmark = pytest.mark.anyio

LIMITS = SocketLimits()
IDLE = 1000


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        '{"t":"chat","id":9,"b":{"body":"\\u0000"}}',
        '{"t":"chat","id":9,"b":{"body":"\\ud800"}}',
        '{"t":"media","id":9,"b":{"mic":NaN}}',
        b"\x00\x01",
    ],
    ids=str,
)
async def test_bad_27_a_frame_that_cannot_be_read_ends_its_connection_only(
    sockets: str, house: House, meeting: Meeting, frame: str | bytes
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await dana.socket.send(frame)
        assert await dana.until_closed() == 4400
        await alice.command("chat", body="Still here")


async def test_bad_27_a_body_that_is_not_acceptable_is_answered(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_patient(sockets, house, meeting) as dana:
        for kind, body, code in (
            ("chat", {"body": ""}, "malformed"),
            ("hand", {"up": 1}, "malformed"),
            ("nothing", {}, "unknown_command"),
            ("signal", {"to": "x", "description": {"type": "offer", "sdp": "not one"}}, "malformed"),
            ("signal", {"to": "x", "description": {"type": "offer", "sdp": "v=0" + "x" * MAX_DESCRIPTION}}, "too_big"),
            ("signal", {"to": "x", "candidate": None}, "not_connected"),
        ):
            with pytest.raises(Refused) as refused:
                await dana.command(kind, **body)
            assert refused.value.code == code
        await dana.command("hand", up=True)


async def test_bad_27_a_frame_of_more_than_64_kib_is_cut_off(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_patient(sockets, house, meeting) as dana:
        await dana.send("chat", body="x" * 70_000)
        assert await dana.until_closed() == 1009


async def test_bad_27_a_flood_ends_the_connection_and_nobody_elses(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        for _ in range(int(LIMITS.frames_burst) + 1):
            await dana.send("hand", up=True)
        assert await dana.until_closed() == 4429
        await alice.command("chat", body="Still here")


async def test_commands_that_cost_a_transaction_are_counted_apart(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_patient(sockets, house, meeting) as dana:
        for number in range(int(STORED_BURST)):
            await dana.command("chat", body=str(number))
        with pytest.raises(Refused, match="too_fast"):
            await dana.command("chat", body="One too many")
        clock.advance(1)
        await dana.command("chat", body="After a moment")


@pytest.mark.row("V5")
async def test_words_to_the_engine_are_counted_apart_and_together(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        for _ in range(int(WORDS_BURST) - 1):
            await dana.command("watch", wishes=[])
        await dana.command("restart_media", side="subscribe")
        with pytest.raises(Refused, match="too_fast"):
            await dana.command("answer", epoch=1, side="publish", number=1, sdp="v=0")
        await dana.command("chat", body="Words to the engine do not count against the chat")
        await alice.command("watch", wishes=[])
        clock.advance(1)
        for _ in range(int(WORDS_PER_S)):
            await dana.command("watch", wishes=[])
        with pytest.raises(Refused, match="too_fast"):
            await dana.command("watch", wishes=[])


async def test_a_consultation_takes_so_many_messages(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with house.database.write() as tx:
        tx.add_all(
            ChatMessage(
                consultation_id=meeting.consultation_id, participant_id=meeting.participant_id, body=str(number), sent_at=clock.now()
            )
            for number in range(MAX_MESSAGES - 1)
        )
    async with as_patient(sockets, house, meeting) as dana:
        assert dana.page.messages[-1]["body"] == str(MAX_MESSAGES - 2)
        await dana.command("chat", body="The last one")
        with pytest.raises(Refused, match="chat_full"):
            await dana.command("chat", body="One too many")


@pytest.mark.row("V4")
async def test_a_slow_reader_is_closed_and_the_sender_never_waits(app: Starlette, sockets: str, house: House, meeting: Meeting) -> None:
    limit(app, replace(LIMITS, queued_frames=8, silence_s=60, farewell_s=60))
    async with as_staff(sockets, house, ALICE, meeting) as alice, slow_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        offer = {"type": "offer", "sdp": "v=0" + "x" * (MAX_DESCRIPTION - 3)}
        for _ in range(110):
            await alice.send("signal", to=dana.welcome["peer"], description=offer)
        await alice.until(lambda: alice.stage(meeting.participant_id) == "in_call")
        assert await dana.until_closed() == 1013
        assert dana.bye == {"code": 1013, "message": "The connection is too slow."}
        await alice.until(lambda: not alice.other(meeting.participant_id)["present"])
        await alice.command("chat", body="Are you there?")


def limit(app: Starlette, limits: SocketLimits) -> None:
    """Give the room's socket other limits."""
    (socket_route,) = ws.routes(limits)
    app.router.routes[:] = [socket_route if getattr(route, "path", "") == "/ws/room" else route for route in app.router.routes]


@asynccontextmanager
async def slow_patient(sockets: str, house: House, meeting: Meeting) -> AsyncIterator[Client]:
    """A patient whose system takes a few kilobytes and then no more, until somebody reads."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", int(sockets.rsplit(":", 1)[1])))
    async with connect(f"{sockets}/ws/room", origin=ORIGIN, sock=raw, compression=None, max_queue=1) as connection:  # type: ignore[arg-type]
        yield await Client(connection).hello(patient_ticket(house, meeting))


async def test_bad_27_a_thousand_who_say_nothing_keep_nobody_out(app: Starlette, sockets: str, house: House, meeting: Meeting) -> None:
    limit(app, replace(LIMITS, hello_s=120))  # so that nobody is closed for another reason while the thousand dial
    async with AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(silent(sockets)) for _ in range(IDLE)]
        async with as_patient(sockets, house, meeting) as dana:
            await dana.command("chat", body="I got in")
        for client in idle[: IDLE - LIMITS.pending_hellos]:
            await client.wait_closed()
            assert client.close_code == 1013
        assert all(client.close_code is None for client in idle[IDLE - LIMITS.pending_hellos + 1 :])


@asynccontextmanager
async def silent(sockets: str) -> AsyncIterator[ClientConnection]:
    options = {"proxy": None, "compression": None, "ping_interval": None}
    async with connect(f"{sockets}/ws/room", origin=ORIGIN, close_timeout=0.1, **options) as client:  # type: ignore[arg-type]
        yield client


async def test_what_is_said_is_what_is_kept(sockets: str, house: House, meeting: Meeting) -> None:
    """Names and messages are text: nothing is interpreted, escaped or cut on the way (bad input 35)."""
    hostile = "<script>alert('1')</script> =1+1 {{7*7}} \u202e\u0645\u0631\u062d\u0628\u0627 \U0001f600 %s \\n"
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await dana.command("chat", body=hostile)
        await alice.until(lambda: alice.page.messages)
        assert json.dumps(alice.page.messages[0]["body"]) == json.dumps(hostile)
