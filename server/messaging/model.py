"""Messages to patients, guests and colleagues: what is to be said to whom, never the text itself, which would hold a link's secret."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.consultation.events import Channel, News
from server.core.db import Base
from server.messaging.wording import Kind


class DeliveryStatus(StrEnum):
    """`sent` is handed to a provider, `delivered` is what the provider says later; `stopped`: this number wants no text messages."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    STOPPED = "stopped"
    NOT_SENT = "not_sent"
    CANCELLED = "cancelled"


class Why(StrEnum):
    """Why a message did not arrive, as far as this server knows: the provider refused it, could not be reached for hours, or told
    later that the telephone did not take it; or the number wants no text messages.
    """

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNDELIVERED = "undelivered"
    STOPPED = "stopped"


UNREACHED = frozenset({DeliveryStatus.FAILED, DeliveryStatus.STOPPED})
UNSETTLED = frozenset({DeliveryStatus.QUEUED, DeliveryStatus.SENT})


class Delivery(Base):
    """One message by one channel; address and text are read when it goes out or is looked at. Without `news` it is an invitation.

    It is for somebody on a waiting list, or about a consultation: about a link of it, or it calls the colleague who has that place in
    it, and whose address is nobody else's business. A reminder and the news of a delay name what they tell of, so that they fall silent
    once it is no longer true. With a `representation_id` it is for whoever acts for the patient, at the address of their account.
    What could not be delivered says `why`, and stays on the administrators' page until it is `dealt_with_at`.
    """

    __tablename__ = "delivery"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("join_link.id", ondelete="CASCADE"))
    participant_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    reminder_id: Mapped[UUID | None] = mapped_column(ForeignKey("reminder.id", ondelete="CASCADE"))
    delay_id: Mapped[UUID | None] = mapped_column(ForeignKey("delay.id", ondelete="CASCADE"))
    seeker_id: Mapped[UUID | None] = mapped_column(ForeignKey("seeker.id", ondelete="CASCADE"))
    representation_id: Mapped[UUID | None] = mapped_column(ForeignKey("representation.id"))
    channel: Mapped[Channel] = mapped_column(String(20))
    news: Mapped[News | None] = mapped_column(String(20))
    status: Mapped[DeliveryStatus] = mapped_column(String(20))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    why: Mapped[Why | None] = mapped_column(String(20))
    dealt_with_at: Mapped[datetime | None]

    def becomes(self, status: DeliveryStatus, now: datetime, why: Why | None = None) -> bool:
        """Move forwards and tell whether that changed anything: reports of providers come twice, late, and in any order."""
        forwards = self.status == DeliveryStatus.QUEUED or (self.status == DeliveryStatus.SENT and status not in UNSETTLED)
        if forwards:
            self.status, self.settled_at, self.why = status, now, why
        return forwards


class OptOut(Base):
    """A number that answered STOP. Only its MAC is kept: enough to know it again, and nothing to write to."""

    __tablename__ = "opt_out"

    number_mac: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    stopped_at: Mapped[datetime]


class Reminder(Base):
    """A patient is to be told of an appointment once more, at `due_at`. It is about the appointment as it was promised with `sequence`:
    whatever moves or cancels it makes the reminder silent. `settled_at` says when it was sent or fell silent.
    """

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("appointment_id", "sequence", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    kind: Mapped[News] = mapped_column(String(20))
    due_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class Delay(Base):
    """A professional said that they run about so many minutes late. It can be taken back until it is told, at `told_at`."""

    __tablename__ = "delay"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    minutes: Mapped[int]
    said_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class MessageText(Base):
    """A practice's own text for a kind of message in one language, as `server/messaging/wording.py` checks it."""

    __tablename__ = "message_text"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    kind: Mapped[Kind] = mapped_column(String(20), primary_key=True)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    text: Mapped[str] = mapped_column(String(1000))
    changed_at: Mapped[datetime]
