"""The record of somebody under a practice; they may or may not have an account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Patient(Base):
    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    mobile: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime]

    def unless_called(self, name: str) -> str | None:
        """Return the booked name where somebody goes by another one; capitals and blanks make no difference."""
        return None if _plain(self.name) == _plain(name) else self.name


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
