"""The page on which the work of an administrator begins: what waits for them, each with its way there, and how the server is."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.viewer import viewer_of
from server.oversight.opening import still_to_do
from server.oversight.overview import Waiting, waiting_for
from server.web.endpoint import house_of
from server.web.pages import render

PAGE = "/practice"


def routes() -> list[Route]:
    return [Route(PAGE, _overview)]


async def _overview(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        waiting = await waiting_for(tx, viewer, practice.id, now)
        part = await part_of(tx, viewer)
        opening = await still_to_do(tx, practice, house.settings)
    if bad := request.app.state.health.bad:
        waiting.append(Waiting("health", "/practice/health", bad))
    shown = {"part": part, "practice": practice, "waiting": waiting, "opening": opening, "now": now}
    return render(request, "staff/overview.html", shown)
