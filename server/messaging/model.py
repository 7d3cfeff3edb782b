"""Messages to patients, guests and colleagues: what is to be said to whom, never the text itself, which would hold a link's secret."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.consultation.events import Channel
from server.core.db import Base


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    NOT_SENT = "not_sent"
    CANCELLED = "cancelled"


class Delivery(Base):
    """One message by one channel; address and text are read when it goes out or is looked at.

    It is about a link, or calls the colleague who has that place in the consultation, and whose address is nobody else's business.
    """

    __tablename__ = "delivery"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("join_link.id", ondelete="CASCADE"))
    participant_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    channel: Mapped[Channel] = mapped_column(String(20))
    status: Mapped[DeliveryStatus] = mapped_column(String(20))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
