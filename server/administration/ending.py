"""The end of a place as it comes in by a page: what whoever leaves had not closed is read first, and closed in the same transaction."""

from uuid import UUID

from starlette.requests import Request

from server.access.policy import Viewer
from server.administration.leaving import Closing, end
from server.errors import Conflict, Forbidden
from server.notes.hub import Hub
from server.notes.signing import MOVED
from server.notes.unclosed import texts_of_unclosed
from server.web.endpoint import house_of

TRIES = 3  # while somebody else writes in one of the notes


async def end_place_now(request: Request, viewer: Viewer, person_id: UUID) -> None:
    """End the place of somebody whom the viewer was let reach; whoever has one of the notes open is told that it is closed.

    Raises as `end` does, `Conflict` with `moved` while somebody writes in one of the notes all the time, and `NotStored`.
    """
    house, hub = house_of(request), _hub(request)
    if viewer.practice_id is None:
        raise Forbidden
    for left in reversed(range(TRIES)):
        texts = await texts_of_unclosed(house, hub, viewer.practice_id, person_id)
        try:
            async with house.database.write() as tx:
                closed = await end(tx, viewer, person_id, Closing(house.keyring, texts), house.clock.now())
        except Conflict as error:
            if error.code != MOVED or not left:
                raise
        else:
            for note_id in closed:
                hub.lock(note_id)
            return


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.notes
    return hub
