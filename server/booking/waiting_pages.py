"""The public pages of a waiting list: asking to be told, and by the link taking a time, passing it on, or leaving."""

from datetime import timedelta
from typing import NamedTuple, cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Professional
from server.booking.details import NOTHING, Given, faults_of, given_in
from server.booking.free_times import closed_for
from server.booking.front import Front, front_of, see_service
from server.booking.guard import TakesNone
from server.booking.held import PATH, keep_held
from server.booking.model import Service
from server.booking.seekers import SeekerState
from server.booking.seeking import FURTHEST_DAYS, Answer, Wants, read_wants
from server.booking.slot_days import day_in, own_zone, read_zone
from server.booking.waiting_list import Asked, Place, ask, find_seeker, leave, pass_on, see_place, waiting_token
from server.booking.waiting_passing import Instead, instead_of
from server.core.db import Tx
from server.errors import Conflict, NotFound
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render
from server.web.proxies import address_key

COOKIE = "waiting"
COOKIE_S = 7 * 86400
USUALLY = timedelta(days=28)


class Form(NamedTuple):
    """The form as it is shown: for what, and what was written and chosen."""

    front: Front
    service: Service
    given: Given
    answer: Answer


def routes() -> list[Route]:
    mine = "/waiting/{seeker_id:uuid}"
    return [
        Route(PATH + "/{owner_id:uuid}/{service_id:uuid}/wait", _ask, methods=["GET", "POST"]),
        Route("/wait/{token}", _open),
        Route(mine, _place),
        Route(mine + "/take", _take, methods=["POST"]),
        Route(mine + "/pass", _pass, methods=["POST"]),
        Route(mine + "/leave", _leave, methods=["POST"]),
    ]


async def _ask(request: Request) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        front, service = await _service(tx, request)
        closed = await closed_for(tx, service)
    today = day_in(front.practice.time_zone, house.clock.now())
    if request.method != "POST":
        await house.limiter.hit("book_address", address_key(request))
        usual = Wants("01234", mornings=True, afternoons=True, until=today + USUALLY)
        return _show_form(request, Form(front, service, NOTHING, Answer(usual, {TakesNone.code: closed} if closed else {})))
    await house.limiter.hit("wait_address", address_key(request))
    form = await read_form(request)
    given, answer = given_in(form), read_wants(form, today)
    if faults := {**answer.faults, **faults_of(given)}:
        return _show_form(request, Form(front, service, given, Answer(answer.wants, faults)), 422)
    try:
        async with house.database.write() as tx:
            asked = Asked(given, answer.wants, read_zone(form.get("zone")) or front.practice.time_zone)
            seeker = await ask(tx, house.secrets, service, asked, house.clock.now())
    except Conflict as error:
        return _show_form(request, Form(front, service, given, Answer(answer.wants, {error.code: error.code})), 409)
    return _enter(request, seeker.id)


def _show_form(request: Request, form: Form, status: int = 200) -> Response:
    front, service, given, answer = form
    today = day_in(front.practice.time_zone, house_of(request).clock.now())
    shown = {
        "front": front,
        "practice": front.practice,
        "service": service,
        "path": f"{PATH}/{front.id}/{service.id}",
        "given": given,
        "wants": answer.wants,
        "faults": answer.faults,
        "today": today,
        "last": today + timedelta(days=FURTHEST_DAYS),
        "zone": front.practice.time_zone,
    }
    return render(request, "book/wait.html", shown, status)


async def _open(request: Request) -> Response:
    """Exchange the link for a cookie, so that the secret does not stay in the address; mail scanners may open it, too."""
    house = house_of(request)
    await house.limiter.hit("join_link_address", address_key(request))
    async with house.database.read() as tx:
        seeker = await find_seeker(tx, request.path_params["token"])
    if seeker is None:
        raise NotFound
    response = _enter(request, seeker.id)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _enter(request: Request, seeker_id: UUID) -> Response:
    house, path = house_of(request), f"/waiting/{seeker_id}"
    response = RedirectResponse(path, status_code=303)
    token = waiting_token(house.secrets, seeker_id)
    response.set_cookie(COOKIE, token, max_age=COOKIE_S, path=path, secure=house.settings.secure, httponly=True, samesite="lax")
    return response


async def _place(request: Request) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        place = await _mine(tx, request)
        front, instead = await front_of(tx, place.service), await _instead(tx, place)
    zone = front.practice.time_zone
    shown = {
        "front": front,
        "practice": front.practice,
        "service": place.service,
        "seeker": place.seeker,
        "offer": place.offer,
        "zone": zone,
        "own": own_zone(place.seeker.time_zone, zone, place.offer.begins_at if place.offer else house.clock.now()),
        "now": house.clock.now(),
        "base": f"/waiting/{place.seeker.id}",
        "passed": "passed" in request.query_params,
        "instead": instead,
    }
    return render(request, "book/waiting.html", shown)


async def _instead(tx: Tx, place: Place) -> list[Instead]:
    """Return what others of the practice offer, for whoever waited for somebody who gives nothing here any more."""
    if place.seeker.state != SeekerState.CLOSED or place.service.professional_id is None:
        return []
    return await instead_of(tx, await tx.get_one(Professional, place.service.professional_id))


async def _take(request: Request) -> Response:
    """Go on as whoever has chosen that time: check and book, with the details that were given when they asked."""
    async with house_of(request).database.read() as tx:
        place = await _mine(tx, request)
    if place.offer is None:
        return RedirectResponse(f"/waiting/{place.seeker.id}", status_code=303)
    response = RedirectResponse(f"{PATH}/held/{place.offer.appointment_id}/check", status_code=303)
    keep_held(response, request, place.offer.appointment_id)
    return response


async def _pass(request: Request) -> Response:
    house = house_of(request)
    async with house.database.write() as tx:
        place = await _mine(tx, request)
        await pass_on(tx, place, house.clock.now())
    return RedirectResponse(f"/waiting/{place.seeker.id}?passed", status_code=303)


async def _leave(request: Request) -> Response:
    house = house_of(request)
    async with house.database.write() as tx:
        place = await _mine(tx, request)
        await leave(tx, place, house.clock.now())
    return RedirectResponse(f"/waiting/{place.seeker.id}", status_code=303)


async def _mine(tx: Tx, request: Request) -> Place:
    seeker_id: UUID = request.path_params["seeker_id"]
    return await see_place(tx, seeker_id, request.cookies.get(COOKIE, ""), house_of(request).clock.now())


async def _service(tx: Tx, request: Request) -> tuple[Front, Service]:
    owner_id, service_id = (cast(UUID, request.path_params[name]) for name in ("owner_id", "service_id"))
    return await see_service(tx, owner_id, service_id)
