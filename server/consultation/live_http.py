"""Commands of a professional who is not in the room's socket: from the Today page to the same room."""

from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.viewer import professional_of
from server.consultation.actions import take_place
from server.consultation.commands import Chat, Command, End, Hold, Refuse
from server.consultation.rooms import Rooms
from server.web.endpoint import answer, house_of, read_body

PATHS: dict[str, type[Command]] = {"messages": Chat, "hold": Hold, "refuse": Refuse, "end": End}


def routes() -> list[Route]:
    return [Route(f"/api/consultations/{{consultation_id:uuid}}/{path}", _runs(body), methods=["POST"]) for path, body in PATHS.items()]


def _runs(body: type[Command]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        viewer = await professional_of(request)
        command = await read_body(request, body)
        house = house_of(request)
        async with house.database.write() as tx:
            place = await take_place(tx, viewer, request.path_params["consultation_id"])
        rooms = cast(Rooms, request.app.state.rooms)
        await rooms.run(place.consultation_id, place.id, command)
        return answer()

    return endpoint
