"""The page before somebody's place ends: what stands open, a colleague or a cancellation for each promised appointment, and who waits."""

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.people import place_of
from server.access.policy import Viewer
from server.access.taking import stop_bookings, take_bookings
from server.access.viewer import viewer_of
from server.administration.leaving import call_off, hand_over, hand_over_waiting, leaving_of, standing_of
from server.consultation.visit_appointment import read_version
from server.core.marking import _
from server.errors import Conflict, Invalid, NotFound
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PEOPLE = "/practice/people/{person_id:uuid}"
PATH = PEOPLE + "/leaving"
ONE = PATH + "/{appointment_id:uuid}"
FAULTS = {
    "colleague": _("Please choose a colleague who is free at that time."),
    "just_taken": _("This colleague is not free any more at that time. Please choose another one."),
    "paid": _("It was paid online, to the account of whoever leaves. Please cancel it: the money goes back."),
    "sure": _("Please tick that the appointment shall be cancelled."),
    "instead": _("Please choose what they shall wait for instead."),
}
DONE = ("passed", "cancelled", "bookings", "waiting", "answered")
CHANGED = _("This appointment has changed in the meantime. Please look at it as it stands now.")


def routes() -> list[Route]:
    return [
        Route(PATH, _page),
        Route(PEOPLE + "/bookings", _bookings, methods=["POST"]),
        Route(ONE + "/pass", _pass, methods=["POST"]),
        Route(ONE + "/cancel", _cancel, methods=["POST"]),
        Route(PATH + "/waiting/{service_id:uuid}", _waiting, methods=["POST"]),
    ]


async def _page(request: Request) -> Response:
    return await _show(request)


async def _pass(request: Request) -> Response:
    """Hand an appointment over; who may is decided before the form is read."""
    viewer = await _entered(request)
    form = await read_form(request)
    now = house_of(request).clock.now()
    try:
        async with house_of(request).database.write() as tx:
            await hand_over(tx, viewer, _which(request), _chosen(form, "colleague"), read_version(form), now)
    except (Conflict, Invalid, NotFound) as error:
        return await _show(request, error)
    return RedirectResponse(f"{_path(request)}?passed", status_code=303)


async def _cancel(request: Request) -> Response:
    viewer = await _entered(request)
    form = await read_form(request)
    if form.get("sure") != "yes":
        return await _show(request, Invalid(code="sure"))
    try:
        async with house_of(request).database.write() as tx:
            await call_off(tx, viewer, _which(request), read_version(form), house_of(request).clock.now())
    except (Conflict, Invalid, NotFound) as error:
        return await _show(request, error)
    return RedirectResponse(f"{_path(request)}?cancelled", status_code=303)


async def _waiting(request: Request) -> Response:
    """Let those who wait for a service wait for another one."""
    viewer = await _entered(request)
    form, which = await read_form(request), (request.path_params["person_id"], request.path_params["service_id"])
    try:
        async with house_of(request).database.write() as tx:
            passed = await hand_over_waiting(tx, viewer, which, _chosen(form, "instead"), house_of(request).clock.now())
    except Invalid as error:
        return await _show(request, error)
    return RedirectResponse(f"{_path(request)}?{'waiting' if passed else 'answered'}#waiting", status_code=303)


async def _bookings(request: Request) -> Response:
    """Let patients book this professional no more, or again."""
    viewer, person_id = await _entered(request), request.path_params["person_id"]
    form = await read_form(request)
    change = {"stop": stop_bookings, "take": take_bookings}.get(form.get("do", ""))
    if change is None:
        raise Invalid(code="do")
    async with house_of(request).database.write() as tx:
        await change(tx, viewer, await leaving_of(tx, viewer, person_id), house_of(request).clock.now())
    return RedirectResponse(f"{_path(request)}?bookings#bookings", status_code=303)


async def _entered(request: Request) -> Viewer:
    viewer = await viewer_of(request)
    async with house_of(request).database.read() as tx:
        await place_of(tx, viewer, request.path_params["person_id"])
    return viewer


async def _show(request: Request, error: Conflict | Invalid | NotFound | None = None) -> Response:
    """Show what stands open now; `error` is about the appointment or the service of the address."""
    viewer, now = await viewer_of(request), house_of(request).clock.now()
    person_id: UUID = request.path_params["person_id"]
    async with house_of(request).database.read() as tx:
        place = await place_of(tx, viewer, person_id)
        standing = await standing_of(tx, viewer, person_id, now)
        zone, part = (await tx.get_one(Practice, viewer.practice_id)).time_zone, await part_of(tx, viewer)
    shown = {
        "part": part, "place": place, "standing": standing, "zone": zone, "about": request.path_params.get("appointment_id"),
        "about_service": request.path_params.get("service_id"),
        "fault": error.code if error else "", "told": language_of(request).text(FAULTS.get(error.code, CHANGED)) if error else "",
        "done": next((word for word in DONE if word in request.query_params), ""),
    }  # fmt: skip
    return render(request, "staff/leaving.html", shown, status=422 if isinstance(error, Invalid) else 409 if error else 200)


def _which(request: Request) -> tuple[UUID, UUID]:
    """Return who leaves, and the appointment that is meant."""
    return request.path_params["person_id"], request.path_params["appointment_id"]


def _chosen(form: Mapping[str, str], field: str) -> UUID:
    try:
        return UUID(form.get(field, ""))
    except ValueError:
        raise Invalid(code=field) from None


def _path(request: Request) -> str:
    return f"/practice/people/{request.path_params['person_id']}/leaving"
