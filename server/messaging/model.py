"""Messages to patients and their guests: what is to be said to whom, never the text itself, which would hold the join link's secret."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.consultation.events import Channel, News
from server.core.db import Base


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    NOT_SENT = "not_sent"
    CANCELLED = "cancelled"


class Delivery(Base):
    """One message by one channel; address and text are read when it goes out or is looked at. Without `news` it is an invitation."""

    __tablename__ = "delivery"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    link_id: Mapped[UUID] = mapped_column(ForeignKey("join_link.id", ondelete="CASCADE"))
    channel: Mapped[Channel] = mapped_column(String(20))
    news: Mapped[News | None] = mapped_column(String(20))
    status: Mapped[DeliveryStatus] = mapped_column(String(20))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
