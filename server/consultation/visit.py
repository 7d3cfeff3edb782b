"""The patient's and the guest's way from the personal link to the waiting room: plain pages and forms."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.booking.front import again_at
from server.consultation import (
    visit_appointment,
    visit_check,
    visit_documents,
    visit_files,
    visit_questions,
    visit_room,
    visit_testimonial,
)
from server.consultation.acting import called, note_acted, take_seat
from server.consultation.calendar_file import Event, calendar_file
from server.consultation.doors import find_link
from server.consultation.model import OPENS_BEFORE, Stage
from server.consultation.visit_account import account_page
from server.consultation.visit_actions import decline, record_consents, record_who, start_visit
from server.consultation.visit_appointment import Mine, booked_by_patient, enter, progress_of
from server.consultation.visit_recordings import agreed_recordings
from server.consultation.visit_view import GoTo, View, go_to, on_the_way, read_view, show, show_first, view_of
from server.core.audit import Act
from server.core.db import Tx
from server.core.press import Press
from server.errors import Invalid, NotFound
from server.identity.passwords import Passwords
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.proxies import address_key

Page = Callable[[Request], Awaitable[Response]]


def routes(passwords: Passwords, press: Press) -> list[Route]:
    visit = "/v/{visit_id:uuid}"
    both = ["GET", "POST"]
    pages = [
        ("/calendar.ics", _calendar, ["GET"]),
        ("/who", _who, both),
        ("/consent", _consent, both),
        ("/declined", _declined, both),
        ("/account", account_page(passwords), both),
        (visit_documents.PATH, visit_documents.document_page(press), ["GET"]),
        (visit_files.PATH, visit_files.files_page(press), both),
        *visit_appointment.PAGES,
        *visit_questions.PAGES,
        *visit_check.PAGES,
        *visit_room.PAGES,
        *visit_testimonial.PAGES,
    ]
    return [
        Route("/j/{token}", _open_link),
        Route(visit, _for_people(_welcome), methods=both, middleware=[Middleware(GZipMiddleware)]),
        *(Route(visit + path, _for_people(page), methods=methods) for path, page, methods in pages),
        Route(visit + "/tickets", visit_room.issue_ticket, methods=["POST"]),
    ]


async def _open_link(request: Request) -> Response:
    """Exchange the link for a cookie. Nothing is used up: mail scanners open links, too."""
    house = house_of(request)
    await house.limiter.hit("join_link_address", address_key(request))
    token: str = request.path_params["token"]
    async with house.database.read() as tx:
        link = await find_link(tx, token)
    if link is None:
        response: Response = render(request, "visit/unknown.html", {}, status=404)
    else:
        response = enter(request, link.id)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _for_people(page: Page) -> Page:
    """Send whoever is on the wrong page to the right one, and whoever lost the cookie to a page that says how to come back."""

    @wraps(page)
    async def wrapped(request: Request) -> Response:
        try:
            return await page(request)
        except GoTo as elsewhere:
            return go_to(elsewhere.path)
        except NotFound:
            return render(request, "visit/unknown.html", {}, status=404)

    return wrapped


async def _welcome(request: Request) -> Response:
    if request.method == "POST":
        return await _start(request)
    async with house_of(request).database.read() as tx:
        view = await view_of(tx, request)
        mine = await booked_by_patient(tx, view)
        questions = await progress_of(tx, mine)
    if view.closed:
        async with house_of(request).database.read() as tx:
            recorded = bool(await agreed_recordings(tx, view.visit))
            booked = await _of_booking(tx, mine)
        return show_first(request, view, "closed", status=410, standing=view.visit.standing, recorded=recorded, **booked)
    if view.visit.consultation.over:
        raise GoTo(f"{view.base}/after")
    boot = {
        "scheduled_at": view.visit.consultation.scheduled_at.isoformat(),
        "opens_at": (view.visit.consultation.scheduled_at - OPENS_BEFORE).isoformat(),
        "zone": view.practice.time_zone,
        "now": view.now.isoformat(),
        "early": view.early,
    }
    return show_first(request, view, "welcome", boot=boot, changes=mine is not None, questions=questions)


async def _of_booking(tx: Tx, mine: Mine | None) -> dict[str, object]:
    """Say where it can be booked again, and what became of the money."""
    if mine is None:
        return {"again": "", "money": None, "documents": []}
    return {"again": await again_at(tx, mine.appointment), "money": mine.money, "documents": mine.documents}


async def _start(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        view = on_the_way(await view_of(tx, request, lock=True))
        await take_seat(tx, view.visit, language_of(request))
        start_visit(tx, view.visit, Stage.WELCOME)
    return go_to(f"{view.base}/who")


async def _calendar(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        view = await view_of(tx, request)
        mine = await booked_by_patient(tx, view)
    if view.closed:
        raise GoTo(view.base)
    _ = language_of(request).text
    consultation = view.visit.consultation
    event = Event(
        consultation.id,
        consultation.scheduled_at,
        consultation.duration_min,
        _("Video call with {name}", name=view.inviter)
        if view.guest
        else _("Video consultation with {professional}", professional=view.host.full_name),
        _("Open the link in the message from {practice} a few minutes before.", practice=view.practice.name),
        mine.appointment.sequence if mine else 0,
    )
    headers = {"Content-Disposition": 'attachment; filename="consultation.ics"'}
    return Response(calendar_file(event, view.now), media_type="text/calendar", headers=headers)


async def _who(request: Request) -> Response:
    if request.method != "POST":
        view = on_the_way(await read_view(request))
        given = {"name": view.visit.participant.name, "companion": view.visit.participant.companion or ""}
        return await _show_who(request, view, given)
    form = await read_form(request)
    given = {field: " ".join(form.get(field, "").split()) for field in ("name", "companion")}
    try:
        async with house_of(request).database.write() as tx:
            view = on_the_way(await view_of(tx, request, lock=True))
            await take_seat(tx, view.visit, language_of(request))
            name = await called(tx, view.visit, language_of(request)) if view.acts_for else given["name"]
            record_who(tx, view.visit, name, "" if view.guest else given["companion"])
    except Invalid as error:
        return await _show_who(request, await read_view(request), given, error.code)
    return go_to(f"{view.base}/consent")


async def _show_who(request: Request, view: View, given: dict[str, str], error: str | None = None) -> Response:
    """Whoever acts for the patient does not choose a name: everybody sees their account's, and for whom."""
    async with house_of(request).database.read() as tx:
        shown_as = await called(tx, view.visit, language_of(request)) if view.acts_for else ""
    return show(request, view, "who", status=422 if error else 200, given=given, error=error, shown_as=shown_as)


async def _consent(request: Request) -> Response:
    if request.method != "POST":
        return _show_consent(request, on_the_way(await read_view(request)))
    form = await read_form(request)
    house = house_of(request)
    given: list[str] = []
    try:
        async with house.database.write() as tx:
            view = on_the_way(await view_of(tx, request, lock=True))
            given = [wording.purpose for wording in view.wordings if form.get(wording.purpose) == "yes"]
            await record_consents(tx, view.visit, given, language_of(request), house.clock.now())
            await note_acted(tx, view.visit, Act.AGREED, "consultation", house.clock.now())
    except Invalid:
        return _show_consent(request, await read_view(request), 422, given)
    return go_to(f"{view.base}/camera")


def _show_consent(request: Request, view: View, status: int = 200, given: list[str] | None = None) -> Response:
    """`given` is what a form that came back had ticked; None at the first look."""
    wordings = view.wordings
    ticked = [wording.purpose for wording in wordings] if view.agreed and given is None else given or []
    missing = [] if given is None else [wording for wording in wordings if wording.purpose not in given]
    return show(request, view, "consent", status=status, wordings=wordings, ticked=ticked, missing=missing)


async def _declined(request: Request) -> Response:
    if request.method != "POST":
        view = on_the_way(await read_view(request))
        if view.visit.participant.stage != Stage.DECLINED:
            raise GoTo(f"{view.base}/consent")
        return show(request, view, "declined")
    async with house_of(request).database.write() as tx:
        view = on_the_way(await view_of(tx, request, lock=True))
        await decline(tx, view.visit, language_of(request), view.now)
        await note_acted(tx, view.visit, Act.WITHDREW, "consultation", view.now)
    return go_to(f"{view.base}/declined")
