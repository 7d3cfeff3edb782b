"""The waiting lists of what somebody offers: who asks for which times, and who is offered one now."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.viewer import professional_of
from server.booking.offer_doors import see_services
from server.booking.waiting_list import in_turn, open_offer
from server.web.endpoint import house_of
from server.web.pages import render


def routes() -> list[Route]:
    return [Route("/waiting-list", _list)]


async def _list(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, viewer.practice_id)
        services = {service.id: service for service in await see_services(tx, viewer)}
        asking = [seeker for seeker in await in_turn(tx, practice.id, now) if seeker.service_id in services]
        lines = [(seeker, services[seeker.service_id], await open_offer(tx, seeker.id, now)) for seeker in asking]
    return render(request, "staff/waiting_list.html", {"lines": lines, "zone": practice.time_zone, "now": now})
