"""Whom a note ticket speaks for, and about which note."""

from dataclasses import dataclass
from uuid import UUID

from server.access.policy import Viewer
from server.patients.actions import patient_topic


@dataclass(frozen=True)
class NoteRef:
    """Which note, and what it belongs to: a change of right may concern either."""

    note_id: int
    public_id: UUID
    consultation_id: UUID
    patient_id: UUID

    @property
    def topics(self) -> tuple[str, str]:
        return f"rights:{self.consultation_id}", patient_topic(self.patient_id)


@dataclass(frozen=True)
class NoteSubject:
    """Somebody and the note that they open; the socket ends with the login session."""

    public_id: UUID
    viewer: Viewer
    login_id: UUID
