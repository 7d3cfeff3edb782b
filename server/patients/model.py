"""The record of somebody under a practice; they may or may not have an account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Patient(Base):
    """Registered once `person_id` says whose account reads it."""

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    mobile: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime]

    def unless_called(self, name: str) -> str | None:
        """Return the booked name where somebody goes by another one; capitals and blanks make no difference."""
        return None if _plain(self.name) == _plain(name) else self.name


class SharingConsent(Base):
    """A registered patient's dated yes to the team seeing their notes, in one wording. It counts until it is withdrawn.

    The representations say by what right somebody gave it, or took it back, for the patient. The database lets nobody change what was
    said, nor when it was taken back. A merge that is undone parts consents by who gave them, so the second is no foreign key.
    """

    __tablename__ = "sharing_consent"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id", ondelete="CASCADE"), index=True)
    wording_version: Mapped[str] = mapped_column(String(20))
    wording_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    language: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    representation_id: Mapped[UUID | None] = mapped_column(ForeignKey("representation.id"))
    withdrawn_representation_id: Mapped[UUID | None]


class AddressProof(Base):
    """Somebody with an account says that an address is theirs; a code that is sent there proves it, and then this row goes.

    `address` is an E.164 number or an e-mail address in small letters, `language` that of the message. `unsent`: there is no provider.
    """

    __tablename__ = "address_proof"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(20))
    tries: Mapped[int]
    unsent: Mapped[bool]
    asked_at: Mapped[datetime]

    @property
    def by_mail(self) -> bool:
        return "@" in self.address


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
