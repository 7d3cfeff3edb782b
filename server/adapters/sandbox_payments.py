"""A provider of payments with which no money moves: for demonstrations and tests. It keeps its word over a restart, as a real one does."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from uuid import UUID

from server.ports import (
    Checkout,
    CheckoutAsk,
    CheckoutSeen,
    CheckoutStatus,
    DisputeSeen,
    MerchantSeen,
    NotProven,
    PaymentRefused,
    PlayCheckout,
    RefundAsk,
    RefundSeen,
    RefundStatus,
    Unfit,
)

TABLES = """
CREATE TABLE IF NOT EXISTS checkout (id TEXT PRIMARY KEY, ask TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refund (id TEXT PRIMARY KEY, payment TEXT NOT NULL, minor INTEGER NOT NULL);
"""
BUSY_S = 5.0


class SandboxPayments:
    """Every professional has an account that is ready at once. A charge's checkout is named after it, a refund after its row."""

    name = "sandbox"

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        with self._open() as connection:
            connection.executescript(TABLES)

    async def prove(self) -> None:
        """Read its file; raises `NotProven`."""
        try:
            with self._open() as connection:
                connection.execute("SELECT count(*) FROM checkout")
        except sqlite3.Error:
            raise NotProven(Unfit.UNREACHABLE) from None

    async def open_checkout(self, ask: CheckoutAsk) -> Checkout:
        checkout = Checkout(f"play_{ask.charge_id.hex}", f"{_origin(ask)}/sandbox/pay/play_{ask.charge_id.hex}")
        with self._open() as connection:
            row = (checkout.id, json.dumps(asdict(ask), default=str), CheckoutStatus.OPEN)
            connection.execute("INSERT OR IGNORE INTO checkout VALUES (?, ?, ?)", row)
        return checkout

    async def find_checkout(self, account: str, checkout_id: str) -> CheckoutSeen:
        return self._seen(account, checkout_id)

    async def expire_checkout(self, account: str, checkout_id: str) -> CheckoutSeen:
        self._move(checkout_id, CheckoutStatus.EXPIRED)
        return self._seen(account, checkout_id)

    async def refund(self, ask: RefundAsk) -> RefundSeen:
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("SELECT 1 FROM refund WHERE id = ?", (str(ask.refund_id),)).fetchone() is None:
                self._refuse_too_much(connection, ask)
                connection.execute("INSERT INTO refund VALUES (?, ?, ?)", (str(ask.refund_id), ask.payment, ask.minor))
        return RefundSeen(str(ask.refund_id), RefundStatus.DONE)

    async def find_refund(self, account: str, refund_id: str) -> RefundSeen:
        del account
        return RefundSeen(refund_id, RefundStatus.DONE)

    async def find_dispute(self, account: str, dispute_id: str) -> DisputeSeen:
        del account, dispute_id
        raise PaymentRefused("no_such_dispute")

    async def open_merchant(self, professional_id: UUID, email: str | None) -> MerchantSeen:
        del email
        return MerchantSeen(f"sandbox_{professional_id.hex}", ready=True, wanting=())

    async def find_merchant(self, account: str) -> MerchantSeen:
        return MerchantSeen(account, ready=True, wanting=())

    async def onboard(self, account: str, return_url: str, refresh_url: str) -> str:
        del account, refresh_url
        return return_url

    async def close(self) -> None:
        """Nothing stays open."""

    def find(self, checkout_id: str) -> PlayCheckout | None:
        with self._open() as connection:
            row = connection.execute("SELECT ask, status FROM checkout WHERE id = ?", (checkout_id,)).fetchone()
        if row is None:
            return None
        ask, status = _ask_of(row[0]), CheckoutStatus(row[1])
        over = status == CheckoutStatus.OPEN and self._now() >= ask.expires_at
        return PlayCheckout(ask, CheckoutStatus.EXPIRED if over else status)

    def pay(self, checkout_id: str) -> bool:
        found = self.find(checkout_id)
        if found is not None and found.status == CheckoutStatus.OPEN:
            self._move(checkout_id, CheckoutStatus.PAID)
        found = self.find(checkout_id)
        return found is not None and found.status == CheckoutStatus.PAID

    def _move(self, checkout_id: str, status: CheckoutStatus) -> None:
        """Decide it once: what is paid is never expired, and the other way round."""
        with self._open() as connection:
            connection.execute("UPDATE checkout SET status = ? WHERE id = ? AND status = 'open'", (status, checkout_id))

    def _seen(self, account: str, checkout_id: str) -> CheckoutSeen:
        found = self.find(checkout_id)
        if found is None or found.ask.account != account:
            raise PaymentRefused("no_such_checkout")
        paid = found.status == CheckoutStatus.PAID
        return CheckoutSeen(found.status, _payment(checkout_id) if paid else None, found.ask.minor, found.ask.currency, found.ask.charge_id)

    def _refuse_too_much(self, connection: sqlite3.Connection, ask: RefundAsk) -> None:
        found = self.find(ask.payment.removeprefix("paid_"))
        if found is None or found.status != CheckoutStatus.PAID or found.ask.account != ask.account:
            raise PaymentRefused("no_such_payment")
        (given,) = connection.execute("SELECT coalesce(sum(minor), 0) FROM refund WHERE payment = ?", (ask.payment,)).fetchone()
        if given + ask.minor > found.ask.minor:
            raise PaymentRefused("too_much")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction; each is short, and the sandbox is for one machine."""
        with closing(sqlite3.connect(self._path, timeout=BUSY_S, isolation_level="IMMEDIATE")) as connection, connection:
            yield connection


def _payment(checkout_id: str) -> str:
    return f"paid_{checkout_id}"


def _origin(ask: CheckoutAsk) -> str:
    scheme, _, rest = ask.success_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _ask_of(text: str) -> CheckoutAsk:
    values = json.loads(text)
    return CheckoutAsk(**{**values, "charge_id": UUID(values["charge_id"]), "expires_at": datetime.fromisoformat(values["expires_at"])})
