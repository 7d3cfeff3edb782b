"""Phones of accounts that are being proved."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base

GOOD_FOR = timedelta(minutes=10)


class PhoneProof(Base):
    """A code is on its way to the phone of an account (an E.164 number); the row goes with its use. `language` is the message's."""

    __tablename__ = "phone_proof"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    phone: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(20))
    tries: Mapped[int]
    asked_at: Mapped[datetime]

    def alive(self, now: datetime) -> bool:
        return now - self.asked_at < GOOD_FOR
