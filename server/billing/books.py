"""The doors to the books for whoever works here: charges of a month, one charge with all that happened to it, and its documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from server.access.model import Practice, Professional
from server.access.policy import Viewer, may_give_back, may_know_who_paid, may_see_money
from server.access.viewer import administers
from server.billing.doors import SANDBOX, lock_charge
from server.billing.model import Charge, Dispute, DisputeState, LedgerLine, Refund, RefundState
from server.billing.months import Month
from server.billing.papers import BillingDocument, DocumentKind
from server.booking.model import Appointment, AppointmentMember, AppointmentState, Pays, Service
from server.core.db import Tx, locked
from server.errors import Forbidden, NotFound
from server.patients.model import Patient


@dataclass(frozen=True)
class Reader:
    """Who reads the books of a practice; with `keeps_books` all of them, else what they were paid themselves."""

    viewer: Viewer
    practice: Practice
    keeps_books: bool


@dataclass(frozen=True)
class Entry:
    """One charge in a list. `name` is None for whoever only keeps the books, and where nobody knows it any more.

    `disputed_minor` is what the bank holds, or has taken.
    """

    charge: Charge
    professional: str
    name: str | None
    refunded_minor: int
    returning_minor: int
    disputed_minor: int
    receipt: BillingDocument | None

    @property
    def paid_minor(self) -> int:
        return self.charge.minor if self.charge.paid_at else 0

    @property
    def kept_minor(self) -> int:
        return self.paid_minor - self.refunded_minor - self.disputed_minor

    @property
    def at(self) -> datetime:
        return self.charge.paid_at or self.charge.created_at

    @property
    def sandbox(self) -> bool:
        return self.charge.provider == SANDBOX


@dataclass(frozen=True)
class Account:
    """One charge with everything that happened to it, in the order in which it did."""

    entry: Entry
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]
    lines: Sequence[LedgerLine]
    documents: Sequence[BillingDocument]


@dataclass(frozen=True)
class Unpaid:
    """An appointment that is paid at the practice or by invoice, and its invoice once there is one."""

    appointment: Appointment
    title: str
    name: str
    invoice: BillingDocument | None
    credited: bool


async def reader_of(tx: Tx, viewer: Viewer) -> Reader:
    """Return how somebody reads the books; raises `Forbidden` for whoever is paid nothing and administers nothing."""
    keeps_books = await administers(tx, viewer)
    if viewer.practice_id is None or not (keeps_books or viewer.professional_id):
        raise Forbidden
    return Reader(viewer, await tx.get_one(Practice, viewer.practice_id), keeps_books)


async def entries_of(tx: Tx, reader: Reader, month: Month) -> list[Entry]:
    """Return the charges that were paid in a month, or asked for and never paid, the newest first."""
    at = func.coalesce(Charge.paid_at, Charge.created_at)
    begins_at, ends_at = month.within(reader.practice.time_zone)
    query = _charges(reader).where(at >= begins_at, at < ends_at).order_by(at.desc(), Charge.id)
    return await _entries(tx, reader, query)


async def see_charge(tx: Tx, reader: Reader, charge_id: UUID, *, to_give_back: bool = False) -> Charge:
    """Load a charge; with `to_give_back` it is locked for whoever may. Raises `NotFound`, and `Forbidden` for whoever may only look."""
    charge = await tx.get(Charge, charge_id)
    if charge is None or not may_see_money(reader.viewer, charge, keeps_books=reader.keeps_books):
        raise NotFound
    if not to_give_back:
        return charge
    if not may_give_back(reader.viewer, charge):
        raise Forbidden
    return await lock_charge(tx, charge_id)


async def see_account(tx: Tx, reader: Reader, charge_id: UUID) -> Account:
    """Load a charge with all that happened to it; raises `NotFound`."""
    await see_charge(tx, reader, charge_id)
    (entry,) = await _entries(tx, reader, _charges(reader).where(Charge.id == charge_id))
    return Account(
        entry,
        list(await tx.scalars(select(Refund).where(Refund.charge_id == charge_id).order_by(Refund.requested_at, Refund.id))),
        list(await tx.scalars(select(Dispute).where(Dispute.charge_id == charge_id).order_by(Dispute.opened_at, Dispute.id))),
        list(await tx.scalars(select(LedgerLine).where(LedgerLine.charge_id == charge_id).order_by(LedgerLine.at, LedgerLine.id))),
        list(await tx.scalars(select(BillingDocument).where(BillingDocument.charge_id == charge_id).order_by(BillingDocument.number))),
    )


async def see_document(tx: Tx, reader: Reader, document_id: UUID) -> BillingDocument:
    """Load a document; raises `NotFound`."""
    document = await tx.get(BillingDocument, document_id)
    if document is None or not may_see_money(reader.viewer, document, keeps_books=reader.keeps_books):
        raise NotFound
    return document


async def documents_of(tx: Tx, appointment_id: UUID) -> list[BillingDocument]:
    """Return the documents about an appointment, the newest first; whoever calls has proved that it is theirs."""
    mine = select(BillingDocument).where(BillingDocument.appointment_id == appointment_id)
    return list(await tx.scalars(mine.order_by(BillingDocument.issued_at.desc(), BillingDocument.number.desc())))


async def documents_of_patient(tx: Tx, patient_id: UUID) -> list[BillingDocument]:
    """Return the documents about everything that a patient booked; whoever calls holds the record from its own door."""
    mine = select(BillingDocument).join(Appointment, Appointment.id == BillingDocument.appointment_id)
    theirs = mine.where(Appointment.patient_id == patient_id)
    return list(await tx.scalars(theirs.order_by(BillingDocument.issued_at.desc(), BillingDocument.number.desc())))


async def corrected_by(tx: Tx, document: BillingDocument) -> BillingDocument | None:
    """Return the document that this one corrects."""
    return await tx.get(BillingDocument, document.corrects_id) if document.corrects_id else None


async def patient_behind(tx: Tx, document: BillingDocument) -> UUID | None:
    """Return whose appointment a document is about, for the record of who looked at what; None for whoever was erased."""
    return await tx.scalar(select(Appointment.patient_id).where(Appointment.id == document.appointment_id))


async def unpaid_of(tx: Tx, reader: Reader, month: Month) -> list[Unpaid]:
    """Return the viewer's own appointments of a month that are not paid online, the newest first."""
    begins_at, ends_at = month.within(reader.practice.time_zone)
    within = _to_invoice(reader).where(Appointment.begins_at >= begins_at, Appointment.begins_at < ends_at)
    rows = (await tx.execute(within.order_by(Appointment.begins_at.desc(), Appointment.id))).all()
    documents = await _invoices(tx, [appointment.id for appointment, _, _ in rows])
    credited = {one.corrects_id for one in documents if one.kind == DocumentKind.CREDIT_NOTE}
    invoices = {one.about_id: one for one in documents if one.kind == DocumentKind.INVOICE}
    return [
        Unpaid(appointment, title, name, invoice, credited=invoice is not None and invoice.id in credited)
        for appointment, title, name in rows
        for invoice in [invoices.get(appointment.id)]
    ]


async def see_to_invoice(tx: Tx, reader: Reader, appointment_id: UUID) -> Appointment:
    """Load one of them, locked; raises `NotFound`."""
    found = (await tx.execute(_to_invoice(reader).where(Appointment.id == appointment_id))).one_or_none()
    if found is None:
        raise NotFound
    await tx.refresh(found[0], with_for_update=locked())
    return found[0]


async def fee_lines(tx: Tx, reader: Reader, month: Month) -> list[tuple[LedgerLine, Charge, str]]:
    """Return the lines of the ledger about the platform's fee of a month, each with its charge and who was paid."""
    begins_at, ends_at = month.within(reader.practice.time_zone)
    joined = select(LedgerLine, Charge, Professional).join(Charge, Charge.id == LedgerLine.charge_id)
    lines = joined.join(Professional, Professional.id == LedgerLine.professional_id).where(LedgerLine.account == "platform_fee")
    mine = lines.where(_mine(reader, LedgerLine), LedgerLine.at >= begins_at, LedgerLine.at < ends_at)
    rows = await tx.execute(mine.order_by(LedgerLine.at, LedgerLine.id))
    return [(line, charge, professional.full_name) for line, charge, professional in rows]


def _mine(reader: Reader, table: type[Charge | LedgerLine]) -> ColumnElement[bool]:
    own = table.professional_id == reader.viewer.professional_id
    here = table.practice_id == reader.practice.id
    return here if reader.keeps_books else here & own


def _charges(reader: Reader) -> Select[Charge, Professional, str]:
    joined = select(Charge, Professional, Patient.name).join(Professional, Professional.id == Charge.professional_id)
    named = joined.join(Appointment, Appointment.id == Charge.appointment_id).outerjoin(
        Patient, (Patient.id == Appointment.patient_id) & Patient.id.not_in(reader.viewer.restricted)
    )
    return named.where(_mine(reader, Charge))


async def _entries(tx: Tx, reader: Reader, query: Select[Charge, Professional, str]) -> list[Entry]:
    rows = (await tx.execute(query)).all()
    ids = [charge.id for charge, _, _ in rows]
    sums: dict[tuple[UUID, str], int] = {}
    given = select(Refund.charge_id, Refund.state, func.sum(Refund.minor)).where(Refund.charge_id.in_(ids))
    for charge_id, state, minor in await tx.execute(given.group_by(Refund.charge_id, Refund.state)):
        sums[charge_id, state] = int(minor)
    held = select(Dispute.charge_id, func.sum(Dispute.minor)).where(Dispute.charge_id.in_(ids), Dispute.state != DisputeState.WON)
    disputed = {charge_id: int(minor) for charge_id, minor in await tx.execute(held.group_by(Dispute.charge_id))}
    found = select(BillingDocument).where(BillingDocument.about_id.in_(ids), BillingDocument.kind == DocumentKind.RECEIPT)
    receipts = {receipt.about_id: receipt for receipt in await tx.scalars(found)}
    return [
        Entry(
            charge,
            professional.full_name,
            name if may_know_who_paid(reader.viewer, charge) else None,
            sums.get((charge.id, RefundState.DONE), 0),
            sums.get((charge.id, RefundState.REQUESTED), 0) + sums.get((charge.id, RefundState.PENDING), 0),
            disputed.get(charge.id, 0),
            receipts.get(charge.id),
        )
        for charge, professional, name in rows
    ]


def _to_invoice(reader: Reader) -> Select[Appointment, str, str]:
    joined = select(Appointment, Service.name, Patient.name).join(Service, Service.id == Appointment.service_id)
    named = joined.join(Patient, Patient.id == Appointment.patient_id).join(
        AppointmentMember, (AppointmentMember.appointment_id == Appointment.id) & AppointmentMember.lead
    )
    costs = (Appointment.pays != Pays.ONLINE) & (Appointment.price_minor > 0)
    stands = Appointment.state.in_((AppointmentState.CONFIRMED, AppointmentState.FULFILLED))
    led = AppointmentMember.professional_id == reader.viewer.professional_id
    written = select(BillingDocument.id).where(BillingDocument.about_id == Appointment.id, BillingDocument.kind == DocumentKind.INVOICE)
    counts = or_(costs & stands, written.exists())  # what was written stays in sight when the appointment is cancelled after all
    used = Appointment.patient_id.not_in(reader.viewer.restricted)
    return named.where(Appointment.practice_id == reader.practice.id, counts, led, used)


async def _invoices(tx: Tx, appointment_ids: Sequence[UUID]) -> list[BillingDocument]:
    about = BillingDocument.appointment_id.in_(appointment_ids)
    return list(await tx.scalars(select(BillingDocument).where(about, BillingDocument.charge_id.is_(None))))
