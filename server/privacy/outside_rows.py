"""What somebody without an account asks of their data until they have proved who they are, and the links by which they read the answer."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.core.keyring import place_of

AGAIN_FOR = timedelta(hours=1)  # after it opened first: a download breaks off, and a browser tells the server nothing that it may trust


class OutsideRequest(Base):
    """What was written, sealed with the name and the address to which a code goes; an hour later it is gone, proved or not."""

    __tablename__ = "outside_request"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    key_id: Mapped[str] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary(128))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(20))
    tries: Mapped[int]
    asked_at: Mapped[datetime]

    @property
    def key_place(self) -> bytes:
        return place_of("outside-request-key", self.id)

    @property
    def place(self) -> bytes:
        return place_of("outside-request", self.id, self.practice_id)


class Handover(Base):
    """A link to the answer of one request, which opens with a code that goes to the address that was proved.

    `codes` counts the codes that were asked for, `tries` the wrong ones that were typed since the last of them was sent at `code_at`.
    `used_at` is when it opened first; it opens again for `AGAIN_FOR`.
    """

    __tablename__ = "handover"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("rights_request.id"), index=True)
    expires_at: Mapped[datetime]
    codes: Mapped[int]
    code_at: Mapped[datetime | None]
    tries: Mapped[int]
    used_at: Mapped[datetime | None]

    def open(self, now: datetime) -> bool:
        return now < (self.expires_at if self.used_at is None else self.used_at + AGAIN_FOR)
