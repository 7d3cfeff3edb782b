"""Practices, who works in them, their teams, and who was permitted to see what."""

from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from server.access.policy import Role
from server.core.db import Base
from server.web.i18n import SOURCE_TAG


class Practice(Base):
    """An organisation: a sole professional or a clinic. `time_zone` is an IANA name, `phone` as people dial it.

    `language` is the tag of the catalogue in which it writes to people. With `keeps_drafts` somebody's own computer may keep,
    encrypted, what is typed into a note while there is no connection; a shared computer never does. Recordings of calls are deleted
    after `keeps_recordings_days`; a change counts for recordings that begin later. Patients are reminded of an appointment a day before
    with `reminds_day_before`, and shortly before with `reminds_shortly_before`.
    `regulators` are to whom else people may complain about it (`server/access/regulators.py`).
    `brand` is the mark of its look (`server/access/brand.py`), and `logo_words` say its logo, if it has one.
    """

    __tablename__ = "practice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    time_zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(20), default=SOURCE_TAG)
    keeps_drafts: Mapped[bool] = mapped_column(default=True)
    keeps_recordings_days: Mapped[int] = mapped_column(default=90)
    reminds_day_before: Mapped[bool] = mapped_column(default=True)
    reminds_shortly_before: Mapped[bool] = mapped_column(default=True)
    regulators: Mapped[str] = mapped_column(Text, default="")
    brand: Mapped[str | None] = mapped_column(String(32))
    logo_words: Mapped[str | None] = mapped_column(String(120))


class Review(StrEnum):
    """Whether an administrator has looked at what a professional says of themself; only who is approved can be booked."""

    PENDING = "pending"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"


def own_diary(context: DefaultExecutionContext) -> UUID:
    """Return the diary of whoever gives consultations in one practice only."""
    return cast(UUID, context.get_current_parameters()["id"])  # type: ignore[no-untyped-call]


class Professional(Base):
    """A person with qualifications who gives consultations under a practice, one row for each, kept after that has ended.

    `diary_id` is the same in every practice of the person: it is the id of their first row, and the guard of booking goes by it.
    `body` is the code of a registration body (`server/access/bodies.py`), "" where none was asked for yet. `review_words` are what an
    administrator wrote to whoever was returned or rejected. Since `takes_none_since` nobody books them; what the practice said of it, the
    practice alone takes back.
    """

    __tablename__ = "professional"
    __table_args__ = (UniqueConstraint("person_id", "practice_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    diary_id: Mapped[UUID] = mapped_column(default=own_diary, index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    title: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    qualifications: Mapped[str] = mapped_column(String(200))
    field_of_practice: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(20), default="")
    registration: Mapped[str] = mapped_column(String(60), default="")
    review: Mapped[Review] = mapped_column(String(20), default=Review.PENDING)
    review_words: Mapped[str] = mapped_column(String(500), default="")
    ended_at: Mapped[datetime | None]
    takes_none_since: Mapped[datetime | None]
    takes_none_by_practice: Mapped[bool] = mapped_column(default=False)

    @property
    def full_name(self) -> str:
        return f"{self.title} {self.name}".strip()


def working() -> ColumnElement[bool]:
    """Return the condition for professionals who work in their practice, reviewed or not yet."""
    return (Professional.review != Review.REJECTED) & Professional.ended_at.is_(None)


class Team(Base):
    """Professionals who share consultations, kept after it has ended."""

    __tablename__ = "team"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]


class Membership(Base):
    """A professional's place in a team, kept after it has ended. Whoever has the `lead` looks after the team."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("team_id", "professional_id", "joined_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"), index=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    joined_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    lead: Mapped[bool] = mapped_column(default=False)


class TeamInvitation(Base):
    """Asks a professional of the practice into a team; `settled_at` once they answered, or it was taken back."""

    __tablename__ = "team_invitation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"), index=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class StaffRole(StrEnum):
    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    ASSISTANT = "assistant"
    AUDITOR = "auditor"


class Staff(Base):
    """Somebody's place in a practice beside giving consultations, kept after it has ended; a person has one at a time in each."""

    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[StaffRole] = mapped_column(String(20))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PlaceInvitation(Base):
    """Asks somebody into a practice by a link, of which the row holds only the hash; it is taken once.

    The link is derived from the id and `times_sent`, so that sending again replaces it. Without an `email` the link is handed on by hand,
    or was taken back.
    `invited_by` is nobody where whoever runs the server made it, for the first owner.
    """

    __tablename__ = "place_invitation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    role: Mapped[Role] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    times_sent: Mapped[int]
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    revoked_at: Mapped[datetime | None]

    def open(self, now: datetime) -> bool:
        return self.taken_at is None and self.revoked_at is None and now < self.expires_at


class Grant(Base):
    """An author lets one person see what they wrote about one patient, or about all where none is named, until a date; kept after that."""

    __tablename__ = "access_grant"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class EmergencyAccess(Base):
    """A professional opened a patient's notes without a right ("break glass"), for a short time and with a reason that the authors read."""

    __tablename__ = "emergency_access"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class EmergencyNotice(Base):
    """Tells one author that their notes were opened in an emergency, until they have said that they read it."""

    __tablename__ = "emergency_notice"

    access_id: Mapped[UUID] = mapped_column(ForeignKey("emergency_access.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    read_at: Mapped[datetime | None]


class RightsEpoch(Base):
    """One row that counts every change of a right, so that whoever missed the hint can see that there was one."""

    __tablename__ = "rights_epoch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
