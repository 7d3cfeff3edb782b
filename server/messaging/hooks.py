"""What the SMS provider tells this server, in the form that Twilio has for it: what became of a message, and what somebody answered."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.core.house import House
from server.errors import Forbidden
from server.messaging.actions import settle
from server.messaging.model import DeliveryStatus, Why
from server.messaging.optouts import hear
from server.web.endpoint import house_of
from server.web.forms import read_fields

Genuine = Callable[[str, Mapping[str, str], str], bool]
Hook = Callable[[House, Request, Mapping[str, str]], Awaitable[Response]]

# Of the states that a message passes there, those that change what the practice is told.
REPORTS = {
    "delivered": DeliveryStatus.DELIVERED,
    "undelivered": DeliveryStatus.FAILED,
    "failed": DeliveryStatus.FAILED,
}
NO_ANSWER = "<?xml version='1.0' encoding='UTF-8'?><Response/>"  # TwiML: say nothing back


def routes(genuine: Genuine) -> list[Route]:
    """`genuine(url, fields, signature)` tells whether the provider itself signed that."""
    return [
        Route("/hooks/twilio", signed(genuine, _answered), methods=["POST"]),
        Route("/hooks/twilio/{delivery_id:uuid}", signed(genuine, _reported), methods=["POST"]),
    ]


def signed(genuine: Genuine, hook: Hook) -> Callable[[Request], Awaitable[Response]]:
    """Return what lets in only what was signed, blanks and all.

    It is signed for our public address: a proxy in front may have changed the one that was asked.
    """

    async def endpoint(request: Request) -> Response:
        house, fields = house_of(request), await read_fields(request)
        if not genuine(house.settings.base_url + request.url.path, fields, request.headers.get("x-twilio-signature", "")):
            raise Forbidden
        return await hook(house, request, fields)

    return endpoint


async def _reported(house: House, request: Request, fields: Mapping[str, str]) -> Response:
    status = REPORTS.get(fields.get("MessageStatus", ""))
    if status is not None:
        async with house.database.write() as tx:
            why = Why.UNDELIVERED if status == DeliveryStatus.FAILED else None
            await settle(tx, request.path_params["delivery_id"], status, house.clock.now(), why)
    return Response(status_code=204)


async def _answered(house: House, request: Request, fields: Mapping[str, str]) -> Response:
    del request
    async with house.database.write() as tx:
        await hear(tx, house.secrets, fields.get("From", ""), fields.get("Body", ""), house.clock.now())
    return Response(NO_ANSWER, media_type="text/xml")
