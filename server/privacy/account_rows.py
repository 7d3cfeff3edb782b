"""What people ask of their account, which no practice keeps, and the end of it that they asked for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.core.keyring import place_of
from server.privacy.request_words import Kind, State

ZONE = "Europe/London"  # of dates about an account, which belongs to no practice


class AccountRequest(Base):
    """One request about an account, to whoever runs the server. `sealed` is what they wrote, `answer` what they were answered.

    It goes with the account.
    """

    __tablename__ = "account_request"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[Kind] = mapped_column(String(20))
    state: Mapped[State] = mapped_column(String(20))
    key_id: Mapped[str] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary(128))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    @property
    def key_place(self) -> bytes:
        return place_of("account-request-key", self.id)

    def place(self, part: str) -> bytes:
        return place_of("account-request", self.id, part)


class AccountClosing(Base):
    """Somebody asked for their account to be deleted: from `closes_at` on, and not while something keeps it open.

    Taken back, the row goes; it stays once `closed_at` is set. `language` is that of the last letter. `goes` names the holdings that
    went, separated by blanks. `listed_at`: when it was written into the list that is replayed after a backup was put back.
    """

    __tablename__ = "account_closing"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    listed_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(20))
    goes: Mapped[str] = mapped_column(String(2000))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.goes.split())
