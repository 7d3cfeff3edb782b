"""The rows of documents and photographs of a record."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class RecordFile(Base):
    """A document of a record; its bytes stand sealed in the data folder, its name and title sealed in `sealed`.

    `person_id` is who added it, where they were signed in; `participant_id` who did so by a link or in a call. `shared`: the patient may
    read it. `sha256` is that of the bytes in the clear, `head` that of the sealed file. `thumbnail` is a small JPEG of a picture, sealed,
    which only a list with thumbnails loads. Without a data key it is deleted, for ever.
    """

    __tablename__ = "record_file"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id", ondelete="CASCADE"), index=True)
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    participant_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    head: Mapped[bytes] = mapped_column(LargeBinary(32))
    key_id: Mapped[str | None] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary(128))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    thumbnail: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    dated_on: Mapped[date | None]
    shared: Mapped[bool]
    added_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    hidden_why: Mapped[str | None] = mapped_column(String(300))
    deleted_at: Mapped[datetime | None]
