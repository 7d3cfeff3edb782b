"""Card payments by Stripe: direct charges on the professional's own connected account, paid on Stripe's own page.

Every call names the account whose money it is (`stripe_account`), and every act a key of ours (`idempotency_key`): the SDK's own key
covers its own retries only, not ours after a crash.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp
import stripe

from server.ports import (
    Checkout,
    CheckoutAsk,
    CheckoutSeen,
    CheckoutStatus,
    DisputeSeen,
    DisputeStatus,
    MerchantSeen,
    NotProven,
    PaymentRefused,
    RefundAsk,
    RefundSeen,
    RefundStatus,
    Told,
    Unfit,
)
from server.settings import Settings

WITHIN_S = 10.0
RETRIES = 2  # of the SDK, with the same key

REFUNDS = {"succeeded": RefundStatus.DONE, "failed": RefundStatus.FAILED, "canceled": RefundStatus.FAILED}
DISPUTES = {"won": DisputeStatus.WON, "warning_closed": DisputeStatus.WON, "prevented": DisputeStatus.WON, "lost": DisputeStatus.LOST}
FOR_GOOD = (stripe.InvalidRequestError, stripe.CardError, stripe.PermissionError)
# The professional is the merchant: Stripe asks them, bills them, and bears what they cannot pay; the platform is no party.
CONTROLLER = {
    "fees": {"payer": "account"},
    "losses": {"payments": "stripe"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "full"},
}


def reader_of(secret: str) -> Callable[[bytes, str], Told | None]:
    """Return what reads a webhook's body as Stripe signed it with `secret`; it returns None for whatever Stripe did not."""

    def read(body: bytes, signature: str) -> Told | None:
        try:
            return _told(stripe.Webhook.construct_event(body, signature, secret))
        except (stripe.SignatureVerificationError, ValueError, AttributeError):  # the last two: signed, but no event
            return None

    return read


class StripePayments:
    """The provider `stripe`. Without an answer, or with one that may pass, it raises what the SDK raises."""

    name = "stripe"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: stripe.StripeClient | None = None
        self._http: stripe.AIOHTTPClient | None = None

    async def open_checkout(self, ask: CheckoutAsk) -> Checkout:
        key = _options(ask.account, f"charge:{ask.charge_id}")
        session = await _asked(self._v1.checkout.sessions.create_async(_session(ask), key))
        return Checkout(session.id, session.url)

    async def find_checkout(self, account: str, checkout_id: str) -> CheckoutSeen:
        return _seen(await _asked(self._v1.checkout.sessions.retrieve_async(checkout_id, options=_options(account))))

    async def expire_checkout(self, account: str, checkout_id: str) -> CheckoutSeen:
        try:
            return _seen(await self._v1.checkout.sessions.expire_async(checkout_id, options=_options(account)))
        except stripe.InvalidRequestError:  # it is not open any more
            return await self.find_checkout(account, checkout_id)

    async def refund(self, ask: RefundAsk) -> RefundSeen:
        wanted: dict[str, Any] = {"payment_intent": ask.payment, "amount": ask.minor, "metadata": {"refund": str(ask.refund_id)}}
        if ask.with_fee:
            wanted["refund_application_fee"] = True
        return _refund(await _asked(self._v1.refunds.create_async(wanted, _options(ask.account, f"refund:{ask.refund_id}"))))

    async def find_refund(self, account: str, refund_id: str) -> RefundSeen:
        return _refund(await _asked(self._v1.refunds.retrieve_async(refund_id, options=_options(account))))

    async def find_dispute(self, account: str, dispute_id: str) -> DisputeSeen:
        seen = await _asked(self._v1.disputes.retrieve_async(dispute_id, options=_options(account)))
        status = DISPUTES.get(seen.status, DisputeStatus.OPEN)
        due = seen.evidence_details.due_by  # 0 where the bank takes no answer
        answer_by = datetime.fromtimestamp(due, UTC) if due else None
        return DisputeSeen(seen.id, str(seen.payment_intent), seen.amount, seen.currency.upper(), seen.reason, status, answer_by)

    async def open_merchant(self, professional_id: UUID, email: str | None) -> MerchantSeen:
        wanted: dict[str, Any] = {"controller": CONTROLLER, "country": self._settings.stripe_country}
        wanted["metadata"] = {"professional": str(professional_id)}
        if email:
            wanted["email"] = email
        account = await _asked(self._v1.accounts.create_async(wanted, {"idempotency_key": f"merchant:{professional_id}"}))
        return _merchant(account)

    async def find_merchant(self, account: str) -> MerchantSeen:
        return _merchant(await _asked(self._v1.accounts.retrieve_async(account)))

    async def onboard(self, account: str, return_url: str, refresh_url: str) -> str:
        wanted = {"account": account, "type": "account_onboarding", "return_url": return_url, "refresh_url": refresh_url}
        return str((await _asked(self._v1.account_links.create_async(wanted))).url)

    async def prove(self) -> None:
        """Ask who we are, which moves nothing; raises `NotProven`."""
        try:
            await self._v1.accounts.retrieve_current_async()
        except (stripe.AuthenticationError, stripe.PermissionError):
            raise NotProven(Unfit.REFUSED) from None
        except stripe.APIConnectionError:
            raise NotProven(Unfit.UNREACHABLE) from None
        except stripe.StripeError:
            raise NotProven(Unfit.STRANGE) from None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close_async()  # type: ignore[no-untyped-call]

    @property
    def _v1(self) -> Any:
        """The SDK's services; its client is made at the first call, as it opens its session in the running loop."""
        if self._client is None:
            self._http = stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=WITHIN_S))
            self._client = stripe.StripeClient(
                self._settings.stripe_secret_key.get_secret_value(),
                base_addresses={"api": self._settings.stripe_url},
                http_client=self._http,
                max_network_retries=RETRIES,
            )
        return self._client.v1


def _told(event: Any) -> Told:
    about = event.data.object.to_dict()
    marks = about.get("metadata") or {}
    return Told(
        id=event.id,
        kind=event.type,
        account=getattr(event, "account", None),
        object_id=str(about.get("id", "")),
        charge_id=_uuid(about.get("client_reference_id") or marks.get("charge")),
        refund_id=_uuid(marks.get("refund")),
    )


async def _asked(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except FOR_GOOD as error:
        raise PaymentRefused(error.code or type(error).__name__) from error


def _options(account: str, key: str | None = None) -> dict[str, str]:
    return {"stripe_account": account, **({"idempotency_key": key} if key else {})}


def _session(ask: CheckoutAsk) -> dict[str, Any]:
    """Say what is paid; what Stripe is told of us are ids of rows. Cards only: other ways may take days to say that they have failed."""
    charge = str(ask.charge_id)
    product = {"currency": ask.currency.lower(), "unit_amount": ask.minor, "product_data": {"name": ask.title}}
    intent: dict[str, Any] = {"metadata": {"charge": charge}}
    if ask.fee_minor:
        intent["application_fee_amount"] = ask.fee_minor
    return {
        "mode": "payment",
        "payment_method_types": ["card"],
        "client_reference_id": charge,
        "metadata": {"charge": charge},
        "line_items": [{"quantity": 1, "price_data": product}],
        "payment_intent_data": intent,
        "success_url": ask.success_url,
        "cancel_url": ask.cancel_url,
        "expires_at": int(ask.expires_at.astimezone(UTC).timestamp()),
        **({"customer_email": ask.email} if ask.email else {}),
    }


def _seen(session: Any) -> CheckoutSeen:
    status = CheckoutStatus.PAID if session.payment_status == "paid" else CheckoutStatus.OPEN
    if session.status == "expired":
        status = CheckoutStatus.EXPIRED
    payment = str(session.payment_intent) if session.payment_intent else None
    return CheckoutSeen(status, payment, session.amount_total, session.currency.upper(), _uuid(session.client_reference_id))


def _refund(refund: Any) -> RefundSeen:
    return RefundSeen(refund.id, REFUNDS.get(refund.status, RefundStatus.PENDING))


def _merchant(account: Any) -> MerchantSeen:
    """What the account may do is what counts, whatever page somebody has come back from."""
    asked = account.requirements.currently_due if getattr(account, "requirements", None) else []
    return MerchantSeen(account.id, bool(account.charges_enabled), tuple(asked or ()))


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
