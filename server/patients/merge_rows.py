"""The rows of records that were merged: which one stayed, and how everything was before."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.core.keyring import place_of

UNDOABLE_FOR = timedelta(days=30)


class RecordMerge(Base):
    """What stood in the record `other_id` stands in `kept_id` since `merged_at`, unless it was undone.

    `sealed` says how the rows were before, encrypted under a data key of the merge; it is forgotten with its key when nothing can be
    undone any more. The row itself stays: links and entries of the audit that name the other record lead to the kept one by it.
    """

    __tablename__ = "record_merge"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    kept_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    merged_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    merged_at: Mapped[datetime]
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None]
    key_id: Mapped[str | None] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary(128))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    @property
    def key_place(self) -> bytes:
        return place_of("record-merge-key", self.id)

    @property
    def place(self) -> bytes:
        """Bind the journal to its merge and to both records."""
        return place_of("record-merge", self.id, self.kept_id, self.other_id)

    def undoable(self, now: datetime) -> bool:
        return self.undone_at is None and self.key_id is not None and now - self.merged_at < UNDOABLE_FOR

    @property
    def undo_until(self) -> datetime:
        return self.merged_at + UNDOABLE_FOR
