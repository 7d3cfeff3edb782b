"""Hands out the tickets for the sockets of a consultation, through the same door as its page."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from pydantic import BaseModel
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

Admission = Callable[[Tx, Viewer, SignedIn, UUID], Awaitable[object]]


class TicketRequest(Strict):
    purpose: str


class TicketAnswer(BaseModel):
    ticket: str


def routes(admissions: Mapping[str, Admission]) -> list[Route]:
    """`admissions` makes the subject of a ticket by purpose, or raises `NotFound`."""

    async def for_consultation(request: Request) -> Response:
        who = await signed_in(request)
        body = await read_body(request, TicketRequest)
        admit = admissions.get(body.purpose)
        if admit is None:
            raise Invalid("There is no such socket.", code="purpose")
        house = house_of(request)
        await house.limiter.hit("ticket", str(who.person_id))
        async with house.database.write() as tx:
            viewer = await load_viewer(tx, who.person_id)
            subject = await admit(tx, viewer, who, request.path_params["consultation_id"])
        return answer(TicketAnswer(ticket=house.tickets.issue(body.purpose, subject)))

    return [
        Route("/api/consultations/{consultation_id:uuid}/tickets", for_consultation, methods=["POST"]),
        Route("/api/tickets", _for_today, methods=["POST"]),
    ]


async def admit_to_room(tx: Tx, viewer: Viewer, who: SignedIn, consultation_id: UUID) -> RoomSubject:
    place = await take_place(tx, viewer, consultation_id)
    return RoomSubject(consultation_id, place.id, Role.PROFESSIONAL, place.name, viewer, None, who.session_id)


async def _for_today(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, TicketRequest)
    if body.purpose != "today":
        raise Invalid("There is no such socket.", code="purpose")
    house = house_of(request)
    await house.limiter.hit("ticket", str(who.person_id))
    return answer(TicketAnswer(ticket=house.tickets.issue("today", who)))
