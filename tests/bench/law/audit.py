"""What a long audit costs: one more entry, and looking over all of it; and whether every kind of tampering with it is found."""

import argparse
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from uuid import UUID

from sqlalchemy import Executable, delete, insert, update

from server.access.model import Practice
from server.core.audit import START, Act, AuditEntry, AuditHead, Deed, Entry, Scheme, record
from server.core.db import Database
from server.notes.anchors import all_heads, anchor_path
from server.notes.heads import root_of, written
from server.notes.model import NoteAnchor
from server.notes.plain_audit import note_plain_ends
from server.notes.verify import Places, verify_audit
from tests.bench.booking.practice import postgres, seat, sqlite, with_database
from tests.bench.figures import Figure
from tests.cast import ALICE, BOB, CLINIC
from tests.conftest import MORNING

APPENDS = 500
ROWS_AT_ONCE = 2_000
DEED = Deed(CLINIC, ALICE.person_id, Act.LOOKED, "note", UUID(int=7), None)


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    for name, opened in (("sqlite", sqlite), ("postgresql", postgres)):
        with opened() as url, tempfile.TemporaryDirectory(prefix="consilium-bench-") as folder:
            found = with_database(url, partial(_measure, entries=options.entries, data_dir=Path(folder)))
        for figure, (value, unit) in found.items():
            yield Figure(f"{figure}_{name}", value, unit)


async def _measure(database: Database, entries: int, data_dir: Path) -> dict[str, tuple[float, str]]:
    await seat(database, [ALICE], [])
    await note_plain_ends(database, data_dir)
    await _fill(database, entries)
    appends = [await _append(database) for _ in range(APPENDS)]
    await _anchor(database, data_dir)
    began = time.perf_counter()
    faults = await _faults(database, data_dir)
    verify_s = time.perf_counter() - began
    assert faults == 0, faults
    missed = [name for name, tamper in _tamperings(entries + APPENDS).items() if not await _faults(database, data_dir, tamper)]
    return {"audit_append_ms": (median(appends), "ms"), "audit_verify_s": (verify_s, "s"), "audit_missed": (len(missed), "kinds")}


async def _fill(database: Database, entries: int) -> None:
    """Chain the entries here, because only their number matters."""
    previous = START
    for begin in range(1, entries + 1, ROWS_AT_ONCE):
        rows = []
        for number in range(begin, min(begin + ROWS_AT_ONCE, entries + 1)):
            entry = Entry(**vars(DEED), number=number, at=MORNING, scheme=Scheme.KEYED)
            previous = entry.digest(previous, b"")
            rows.append({**entry._asdict(), "hash": previous})
        async with database.write() as tx:
            await tx.execute(insert(AuditEntry), rows)
    async with database.write() as tx:
        tx.add(AuditHead(practice_id=CLINIC, number=entries, hash=previous))


async def _append(database: Database) -> float:
    """Return milliseconds that an entry adds to its caller's transaction, which has begun and read something."""
    async with database.write() as tx:
        await tx.get_one(Practice, CLINIC)
        began = time.perf_counter()
        await record(tx, DEED, MORNING)
        return (time.perf_counter() - began) * 1000


async def _anchor(database: Database, data_dir: Path) -> None:
    async with database.write() as tx:
        content = written(await all_heads(tx))
        path = anchor_path(data_dir, MORNING.date())
        path.parent.mkdir()
        path.write_bytes(content)
        tx.add(NoteAnchor(day=MORNING.date(), made_at=MORNING, chains=1, root=root_of(content)))


async def _faults(database: Database, data_dir: Path, tamper: list[Executable] | None = None) -> int:
    """Return how many are found after a tampering, which is rolled back."""
    async with database.write() as tx:
        for statement in tamper or []:
            await tx.execute(statement)
        found = [fault async for fault in verify_audit(tx, Places(data_dir))]
        await tx.rollback()
    return len(found)


def _tamperings(entries: int) -> dict[str, list[Executable]]:
    middle = entries // 2
    moves = ((middle, -1), (middle + 1, middle), (-1, middle + 1))
    return {
        "edited": [update(AuditEntry).where(AuditEntry.number == middle).values(person_id=BOB.person_id)],
        "deleted": [delete(AuditEntry).where(AuditEntry.number == middle)],
        "reordered": [update(AuditEntry).where(AuditEntry.number == old).values(number=new) for old, new in moves],
        "cut": [delete(AuditEntry).where(AuditEntry.number == entries)],
    }
