"""What the SMS provider tells this server of a newsletter that it could not deliver."""

from collections.abc import Mapping

from sqlalchemy import update
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.circulars.model import Came, Copy
from server.core.house import House
from server.messaging.hooks import REPORTS, Genuine, signed
from server.messaging.model import DeliveryStatus


def routes(genuine: Genuine) -> list[Route]:
    """`genuine(url, fields, signature)` tells whether the provider itself signed that."""
    return [Route("/hooks/twilio/circular/{copy_id:uuid}", signed(genuine, _reported), methods=["POST"])]


async def _reported(house: House, request: Request, fields: Mapping[str, str]) -> Response:
    """Count what was handed on and came back as refused; reports come twice, late, and of what is erased."""
    if REPORTS.get(fields.get("MessageStatus", "")) == DeliveryStatus.FAILED:
        async with house.database.write() as tx:
            handed_on = (Copy.id == request.path_params["copy_id"]) & (Copy.came == Came.SENT)
            await tx.execute(update(Copy).where(handed_on).values(came=Came.REFUSED))
    return Response(status_code=204)
