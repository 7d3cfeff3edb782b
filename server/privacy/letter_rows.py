"""What people write to a practice: sealed, with what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.core.keyring import place_of
from server.privacy.letter_words import Fate, Kind, State


class Letter(Base):
    """The `number`th letter to a practice. `sealed` is what was written, under a data key of the letter.

    `acknowledge_by` is the legal time, of a complaint only.
    """

    __tablename__ = "letter"
    __table_args__ = (UniqueConstraint("practice_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    number: Mapped[int]
    kind: Mapped[Kind] = mapped_column(String(20))
    state: Mapped[State] = mapped_column(String(20))
    key_id: Mapped[str] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary(128))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    acknowledge_by: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def reference(self) -> str:
        """What the writer and the practice call it."""
        return f"{'C' if self.kind == Kind.COMPLAINT else 'M'}-{self.received_at.year}-{self.number}"

    @property
    def key_place(self) -> bytes:
        return place_of("letter-key", self.id)

    def place(self, part: str) -> bytes:
        """Bind what is sealed to its letter and its practice."""
        return place_of("letter", self.id, self.practice_id, part)


class LetterAnswer(Base):
    """The `number`th answer to a letter, under the letter's own data key; without a `fate` it is not known what became of it."""

    __tablename__ = "letter_answer"
    __table_args__ = (UniqueConstraint("letter_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    letter_id: Mapped[UUID] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"))
    number: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime]
    fate: Mapped[Fate | None] = mapped_column(String(20))

    @property
    def part(self) -> str:
        """Of its letter, as `Letter.place` wants it; the first was there before there were others."""
        return "answer" if self.number == 1 else f"answer-{self.number}"
