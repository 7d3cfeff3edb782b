"""Where whoever looks after a practice reads what its professionals show of their patients' words, and hides it with a reason."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.viewer import viewer_of
from server.consultation.moderation import judge, shown_in
from server.consultation.testimonials import LONGEST_WHY
from server.core.marking import _
from server.core.paging import page_of
from server.errors import Conflict, Invalid
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PAGE = "/practice/testimonials"
FAULTS = {
    "why": _("Please write why, in at most 300 letters."),
    "stale": _("Somebody else has looked at these words meanwhile. Please look at them again."),
}


def routes() -> list[Route]:
    return [Route(PAGE, _list), Route(PAGE + "/{testimonial_id:uuid}", _judge, methods=["POST"])]


async def _list(request: Request) -> Response:
    return await _show(request)


async def _judge(request: Request) -> Response:
    """Let it stand or hide it; who may is decided before the form is read."""
    viewer, house, testimonial_id = await viewer_of(request), house_of(request), request.path_params["testimonial_id"]
    async with house.database.read() as tx:
        await in_charge_of(tx, viewer)
    form = await read_form(request)
    why = form.get("why", "") if form.get("do") == "hide" else None
    try:
        async with house.database.write() as tx:
            await judge(tx, viewer, testimonial_id, form.get("seen", ""), why, house.clock.now())
    except (Invalid, Conflict) as error:
        return await _show(request, {"id": testimonial_id, "code": error.code, "why": why or ""}, error.http_status)
    return RedirectResponse(f"{PAGE}?done", status_code=303)


async def _show(request: Request, fault: dict[str, Any] | None = None, status: int = 200) -> Response:
    viewer, house, language = await viewer_of(request), house_of(request), language_of(request)
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        list_ = await shown_in(tx, viewer, page_of(request.query_params.get("page")), house.clock.now())
        part = await part_of(tx, viewer)
    if fault is not None:
        fault["sentence"] = language.text(FAULTS[fault["code"]])
    shown = {
        "part": part, "list": list_, "fault": fault, "longest": LONGEST_WHY, "zone": practice.time_zone,
        "done": "done" in request.query_params,
    }  # fmt: skip
    return render(request, "staff/testimonials.html", shown, status)
