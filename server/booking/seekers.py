"""The waiting list of a service: who asks to be told of a time that becomes free, and which times they were offered."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class SeekerState(StrEnum):
    """`asking` until they took a time, left the list, let `MOST_OFFERS` go by, their last day is over, or nobody gives the service any more
    (`closed`)."""

    ASKING = "asking"
    TAKEN = "taken"
    LEFT = "left"
    GIVEN_UP = "given_up"
    OVER = "over"
    CLOSED = "closed"


class Seeker(Base):
    """Somebody who asks for a time of a service. `weekdays` has their digits (0 is Monday), `until` is inclusive; both count by the
    practice's clock. `token_hash` is all that is stored of the secret of their link. `offered_at` is when they were offered a time last.
    """

    __tablename__ = "seeker"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), index=True)
    state: Mapped[SeekerState] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    mobile: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    weekdays: Mapped[str] = mapped_column(String(7))
    mornings: Mapped[bool]
    afternoons: Mapped[bool]
    until: Mapped[date]
    time_zone: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    asked_at: Mapped[datetime]
    offered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    def end(self, state: SeekerState, now: datetime) -> None:
        """Ask no more: who they are and how to reach them is forgotten."""
        self.state, self.ended_at = state, now
        self.forget()

    def forget(self) -> None:
        self.name, self.mobile, self.email = "", None, None


class SlotOffer(Base):
    """A time that is held for a seeker: `appointment_id` keeps it in the guard until `until`. Nobody is offered the same time twice."""

    __tablename__ = "slot_offer"
    __table_args__ = (UniqueConstraint("seeker_id", "begins_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seeker_id: Mapped[UUID] = mapped_column(ForeignKey("seeker.id", ondelete="CASCADE"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"), index=True)
    begins_at: Mapped[datetime]
    made_at: Mapped[datetime]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
