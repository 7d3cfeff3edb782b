"""Whoever reaches into the database is found out: each way to change a record leads to a line that names note and row."""

import asyncio
import shutil
from datetime import date
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, Executable, delete, insert, select, update

from server.chores import faults_in
from server.core.audit import AuditEntry
from server.core.house import House
from server.errors import NotStored
from server.notes.anchors import FOLDER, anchor_path, anchor_today
from server.notes.far_anchors import carry_anchors, newest_day
from server.notes.heads import root_of
from server.notes.hub import Hub
from server.notes.model import Note, NoteAnchor, NoteSnapshot, NoteUpdate, NoteVersion
from server.settings import Settings
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import ORIGIN, SignIn, StillClock
from tests.live.notes.client import open_tab
from tests.live.notes.house import notes_in, rows_of, ticket_for, unguard
from tests.live.notes.signing import Hand

pytestmark = [pytest.mark.anyio, pytest.mark.row("N6")]

LATER = 1000  # rows are moved out of each other's way by so many


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


class Record(NamedTuple):
    """Two notes of a consultation, each with four rows; the shared one is signed after the third, and then anchored."""

    shared: Note
    summary: Note


async def look(house: House, what: str = "notes") -> list[str]:
    return await asyncio.to_thread(faults_in, house.settings, what)


async def tamper(house: House, *statements: Executable) -> None:
    async with house.database.write() as tx:
        for table in ("note", "note_update", "note_version"):
            await unguard(tx, table)
        for statement in statements:
            await tx.execute(statement)


@pytest.fixture
async def record(sign_in: SignIn, meeting: Meeting, house: House, sockets: str) -> Record:
    alice = await sign_in(ALICE)
    ids = await notes_in(alice, meeting.consultation_id)
    for kind in ("shared", "summary"):
        async with open_tab(sockets, await ticket_for(alice, ids[kind]), origin=ORIGIN) as tab:
            await tab.until(lambda tab: tab.synced)
            for word in ("one ", "two ", "three ", "four"):
                await tab.type(word)
                await tab.until(lambda tab: tab.saved)
                if word == "three " and kind == "shared":
                    assert (await Hand(alice, ALICE, ids[kind]).sign()).status_code == 200
    async with house.database.read() as tx:
        found = {note.public_id: note for note in await tx.scalars(select(Note))}
    return Record(found[UUID(ids["shared"])], found[UUID(ids["summary"])])


def at(note: Note, seq: int) -> ColumnElement[bool]:
    return (NoteUpdate.note_id == note.id) & (NoteUpdate.seq == seq)


def swap(first: Note, second: Note, seq: int) -> list[Executable]:
    """Put each one's row in the other's place."""
    move = update(NoteUpdate)
    return [
        move.where(at(first, seq)).values(seq=seq + LATER),
        move.where(at(second, seq)).values(note_id=first.id),
        move.where(at(first, seq + LATER)).values(note_id=second.id, seq=seq),
    ]


async def test_a_sound_record_has_no_fault(record: Record, house: House) -> None:
    await anchor_today(house)
    assert await look(house) == []
    assert await look(house, "audit") == []


async def test_an_edited_row(record: Record, house: House) -> None:
    await tamper(house, update(NoteUpdate).where(at(record.shared, 2)).values(ts_ms=0))
    assert f"note {record.shared.public_id} row 2: was changed, moved or put in" in await look(house)


async def test_a_removed_row(record: Record, house: House) -> None:
    await tamper(house, delete(NoteUpdate).where(at(record.summary, 2)))
    assert await look(house) == [f"note {record.summary.public_id} row 2: missing"]


async def test_reordered_rows(record: Record, house: House) -> None:
    move = update(NoteUpdate)
    await tamper(
        house,
        move.where(at(record.summary, 2)).values(seq=LATER),
        move.where(at(record.summary, 3)).values(seq=2),
        move.where(at(record.summary, LATER)).values(seq=3),
    )
    assert await look(house) == [f"note {record.summary.public_id} row 2: was changed, moved or put in"]


async def test_a_row_that_was_put_in(record: Record, house: House, meeting: Meeting) -> None:
    (row, *_) = await rows_of(house.database, meeting.consultation_id)
    await tamper(house, insert(NoteUpdate).values(row._replace(seq=5)._asdict()))
    assert f"note {record.shared.public_id} row 5: was changed, moved or put in" in await look(house)


async def test_a_tail_that_was_cut_off_a_signed_text(record: Record, house: House) -> None:
    await tamper(house, delete(NoteUpdate).where(NoteUpdate.note_id == record.shared.id, NoteUpdate.seq >= 3))
    assert await look(house) == [f"note {record.shared.public_id} row 3: missing, though version 1 stands on it"]


async def test_a_tail_that_was_cut_off_since_the_anchor(record: Record, house: House) -> None:
    await anchor_today(house)
    await tamper(house, delete(NoteUpdate).where(at(record.summary, 4)))
    day = house.clock.now().date()
    assert await look(house) == [f"note {record.summary.public_id} row 4: missing since the anchor of {day}"]


async def test_a_whole_note_that_is_gone_since_the_anchor(record: Record, house: House, hub: Hub) -> None:
    await anchor_today(house)
    hub._places[record.summary.id].live.fail(NotStored())  # nobody has it open, or its snapshot would be missed
    await tamper(house, delete(Note).where(Note.id == record.summary.id))
    assert f"note {record.summary.public_id} row 4: missing since the anchor of {house.clock.now().date()}" in await look(house)


@pytest.mark.parametrize(
    "change",
    [{"person_id": BOB.person_id}, {"seq": 2}, {"content_sha256": bytes(32)}],
    ids=["who", "row", "fingerprint"],
)
async def test_a_changed_version(record: Record, house: House, change: dict[str, object]) -> None:
    await tamper(house, update(NoteVersion).values(change))
    assert f"note {record.shared.public_id} version 1: does not follow from the one before" in await look(house)


async def test_a_version_with_another_text(record: Record, house: House) -> None:
    await tamper(house, update(NoteVersion).values(content=b"other"))
    assert await look(house) == [f"note {record.shared.public_id} version 1: its text is not the one that was fixed"]


async def test_rows_of_two_notes_that_were_swapped(record: Record, house: House) -> None:
    await tamper(house, *swap(record.shared, record.summary, 4))
    found = await look(house)
    assert f"note {record.shared.public_id} row 4: was changed, moved or put in" in found
    assert f"note {record.summary.public_id} row 4: was changed, moved or put in" in found


async def test_a_snapshot_of_rows_that_are_gone(record: Record, house: House) -> None:
    await tamper(house, insert(NoteSnapshot).values(note_id=record.summary.id, seq=9, payload=b"x"))
    assert await look(house) == [f"note {record.summary.public_id} row 9: missing, though a snapshot was made there"]


async def test_an_edited_anchor_file_and_one_that_is_gone(record: Record, house: House, clock: StillClock) -> None:
    await anchor_today(house)
    first = clock.now().date()
    clock.advance(86_400)
    await anchor_today(house)
    path = anchor_path(house.settings.data_dir, first)
    path.write_bytes(path.read_bytes().replace(b" 4 ", b" 3 ", 1))
    anchor_path(house.settings.data_dir, clock.now().date()).unlink()
    assert await look(house) == [f"anchor {first}: its file was changed", f"anchor {clock.now().date()}: its file is missing"]


def opened(folder: Path) -> Path:
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """A folder of another machine."""
    return opened(tmp_path / "far")


@pytest.fixture
def settings(app_database_url: str, tmp_path: Path, far: Path) -> Settings:
    return Settings(database_url=app_database_url, data_dir=tmp_path / "data", base_url=ORIGIN, anchors_dir=far)


async def test_whoever_rewrites_everything_here_contradicts_what_is_elsewhere(record: Record, house: House, far: Path) -> None:
    await anchor_today(house)
    await carry_anchors(house)
    day = house.clock.now().date()
    own = anchor_path(house.settings.data_dir, day)
    kept = far / own.name
    assert kept.read_bytes() == own.read_bytes()
    assert await look(house) == []
    forged = b"".join(line for line in own.read_bytes().splitlines(keepends=True) if str(record.summary.public_id).encode() not in line)
    own.write_bytes(forged)
    await tamper(house, delete(NoteUpdate).where(at(record.summary, 4)), update(NoteAnchor).values(root=root_of(forged)))
    assert await look(house) == [f"anchor {day}: is not the one that is kept elsewhere"]
    await carry_anchors(house)
    assert kept.read_bytes() != forged, "what is there is never written again"
    own.unlink()
    await tamper(house, delete(NoteAnchor))
    assert await look(house) == [f"anchor {day}: its row is missing, and it is kept elsewhere"]


async def test_what_could_not_be_carried_is_carried_later(record: Record, house: House, clock: StillClock, far: Path) -> None:
    shutil.rmtree(far)
    await anchor_today(house)
    await carry_anchors(house)
    assert await look(house) == [f"anchors kept elsewhere: {far} cannot be reached"]
    clock.advance(24 * 3600)
    await anchor_today(house)
    opened(far)
    await carry_anchors(house)
    assert names(far) == names(house.settings.data_dir / FOLDER)
    assert await look(house) == []


async def test_what_cannot_be_read_elsewhere_is_told_and_the_rest_is_looked_at(
    record: Record, house: House, clock: StillClock, far: Path
) -> None:
    folder, broken, garbage = [await anchored(house, clock) for _ in range(3)]
    await carry_anchors(house)
    (far / folder).unlink()
    (far / folder).mkdir()
    (far / broken).unlink()
    (far / broken).symlink_to(far / "nowhere")
    (far / garbage).write_bytes(b"\xff\x00 no anchor")
    (far / "notes of others.txt").mkdir()
    (far / "2026-02-31.txt").touch()
    days = [name.removesuffix(".txt") for name in (folder, broken, garbage)]
    assert sorted(await look(house)) == sorted([
        f"anchor {days[0]}: what is kept elsewhere cannot be read",
        f"anchor {days[1]}: what is kept elsewhere cannot be read",
        f"anchor {days[2]}: is not the one that is kept elsewhere",
        "anchor 2026-02-31: its row is missing, and it is kept elsewhere",
    ])  # fmt: skip
    assert newest_day(far) == date.fromisoformat(days[2])
    shutil.rmtree(far)
    shutil.copy(house.settings.data_dir / FOLDER / garbage, far)  # a file, not a folder
    assert await look(house) == [f"anchors kept elsewhere: {far} cannot be reached"]


async def test_an_anchor_that_became_a_folder_here_is_told(record: Record, house: House, clock: StillClock) -> None:
    own = house.settings.data_dir / FOLDER / await anchored(house, clock)
    own.unlink()
    own.mkdir()
    assert await look(house) == [f"anchor {own.stem}: its file cannot be read"]


async def anchored(house: House, clock: StillClock) -> str:
    """Let a day pass, and return what its anchor is called."""
    clock.advance(24 * 3600)
    await anchor_today(house)
    return anchor_path(house.settings.data_dir, clock.now().date()).name


async def test_an_anchor_is_made_once_a_day(record: Record, house: House, clock: StillClock) -> None:
    assert await anchor_today(house)
    assert not await anchor_today(house)
    clock.advance(86_400)
    assert await anchor_today(house)
    lines = anchor_path(house.settings.data_dir, clock.now().date()).read_text().splitlines()
    assert sorted(line.split()[0] for line in lines) == ["audit", "note", "note", "versions"]


async def test_a_changed_audit_entry(record: Record, house: House) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(AuditEntry).values(reason="nothing happened"))
    assert await look(house, "audit") == [f"audit {ALICE.practice_id} entry 1: does not follow from the one before"]


async def test_the_command_says_what_it_found_and_what_it_cannot_find(
    record: Record, house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.__main__ import main

    monkeypatch.setenv("CONSILIUM_DATABASE_URL", house.settings.database_url)
    monkeypatch.setenv("CONSILIUM_DATA_DIR", str(house.settings.data_dir))
    assert await asyncio.to_thread(main, ["verify", "notes"]) == 0
    assert "cannot find" in capsys.readouterr().out
    await tamper(house, delete(NoteUpdate).where(at(record.summary, 2)))
    assert await asyncio.to_thread(main, ["verify", "notes"]) == 1
    assert f"note {record.summary.public_id} row 2: missing\n" in capsys.readouterr().out
