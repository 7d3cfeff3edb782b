"""The professional's JSON interface to consultations and their links."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import segno
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.actions import EMAIL, LONGEST_EMAIL, MOBILE
from server.access.policy import Viewer
from server.access.viewer import professional_of, teams_of
from server.consultation.actions import Plan, reissue_link, revoke_link, schedule, send_link, told_of
from server.consultation.doors import record_of
from server.consultation.events import Channel
from server.consultation.join_link import join_url
from server.consultation.model import JoinLink
from server.consultation.today import today_list, today_row
from server.core.db import Tx
from server.patients.model import Patient
from server.web.endpoint import Empty, Strict, answer, base_url_of, house_of, read_body
from server.web.pages import language_of

Name = Annotated[str, Field(min_length=1, max_length=200)]
Mobile = Annotated[str, Field(pattern=f"^{MOBILE.pattern}$")]
Email = Annotated[str, Field(pattern=f"^{EMAIL.pattern}$", max_length=LONGEST_EMAIL)]

Bookable = Callable[[Tx, Viewer, UUID], Awaitable[Patient]]


def only_text(value: object) -> object:
    """Refuse numbers: pydantic would take 0 for the first of January 1970."""
    if not isinstance(value, str):
        raise ValueError("write a time as text, with its zone")  # noqa: TRY004 - pydantic reads no other error
    return value


When = Annotated[AwareDatetime, BeforeValidator(only_text), Field(strict=False)]


class NewConsultation(Strict):
    """`scheduled_at` None means now; `team_id` None means one's own; with `patient_id` the record's own name is taken."""

    patient_name: Name
    patient_id: Annotated[UUID | None, Field(strict=False)] = None
    mobile: Mobile | None = None
    email: Email | None = None
    team_id: Annotated[UUID | None, Field(strict=False)] = None
    scheduled_at: When | None = None
    duration_min: Annotated[int, Field(ge=5, le=480)] = 20


class SendLink(Strict):
    channel: Annotated[Channel, Field(strict=False)]


class LinkAnswer(BaseModel):
    """The link to copy, and the same as a QR code in SVG."""

    link: str
    qr_svg: str


class CreatedAnswer(LinkAnswer):
    id: UUID
    desk_url: str
    sent: list[Channel]


class TeamAnswer(BaseModel):
    id: UUID
    name: str


class TeamsAnswer(BaseModel):
    teams: list[TeamAnswer]


def routes(bookable: Bookable) -> list[Route]:
    """Return the routes; `bookable` is the door of patients' records, which stands a storey higher, and raises `NotFound`."""
    one = "/api/consultations/{consultation_id:uuid}"
    return [
        Route("/api/today", _today),
        Route("/api/teams", _teams),
        Route("/api/consultations", _creating(bookable), methods=["POST"]),
        Route(one, _read, methods=["GET"]),
        Route(one + "/link", _reissue, methods=["POST"]),
        Route(one + "/link", _revoke, methods=["DELETE"]),
        Route(one + "/link/send", _send, methods=["POST"]),
    ]


async def _today(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    async with house.database.read() as tx:
        return answer(await today_list(tx, viewer, house.clock.now(), language_of(request).text))


async def _teams(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        teams = [TeamAnswer(id=team.id, name=team.name) for team in await teams_of(tx, viewer)]
    return answer(TeamsAnswer(teams=teams))


async def _read(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    async with house.database.read() as tx:
        return answer(await today_row(tx, viewer, _id(request), house.clock.now(), language_of(request).text))


def _creating(bookable: Bookable) -> Callable[[Request], Awaitable[Response]]:
    async def create(request: Request) -> Response:
        return await _create(request, bookable)

    return create


async def _create(request: Request, bookable: Bookable) -> Response:
    viewer = await professional_of(request)
    body = await read_body(request, NewConsultation)
    house = house_of(request)
    await house.limiter.hit("create", str(viewer.person_id))
    now = house.clock.now()
    plan = _plan(body, now)
    async with house.database.write() as tx:
        if plan.patient_id:
            await bookable(tx, viewer, plan.patient_id)
        consultation, link = await schedule(tx, house.secrets, viewer, plan, now)
        told = await told_of(tx, await record_of(tx, consultation), now)
    return answer(
        CreatedAnswer(
            id=consultation.id,
            desk_url=f"/desk/{consultation.id}",
            sent=list(dict.fromkeys(one.channel for one in told)),
            **link_answer(request, link).model_dump(),
        ),
        status=201,
    )


def _plan(body: NewConsultation, now: datetime) -> Plan:
    return Plan(
        patient_name=body.patient_name,
        mobile=body.mobile,
        email=body.email,
        team_id=body.team_id,
        scheduled_at=body.scheduled_at or now,
        duration_min=body.duration_min,
        patient_id=body.patient_id,
    )


async def _reissue(request: Request) -> Response:
    viewer = await professional_of(request)
    await read_body(request, Empty)
    house = house_of(request)
    async with house.database.write() as tx:
        link = await reissue_link(tx, house.secrets, viewer, _id(request), house.clock.now())
    return answer(link_answer(request, link))


async def _revoke(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    async with house.database.write() as tx:
        await revoke_link(tx, viewer, _id(request), house.clock.now())
    return answer()


async def _send(request: Request) -> Response:
    viewer = await professional_of(request)
    body = await read_body(request, SendLink)
    house = house_of(request)
    await house.limiter.hit("invite", str(viewer.person_id))
    async with house.database.write() as tx:
        await send_link(tx, viewer, _id(request), body.channel, house.clock.now())
    return answer()


def _id(request: Request) -> UUID:
    return cast(UUID, request.path_params["consultation_id"])


def link_answer(request: Request, link: JoinLink) -> LinkAnswer:
    """Return a link as whoever made it is shown it."""
    house = house_of(request)
    url = join_url(base_url_of(request), house.secrets, link.id)
    return LinkAnswer(link=url, qr_svg=segno.make(url, error="m").svg_inline(scale=6, border=2, dark="#000", light="#fff"))
