"""Signed, locked, amended: a signature is over one text, and what is locked takes nothing more, whichever way it comes."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from server.core.audit import AuditEntry
from server.core.house import House
from server.notes.doors import version_text
from server.notes.model import Note, NoteSnapshot, NoteState, NoteUpdate, NoteVersion
from server.notes.prose import Paragraph, Prose
from server.notes.versions import first_broken
from tests.cast import ALICE, BOB, CHARLIE, DANA, Meeting
from tests.conftest import SignIn, StillClock
from tests.live.notes.client import Tab
from tests.live.notes.conftest import OpenAt
from tests.live.notes.house import Open, notes_in, rows_of
from tests.live.notes.signing import Hand

pytestmark = [pytest.mark.anyio, pytest.mark.row("N6")]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


@pytest.fixture
async def alice(sign_in: SignIn, meeting: Meeting) -> Hand:
    client = await sign_in(ALICE)
    return Hand(client, ALICE, (await notes_in(client, meeting.consultation_id))["shared"])


@pytest.fixture
async def bob(sign_in: SignIn, meeting: Meeting) -> Hand:
    client = await sign_in(BOB)
    return Hand(client, BOB, (await notes_in(client, meeting.consultation_id))["shared"])


@pytest.fixture
async def tab(open_note: Open) -> Tab:
    """Alice's tab with a saved sentence in the plan."""
    tab = await open_note(ALICE)
    await tab.type("Paracetamol 1 g")
    await tab.until(lambda tab: tab.saved)
    return tab


def plan_of(prose: Prose) -> str:
    return "".join(span.text for block in prose.sections["plan"] if isinstance(block, Paragraph) for span in block.spans)


async def versions(house: House) -> list[NoteVersion]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(NoteVersion).order_by(NoteVersion.id)))


async def locked(alice: Hand) -> str:
    answer = await alice.sign(lock=True)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "locked"
    return alice.note_id


async def test_two_sign_without_locking_each_over_their_own_text(alice: Hand, bob: Hand, tab: Tab, open_note: Open, house: House) -> None:
    first = (await alice.sign()).json()
    assert [(one["name"], one["kind"], one["current"]) for one in first["signatures"]] == [(ALICE.full_name, "signed", True)]
    other = await open_note(BOB)
    await other.type(", twice a day")
    await other.until(lambda tab: tab.saved)
    seen = await bob.review()
    assert [(one["name"], one["letters"], one["you"]) for one in seen["contributors"]] == [
        (ALICE.full_name, 15, False), (BOB.full_name, 13, True),
    ]  # fmt: skip
    assert seen["signatures"][0]["current"] is False
    assert seen["writing"] == [ALICE.full_name]
    second = (await bob.sign(seen)).json()
    assert [one["current"] for one in second["signatures"]] == [False, True]
    assert second["state"] == "draft"
    found = await versions(house)
    assert first_broken(found) is None
    async with house.database.read() as tx:
        note = await tx.get_one(Note, found[0].note_id)
    assert [plan_of(version_text(house.keyring, note, version)) for version in found] == ["Paracetamol 1 g", "Paracetamol 1 g, twice a day"]
    await tab.type(".")
    await tab.until(lambda tab: tab.saved)


async def test_nobody_signs_a_text_that_they_did_not_see(alice: Hand, bob: Hand, tab: Tab, house: House) -> None:
    seen = await bob.review()
    await tab.type(" and rest")
    await tab.until(lambda tab: tab.saved)
    for lock in (False, True):
        answer = await bob.sign(seen, lock=False) if not lock else await alice.sign(seen, lock=True)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "moved")
    forged = {**await alice.review(), "head": "0" * 64}
    assert (await alice.sign(forged)).status_code == 409
    assert await versions(house) == []


async def test_signing_asks_for_the_password_again(alice: Hand, tab: Tab, house: House) -> None:
    seen = await alice.review()
    answers = [await alice.sign(seen, password="wrong") for _ in range(12)]
    assert (answers[0].status_code, answers[0].json()["error"]["code"]) == (403, "password")
    assert answers[-1].status_code == 429
    assert await versions(house) == []


async def test_an_empty_note_is_not_signed(alice: Hand) -> None:
    answer = await alice.ask("/sign", {"seq": 0, "head": "0" * 64, "password": ALICE.password, "lock": False})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "empty")


async def test_who_may_read_may_not_sign_and_charlie_sees_nothing(alice: Hand, tab: Tab, sign_in: SignIn) -> None:
    charlie = Hand(await sign_in(CHARLIE), CHARLIE, alice.note_id)
    absent = charlie.at("00000000-0000-4000-8000-000000000000")
    for path, body in (
        ("/review", {}), ("/sign", {"seq": 1, "head": "0" * 64, "password": CHARLIE.password, "lock": True}),
        ("/amend", {"purpose": "addendum", "reason": "x"}), ("/restore", {"seq": 1, "reason": "x"}),
        ("/release", {"seq": 1, "head": "0" * 64}),
    ):  # fmt: skip
        answers = [await hand.ask(path, body) for hand in (charlie, absent)]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert answers[0].text == answers[1].text
    for path in ("", "/text", "/text?seq=1", "/compare?from=1&to=1", "/history"):
        assert (await charlie.ask(path, method="GET")).status_code == 404, path


async def test_bob_who_writes_along_does_not_lock_the_note_of_alice(bob: Hand, tab: Tab) -> None:
    assert (await bob.sign(lock=True)).status_code == 404


async def test_bad_41_an_update_to_a_locked_note(alice: Hand, tab: Tab, open_note: Open, house: House, meeting: Meeting) -> None:
    """The page hears of the lock; what it sends all the same is refused, stays in the tab, and is never called saved."""
    bob = await open_note(BOB)
    await locked(alice)
    for person in (tab, bob):
        await person.until(lambda tab: tab.events == [{"rights": "read", "state": "locked"}])
    await bob.type("too late")
    await bob.until(lambda tab: tab.rejects)
    assert bob.rejects[0]["code"] == "locked"
    assert not bob.saved
    again = await open_note(BOB)
    assert (again.hello["rights"], again.hello["state"]) == ("read", "locked")
    assert again.text() == "Paracetamol 1 g"
    assert len(await rows_of(house.database, meeting.consultation_id)) == 1


async def test_bad_42_typing_while_it_is_locked(alice: Hand, tab: Tab, house: House, meeting: Meeting) -> None:
    """Every letter that was called saved before the lock is in the locked text, and every later one is refused."""
    for attempt in range(50):
        typing = asyncio.ensure_future(type_on(tab))  # noqa: TID251 - this is the other side of the wire
        answer = await alice.sign(lock=True)
        tab.events or typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)
        if answer.status_code == 200:
            break
        assert answer.json()["error"]["code"] == "moved", attempt
        if attempt > 5:
            await tab.until(lambda tab: tab.saved)
            assert (await alice.sign(lock=True)).status_code == 200
            break
    (version,) = await versions(house)
    async with house.database.read() as tx:
        said = plan_of(version_text(house.keyring, await tx.get_one(Note, version.note_id), version))
    rows = await rows_of(house.database, meeting.consultation_id)
    assert version.seq == len(rows)
    assert len(said) == 15 + len(rows) - 1
    assert tab.acked <= len(rows) + 1


async def type_on(tab: Tab) -> None:
    for letter in "abcdefghij":
        await tab.type(letter)
        await asyncio.sleep(0)


async def test_the_journal_meets_a_lock_that_nobody_told_it_of(
    alice: Hand, tab: Tab, open_note: Open, house: House, meeting: Meeting
) -> None:
    """As where another process locks: the database refuses the row, the tabs come back and read."""
    async with house.database.write() as tx:
        await tx.execute(update(Note).where(Note.public_id == UUID(alice.note_id)).values(state=NoteState.LOCKED))
    await tab.type(" never")
    assert await tab.closed() == 4423
    again = await open_note(ALICE, older=tab, until_synced=False)
    await again.until(lambda tab: tab.hello.get("state") == "locked")
    assert len(await rows_of(house.database, meeting.consultation_id)) == 1


FORBIDDEN = {
    "a row more": text("INSERT INTO note_update SELECT note_id, seq + 1, session_id, ts_ms, payload, hash FROM note_update"),
    "a row changed": update(NoteUpdate).values(ts_ms=1),
    "a row gone": delete(NoteUpdate),
    "a version changed": update(NoteVersion).values(person_id=BOB.person_id),
    "a version gone": delete(NoteVersion),
    "a draft again": update(Note).values(state=NoteState.DRAFT),
    "the note gone": delete(Note).where(Note.state == NoteState.LOCKED),
}


@pytest.mark.parametrize("what", FORBIDDEN)
async def test_the_database_itself_refuses(alice: Hand, tab: Tab, house: House, what: str) -> None:
    await locked(alice)
    with pytest.raises(DBAPIError):
        async with house.database.write() as tx:
            await tx.execute(FORBIDDEN[what])


async def test_a_snapshot_of_a_locked_note_may_still_be_kept(alice: Hand, tab: Tab, house: House) -> None:
    """It is a cache, and no part of what was signed."""
    await locked(alice)
    async with house.database.write() as tx:
        note_id = (await tx.scalars(select(NoteUpdate.note_id))).one()
        await tx.merge(NoteSnapshot(note_id=note_id, seq=1, payload=b""))


async def everything(house: House, note_id: str) -> list[object]:
    async with house.database.read() as tx:
        note = (await tx.scalars(select(Note).where(Note.public_id == UUID(note_id)))).one()
        tables = [
            await tx.execute(select(table).where(table.note_id == note.id).order_by(table.seq)) for table in (NoteUpdate, NoteVersion)
        ]
        facts = {column.name: getattr(note, column.name) for column in Note.__table__.columns}
        rows = [{column.name: getattr(row, column.name) for column in row.__table__.columns} for found in tables for (row,) in found]
    return [facts, *rows]


async def test_an_amendment_is_new_and_the_locked_note_stays_byte_for_byte(
    alice: Hand, bob: Hand, tab: Tab, house: House, open_note_at: OpenAt
) -> None:
    await locked(alice)
    before = await everything(house, alice.note_id)
    made = await bob.ask("/amend", {"purpose": "amendment", "reason": "The dose was wrong"})
    assert made.status_code == 201, made.text
    amendment = made.json()
    assert (amendment["author"], amendment["mine"], amendment["amends"]) == (BOB.full_name, True, alice.note_id)
    refused = await alice.ask("/amend", {"purpose": "addendum", "reason": "Also"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "open")
    page = await open_note_at(BOB, amendment["id"])
    assert page.text() == "Paracetamol 1 g"
    await page.type(" at most")
    await page.until(lambda tab: tab.saved)
    theirs = bob.at(amendment["id"])
    assert [(one["name"], one["letters"]) for one in (await theirs.review())["contributors"]] == [(BOB.full_name, 8)]
    assert (await theirs.sign(lock=True)).json()["state"] == "locked"
    second = await alice.ask("/amend", {"purpose": "addendum", "reason": "Allergy found later"})
    assert second.status_code == 201
    assert (await open_note_at(ALICE, second.json()["id"])).text() == ""
    assert await everything(house, alice.note_id) == before


async def test_a_draft_is_not_amended(alice: Hand, tab: Tab) -> None:
    answer = await alice.ask("/amend", {"purpose": "amendment", "reason": "Too early"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "draft")


async def test_an_earlier_text_comes_back_as_an_amendment(alice: Hand, tab: Tab, open_note_at: OpenAt) -> None:
    await tab.type(" and a word too many")
    await tab.until(lambda tab: tab.saved)
    await locked(alice)
    made = await alice.ask("/restore", {"seq": 1, "reason": "The last line belongs to somebody else"})
    assert made.status_code == 201, made.text
    assert (await open_note_at(ALICE, made.json()["id"])).text() == "Paracetamol 1 g"
    assert (await alice.at(made.json()["id"]).ask("/restore", {"seq": 99, "reason": "?"})).status_code == 422


async def test_the_history_tells_who_wrote_and_signed_what(alice: Hand, bob: Hand, tab: Tab, open_note: Open, clock: StillClock) -> None:
    clock.advance(600)
    other = await open_note(BOB)
    await other.type("!")
    await other.until(lambda tab: tab.saved)
    await bob.sign()
    entries = (await alice.ask("/history", method="GET")).json()["entries"]
    assert [(entry["kind"], entry["name"], entry["to_seq"]) for entry in entries] == [
        ("edited", ALICE.full_name, 1), ("edited", BOB.full_name, 2), ("signed", BOB.full_name, 2),
    ]  # fmt: skip
    past = (await alice.ask("/text?seq=1", method="GET")).json()
    assert past["sections"][3] == {"name": "plan", "html": '<p dir="auto">Paracetamol 1 g</p>'}
    now = (await alice.ask("/text?authors=1", method="GET")).json()
    assert now["people"] == [ALICE.full_name, BOB.full_name]
    assert 'class="by by-1" data-by="BB"' in now["sections"][3]["html"]
    compared = (await alice.ask("/compare?from=1&to=2", method="GET")).json()
    assert "<ins" in compared["sections"][3]["html"]


@pytest.mark.parametrize("query", ["seq=0", "seq=99", "seq=-1", "seq=x", "seq=%C2%B2", "seq=9999999999"])
async def test_a_row_that_there_is_not(alice: Hand, tab: Tab, query: str) -> None:
    assert (await alice.ask(f"/text?{query}", method="GET")).status_code == 422


@pytest.mark.row("N5")
async def test_a_summary_is_released_and_taken_back(sign_in: SignIn, meeting: Meeting, open_note_at: OpenAt, house: House) -> None:
    client = await sign_in(ALICE)
    hand = Hand(client, ALICE, (await notes_in(client, meeting.consultation_id))["summary"])
    page = await open_note_at(ALICE, hand.note_id)
    await page.type("Rest for a week")
    await page.until(lambda tab: tab.saved)
    seen = await hand.review()
    told = (await hand.ask("/release", {"seq": seen["seq"], "head": seen["head"]})).json()
    assert (told["released"], told["signatures"][0]["kind"]) == (True, "released")
    back = await hand.ask("/release", method="DELETE")
    assert back.json()["released"] is False
    async with house.database.read() as tx:
        acts = list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))
    assert acts[-2:] == ["released", "unreleased"]


@pytest.mark.row("N5")
async def test_the_patient_reads_it_while_it_is_released(sign_in: SignIn, meeting: Meeting, open_note_at: OpenAt) -> None:
    """On their own page, which never shows what is written beyond the release."""
    client, dana = await sign_in(ALICE), await sign_in(DANA)
    hand = Hand(client, ALICE, (await notes_in(client, meeting.consultation_id))["summary"])
    tab = await open_note_at(ALICE, hand.note_id)
    await tab.type("Drink enough water")
    await tab.until(lambda tab: tab.saved)
    assert "Drink enough" not in (await dana.get("/my")).text
    seen = await hand.review()
    await hand.ask("/release", {"seq": seen["seq"], "head": seen["head"]})
    await tab.type(" and rest")
    await tab.until(lambda tab: tab.saved)
    page = (await dana.get("/my")).text
    assert "Drink enough water" in page
    assert "and rest" not in page
    await hand.ask("/release", method="DELETE")
    assert "Drink enough" not in (await dana.get("/my")).text


async def test_the_clinical_note_is_not_released(alice: Hand, tab: Tab) -> None:
    seen = await alice.review()
    assert (await alice.ask("/release", {"seq": seen["seq"], "head": seen["head"]})).status_code == 404
