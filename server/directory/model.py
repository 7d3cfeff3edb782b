"""What professionals say about themselves to everybody."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Profile(Base):
    """A professional's page in the public directory. It is there while `listed`, and while they are approved and offer something.

    `languages` are tags in which they consult, each with a comma in front and behind, so that one can be looked for.
    """

    __tablename__ = "profile"

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), primary_key=True)
    listed: Mapped[bool]
    about: Mapped[str] = mapped_column(Text)
    languages: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class Photo(Base):
    """A professional's photograph on that page, as JPEG; `mark` is its hash, by which browsers may keep it."""

    __tablename__ = "photo"

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), primary_key=True)
    mark: Mapped[str] = mapped_column(String(32))
    picture: Mapped[bytes] = mapped_column(LargeBinary)
    given_at: Mapped[datetime]
