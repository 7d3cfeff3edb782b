"""The public pages: what can be booked, and its free times; choosing one keeps it for a while."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.booking.details import NOTHING, Given, faults_of, given_in
from server.booking.doors import find_appointment
from server.booking.free_times import FreeTimes, Question, free_times
from server.booking.front import Front, see_front, see_service
from server.booking.held import PATH, find_held, keep_held
from server.booking.holding import Wanted, hold_instead
from server.booking.model import Appointment, Service
from server.booking.paying import Way
from server.booking.slot_days import read_time, read_zone, zones_by_area
from server.core.db import Tx
from server.errors import Conflict, ConsiliumError, Invalid
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render, render_first
from server.web.proxies import address_key


@dataclass(frozen=True)
class Shop:
    """One service on its page, with free times; `said` is the code of why the reader sees them once more."""

    front: Front
    service: Service
    free: FreeTimes
    given: Given = NOTHING
    said: str = ""


def routes(way: Way) -> list[Route]:
    service = PATH + "/{owner_id:uuid}/{service_id:uuid}"
    return [
        Route(PATH + "/{owner_id:uuid}", _fronting(way)),
        Route(service, _times, methods=["GET", "POST"]),
        Route(service + "/zone", _zone),
    ]


def _fronting(way: Way) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        await _look(request)
        house = house_of(request)
        async with house.database.read() as tx:
            front = await see_front(tx, _id(request, "owner_id"))
            pays = {service.id: await way(house, tx, service, None) for service in front.services}
        return render_first(request, "book/front.html", {"front": front, "practice": front.practice, "pays": pays})

    return page


async def _times(request: Request) -> Response:
    if request.method == "POST":
        return await _choose(request)
    await _look(request)
    house = house_of(request)
    async with house.database.read() as tx:
        front, service = await _service(tx, request)
        free = await free_times(tx, Question(service, front.practice.time_zone, request.query_params), house.clock.now())
    return show_times(request, Shop(front, service, free))


async def _choose(request: Request) -> Response:
    """Keep the chosen time for this browser; what was written before goes along. Another time that it held is free again."""
    form = await read_form(request)
    house = house_of(request)
    await house.limiter.hit("hold_address", address_key(request))
    try:
        async with house.database.write() as tx:
            held = await _hold(tx, request, form)
    except (Invalid, Conflict) as error:
        return await _once_more(request, form, error)
    response = RedirectResponse(f"{PATH}/held/{held.id}", status_code=303)
    keep_held(response, request, held.id)
    return response


async def _hold(tx: Tx, request: Request, form: dict[str, str]) -> Appointment:
    front, service = await _service(tx, request)
    now = house_of(request).clock.now()
    begins_at = read_time(form.get("time", ""))
    before_id = find_held(request)
    before = await find_appointment(tx, before_id) if before_id else None
    held = await hold_instead(tx, before, Wanted(service, begins_at, read_zone(form.get("zone")) or front.practice.time_zone), now)
    given = given_in(form)
    if not faults_of(given):
        held.describe(given.name, given.mobile or None, given.email or None, now)
    return held


async def _once_more(request: Request, form: dict[str, str], error: ConsiliumError) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        front, service = await _service(tx, request)
        free = await free_times(tx, Question(service, front.practice.time_zone, form), house.clock.now())
    return show_times(request, Shop(front, service, free, given_in(form), error.code), error.http_status)


def show_times(request: Request, shop: Shop, status: int = 200) -> Response:
    """Show the free times, with the sentence that says why they are shown again."""
    front, service, free = shop.front, shop.service, shop.free
    shown = {
        "front": front,
        "practice": front.practice,
        "service": service,
        "path": f"{PATH}/{front.id}/{service.id}",
        "week": free.week,
        "zone": free.zone,
        "own": free.own,
        "now": free.now,
        "first_free": free.first_free,
        "closed": free.closed,
        "kept": shop.given.kept,
        "said": shop.said,
        "boot": {"zone": free.zone, "at": free.example.isoformat()},
    }
    return render_first(request, "book/times.html", shown, status)


async def _zone(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        front, service = await _service(tx, request)
    shown = {
        "front": front,
        "practice": front.practice,
        "path": f"{PATH}/{front.id}/{service.id}",
        "first": request.query_params.get("from", ""),
        "areas": zones_by_area(),
        "zone": front.practice.time_zone,
    }
    return render(request, "book/zone.html", shown)


async def _service(tx: Tx, request: Request) -> tuple[Front, Service]:
    return await see_service(tx, _id(request, "owner_id"), _id(request, "service_id"))


async def _look(request: Request) -> None:
    """Free times cost something to find: nobody asks for them without end."""
    await house_of(request).limiter.hit("book_address", address_key(request))


def _id(request: Request, name: str) -> UUID:
    return cast(UUID, request.path_params[name])
