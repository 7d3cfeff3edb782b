"""What a sign-in needs beside the password, and how far one has got that is still without it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base

HALF_FOR = timedelta(minutes=5)
MOST_TRIES = 5


class SecondFactor(Base):
    """The secret that an authenticator app shares with us, sealed under a data key of its own; it counts once it is confirmed.

    `last_step` is the newest step of thirty seconds whose code was taken: neither it nor an older one is taken again.
    """

    __tablename__ = "second_factor"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(20))
    data_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int]
    begun_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One code for when the app is out of reach: its MAC. The row goes when the code is used."""

    __tablename__ = "recovery_code"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    code_mac: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)


class HalfLogin(Base):
    """Somebody gave the right password on a browser and owes the second factor; the cookie holds the token, the row only its hash.

    `target` is the path that the sign-in leads to, `shared` as with a login.
    """

    __tablename__ = "half_login"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    shared: Mapped[bool]
    target: Mapped[str] = mapped_column(String(500))
    tries: Mapped[int]
    begun_at: Mapped[datetime]

    def alive(self, now: datetime) -> bool:
        return now - self.begun_at < HALF_FOR and self.tries < MOST_TRIES
