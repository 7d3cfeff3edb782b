"""The administrators' pages of restrictions: what is restricted, restricting a record after a request, and ending that."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.restrictions import find_restriction
from server.access.viewer import viewer_of
from server.booking.doors import ahead_of
from server.core.marking import _
from server.errors import Conflict, Invalid
from server.messaging.own_texts import administered
from server.patients.acting_pages import words
from server.patients.doors import name_on_record
from server.privacy.request_labels import fault_in_words, labels
from server.privacy.requests import look_at
from server.privacy.restrictions import (
    ALREADY,
    ANNOUNCED,
    LONGEST,
    NOTICE,
    acting_in,
    end_acting,
    lift,
    restrict,
    restrictions_of,
    see_reason,
    see_restriction,
)
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/practice/restrictions"
ONE = PATH + "/{restriction_id:uuid}"
BEGIN = "/practice/requests/{request_id:uuid}/restriction"
FAULTS = {
    "reason:empty": _("Please write why."),
    "reason:long": _("This text is too long. Please shorten it."),
    "when:empty": _("Please say whether the patient has agreed."),
    "already": ALREADY,
    "announced": ANNOUNCED,
}


def routes() -> list[Route]:
    return [
        Route(PATH, _list),
        Route(ONE, _one),
        Route(ONE, _lift, methods=["POST"]),
        Route(ONE + "/acting/{representation_id:uuid}/end", _end_acting, methods=["POST"]),
        Route(BEGIN, _begin),
        Route(BEGIN, _restrict, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    viewer, now = await viewer_of(request), house_of(request).clock.now()
    async with house_of(request).database.read() as tx:
        practice, part = await administered(tx, viewer), await part_of(tx, viewer)
        found = await restrictions_of(tx, viewer, now)
    shown = {"part": part, "zone": practice.time_zone, "found": found, "done": "done" in request.query_params}
    return render(request, "staff/restrictions.html", shown)


async def _begin(request: Request) -> Response:
    return await _show_begin(request, {})


async def _restrict(request: Request) -> Response:
    """Restrict the record; who may is decided before the form is read."""
    viewer, house, request_id = await viewer_of(request), house_of(request), request.path_params["request_id"]
    async with house.database.read() as tx:
        await see_reason(tx, viewer, request_id)
    form = await read_form(request)
    try:
        async with house.database.write() as tx:
            await restrict(tx, viewer, request_id, form, house.clock.now())
    except (Invalid, Conflict) as error:
        if error.code not in FAULTS:
            raise
        return await _show_begin(request, form, error)
    return RedirectResponse(f"{PATH}?done", status_code=303)


async def _show_begin(request: Request, form: Mapping[str, str], error: Invalid | Conflict | None = None) -> Response:
    viewer, house, request_id = await viewer_of(request), house_of(request), request.path_params["request_id"]
    now = house.clock.now()
    async with house.database.write() as tx:
        asked = await see_reason(tx, viewer, request_id)
        practice, part = await administered(tx, viewer), await part_of(tx, viewer)
        name, ahead = await name_on_record(tx, asked.patient_id), await ahead_of(tx, asked.patient_id, now)
        standing = await find_restriction(tx, asked.patient_id, now)
        found = await look_at(tx, house.keyring, viewer, request_id, now)
    shown = {"part": part, "zone": practice.time_zone, "found": found, "name": name, "ahead": ahead, "standing": standing}
    return _rendered(request, "staff/restrict.html", shown, form, error)


async def _one(request: Request) -> Response:
    return await _show_one(request, {})


async def _lift(request: Request) -> Response:
    """Announce the end; who may is decided before the form is read."""
    viewer, house, restriction_id = await viewer_of(request), house_of(request), request.path_params["restriction_id"]
    async with house.database.read() as tx:
        await see_restriction(tx, viewer, restriction_id)
    form = await read_form(request)
    try:
        async with house.database.write() as tx:
            await lift(tx, viewer, restriction_id, form, house.clock.now())
    except (Invalid, Conflict) as error:
        if error.code not in FAULTS:
            raise
        return await _show_one(request, form, error)
    return RedirectResponse(f"{PATH}/{restriction_id}?done", status_code=303)


async def _end_acting(request: Request) -> Response:
    """End that somebody acts for the patient, whose record itself stays closed."""
    viewer, house, restriction_id = await viewer_of(request), house_of(request), request.path_params["restriction_id"]
    async with house.database.write() as tx:
        await end_acting(tx, viewer, restriction_id, request.path_params["representation_id"], house.clock.now())
    return RedirectResponse(f"{PATH}/{restriction_id}?done", status_code=303)


async def _show_one(request: Request, form: Mapping[str, str], error: Invalid | Conflict | None = None) -> Response:
    viewer = await viewer_of(request)
    async with house_of(request).database.read() as tx:
        practice, part = await administered(tx, viewer), await part_of(tx, viewer)
        found = await see_restriction(tx, viewer, request.path_params["restriction_id"])
        acting = await acting_in(tx, found, house_of(request).clock.now())
    shown = {
        "part": part, "zone": practice.time_zone, "one": found.restriction, "name": found.name, "days": NOTICE.days, "acting": acting,
        "done": "done" in request.query_params,
    }  # fmt: skip
    return _rendered(request, "staff/restriction.html", {**shown, **words(request)}, form, error)


def _rendered(
    request: Request, page: str, shown: Mapping[str, object], form: Mapping[str, str], error: Invalid | Conflict | None
) -> Response:
    language = language_of(request)
    said = fault_in_words(language, error.code if error else None, FAULTS)
    own = {"form": {"reason": "", "when": "", **form}, "longest": LONGEST, "error": said}
    return render(request, page, {**shown, **own, **labels(language)}, error.http_status if error else 200)
