"""Two people in one note: they see each other's words, and 'saved' is said only of what is on disk."""

import asyncio
import re

import pytest
from sqlalchemy import select

from server.access.policy import Kind
from server.core.house import House
from server.notes.chain import Chain
from server.notes.hub import Hub
from server.notes.model import Note, NoteSession
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import StillClock
from tests.live.notes.conftest import Gate
from tests.live.notes.house import Open, eventually, only_place, rows_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("N1")]

EDITS = 50
HOUR_S = 3600


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


async def test_words_of_both_arrive_at_both(open_note: Open) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("Rest and fluids. ")
    await bob.until(lambda tab: "fluids" in tab.text())
    await asyncio.gather(alice.type("Alice.", "subjective"), bob.type("Bob.", "objective"))
    for tab in (alice, bob):
        await tab.until(lambda tab: tab.text("subjective") == "Alice." and tab.text("objective") == "Bob.")
        await tab.until(lambda tab: tab.saved)
    assert alice.doc.get_state() == bob.doc.get_state()


async def test_both_type_at_the_same_place_at_once(open_note: Open) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("x")
    await bob.until(lambda tab: tab.text() == "x")
    for number in range(20):
        await asyncio.gather(alice.type(chr(97 + number)), bob.type(chr(65 + number)))
    for tab in (alice, bob):
        await tab.until(lambda tab: len(tab.text()) == 41 and tab.saved)
    assert alice.text() == bob.text()


@pytest.mark.row("N2")
async def test_what_was_typed_is_there_for_the_next_one(open_note: Open, house: House, meeting: Meeting) -> None:
    alice = await open_note(ALICE)
    for letter in "Paracetamol 1 g":
        await alice.type(letter)
    await alice.until(lambda tab: tab.saved)
    assert "Paracetamol 1 g" in (await open_note(BOB, until_synced=True)).text()
    rows = await rows_of(house.database, meeting.consultation_id)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    Chain(rows[0].note_id).follow(rows)


async def test_every_row_says_whose_it_is(open_note: Open, house: House, meeting: Meeting) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("a")
    await bob.until(lambda tab: tab.text() == "a")
    await bob.type("b")
    await bob.until(lambda tab: tab.saved)
    async with house.database.read() as tx:
        people = {session.id: session.person_id for session in await tx.scalars(select(NoteSession))}
    rows = await rows_of(house.database, meeting.consultation_id)
    assert [people[row.session_id] for row in rows] == [ALICE.person_id, BOB.person_id]


@pytest.mark.row("N2")
async def test_saved_is_said_only_after_the_commit(open_note: Open, house: House, hub: Hub, gate: Gate, meeting: Meeting) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    gate.clear()
    await alice.type("not yet")
    await alice.send_state({"section": "plan", "writing": True})
    await eventually(lambda: bool(only_place(hub).live.presence.states))
    assert not alice.saved
    assert bob.text() == ""
    assert bob.states == {}, "a caret comes after the letters that it stands behind"
    assert await rows_of(house.database, meeting.consultation_id) == []
    gate.set()
    await alice.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == "not yet" and bool(tab.states))
    assert len(await rows_of(house.database, meeting.consultation_id)) == 1


@pytest.mark.row("N2")
async def test_who_comes_meanwhile_gets_no_text_that_is_not_stored(open_note: Open, hub: Hub, gate: Gate) -> None:
    alice = await open_note(ALICE)
    gate.clear()
    await alice.type("not yet")
    bob = await open_note(BOB, until_synced=False)
    await bob.until(lambda tab: tab.hello)
    await bob.send_state({"section": "plan"})
    await eventually(lambda: bool(only_place(hub).live.presence.states))
    assert not bob.synced
    gate.set()
    await bob.until(lambda tab: tab.text() == "not yet")


@pytest.mark.row("N2")
async def test_a_tab_that_comes_back_is_not_told_saved_while_its_words_are_on_their_way(open_note: Open, gate: Gate) -> None:
    """The server has the words in memory, so the tab sends none again; still they are not on disk."""
    alice = await open_note(ALICE)
    gate.clear()
    await alice.type("on its way")
    await alice.ask()
    again = await open_note(ALICE, older=alice, until_synced=False)
    await again.until(lambda tab: tab.sent)
    await again.send_state({"section": "plan"})
    await again.send_state({"section": "subjective"})
    assert again.acked == 0
    gate.set()
    await again.until(lambda tab: tab.saved)


@pytest.mark.row("N2")
async def test_bad_42_fifty_edits_while_the_line_is_down_are_sent_when_it_is_back(open_note: Open) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("before ")
    await alice.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == "before ")
    await alice.socket.close()
    edits = [f"{number}," for number in range(50)]
    for edit in edits:
        alice.write(edit)
    await bob.type("meanwhile", "subjective")
    await bob.until(lambda tab: tab.saved)
    again = await open_note(ALICE, older=alice)
    await again.until(lambda tab: tab.saved)
    assert again.hello["client_id"] == alice.hello["client_id"]
    for tab in (again, bob, await open_note(BOB)):
        await tab.until(lambda tab: tab.text() == "before " + "".join(edits))
        assert tab.text("subjective") == "meanwhile"


async def test_the_same_tab_twice_closes_the_older_one(open_note: Open) -> None:
    alice = await open_note(ALICE)
    again = await open_note(ALICE, older=alice)
    assert await alice.closed() == 4409
    await again.type("still here")
    await again.until(lambda tab: tab.saved)


async def test_bad_42_two_tabs_of_one_person_are_two_authors(open_note: Open) -> None:
    one, two = await open_note(ALICE), await open_note(ALICE)
    assert one.hello["client_id"] != two.hello["client_id"]
    await one.type("1")
    await two.until(lambda tab: tab.text() == "1")
    await two.type("2")
    await one.until(lambda tab: tab.text() == "12")


async def test_presence_comes_and_goes(open_note: Open) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.send_state({"user": {"name": "Somebody else"}, "section": "plan", "writing": True, "cursor": None})
    mine = alice.hello["client_id"]
    await bob.until(lambda tab: mine in tab.states)
    state = bob.states[mine][1]
    assert state is not None
    assert state["user"] == {"id": str(ALICE.person_id), "name": "Dr Alice Ahmed"}
    assert state["section"] == "plan"
    late = await open_note(BOB)
    await late.until(lambda tab: mine in tab.states)
    await alice.socket.close()
    await bob.until(lambda tab: tab.states[mine][1] is None)
    assert bob.states[mine][0] == 1


async def test_one_note_per_consultation_however_many_open_it(open_note: Open, house: House) -> None:
    tabs = await asyncio.gather(*(open_note(person) for person in (ALICE, BOB) * 4))
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(Note).where(Note.kind == Kind.SHARED)))) == 1
    assert len({tab.hello["client_id"] for tab in tabs}) == 8
    await tabs[0].type("all see it")
    for tab in tabs[1:]:
        await tab.until(lambda tab: tab.text() == "all see it")


@pytest.mark.row("N2")
async def test_an_hour_asleep_with_fifty_edits_on_each_side(open_note: Open, clock: StillClock) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("Before. ")
    await alice.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == "Before. ")
    alice.socket.transport.abort()
    clock.advance(HOUR_S)
    for number in range(EDITS):
        alice.write(f"a{number}.")
        await bob.type(f"b{number}.")
    await bob.until(lambda tab: tab.saved)
    awake = await open_note(ALICE, older=alice)
    await awake.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == awake.text())
    text = (await open_note(BOB)).text()
    assert text == awake.text()
    assert text.startswith("Before. ")
    for letter in "ab":
        assert re.findall(rf"{letter}\d+", text) == [f"{letter}{number}" for number in range(EDITS)]
