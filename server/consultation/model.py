"""The clinical meeting, who takes part in it, and the link by which a patient joins."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.errors import Conflict

OPENS_BEFORE = timedelta(hours=24)
CLOSES_AFTER = timedelta(hours=24)
REJOIN_FOR = timedelta(minutes=10)


class ConsultationState(StrEnum):
    SCHEDULED = "scheduled"
    WAITING = "waiting"
    ACTIVE = "active"
    ENDED = "ended"
    ABANDONED = "abandoned"


class Outcome(StrEnum):
    COMPLETED = "completed"
    UNSUITABLE = "unsuitable"


class Role(StrEnum):
    PATIENT = "patient"
    PROFESSIONAL = "professional"


class Stage(StrEnum):
    """Where a participant is; the first four are the patient's way to the waiting room."""

    NOT_ARRIVED = "not_arrived"
    WELCOME = "welcome"
    CHECKING = "checking"
    DECLINED = "declined"
    WAITING = "waiting"
    IN_CALL = "in_call"
    LEFT = "left"
    REFUSED = "refused"


class Consultation(Base):
    """FHIR Encounter (virtual). `scheduled_at` may change; the join link moves with it."""

    __tablename__ = "consultation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"), index=True)
    scheduled_at: Mapped[datetime] = mapped_column(index=True)
    duration_min: Mapped[int]
    state: Mapped[ConsultationState] = mapped_column(String(20))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(String(20))
    outcome_reason: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]

    @property
    def over(self) -> bool:
        return self.state in {ConsultationState.ENDED, ConsultationState.ABANDONED}

    def patient_waits(self) -> None:
        """The patient knocks; a call that is already active stays so."""
        self._refuse_if_over()
        if self.state == ConsultationState.SCHEDULED:
            self.state = ConsultationState.WAITING

    def begin(self, now: datetime) -> None:
        self._refuse_if_over()
        self.state = ConsultationState.ACTIVE
        self.started_at = self.started_at or now

    def end(self, now: datetime, outcome: Outcome, reason: str | None) -> None:
        self._refuse_if_over()
        self.state = ConsultationState.ENDED
        self.ended_at, self.outcome, self.outcome_reason = now, outcome, reason

    def may_rejoin(self, now: datetime) -> bool:
        """A patient who left, or whose call was ended by mistake, can come back for ten minutes."""
        return not self.over or (self.ended_at is not None and now - self.ended_at <= REJOIN_FOR)

    def reopen(self, now: datetime) -> None:
        """Undo an ending within those minutes; the patient then waits to be admitted once more."""
        if not self.may_rejoin(now):
            self._refuse_if_over()
        if self.over:
            self.state, self.ended_at = ConsultationState.WAITING, None
            self.outcome = self.outcome_reason = None

    def _refuse_if_over(self) -> None:
        if self.over:
            raise Conflict("The consultation has ended.", code="ended")


class Participant(Base):
    """Somebody with a place in the consultation. `devices` is the check's result in words, for professionals only."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("consultation_id", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(String(20))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    companion: Mapped[str | None] = mapped_column(String(200))
    stage: Mapped[Stage] = mapped_column(String(20))
    waiting_since: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    refused_reason: Mapped[str | None] = mapped_column(String(2000))
    devices: Mapped[str | None] = mapped_column(String(500))

    def wait(self, now: datetime) -> None:
        """Take a place in the waiting room, or keep the one that is there already."""
        self.waiting_since = self.waiting_since or now
        self.stage = Stage.WAITING

    def admit(self, now: datetime) -> None:
        self.stage = Stage.IN_CALL
        self.admitted_at = self.admitted_at or now
        self.refused_reason = None

    def sit(self, now: datetime) -> None:
        """A professional takes the seat in the call, or keeps it."""
        if self.stage != Stage.IN_CALL:
            self.stage, self.admitted_at = Stage.IN_CALL, now

    def refuse(self, reason: str) -> None:
        self.stage, self.refused_reason = Stage.REFUSED, reason

    def leave(self) -> None:
        self.stage, self.waiting_since = Stage.LEFT, None


class Standing(StrEnum):
    """What a join link is good for at a moment."""

    READY = "ready"
    TOO_EARLY = "too_early"
    EXPIRED = "expired"
    REVOKED = "revoked"


class JoinLink(Base):
    """A patient's personal link, bound to the consultation: its window is counted from the scheduled time, so a new time moves it.

    `token_hash` is all that is stored of the secret; see docs/decisions for how a message can still show the link.
    """

    __tablename__ = "join_link"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    def standing(self, consultation: Consultation, now: datetime) -> Standing:
        if self.revoked_at is not None:
            return Standing.REVOKED
        if now < consultation.scheduled_at - OPENS_BEFORE:
            return Standing.TOO_EARLY
        closes = consultation.scheduled_at + timedelta(minutes=consultation.duration_min) + CLOSES_AFTER
        return Standing.EXPIRED if now > closes else Standing.READY


class Consent(Base):
    """A dated yes to one purpose in one wording; `wording_sha256` proves which sentence was read."""

    __tablename__ = "consent"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    wording_version: Mapped[str] = mapped_column(String(20))
    wording_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    language: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime]


class ChatMessage(Base):
    __tablename__ = "chat_message"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]


class Attendance(Base):
    """One stretch of presence, measured from the server's own heartbeats; `left_at` is empty while it lasts."""

    __tablename__ = "attendance"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), index=True)
    joined_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class Feedback(Base):
    """The patient's two answers after the call; one row each, the last answer counts."""

    __tablename__ = "feedback"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), primary_key=True)
    worked: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str | None] = mapped_column(String(2000))
    given_at: Mapped[datetime]
