"""Money: what was asked, what was given back, and the lines whose sums are the truth. Rows and their rules, without a database.

A charge and a refund are rows first; the provider is asked outside of any transaction, and what it says is applied to them.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base

CHECKOUT_FOR = timedelta(minutes=31)  # Stripe takes no less than 30 from when it is asked, which may be some tries later
HOLD_FOR_PAYMENT = timedelta(minutes=35)  # a time is kept for longer than it can be paid
KIND_LENGTH = 100  # of an event's name; what we act on is shorter
STANDING = text("state IN ('open', 'paid')")


class MerchantAccount(Base):
    """A professional's own account at the provider: they are paid, the platform is not. `wanting` is what the provider still asks for."""

    __tablename__ = "merchant_account"

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(100), unique=True)
    ready: Mapped[bool]
    wanting: Mapped[list[Any]] = mapped_column(JSON)
    checked_at: Mapped[datetime]


class ChargeState(StrEnum):
    """`refused`: the provider would not open it, or says something else about it than was asked."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    REFUSED = "refused"


class Charge(Base):
    """One attempt (the `n`th) to be paid for an appointment; of those that are open or paid an appointment has one.

    `origin` is the public address to which whoever pays comes back. Who they are stands here only until it is known whether they paid.
    """

    __tablename__ = "charge"
    __table_args__ = (
        Index("uq_charge_standing", "appointment_id", unique=True, sqlite_where=STANDING, postgresql_where=STANDING),
        Index("ix_charge_checkout_id", "checkout_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), index=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    provider: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(120))
    minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    fee_minor: Mapped[int]
    state: Mapped[ChargeState] = mapped_column(String(20))
    n: Mapped[int]
    origin: Mapped[str] = mapped_column(String(300))
    checkout_id: Mapped[str | None] = mapped_column(String(200))
    checkout_url: Mapped[str | None] = mapped_column(String(2000))
    payment: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str | None] = mapped_column(String(200))
    mobile: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    disputed_at: Mapped[datetime | None]

    def forget(self) -> None:
        """Keep nothing about who pays: the patient's record has it, or nobody needs it."""
        self.name = self.mobile = self.email = self.person_id = None


class Reason(StrEnum):
    """Why money is given back; `missed` is by the rule of the service for whoever did not come."""

    LATE_PAYMENT = "late_payment"
    CANCELLED = "cancelled"
    PRACTICE = "practice"
    MISSED = "missed"
    GOODWILL = "goodwill"


class RefundState(StrEnum):
    REQUESTED = "requested"
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Refund(Base):
    """Money that is given back, once the provider says so; those of a charge that have not failed are never more than it.

    `why` is what somebody wrote who asked for it by hand, "" where the server decided by itself.
    """

    __tablename__ = "refund"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    charge_id: Mapped[UUID] = mapped_column(ForeignKey("charge.id"), index=True)
    minor: Mapped[int]
    with_fee: Mapped[bool]
    reason: Mapped[Reason] = mapped_column(String(20))
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    why: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[RefundState] = mapped_column(String(20), index=True)
    provider_ref: Mapped[str | None] = mapped_column(String(200), index=True)
    requested_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class DisputeState(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Dispute(Base):
    """Somebody asks their bank for the money of a charge; `reason` is the provider's word, `answer_by` the day to answer until, if any."""

    __tablename__ = "dispute"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    charge_id: Mapped[UUID] = mapped_column(ForeignKey("charge.id"), index=True)
    provider_ref: Mapped[str] = mapped_column(String(200), unique=True)
    minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(100))
    state: Mapped[DisputeState] = mapped_column(String(20))
    opened_at: Mapped[datetime]
    answer_by: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class LedgerLine(Base):
    """A line of an entry, whose lines sum to zero; it is added and never changed. `account` is one of `server.billing.ledger.Account`."""

    __tablename__ = "ledger_line"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(index=True)
    account: Mapped[str] = mapped_column(String(20))
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    charge_id: Mapped[UUID | None] = mapped_column(ForeignKey("charge.id"), index=True)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"))
    minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime]


class ProviderEvent(Base):
    """Something that the provider told, by its own id, so that it counts once; `applied_at` once its effect is stored."""

    __tablename__ = "provider_event"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(KIND_LENGTH))
    account: Mapped[str | None] = mapped_column(String(100))
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
