"""Legal holds on records: rows that are only ever added, and the question that everybody asks who is about to delete."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Select, String, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Tx


class LegalHold(Base):
    """Nothing of the record may be deleted, by whatever rule or wish, until this hold and every other one on it is lifted."""

    __tablename__ = "legal_hold"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    why: Mapped[str] = mapped_column(String(500))
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    placed_at: Mapped[datetime]


class LegalHoldLift(Base):
    """The end of one hold; its key is the hold's, so there is one end."""

    __tablename__ = "legal_hold_lift"

    hold_id: Mapped[UUID] = mapped_column(ForeignKey("legal_hold.id"), primary_key=True)
    why: Mapped[str] = mapped_column(String(500))
    lifted_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime]


def held_patients() -> Select[UUID]:
    """Select the ids of the records that are held, some perhaps more than once."""
    return select(LegalHold.patient_id).where(~exists().where(LegalHoldLift.hold_id == LegalHold.id))


async def held(tx: Tx, patient_id: UUID) -> bool:
    """Whether a hold stands on the record; whoever goes on to delete has its row locked, as `place` does."""
    return await tx.scalar(held_patients().where(LegalHold.patient_id == patient_id).limit(1)) is not None
