"""The administrators' page of legal holds: which stand, a record found by its name, and the reasons to hold it and to let it go."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.viewer import names_of, viewer_of
from server.core.marking import _
from server.core.paging import page_of
from server.errors import Conflict, Invalid, NotFound
from server.messaging.own_texts import administered
from server.privacy.holds import LONGEST_REASON, find_by_name, holds_of, lift, place, see_hold, see_patient
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/practice/holds"
LONGEST_NAME = 200
NO_NAME, NO_REASON = _("Please write the name that stands on the record."), _("Please write why, in at most 500 letters.")


def routes() -> list[Route]:
    return [
        Route(PATH, _holds, methods=["GET", "POST"]),
        Route(PATH + "/find", _find, methods=["POST"]),
        Route(PATH + "/{hold_id:uuid}/lift", _lift, methods=["POST"]),
    ]


async def _holds(request: Request) -> Response:
    if request.method == "POST":
        return await _place(request)
    return await _show(request)


async def _show(request: Request, fault: tuple[str, str] | None = None, status: int = 422, **more: Any) -> Response:
    """`fault` is the id of a field with what is wrong about it; `more` is what was found or typed."""
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        practice, placed = await administered(tx, viewer), await holds_of(tx, viewer, page_of(request.query_params.get("page")))
        who = {one.hold.placed_by for one in placed.rows} | {one.lift.lifted_by for one in placed.rows if one.lift}
        names, part = await names_of(tx, who, practice.id), await part_of(tx, viewer)
    shown = {"part": part, "zone": practice.time_zone, "placed": placed, "names": names, "longest": LONGEST_REASON}
    error = {"id": fault[0], "sentence": language_of(request).text(fault[1])} if fault else None
    typed = {"name": "", "why": "", "found": None, "error": error, "done": request.query_params.get("done")}
    return render(request, "staff/holds.html", shown | typed | more, status if fault else 200)


async def _find(request: Request) -> Response:
    """Show the records of a name; the name is no part of an address, which logs keep."""
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await administered(tx, viewer)
    name = (await read_form(request)).get("name", "")
    if not 0 < len(name) <= LONGEST_NAME:
        return await _show(request, ("name", NO_NAME), name=name[:LONGEST_NAME])
    async with house.database.write() as tx:
        found = await find_by_name(tx, viewer, name, house.clock.now())
    return await _show(request, name=name, found=found)


async def _place(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await administered(tx, viewer)
    form = await read_form(request)
    patient_id, why = _id_of(form.get("patient", "")), form.get("why", "")
    try:
        async with house.database.write() as tx:
            await place(tx, viewer, patient_id, why, house.clock.now())
    except Invalid:
        async with house.database.read() as tx:
            patient = await see_patient(tx, viewer, patient_id)
        return await _show(request, (f"why-{patient_id}", NO_REASON), found=[patient], name=patient.name, why=why)
    return RedirectResponse(f"{PATH}?done=held", status_code=303)


async def _lift(request: Request) -> Response:
    viewer, house, hold_id = await viewer_of(request), house_of(request), request.path_params["hold_id"]
    async with house.database.read() as tx:
        await see_hold(tx, viewer, hold_id)
    why = (await read_form(request)).get("why", "")
    try:
        async with house.database.write() as tx:
            await lift(tx, viewer, hold_id, why, house.clock.now())
    except Invalid:
        return await _show(request, (f"why-{hold_id}", NO_REASON), why=why)
    except Conflict as error:
        return await _show(request, (f"hold-{hold_id}", error.message), status=409, why=why)
    return RedirectResponse(f"{PATH}?done=lifted", status_code=303)


def _id_of(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise NotFound from None
