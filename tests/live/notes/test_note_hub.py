"""The life of an open note: loaded once, stored or closed, let go when nobody reads it, and never in two places at once."""

import asyncio
import sqlite3
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import delete, update

from server.core.house import House
from server.notes import hub as hub_module
from server.notes import loading
from server.notes.document import Saved
from server.notes.hub import Hub
from server.notes.limits import MAX_CONNECTIONS, MAX_CONNECTIONS_PERSON
from server.notes.live import State
from server.notes.model import NoteSnapshot, NoteUpdate
from tests.cast import ALICE, BOB, Meeting
from tests.live.notes.conftest import Gate
from tests.live.notes.house import Open, eventually, only_place, rows_of, unguard

pytestmark = [pytest.mark.anyio, pytest.mark.row("N1")]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


async def test_a_cold_note_is_read_once_however_many_come_at_once(open_note: Open, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = 0
    real = loading.read_log

    async def counted(*arguments: object, **options: object) -> object:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0.05)
        return await real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "read_log", counted)
    tabs = await asyncio.gather(*(open_note(person) for person in (ALICE, BOB) * MAX_CONNECTIONS_PERSON))
    assert loads == 1
    await tabs[0].type("to all")
    for tab in tabs[1:]:
        await tab.until(lambda tab: tab.text() == "to all")


async def test_a_long_note_is_read_without_holding_up_the_others(open_note: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    real = loading.restore

    def noted(saved: Saved) -> object:
        threads.append(threading.get_ident())
        return real(saved)

    monkeypatch.setattr(loading, "restore", noted)
    await open_note(ALICE)
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_bad_41_the_sixth_connection_of_a_person(open_note: Open) -> None:
    for _ in range(MAX_CONNECTIONS_PERSON):
        await open_note(ALICE)
    assert await (await open_note(ALICE, until_synced=False)).closed() == 1013
    await open_note(BOB)


async def test_bad_41_the_21st_connection_of_a_note(open_note: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.notes.live.MAX_CONNECTIONS_PERSON", MAX_CONNECTIONS)
    tabs = [await open_note((ALICE, BOB)[number % 2]) for number in range(MAX_CONNECTIONS)]
    refused = await open_note(ALICE, until_synced=False)
    assert await refused.closed() == 1013
    assert refused.socket.close_reason == "full_house"
    await tabs[0].type("to all")
    for tab in tabs:
        await tab.until(lambda tab: tab.text() == "to all")


async def test_a_note_that_nobody_reads_is_let_go_and_comes_back(open_note: Open, hub: Hub, house: House, meeting: Meeting) -> None:
    hub._linger_s = 0.0
    alice = await open_note(ALICE)
    await alice.type("long ago")
    await alice.until(lambda tab: tab.saved)
    live = only_place(hub).live
    await alice.socket.close()
    await eventually(lambda: not hub._places)
    assert live.state is State.GONE
    assert (await open_note(BOB)).text() == "long ago"


async def test_whoever_comes_while_it_is_put_away_calls_it_off(
    open_note: Open, hub: Hub, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub._linger_s = 0.0
    flushing, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*arguments: object) -> None:
        flushing.set()
        await go_on.wait()

    monkeypatch.setattr(hub, "_snapshot", slow)
    alice = await open_note(ALICE)
    await alice.type("one ")
    await alice.until(lambda tab: tab.saved)
    live = only_place(hub).live
    await alice.socket.close()
    await flushing.wait()
    bob = await open_note(BOB)
    go_on.set()
    await eventually(lambda: not any(task.get_name() == "note unload" for task in house.supervisor._tasks))
    await bob.type("two")
    await bob.until(lambda tab: tab.saved)
    assert only_place(hub).live is live
    assert (await open_note(ALICE)).text() == "one two"


async def test_whoever_comes_just_as_the_time_is_up_stays(open_note: Open, hub: Hub, house: House, meeting: Meeting) -> None:
    """The timer has fired and its task has not begun: a note with somebody in it is not put away, and takes every word."""
    hub._linger_s = 0.0
    real, held = house.supervisor.spawn, []

    def hold(work: Coroutine[Any, Any, None], *, name: str, **more: Any) -> object:
        if name == "note unload":
            held.append(work)
            return None
        return real(work, name=name, **more)

    house.supervisor.spawn = hold  # type: ignore[assignment]
    alice = await open_note(ALICE)
    place = only_place(hub)
    await alice.socket.close()
    await eventually(lambda: held)
    bob = await open_note(BOB)
    await held.pop()
    assert only_place(hub) is place
    await bob.type("heard")
    await bob.until(lambda tab: tab.saved)


async def test_what_is_not_stored_yet_keeps_the_note(open_note: Open, hub: Hub, gate: Gate, meeting: Meeting) -> None:
    hub._linger_s = 0.0
    alice, bob = await open_note(ALICE), await open_note(BOB)
    gate.clear()
    await alice.type("in the queue")
    await alice.ask()
    await alice.send_state({"section": "plan"})
    live = only_place(hub).live
    await eventually(lambda: bool(live.presence.states))
    await alice.socket.close()
    await bob.socket.close()
    await eventually(lambda: live.state is State.FLUSHING)
    gate.set()
    await eventually(lambda: not hub._places)
    assert (await open_note(BOB)).text() == "in the queue"


REFUSALS = [sqlite3.OperationalError("database or disk is full"), sqlite3.OperationalError("database is locked"), OSError("gone")]


@pytest.mark.row("N2")
@pytest.mark.parametrize("error", REFUSALS, ids=["full", "locked", "gone"])
async def test_bad_42_a_failed_write_is_never_called_saved(
    open_note: Open, gate: Gate, house: House, meeting: Meeting, error: Exception
) -> None:
    """The room is closed 4500 and read again from the log; the tab kept its words and sends them when the database is back."""
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("stored. ")
    await bob.until(lambda tab: tab.text() == "stored. ")
    await alice.until(lambda tab: tab.saved)
    gate.error = error
    await alice.type("not stored.")
    assert await alice.closed() == 4500
    assert await bob.closed() == 4500
    assert not alice.saved
    assert bob.text() == "stored. "
    assert len(await rows_of(house.database, meeting.consultation_id)) == 1
    gate.error = None
    again = await open_note(ALICE, older=alice)
    await again.until(lambda tab: tab.saved)
    assert (await open_note(BOB)).text() == "stored. not stored."


async def test_another_writer_of_the_same_note_is_found_out(open_note: Open, house: House, meeting: Meeting) -> None:
    """Its number is taken, so the room is dropped and read again."""
    alice = await open_note(ALICE)
    await alice.type("one")
    await alice.until(lambda tab: tab.saved)
    (row,) = await rows_of(house.database, meeting.consultation_id)
    async with house.database.write() as tx:
        tx.add(NoteUpdate(**row._replace(seq=2)._asdict()))
    await alice.type("two")
    assert await alice.closed() == 4500
    async with house.database.write() as tx:
        await tx.execute(delete(NoteUpdate).where(NoteUpdate.seq == 2))
    again = await open_note(ALICE, older=alice)
    await again.until(lambda tab: tab.saved)
    assert len(await rows_of(house.database, meeting.consultation_id)) == 2


async def test_a_log_that_was_tampered_with_is_not_opened(open_note: Open, hub: Hub, house: House, meeting: Meeting) -> None:
    hub._linger_s = 0.0
    alice = await open_note(ALICE)
    for word in ("one ", "two ", "three"):
        await alice.type(word)
    await alice.until(lambda tab: tab.saved)
    await alice.socket.close()
    await eventually(lambda: not hub._places)
    async with house.database.write() as tx:
        await tx.execute(delete(NoteSnapshot))
        await unguard(tx, "note_update")
        await tx.execute(update(NoteUpdate).where(NoteUpdate.seq == 2).values(ts_ms=0))
    assert await (await open_note(ALICE, until_synced=False)).closed() == 4500
    assert not hub._places


async def test_a_spoilt_snapshot_is_only_a_cache(open_note: Open, hub: Hub, house: House, meeting: Meeting) -> None:
    hub._linger_s = 0.0
    alice = await open_note(ALICE)
    await alice.type("safe in the log")
    await alice.until(lambda tab: tab.saved)
    await alice.socket.close()
    await eventually(lambda: not hub._places)
    async with house.database.write() as tx:
        await tx.execute(update(NoteSnapshot).values(payload=b"junk"))
    assert (await open_note(BOB)).text() == "safe in the log"


async def test_a_long_note_gets_its_snapshot_while_people_write(
    open_note: Open, hub: Hub, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "SNAPSHOT_EVERY", 5)
    kept: list[int] = []
    real = hub_module.keep_snapshot

    async def keep(tx: object, note_id: int, seq: int, packed: bytes) -> None:
        await real(tx, note_id, seq, packed)  # type: ignore[arg-type]
        kept.append(seq)

    monkeypatch.setattr(hub_module, "keep_snapshot", keep)
    alice = await open_note(ALICE)
    for number in range(12):
        await alice.type(str(number))
        await alice.until(lambda tab: tab.saved)
    await eventually(lambda: len(kept) >= 2)
    only_place(hub).live.fail(hub_module.Restarting())
    assert await alice.closed() == 1012
    assert (await open_note(BOB)).text() == "01234567891011"


async def test_a_restart_says_so_and_flushes(open_note: Open, hub: Hub, gate: Gate, house: House, meeting: Meeting) -> None:
    alice = await open_note(ALICE)
    gate.clear()
    await alice.type("last words")
    await alice.ask()
    bob = await open_note(BOB, until_synced=False)
    await bob.until(lambda tab: tab.hello)
    closing = asyncio.ensure_future(hub.close(10))  # noqa: TID251 - the app's lifespan in the test's hand
    assert await alice.closed() == 1012
    assert await bob.closed() == 1012
    gate.set()
    await closing
    assert len(await rows_of(house.database, meeting.consultation_id)) == 1
    assert await (await open_note(ALICE, until_synced=False)).closed() == 1012


async def test_a_database_that_does_not_come_back_ends_the_flush_at_its_deadline(
    open_note: Open, hub: Hub, gate: Gate, house: House, meeting: Meeting
) -> None:
    alice = await open_note(ALICE)
    gate.clear()
    await alice.type("too late")
    await alice.ask()
    bob = await open_note(BOB, until_synced=False)
    await bob.until(lambda tab: tab.hello)
    await hub.close(0.05)
    assert await alice.closed() == 1012
    assert not alice.saved
    assert await rows_of(house.database, meeting.consultation_id) == []


async def test_a_snapshot_that_cannot_be_kept_keeps_nobody_from_leaving(open_note: Open, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*arguments: object) -> None:
        raise OSError

    monkeypatch.setattr(hub_module, "keep_snapshot", refuse)
    hub._linger_s = 0.0
    alice = await open_note(ALICE)
    await alice.type("in the log")
    await alice.until(lambda tab: tab.saved)
    await alice.socket.close()
    await eventually(lambda: not hub._places)
    assert (await open_note(BOB)).text() == "in the log"


async def test_a_crash_of_the_load_is_told_to_all_who_wait_and_forgotten(
    open_note: Open, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*arguments: object, **options: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(loading, "read_log", crash)
        tabs = await asyncio.gather(*(open_note(person, until_synced=False) for person in (ALICE, BOB)))
        assert [await tab.closed() for tab in tabs] == [4500, 4500]
    assert not hub._places
    await open_note(ALICE)
