"""Who stands for a note: told to whoever has it open, and asked of the database as often for many notes as for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, event

from server.core.house import House
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import SignIn
from tests.live.notes.client import Tab
from tests.live.notes.house import Open, notes_in
from tests.live.notes.signing import Hand

pytestmark = [pytest.mark.anyio, pytest.mark.row("N6")]


@pytest.fixture
async def notes(sign_in: SignIn, meeting: Meeting) -> dict[str, str]:
    return await notes_in(await sign_in(ALICE), meeting.consultation_id)


@pytest.fixture
async def alice(sign_in: SignIn, notes: dict[str, str]) -> Hand:
    return Hand(await sign_in(ALICE), ALICE, notes["shared"])


@pytest.fixture
async def tab(open_note: Open, notes: dict[str, str]) -> Tab:
    del notes
    tab = await open_note(ALICE)
    await tab.type("Rest")
    await tab.until(lambda tab: tab.saved)
    return tab


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what is asked of any database meanwhile, without the first words of each transaction."""
    asked: list[str] = []

    def heard(connection: object, cursor: object, statement: str, *_: object) -> None:
        del connection, cursor
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", heard)
    yield asked
    event.remove(Engine, "before_cursor_execute", heard)


def selects_of_notes(asked: list[str]) -> list[str]:
    return [statement for statement in asked if statement.startswith("SELECT") and "note" in statement]


async def listed(client: httpx2.AsyncClient, url: str) -> tuple[list[dict[str, Any]], int]:
    """Return the list of notes, and how often notes were asked for: the least of several, as the hub reads rights meanwhile."""
    counts = []
    for _ in range(5):
        with statements() as asked:
            answer = (await client.post(url, json={})).raise_for_status()
        counts.append(len(selects_of_notes(asked)))
    return answer.json()["notes"], min(counts)


async def test_a_colleague_hears_of_a_signature(alice: Hand, tab: Tab, open_note: Open) -> None:
    bob = await open_note(BOB)
    assert bob.events == []
    assert (await alice.sign()).status_code == 200
    for person in (tab, bob):
        await person.until(lambda tab: tab.events == [{"rights": "write", "state": "draft"}])
    await bob.type(", and sleep")
    await bob.until(lambda tab: tab.saved)


async def test_whoever_may_only_read_hears_of_a_lock_and_of_what_amends_it(
    alice: Hand, tab: Tab, open_note: Open, notes: dict[str, str]
) -> None:
    del notes
    assert (await alice.sign(lock=True)).status_code == 200
    await tab.until(lambda tab: tab.events == [{"rights": "read", "state": "locked"}])
    bob = await open_note(BOB)
    assert (await alice.ask("/amend", {"purpose": "addendum", "reason": "Forgot"})).status_code == 201
    for person in (tab, bob):
        await person.until(lambda tab: tab.events[-1:] == [{"rights": "read", "state": "locked"}])
    await tab.until(lambda tab: len(tab.events) == 2)
    assert len(bob.events) == 1


async def test_a_list_of_notes_asks_no_more_than_one_of_few(alice: Hand, tab: Tab, sign_in: SignIn, meeting: Meeting, house: House) -> None:
    del tab, house
    client = await sign_in(ALICE)
    url = f"/api/consultations/{meeting.consultation_id}/notes"
    notes, few = await listed(client, url)
    assert len(notes) == 3
    for _ in range(3):
        assert (await alice.sign()).status_code == 200
    assert (await alice.sign(lock=True)).status_code == 200
    for number in range(1, 4):
        made = (await alice.ask("/amend", {"purpose": "amendment", "reason": "Once more"})).json()
        assert made["number"] == number
        assert (await alice.at(made["id"]).sign(lock=True)).status_code == 200
    found, many = await listed(client, url)
    assert len(found) == 6
    assert [len(note["signatures"]) for note in found] == [4, 0, 0, 1, 1, 1]
    assert many == few > 0


async def test_a_page_of_the_history_reads_the_log_once(alice: Hand, tab: Tab, sign_in: SignIn) -> None:
    await tab.type(" and water")
    await tab.until(lambda tab: tab.saved)
    client = await sign_in(ALICE)
    for query in ("", "?from=1", "?from=1&to=2"):
        with statements() as asked:
            page = await client.get(f"/notes/{alice.note_id}/history{query}")
        assert page.status_code == 200
        assert "Rest" in page.text
        assert len([statement for statement in asked if "note_update.payload" in statement]) == 1, query
