"""The ways to documents of a record, for whoever passed the door of the record: what is not there and what is not theirs look the same."""

import base64
import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, select

from server.core.db import Tx
from server.core.keyring import KeyRing, MissingKey, Unreadable, place_of
from server.core.supervise import where
from server.errors import NotFound
from server.patients.doors import OwnRecord
from server.patients.file_kinds import FACTS, Kind
from server.patients.files import RecordFile

log = structlog.get_logger(__name__)

MOST_THUMBNAILS = 60  # of one page, the newest; each has a few thousand bytes
THING = "document"  # of the audit's entries


class Filed(NamedTuple):
    """A document with what it is called and who sent it; empty where that cannot be opened any more."""

    row: RecordFile
    title: str
    name: str
    sender: str

    @property
    def called(self) -> str:
        return self.title or self.name

    @property
    def readable(self) -> bool:
        """Whether there is something to take out."""
        return self.row.hidden_at is None and bool(self.name)

    @property
    def media_type(self) -> str:
        return FACTS[Kind(self.row.kind)].media_type

    @property
    def at(self) -> datetime:
        return self.row.added_at


def key_place(file_id: UUID) -> bytes:
    return place_of("record_file", file_id)


def content_place(row: RecordFile) -> bytes:
    """Bind the names to their row and to whom it is about."""
    return place_of("document", row.id, row.patient_id)


def thumbnail_place(file_id: UUID) -> bytes:
    return place_of("thumbnail", file_id)


async def thumbnails_of(tx: Tx, keyring: KeyRing, files: Iterable[Filed]) -> dict[UUID, str]:
    """Return small pictures of these documents as base64, by id, for whoever loaded the list: to see them is the look at the list."""
    shown = [filed.row.id for filed in files if filed.readable][:MOST_THUMBNAILS]
    columns = (RecordFile.id, RecordFile.key_id, RecordFile.data_key, RecordFile.thumbnail)
    rows = await tx.execute(select(*columns).where(RecordFile.id.in_(shown), RecordFile.thumbnail.is_not(None)))
    opened = {file_id: _thumbnail(keyring, file_id, key_id, data_key, sealed) for file_id, key_id, data_key, sealed in rows}
    return {file_id: base64.b64encode(content).decode() for file_id, content in opened.items() if content}


def _thumbnail(keyring: KeyRing, file_id: UUID, key_id: str | None, data_key: bytes | None, sealed: bytes | None) -> bytes:
    try:
        return keyring.sealer(key_id or "", data_key or b"", key_place(file_id)).open(sealed or b"", thumbnail_place(file_id))
    except (MissingKey, Unreadable):
        return b""


async def files_of(tx: Tx, keyring: KeyRing, patient_id: UUID) -> list[Filed]:
    """Return the documents of a record, the newest first."""
    return await _filed(tx, keyring, RecordFile.patient_id == patient_id)


async def own_files(tx: Tx, keyring: KeyRing, record: OwnRecord) -> list[Filed]:
    """Return what the patient may read: what they sent or were sent in a call, and what a professional lets them read."""
    return await _filed(tx, keyring, RecordFile.patient_id == record.patient.id, RecordFile.shared.is_(True))


async def files_sent_by(tx: Tx, keyring: KeyRing, participant_id: UUID) -> list[Filed]:
    """Return what somebody sent by their link."""
    return await _filed(tx, keyring, RecordFile.participant_id == participant_id)


async def see_file(tx: Tx, keyring: KeyRing, patient_id: UUID, file_id: UUID) -> Filed:
    """Load one of a record, for a change or to take it out; raises `NotFound`."""
    found = await tx.scalar(select(RecordFile).where(RecordFile.id == file_id).with_for_update())
    if found is None or found.patient_id != patient_id or found.deleted_at is not None:
        raise NotFound
    return _opened(keyring, found)


async def see_own_file(tx: Tx, keyring: KeyRing, record: OwnRecord, file_id: UUID) -> Filed:
    """Load one that the patient may read; raises `NotFound`."""
    filed = await see_file(tx, keyring, record.patient.id, file_id)
    if not filed.row.shared:
        raise NotFound
    return filed


async def file_of_call(tx: Tx, keyring: KeyRing, consultation_id: UUID, file_id: UUID) -> Filed:
    """Load one that was sent in a call; whoever calls has seen that they are or were in it. Raises `NotFound`."""
    found = await tx.get(RecordFile, file_id)
    if found is None or found.consultation_id != consultation_id or found.deleted_at is not None:
        raise NotFound
    return _opened(keyring, found)


async def count_files(tx: Tx, *which: ColumnElement[bool]) -> int:
    """Return how many are kept and not hidden."""
    kept = RecordFile.deleted_at.is_(None) & RecordFile.hidden_at.is_(None)
    return await tx.scalar(select(func.count()).select_from(RecordFile).where(kept, *which)) or 0


async def _filed(tx: Tx, keyring: KeyRing, *which: ColumnElement[bool]) -> list[Filed]:
    query = select(RecordFile).where(RecordFile.deleted_at.is_(None), *which).order_by(RecordFile.added_at.desc(), RecordFile.id)
    return [_opened(keyring, row) for row in await tx.scalars(query)]


def _opened(keyring: KeyRing, row: RecordFile) -> Filed:
    """Open the names; a row that cannot be opened must not hide the others."""
    try:
        sealer = keyring.sealer(row.key_id or "", row.data_key or b"", key_place(row.id))
        found = json.loads(sealer.open(row.sealed, content_place(row)))
    except (MissingKey, Unreadable) as error:
        log.warning("document unreadable", error=type(error).__name__, where=where(error))
        return Filed(row, "", "", "")
    return Filed(row, found["title"], found["name"], found["sender"])
