"""What a patient may read of the notes: texts that were released and not taken back, never the note behind them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Row, Select, func, select

from server.access.policy import Kind, NoteFacts, Verb, Viewer, may
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.keyring import KeyRing, MissingKey, Unreadable
from server.errors import Malformed
from server.notes.doors import version_text
from server.notes.model import Note, NoteRelease, NoteVersion, Purpose, VersionKind
from server.notes.prose import Prose

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Released:
    """The newest released text of one note, which `writer_id` began. `prose` is None where it cannot be opened any more."""

    note_id: UUID
    consultation_id: UUID
    purpose: Purpose
    writer_id: UUID
    met_at: datetime
    released_at: datetime
    prose: Prose | None


async def released_versions(tx: Tx, keyring: KeyRing, viewer: Viewer, patient_id: UUID) -> list[Released]:
    """Load everything of a patient that this viewer may read, newest first; where that is nothing, an empty list."""
    return [_released(keyring, row) for row in await tx.execute(_of_patient(patient_id)) if may(viewer, Verb.READ, _facts(row))]


def _of_patient(patient_id: UUID) -> Select[NoteVersion, Note, Consultation]:
    """Select the newest released version of each note, unless just that one was taken back: an older one does not come back then."""
    newest = select(NoteVersion.note_id, func.max(NoteVersion.number).label("number")).where(NoteVersion.kind == VersionKind.RELEASED)
    last = newest.group_by(NoteVersion.note_id).subquery()
    joined = (
        select(NoteVersion, Note, Consultation)
        .join(last, (last.c.note_id == NoteVersion.note_id) & (last.c.number == NoteVersion.number))
        .join(NoteRelease, (NoteRelease.version_id == NoteVersion.id) & NoteRelease.withdrawn_at.is_(None))
        .join(Note, Note.id == NoteVersion.note_id)
        .join(Consultation, Consultation.id == Note.consultation_id)
    )
    return joined.where(Consultation.patient_id == patient_id).order_by(NoteVersion.made_at.desc(), NoteVersion.id.desc())


def _facts(row: Row[NoteVersion, Note, Consultation]) -> NoteFacts:
    """Say that it is released; that the team sees it is not asked for reading."""
    _, note, consultation = row
    kind = Kind(note.kind)
    return NoteFacts(
        consultation.practice_id, consultation.team_id, consultation.patient_id, note.author_id, kind, sharing=False, released=True
    )


def _released(keyring: KeyRing, row: Row[NoteVersion, Note, Consultation]) -> Released:
    version, note, consultation = row
    prose = _opened(keyring, version, note)
    met_at = consultation.started_at or consultation.scheduled_at
    return Released(note.public_id, consultation.id, Purpose(note.purpose), note.begun_by, met_at, version.made_at, prose)


def _opened(keyring: KeyRing, version: NoteVersion, note: Note) -> Prose | None:
    """Open one text; one that cannot be opened must not take the others away from the patient."""
    try:
        return version_text(keyring, note, version)
    except (MissingKey, Unreadable, Malformed) as error:
        kind = type(error).__name__
    log.error("released text cannot be opened", error=kind)
    return None
