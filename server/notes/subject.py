"""Whom a note ticket speaks for."""

from dataclasses import dataclass
from uuid import UUID

from server.access.policy import Viewer


@dataclass(frozen=True)
class NoteSubject:
    """A professional and the consultation whose note they open; the socket ends with the login session."""

    consultation_id: UUID
    viewer: Viewer
    login_id: UUID
