"""Rows of retention: every version of a practice's rules, the runs, the records that are over, and who was told about their account."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.privacy.retention import Decided, Rules


class RetentionRules(Base):
    """The `version`th rules that a practice decided on, the first is 1; never changed. `preset` says where they came from."""

    __tablename__ = "retention_rules"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    preset: Mapped[str] = mapped_column(String(20))
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)
    decided_on: Mapped[date]
    decided_at: Mapped[datetime]
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))

    @property
    def rules(self) -> Rules:
        return Rules(**self.numbers)

    @property
    def decided(self) -> Decided:
        return Decided(self.decided_on, self.rules)


class RetentionRun(Base):
    """One night's work for a practice, on a `day` of its calendar. `counts` says by class what went, and names nobody.

    `step` and `done_to` say how far it is: a process that is killed leaves them as they were with the last piece that was whole.
    """

    __tablename__ = "retention_run"
    __table_args__ = (UniqueConstraint("practice_id", "day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    day: Mapped[date]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    step: Mapped[str] = mapped_column(String(20))
    done_to: Mapped[UUID | None]
    pieces: Mapped[int]
    counts: Mapped[dict[str, int]] = mapped_column(JSON)

    def count(self, what: str, how_many: int) -> None:
        if how_many:
            self.counts = {**self.counts, what: self.counts.get(what, 0) + how_many}


class ExpiredRecord(Base):
    """A record of which nothing is left by the rules but what can be counted."""

    __tablename__ = "expired_record"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    expired_at: Mapped[datetime]


class AccountNotice(Base):
    """Somebody was told that their account goes because nobody uses it; the row goes when they sign in, or with the account."""

    __tablename__ = "account_notice"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    told_on: Mapped[date]
