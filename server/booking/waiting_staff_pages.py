"""The waiting lists of what somebody offers: who asks for which times, and who is offered one now."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.model import Practice, Team
from server.access.policy import Viewer
from server.access.viewer import professional_of
from server.booking.offer_doors import see_services
from server.booking.waiting_list import in_turn, open_offer
from server.errors import NotFound
from server.web.endpoint import house_of
from server.web.pages import render


def routes() -> list[Route]:
    return [Route("/waiting-list", _list)]


async def _list(request: Request) -> Response:
    """Show who asks for what the viewer offers, or with `?team=` only for what that team of theirs does."""
    viewer = await professional_of(request)
    house = house_of(request)
    now, team_id = house.clock.now(), _team_in(request, viewer)
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, viewer.practice_id)
        team = await tx.get_one(Team, team_id) if team_id else None
        services = {one.id: one for one in await see_services(tx, viewer) if team_id in {None, one.team_id}}
        asking = [seeker for seeker in await in_turn(tx, practice.id, now) if seeker.service_id in services]
        lines = [(seeker, services[seeker.service_id], await open_offer(tx, seeker.id, now)) for seeker in asking]
    return render(request, "staff/waiting_list.html", {"lines": lines, "team": team, "zone": practice.time_zone, "now": now})


def _team_in(request: Request, viewer: Viewer) -> UUID | None:
    """Return the team that is asked for, None for all that the viewer offers; raises `NotFound` for one that they are not in."""
    if not (asked := request.query_params.get("team")):
        return None
    try:
        team_id = UUID(asked)
    except ValueError:
        raise NotFound from None
    if team_id not in viewer.team_ids:
        raise NotFound
    return team_id
