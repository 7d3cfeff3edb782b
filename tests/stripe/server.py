"""A small server that behaves as Stripe does in what we rely on, by our own reading of it; the real SDK talks to it over HTTP.

What it does not know it refuses: another address with 404, another parameter with `parameter_unknown`.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.stripe.ledger import Books, Fields, Object, Refusal

KEY = "a-secret-key-of-the-tests"
SESSION = {
    "mode", "payment_method_types[0]", "client_reference_id", "metadata[charge]", "line_items[0][quantity]",
    "line_items[0][price_data][currency]", "line_items[0][price_data][unit_amount]", "line_items[0][price_data][product_data][name]",
    "payment_intent_data[metadata][charge]", "payment_intent_data[application_fee_amount]", "success_url", "cancel_url", "expires_at",
    "customer_email",
}  # fmt: skip
REFUND = {"payment_intent", "amount", "metadata[refund]", "refund_application_fee"}
ACCOUNT = {
    "controller[fees][payer]", "controller[losses][payments]", "controller[requirement_collection]", "controller[stripe_dashboard][type]",
    "country", "metadata[professional]", "email",
}  # fmt: skip
LINK = {"account", "type", "return_url", "refresh_url"}
PAGE = """<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>SANDBOX of the tests</title>
<h1>SANDBOX of the tests</h1><p role="status">{said}</p>
<form method="post"><button name="card" value="good">Pay</button>
<button name="card" value="bad">Pay with a card that is declined</button></form>
<p><a href="{back}">Back</a></p></html>"""
Act = Callable[[str, Fields], Object]


@dataclass
class FakeStripe:
    """`faults` come first, one a request: `500` and `429` instead of the work, `lost` after it, `silence` for as long as one waits.

    `asked` has what was asked for by POST, with its account and key.
    """

    books: Books
    faults: list[str] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    _answers: dict[tuple[str, str], tuple[Fields, Object | None]] = field(default_factory=dict)
    on_paid: Callable[[], Awaitable[None]] | None = None

    def routes(self) -> list[Route]:
        books = self.books
        sessions = "/v1/checkout/sessions"
        return [
            Route(sessions, self._post(SESSION, books.open_session), methods=["POST"]),
            Route(sessions + "/{id}/expire", self._expire, methods=["POST"]),
            Route(sessions + "/{id}", self._get),
            Route("/v1/refunds", self._post(REFUND, books.refund), methods=["POST"]),
            Route("/v1/refunds/{id}", self._get),
            Route("/v1/disputes/{id}", self._get),
            Route("/v1/accounts", self._post(ACCOUNT, lambda _, fields: books.open_account(fields)), methods=["POST"]),
            Route("/v1/account", self._own),
            Route("/v1/accounts/{id}", self._get),
            Route("/v1/account_links", self._post(LINK, self._link), methods=["POST"]),
            Route("/pay/{account}/{id}", self._pay, methods=["GET", "POST"]),
            Route("/onboard/{account}", self._onboard),
        ]

    def _post(self, known: set[str], act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            async with request.form() as form:
                fields = {name: str(value) for name, value in form.items()}
            key = request.headers.get("idempotency-key", "")
            account = request.headers.get("stripe-account", "")
            self.asked.append((request.url.path, account, key))
            fault = self.faults.pop(0) if self.faults else ""
            answer = await self._answered(request, fault, lambda: self._once(account, key, fields, known, act))
            if fault == "lost":
                return StreamingResponse(iter([b"{"]), headers={"content-length": "1000"})
            return answer

        return endpoint

    def _once(self, account: str, key: str, fields: Fields, known: set[str], act: Act) -> Object:
        """Do it, or repeat what was answered for the same key; another question with the same key is refused."""
        if unknown := set(fields) - known:
            raise Refusal(400, "parameter_unknown: " + ", ".join(sorted(unknown)))
        before = self._answers.get((account, key))
        if before is not None and before[0] != fields:
            raise Refusal(400, "idempotency_key_in_use", "idempotency_error")
        if before is not None and before[1] is not None:
            return before[1]
        made = act(account, fields)
        self._answers[account, key] = fields, made
        return made

    async def _answered(self, request: Request, fault: str, work: Callable[[], Object]) -> Response:
        if fault == "silence":
            await asyncio.Event().wait()
        if fault in {"500", "429"}:
            return _refused(Refusal(int(fault), "as_asked_for", "api_error"), again=True)
        try:
            self._check(request)
            return JSONResponse(work())
        except Refusal as refusal:
            return _refused(refusal)

    def _check(self, request: Request) -> None:
        account = request.headers.get("stripe-account", "")
        if request.headers.get("authorization") != f"Bearer {KEY}":
            raise Refusal(401, "api_key_invalid")
        if account and ("", account) not in self.books.objects:
            raise Refusal(403, "account_invalid")

    async def _get(self, request: Request) -> Response:
        account, fault = request.headers.get("stripe-account", ""), self.faults.pop(0) if self.faults else ""
        return await self._answered(request, fault, lambda: self.books.find(account, request.path_params["id"]))

    async def _own(self, request: Request) -> Response:
        return await self._answered(request, "", lambda: {"object": "account", "id": "acct_platform"})

    async def _expire(self, request: Request) -> Response:
        account = request.headers.get("stripe-account", "")
        return await self._answered(request, "", lambda: self.books.expire(account, request.path_params["id"]))

    def _link(self, account: str, fields: Fields) -> Object:
        del account
        return {"object": "account_link", "url": f"{self.books.url}/onboard/{fields['account']}?back={fields['return_url']}"}

    async def _pay(self, request: Request) -> Response:
        """The hosted page: paying tells whoever listens, and leads back."""
        account, session_id = request.path_params["account"], request.path_params["id"]
        session = self.books.find(account, session_id)
        said = ""
        if request.method == "POST":
            async with request.form() as form:
                said = self.books.pay(account, session_id, str(form.get("card")))
            if said == "paid":
                if self.on_paid is not None:
                    await self.on_paid()
                return RedirectResponse(session["success_url"], 303)
        return HTMLResponse(PAGE.format(said=said, back=session["cancel_url"]))

    async def _onboard(self, request: Request) -> Response:
        self.books.allow(request.path_params["account"])
        return RedirectResponse(request.query_params["back"], 303)


def _refused(refusal: Refusal, *, again: bool = False) -> Response:
    error = {"code": refusal.code, "type": refusal.kind, "message": refusal.code}
    return JSONResponse({"error": error}, refusal.status, {"stripe-should-retry": "true"} if again else None)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals of the test run alone."""
        yield


@asynccontextmanager
async def fake_stripe(now: Callable[[], datetime]) -> AsyncIterator[FakeStripe]:
    listener = socket.create_server(("127.0.0.1", 0))
    stripe = FakeStripe(Books(now, f"http://127.0.0.1:{listener.getsockname()[1]}"))
    server = _Server(uvicorn.Config(Starlette(routes=stripe.routes()), lifespan="off", ws="none", log_level="critical"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        yield stripe
        server.should_exit = True
        server.force_exit = True  # a question that is answered with silence hangs for ever
