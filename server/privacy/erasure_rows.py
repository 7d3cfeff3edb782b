"""What was ordered to be erased, and what the professionals who treat a patient say about their part of the record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Erasure(Base):
    """What follows a request of the same `id` once a reviewer said yes. `person_id` is the account that closes with the record, if it does.

    It is kept when the request itself goes.

    `told_at` is when they were told, or when that was given up; `erased_at` stays empty for as long as a hold keeps the record.

    `goes` names the holdings that were to go, separated by blanks; once it is erased, those that went.
    """

    __tablename__ = "erasure"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    goes: Mapped[str] = mapped_column(String(2000))
    ordered_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    listed_at: Mapped[datetime | None]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.goes.split())


class ClinicalAnswer(Base):
    """What one professional answered about the clinical part of a request: whether it may go, and `sealed` under the request's key why."""

    __tablename__ = "clinical_answer"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("rights_request.id"), primary_key=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), primary_key=True)
    goes: Mapped[bool]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime]
