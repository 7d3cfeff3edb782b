"""How messages leave: straight into uvicorn's transport, or by ASGI `send`; both ways keep the order and say goodbye last."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from server.core.supervise import Supervisor
from server.notes import outlet, ws
from server.notes.limits import MAX_BACKLOG, MAX_QUEUED
from server.notes.outlet import Outlet, QueueOutlet, RawOutlet
from server.notes.yproto import wire_frame
from tests.cast import ALICE, BOB, Meeting
from tests.live.notes.house import Open

pytestmark = [pytest.mark.anyio, pytest.mark.row("N1")]


async def test_uvicorn_is_written_to_directly_behind_all_our_middleware(
    open_note: Open, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contract with uvicorn's inside: when it changes, this fails and the slower way still works."""
    chosen: list[Outlet] = []
    real = ws.open_outlet

    def choose(*arguments: Any) -> Outlet:
        chosen.append(real(*arguments))
        return chosen[-1]

    monkeypatch.setattr(ws, "open_outlet", choose)
    await open_note(ALICE)
    assert [type(each) for each in chosen] == [RawOutlet]


async def test_the_other_way_works_as_well(open_note: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws, "open_outlet", lambda _, send, supervisor: QueueOutlet(send, supervisor))
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("by send")
    await bob.until(lambda tab: tab.text() == "by send")
    await alice.until(lambda tab: tab.saved)
    await bob.socket.send("text")
    assert await bob.closed() == 4400


async def test_bad_41_a_slow_reader_is_closed_and_comes_back(open_note: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    with monkeypatch.context() as patch:
        patch.setattr(outlet, "MAX_BACKLOG", -1)
        await bob.ask()
        assert await bob.closed() == 1013
    await alice.type("meanwhile")
    await alice.until(lambda tab: tab.saved)
    again = await open_note(BOB, older=bob)
    await again.until(lambda tab: tab.text() == "meanwhile")


class Line:
    """Stands for a transport with a reader who has not taken `waiting` bytes."""

    def __init__(self, waiting: int = 0, *, closing: bool = False) -> None:
        self.waiting = waiting
        self.closing = closing
        self.written: list[bytes] = []
        self.aborted = False

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True


async def ignore(message: Message) -> None:
    del message


def raw(line: Line, send: Any = ignore) -> RawOutlet:
    return RawOutlet(line, send)  # type: ignore[arg-type]


def push(way: Outlet, message: bytes) -> bool:
    return way.push(message, wire_frame(message))


async def test_what_one_turn_of_the_loop_brings_is_written_in_one_go() -> None:
    line = Line()
    way = raw(line)
    assert push(way, b"words")
    assert push(way, b"and an ack")
    assert line.written == []
    await asyncio.sleep(0)
    assert line.written == [wire_frame(b"words") + wire_frame(b"and an ack")]


async def test_a_farewell_comes_after_what_was_pushed() -> None:
    line = Line()
    way = raw(line, lambda message: asyncio.sleep(0, line.write(message["reason"].encode())))
    assert push(way, b"words")
    await way.close(1012, "restart")
    await asyncio.sleep(0)
    assert line.written == [wire_frame(b"words"), b"restart"]


async def test_nothing_is_written_to_a_closing_transport() -> None:
    line = Line()
    way = raw(line)
    assert push(way, b"words")
    line.closing = True
    assert push(way, b"more words")
    await asyncio.sleep(0)
    assert line.written == []


@pytest.mark.parametrize(("waiting", "keeps_up"), [(MAX_BACKLOG, True), (MAX_BACKLOG + 1, False)])
async def test_the_backlog_is_bounded(waiting: int, keeps_up: bool) -> None:
    assert push(raw(Line(waiting)), b"words") is keeps_up


async def test_what_waits_for_its_turn_counts_as_backlog() -> None:
    way = raw(Line())
    assert push(way, bytes(MAX_BACKLOG))
    assert not push(way, b"words")


async def test_a_reader_who_takes_no_farewell_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "CLOSE_WITHIN_S", 0.01)
    line = Line()

    async def stuck(message: Message) -> None:
        await asyncio.Event().wait()

    await raw(line, stuck).close(1013, "slow")
    assert line.aborted


async def test_a_reader_who_has_gone_needs_no_farewell() -> None:
    async def gone(message: Message) -> None:
        raise OSError

    line = Line()
    await raw(line, gone).close(1012, "restart")
    assert not line.aborted


async def test_a_queue_keeps_the_order_and_says_goodbye_last() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    supervisor = Supervisor()
    way = QueueOutlet(send, supervisor)
    for number in range(5):
        assert push(way, bytes([number]))
    await way.close(4400, "malformed")
    assert [message.get("bytes") for message in sent] == [*(bytes([number]) for number in range(5)), None]
    assert sent[-1] == {"type": "websocket.close", "code": 4400, "reason": "malformed"}
    await supervisor.close(1)


async def test_a_queue_is_bounded_and_given_up_when_nobody_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "CLOSE_WITHIN_S", 0.01)

    async def stuck(message: Message) -> None:
        await asyncio.Event().wait()

    supervisor = Supervisor()
    way = QueueOutlet(stuck, supervisor)
    assert all(push(way, b"x") for _ in range(MAX_QUEUED))
    assert not push(way, b"x")
    await way.close(1013, "slow")
    await supervisor.close(1)


async def test_a_queue_ends_quietly_when_the_reader_has_gone() -> None:
    async def gone(message: Message) -> None:
        raise OSError

    supervisor = Supervisor()
    way = QueueOutlet(gone, supervisor)
    push(way, b"x")
    await way.close(1012, "restart")
    way.drop()
    await supervisor.close(1)
