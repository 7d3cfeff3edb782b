"""What became of a note, and who did it: runs of edits, and the texts that somebody stands for."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.core.db import Tx
from server.notes.model import NoteSession, NoteUpdate, NoteVersion

PAUSE = timedelta(minutes=5)


class Entry(NamedTuple):
    """One line of the timeline; `kind` is `edited` or a version's, and only a version has a fingerprint."""

    kind: str
    person_id: UUID
    from_at: datetime
    to_at: datetime
    from_seq: int
    to_seq: int
    sha256: bytes | None


class Edit(NamedTuple):
    seq: int
    at: datetime
    person_id: UUID


async def edits_of(tx: Tx, note_id: int) -> list[Edit]:
    """Return when who wrote each row; for whoever passed the door."""
    columns = select(NoteUpdate.seq, NoteUpdate.ts_ms, NoteSession.person_id).join(NoteSession, NoteSession.id == NoteUpdate.session_id)
    rows = await tx.execute(columns.where(NoteUpdate.note_id == note_id).order_by(NoteUpdate.seq))
    return [Edit(row.seq, datetime.fromtimestamp(row.ts_ms / 1000, UTC), row.person_id) for row in rows]


def timeline(edits: Iterable[Edit], versions: Iterable[NoteVersion]) -> list[Entry]:
    """Return everything in the order in which it happened: edits of one person with no longer pause than `PAUSE` are one line."""
    fixed = [_fixed(version) for version in versions]
    runs = _runs(edits, {entry.to_seq for entry in fixed})
    return sorted([*runs, *fixed], key=lambda entry: (entry.to_seq, entry.sha256 is not None, entry.to_at))


def _fixed(version: NoteVersion) -> Entry:
    at, seq = version.made_at, version.seq
    return Entry(version.kind, version.person_id, at, at, seq, seq, version.content_sha256)


def _runs(edits: Iterable[Edit], ends: set[int]) -> Iterator[Entry]:
    """Yield the runs; one ends where somebody stood for the text, too."""
    run: Entry | None = None
    for edit in edits:
        if run is not None and edit.person_id == run.person_id and edit.at - run.to_at <= PAUSE and run.to_seq not in ends:
            run = run._replace(to_at=edit.at, to_seq=edit.seq)
            continue
        if run is not None:
            yield run
        run = Entry("edited", edit.person_id, edit.at, edit.at, edit.seq, edit.seq, None)
    if run is not None:
        yield run
