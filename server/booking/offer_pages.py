"""The pages of what is offered: a professional's services, weekly hours and days that differ, and for an office everybody's services.

Plain forms, no script. The forms of one service are in `server/booking/service_pages.py`.
"""

from datetime import date
from typing import cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Professional
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.access.taking import stop_bookings, take_bookings
from server.access.viewer import administers, professional_of, viewer_of
from server.booking.model import DayKind
from server.booking.offer_doors import see_closures, see_days, see_hours, see_services, services_here
from server.booking.offer_form import Form, id_in, practice_of, sent, today_in, told, transaction
from server.booking.offering import Day, Week, add_day, close_practice, remove_day, reopen_practice, set_hours
from server.booking.terms import BAD_CHOICE, clock_of, stretches_of
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict, Invalid, NotFound
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

HOME, OFFICE = "/offer", "/practice/services"
STRETCHES = 4  # of one day
BAD_DAY = _("Please write the day as in 2026-12-24.")


def routes() -> list[Route]:
    return [
        Route(HOME, _home),
        Route(OFFICE, _office),
        Route("/offer/hours/{weekday:few}", _hours, methods=["GET", "POST"]),
        Route("/offer/bookings", _bookings, methods=["POST"]),
        Route("/offer/days", _add_day, methods=["POST"]),
        Route("/offer/days/{day_id:uuid}/remove", _remove_day, methods=["POST"]),
        Route("/offer/closures", _close, methods=["POST"]),
        Route("/offer/closures/{closure_id:uuid}/remove", _reopen, methods=["POST"]),
    ]


async def _home(request: Request) -> Response:
    """Show a professional their own; whoever looks after the practice and treats nobody is led to everybody's."""
    viewer = await viewer_of(request)
    async with house_of(request).database.read() as tx:
        if viewer.professional_id is not None:
            return await _listed(tx, request, viewer)
        await in_charge_of(tx, viewer)
    return RedirectResponse(OFFICE, status_code=303)


async def _office(request: Request) -> Response:
    viewer = await viewer_of(request)
    async with house_of(request).database.read() as tx:
        return await _offered(tx, request, viewer)


async def _offered(tx: Tx, request: Request, viewer: Viewer, error: Invalid | Conflict | None = None) -> Response:
    """Show what everybody in the practice offers, and its holidays; raises `Forbidden`."""
    practice_id = await in_charge_of(tx, viewer)
    practice = await practice_of(tx, viewer)
    today = today_in(request, practice)
    context = {
        "part": await part_of(tx, viewer), "practice": practice, "offerings": await services_here(tx, practice_id), "today": today,
        "closures": [one for one in await see_closures(tx, viewer) if one.day >= today], "administers": True,
        "error": told(request, error), "done": request.query_params.get("done"),
    }  # fmt: skip
    return render(request, "staff/practice_services.html", context, status=error.http_status if error else 200)


async def _listed(tx: Tx, request: Request, viewer: Viewer, error: Invalid | Conflict | None = None) -> Response:
    practice = await practice_of(tx, viewer)
    today = today_in(request, practice)
    hours = [one for one in await see_hours(tx, viewer) if one.valid_to is None or one.valid_to >= today]
    shown = {
        "services": await see_services(tx, viewer),
        "week": [(weekday, [one for one in hours if one.weekday == weekday]) for weekday in range(7)],
        "days": [one for one in await see_days(tx, viewer) if one.day >= today],
        "closures": [one for one in await see_closures(tx, viewer) if one.day >= today],
        "administers": await administers(tx, viewer),
        "me": await tx.get(Professional, viewer.professional_id),
        "merchants": house_of(request).settings.payments == "stripe",
    }
    context = {**shown, "clock": clock_of, "today": today, "zone": practice.time_zone, "error": told(request, error)}
    return render(request, "staff/offer.html", context, status=error.http_status if error else 200)


async def _bookings(request: Request) -> Response:
    """Take no new bookings from now on, or take them again; what the practice has stopped stays so."""
    viewer, form = await professional_of(request), await read_form(request)
    change = {"stop": stop_bookings, "take": take_bookings}.get(form.get("do", ""))
    if change is None or viewer.professional_id is None:
        raise Invalid(BAD_CHOICE, code="do")
    async with house_of(request).database.write() as tx:
        await change(tx, viewer, viewer.professional_id, house_of(request).clock.now())
    return _back("#bookings")


async def _hours(request: Request) -> Response:
    viewer, form = await professional_of(request), await sent(request)
    weekday = cast(int, request.path_params["weekday"])
    if weekday not in range(7):
        raise NotFound
    async with transaction(request, form) as tx:
        practice = await practice_of(tx, viewer)
        today = today_in(request, practice)
        if form is None:
            kept = [one for one in await see_hours(tx, viewer) if one.weekday == weekday and one.valid_to is None]
            clocks = [(clock_of(one.begins_min), clock_of(one.ends_min)) for one in kept]
            return _hours_form(request, weekday, clocks, today)
        pairs = [(form.get(f"from_{place}", ""), form.get(f"to_{place}", "")) for place in range(STRETCHES)]
        try:
            also = [other for other in range(7) if form.get(f"also_{other}") and other != weekday]
            week = Week([weekday, *also], stretches_of(pairs), max(_day(form, "since"), today), practice.time_zone)
            await set_hours(tx, viewer, week)
        except Invalid as error:
            return _hours_form(request, weekday, pairs, today, error)
    return _back()


def _hours_form(request: Request, weekday: int, pairs: list[tuple[str, str]], since: date, error: Invalid | None = None) -> Response:
    lines = [*pairs, *[("", "")] * STRETCHES][: max(STRETCHES, len(pairs))]
    context = {"weekday": weekday, "lines": lines, "since": since.isoformat(), "error": told(request, error)}
    return render(request, "staff/hours_form.html", context, status=error.http_status if error else 200)


async def _add_day(request: Request) -> Response:
    viewer, form = await professional_of(request), await read_form(request)
    async with house_of(request).database.write() as tx:
        practice = await practice_of(tx, viewer)
        try:
            hours = stretches_of([(form.get("from", ""), form.get("to", ""))])
            kind = DayKind.OPEN if form.get("kind") == DayKind.OPEN else DayKind.CLOSED
            await add_day(tx, viewer, Day(_day(form, "day"), kind, hours[0] if hours else None, practice.time_zone))
        except (Invalid, Conflict) as error:
            return await _listed(tx, request, viewer, error)
    return _back("#days")


async def _remove_day(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.write() as tx:
        await remove_day(tx, viewer, id_in(request, "day_id"))
    return _back("#days")


async def _close(request: Request) -> Response:
    viewer, form = await viewer_of(request), await read_form(request)
    async with house_of(request).database.write() as tx:
        practice_id = await in_charge_of(tx, viewer)
        try:
            name = form.get("name", "")[:120]
            await close_practice(tx, practice_id, _day(form, "day"), name)
        except (Invalid, Conflict) as error:
            return await (_offered if viewer.professional_id is None else _listed)(tx, request, viewer, error)
    return _back("#closures", viewer)


async def _reopen(request: Request) -> Response:
    viewer = await viewer_of(request)
    async with house_of(request).database.write() as tx:
        await reopen_practice(tx, await in_charge_of(tx, viewer), id_in(request, "closure_id"))
    return _back("#closures", viewer)


def _day(form: Form, field: str) -> date:
    try:
        return date.fromisoformat(form.get(field, ""))
    except ValueError:
        raise Invalid(BAD_DAY, code=field) from None


def _back(place: str = "", viewer: Viewer | None = None) -> Response:
    """Lead a professional to what they offer, and an office to what everybody does."""
    office = viewer is not None and viewer.professional_id is None
    return RedirectResponse((OFFICE if office else HOME) + place, status_code=303)
