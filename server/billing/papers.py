"""Receipts, invoices and credit notes as rows, with everything that they say; and what a practice says about itself on them.

A document is added once and never changed: the database refuses it. It is the one place in which the name of a patient is kept with the
money, because the law asks for it; the row needs nothing of a patient's record to be read.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.billing.vat import VatKind
from server.core.db import Base


class Seller(Base):
    """What a practice says about itself on documents; without a row its name alone, and that its care is exempt from VAT.

    `vat_words` is its own sentence about VAT, "" the built-in one; `pay_words` says on invoices how to pay.
    """

    __tablename__ = "seller"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(500))
    vat_number: Mapped[str] = mapped_column(String(20))
    vat_kind: Mapped[VatKind] = mapped_column(String(20))
    vat_words: Mapped[str] = mapped_column(String(300))
    pay_words: Mapped[str] = mapped_column(String(500))
    changed_at: Mapped[datetime]


class ServiceVat(Base):
    """The rate of a service, in hundredths of a per cent, where its practice has rates; a service without a row is exempt."""

    __tablename__ = "service_vat"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"), primary_key=True)
    rate: Mapped[int]


class DocumentNumber(Base):
    """The last number that a practice gave to a document; those of the sandbox are counted beside those about money."""

    __tablename__ = "document_number"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    sandbox: Mapped[bool] = mapped_column(primary_key=True)
    last: Mapped[int]


class DocumentKind(StrEnum):
    """`cancellation` takes a credit note back, whose money did not arrive after all."""

    RECEIPT = "receipt"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    CANCELLATION = "cancellation"


class BillingDocument(Base):
    """A document as it was issued, for one thing (`about_id`: a charge, an appointment, a refund or an invoice) and one kind once only.

    Amounts are in the smallest unit of the currency and never negative: the kind says which way they go. `vat_rate` is in hundredths of
    a per cent, None where no VAT is asked for.
    `brand` is the mark of the look that its practice had then. Nothing in it points to a patient's record.
    """

    __tablename__ = "billing_document"
    __table_args__ = (UniqueConstraint("practice_id", "sandbox", "number"), UniqueConstraint("about_id", "kind"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), index=True)
    charge_id: Mapped[UUID | None] = mapped_column(ForeignKey("charge.id"), index=True)
    corrects_id: Mapped[UUID | None] = mapped_column(ForeignKey("billing_document.id"))
    about_id: Mapped[UUID]
    kind: Mapped[DocumentKind] = mapped_column(String(20))
    sandbox: Mapped[bool]
    number: Mapped[int]
    seller_name: Mapped[str] = mapped_column(String(200))
    seller_address: Mapped[str] = mapped_column(String(500))
    vat_number: Mapped[str] = mapped_column(String(20))
    pay_words: Mapped[str] = mapped_column(String(500))
    buyer_name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(120))
    given_by: Mapped[str] = mapped_column(String(250))
    given_at: Mapped[datetime]
    gross_minor: Mapped[int]
    net_minor: Mapped[int]
    vat_minor: Mapped[int]
    vat_kind: Mapped[VatKind] = mapped_column(String(20))
    vat_rate: Mapped[int | None]
    vat_words: Mapped[str] = mapped_column(String(300))
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(20))
    issued_at: Mapped[datetime]
    brand: Mapped[str | None] = mapped_column(String(32))

    @property
    def numbered(self) -> str:
        """Return the number as people read it."""
        return f"SANDBOX-{self.number:06}" if self.sandbox else f"{self.number:06}"
