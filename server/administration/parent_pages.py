"""The pages on which whoever looks after a practice accepts or refuses a parent of a child who has no consultation yet."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.access.viewer import viewer_of
from server.administration.parents import parents_waiting, record_behind, see_parent
from server.core.db import Tx
from server.errors import Conflict, Invalid, NotFound
from server.patients.acting_doors import Reader
from server.patients.acting_pages import form_context, hand_of, words
from server.patients.parents import Registered, lock_waiting, note_looked, refuse_own
from server.patients.representing import end, read_ground, read_terms, renew
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

PATH = "/practice/parents"
ONE = PATH + "/{representation_id:uuid}"


def routes() -> list[Route]:
    return [
        Route(PATH, _list),
        Route(ONE, _show),
        Route(ONE + "/accept", _accept, methods=["POST"]),
        Route(ONE + "/refuse", _refuse, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    return await _show_list(request, next((word for word in ("accepted", "refused") if word in request.query_params), ""))


async def _show_list(request: Request, done: str, status: int = 200) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        waiting = await parents_waiting(tx, viewer, house.clock.now())
        part = await part_of(tx, viewer)
    return render(request, "staff/parents.html", {"part": part, "zone": practice.time_zone, "waiting": waiting, "done": done}, status)


async def _show(request: Request) -> Response:
    return await _page(request, {}, "")


async def _accept(request: Request) -> Response:
    """Let the parent act from now on, on evidence; who may is decided before the form is read."""
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await in_charge_of(tx, viewer)
    form = await read_form(request)
    try:
        async with house.database.write() as tx:
            waiting = await _still(request, tx, viewer)
            hand = await hand_of(request, tx, await record_behind(tx, waiting), viewer.person_id)
            one = await lock_waiting(tx, waiting, Reader(viewer.person_id, hand.now))
            await refuse_own(tx, viewer, one)
            await renew(tx, hand, one, read_terms(form, hand), read_ground(form, set()))
    except Invalid as error:
        return await _page(request, form, error.code)
    except Conflict:
        return await _show_list(request, "gone", 409)
    return RedirectResponse(f"{PATH}?accepted", status_code=303)


async def _refuse(request: Request) -> Response:
    """End what the parent claimed: they book for this child no more."""
    viewer, house = await viewer_of(request), house_of(request)
    now = house.clock.now()
    try:
        async with house.database.write() as tx:
            waiting = await _still(request, tx, viewer)
            await end(tx, await lock_waiting(tx, waiting, Reader(viewer.person_id, now)), viewer.person_id, now)
    except Conflict:
        return await _show_list(request, "gone", 409)
    return RedirectResponse(f"{PATH}?refused", status_code=303)


async def _page(request: Request, form: Mapping[str, str], fault: str) -> Response:
    """Show who waits for whom, and keep that somebody looked."""
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.write() as tx:
        waiting = await _see(request, tx, viewer)
        part = await part_of(tx, viewer)
        hand = await hand_of(request, tx, await record_behind(tx, waiting), viewer.person_id)
        await note_looked(tx, waiting, Reader(viewer.person_id, hand.now))
    one, zone = waiting.representation, hand.practice.time_zone
    shown = {"part": part, "zone": zone, "one": one, "child": waiting.child, "parent": waiting.parent, "born": hand.born}
    context = form_context(request, {"reach": one.reach, **form}, fault, zone)
    return render(request, "staff/parent.html", {**shown, **context, **words(request)}, status=422 if fault else 200)


async def _see(request: Request, tx: Tx, viewer: Viewer) -> Registered:
    return await see_parent(tx, viewer, request.path_params["representation_id"], house_of(request).clock.now())


async def _still(request: Request, tx: Tx, viewer: Viewer) -> Registered:
    """Load what a page that was open has decided about; raises `Conflict` where a colleague was faster."""
    try:
        return await _see(request, tx, viewer)
    except NotFound:
        raise Conflict from None
