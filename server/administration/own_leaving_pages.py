"""The page on which somebody ends their own place in a practice: what stands open, what becomes of it, and the end."""

from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import IN_CHARGE
from server.access.viewer import viewer_of
from server.administration.ending import end_place_now
from server.administration.leaving import Own, own_standing
from server.booking.slot_days import day_in
from server.core.marking import _
from server.errors import Conflict
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/account/leaving"
FAULTS = {
    "sure": _("Please tick that your place shall end."),
    "last": _("Somebody must look after the practice. Please make somebody else an owner first."),
    "promised": _("Patients are promised appointments with you. Please move or cancel them, or have them handed over."),
    "held": _("Somebody is booking an appointment with you. Please try again in a few minutes."),
    "running": _("You are in a consultation. Please end it first."),
    "moved": _("Somebody is writing in a note that you began. Please try again in a moment."),
}


def routes() -> list[Route]:
    return [Route(PATH, _page, methods=["GET", "POST"])]


async def _page(request: Request) -> Response:
    if request.method != "POST":
        return await _show(request)
    viewer = await viewer_of(request)
    if (await read_form(request)).get("sure") != "yes":
        return await _show(request, "sure", 422)
    try:
        await end_place_now(request, viewer, viewer.person_id)
    except Conflict as error:
        if error.code not in FAULTS:
            raise
        return await _show(request, error.code, 409)
    return RedirectResponse("/", status_code=303)


async def _show(request: Request, fault: str = "", status: int = 200) -> Response:
    viewer, now = await viewer_of(request), house_of(request).clock.now()
    async with house_of(request).database.read() as tx:
        open_still = await own_standing(tx, viewer, now)
        practice, part = await tx.get_one(Practice, open_still.own.practice_id), await part_of(tx, viewer)
    shown = {
        "part": part, "practice": practice, "zone": practice.time_zone, "now": now, **open_still.own._asdict(),
        "standing": open_still.standing, "ahead": _ahead(open_still, practice), "drafts": open_still.drafts, "fault": fault,
        "told": language_of(request).text(FAULTS[fault]) if fault else "", "in_charge": open_still.own.place.role in IN_CHARGE,
    }  # fmt: skip
    return render(request, "staff/leave.html", shown, status)


def _ahead(open_still: Own, practice: Practice) -> list[tuple[datetime, date]]:
    """Return what is promised, each with the day on which their week shows it."""
    times = [one.promised.appointment.begins_at for one in open_still.standing.choices] if open_still.standing else []
    return [(at, day_in(practice.time_zone, at)) for at in times]
