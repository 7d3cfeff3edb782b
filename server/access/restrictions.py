"""Records that are kept and not used (UK GDPR, Article 18): the rows, and which records they close at a moment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Select, String, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Tx


class Restriction(Base):
    """A record is kept and not used until `ends_at`, of which its patient is told at `announced_at`; None while no end is in sight."""

    __tablename__ = "restriction"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    began_at: Mapped[datetime]
    lift_reason: Mapped[str | None] = mapped_column(String(500))
    announced_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]

    def stands(self, now: datetime) -> bool:
        return self.ends_at is None or self.ends_at > now


def standing(now: datetime) -> ColumnElement[bool]:
    """Return the condition for restrictions that hold at this moment."""
    return or_(Restriction.ends_at.is_(None), Restriction.ends_at > now)


def restricted_patients(now: datetime) -> Select[UUID]:
    """Select the ids of the records that are restricted at this moment: to delete them is to use them, too."""
    return select(Restriction.patient_id).where(standing(now))


async def restricted_in(tx: Tx, practice_id: UUID, now: datetime) -> frozenset[UUID]:
    """Return the patients of a practice whose record is restricted."""
    here = select(Restriction.patient_id).where(Restriction.practice_id == practice_id, standing(now))
    return frozenset(await tx.scalars(here))


async def find_restriction(tx: Tx, patient_id: UUID, now: datetime) -> Restriction | None:
    """Return what restricts a record at this moment."""
    return await tx.scalar(select(Restriction).where(Restriction.patient_id == patient_id, standing(now)).limit(1))
