"""The rows of questionnaires: what is edited, what was published, and what patients answered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base

UNSENT = text("sent_at IS NULL")


class Questionnaire(Base):
    """What a practice edits; FHIR Questionnaire. `draft` is nobody's to answer until it is published as a version.

    `edits` counts every change, so that a stale page is told. `usual` marks the one that every practice can begin with.
    """

    __tablename__ = "questionnaire"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    draft: Mapped[str] = mapped_column(Text)
    edits: Mapped[int]
    usual: Mapped[bool]
    created_at: Mapped[datetime]


class QuestionnaireVersion(Base):
    """What was published: the database refuses to change it, so an answer always stands under the question that was asked."""

    __tablename__ = "questionnaire_version"
    __table_args__ = (UniqueConstraint("questionnaire_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    questionnaire_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire.id"))
    number: Mapped[int]
    questions: Mapped[str] = mapped_column(Text)
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime]


class AnswerSet(Base):
    """One filling of a version for one appointment; FHIR QuestionnaireResponse. A draft until `sent_at`, and never changed after it.

    `sealed` is encrypted under a data key of the set, which a key of the ring encrypts. `edits` counts what was saved in the draft.
    """

    __tablename__ = "answer_set"
    __table_args__ = (
        Index("uq_answer_set_draft", "appointment_id", unique=True, sqlite_where=UNSENT, postgresql_where=UNSENT),
        Index("ix_answer_set_appointment_id", "appointment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id", ondelete="CASCADE"), index=True)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire_version.id"), index=True)
    key_id: Mapped[str] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary(128))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    edits: Mapped[int]
    begun_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
