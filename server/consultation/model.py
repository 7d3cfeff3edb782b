"""The clinical meeting, who takes part in it, and the link by which a patient joins."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.core.marking import _
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
    CANCELLED = "cancelled"


OVER = frozenset({ConsultationState.ENDED, ConsultationState.ABANDONED, ConsultationState.CANCELLED})


class Outcome(StrEnum):
    """What a professional says at the end; none for a consultation that nobody ended."""

    COMPLETED = "completed"
    UNSUITABLE = "unsuitable"
    ABSENT = "absent"


class Role(StrEnum):
    PATIENT = "patient"
    PROFESSIONAL = "professional"
    GUEST = "guest"


class Relation(StrEnum):
    """What a guest is to the patient, or comes for."""

    CARER = "carer"
    INTERPRETER = "interpreter"
    FAMILY = "family"
    SUPERVISOR = "supervisor"
    COLLEAGUE = "colleague"


NOT_WAITING = {
    Role.PATIENT: _("The patient is not in the waiting room."),
    Role.GUEST: _("Your guest is not in the waiting room."),
    Role.PROFESSIONAL: _("A colleague takes a seat by themself."),
}


class Stage(StrEnum):
    """Where a participant is; the first four are a patient's or guest's way to the waiting room."""

    NOT_ARRIVED = "not_arrived"
    WELCOME = "welcome"
    CHECKING = "checking"
    DECLINED = "declined"
    WAITING = "waiting"
    IN_CALL = "in_call"
    LEFT = "left"
    REFUSED = "refused"


class Consultation(Base):
    """FHIR Encounter (virtual). `scheduled_at` may change; the join link moves with it. `appointment_id` is the promise that it keeps."""

    __tablename__ = "consultation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"), index=True, unique=True)
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
        return self.state in OVER

    @property
    def closes_at(self) -> datetime:
        """When every join link of it expires."""
        return self.scheduled_at + timedelta(minutes=self.duration_min) + CLOSES_AFTER

    def patient_waits(self) -> None:
        """The patient knocks; a call that is already active stays so."""
        self._refuse_if_over()
        if self.state == ConsultationState.SCHEDULED:
            self.state = ConsultationState.WAITING

    def guest_waits(self) -> None:
        """A guest's knock changes nothing of the consultation, whose patient it waits for."""
        self._refuse_if_over()

    def begin(self, now: datetime) -> None:
        """Go on talking: whatever was said of an earlier ending holds no longer, and stays on record as an `Ending`."""
        self._refuse_if_over()
        self.state = ConsultationState.ACTIVE
        self.started_at = self.started_at or now
        self.ended_at = self.outcome = self.outcome_reason = None

    def end(self, now: datetime, outcome: Outcome, reason: str | None) -> None:
        self._refuse_if_over()
        if outcome == Outcome.ABSENT and self.started_at is not None:
            raise Conflict("You have talked with the patient already.", code="has_begun")
        self.state = ConsultationState.ABANDONED if outcome == Outcome.ABSENT else ConsultationState.ENDED
        self.ended_at, self.outcome, self.outcome_reason = now, outcome, reason

    def lapse(self, last_seen_at: datetime | None) -> None:
        """Close what nobody ended, once the links are closed.

        An ending that was said before stands. A call that was forgotten ended when somebody was there last, with no outcome, because
        nobody said one. All the rest never came about.
        """
        never = self.started_at is None and self.outcome in {None, Outcome.ABSENT}
        self.state = ConsultationState.ABANDONED if never else ConsultationState.ENDED
        self.ended_at = self.ended_at or last_seen_at or self.closes_at

    def may_rejoin(self, now: datetime) -> bool:
        """A patient whose call was ended by mistake can come back for ten minutes, but not against 'unsuitable for video'."""
        if not self.over:
            return True
        if self.state == ConsultationState.CANCELLED:
            return False
        return self.outcome != Outcome.UNSUITABLE and self.ended_at is not None and now - self.ended_at <= REJOIN_FOR

    def reopen(self, now: datetime) -> None:
        """Let the patient wait once more within those minutes; what was said of the ending stands until the call goes on."""
        if not self.may_rejoin(now):
            self._refuse_if_over()
        if self.over:
            self.state = ConsultationState.WAITING

    def cancel(self, now: datetime) -> None:
        """Call it off before anybody has talked; from then on every link of it is dead."""
        self._refuse_if_begun()
        self.state, self.ended_at = ConsultationState.CANCELLED, now

    def miss(self, now: datetime) -> None:
        """Call off what the patient waited for in vain, also where it has lapsed since."""
        if self.started_at is None and self.state != ConsultationState.CANCELLED:
            self.state, self.ended_at = ConsultationState.CANCELLED, now

    def move(self, scheduled_at: datetime) -> None:
        """Let it be at another time. A patient who was early waits no longer."""
        self._refuse_if_begun()
        self.state, self.scheduled_at = ConsultationState.SCHEDULED, scheduled_at

    def pass_on(self, professional_id: UUID) -> None:
        """Have a colleague give it, before anybody has talked."""
        self._refuse_if_begun()
        self.state, self.professional_id = ConsultationState.SCHEDULED, professional_id

    def _refuse_if_begun(self) -> None:
        self._refuse_if_over()
        if self.started_at is not None:
            raise Conflict("The consultation has begun already.", code="has_begun")

    def _refuse_if_over(self) -> None:
        if self.over:
            raise Conflict("The consultation has ended.", code="ended")


class Participant(Base):
    """Somebody with a place in the consultation. `devices` is the check's result as codes, for professionals only.

    `hold_message` is what somebody who waits was told last; "" when they were only asked to wait. `relation` and `withdrawn_at` are of a
    guest. Whoever is `quiet` is in the call to see and hear, and sends nothing. `representation_id` says that the patient's place was
    taken last by somebody who acts for them.
    """

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("consultation_id", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(String(20))
    relation: Mapped[Relation | None] = mapped_column(String(20))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    companion: Mapped[str | None] = mapped_column(String(200))
    stage: Mapped[Stage] = mapped_column(String(20))
    waiting_since: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    refused_reason: Mapped[str | None] = mapped_column(String(2000))
    devices: Mapped[str | None] = mapped_column(String(200))
    hold_message: Mapped[str | None] = mapped_column(String(2000))
    quiet: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]
    representation_id: Mapped[UUID | None] = mapped_column(ForeignKey("representation.id"))

    def wait(self, now: datetime) -> None:
        """Take a place in the waiting room, or keep the one that is there already."""
        self._refuse_if_declined()
        self.waiting_since = self.waiting_since or now
        self.stage = Stage.WAITING

    def admit(self, now: datetime) -> None:
        """Let a patient or guest in. A guest's time counts anew: what was said while they were outside stays hidden after a restart."""
        self._refuse_if_declined()
        if self.admitted_at is None or (self.role == Role.GUEST and self.stage != Stage.IN_CALL):
            self.admitted_at = now
        self.stage = Stage.IN_CALL
        self.refused_reason = self.hold_message = None

    def sit(self, now: datetime, *, quiet: bool) -> None:
        """A professional takes a seat in the call, or keeps it."""
        if self.stage != Stage.IN_CALL:
            self.stage, self.admitted_at = Stage.IN_CALL, now
        self.quiet = quiet

    def hold(self, message: str | None) -> None:
        """Let them wait longer, and have it told again whenever their page comes back."""
        self._refuse_if_declined()
        self.hold_message = message or ""

    def refuse(self, reason: str) -> None:
        self._refuse_if_declined()
        self.stage, self.refused_reason, self.hold_message = Stage.REFUSED, reason, None

    def leave(self) -> None:
        """Give up every place. Whoever does not agree stays at that: only a new consent leads on."""
        self.waiting_since = self.hold_message = None
        self.quiet = False
        if self.stage != Stage.DECLINED:
            self.stage = Stage.LEFT

    def dismiss(self) -> None:
        """The consultation is over: whoever was there, or was to be, has left."""
        if self.stage in {Stage.WAITING, Stage.IN_CALL, Stage.REFUSED}:
            self.leave()

    def withdraw(self, now: datetime) -> None:
        """The invitation holds no longer; what the guest said stays under their name."""
        self.withdrawn_at = self.withdrawn_at or now
        self.dismiss()

    def decline(self) -> None:
        self.leave()
        self.stage = Stage.DECLINED

    def _refuse_if_declined(self) -> None:
        """The room may not have heard yet that they do not agree."""
        if self.stage == Stage.DECLINED:
            raise Conflict(NOT_WAITING[Role(self.role)], code="not_waiting")


class Standing(StrEnum):
    """What a join link is good for at a moment."""

    READY = "ready"
    TOO_EARLY = "too_early"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CANCELLED = "cancelled"


class JoinLink(Base):
    """A patient's or guest's personal link, bound to the consultation: its window is counted from the scheduled time and moves with it.

    `token_hash` is all that is stored of the secret; see docs/decisions for how a message can still show the link. One with a
    `representation_id` is of somebody who acts for the patient, and good only while they may.
    """

    __tablename__ = "join_link"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    representation_id: Mapped[UUID | None] = mapped_column(ForeignKey("representation.id"), index=True)

    def standing(self, consultation: Consultation, now: datetime) -> Standing:
        if self.revoked_at is not None:
            return Standing.REVOKED
        if consultation.state == ConsultationState.CANCELLED:
            return Standing.CANCELLED
        if now < consultation.scheduled_at - OPENS_BEFORE:
            return Standing.TOO_EARLY
        return Standing.EXPIRED if now > consultation.closes_at else Standing.READY
