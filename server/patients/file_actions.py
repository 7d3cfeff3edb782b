"""Keep, hide and delete documents. A file is sealed on the disk first, and its row follows; without the row nothing opens it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id
from server.core.marking import _
from server.errors import Conflict, Invalid
from server.patients.file_doors import THING, Filed, content_place, count_files, key_place, thumbnail_place
from server.patients.file_kinds import LONGEST_TITLE, refusal
from server.patients.file_store import Place, put, read, remove
from server.patients.files import RecordFile
from server.patients.inspecting import Inspected
from server.patients.legal_holds import held
from server.patients.model import Patient

LONGEST_WHY = 300
MOST_BY_LINK = 20  # of one person in one consultation; hidden and deleted ones do not count
HELD = _("This record is held for a legal reason: nothing of it can be deleted until an administrator lifts the hold.")
UNREADABLE = _("This document cannot be opened at the moment.")


@dataclass(frozen=True)
class Sender:
    """Who sends a document: somebody signed in, or somebody with a link; `name` is kept as it is now."""

    name: str
    person_id: UUID | None = None
    participant_id: UUID | None = None


@dataclass(frozen=True)
class Draft:
    """What is to be kept about a file that was looked through; with a consultation it was sent in its call."""

    inspected: Inspected
    patient_id: UUID
    sender: Sender
    shared: bool
    title: str = ""
    dated_on: date | None = None
    consultation_id: UUID | None = None


def read_about(fields: Mapping[str, str], today: date) -> tuple[str, date | None]:
    """Return title and date of a form; raises `Invalid`."""
    title = " ".join(fields.get("title", "").split())
    if len(title) > LONGEST_TITLE:
        raise refusal("title")
    try:
        dated_on = date.fromisoformat(fields["on"]) if fields.get("on") else None
    except ValueError:
        raise refusal("on") from None
    if dated_on is not None and dated_on > today:
        raise refusal("on")
    return title, dated_on


@asynccontextmanager
async def sealed(house: House, draft: Draft) -> AsyncIterator[RecordFile]:
    """Seal the file on the disk, and give its row, which is not kept yet; the file goes again unless the block ends well.

    A process that is killed in between leaves bytes for which nobody has a key.
    """
    row, place = _row(house, draft)
    row.head = await asyncio.to_thread(put, place, draft.inspected.content)
    try:
        yield row
    except BaseException:
        remove(place.folder, row.id)
        raise


async def add_file(tx: Tx, house: House, patient: Patient, row: RecordFile) -> None:
    """Keep the row of a sealed file; raises `Invalid` where the record is full, or enough came by the link."""
    if await count_files(tx, RecordFile.patient_id == patient.id) >= house.settings.documents_per_record:
        raise refusal("full")
    by_link = (RecordFile.participant_id == row.participant_id) & RecordFile.person_id.is_(None)
    if row.person_id is None and await count_files(tx, by_link) >= MOST_BY_LINK:
        raise refusal("sent")
    row.added_at = house.clock.now()
    tx.add(row)
    await tx.flush()
    await record(tx, Deed(patient.practice_id, row.person_id, Act.ADDED, THING, row.id, patient.id), row.added_at)


async def delete_file(tx: Tx, patient: Patient, filed: Filed, by: UUID | None, now: datetime) -> None:
    """Delete it for ever: without its data key nothing opens the bytes, which whoever calls removes afterwards.

    Raises `Conflict` while a legal hold stands on the record.
    """
    row = filed.row
    if await held(tx, patient.id):
        raise Conflict(HELD, code="held")
    row.key_id = row.data_key = None
    row.sealed, row.thumbnail, row.deleted_at = b"", None, now
    await record(tx, Deed(patient.practice_id, by, Act.DELETED, THING, row.id, patient.id), now)


@dataclass(frozen=True)
class Hiding:
    """Who hides a document, and why."""

    by: UUID
    why: str


async def hide_file(tx: Tx, patient: Patient, filed: Filed, hiding: Hiding, now: datetime) -> None:
    """Let nobody take it out any more, and say why; it is kept. Raises `Invalid` for no reason, and `Conflict` where it is hidden."""
    if not 0 < len(hiding.why) <= LONGEST_WHY:
        raise Invalid(code="why")
    row = filed.row
    if row.hidden_at is not None:
        raise Conflict(code="gone")
    row.hidden_at, row.hidden_by, row.hidden_why = now, hiding.by, hiding.why
    await record(tx, Deed(patient.practice_id, hiding.by, Act.HIDDEN, THING, row.id, patient.id), now)


async def content_of(house: House, filed: Filed) -> bytes:
    """Return the bytes; raises `Conflict` for what cannot be opened. Whoever calls has put on record who takes them out."""
    row = filed.row
    if not filed.readable or row.key_id is None or row.data_key is None:
        raise Conflict(UNREADABLE, code="unreadable")
    key = house.keyring.data_key(row.key_id, row.data_key, key_place(row.id))
    return await asyncio.to_thread(read, Place(house.settings.documents_dir, row.id, key), row.head, row.sha256)


async def take_out(tx: Tx, patient: Patient, filed: Filed, by: UUID | None, now: datetime) -> None:
    """Put on record who takes it out; raises `Conflict` for what cannot be opened."""
    if not filed.readable:
        raise Conflict(UNREADABLE, code="unreadable")
    await record(tx, Deed(patient.practice_id, by, Act.EXPORTED, THING, filed.row.id, patient.id), now)


def _row(house: House, draft: Draft) -> tuple[RecordFile, Place]:
    file_id = new_id()
    key_id, data_key = house.keyring.new_data_key(key_place(file_id))
    row = RecordFile(
        id=file_id,
        patient_id=draft.patient_id,
        consultation_id=draft.consultation_id,
        person_id=draft.sender.person_id,
        participant_id=draft.sender.participant_id,
        kind=draft.inspected.kind,
        size=len(draft.inspected.content),
        sha256=draft.inspected.sha256,
        key_id=key_id,
        data_key=data_key,
        dated_on=draft.dated_on,
        shared=draft.shared,
        hidden_at=None,
        hidden_by=None,
        hidden_why=None,
        deleted_at=None,
    )
    names = {"title": draft.title, "name": draft.inspected.name, "sender": draft.sender.name}
    sealer = house.keyring.sealer(key_id, data_key, key_place(file_id))
    row.sealed = sealer.seal(json.dumps(names, ensure_ascii=False).encode(), content_place(row))
    small = draft.inspected.thumbnail
    row.thumbnail = sealer.seal(small, thumbnail_place(file_id)) if small else None
    key = house.keyring.data_key(key_id, data_key, key_place(file_id))
    return row, Place(house.settings.documents_dir, file_id, key)
