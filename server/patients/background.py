"""The rows of who a patient is and of what is known about their health beside the consultations."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class State(StrEnum):
    """`asked`: the patient would like it to stand; `refused`: it was answered instead; `ended`: it stood once."""

    STANDING = "standing"
    ASKED = "asked"
    REFUSED = "refused"
    ENDED = "ended"


class BackgroundEntry(Base):
    """One line of the background, or one state of the particulars. Never rewritten: what follows is a row of its own.

    `about_id` is the standing entry that an asked one is to replace, or to end where `removes`. `sealed` is what it says, `reply` what the
    professional answered, both encrypted under the entry's own data key. Without `settled_by` an ended one gave way to a newer one.
    """

    __tablename__ = "background_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    state: Mapped[State] = mapped_column(String(20))
    about_id: Mapped[UUID | None] = mapped_column(ForeignKey("background_entry.id", ondelete="SET NULL"))
    removes: Mapped[bool]
    key_id: Mapped[str] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary(128))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    reply: Mapped[bytes | None] = mapped_column(LargeBinary)
    written_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None]
