"""Issues documents inside the caller's transaction, each once, with the next number of its practice.

The number is taken by a row that stays locked until the commit: who comes meanwhile waits, and what is rolled back leaves no gap. It is
the last lock that a transaction takes, after diaries, appointment and charge.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from server.access.model import Practice, Professional
from server.billing.doors import SANDBOX, lead_of
from server.billing.events import ChargePaid, InvoiceIssued, RefundDone, RefundUndone
from server.billing.model import Charge, Refund
from server.billing.papers import BillingDocument, DocumentKind, DocumentNumber, Seller, ServiceVat
from server.billing.vat import Split, VatKind, part_of, split
from server.booking.doors import find_appointment
from server.booking.model import Appointment, Pays, Service
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.errors import Conflict, NotFound
from server.patients.doors import name_on_record

NOT_INVOICED = _("There is nothing to invoice here: it costs nothing, is paid online, or did not take place.")
CREDITED = _("This invoice is cancelled already.")
COPIED = (
    "practice_id", "professional_id", "appointment_id", "charge_id", "sandbox", "seller_name", "seller_address", "vat_number", "pay_words",
    "buyer_name", "title", "given_by", "given_at", "vat_kind", "vat_rate", "vat_words", "currency", "time_zone", "language", "brand",
)  # fmt: skip


@dataclass(frozen=True)
class _Sale:
    """What was sold: the appointment, and the charge by which it was paid online, if it was."""

    appointment: Appointment
    charge: Charge | None
    professional_id: UUID
    buyer_name: str
    title: str
    minor: int
    currency: str


async def issue_receipt(tx: Tx, fact: ChargePaid, now: datetime) -> BillingDocument:
    """Issue the receipt of a charge that was paid; the one that there is stays the same."""
    charge = await tx.get_one(Charge, fact.charge_id)
    before = await find_document(tx, DocumentKind.RECEIPT, charge.id)
    if before is not None:
        return before
    appointment = await _appointment(tx, charge.appointment_id)
    name = charge.name or await _name(tx, appointment)
    sale = _Sale(appointment, charge, charge.professional_id, name, charge.title, charge.minor, charge.currency)
    return await _sell(tx, DocumentKind.RECEIPT, charge.id, sale, now)


async def issue_credit_note(tx: Tx, fact: RefundDone, now: datetime) -> None:
    """Issue the credit note of a refund; parts hold in sum just the VAT of the whole."""
    refund = await tx.get_one(Refund, fact.refund_id)
    if await find_document(tx, DocumentKind.CREDIT_NOTE, refund.id) is None:
        receipt = await issue_receipt(tx, ChargePaid(refund.charge_id), now)
        part = part_of(Split(receipt.gross_minor, receipt.vat_minor), await _credited(tx, receipt.id), refund.minor)
        await _correct(tx, receipt, DocumentKind.CREDIT_NOTE, refund.id, part, now)


async def cancel_credit_note(tx: Tx, fact: RefundUndone, now: datetime) -> None:
    """Take back the credit note of a refund that failed after all."""
    note = await find_document(tx, DocumentKind.CREDIT_NOTE, fact.refund_id)
    if note is not None and await find_document(tx, DocumentKind.CANCELLATION, fact.refund_id) is None:
        await _correct(tx, note, DocumentKind.CANCELLATION, fact.refund_id, Split(note.gross_minor, note.vat_minor), now)


async def issue_invoice(tx: Tx, appointment: Appointment, now: datetime) -> BillingDocument:
    """Issue the invoice for an appointment that is not paid online, once. Raises `Conflict`, code `not_invoiced`."""
    before = await find_document(tx, DocumentKind.INVOICE, appointment.id)
    if before is not None:
        return before
    if not invoiced(appointment):
        raise Conflict(NOT_INVOICED, code="not_invoiced")
    title = (await tx.get_one(Service, appointment.service_id)).name
    lead_id, name = await lead_of(tx, appointment.id), await _name(tx, appointment)
    sale = _Sale(appointment, None, lead_id, name, title, appointment.price_minor, appointment.currency)
    invoice = await _sell(tx, DocumentKind.INVOICE, appointment.id, sale, now)
    await tx.emit(InvoiceIssued(appointment.id))
    return invoice


async def invoice_as_promised(tx: Tx, appointment: Appointment, now: datetime) -> None:
    """Write the invoice of an appointment that took place, where that is what the patient was told at booking; nothing otherwise."""
    if appointment.pays == Pays.INVOICE and invoiced(appointment):
        await issue_invoice(tx, appointment, now)


async def cancel_invoice(tx: Tx, invoice: BillingDocument, now: datetime) -> None:
    """Credit the whole of an invoice; raises `Conflict` with the code `credited`."""
    if await find_document(tx, DocumentKind.CREDIT_NOTE, invoice.id) is not None:
        raise Conflict(CREDITED, code="credited")
    await _correct(tx, invoice, DocumentKind.CREDIT_NOTE, invoice.id, Split(invoice.gross_minor, invoice.vat_minor), now)


def invoiced(appointment: Appointment) -> bool:
    """Whether to write an invoice for an appointment: a service that was promised to a patient, costs something and is not paid online."""
    stands = appointment.state in {"confirmed", "fulfilled"}
    sold = appointment.patient_id is not None and appointment.service_id is not None
    return stands and sold and appointment.price_minor > 0 and appointment.pays != Pays.ONLINE


async def find_document(tx: Tx, kind: DocumentKind, about_id: UUID) -> BillingDocument | None:
    return await tx.scalar(select(BillingDocument).where(BillingDocument.about_id == about_id, BillingDocument.kind == kind))


async def seller_of(tx: Tx, practice: Practice, now: datetime) -> Seller:
    """Return what a practice says about itself, or what holds where it has said nothing yet."""
    return await tx.get(Seller, practice.id) or Seller(
        practice_id=practice.id,
        name=practice.name,
        address="",
        vat_number="",
        vat_kind=VatKind.EXEMPT,
        vat_words="",
        pay_words="",
        changed_at=now,
    )


async def _sell(tx: Tx, kind: DocumentKind, about_id: UUID, sale: _Sale, now: datetime) -> BillingDocument:
    practice = await tx.get_one(Practice, sale.appointment.practice_id)
    professional = await tx.get_one(Professional, sale.professional_id)
    seller = await seller_of(tx, practice, now)
    vat_kind, rate = await _vat_of(tx, seller, sale.appointment.service_id)
    amounts = Split(sale.minor, 0) if rate is None else split(sale.minor, rate)
    says = {
        "practice_id": practice.id,
        "professional_id": professional.id,
        "appointment_id": sale.appointment.id,
        "charge_id": sale.charge.id if sale.charge else None,
        "sandbox": sale.charge is not None and sale.charge.provider == SANDBOX,
        "seller_name": seller.name,
        "seller_address": seller.address,
        "vat_number": "" if vat_kind == VatKind.NOT_REGISTERED else seller.vat_number,
        "pay_words": seller.pay_words if kind == DocumentKind.INVOICE else "",
        "buyer_name": sale.buyer_name,
        "title": sale.title,
        "given_by": professional.full_name,
        "given_at": sale.appointment.begins_at,
        "vat_kind": vat_kind,
        "vat_rate": rate,
        "vat_words": seller.vat_words if vat_kind == VatKind.EXEMPT else "",
        "currency": sale.currency,
        "time_zone": practice.time_zone,
        "language": practice.language,
        "brand": practice.brand,
    }
    return await _issue(tx, kind, about_id, says, amounts, now)


async def _correct(tx: Tx, before: BillingDocument, kind: DocumentKind, about_id: UUID, amounts: Split, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    says = {name: getattr(before, name) for name in COPIED}
    await _issue(tx, kind, about_id, {**says, "corrects_id": before.id}, amounts, now)


async def _issue(tx: Tx, kind: DocumentKind, about_id: UUID, says: dict[str, Any], amounts: Split, now: datetime) -> BillingDocument:  # noqa: PLR0913, PLR0917
    document = BillingDocument(
        id=new_id(),
        kind=kind,
        about_id=about_id,
        number=await _next_number(tx, says["practice_id"], sandbox=says["sandbox"]),
        gross_minor=amounts.gross_minor,
        net_minor=amounts.net_minor,
        vat_minor=amounts.vat_minor,
        issued_at=now,
        **says,
    )
    tx.add(document)
    await tx.flush()
    return document


async def _next_number(tx: Tx, practice_id: UUID, *, sandbox: bool) -> int:
    """Take the next number. The first ever is made while the practice is locked, so that two who come at once make one row."""
    counter = await tx.get(DocumentNumber, (practice_id, sandbox), with_for_update=True, populate_existing=True)
    if counter is None:
        await tx.execute(select(Practice.id).where(Practice.id == practice_id).with_for_update(key_share=True))
        counter = await tx.get(DocumentNumber, (practice_id, sandbox), with_for_update=True, populate_existing=True)
    if counter is None:
        counter = DocumentNumber(practice_id=practice_id, sandbox=sandbox, last=0)
        tx.add(counter)
    counter.last += 1
    await tx.flush()
    return counter.last


async def _vat_of(tx: Tx, seller: Seller, service_id: UUID | None) -> tuple[VatKind, int | None]:
    """Return what to say about VAT; where a practice has rates, a service without one is exempt."""
    if seller.vat_kind != VatKind.RATED:
        return VatKind(seller.vat_kind), None
    rated = await tx.get(ServiceVat, service_id) if service_id else None
    return (VatKind.EXEMPT, None) if rated is None else (VatKind.RATED, rated.rate)


async def _credited(tx: Tx, receipt_id: UUID) -> Split:
    """Return how much of a receipt was credited, what was taken back left out."""
    notes = select(BillingDocument.id).where(BillingDocument.corrects_id == receipt_id)
    sums = select(func.sum(BillingDocument.gross_minor), func.sum(BillingDocument.vat_minor))
    gross, vat = (await tx.execute(sums.where(BillingDocument.corrects_id == receipt_id))).one()
    gross_back, vat_back = (await tx.execute(sums.where(BillingDocument.corrects_id.in_(notes)))).one()
    return Split(int(gross or 0) - int(gross_back or 0), int(vat or 0) - int(vat_back or 0))


async def _appointment(tx: Tx, appointment_id: UUID) -> Appointment:
    appointment = await find_appointment(tx, appointment_id)
    if appointment is None:
        raise NotFound
    return appointment


async def _name(tx: Tx, appointment: Appointment) -> str:
    """Return who bought it; whoever was erased meanwhile has no name here either."""
    if appointment.patient_id is None:
        return appointment.name or ""
    return await name_on_record(tx, appointment.patient_id)
