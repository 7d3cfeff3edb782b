"""The row of a copy of somebody's data while it is made, and until it is taken or its time is over."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.core.keyring import place_of


class CopyState(StrEnum):
    """`failed`: it was tried several times, and is tried no more."""

    ASKED = "asked"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class Whose(NamedTuple):
    """Whose copy it is: an account's, or that of a request which was made without one. Just one of the two is there. With `patient_id` the
    account has it of the record of somebody whose rights it uses, else of its own data.
    """

    person_id: UUID | None = None
    request_id: UUID | None = None
    patient_id: UUID | None = None


class DataCopy(Base):
    """The one copy that an account or a request has here; it is written in `language`. Its bytes stand sealed in the data folder.

    `done` of `total` pieces are in it. Whoever makes it holds it until `lease_until`; a process that was killed loses it then.
    `head` is the hash of the sealed file, `size` counts the bytes of the archive.
    """

    __tablename__ = "data_copy"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("rights_request.id", ondelete="CASCADE"), unique=True)
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"), index=True)
    state: Mapped[CopyState] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(20))
    key_id: Mapped[str] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary(128))
    done: Mapped[int]
    total: Mapped[int]
    attempts: Mapped[int]
    lease_by: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    head: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    @property
    def key_place(self) -> bytes:
        return place_of("data_copy", self.id)

    @property
    def whose(self) -> Whose:
        return Whose(self.person_id, self.request_id, self.patient_id)

    @property
    def open(self) -> bool:
        """Whether it is still being made."""
        return self.state in {CopyState.ASKED, CopyState.MAKING}
