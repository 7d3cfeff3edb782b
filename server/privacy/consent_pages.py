"""The pages on which somebody sees all that they, or whoever they act for, agreed to, takes it back, and says whether news may come."""

from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import Reach
from server.circulars.choice_pages import way_back
from server.circulars.switches import Switch, desk_of, switches_of
from server.core.db import Tx
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader, see_record_for
from server.patients.acting_looks import note_look
from server.patients.doors import OwnRecord, own_records
from server.privacy.own_consents import Yes, consents_of, take_back_visit
from server.web.endpoint import house_of
from server.web.pages import language_of, render

PATH = "/my/consents"
ONE = "/my/{patient_id:uuid}/consents"


class Shown(NamedTuple):
    """All that the page says about one record."""

    record: OwnRecord
    switches: list[Switch]
    standing: list[Yes]
    past: list[Yes]


def routes() -> list[Route]:
    return [
        Route(PATH, _mine),
        Route(ONE, _theirs),
        Route(ONE + "/{consultation_id:uuid}/withdraw", _take_back, methods=["POST"]),
    ]


async def _mine(request: Request) -> Response:
    who = await signed_in(request)
    async with house_of(request).database.read() as tx:
        shown = [await _shown(request, tx, record) for record in await own_records(tx, who.person_id)]
    return _page(request, shown)


async def _theirs(request: Request) -> Response:
    """Show what was agreed to for one record, to its patient or to whoever uses the patient's rights."""
    async with house_of(request).database.read() as tx:
        record = await _see(request, tx)
        shown = await _shown(request, tx, record)
    await note_look(house_of(request), record, Reach.RIGHTS, "consents")
    return _page(request, [shown], record)


async def _see(request: Request, tx: Tx) -> OwnRecord:
    reader = Reader((await signed_in(request)).person_id, house_of(request).clock.now())
    return await see_record_for(tx, reader, request.path_params["patient_id"], Reach.RIGHTS)


async def _shown(request: Request, tx: Tx, record: OwnRecord) -> Shown:
    language = language_of(request)
    switches = await switches_of(tx, desk_of(house_of(request)), record.patient, language)
    given = await consents_of(tx, record, language)
    return Shown(record, switches, [one for one in given if one.stands], [one for one in given if not one.stands])


def _page(request: Request, shown: list[Shown], acting: OwnRecord | None = None) -> Response:
    said = next((word for word in ("news", "withdrawn") if word in request.query_params), "")
    theirs = {} if acting is None else {"acting": acting}
    return render(request, "my/consents.html", {"shown": shown, "said": said, **theirs})


async def _take_back(request: Request) -> Response:
    """Say no to what was agreed to for a consultation to come."""
    async with house_of(request).database.write() as tx:
        record = await _see(request, tx)
        await take_back_visit(tx, house_of(request), record, request.path_params["consultation_id"], language_of(request))
    return RedirectResponse(f"{way_back(record)}?withdrawn", status_code=303)
