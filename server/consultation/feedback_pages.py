"""The professional's page of what patients said after their calls, and which of it others may read."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.viewer import professional_of
from server.consultation.feedback import FEWEST, heard_of
from server.consultation.testimonials import LONGEST_WHY, decide, see_about, testimonials_about
from server.core.marking import _
from server.errors import Invalid
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

WHY = _("Please write why, in at most 300 letters.")


def routes() -> list[Route]:
    one = "/feedback/{testimonial_id:uuid}"
    return [
        Route("/feedback", _feedback),
        Route(one + "/show", _show_it, methods=["POST"]),
        Route(one + "/refuse", _refuse, methods=["POST"]),
    ]


async def _feedback(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, fault: tuple[UUID, str] | None = None) -> Response:
    """`fault` is the id of whose reason is missing, with what was typed."""
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        heard, testimonials = await heard_of(tx, viewer), await testimonials_about(tx, viewer, house_of(request).clock.now())
        practice = await tx.get_one(Practice, viewer.practice_id)
    shown = {
        "testimonials": testimonials, "done": "done" in request.query_params, "heard": heard, "fewest": FEWEST, "zone": practice.time_zone,
        "now": house_of(request).clock.now(), "longest": LONGEST_WHY,
        "fault": {"id": fault[0], "why": fault[1], "sentence": language_of(request).text(WHY)} if fault else None,
    }  # fmt: skip
    return render(request, "staff/feedback.html", shown, 422 if fault else 200)


async def _show_it(request: Request) -> Response:
    return await _decide(request, None)


async def _refuse(request: Request) -> Response:
    """Do not show it; about whom it is is decided before the form is read."""
    viewer, testimonial_id = await professional_of(request), request.path_params["testimonial_id"]
    async with house_of(request).database.read() as tx:
        await see_about(tx, viewer, testimonial_id, house_of(request).clock.now())
    why = (await read_form(request)).get("why", "")
    try:
        return await _decide(request, why)
    except Invalid:
        return await _page(request, (testimonial_id, why))


async def _decide(request: Request, why: str | None) -> Response:
    viewer, house = await professional_of(request), house_of(request)
    async with house.database.write() as tx:
        await decide(tx, viewer, request.path_params["testimonial_id"], why, house.clock.now())
    return RedirectResponse("/feedback?done#testimonials", status_code=303)
