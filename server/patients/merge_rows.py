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


class MergeWish(Base):
    """Two accounts read two records that a professional takes for one person's, who is asked in both; each answers once.

    One that both agreed to ends at `refused_at`, too, when the merge is undone.
    """

    __tablename__ = "merge_wish"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    one_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    one_agreed_at: Mapped[datetime | None]
    other_agreed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]

    @property
    def agreed(self) -> bool:
        return None not in {self.one_agreed_at, self.other_agreed_at} and self.refused_at is None

    @property
    def undone(self) -> bool:
        """Whether both said yes, and the merge was undone since."""
        return None not in {self.one_agreed_at, self.other_agreed_at, self.refused_at}

    def waits_for(self, patient_id: UUID) -> bool:
        """Whether whoever reads this record has not answered yet."""
        agreed_at = self.one_agreed_at if patient_id == self.one_id else self.other_agreed_at
        return self.refused_at is None and agreed_at is None

    def answer(self, patient_id: UUID, now: datetime, *, agrees: bool) -> None:
        if not agrees:
            self.refused_at = now
        elif patient_id == self.one_id:
            self.one_agreed_at = now
        else:
            self.other_agreed_at = now
