"""Receipts, credit notes and invoices on both databases: once each, with numbers that miss none, fixed, and kept when the rest goes."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from server.billing import issuing
from server.billing.events import ChargePaid
from server.billing.issuing import cancel_invoice, issue_invoice, issue_receipt
from server.billing.model import Charge, Dispute, LedgerLine, Reason, Refund
from server.billing.papers import BillingDocument, DocumentKind, DocumentNumber, Seller, ServiceVat
from server.billing.refunds import Wish, apply_refund, refund_by_hand, request_refund
from server.billing.vat import Split, VatKind
from server.booking.actions import Details, confirm, hold
from server.booking.events import AppointmentConfirmed
from server.booking.model import Appointment, AppointmentState, Pays
from server.consultation.appointments import on_confirmed
from server.consultation.model import Consultation
from server.core.crypto import load_secrets
from server.core.db import Database, Tx
from server.core.ids import new_id
from server.errors import Conflict, Invalid
from server.models import Base
from server.patients.model import Patient
from server.ports import RefundSeen, RefundStatus
from tests.booking import at
from tests.cast import ALICE, CLINIC
from tests.conftest import MORNING
from tests.money import LATE, PRICE, document_faults, give_up, open_shop, tell, to_the_till

pytestmark = [pytest.mark.anyio, pytest.mark.row("M2")]

TEN = at("2026-03-03", "10:00")
BILLING = (Charge, Refund, Dispute, LedgerLine, BillingDocument, DocumentNumber, Seller)


async def documents(database: Database) -> Sequence[BillingDocument]:
    async with database.read() as tx:
        return list(await tx.scalars(select(BillingDocument).order_by(BillingDocument.number)))


async def paid(database: Database, **changes: object) -> Charge:
    charge = await to_the_till(database, await open_shop(database, **changes), TEN)
    await tell(database, charge)
    return charge


async def give_back(database: Database, charge: Charge, minor: int, *told: RefundStatus) -> UUID:
    async with database.write() as tx:
        mine = await tx.get_one(Charge, charge.id)
        refund = await request_refund(tx, mine, minor, with_fee=True, reason=Reason.GOODWILL, asked_by=None, now=MORNING)
    for status in told or (RefundStatus.DONE,):
        async with database.write() as tx:
            await apply_refund(tx, refund.id, RefundSeen(f"re_{refund.id}", status), MORNING)
    return refund.id


async def rated(database: Database, rate: int) -> None:
    async with database.write() as tx:
        said = {
            "name": "Harbour Clinic Ltd",
            "address": "1 Quay Street\nLondon",
            "vat_number": "GB123456789",
            "vat_words": "",
            "pay_words": "",
        }
        tx.add(Seller(practice_id=CLINIC, vat_kind=VatKind.RATED, changed_at=MORNING, **said))
        service_id = await tx.scalar(select(Appointment.service_id))
        tx.add(ServiceVat(service_id=service_id, rate=rate))


async def test_a_payment_has_one_receipt_however_often_it_is_told(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    await asyncio.gather(*(tell(database, charge) for _ in range(20)))
    async with database.write() as tx:
        await issue_receipt(tx, ChargePaid(charge.id), MORNING)
    (receipt,) = await documents(database)
    assert (receipt.kind, receipt.number, receipt.numbered, receipt.sandbox) == (DocumentKind.RECEIPT, 1, "SANDBOX-000001", True)
    assert (receipt.buyer_name, receipt.title, receipt.given_by, receipt.given_at) == ("Erin Evans", "Consultation", "Dr Alice Ahmed", TEN)
    assert (receipt.gross_minor, receipt.net_minor, receipt.vat_minor, receipt.currency) == (PRICE, PRICE, 0, "GBP")
    assert (receipt.seller_name, receipt.vat_kind, receipt.vat_rate) == ("Harbour Clinic", VatKind.EXEMPT, None)


async def test_a_payment_that_came_too_late_has_a_receipt_and_a_credit_note(database: Database) -> None:
    """Its buyer is known, though no record was ever made of them."""
    charge = await to_the_till(database, await open_shop(database), TEN)
    await give_up(database, charge.appointment_id, LATE)
    await tell(database, charge, now=TEN)
    async with database.read() as tx:
        refund = (await tx.scalars(select(Refund))).one()
    async with database.write() as tx:
        await apply_refund(tx, refund.id, RefundSeen("re_1", RefundStatus.DONE), TEN)
    assert [(one.kind, one.buyer_name, one.gross_minor) for one in await documents(database)] == [
        ("receipt", "Erin Evans", PRICE), ("credit_note", "Erin Evans", PRICE),
    ]  # fmt: skip


async def test_credit_notes_hold_in_sum_the_vat_of_the_receipt(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database, price_minor=4501), TEN)
    await rated(database, 2000)
    await tell(database, charge)
    for minor in (1111, 1111, 1111, 1168):
        await give_back(database, charge, minor)
    receipt, *notes = await documents(database)
    assert (receipt.vat_minor, receipt.net_minor, receipt.vat_rate, receipt.vat_number) == (750, 3751, 2000, "GB123456789")
    assert {note.corrects_id for note in notes} == {receipt.id}
    assert sum(note.vat_minor for note in notes) == 750
    assert sum(note.gross_minor for note in notes) == 4501
    assert all(note.net_minor + note.vat_minor == note.gross_minor for note in notes)


async def test_a_refund_that_fails_after_all_takes_its_credit_note_back(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    await rated(database, 2000)
    await tell(database, charge)
    await give_back(database, charge, 1001, RefundStatus.DONE, RefundStatus.DONE, RefundStatus.FAILED, RefundStatus.FAILED)
    await give_back(database, charge, PRICE)
    receipt, note, back, again = await documents(database)
    assert [one.kind for one in (note, back, again)] == ["credit_note", "cancellation", "credit_note"]
    assert (back.corrects_id, back.gross_minor, back.vat_minor) == (note.id, note.gross_minor, note.vat_minor)
    assert (again.gross_minor, again.vat_minor) == (PRICE, receipt.vat_minor)


async def test_numbers_miss_none_and_are_given_once_while_many_write(database: Database) -> None:
    """Forty at once; every third transaction fails after it took its number."""
    charge = await paid(database)

    async def write(place: int) -> None:
        try:
            async with database.write() as tx:
                await _document_of(tx, charge)
                if place % 3 == 0:
                    await tx.execute(update(BillingDocument).values(number=0))  # is refused
        except DatabaseError:
            assert place % 3 == 0

    await asyncio.gather(*(write(place) for place in range(40)))
    numbers = [one.number for one in await documents(database)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == 1 + len([place for place in range(40) if place % 3])


async def test_the_first_number_is_given_once_to_two_who_come_at_once(database: Database) -> None:
    offered = await open_shop(database)
    charges = [await to_the_till(database, offered, at("2026-03-03", clock)) for clock in ("10:00", "11:00", "12:00", "13:00")]
    await asyncio.gather(*(tell(database, charge) for charge in charges))
    assert [one.number for one in await documents(database)] == [1, 2, 3, 4]
    async with database.read() as tx:
        assert await document_faults(tx) == []


async def test_a_document_that_was_issued_cannot_be_changed_or_removed(database: Database) -> None:
    await paid(database)
    for statement in (update(BillingDocument).values(gross_minor=1), delete(BillingDocument)):
        with pytest.raises(DatabaseError, match="never changes"):
            async with database.write() as tx:
                await tx.execute(statement)
    assert len(await documents(database)) == 1


async def test_an_invoice_is_written_once_and_cancelled_once(database: Database) -> None:
    appointment_id = await _confirmed(database, pays=Pays.INVOICE)
    for _ in range(2):
        async with database.write() as tx:
            await issue_invoice(tx, await tx.get_one(Appointment, appointment_id, with_for_update=True), MORNING)
    (invoice,) = await documents(database)
    assert (invoice.kind, invoice.numbered, invoice.buyer_name, invoice.charge_id) == ("invoice", "000001", "Erin Evans", None)
    async with database.write() as tx:
        await cancel_invoice(tx, invoice, MORNING)
    with pytest.raises(Conflict, match="credited"):
        async with database.write() as tx:
            await cancel_invoice(tx, invoice, MORNING)
    assert [one.number for one in await documents(database)] == [1, 2]


@pytest.mark.parametrize("changes", [{"price_minor": 0}, {"pays": Pays.ONLINE}, {"state": AppointmentState.CANCELLED}])
async def test_there_is_no_invoice_for_what_costs_nothing_or_is_paid_or_cancelled(database: Database, changes: dict[str, object]) -> None:
    appointment_id = await _confirmed(database, pays=Pays.INVOICE)
    async with database.write() as tx:
        await tx.execute(update(Appointment).values(**changes))
    with pytest.raises(Conflict, match="not_invoiced"):
        async with database.write() as tx:
            await issue_invoice(tx, await tx.get_one(Appointment, appointment_id), MORNING)
    assert await documents(database) == []


async def test_by_hand_the_same_form_gives_back_once_and_an_old_one_not_at_all(database: Database) -> None:
    charge = await paid(database)
    wish = Wish(new_id(), 1000, PRICE, "The line was bad", ALICE.person_id)

    async def press(wish: Wish) -> UUID:
        async with database.write() as tx:
            mine = await tx.get_one(Charge, charge.id, with_for_update=True)
            return (await refund_by_hand(tx, mine, wish, MORNING)).id

    assert set(await asyncio.gather(*(press(wish) for _ in range(8)))) == {wish.id}
    for other, code in (
        (wish._replace(id=new_id()), "stale"),
        (wish._replace(id=new_id(), left_minor=PRICE - 1000, minor=PRICE), "too_much"),
        (wish._replace(id=new_id(), left_minor=PRICE - 1000, minor=-1), "amount"),
        (wish._replace(id=new_id(), left_minor=PRICE - 1000, why="no"), "why"),
    ):
        with pytest.raises((Conflict, Invalid), match=code):
            await press(other)
    await press(wish._replace(id=new_id(), left_minor=PRICE - 1000, minor=PRICE - 1000))
    with pytest.raises(Conflict, match="all_back"):
        await press(wish._replace(id=new_id(), left_minor=0, minor=1))
    async with database.read() as tx:
        assert sorted(await tx.scalars(select(Refund.minor))) == [1000, PRICE - 1000]


@pytest.mark.row("M4")
async def test_money_is_kept_when_the_patient_is_erased(database: Database, tmp_path: Path) -> None:
    """The record goes, with everything that hangs on it; amounts, documents and the days stay, and the name on the documents alone."""
    secrets = load_secrets(tmp_path)

    async def arrange(tx: Tx, fact: AppointmentConfirmed) -> None:
        await on_confirmed(tx, secrets, fact, MORNING)

    database._events.subscribe(AppointmentConfirmed, arrange)
    charge = await paid(database)
    await give_back(database, charge, 1000)
    before = await _rows(database)
    async with database.write() as tx:
        patient_id = await tx.scalar(select(Appointment.patient_id).where(Appointment.id == charge.appointment_id))
        gone = await tx.execute(delete(Consultation).where(Consultation.patient_id == patient_id).returning(Consultation.id))
        assert len(gone.all()) == 1
        await tx.execute(update(Appointment).where(Appointment.patient_id == patient_id).values(patient_id=None))
        await tx.execute(delete(Patient).where(Patient.id == patient_id))
    assert await _rows(database) == before
    async with database.read() as tx:
        assert await tx.scalar(select(Patient.id).where(Patient.name == "Erin Evans")) is None
    held = {table: text.count("Erin Evans") for table, text in (await _rows(database)).items() if "Erin Evans" in text}
    assert held == {"billing_document": 2}


@pytest.mark.row("M4")
async def test_what_money_hangs_on_cannot_be_removed_under_it(database: Database) -> None:
    charge = await paid(database)
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await tx.execute(delete(Appointment).where(Appointment.id == charge.appointment_id))
    assert len(await documents(database)) == 1


@pytest.mark.row("M4")
def test_no_row_about_money_goes_with_another() -> None:
    """Neither the schema takes one away or empties a column of it, nor does one point to a patient's record."""
    keys = [key for model in BILLING for key in Base.metadata.tables[model.__tablename__].foreign_keys]
    assert keys
    assert [str(key.parent) for key in keys if key.ondelete is not None] == []
    assert [str(key.parent) for key in keys if key.column.table.name in {"patient", "consultation"}] == []


async def _rows(database: Database) -> dict[str, str]:
    """Return everything that the tables about money hold, as text."""
    async with database.read() as tx:
        tables = [Base.metadata.tables[model.__tablename__] for model in BILLING]
        return {table.name: str(sorted(map(str, (await tx.execute(select(table))).all()))) for table in tables}


async def _document_of(tx: Tx, charge: Charge) -> None:
    """Issue one more document, about nothing in particular."""
    receipt = (await tx.scalars(select(BillingDocument).where(BillingDocument.about_id == charge.id))).one()
    await issuing._correct(tx, receipt, DocumentKind.CREDIT_NOTE, new_id(), Split(1, 0), MORNING)


async def _confirmed(database: Database, **changes: object) -> UUID:
    """Confirm an appointment that is not paid online."""
    offered = await open_shop(database, **changes)
    async with database.write() as tx:
        appointment = await hold(tx, offered, TEN, "Europe/London", MORNING)
        appointment.describe("Erin Evans", "+447700900002", None, MORNING)
        await confirm(tx, appointment, Details("Erin Evans", "+447700900002", None, None), MORNING)
        return appointment.id
