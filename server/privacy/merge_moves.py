"""Moves everything that points at one record to another, and back again exactly as it was.

The tables are found in the schema, so a new one is moved without anybody's thought. What is sealed for the record that it is about is
sealed anew, and the journal keeps the bytes as they were.
"""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, or_, select, update

from server.core.db import Base, Tx
from server.core.keyring import KeyRing, MissingKey, Sealer, Unreadable
from server.patients import answer_doors, background_doors, file_doors
from server.patients.background import BackgroundEntry
from server.patients.files import RecordFile
from server.patients.questionnaire import AnswerSet
from server.privacy.clinical_answers import clinical_parts
from server.privacy.request_rows import RightsRequest

STAYS = {
    "audit_entry": "its chain covers whom an entry is about; whoever reads it asks for the merged records, too",
    "expired_record": "nothing of such a record is left that could be merged",
    "circular_copy": "a newsletter counts the copies that it made: two for one person were two",
    "data_copy": "a copy holds what stood in the record that was asked for, and is gone within a day",
    "record_merge": "it is what leads from the one to the other",
}


class Sealed(NamedTuple):
    """A column that opens for one record only; `place` is where that of a row opens as the row is now."""

    column: str
    place: Callable[[Any], bytes]


class Piece(NamedTuple):
    """One sealed text of a row, in the row itself or in one that hangs on it; `name` is its name in the journal."""

    name: str
    holder: Any
    column: str
    place: Callable[[], bytes]

    @property
    def content(self) -> bytes:
        return getattr(self.holder, self.column) or b""

    def fill(self, content: bytes) -> None:
        setattr(self.holder, self.column, content)


async def _clinical(tx: Tx, request: RightsRequest) -> list[Piece]:
    """Return what professionals answered: it is sealed with its request, and does not name the record."""
    return [Piece(part, answer, "sealed", partial(request.place, part)) for part, answer in (await clinical_parts(tx, request)).items()]


@dataclass(frozen=True)
class SealedTable:
    """A table with such columns, where the data keys of its rows open, and what else is sealed with a row."""

    model: type[Any]
    key_place: Callable[[Any], bytes]
    columns: Sequence[Sealed]
    also: Callable[[Tx, Any], Awaitable[list[Piece]]] | None = None


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
        (
            Sealed("sealed", lambda row: row.place("words")),
            Sealed("answer", lambda row: row.place("answer")),
            Sealed("reply_to", lambda row: row.place("reply_to")),
        ),
        _clinical,
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
    """Move the rows of a journal back, those of them that are still there, and what hangs on them; `moving` is the way back."""
    for kind in SEALED:
        await _unseal(tx, moving, kind, journal["sealed"].get(kind.model.__tablename__, {}))
    for table, column in pointing():
        ids = [UUID(row) for row in journal["moved"].get(f"{table.name}.{column.name}", ())]
        for some in (ids[begin : begin + 500] for begin in range(0, len(ids), 500)):
            mine = _key(table).in_(some) & (column == moving.source)
            await tx.execute(update(table).where(mine).values({column.name: moving.target}))
    await _follow(tx, moving)


async def _follow(tx: Tx, moving: Moving) -> None:
    """Move what was written meanwhile and hangs on a row that is back, such as a file that was sent in its consultation."""
    for table, column in pointing():
        if parents := [condition for _parent, condition in hanging(table, moving.target)]:
            late = select(_key(table)).where(column == moving.source, or_(*parents))
            while ids := (await tx.scalars(late)).all():  # a row may hang on one of its own table
                await _bring(tx, moving, table, ids)


async def _bring(tx: Tx, moving: Moving, table: Table, ids: Collection[UUID]) -> None:
    kind = next((kind for kind in SEALED if kind.model.__table__ is table), None)
    if kind is None:
        await tx.execute(update(table).where(_key(table).in_(ids)).values(patient_id=moving.target))
        return
    for row_id in ids:
        row = await tx.get_one(kind.model, row_id, populate_existing=True)
        _carry(row, kind, await _pieces(tx, row, kind), moving)
    await tx.flush()


def hanging(table: Table, record_id: UUID) -> Iterator[tuple[Column[Any], ColumnElement[bool]]]:
    """Yield by which column a row of a table hangs on one of the record, or on what hangs on one, and the condition for it."""
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        if belongs := _belongs(key.column.table, record_id):
            yield key.parent, key.parent.in_(select(key.column).where(or_(*belongs)).correlate(None))


def _belongs(table: Table, record_id: UUID) -> list[ColumnElement[bool]]:
    if table.name == "patient" or table.name in STAYS:
        return []
    naming = [column == record_id for other, column in pointing() if other is table]
    return naming or [condition for _column, condition in hanging(table, record_id)]


def packed(journal: Mapping[str, Any]) -> bytes:
    return json.dumps(journal).encode()


async def _reseal(tx: Tx, moving: Moving, kind: SealedTable) -> dict[str, dict[str, list[str]]]:
    """Move the rows of a table whose content opens for one record only; returns by row and column what it was, and the hash of what it is.

    A row that cannot be opened is moved as it is: nothing opens it in either place.
    """
    journal: dict[str, dict[str, list[str]]] = {}
    rows = await tx.scalars(select(kind.model).where(kind.model.patient_id == moving.source).execution_options(populate_existing=True))
    for row in rows.all():
        pieces = await _pieces(tx, row, kind)
        before = [(piece, piece.content) for piece in pieces]
        _carry(row, kind, pieces, moving)
        journal[str(row.id)] = {piece.name: [base64.b64encode(was).decode(), _hash(piece.content)] for piece, was in before}
    await tx.flush()
    return journal


async def _unseal(tx: Tx, moving: Moving, kind: SealedTable, journal: Mapping[str, Mapping[str, list[str]]]) -> None:
    """Put back the bytes as they were; what was written anew since is sealed anew."""
    for row_id, known in journal.items():
        row = await tx.get(kind.model, UUID(row_id), populate_existing=True)
        if row is None or row.patient_id != moving.source:
            continue
        pieces = await _pieces(tx, row, kind)
        unchanged = [piece for piece in pieces if piece.name in known and _hash(piece.content) == known[piece.name][1]]
        _carry(row, kind, pieces, moving)
        for piece in unchanged:
            piece.fill(base64.b64decode(known[piece.name][0]))
    await tx.flush()


async def _pieces(tx: Tx, row: Any, kind: SealedTable) -> list[Piece]:
    """Return everything that is sealed with a row."""
    own = [Piece(one.column, row, one.column, partial(one.place, row)) for one in kind.columns]
    more = await kind.also(tx, row) if kind.also else []
    return [piece for piece in own + more if piece.content]


def _carry(row: Any, kind: SealedTable, pieces: Sequence[Piece], moving: Moving) -> None:
    """Let a row be about the other record, and its content open there."""
    opened = _opened(row, kind, pieces, moving.keyring)
    row.patient_id = moving.target
    if opened is not None:
        sealer, texts = opened
        for piece, text in zip(pieces, texts, strict=True):
            piece.fill(sealer.seal(text, piece.place()))


def _opened(row: Any, kind: SealedTable, pieces: Sequence[Piece], keyring: KeyRing) -> tuple[Sealer, list[bytes]] | None:
    try:
        sealer = keyring.sealer(row.key_id or "", row.data_key or b"", kind.key_place(row))
        return sealer, [sealer.open(piece.content, piece.place()) for piece in pieces]
    except (MissingKey, Unreadable):
        return None


def _key(table: Table) -> Column[Any]:
    (key,) = table.primary_key.columns
    return key


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
