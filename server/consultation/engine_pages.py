"""The administrators' page of the forwarding engines: which are there, and what each has to do."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.viewer import administers, viewer_of
from server.consultation.engine_health import health
from server.errors import Forbidden
from server.web.endpoint import house_of
from server.web.pages import language_of, render


def routes() -> list[Route]:
    return [Route("/engines", _engines)]


async def _engines(request: Request) -> Response:
    viewer = await viewer_of(request)
    house = house_of(request)
    async with house.database.read() as tx:
        if not await administers(tx, viewer):
            raise Forbidden
        part = await part_of(tx, viewer)
    text = language_of(request).text
    states = house.engines.states()
    engines = [(state, [text(said.sentence, **said.values) for said in (health(state.load) if state.load else [])]) for state in states]
    return render(request, "staff/engines.html", {"engines": engines, "part": part})
