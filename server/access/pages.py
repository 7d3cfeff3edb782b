"""The account page: who is signed in, and where; for an administrator also what the practice has decided."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.actions import RECORDING_DAYS, be_called_at, keep_drafts, keep_recordings
from server.access.home import Part, part_of
from server.access.model import Practice
from server.access.reviewing import rejected_of
from server.access.switching import switch
from server.access.viewer import administers, load_viewer, professional_of, viewer_of
from server.errors import Invalid, NotFound
from server.identity.actions import open_logins
from server.identity.gate import signed_in
from server.identity.model import Credential, Person
from server.identity.targets import safe_next
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render


def routes() -> list[Route]:
    return [
        Route("/account", _account),
        Route("/account/place", _switch, methods=["POST"]),
        Route("/account/called", _called, methods=["POST"]),
        Route("/account/practice", _practice, methods=["POST"]),
    ]


async def _account(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    async with house.database.read() as tx:
        viewer = await load_viewer(tx, who, house.clock.now())
        credential = await tx.get_one(Credential, who.person_id)
        reached = await tx.get_one(Person, who.person_id)
        part = await part_of(tx, viewer)
        practice = await tx.get(Practice, viewer.practice_id) if viewer.practice_id else None
        decides = await administers(tx, viewer)
        sessions = await open_logins(tx, who.person_id)
        rejected = viewer.professional_id is None and await rejected_of(tx, who.person_id) is not None
    now = house.clock.now()
    alive = [session for session in sessions if session.alive(now, house.settings)]
    person = {"name": viewer.name, "username": credential.username, "mobile": reached.mobile or "", "email": reached.email or ""}
    zone = practice.time_zone if practice else "UTC"
    works = {"works_at": practice} if part is not Part.PATIENT else {}
    shown = {"person": person, "part": part, "sessions": alive, "current": who.session_id, "zone": zone, "now": now}
    decided = {"practice": practice if decides else None, "done": request.query_params.get("done"), "recording_days": RECORDING_DAYS}
    return render(request, "staff/account.html", {**shown, **works, **decided, "rejected": rejected})


async def _switch(request: Request) -> Response:
    """Go to work in another practice; `next` is the page that was looked for there."""
    form, who = await read_form(request), await signed_in(request)
    async with house_of(request).database.write() as tx:
        await switch(tx, who, _id(form.get("practice", "")))
    return RedirectResponse(safe_next(form.get("next", "")), status_code=303)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


async def _called(request: Request) -> Response:
    form = await read_form(request)
    viewer = await professional_of(request)
    async with house_of(request).database.write() as tx:
        await be_called_at(tx, viewer, form.get("mobile", ""), form.get("email", ""))
    return RedirectResponse("/account?done=called#called", status_code=303)


async def _practice(request: Request) -> Response:
    form = await read_form(request)
    viewer = await viewer_of(request)
    house = house_of(request)
    async with house.database.write() as tx:
        await keep_drafts(tx, viewer, house.clock.now(), keeps=form.get("keeps_drafts") == "yes")
        if days := form.get("keeps_recordings_days"):
            await keep_recordings(tx, viewer, _days(days), house.clock.now())
    return RedirectResponse("/account?done=practice#practice", status_code=303)


def _days(text: str) -> int:
    """Return one of the numbers that are offered; raises `Invalid`."""
    found = {str(days): days for days in RECORDING_DAYS}.get(text)
    if found is None:
        raise Invalid(code="keeps_recordings_days")
    return found
