"""Earlier notes beside the note of today: what the policy allows, newest first, and on record."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select, update

from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.notes.actions import open_note
from server.notes.chain import Chain
from server.notes.document import update_place
from server.notes.doors import sealer_of, see_note
from server.notes.earlier import PAGE
from server.notes.model import Note, NoteUpdate
from server.notes.prose import Prose
from server.notes.seeding import seed_update
from server.notes.templates import blocks_of
from tests.cast import ALICE, BOB, CHARLIE, DANA, ERIN, MALLORY, OLGA, Cast, Guest, Meeting, Staff, add_meeting
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("N7"), pytest.mark.row("N3")]

Hold = Callable[..., Awaitable[Meeting]]


@pytest.fixture
def hold(house: House, cast: Cast, clock: StillClock) -> Hold:
    """A function that adds a consultation `days` after the first morning."""

    async def hold(days: int, owner: Staff = ALICE, guest: Guest = DANA, team_id: UUID | None = cast.north) -> Meeting:
        at = clock.now() + timedelta(days=days)
        async with house.database.write() as tx:
            return await add_meeting(tx, house.secrets, clock.now(), owner=owner, guest=guest, team_id=team_id, scheduled_at=at)

    return hold


async def note_of(client: httpx2.AsyncClient, meeting: Meeting, kind: str = "shared") -> str:
    notes = (await client.post(f"/api/consultations/{meeting.consultation_id}/notes", json={})).json()["notes"]
    return str(next(note["id"] for note in notes if note["kind"] == kind))


async def write_into(house: House, author: Staff, note_id: str, *, torn: bool = False, **sections: str) -> int:
    """Put a text into an empty note as its first row, with `torn` one that its hash does not cover; returns the note's number."""
    now = house.clock.now()
    async with house.database.write() as tx:
        opened = await open_note(tx, author.viewer, UUID(note_id), None, now)
        note = (await see_note(tx, author.viewer, UUID(note_id))).note
        text = seed_update(Prose({name: blocks_of(words) for name, words in sections.items()}), opened.client_id)
        sealed = sealer_of(house.keyring, note).seal(text, update_place(note.id, 1))
        row = Chain(note.id).link(opened.session_id, 0, sealed)
        tx.add(NoteUpdate(**(row._replace(ts_ms=7) if torn else row)._asdict()))
        return note.id


async def earlier(client: httpx2.AsyncClient, note_id: str, begin: str | None = None) -> dict[str, Any]:
    answer = await client.get(f"/api/notes/{note_id}/earlier", params={"begin": begin} if begin else {})
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def words(note: dict[str, Any], section: str = "plan") -> str:
    return "".join(text["text"] for node in note["sections"][section] for text in node["content"])


async def looks(house: House) -> list[tuple[UUID | None, UUID]]:
    async with house.database.read() as tx:
        entries = await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.LOOKED).order_by(AuditEntry.id))
        return [(entry.person_id, entry.thing_id) for entry in entries]


async def test_notes_of_the_same_patient_come_newest_first_and_are_on_record(house: House, hold: Hold, sign_in: SignIn) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    first, second, today, later = [await hold(days) for days in (0, 1, 2, 3)]
    ids = {}
    for name, meeting in {"first": first, "second": second, "later": later}.items():
        ids[name] = await note_of(alice, meeting)
        await write_into(house, ALICE, ids[name], plan=f"{name}\n- see again")
    others = await hold(1, guest=ERIN)
    await write_into(house, ALICE, await note_of(alice, others), plan="of another patient")
    before = len(await looks(house))
    found = await earlier(bob, await note_of(bob, today))
    assert [(note["id"], note["author"], note["state"], note["kind"]) for note in found["notes"]] == [
        (ids["second"], "Dr Alice Ahmed", "draft", "shared"), (ids["first"], "Dr Alice Ahmed", "draft", "shared"),
    ]  # fmt: skip
    assert found["next"] is None
    assert found["notes"][0]["sections"].keys() == {"plan"}
    assert [node["type"] for node in found["notes"][0]["sections"]["plan"]] == ["paragraph", "bulletList"]
    assert (await looks(house))[before:] == [(BOB.person_id, UUID(ids["second"])), (BOB.person_id, UUID(ids["first"]))]


async def test_bad_28_nobody_is_shown_what_the_policy_keeps_from_them(house: House, hold: Hold, sign_in: SignIn, cast: Cast) -> None:
    alice, bob, charlie = await sign_in(ALICE), await sign_in(BOB), await sign_in(CHARLIE)
    before = await hold(0)
    await write_into(house, ALICE, await note_of(alice, before), plan="shared")
    await write_into(house, ALICE, await note_of(alice, before, "jottings"), plan="jottings")
    theirs, souths = await hold(1), await hold(1, CHARLIE, team_id=cast.south)
    mine = {words(note) for note in (await earlier(alice, await note_of(alice, theirs)))["notes"]}
    assert mine == {"shared", "jottings"}
    assert [words(note) for note in (await earlier(bob, await note_of(bob, theirs)))["notes"]] == ["shared"]
    assert await earlier(charlie, await note_of(charlie, souths)) == {"notes": [], "next": None}
    assert {person for person, _ in await looks(house)} == {ALICE.person_id, BOB.person_id}


async def test_bad_28_a_note_that_is_not_theirs_tells_of_no_others(hold: Hold, sign_in: SignIn) -> None:
    note_id = await note_of(await sign_in(ALICE), await hold(0))
    for member in (CHARLIE, MALLORY, OLGA):
        other = await sign_in(member)
        answer, none = await other.get(f"/api/notes/{note_id}/earlier"), await other.get(f"/api/notes/{uuid4()}/earlier")
        assert (answer.status_code, answer.text) == (404, none.text)


async def test_they_come_in_pages(house: House, hold: Hold, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    for day in range(PAGE + 2):
        await write_into(house, ALICE, await note_of(alice, await hold(day)), plan=f"day {day}")
    today = await note_of(alice, await hold(PAGE + 2))
    first = await earlier(alice, today)
    rest = await earlier(alice, today, first["next"])
    told = [words(note) for note in (*first["notes"], *rest["notes"])]
    assert told == [f"day {day}" for day in reversed(range(PAGE + 2))]
    assert (len(first["notes"]), rest["next"]) == (PAGE, None)


async def test_a_note_without_a_word_is_left_out(house: House, hold: Hold, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    await write_into(house, ALICE, await note_of(alice, await hold(0)), plan="-")
    await note_of(alice, await hold(1))
    before = await looks(house)
    assert (await earlier(alice, await note_of(alice, await hold(2))))["notes"] == []
    assert await looks(house) == before


async def test_a_note_that_cannot_be_read_says_so_and_hides_no_other(house: House, hold: Hold, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    await write_into(house, ALICE, await note_of(alice, await hold(0)), plan="sound")
    await write_into(house, ALICE, await note_of(alice, await hold(1)), torn=True, plan="torn")
    keyless = await write_into(house, ALICE, await note_of(alice, await hold(2)), plan="keyless")
    async with house.database.write() as tx:
        await tx.execute(update(Note).where(Note.id == keyless).values(data_key=b"x" * 60))
    before = len(await looks(house))
    found = (await earlier(alice, await note_of(alice, await hold(3))))["notes"]
    assert [note["sections"] and words(note) for note in found] == [None, None, "sound"]
    assert len(await looks(house)) == before + 1


async def test_of_a_locked_note_the_locked_text_is_shown(house: House, hold: Hold, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    note_id = await note_of(alice, await hold(0))
    await write_into(house, ALICE, note_id, plan="locked for good")
    review = (await alice.post(f"/api/notes/{note_id}/review", json={})).json()
    sign = {"seq": review["seq"], "head": review["head"], "password": ALICE.password, "lock": True}
    assert (await alice.post(f"/api/notes/{note_id}/sign", json=sign)).status_code == 200
    (found,) = (await earlier(alice, await note_of(alice, await hold(1))))["notes"]
    assert (found["state"], words(found)) == ("locked", "locked for good")


@pytest.mark.parametrize("begin", ["", "first", "0", "00000000-0000-4000-8000-000000000000"])
async def test_bad_23_a_page_that_there_is_not_is_refused(hold: Hold, sign_in: SignIn, begin: str) -> None:
    alice = await sign_in(ALICE)
    note_id = await note_of(alice, await hold(0))
    answer = await alice.get(f"/api/notes/{note_id}/earlier", params={"begin": begin})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "begin")
