"""Writes to whoever pays, by e-mail: that there is a receipt, an invoice or a credit note, and where."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.acting import Reach
from server.billing.books import documents_of
from server.billing.events import ChargePaid, InvoiceIssued, RefundDone
from server.billing.model import Charge, Refund
from server.billing.papers import BillingDocument, DocumentKind
from server.consultation.actions import told_of
from server.consultation.doors import newest_link
from server.consultation.events import Channel, News
from server.consultation.model import Consultation
from server.core.db import Tx
from server.messaging.actions import About, queue
from server.messaging.model import Delivery
from server.patients.model import Patient

KINDS: Mapping[News, DocumentKind] = {
    News.PAID: DocumentKind.RECEIPT,
    News.REFUNDED: DocumentKind.CREDIT_NOTE,
    News.INVOICED: DocumentKind.INVOICE,
}


SEES_MONEY = Reach.SEE  # for whom of those who act the page of an appointment shows its documents


async def tell_paid(tx: Tx, fact: ChargePaid, now: datetime) -> None:
    charge = await tx.get_one(Charge, fact.charge_id)
    await _tell(tx, charge.appointment_id, News.PAID, now)


async def tell_given_back(tx: Tx, fact: RefundDone, now: datetime) -> None:
    refund = await tx.get_one(Refund, fact.refund_id)
    charge = await tx.get_one(Charge, refund.charge_id)
    await _tell(tx, charge.appointment_id, News.REFUNDED, now)


async def tell_invoiced(tx: Tx, fact: InvoiceIssued, now: datetime) -> None:
    await _tell(tx, fact.appointment_id, News.INVOICED, now)


async def document_told(tx: Tx, consultation: Consultation, delivery: Delivery) -> BillingDocument | None:
    """Return the document that a message was queued for: the newest of its kind at that moment."""
    if consultation.appointment_id is None or delivery.news is None:
        return None
    documents = await documents_of(tx, consultation.appointment_id)
    told = (one for one in documents if one.kind == KINDS[News(delivery.news)] and one.issued_at <= delivery.created_at)
    return next(told, None)


async def _tell(tx: Tx, appointment_id: UUID, news: News, now: datetime) -> None:
    """Queue the message; whoever paid too late for any appointment to be made has nothing that a link could lead to."""
    consultation = await tx.scalar(select(Consultation).where(Consultation.appointment_id == appointment_id))
    if consultation is None:
        return
    patient = await tx.get_one(Patient, consultation.patient_id)
    link_id = await tx.scalar(newest_link(consultation.id))
    if link_id is None:
        return
    for acting, channel in await told_of(tx, patient, now, SEES_MONEY):
        if channel == Channel.EMAIL:
            await queue(tx, About(consultation.id, link_id=link_id, news=news, representation_id=acting), channel, now)
