"""The doors of a provider: what comes in is only heard if it was signed, over the bytes as they came."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.billing.hearing import hear
from server.errors import Forbidden
from server.ports import Payments, Told
from server.web.endpoint import house_of, limited_body

log = structlog.get_logger(__name__)

MAX_EVENT = 256 * 1024  # an account with everything that is wanted of it is some 10 kB
Read = Callable[[bytes, str], Told | None]


@dataclass(frozen=True)
class Hooks:
    """How to read what is told of the platform's own account, and of those that are connected to it: each with a secret of its own."""

    payments: Payments
    own: Read
    connected: Read


def routes(hooks: Hooks) -> list[Route]:
    return [
        Route("/hooks/stripe", _told(hooks.payments, hooks.own, connected=False), methods=["POST"]),
        Route("/hooks/stripe/connect", _told(hooks.payments, hooks.connected, connected=True), methods=["POST"]),
    ]


def _told(payments: Payments, read: Read, *, connected: bool) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        told = read(await limited_body(request, MAX_EVENT), request.headers.get("stripe-signature", ""))
        if told is None or (told.account is not None) != connected:
            raise Forbidden
        try:
            await hear(house_of(request), payments, told)
        except Exception as error:  # noqa: BLE001 - whatever a provider's client or the database raises
            log.warning("not heard", kind="webhook", error=type(error).__name__)
            return Response(status_code=503)  # it is told again
        return Response(status_code=204)

    return endpoint
