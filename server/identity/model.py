"""Who can sign in or be written to, with which password, and where they are signed in."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.settings import Settings

SEEN_EVERY = timedelta(minutes=1)


class Person(Base):
    """`mobile` and `email` are where somebody who works here wants to be told that a colleague asks for them; without them nothing is."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    mobile: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))


class Credential(Base):
    """A username (already normalised) and the argon2id hash of its password."""

    __tablename__ = "credential"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    username: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class LoginSession(Base):
    """One signed-in browser. The cookie holds the token, the row only its hash. On a `shared` computer nothing may be kept.

    `limited`: a second factor is to be set up before anything else opens. `proved_at`: when it was last shown that it is them.
    `practice_id`: where the browser is at work, once there was a choice; it stays when that place ends (`server/access/workplaces.py`).
    """

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    device: Mapped[str] = mapped_column(String(100))
    shared: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    limited: Mapped[bool] = mapped_column(default=False)
    proved_at: Mapped[datetime]
    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practice.id"))

    def alive(self, now: datetime, settings: Settings) -> bool:
        if self.ended_at is not None:
            return False
        idle = now - self.seen_at <= timedelta(seconds=settings.login_idle_s)
        return idle and now - self.created_at <= timedelta(seconds=settings.login_lifetime_s)

    def opens(self, now: datetime, settings: Settings) -> bool:
        """Whether it is good for more than to set up a second factor."""
        return not self.limited and self.alive(now, settings)

    def stale(self, now: datetime) -> bool:
        """Whether `seen_at` is old enough to be worth a write."""
        return now - self.seen_at >= SEEN_EVERY
