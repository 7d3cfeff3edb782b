"""Who acts for which patient, and every word that was said about it."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.access.acting import Basis, Reach, Standing, standing_of
from server.core.db import Base


class Representation(Base):
    """Somebody acts for a patient under a practice. `person_id` is whoever does, once they have taken it on by their link.

    Of the link only the hash is kept; it is taken once. `name` is how they were called by whoever asked them. `sleeps_at` is the patient's
    next birthday of those that need a review: it stands plain, because doors read it without a key.
    """

    __tablename__ = "representation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    basis: Mapped[Basis] = mapped_column(String(20))
    reach: Mapped[Reach] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    link_until: Mapped[datetime]
    asked_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    sleeps_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

    @property
    def last_moment(self) -> datetime:
        """A moment of the last day on which it holds."""
        return self.expires_at - timedelta(seconds=1)

    def standing(self, now: datetime) -> Standing:
        return standing_of(self, now)

    def can_be_taken(self, now: datetime) -> bool:
        return self.standing(now) is Standing.ASKED and now < self.link_until


class Said(StrEnum):
    """What was said: the patient's own yes, the practice's where the patient cannot say it, and what followed.

    `claimed`: a parent said that it is their child, and the practice has not accepted it yet.
    """

    CLAIMED = "claimed"
    AGREED = "agreed"
    ACCEPTED = "accepted"
    TAKEN = "taken"
    RENEWED = "renewed"
    ENDED = "ended"


class RepresentationWord(Base):
    """One dated word about it, never changed: in which wording the patient agreed, or on which evidence who of the practice accepted it."""

    __tablename__ = "representation_word"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    representation_id: Mapped[UUID] = mapped_column(ForeignKey("representation.id", ondelete="CASCADE"), index=True)
    said: Mapped[Said] = mapped_column(String(20))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    reach: Mapped[Reach] = mapped_column(String(20))
    expires_at: Mapped[datetime]
    wording_version: Mapped[str | None] = mapped_column(String(20))
    wording_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    language: Mapped[str | None] = mapped_column(String(20))
    evidence: Mapped[str | None] = mapped_column(String(500))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("record_file.id"))
    said_at: Mapped[datetime]
