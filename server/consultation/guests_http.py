"""The professional's JSON interface to those who are asked into a consultation."""

from typing import Annotated, cast
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.viewer import professional_of
from server.consultation.actions import channels_of
from server.consultation.events import Channel
from server.consultation.guest_links import Again, guest_link, send_guest_link
from server.consultation.guests import GuestPlan, colleagues_of, invite_colleague, invite_guest, withdraw_guest
from server.consultation.http import Email, LinkAnswer, Mobile, Name, link_answer
from server.consultation.model import Relation
from server.web.endpoint import Empty, Strict, answer, house_of, read_body


class NewGuest(Strict):
    name: Name
    relation: Annotated[Relation, Field(strict=False)]
    mobile: Mobile | None = None
    email: Email | None = None


class GuestAnswer(LinkAnswer):
    """`id` is the guest's place, as the room's participants have it."""

    id: UUID
    sent: list[Channel]


class KnownGuestAnswer(LinkAnswer):
    """The link as it is, and where it can be written to again."""

    mobile: str | None
    email: str | None


class SendAgain(Strict):
    """Without an address to the one that is known for the channel."""

    channel: Annotated[Channel, Field(strict=False)]
    mobile: Mobile | None = None
    email: Email | None = None


class ColleagueAnswer(BaseModel):
    id: UUID
    name: str
    invited: bool


class ColleaguesAnswer(BaseModel):
    colleagues: list[ColleagueAnswer]


def routes() -> list[Route]:
    one = "/api/consultations/{consultation_id:uuid}"
    return [
        Route(one + "/guests", _invite, methods=["POST"]),
        Route(one + "/guests/{guest_id:uuid}", _withdraw, methods=["DELETE"]),
        Route(one + "/guests/{guest_id:uuid}/link", _show, methods=["GET"]),
        Route(one + "/guests/{guest_id:uuid}/link/send", _send, methods=["POST"]),
        Route(one + "/colleagues", _colleagues, methods=["GET"]),
        Route(one + "/colleagues/{professional_id:uuid}", _invite_colleague, methods=["POST"]),
    ]


async def _invite(request: Request) -> Response:
    viewer = await professional_of(request)
    body = await read_body(request, NewGuest)
    house = house_of(request)
    await house.limiter.hit("invite", str(viewer.person_id))
    plan = GuestPlan(_id(request), body.name, body.relation, body.mobile, body.email)
    async with house.database.write() as tx:
        link = await invite_guest(tx, house.secrets, viewer, plan, house.clock.now())
    shown = link_answer(request, link).model_dump()
    return answer(GuestAnswer(id=link.participant_id, sent=channels_of(plan), **shown), status=201)


async def _withdraw(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    async with house.database.write() as tx:
        await withdraw_guest(tx, viewer, _id(request), request.path_params["guest_id"], house.clock.now())
    return answer()


async def _show(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        found = await guest_link(tx, viewer, _id(request), request.path_params["guest_id"])
    shown = link_answer(request, found.link).model_dump()
    return answer(KnownGuestAnswer(mobile=found.invitation.mobile, email=found.invitation.email, **shown))


async def _send(request: Request) -> Response:
    viewer = await professional_of(request)
    body = await read_body(request, SendAgain)
    house = house_of(request)
    await house.limiter.hit("invite", str(viewer.person_id))
    address = body.mobile if body.channel == Channel.SMS else body.email
    again = Again(_id(request), request.path_params["guest_id"], body.channel, address)
    async with house.database.write() as tx:
        await send_guest_link(tx, viewer, again, house.clock.now())
    return answer()


async def _colleagues(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        found = await colleagues_of(tx, viewer, _id(request))
    return answer(ColleaguesAnswer(colleagues=[ColleagueAnswer(**vars(colleague)) for colleague in found]))


async def _invite_colleague(request: Request) -> Response:
    viewer = await professional_of(request)
    await read_body(request, Empty)
    house = house_of(request)
    await house.limiter.hit("invite", str(viewer.person_id))
    async with house.database.write() as tx:
        await invite_colleague(tx, viewer, _id(request), request.path_params["professional_id"], house.clock.now())
    return answer()


def _id(request: Request) -> UUID:
    return cast(UUID, request.path_params["consultation_id"])
