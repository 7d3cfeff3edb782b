"""What an unattended browser must not be able to do, in one table: before it, whoever is signed in shows that it is them.

A form that is refused for that comes back with one field more and everything that was filled in, and then goes on as it would have gone.
"""

from collections.abc import Iterable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.identity.gate import signed_in
from server.identity.lately import DOUBTS, PRESENT, doubt_in_form, proved_lately, shown_lately
from server.identity.passwords import Passwords
from server.web.forms import read_fields
from server.web.pages import render

SENSITIVE = frozenset({
    ("POST", "/practice/people/invite"),
    ("POST", "/practice/invitations/{invitation_id:uuid}/again"),
    ("POST", "/practice/people/{person_id:uuid}/role"),
    ("POST", "/practice/people/{person_id:uuid}/end"),
    ("POST", "/account/leaving"),
    ("POST", "/practice/audit/extract"),
    ("GET", "/patients/{patient_id:uuid}/export"),
    ("GET", "/notes/{note_id:uuid}/export"),
    ("POST", "/recordings/{recording_id:uuid}/hold"),
    ("POST", "/recordings/{recording_id:uuid}/free"),
    ("POST", "/recordings/{recording_id:uuid}/delete"),
    ("POST", "/money/charges/{charge_id:uuid}/refund"),
    ("POST", "/practice/holds"),
    ("POST", "/practice/holds/{hold_id:uuid}/lift"),
    ("POST", "/practice/requests/{request_id:uuid}/erasure"),
    ("POST", "/my/data/account/closing"),
})  # fmt: skip
LONGEST_FORM = 64 * 1024


class ProofFirst:
    """Stands before a route and asks by the methods in its row of the table."""

    def __init__(self, app: ASGIApp, passwords: Passwords, methods: frozenset[str]) -> None:
        self.app, self.passwords, self.methods = app, passwords, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in self.methods:
            await self.app(scope, receive, send)
            return
        if scope["method"] == "GET":
            request = Request(scope, receive)
            query = f"?{request.url.query}" if request.url.query else ""
            await proved_lately(request, request.url.path + query)
            await self.app(scope, receive, send)
            return
        asked, again = await self._doubted(Request(scope, receive))
        await (asked(scope, receive, send) if asked else self.app(scope, again, send))

    async def _doubted(self, request: Request) -> tuple[Response | None, Receive]:
        """Return the form that asks, None where nothing is doubted; and how what was sent is read then.

        Where it was shown lately nothing is read here: the route decides who may before it reads a form.
        """
        who = await signed_in(request)
        if await shown_lately(request, who):
            return None, request.receive
        fields = await read_fields(request, LONGEST_FORM)
        doubt = await doubt_in_form(request, self.passwords, who, fields)
        kept = {name: value for name, value in fields.items() if name != PRESENT}
        if doubt:
            shown = {"doubt": doubt, "kept": kept, "path": request.url.path}
            return render(request, "account/prove_form.html", shown, DOUBTS[doubt]), request.receive
        return None, _replaying(urlencode(kept).encode())


def _replaying(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def guarded(routes: Iterable[BaseRoute], passwords: Passwords) -> list[BaseRoute]:
    """Return the routes, with those of the table behind the question."""
    found = list(routes)
    for route in found:
        methods = frozenset(method for method, path in SENSITIVE if isinstance(route, Route) and path == route.path)
        if isinstance(route, Route) and methods & (route.methods or set()):
            route.app = ProofFirst(route.app, passwords, methods)
    return found
