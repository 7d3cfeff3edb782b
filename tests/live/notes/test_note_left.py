"""What somebody who leaves had not closed is closed as it stands, under nobody's signature, and can be amended by whoever may."""

import asyncio
import re
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from server.chores import faults_in
from server.consultation.model import Consultation
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.errors import Conflict
from server.notes.doors import drafts_of
from server.notes.hub import Hub
from server.notes.model import Note, NoteState, NoteVersion, VersionKind
from server.notes.unclosed import Leaver, close_unclosed, texts_of_unclosed
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, ELSEWHERE, OLGA, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.test_people import PEOPLE
from tests.live.notes.client import Tab
from tests.live.notes.house import Open, notes_in
from tests.live.notes.signing import Hand

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3"), pytest.mark.row("N6")]

LEAVING, END = (f"{PEOPLE}/{ALICE.person_id}/{what}" for what in ("leaving", "end"))


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def alice(sign_in: SignIn, meeting: Meeting) -> Hand:
    client = await sign_in(ALICE)
    return Hand(client, ALICE, (await notes_in(client, meeting.consultation_id))["shared"])


@pytest.fixture
async def tab(open_note: Open, alice: Hand) -> Tab:
    """Alice's tab with a saved sentence."""
    tab = await open_note(ALICE)
    await tab.type("Paracetamol 1 g")
    await tab.until(lambda tab: tab.saved)
    return tab


@pytest.fixture
def written(alice: Hand, tab: Tab) -> Hand:
    """Alice, who has written something and signed nothing."""
    return alice


@pytest.fixture
async def olga(sign_in: SignIn, written: Hand, clock: StillClock) -> httpx2.AsyncClient:
    """The administrator, once the time of the meeting has come: nothing is promised any more."""
    clock.advance(6 * 60)
    return await sign_in(OLGA)


async def leaves(olga: httpx2.AsyncClient) -> None:
    answer = await olga.post(END, data={"sure": "yes"})
    assert answer.status_code == 303, answer.text


async def note_of(house: House, note_id: str) -> Note:
    async with house.database.read() as tx:
        return (await tx.scalars(select(Note).where(Note.public_id == UUID(note_id)))).one()


async def versions(house: House) -> list[NoteVersion]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(NoteVersion).order_by(NoteVersion.id)))


async def tags(house: House, client: httpx2.AsyncClient) -> set[str]:
    """Return what the patient's record says of the notes that are closed."""
    async with house.database.read() as tx:
        patient_id = (await tx.scalars(select(Consultation.patient_id))).one()
    page = (await client.get(f"/patients/{patient_id}")).text
    return set(re.findall(r"<span class=\"tag[^>]*>(Closed[^<]*)<", page))


async def test_what_was_not_signed_is_closed_as_it_stands_under_a_mark_and_amended_by_the_team(
    house: House, written: Hand, open_note: Open, olga: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    reader = await open_note(BOB)
    page = (await olga.get(LEAVING)).text
    assert "1 note is not closed." in page
    assert "Paracetamol" not in page
    await leaves(olga)
    await reader.until(lambda tab: {"rights": "read", "state": "locked"} in tab.events)
    (left,) = await versions(house)
    assert (left.kind, left.person_id, left.made_at) == (VersionKind.LEFT, ALICE.person_id, house.clock.now())
    assert (await note_of(house, written.note_id)).state == NoteState.LOCKED
    async with house.database.read() as tx:
        deed = (await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.LOCKED))).one()
    assert (deed.person_id, deed.thing_id) == (OLGA.person_id, UUID(written.note_id))
    client = await sign_in(BOB)
    shown = (await client.get(f"/notes/{written.note_id}")).text
    assert "Closed as it stood, because its author left the practice: Dr Alice Ahmed" in shown
    assert "Nobody has signed this text as it stands." in shown
    assert "Closed as it stood" in (await client.get(f"/notes/{written.note_id}/history")).text
    exported = (await client.get(f"/notes/{written.note_id}/export?form=text")).text
    assert "Dr Alice Ahmed left the practice on" in exported
    assert "not signed" in exported
    assert await tags(house, client) == {"Closed, not signed"}
    bob = Hand(client, BOB, written.note_id)
    made = await bob.ask("/amend", {"purpose": "amendment", "reason": "Taken over"})
    assert made.status_code == 201, made.text
    assert (await bob.at(made.json()["id"]).sign(lock=True)).status_code == 200
    assert (await client.get(f"/notes/{written.note_id}/export?form=fhir")).status_code == 200
    assert await asyncio.to_thread(faults_in, house.settings, "notes") == []
    charlie = await sign_in(CHARLIE)
    assert (await charlie.get(f"/notes/{written.note_id}")).status_code == 404


async def test_what_was_signed_keeps_its_signature_and_is_closed_too(
    house: House, written: Hand, olga: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    assert (await written.sign()).status_code == 200
    await leaves(olga)
    assert [one.kind for one in await versions(house)] == [VersionKind.SIGNED, VersionKind.LEFT]
    client = await sign_in(BOB)
    shown = (await client.get(f"/notes/{written.note_id}")).text
    assert ("Signed: Dr Alice Ahmed" in shown, "Nobody has signed" in shown) == (True, False)
    assert await tags(house, client) == {"Closed"}
    assert "left the practice on" in (await client.get(f"/notes/{written.note_id}/export?form=text")).text


async def test_only_what_is_locked_jotted_or_never_written_stays_as_it_is(house: House, written: Hand, olga: httpx2.AsyncClient) -> None:
    assert (await written.sign(lock=True)).status_code == 200
    await leaves(olga)
    assert [one.kind for one in await versions(house)] == [VersionKind.LOCKED]
    async with house.database.read() as tx:
        others = await tx.scalars(select(Note).where(Note.public_id != UUID(written.note_id)))
        assert {one.state for one in others} == {NoteState.DRAFT}


async def test_whoever_leaves_sees_their_own_with_the_way_to_sign_them(written: Hand, meeting: Meeting, sign_in: SignIn) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    desk = f'href="/desk/{meeting.consultation_id}"'
    page = (await alice.get("/account/leaving")).text
    assert ("1 note that you began is not signed and locked." in page, desk in page) == (True, True)
    assert desk not in (await bob.get("/account/leaving")).text
    assert (await written.sign(lock=True)).status_code == 200
    assert desk not in (await alice.get("/account/leaving")).text


async def test_a_note_that_says_something_else_by_now_is_read_again(house: House, hub: Hub, alice: Hand, tab: Tab) -> None:
    leaver = Leaver(CLINIC, ALICE.person_id, OLGA.person_id)
    before = await texts_of_unclosed(house, hub, CLINIC, ALICE.person_id)
    await tab.type(" and rest")
    await tab.until(lambda tab: tab.saved)
    for texts in (before, {}):
        with pytest.raises(Conflict, match="has changed"):
            async with house.database.write() as tx:
                await close_unclosed(tx, house.keyring, leaver, texts, house.clock.now())
    async with house.database.write() as tx:
        assert await close_unclosed(tx, house.keyring, leaver, dict.fromkeys(before), house.clock.now()) == []
    assert (await note_of(house, alice.note_id)).state == NoteState.DRAFT, "one that cannot be read stays as it is"


async def test_another_practice_neither_counts_nor_closes_them(house: House, written: Hand) -> None:
    async with house.database.read() as tx:
        assert len(await drafts_of(tx, CLINIC, ALICE.person_id)) == 1
        assert await drafts_of(tx, ELSEWHERE, ALICE.person_id) == []
