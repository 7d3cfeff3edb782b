"""How far each audit goes that has no key: written down once, outside of the database, when the key came.

Without it whoever has the database alone could write keyed entries anew as plain ones, which need no key.
"""

import asyncio
from pathlib import Path

from sqlalchemy import func, select

from server.core.audit import AuditEntry, Scheme
from server.core.db import Tx
from server.core.files import create_private
from server.notes.heads import AUDIT, Head, read, written

FILE = "audit-plain.txt"


async def plain_ends(tx: Tx, data_dir: Path) -> list[Head]:
    """Return the last plain entry of each practice that has one; the first who asks writes them down, which is when a server starts."""
    path = data_dir / FILE
    if not await asyncio.to_thread(path.exists):
        await asyncio.to_thread(create_private, path, written(await _found(tx)))
    return read(await asyncio.to_thread(path.read_bytes))


async def _found(tx: Tx) -> list[Head]:
    plain = AuditEntry.scheme == Scheme.PLAIN
    last = (
        select(AuditEntry.practice_id, func.max(AuditEntry.number).label("number")).where(plain).group_by(AuditEntry.practice_id).subquery()
    )
    rows = select(AuditEntry.practice_id, AuditEntry.number, AuditEntry.hash)
    rows = rows.join(last, (last.c.practice_id == AuditEntry.practice_id) & (last.c.number == AuditEntry.number))
    return [Head(AUDIT, *row) for row in await tx.execute(rows)]
