"""Whom a room ticket speaks for."""

from dataclasses import dataclass
from uuid import UUID

from server.access.policy import Viewer
from server.consultation.model import Role


@dataclass(frozen=True)
class RoomSubject:
    """One participant of one consultation; a professional comes with `viewer` and login session, a patient with the visit's link."""

    consultation_id: UUID
    participant_id: UUID
    role: Role
    name: str
    viewer: Viewer | None
    visit_id: UUID | None
    session_id: UUID | None = None
