"""The secret address at which a professional's calendar program reads their appointments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class CalendarFeed(Base):
    """There is one for each professional at most; a new one replaces it. With `initials` it says whose appointment each is, no more."""

    __tablename__ = "calendar_feed"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), unique=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    initials: Mapped[bool]
    made_at: Mapped[datetime]
