"""Hands out the tickets for the sockets of a consultation, through the same door as its page."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.policy import Viewer
from server.access.viewer import load_viewer
from server.consultation.actions import take_place
from server.consultation.model import Role
from server.consultation.subject import RoomSubject
from server.core.db import Tx
from server.errors import Invalid
from server.identity.gate import SignedIn, signed_in
from server.web.endpoint import Strict, answer, house_of, read_body
from server.web.tickets import TicketAnswer


class TicketRequest(Strict):
    purpose: str


def routes() -> list[Route]:
    return [
        Route("/api/consultations/{consultation_id:uuid}/tickets", _for_room, methods=["POST"]),
        Route("/api/tickets", _for_today, methods=["POST"]),
    ]


async def _for_room(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, TicketRequest)
    if body.purpose != "room":
        raise Invalid("There is no such socket.", code="purpose")
    house = house_of(request)
    await house.limiter.hit("ticket", str(who.person_id))
    async with house.database.write() as tx:
        viewer = await load_viewer(tx, who, house.clock.now())
        subject = await admit_to_room(tx, viewer, who, request.path_params["consultation_id"])
    return answer(TicketAnswer(ticket=house.tickets.issue("room", subject)))


async def admit_to_room(tx: Tx, viewer: Viewer, who: SignedIn, consultation_id: UUID) -> RoomSubject:
    """Make the subject of a room ticket; raises `NotFound`."""
    place = await take_place(tx, viewer, consultation_id)
    return RoomSubject(consultation_id, place.id, Role.PROFESSIONAL, place.name, viewer, None, who.session_id)


async def _for_today(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, TicketRequest)
    if body.purpose != "today":
        raise Invalid("There is no such socket.", code="purpose")
    house = house_of(request)
    await house.limiter.hit("ticket", str(who.person_id))
    async with house.database.read() as tx:
        viewer = await load_viewer(tx, who, house.clock.now())
    return answer(TicketAnswer(ticket=house.tickets.issue("today", SignedIn(who.person_id, who.session_id, viewer.practice_id))))
