"""Moves everything that points at one record to another, and back again exactly as it was.

The tables are found in the schema, so a new one is moved without anybody's thought. What is sealed for the record that it is about is
sealed anew, and the journal keeps the bytes as they were.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Table, select, update

from server.core.db import Base, Tx
from server.core.keyring import KeyRing, MissingKey, Sealer, Unreadable
from server.patients import answer_doors, background_doors, file_doors
from server.patients.background import BackgroundEntry
from server.patients.files import RecordFile
from server.patients.questionnaire import AnswerSet
from server.privacy.request_rows import RightsRequest

STAYS = {
    "audit_entry": "its chain covers whom an entry is about; whoever reads it asks for the merged records, too",
    "expired_record": "nothing of such a record is left that could be merged",
    "circular_copy": "a newsletter counts the copies that it made: two for one person were two",
    "record_merge": "it is what leads from the one to the other",
}


class Sealed(NamedTuple):
    """A column that opens for one record only; `place` is where that of a row opens as the row is now."""

    column: str
    place: Callable[[Any], bytes]


@dataclass(frozen=True)
class SealedTable:
    """A table with such columns, and where the data keys of its rows open."""

    model: type[Any]
    key_place: Callable[[Any], bytes]
    columns: Sequence[Sealed]


SEALED: Sequence[SealedTable] = (
    SealedTable(
        BackgroundEntry,
        lambda row: background_doors.key_place(row.id),
        (Sealed("sealed", background_doors.content_place), Sealed("reply", background_doors.reply_place)),
    ),
    SealedTable(RecordFile, lambda row: file_doors.key_place(row.id), (Sealed("sealed", file_doors.content_place),)),
    SealedTable(AnswerSet, lambda row: answer_doors.key_place(row.id), (Sealed("sealed", answer_doors.content_place),)),
    SealedTable(
        RightsRequest,
        lambda row: row.key_place,
        (Sealed("sealed", lambda row: row.place("words")), Sealed("answer", lambda row: row.place("answer"))),
    ),
)


class Moving(NamedTuple):
    """From which record to which."""

    keyring: KeyRing
    source: UUID
    target: UUID


def pointing() -> Iterator[tuple[Table, Column[Any]]]:
    """Yield every column that names a record, of the tables that are moved."""
    for table in Base.metadata.sorted_tables:
        if table.name not in STAYS:
            yield from ((table, column) for column in table.columns for key in column.foreign_keys if key.column.table.name == "patient")


async def move(tx: Tx, moving: Moving) -> dict[str, Any]:
    """Move all rows; returns the journal that `move_back` needs, as values that JSON can hold."""
    sealed = {kind.model.__tablename__: await _reseal(tx, moving, kind) for kind in SEALED}
    moved = {name: list(rows) for name, rows in sealed.items()}
    for table, column in pointing():
        if table.name in sealed:
            continue
        key = _key(table)
        rows = await tx.scalars(select(key).where(column == moving.source))
        moved[f"{table.name}.{column.name}"] = [str(row) for row in rows]
        await tx.execute(update(table).where(column == moving.source).values({column.name: moving.target}))
    return {"moved": moved, "sealed": sealed}


async def move_back(tx: Tx, moving: Moving, journal: Mapping[str, Any]) -> None:
    """Move the rows of a journal back, those of them that are still there; `moving` is the way back."""
    for kind in SEALED:
        await _unseal(tx, moving, kind, journal["sealed"].get(kind.model.__tablename__, {}))
    for table, column in pointing():
        ids = [UUID(row) for row in journal["moved"].get(f"{table.name}.{column.name}", ())]
        for some in (ids[begin : begin + 500] for begin in range(0, len(ids), 500)):
            mine = _key(table).in_(some) & (column == moving.source)
            await tx.execute(update(table).where(mine).values({column.name: moving.target}))


def packed(journal: Mapping[str, Any]) -> bytes:
    return json.dumps(journal).encode()


async def _reseal(tx: Tx, moving: Moving, kind: SealedTable) -> dict[str, dict[str, list[str]]]:
    """Move the rows of a table whose content opens for one record only; returns by row and column what it was, and the hash of what it is.

    A row that cannot be opened is moved as it is: nothing opens it in either place.
    """
    journal: dict[str, dict[str, list[str]]] = {}
    rows = await tx.scalars(select(kind.model).where(kind.model.patient_id == moving.source).execution_options(populate_existing=True))
    for row in rows:
        before = {one.column: getattr(row, one.column) for one in kind.columns if getattr(row, one.column)}
        _carry(row, kind, moving)
        journal[str(row.id)] = {column: [base64.b64encode(was).decode(), _hash(getattr(row, column))] for column, was in before.items()}
    await tx.flush()
    return journal


async def _unseal(tx: Tx, moving: Moving, kind: SealedTable, journal: Mapping[str, Mapping[str, list[str]]]) -> None:
    """Put back the bytes as they were; what was written anew since is sealed anew."""
    for row_id, columns in journal.items():
        row = await tx.get(kind.model, UUID(row_id), populate_existing=True)
        if row is None or row.patient_id != moving.source:
            continue
        unchanged = {name: was for name, (was, now) in columns.items() if _hash(getattr(row, name) or b"") == now}
        _carry(row, kind, moving)
        for name, was in unchanged.items():
            setattr(row, name, base64.b64decode(was))
    await tx.flush()


def _carry(row: Any, kind: SealedTable, moving: Moving) -> None:
    """Let a row be about the other record, and its content open there."""
    opened = _opened(row, kind, moving.keyring)
    row.patient_id = moving.target
    if opened is not None:
        sealer, texts = opened
        for one, text in texts:
            setattr(row, one.column, sealer.seal(text, one.place(row)))


def _opened(row: Any, kind: SealedTable, keyring: KeyRing) -> tuple[Sealer, list[tuple[Sealed, bytes]]] | None:
    try:
        sealer = keyring.sealer(row.key_id or "", row.data_key or b"", kind.key_place(row))
        filled = [one for one in kind.columns if getattr(row, one.column)]
        return sealer, [(one, sealer.open(getattr(row, one.column), one.place(row))) for one in filled]
    except (MissingKey, Unreadable):
        return None


def _key(table: Table) -> Column[Any]:
    (key,) = table.primary_key.columns
    return key


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
