"""Practices, the professionals who work in them, and their teams."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.web.i18n import SOURCE_TAG


class Practice(Base):
    """An organisation: a sole professional or a clinic. `time_zone` is an IANA name, `phone` as people dial it.

    `language` is the tag of the catalogue in which it writes to people.
    """

    __tablename__ = "practice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    time_zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(20), default=SOURCE_TAG)


class Professional(Base):
    """A person with qualifications who gives consultations under a practice."""

    __tablename__ = "professional"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    title: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    qualifications: Mapped[str] = mapped_column(String(200))
    field_of_practice: Mapped[str] = mapped_column(String(200))

    @property
    def full_name(self) -> str:
        return f"{self.title} {self.name}".strip()


class Team(Base):
    __tablename__ = "team"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))


class Membership(Base):
    """A professional's place in a team, kept after it has ended."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("team_id", "professional_id", "joined_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"), index=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    joined_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
