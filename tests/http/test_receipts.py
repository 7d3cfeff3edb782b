"""Receipts and invoices over HTTP: for the patient by the link and in the account, for whoever keeps the books, and what they say."""

import re
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.acting import Basis, Reach
from server.access.model import Practice
from server.access.representation import Representation
from server.billing.events import RefundDone
from server.billing.issuing import seller_of
from server.billing.jobs import _issue, handlers, issue_missing
from server.billing.model import Charge, ChargeState, Reason, Refund, RefundState
from server.billing.papers import BillingDocument, Seller, ServiceVat
from server.billing.refunds import request_refund
from server.booking.actions import cancel
from server.booking.model import Appointment, Party, Pays, Service
from server.consultation.events import News
from server.consultation.model import Consultation, JoinLink
from server.core.audit import AuditEntry
from server.core.house import House
from server.messaging.composing import Post, compose
from server.messaging.model import Delivery
from server.patients.model import Patient
from server.patients.representing import Ground, Wish, acting_token, enter, take
from server.ports import Letter
from server.settings import Settings
from server.web.i18n import read_languages
from tests.acting import DORA, YEAR, hand_of, seat_dora
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Cast
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of
from tests.http.booking import VERSION, offer
from tests.http.paying import PDF, Payer, text_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("M2")]

TIME = "2026-03-03T09:20Z"
PRICE = 4500


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"payments": "sandbox", "platform_fee_percent": 10})


SAYS = {
    "name": "Harbour Clinic Ltd", "address": "1 Quay Street\r\nLondon E1 1AA", "vat_kind": "rated", "vat_number": "GB123456789",
    "vat_words": "", "pay_words": "Within 14 days",
}  # fmt: skip


async def test_the_patient_downloads_the_receipt_from_the_appointment(erin: Payer, visit: str) -> None:
    page = (await erin.client.get(f"{visit}/appointment")).text
    (link,) = PDF.findall(page)
    answer = await erin.client.get(link)
    said = text_of(answer)
    for words in (
        "Receipt SANDBOX-000001", "SANDBOX: this is for trying out.", "Harbour Clinic", "Erin Evans", "Total paid £45.00",
        "=Video consultation, with Dr Alice Ahmed", "Exempt from VAT as medical care.", "Page 1 of 1",
    ):  # fmt: skip
        assert words in said, words
    assert answer.headers["content-disposition"] == 'attachment; filename="receipt-SANDBOX-000001.pdf"'
    assert (await erin.client.get(link)).content == answer.content


async def test_bad_28_a_receipt_opens_for_nobody_else(app: Starlette, erin: Payer, visit: str, sign_in: SignIn) -> None:
    (link,) = PDF.findall((await erin.client.get(f"{visit}/appointment")).text)
    document = link.rsplit("/", 1)[-1]
    async with browser_of(app) as stranger:
        assert (await stranger.get(link)).status_code == 404
        assert (await stranger.get(f"/money/documents/{document}")).headers["location"].startswith("/sign-in")
    assert (await erin.client.get(f"{visit}/documents/{uuid4()}")).status_code == 404
    for member, status in ((ALICE, 200), (OLGA, 200), (BOB, 404), (CHARLIE, 404), (MALLORY, 404), (SAM, 403), (DANA, 403)):
        client = await sign_in(member)
        assert (await client.get(f"/money/documents/{document}")).status_code == status, member
        assert (await client.get(f"/my/{DANA.patient_id}/documents/{document}")).status_code == 404, member


@pytest.mark.row("P5")
async def test_whoever_acts_reads_it_only_where_they_see_the_record(house: House, erin: Payer, visit: str, sign_in: SignIn) -> None:
    (link,) = PDF.findall((await erin.client.get(f"{visit}/appointment")).text)
    async with house.database.write() as tx:
        consultation = await tx.get_one(Consultation, (await tx.get_one(JoinLink, UUID(visit.removeprefix("/v/")))).consultation_id)
        await seat_dora(tx, house)
        hand = replace(await hand_of(tx, house, consultation.patient_id), person_id=ALICE.person_id)
        one = await enter(tx, hand, Wish(DORA.name, "", Basis.ATTORNEY, Reach.BOOK, hand.now + YEAR), Ground("Seen"))
        await take(tx, acting_token(house.secrets, one.id), DORA.person_id, hand.now)
    dora = await sign_in(DORA)
    opened = await dora.get(f"/my/{consultation.patient_id}/consultations/{consultation.id}")
    dora.cookies.set("visit", opened.cookies["visit"])
    document = f"{opened.headers['location']}/documents/{link.rsplit('/', 1)[-1]}"
    assert (await dora.get(document)).status_code == 404
    async with house.database.write() as tx:
        (await tx.get_one(Representation, one.id)).reach = Reach.SEE
    assert (await dora.get(document)).status_code == 200


async def test_the_patient_finds_it_in_their_account_and_sees_who_took_one_out(
    house: House, charge: Charge, sign_in: SignIn, erin: Payer
) -> None:
    async with house.database.write() as tx:
        appointment = await tx.get_one(Appointment, charge.appointment_id)
        (await tx.get_one(Patient, appointment.patient_id)).person_id = DANA.person_id
        patient_id = appointment.patient_id
    dana = await sign_in(DANA)
    assert f"/my/{patient_id}/documents" in (await dana.get("/my")).text
    (link,) = PDF.findall((await dana.get(f"/my/{patient_id}/documents")).text)
    assert "Total paid £45.00" in text_of(await dana.get(link))
    assert "There is none yet." in (await dana.get(f"/my/{DANA.patient_id}/documents")).text
    document = UUID(link.rsplit("/", 1)[-1])
    await (await sign_in(OLGA)).get(f"/money/documents/{document}")
    async with house.database.read() as tx:
        (entry,) = await tx.scalars(select(AuditEntry).where(AuditEntry.thing == "money"))
        assert (entry.person_id, entry.act, entry.thing_id, entry.patient_id) == (OLGA.person_id, "exported", document, patient_id)
    assert "Took out a receipt or an invoice" in (await dana.get(f"/my/{patient_id}/looks")).text


async def test_an_invoice_for_what_is_paid_at_the_practice(
    app: Starlette, house: House, cast: Cast, clock: StillClock, sign_in: SignIn
) -> None:
    async with house.database.write() as tx:
        at_practice = await offer(tx, clock.now(), price_minor=PRICE, pays=Pays.PRACTICE)
    alice = await sign_in(ALICE)
    assert "There is nothing to invoice in this month." in (await alice.get("/money/invoices?month=2026-03")).text
    async with browser_of(app) as client:
        visit = await Payer(client, at_practice, ALICE.professional_id).book(TIME)
        (appointment,) = await _appointments(house)
        path = f"/money/invoices/{appointment.id}"
        assert path in (await alice.get("/money/invoices?month=2026-03")).text
        for member, status in ((OLGA, 403), (SAM, 403), (DANA, 403), (BOB, 404), (CHARLIE, 404), (MALLORY, 404)):
            for act in ("", "/cancel"):
                assert (await (await sign_in(member)).post(path + act)).status_code == status, member
        assert (await alice.post(f"{path}/cancel")).status_code == 404
        for _ in range(2):
            assert (await alice.post(path)).headers["location"] == "/money/invoices?month=2026-03&done=issued"
        (link,) = PDF.findall((await client.get(visit)).text)
        assert "Total to pay £45.00" in text_of(await client.get(link))
        assert (await alice.post(f"{path}/cancel")).status_code == 303
        refused = await alice.post(f"{path}/cancel")
        assert (refused.status_code, "This invoice is cancelled already." in refused.text) == (409, True)
        assert len(PDF.findall((await client.get(visit)).text)) == 2
    assert "invoice cancelled" in (await alice.get("/money/invoices?month=2026-03")).text


async def test_an_invoice_of_what_was_cancelled_can_be_cancelled_too(
    app: Starlette, house: House, cast: Cast, clock: StillClock, sign_in: SignIn
) -> None:
    async with house.database.write() as tx:
        at_practice = await offer(tx, clock.now(), price_minor=PRICE, pays=Pays.PRACTICE)
    alice = await sign_in(ALICE)
    async with browser_of(app) as client:
        await Payer(client, at_practice, ALICE.professional_id).book(TIME)
    (appointment,) = await _appointments(house)
    path = f"/money/invoices/{appointment.id}"
    await alice.post(path)
    async with house.database.write() as tx:
        await cancel(tx, await tx.get_one(Appointment, appointment.id), Party.PRACTICE, clock.now())
    assert f"{path}/cancel" in (await alice.get("/money/invoices?month=2026-03")).text
    assert (await alice.post(f"{path}/cancel")).status_code == 303
    assert "invoice cancelled" in (await alice.get("/money/invoices?month=2026-03")).text


async def test_what_receipts_say_is_the_administrators_to_decide(house: House, erin: Payer, paid_service: Service, sign_in: SignIn) -> None:
    olga = await sign_in(OLGA)
    assert "Our care is exempt" in (await olga.get("/money/seller")).text
    for member in (ALICE, BOB, MALLORY):
        client = await sign_in(member)
        assert (await client.get("/money/seller")).status_code == 403
        assert (await client.post("/money/seller", data=SAYS)).status_code == 403
    rate = f"rate-{paid_service.id}"
    for field, text in (
        ("name", ""), ("vat_number", ""), ("address", ""), (rate, "-1"), ("vat_kind", "half"), ("pay_words", "x" * 501), (rate, "20.555"),
    ):  # fmt: skip
        answer = await olga.post("/money/seller", data={**SAYS, rate: "20", field: text})
        assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True), field
    assert (await olga.post("/money/seller", data={**SAYS, rate: "20"})).headers["location"] == "/money/seller?done"
    page = (await olga.get("/money/seller?done")).text
    assert ('value="20"' in page, "Saved." in page, "1 Quay Street" in page) == (True, True, True)
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(Seller)))) == len(list(await tx.scalars(select(ServiceVat)))) == 1
    arrived = await erin.client.get(await erin.pay(await erin.to_the_till(TIME)))
    (link,) = PDF.findall((await erin.client.get(arrived.headers["location"])).text)
    said = text_of(await erin.client.get(link))
    for words in (
        "Harbour Clinic Ltd",
        "1 Quay Street",
        "GB123456789",
        "Without VAT £37.50",
        "VAT 20 % £7.50",
        "rounded to the smallest unit",
    ):
        assert words in said, words
    assert "14 days" not in said
    await olga.post("/money/seller", data={**SAYS, "name": "Another Name"})
    assert "Harbour Clinic Ltd" in text_of(await erin.client.get(link))


async def test_a_cancelled_appointment_still_has_its_documents_and_a_revoked_link_none(
    house: House, erin: Payer, charge: Charge, visit: str, sign_in: SignIn
) -> None:
    (link,) = PDF.findall((await erin.client.get(f"{visit}/appointment")).text)
    version = VERSION.findall((await erin.client.get(f"{visit}/cancel")).text)[0]
    await erin.client.post(f"{visit}/cancel", data={"version": version})
    closed = await erin.client.get(visit)
    assert (closed.status_code, link in closed.text) == (410, True)
    assert (await erin.client.get(link)).status_code == 200
    async with house.database.write() as tx:
        from server.consultation.model import JoinLink

        found = (await tx.scalars(select(JoinLink))).one()
        found.revoked_at = charge.created_at
    assert (await erin.client.get(link)).status_code == 404


async def _appointments(house: House) -> list[Appointment]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Appointment)))


async def _letters(house: House, clock: StillClock) -> list[Letter]:
    """Return what is written about money, in the order in which it was queued."""
    post = Post(house.secrets, ORIGIN, read_languages(None))
    async with house.database.read() as tx:
        queued = select(Delivery).where(Delivery.news.in_((News.PAID, News.REFUNDED))).order_by(Delivery.created_at)
        found = [await compose(tx, post, delivery, clock.now()) for delivery in await tx.scalars(queued)]
    return [letter for letter in found if letter is not None]


@pytest.mark.row("M5")
async def test_who_paid_is_written_to_and_the_link_leads_to_the_receipt(
    app: Starlette, house: House, charge: Charge, clock: StillClock, sign_in: SignIn
) -> None:
    alice = await sign_in(ALICE)
    for minor in (1000, 500):
        clock.advance(60)
        async with house.database.write() as tx:
            mine = await tx.get_one(Charge, charge.id)
            refund = await request_refund(tx, mine, minor, with_fee=True, reason=Reason.GOODWILL, asked_by=None, now=clock.now())
        for _ in range(2):
            await handlers(house)["refund"](refund.id)
    paid, *back = await _letters(house, clock)
    assert paid.to == "erin@example.org"
    assert paid.subject == "SANDBOX: Your receipt from Harbour Clinic"
    assert paid.sentences[0] == "SANDBOX: this is for trying out. No money moves."
    assert "you paid £45.00 for your video appointment on Tuesday 3 March at 09:20 (London time)." in paid.body
    assert "Your receipt SANDBOX-000001 is on the page of your appointment: http://testserver/j/" in paid.body
    assert [re.findall(r"£[0-9.]+|SANDBOX-[0-9]+", letter.body) for letter in back] == [
        ["£10.00", "SANDBOX-000002"], ["£5.00", "SANDBOX-000003"],
    ]  # fmt: skip
    assert "you paid £45.00" in (await alice.get("/outbox")).text
    assert "£45.00" not in (await (await sign_in(BOB)).get("/outbox")).text
    (link,) = re.findall(r"http://testserver(/j/\S+)", paid.body)
    async with browser_of(app) as later:
        arrived = (await later.get(link)).headers["location"]
        assert len(PDF.findall((await later.get(f"{arrived}/appointment")).text)) == 3


async def test_who_gave_no_address_is_not_written_to(house: House, erin: Payer, clock: StillClock) -> None:
    nobody = {"name": "Erin Evans", "mobile": "+447700900002"}
    await erin.client.get(await erin.pay(await erin.to_the_till(TIME, nobody)))
    assert await _letters(house, clock) == []


async def test_a_refund_that_failed_meanwhile_gets_no_credit_note(house: House, charge: Charge, clock: StillClock) -> None:
    async with house.database.write() as tx:
        failed = Refund(
            id=uuid4(), charge_id=charge.id, minor=PRICE, with_fee=True, reason=Reason.LATE_PAYMENT, asked_by=None,
            state=RefundState.FAILED, provider_ref=None, requested_at=clock.now(), settled_at=clock.now(),
        )  # fmt: skip
        tx.add(failed)
    await _issue(house, RefundDone(failed.id))
    async with house.database.read() as tx:
        assert [one.kind for one in await tx.scalars(select(BillingDocument))] == ["receipt"]


async def test_what_was_paid_before_there_were_documents_gets_its_own_once(house: House, charge: Charge, clock: StillClock) -> None:
    """A database from before has no document of a charge; here it is a second charge, as if written then."""
    async with house.database.write() as tx:
        mine = {column.key: getattr(charge, column.key) for column in Charge.__table__.columns}
        old = Charge(**{**mine, "id": uuid4(), "n": 2, "state": ChargeState.REFUSED, "checkout_id": None})
        tx.add(old)
        tx.add(
            Refund(
                id=uuid4(), charge_id=old.id, minor=PRICE, with_fee=True, reason=Reason.LATE_PAYMENT, asked_by=None,
                state=RefundState.DONE, provider_ref=None, requested_at=clock.now(), settled_at=clock.now(),
            )
        )  # fmt: skip
    assert await issue_missing(house) == 0, "the practice has not said yet what its receipts say"
    async with house.database.write() as tx:
        tx.add(await seller_of(tx, await tx.get_one(Practice, charge.practice_id), clock.now()))
    assert [await issue_missing(house), await issue_missing(house)] == [2, 0]
    async with house.database.read() as tx:
        issued = await tx.scalars(select(BillingDocument).order_by(BillingDocument.number))
        assert [(one.number, one.kind, one.buyer_name) for one in issued] == [
            (1, "receipt", "Erin Evans"), (2, "receipt", "Erin Evans"), (3, "credit_note", "Erin Evans"),
        ]  # fmt: skip
    assert len(await _letters(house, clock)) == 1
