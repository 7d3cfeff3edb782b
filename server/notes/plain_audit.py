"""How far each audit goes that has no key: written down once, outside of the database, when the key came.

Without it whoever has the database alone could write keyed entries anew as plain ones, which need no key.
"""

import asyncio
from pathlib import Path

from sqlalchemy import func, select

from server.core.audit import AuditEntry, Scheme, catch_up
from server.core.db import Database, Tx
from server.core.files import create_private
from server.notes.heads import AUDIT, Head, read, written

FILE = "audit-plain.txt"


async def note_plain_ends(database: Database, data_dir: Path) -> None:
    """Write down the last plain entry of each practice that has one, when a server starts for the first time since there is a key.

    Not where entries have a key already: then the file was lost, and one made anew would say what it is there to judge. An older server
    may have added entries since the migration, so that the ends of the chains are behind.
    """
    path = data_dir / FILE
    if await asyncio.to_thread(path.exists):
        return
    async with database.write() as tx:
        if await tx.scalar(select(AuditEntry.id).where(AuditEntry.scheme == Scheme.KEYED).limit(1)) is None:
            await catch_up(tx)
            await asyncio.to_thread(create_private, path, written(await _found(tx)))


async def plain_ends(data_dir: Path) -> list[Head] | None:
    """Return the last plain entry of each practice that has one; None where the file is missing."""
    path = data_dir / FILE
    try:
        return read(await asyncio.to_thread(path.read_bytes))
    except FileNotFoundError:
        return None


async def _found(tx: Tx) -> list[Head]:
    plain = AuditEntry.scheme == Scheme.PLAIN
    last = (
        select(AuditEntry.practice_id, func.max(AuditEntry.number).label("number")).where(plain).group_by(AuditEntry.practice_id).subquery()
    )
    rows = select(AuditEntry.practice_id, AuditEntry.number, AuditEntry.hash)
    rows = rows.join(last, (last.c.practice_id == AuditEntry.practice_id) & (last.c.number == AuditEntry.number))
    return [Head(AUDIT, *row) for row in await tx.execute(rows)]
