"""The administrators' page of a practice's recordings: which there are, and which are held back from deletion. It plays none."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import administers, load_viewer, names_of
from server.consultation.recording_holds import Wish, free, hold, list_recordings
from server.core.db import Tx
from server.errors import Forbidden
from server.identity.gate import signed_in
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

LONGEST_REASON = 500


def routes() -> list[Route]:
    one = "/recordings/{recording_id:uuid}"
    return [
        Route("/recordings", _list),
        Route(one + "/hold", _hold, methods=["POST"]),
        Route(one + "/free", _free, methods=["POST"]),
    ]


async def _administrator(request: Request, tx: Tx) -> tuple[Viewer, UUID]:
    """Return who asks, and their practice; raises `NotSignedIn`, and `Forbidden` for whoever does not administer it."""
    who = await signed_in(request)
    viewer = await load_viewer(tx, who, house_of(request).clock.now())
    if viewer.practice_id is None or not await administers(tx, viewer):
        raise Forbidden
    return viewer, viewer.practice_id


async def _list(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, wrong: UUID | None = None, why: str = "") -> Response:
    """Show the list; `wrong` is the recording whose reason is missing or too long, `why` what stood there."""
    async with house_of(request).database.read() as tx:
        viewer, practice_id = await _administrator(request, tx)
        practice = await tx.get_one(Practice, practice_id)
        listed = await list_recordings(tx, practice_id)
        shown = {
            "part": await part_of(tx, viewer),
            "practice": practice,
            "zone": practice.time_zone,
            "listed": listed,
            "names": await names_of(tx, {one.recording.held_by for one in listed if one.recording.held_by}, practice_id),
            "now": house_of(request).clock.now(),
            "done": request.query_params.get("done"),
        }
    return render(request, "staff/recordings.html", {**shown, "wrong": wrong, "why": why}, status=422 if wrong else 200)


async def _hold(request: Request) -> Response:
    recording_id: UUID = request.path_params["recording_id"]
    why = (await read_form(request)).get("why", "").strip()
    house = house_of(request)
    if not 0 < len(why) <= LONGEST_REASON:
        return await _page(request, recording_id, why[:LONGEST_REASON])
    async with house.database.write() as tx:
        viewer, practice_id = await _administrator(request, tx)
        await hold(tx, practice_id, recording_id, Wish(viewer.person_id, why), house.clock.now())
    return RedirectResponse("/recordings?done=held", status_code=303)


async def _free(request: Request) -> Response:
    recording_id: UUID = request.path_params["recording_id"]
    house = house_of(request)
    async with house.database.write() as tx:
        viewer, practice_id = await _administrator(request, tx)
        await free(tx, practice_id, recording_id, viewer.person_id, house.clock.now())
    return RedirectResponse("/recordings?done=freed", status_code=303)
