"""Once a day the ends of all chains go into a file, and their root into the database and into the log, where others keep it.

Whoever rewrites a chain later contradicts that file; whoever rewrites the file contradicts its root.
"""

import asyncio
from datetime import UTC, date
from pathlib import Path

import structlog
from sqlalchemy import func, select

from server.core.audit import AuditEntry
from server.core.db import Tx
from server.core.files import replace_private
from server.core.house import House
from server.notes.heads import AUDIT, LOG, VERSIONS, Head, root_of, written
from server.notes.model import Note, NoteAnchor, NoteUpdate, NoteVersion

log = structlog.get_logger(__name__)

FOLDER = "anchors"


def anchor_path(data_dir: Path, day: date) -> Path:
    return data_dir / FOLDER / f"{day.isoformat()}.txt"


async def anchor_today(house: House) -> bool:
    """Make today's anchor unless there is one; tells whether it made one. The file comes first: without the row it is made anew."""
    now = house.clock.now()
    day = now.astimezone(UTC).date()
    async with house.database.read() as tx:
        if await tx.get(NoteAnchor, day) is not None:
            return False
        heads = await all_heads(tx)
    content = written(heads)
    await asyncio.to_thread(_keep, anchor_path(house.settings.data_dir, day), content)
    async with house.database.write() as tx:
        tx.add(NoteAnchor(day=day, made_at=now, chains=len(heads), root=root_of(content)))
    log.info("anchor made", day=day.isoformat(), chains=len(heads), root=root_of(content).hex())
    return True


async def all_heads(tx: Tx) -> list[Head]:
    """Return the end of every chain; one without rows has none."""
    return [*await _logs(tx), *await _versions(tx), *await _audits(tx)]


async def _logs(tx: Tx) -> list[Head]:
    last = select(NoteUpdate.note_id, func.max(NoteUpdate.seq).label("seq")).group_by(NoteUpdate.note_id).subquery()
    rows = select(Note.public_id, NoteUpdate.seq, NoteUpdate.hash).join(NoteUpdate, NoteUpdate.note_id == Note.id)
    rows = rows.join(last, (last.c.note_id == NoteUpdate.note_id) & (last.c.seq == NoteUpdate.seq))
    return [Head(LOG, *row) for row in await tx.execute(rows)]


async def _versions(tx: Tx) -> list[Head]:
    last = select(NoteVersion.note_id, func.max(NoteVersion.number).label("number")).group_by(NoteVersion.note_id).subquery()
    rows = select(Note.public_id, NoteVersion.number, NoteVersion.hash).join(NoteVersion, NoteVersion.note_id == Note.id)
    rows = rows.join(last, (last.c.note_id == NoteVersion.note_id) & (last.c.number == NoteVersion.number))
    return [Head(VERSIONS, *row) for row in await tx.execute(rows)]


async def _audits(tx: Tx) -> list[Head]:
    last = select(AuditEntry.practice_id, func.max(AuditEntry.number).label("number")).group_by(AuditEntry.practice_id).subquery()
    rows = select(AuditEntry.practice_id, AuditEntry.number, AuditEntry.hash)
    rows = rows.join(last, (last.c.practice_id == AuditEntry.practice_id) & (last.c.number == AuditEntry.number))
    return [Head(AUDIT, *row) for row in await tx.execute(rows)]


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    replace_private(path, content)
