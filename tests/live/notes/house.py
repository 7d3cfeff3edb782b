"""What the live tests of the note share: opening it as a member of the cast, and looking into the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

import httpx2
from sqlalchemy import select, text

from server.access.policy import Kind
from server.core.db import Database, Tx
from server.core.house import House
from server.notes.chain import Row
from server.notes.document import update_place
from server.notes.doors import sealer_of
from server.notes.hub import Hub, _Place
from server.notes.model import Note, NoteReject, NoteUpdate
from tests.cast import Staff
from tests.live.notes.client import PATIENCE_S, Tab


class Open(Protocol):
    """Opens the note of the meeting as one person; waits for hello and the text unless told otherwise."""

    def __call__(self, person: Staff, *, older: Tab | None = None, until_synced: bool = True, schema: int = 1) -> Awaitable[Tab]: ...


async def eventually(check: Callable[[], object]) -> None:
    """Wait until something is so in the server's memory, which tells nobody."""
    async with asyncio.timeout(PATIENCE_S):
        while not check():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def notes_in(client: httpx2.AsyncClient, consultation_id: UUID) -> dict[str, str]:
    """Lay out the notes of a consultation; returns the id of the first of each kind."""
    answer = await client.post(f"/api/consultations/{consultation_id}/notes", json={})
    assert answer.status_code == 200, answer.text
    return {note["kind"]: note["id"] for note in reversed(answer.json()["notes"])}


async def ticket_for(client: httpx2.AsyncClient, note_id: str) -> str:
    answer = await client.post(f"/api/notes/{note_id}/tickets", json={})
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["ticket"]
    return found


async def rows_of(database: Database, consultation_id: UUID) -> list[Row]:
    columns = (NoteUpdate.note_id, NoteUpdate.seq, NoteUpdate.session_id, NoteUpdate.ts_ms, NoteUpdate.payload, NoteUpdate.hash)
    shared = (Note.consultation_id == consultation_id) & (Note.kind == Kind.SHARED)
    query = select(*columns).join(Note, Note.id == NoteUpdate.note_id).where(shared)
    async with database.read() as tx:
        return [Row(*row) for row in await tx.execute(query.order_by(NoteUpdate.seq))]


async def opened(house: House, rows: Sequence[Row]) -> list[bytes]:
    """Return what is encrypted in these rows of one note."""
    async with house.database.read() as tx:
        sealer = sealer_of(house.keyring, await tx.get_one(Note, rows[0].note_id))
    return [sealer.open(row.payload, update_place(row.note_id, row.seq)) for row in rows]


def only_place(hub: Hub) -> _Place:
    """Return where the one open note is kept."""
    (place,) = hub._places.values()
    return place


async def unguard(tx: Tx, table: str) -> None:
    """Take away the database's own guards of a table, as somebody may who owns the database."""
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    names = await tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table})
    for (name,) in names.all():
        await tx.execute(text(f"DROP TRIGGER {name}"))


async def rejects_of(house: House) -> list[NoteReject]:
    """Return the refusals; waits for the first, which is stored by a task of its own."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with house.database.read() as tx:
                found = list(await tx.scalars(select(NoteReject).order_by(NoteReject.id)))
            if found:
                return found
            await asyncio.sleep(0.01)
