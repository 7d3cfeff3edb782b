"""The pages of one service, for its givers and for an office: adding, changing, offering and withdrawing it, what patients would see."""

from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.access.viewer import names_of_professionals, professional_of, teams_of, viewer_of
from server.booking.free_times import closed_for
from server.booking.model import Service, ServiceState
from server.booking.offer import slots_of
from server.booking.offer_doors import colleagues_of, givers_here, see_changeable
from server.booking.offer_form import (
    FIRST,
    Form,
    asking,
    form_of,
    givers_of,
    id_in,
    number_in,
    practice_of,
    sent,
    today_in,
    told,
    transaction,
)
from server.booking.offer_pages import HOME, OFFICE
from server.booking.offering import Givers, Wanted, add_service, change_service, gives, set_state
from server.booking.terms import BAD_CHOICE, CHOICES
from server.core.db import Tx
from server.errors import Conflict, Invalid
from server.patients.answer_doors import published_of
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

PREVIEW_DAYS = 14


def routes() -> list[Route]:
    return [
        Route("/offer/services/new", _new, methods=["GET", "POST"]),
        Route("/offer/services/{service_id:uuid}", _edit, methods=["GET", "POST"]),
        Route("/offer/services/{service_id:uuid}/state", _state, methods=["POST"]),
        Route("/offer/services/{service_id:uuid}/preview", _preview),
        Route("/practice/services/new", _new_for, methods=["GET", "POST"]),
    ]


async def _new(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        choice = {"teams": await teams_of(tx, viewer), "colleagues": await colleagues_of(tx, viewer), "back": HOME}
    return await _added(request, viewer, choice)


async def _new_for(request: Request) -> Response:
    """Let an office add a service for a professional or a team; raises `Forbidden`."""
    viewer = await viewer_of(request)
    async with house_of(request).database.read() as tx:
        professionals, teams = await givers_here(tx, await in_charge_of(tx, viewer))
    choice = {"teams": [team for team, _members in teams], "colleagues": teams, "professionals": professionals, "back": OFFICE}
    return await _added(request, viewer, choice)


async def _added(request: Request, viewer: Viewer, choice: dict[str, Any]) -> Response:
    form = await sent(request)
    async with transaction(request, form) as tx:
        shown = {**choice, **await _page(tx, viewer), "new": True}
        if form is None:
            return _form(request, shown, FIRST)
        try:
            terms, now = await asking(tx, request, viewer, form), house_of(request).clock.now()
            await add_service(tx, viewer, _whose(form, choice), terms, now)
        except (Invalid, Conflict) as error:
            return _form(request, shown, form, error)
    return _back(choice["back"])


def _whose(form: Form, choice: dict[str, Any]) -> Givers:
    """Read who gives it: an office chooses out of one list, in which a team stands as `team:` and its id."""
    if "professionals" not in choice:
        return givers_of(form)
    kind, _colon, giver_id = form.get("giver", "").partition(":")
    if not giver_id:
        raise Invalid(BAD_CHOICE, code="giver")
    return givers_of({**form, "team_id" if kind == "team" else "professional_id": giver_id})


async def _edit(request: Request) -> Response:
    viewer, form = await viewer_of(request), await sent(request)
    async with transaction(request, form) as tx:
        service = await see_changeable(tx, viewer, id_in(request, "service_id"))
        shown = {**await _page(tx, viewer), **await _about(tx, viewer, service)}
        if form is None:
            return _form(request, shown, form_of(service))
        try:
            wanted = Wanted(number_in(form, "version"), await asking(tx, request, viewer, form))
            await change_service(tx, viewer, service.id, wanted, house_of(request).clock.now())
        except (Invalid, Conflict) as error:
            return _form(request, shown, form, error)
    return _back(shown["back"])


async def _page(tx: Tx, viewer: Viewer) -> dict[str, Any]:
    questionnaires = await published_of(tx, viewer.practice_id) if viewer.practice_id else []
    return {"part": await part_of(tx, viewer), "questionnaires": questionnaires}


async def _about(tx: Tx, viewer: Viewer, service: Service) -> dict[str, Any]:
    """Return where a page of a service leads back to, and whose it is where that is somebody else's."""
    if gives(viewer, service):
        return {"back": HOME, "whose": ""}
    if service.team_id is not None:
        _professionals, teams = await givers_here(tx, service.practice_id)
        return {"back": OFFICE, "whose": next((team.name for team, _members in teams if team.id == service.team_id), "")}
    names = await names_of_professionals(tx, [service.professional_id] if service.professional_id else [])
    return {"back": OFFICE, "whose": "".join(names.values())}


def _form(request: Request, shown: dict[str, Any], form: Form, error: Invalid | Conflict | None = None) -> Response:
    kept = {"team_id": "", "giver": "", "lead": "", "version": ""}
    context = {**shown, "form": {**FIRST, **kept, **form}, "choices": CHOICES, "error": told(request, error)}
    return render(request, "staff/service_form.html", context, status=error.http_status if error else 200)


async def _state(request: Request) -> Response:
    viewer, form = await viewer_of(request), await read_form(request)
    states = {"offer": ServiceState.OFFERED, "withdraw": ServiceState.WITHDRAWN}
    state = states.get(form.get("do", ""))
    if state is None:
        raise Invalid(BAD_CHOICE, code="do")
    async with house_of(request).database.write() as tx:
        service_id = id_in(request, "service_id")
        await set_state(tx, viewer, service_id, state, house_of(request).clock.now())
        own = gives(viewer, await see_changeable(tx, viewer, service_id))
    return _back(OFFICE if form.get("from") == "office" or not own else HOME)


async def _preview(request: Request) -> Response:
    """Show what patients are offered in the next two weeks, also before they are."""
    viewer = await viewer_of(request)
    async with house_of(request).database.read() as tx:
        service = await see_changeable(tx, viewer, id_in(request, "service_id"))
        practice = await practice_of(tx, viewer)
        now = house_of(request).clock.now()
        slots = await slots_of(tx, service, today_in(request, practice), PREVIEW_DAYS, now)
        closed = "" if slots else await closed_for(tx, service)
        context = {"part": await part_of(tx, viewer), "closed": closed, **await _about(tx, viewer, service)}
    zone = ZoneInfo(practice.time_zone)
    days = [list(group) for _day, group in groupby(slots, key=lambda slot: slot.begins_at.astimezone(zone).date())]
    return render(
        request, "staff/offer_preview.html", {**context, "service": service, "days": days, "zone": practice.time_zone, "now": now}
    )


def _back(where: str) -> Response:
    return RedirectResponse(where, status_code=303)
