"""What somebody is here for, and the page on which their work begins."""

from enum import StrEnum

from sqlalchemy import select

from server.access.model import Staff, StaffRole
from server.access.policy import Viewer
from server.core.db import Tx


class Part(StrEnum):
    """What somebody is in the house; whoever gives consultations and administers is a professional here."""

    PROFESSIONAL = "professional"
    ASSISTANT = "assistant"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    PATIENT = "patient"


HOMES = {
    Part.PROFESSIONAL: "/today",
    Part.ASSISTANT: "/patients",
    Part.ADMINISTRATOR: "/practice",
    Part.AUDITOR: "/practice/audit",
    Part.PATIENT: "/my",
}
APART = {StaffRole.ASSISTANT: Part.ASSISTANT, StaffRole.AUDITOR: Part.AUDITOR}


async def part_of(tx: Tx, viewer: Viewer) -> Part:
    if viewer.professional_id is not None:
        return Part.PROFESSIONAL
    current = (Staff.person_id == viewer.person_id) & (Staff.practice_id == viewer.practice_id) & Staff.ended_at.is_(None)
    role = await tx.scalar(select(Staff.role).where(current))
    if role is None:
        return Part.PATIENT
    return APART.get(StaffRole(role), Part.ADMINISTRATOR)


async def home_of(tx: Tx, viewer: Viewer) -> str:
    """Return the path to which `/` and the sign-in lead."""
    return HOMES[await part_of(tx, viewer)]
