"""The professional's page of what patients said after their calls, and which of it others may read."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.viewer import professional_of
from server.consultation.feedback import FEWEST, heard_of
from server.consultation.records import TestimonialState
from server.consultation.testimonials import decide, testimonials_about
from server.web.endpoint import house_of
from server.web.pages import render


def routes() -> list[Route]:
    one = "/feedback/{testimonial_id:uuid}"
    show, refuse = _deciding(TestimonialState.SHOWN), _deciding(TestimonialState.REFUSED)
    return [Route("/feedback", _feedback), Route(one + "/show", show, methods=["POST"]), Route(one + "/refuse", refuse, methods=["POST"])]


async def _feedback(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        heard, testimonials = await heard_of(tx, viewer), await testimonials_about(tx, viewer, house_of(request).clock.now())
        practice = await tx.get_one(Practice, viewer.practice_id)
    shown = {
        "testimonials": testimonials, "done": "done" in request.query_params, "heard": heard, "fewest": FEWEST, "zone": practice.time_zone,
        "now": house_of(request).clock.now(),
    }  # fmt: skip
    return render(request, "staff/feedback.html", shown)


def _deciding(state: TestimonialState) -> Callable[[Request], Awaitable[Response]]:
    async def edge(request: Request) -> Response:
        viewer, house = await professional_of(request), house_of(request)
        async with house.database.write() as tx:
            await decide(tx, viewer, request.path_params["testimonial_id"], state, house.clock.now())
        return RedirectResponse("/feedback?done#testimonials", status_code=303)

    return edge
