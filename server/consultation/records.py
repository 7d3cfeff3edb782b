"""What is kept of a consultation as dated rows: consents, endings, messages, presence, feedback."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.consultation.model import Outcome
from server.core.db import Base


class Invitation(Base):
    """Who asked a guest or a colleague into a consultation, and where it was written to; one row each, the last one counts."""

    __tablename__ = "invitation"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    mobile: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    invited_at: Mapped[datetime]


class Consent(Base):
    """A dated yes to one purpose in one wording; `wording_sha256` proves which sentence was read. It counts until it is withdrawn.

    A yes to being recorded names the recording, once there is one; one that somebody said for the patient names by which right,
    and so does its withdrawal. The database lets nobody change what was said, nor when it was taken back.
    """

    __tablename__ = "consent"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    wording_version: Mapped[str] = mapped_column(String(20))
    wording_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    language: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    recording_id: Mapped[UUID | None] = mapped_column(ForeignKey("recording.id"), index=True)
    representation_id: Mapped[UUID | None] = mapped_column(ForeignKey("representation.id"))
    withdrawn_representation_id: Mapped[UUID | None]


class Refusal(Base):
    """A dated 'I do not agree' to all sentences as they read then; `wordings` names each purpose with its version.

    One that somebody said for the patient names by which right. The database lets nobody change it.
    """

    __tablename__ = "refusal"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), index=True)
    wordings: Mapped[str] = mapped_column(String(200))
    wordings_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    language: Mapped[str] = mapped_column(String(20))
    refused_at: Mapped[datetime]
    representation_id: Mapped[UUID | None] = mapped_column(ForeignKey("representation.id"))


class Ending(Base):
    """What a professional said at the end. The consultation holds the last one until it goes on; the rows here are never changed."""

    __tablename__ = "ending"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    outcome: Mapped[Outcome] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(2000))
    ended_at: Mapped[datetime]


class ChatMessage(Base):
    """What was said in writing. With `file_id` it is a document of the record, and `body` its name; the document may be gone by now."""

    __tablename__ = "chat_message"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]
    file_id: Mapped[UUID | None]


class Attendance(Base):
    """One stretch of presence, measured from the server's own heartbeats; `left_at` is empty while it lasts."""

    __tablename__ = "attendance"
    __table_args__ = (Index("ix_attendance_open", "left_at", "last_seen_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), index=True)
    joined_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class CallQuality(Base):
    """How the call went for one participant in the ten seconds from `at`, as their browser measured it: losses per mille, times in
    milliseconds, kilobits a second. There is one row of them at most.
    """

    __tablename__ = "call_quality"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    lost_in: Mapped[int]
    lost_out: Mapped[int]
    delay_ms: Mapped[int]
    jitter_ms: Mapped[int]
    in_kbps: Mapped[int]
    out_kbps: Mapped[int]
    frozen_ms: Mapped[int]
    sound_only: Mapped[bool]


class Feedback(Base):
    """How the patient found the consultation, from 1 (not good at all) to 5 (very good), in one row each; the last answer counts.

    An answer from before that was asked has none.
    """

    __tablename__ = "feedback"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), primary_key=True)
    felt: Mapped[int | None]
    comment: Mapped[str | None] = mapped_column(String(2000))
    given_at: Mapped[datetime]


class TestimonialState(StrEnum):
    WAITING = "waiting"
    SHOWN = "shown"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"  # while a hold keeps it from being deleted: nobody is shown it any more


class Testimonial(Base):
    """What a patient lets others read about a professional, without a name. The yes to it is a `Consent`; taken back, the row is gone.

    `state` is what the professional decided, `why` what they said to whom they refused. What they show, the practice looks at too; with
    `hidden_why` it is not shown all the same.
    """

    __tablename__ = "testimonial"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), unique=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    words: Mapped[str] = mapped_column(String(600))
    state: Mapped[TestimonialState] = mapped_column(String(20))
    given_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    why: Mapped[str] = mapped_column(String(300), default="")
    hidden_why: Mapped[str | None] = mapped_column(String(300), default=None)
    looked_at: Mapped[datetime | None] = mapped_column(default=None)
    looked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), default=None)

    @property
    def public(self) -> bool:
        return self.state == TestimonialState.SHOWN and self.hidden_why is None
