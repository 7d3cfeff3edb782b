"""What our own Stripe knows: objects of each account apart from those of others, as Stripe keeps them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Fields = Mapping[str, str]
Object = dict[str, Any]
SHORTEST_S = 30 * 60
MERCHANTS_OWN = {
    "controller[fees][payer]": "account",
    "controller[losses][payments]": "stripe",
    "controller[requirement_collection]": "stripe",
    "controller[stripe_dashboard][type]": "full",
}


class Refusal(Exception):
    """Answered with this status and code."""

    def __init__(self, status: int, code: str, kind: str = "invalid_request_error") -> None:
        super().__init__(code)
        self.status, self.code, self.kind = status, code, kind


@dataclass
class Books:
    """`objects` by account ("" is the platform) and id; `events` in the order in which they happened."""

    now: Callable[[], datetime]
    url: str = ""
    objects: dict[tuple[str, str], Object] = field(default_factory=dict)
    events: list[Object] = field(default_factory=list)

    def find(self, account: str, object_id: str) -> Object:
        found = self.objects.get((account, object_id))
        if found is None:
            raise Refusal(404, "resource_missing")
        return found

    def open_session(self, account: str, fields: Fields) -> Object:
        minor = int(fields["line_items[0][price_data][unit_amount]"])
        fee = int(fields.get("payment_intent_data[application_fee_amount]", 0))
        expires_at = int(fields["expires_at"])
        if not self.find("", account)["charges_enabled"]:
            raise Refusal(400, "account_cannot_currently_make_live_charges")
        if expires_at < self._seconds() + SHORTEST_S or fee > minor:
            raise Refusal(400, "parameter_invalid_integer")
        session = self._add(
            account,
            "cs",
            object="checkout.session",
            status="open",
            payment_status="unpaid",
            payment_intent=None,
            amount_total=minor,
            currency=fields["line_items[0][price_data][currency]"],
            client_reference_id=fields["client_reference_id"],
            metadata={"charge": fields["metadata[charge]"]},
            expires_at=expires_at,
            success_url=fields["success_url"],
            cancel_url=fields["cancel_url"],
            fee=fee,
        )
        session["url"] = f"{self.url}/pay/{account}/{session['id']}"
        return session

    def pay(self, account: str, session_id: str, card: str) -> str:
        """Return `paid`, `declined` or `over`."""
        session = self.find(account, session_id)
        if session["status"] == "open" and session["expires_at"] <= self._seconds():
            session["status"] = "expired"
        if session["status"] != "open":
            return "paid" if session["payment_status"] == "paid" else "over"
        if card != "good":
            return "declined"
        marks = session["metadata"]
        intent = self._add(
            account, "pi", object="payment_intent", amount=session["amount_total"], currency=session["currency"], metadata=marks, given=0
        )
        session.update(status="complete", payment_status="paid", payment_intent=intent["id"])
        self.tell(account, "checkout.session.completed", session)
        return "paid"

    def expire(self, account: str, session_id: str) -> Object:
        session = self.find(account, session_id)
        if session["status"] != "open":
            raise Refusal(400, "resource_already_exists")
        session["status"] = "expired"
        return session

    def refund(self, account: str, fields: Fields) -> Object:
        intent, minor = self.find(account, fields["payment_intent"]), int(fields["amount"])
        if intent.get("disputed"):
            raise Refusal(400, "charge_disputed")
        if intent["given"] + minor > intent["amount"]:
            raise Refusal(400, "amount_too_large")
        intent["given"] += minor
        with_fee = fields.get("refund_application_fee") == "true"
        marks = {"refund": fields["metadata[refund]"]}
        made = self._add(account, "re", object="refund", amount=minor, status="succeeded", metadata=marks, with_fee=with_fee)
        self.tell(account, "refund.created", made)
        return made

    def open_account(self, fields: Fields) -> Object:
        if any(fields.get(name) != value for name, value in MERCHANTS_OWN.items()):
            raise Refusal(400, "parameter_invalid_empty")
        wanted = {"currently_due": ["external_account"]}
        return self._add("", "acct", object="account", charges_enabled=False, requirements=wanted)

    def allow(self, account: str, *, charges: bool = True) -> None:
        """Let an account take money, or not any more, and tell so."""
        found = self.find("", account)
        found["charges_enabled"], found["requirements"] = (
            charges,
            {"currently_due": [] if charges else ["individual.verification.document"]},
        )
        self.tell(account, "account.updated", found)

    def dispute(self, account: str, payment: str) -> Object:
        intent = self.find(account, payment)
        intent["disputed"] = True
        made = self._add(
            account, "dp", object="dispute", payment_intent=payment, amount=intent["amount"], currency=intent["currency"],
            reason="fraudulent", status="needs_response", evidence_details={"due_by": self._seconds() + 9 * 86400},
        )  # fmt: skip
        self.tell(account, "charge.dispute.created", made)
        return made

    def settle(self, account: str, dispute_id: str, status: str) -> None:
        dispute = self.find(account, dispute_id)
        dispute["status"] = status
        self.find(account, dispute["payment_intent"])["disputed"] = status != "won"
        self.tell(account, "charge.dispute.closed", dispute)

    def tell(self, account: str, kind: str, about: Object) -> Object:
        """Note that something happened; the event holds the object as it is at this moment."""
        event = {"id": f"evt_{len(self.events):04}", "object": "event", "type": kind, "data": {"object": dict(about)}}
        if account:
            event["account"] = account
        self.events.append(event)
        return event

    def _add(self, account: str, kind: str, **values: Any) -> Object:
        made = {"id": f"{kind}_{len(self.objects):04}", "metadata": {}, **values}
        self.objects[account, made["id"]] = made
        return made

    def _seconds(self) -> int:
        return int(self.now().timestamp())
