"""The row of a copy of somebody's data while it is made, and until it is taken or its time is over."""

from datetime import datetime
from enum import StrEnum
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


class DataCopy(Base):
    """The one copy that somebody with an account has here; it is written in `language`. Its bytes stand sealed in the data folder.

    It is of their own data, or with `patient_id` of the record of a patient whose rights they use.

    `done` of `total` pieces are in it. Whoever makes it holds it until `lease_until`; a process that was killed loses it then.
    `head` is the hash of the sealed file, `size` counts the bytes of the archive.
    """

    __tablename__ = "data_copy"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
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
    def open(self) -> bool:
        """Whether it is still being made."""
        return self.state in {CopyState.ASKED, CopyState.MAKING}
