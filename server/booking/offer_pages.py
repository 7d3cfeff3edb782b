"""The pages of what a professional offers: services, weekly hours, days that differ, and what patients will see. Plain forms, no script."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice, Professional
from server.access.policy import Viewer
from server.access.taking import stop_bookings, take_bookings
from server.access.viewer import administers, professional_of, teams_of
from server.booking.free_times import closed_for
from server.booking.model import DayKind, Needs, Pays, Service, ServiceState
from server.booking.offer import slots_of
from server.booking.offer_doors import colleagues_of, see_closures, see_days, see_hours, see_service, see_services
from server.booking.offering import (
    Day,
    Givers,
    Week,
    add_day,
    add_service,
    change_service,
    close_practice,
    remove_day,
    reopen_practice,
    set_hours,
    set_state,
)
from server.booking.terms import BAD_CHOICE, CHOICES, Terms, clock_of, price_of, price_text, stretches_of
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.patients.answer_doors import published_of
from server.patients.building import usual_questionnaire
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

HOME = "/offer"
STRETCHES = 4  # of one day
PREVIEW_DAYS = 14
COUNTED = ("grid_min", "notice_min", "horizon_days", "cancel_until_min", "move_until_min", "no_show_fee_percent")
NUMBERS = ("length_min", "buffer_before_min", "buffer_after_min")
BAD_DAY = _("Please write the day as in 2026-12-24.")
USUAL = "usual"
FIRST: dict[str, str] = {
    "name": "", "about": "", "length_min": "20", "buffer_before_min": "0", "buffer_after_min": "0", "price": "", "currency": "GBP",
    "pays": "practice", "late_fee_percent": "", "no_show_fee_percent": "0",
    "grid_min": "20", "notice_min": "120", "horizon_days": "56", "cancel_until_min": "1440", "move_until_min": "1440", "needs": "one",
    "questionnaire_id": USUAL,
}  # fmt: skip
Form = dict[str, str]


def routes() -> list[Route]:
    return [
        Route(HOME, _home),
        Route("/offer/services/new", _new_service, methods=["GET", "POST"]),
        Route("/offer/services/{service_id:uuid}", _edit_service, methods=["GET", "POST"]),
        Route("/offer/services/{service_id:uuid}/state", _state, methods=["POST"]),
        Route("/offer/services/{service_id:uuid}/preview", _preview),
        Route("/offer/hours/{weekday:few}", _hours, methods=["GET", "POST"]),
        Route("/offer/bookings", _bookings, methods=["POST"]),
        Route("/offer/days", _add_day, methods=["POST"]),
        Route("/offer/days/{day_id:uuid}/remove", _remove_day, methods=["POST"]),
        Route("/offer/closures", _close, methods=["POST"]),
        Route("/offer/closures/{closure_id:uuid}/remove", _reopen, methods=["POST"]),
    ]


async def _home(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        return await _listed(tx, request, viewer)


async def _listed(tx: Tx, request: Request, viewer: Viewer, error: Invalid | Conflict | None = None) -> Response:
    practice = await _practice(tx, viewer)
    today = _today(request, practice)
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
    context = {**shown, "clock": clock_of, "today": today, "zone": practice.time_zone, "error": _told(request, error)}
    return render(request, "staff/offer.html", context, status=error.http_status if error else 200)


async def _new_service(request: Request) -> Response:
    viewer, form = await professional_of(request), await _form(request)
    async with _transaction(request, form) as tx:
        if form is None:
            return await _service_form(tx, request, viewer, FIRST)
        try:
            terms = await _asking(tx, request, viewer, form)
            await add_service(tx, viewer, _givers(form), terms, house_of(request).clock.now())
        except (Invalid, Conflict) as error:
            return await _service_form(tx, request, viewer, form, error)
    return _back()


async def _edit_service(request: Request) -> Response:
    viewer, form = await professional_of(request), await _form(request)
    service_id = _id(request, "service_id")
    async with _transaction(request, form) as tx:
        service = await see_service(tx, viewer, service_id)
        if form is None:
            return await _service_form(tx, request, viewer, _form_of(service))
        try:
            await change_service(tx, viewer, service_id, _number(form, "version"), await _asking(tx, request, viewer, form))
        except (Invalid, Conflict) as error:
            return await _service_form(tx, request, viewer, form, error)
    return _back()


async def _service_form(tx: Tx, request: Request, viewer: Viewer, form: Form, error: Invalid | Conflict | None = None) -> Response:
    context = {
        "form": {**FIRST, "team_id": "", "lead": "", "version": "", **form},
        "teams": await teams_of(tx, viewer),
        "colleagues": await colleagues_of(tx, viewer),
        "choices": CHOICES,
        "questionnaires": await published_of(tx, viewer.practice_id) if viewer.practice_id else [],
        "new": request.url.path.endswith("/new"),
        "error": _told(request, error),
    }
    return render(request, "staff/service_form.html", context, status=error.http_status if error else 200)


async def _state(request: Request) -> Response:
    viewer, form = await professional_of(request), await read_form(request)
    states = {"offer": ServiceState.OFFERED, "withdraw": ServiceState.WITHDRAWN}
    state = states.get(form.get("do", ""))
    if state is None:
        raise Invalid(BAD_CHOICE, code="do")
    async with house_of(request).database.write() as tx:
        await set_state(tx, viewer, _id(request, "service_id"), state)
    return _back()


async def _bookings(request: Request) -> Response:
    """Take no new bookings from now on, or take them again; what the practice has stopped stays so."""
    viewer, form = await professional_of(request), await read_form(request)
    change = {"stop": stop_bookings, "take": take_bookings}.get(form.get("do", ""))
    if change is None or viewer.professional_id is None:
        raise Invalid(BAD_CHOICE, code="do")
    async with house_of(request).database.write() as tx:
        await change(tx, viewer, viewer.professional_id, house_of(request).clock.now())
    return _back("#bookings")


async def _preview(request: Request) -> Response:
    """Show what patients are offered in the next two weeks, also before they are."""
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        service = await see_service(tx, viewer, _id(request, "service_id"))
        practice = await _practice(tx, viewer)
        now = house_of(request).clock.now()
        slots = await slots_of(tx, service, _today(request, practice), PREVIEW_DAYS, now)
        closed = "" if slots else await closed_for(tx, service)
    zone = ZoneInfo(practice.time_zone)
    days = [list(group) for _day, group in groupby(slots, key=lambda slot: slot.begins_at.astimezone(zone).date())]
    context = {"service": service, "days": days, "zone": practice.time_zone, "now": now, "closed": closed}
    return render(request, "staff/offer_preview.html", context)


async def _hours(request: Request) -> Response:
    viewer, form = await professional_of(request), await _form(request)
    weekday = cast(int, request.path_params["weekday"])
    if weekday not in range(7):
        raise NotFound
    async with _transaction(request, form) as tx:
        practice = await _practice(tx, viewer)
        today = _today(request, practice)
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
    context = {"weekday": weekday, "lines": lines, "since": since.isoformat(), "error": _told(request, error)}
    return render(request, "staff/hours_form.html", context, status=error.http_status if error else 200)


async def _add_day(request: Request) -> Response:
    viewer, form = await professional_of(request), await read_form(request)
    async with house_of(request).database.write() as tx:
        practice = await _practice(tx, viewer)
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
        await remove_day(tx, viewer, _id(request, "day_id"))
    return _back("#days")


async def _close(request: Request) -> Response:
    viewer, form = await professional_of(request), await read_form(request)
    async with house_of(request).database.write() as tx:
        practice_id = await _administered(tx, viewer)
        try:
            name = form.get("name", "")[:120]
            await close_practice(tx, practice_id, _day(form, "day"), name)
        except (Invalid, Conflict) as error:
            return await _listed(tx, request, viewer, error)
    return _back("#closures")


async def _reopen(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.write() as tx:
        await reopen_practice(tx, await _administered(tx, viewer), _id(request, "closure_id"))
    return _back("#closures")


async def _administered(tx: Tx, viewer: Viewer) -> UUID:
    """Return the practice that the viewer administers; raises `Forbidden`."""
    if viewer.practice_id is None or not await administers(tx, viewer):
        raise Forbidden
    return viewer.practice_id


def _terms(form: Form) -> Terms:
    values: dict[str, Any] = {field: form.get(field, "") for field in ("name", "about", "currency")}
    values |= {field: _number(form, field) for field in (*NUMBERS, *COUNTED)}
    late = _number(form, "late_fee_percent") if form.get("late_fee_percent") else None
    return Terms(**values, price_minor=price_of(form.get("price", "")), pays=_pays(form), late_fee_percent=late)


async def _asking(tx: Tx, request: Request, viewer: Viewer, form: Form) -> Terms:
    """Read the form with the questionnaire that it chooses; the usual one is made where the practice has none yet."""
    terms, chosen = _terms(form), form.get("questionnaire_id", "")
    if chosen == USUAL:
        usual = await usual_questionnaire(tx, viewer, language_of(request), house_of(request).clock.now())
        return replace(terms, questionnaire_id=usual.id)
    try:
        return replace(terms, questionnaire_id=UUID(chosen) if chosen else None)
    except ValueError:
        raise Invalid(BAD_CHOICE, code="questionnaire_id") from None


def _pays(form: Form) -> Pays:
    try:
        return Pays(form.get("pays", ""))
    except ValueError:
        raise Invalid(BAD_CHOICE, code="pays") from None


def _givers(form: Form) -> Givers:
    if not form.get("team_id"):
        return Givers(None, Needs.ONE, None)
    try:
        lead_id = UUID(form["lead"]) if form.get("needs") == Needs.LEAD_AND_ANY and form.get("lead") else None
        return Givers(UUID(form["team_id"]), Needs(form.get("needs", "")), lead_id)
    except ValueError:
        raise Invalid(BAD_CHOICE, code="needs") from None


def _form_of(service: Service) -> Form:
    fields = ("name", "about", "currency", "pays", *NUMBERS, *COUNTED, "version", "needs")
    late = "" if service.late_fee_percent is None else str(service.late_fee_percent)
    asked = {"questionnaire_id": str(service.questionnaire_id or ""), "late_fee_percent": late}
    return {**{field: str(getattr(service, field)) for field in fields}, "price": price_text(service.price_minor), **asked}


def _number(form: Form, field: str) -> int:
    text = form.get(field, "")
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Invalid(BAD_CHOICE, code=field)
    return int(text)


def _day(form: Form, field: str) -> date:
    try:
        return date.fromisoformat(form.get(field, ""))
    except ValueError:
        raise Invalid(BAD_DAY, code=field) from None


async def _practice(tx: Tx, viewer: Viewer) -> Practice:
    if viewer.practice_id is None:
        raise Forbidden
    return await tx.get_one(Practice, viewer.practice_id)


def _today(request: Request, practice: Practice) -> date:
    return house_of(request).clock.now().astimezone(ZoneInfo(practice.time_zone)).date()


def _told(request: Request, error: Invalid | Conflict | None) -> dict[str, Any] | None:
    return {"field": error.code, "sentence": language_of(request).text(error.message)} if error else None


async def _form(request: Request) -> Form | None:
    return await read_form(request) if request.method == "POST" else None


def _transaction(request: Request, form: Form | None) -> AbstractAsyncContextManager[Tx]:
    """Return a transaction that can write only where something was sent."""
    database = house_of(request).database
    return database.read() if form is None else database.write()


def _back(part: str = "") -> Response:
    return RedirectResponse(HOME + part, status_code=303)


def _id(request: Request, name: str) -> UUID:
    return cast(UUID, request.path_params[name])
