"""Something that was paid online on a site whose own server has no provider: the rows, as the application writes them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import anyio
from sqlalchemy import select

from server.adapters.memory_bus import MemoryBus
from server.billing.actions import Counter, apply_checkout, note_checkout, note_merchant, open_charge
from server.billing.disputes import apply_dispute
from server.billing.model import Charge
from server.booking.actions import Details, confirm, hold
from server.booking.model import Appointment, Pays, Service
from server.booking.offer import slots_of
from server.consultation.doors import link_of_appointment
from server.consultation.join_link import join_token
from server.core.clock import SystemClock
from server.core.crypto import Secrets, load_secrets
from server.core.db import Database, Tx
from server.ports import Checkout, CheckoutSeen, CheckoutStatus, DisputeSeen, DisputeStatus, MerchantSeen
from server.subscriptions import build_events
from tests.cast import ALICE, ERIN
from tests.http.booking import offer
from tests.site import Site

ZONE = "Europe/London"
NAMES = {Pays.ONLINE: "Second opinion", Pays.INVOICE: "Report for an insurer"}


@dataclass(frozen=True)
class Paid:
    """What was booked: by whom it can be looked at (`link`), and where it stands in the books; `charge_id` only where it was paid."""

    appointment_id: UUID
    patient_id: UUID
    charge_id: UUID | None
    link: str
    month: str


def pay_for(site: Site, *, disputed: bool = False) -> Paid:
    """Book an appointment of erin's with dr_alice, and pay it in the sandbox."""
    return _run(site, lambda tx, secrets: _pay(tx, secrets, disputed=disputed))


def book_by_invoice(site: Site) -> Paid:
    """Book what is paid by an invoice."""
    return _run(site, _book)


def _run(site: Site, work: object) -> Paid:
    async def make() -> Paid:
        secrets = load_secrets(Path(site.server.folder) / "data")
        database = Database(site.server.settings["DATABASE_URL"], MemoryBus(), build_events(SystemClock(), secrets))
        async with database.write() as tx:
            made: Paid = await work(tx, secrets)  # type: ignore[operator]
        await database.close()
        return made

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, make).result()


async def _pay(tx: Tx, secrets: Secrets, *, disputed: bool) -> Paid:
    now = SystemClock().now()
    await note_merchant(tx, ALICE.professional_id, "sandbox", MerchantSeen("acct_alice", ready=True, wanting=()), now)
    appointment = await _held(tx, Pays.ONLINE)
    charge = await open_charge(tx, appointment, now, Counter("sandbox", "http://localhost", 300))
    await note_checkout(tx, charge.id, Checkout(f"cs_{charge.id.hex}", "http://localhost/pay"), now)
    seen = CheckoutSeen(CheckoutStatus.PAID, f"pi_{charge.id.hex}", charge.minor, charge.currency, charge.id)
    await apply_checkout(tx, charge.id, seen, now)
    if disputed:
        what = DisputeSeen(
            f"dp_{charge.id.hex}",
            str(charge.payment),
            charge.minor,
            charge.currency,
            "fraudulent",
            DisputeStatus.OPEN,
            now + timedelta(days=9),
        )
        await apply_dispute(tx, charge, what, now)
    return await _paid(tx, secrets, appointment, charge)


async def _book(tx: Tx, secrets: Secrets) -> Paid:
    appointment = await _held(tx, Pays.INVOICE)
    await confirm(tx, appointment, Details(ERIN.name, ERIN.mobile, ERIN.email, None), SystemClock().now())
    return await _paid(tx, secrets, appointment, None)


async def _held(tx: Tx, pays: Pays) -> Appointment:
    now = SystemClock().now()
    service = await tx.scalar(select(Service).where(Service.name == NAMES[pays]))
    if service is None:
        service = await offer(tx, now, price_minor=4500, pays=pays, name=NAMES[pays])
    slots = await slots_of(tx, service, (now + timedelta(days=1)).date(), 10, now)
    appointment = await hold(tx, service, slots[0].begins_at, ZONE, now)
    appointment.describe(ERIN.name, ERIN.mobile, ERIN.email, now)
    return appointment


async def _paid(tx: Tx, secrets: Secrets, appointment: Appointment, charge: Charge | None) -> Paid:
    assert appointment.patient_id is not None
    link = f"/j/{join_token(secrets, await link_of_appointment(tx, appointment.id))}"
    return Paid(appointment.id, appointment.patient_id, charge.id if charge else None, link, f"{appointment.begins_at:%Y-%m}")
