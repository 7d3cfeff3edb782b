"""The professional's page of what patients said after their calls."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.viewer import professional_of
from server.consultation.feedback import FEWEST, heard_of
from server.web.endpoint import house_of
from server.web.pages import render


def routes() -> list[Route]:
    return [Route("/feedback", _feedback)]


async def _feedback(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        heard = await heard_of(tx, viewer)
        practice = await tx.get_one(Practice, viewer.practice_id)
    shown = {"heard": heard, "fewest": FEWEST, "zone": practice.time_zone, "now": house_of(request).clock.now()}
    return render(request, "staff/feedback.html", shown)
