"""The page on which whoever uses a patient's rights sees what is held about the patient, has a copy of it made, and takes it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import Reach
from server.core.db import Tx
from server.errors import Conflict, TooFast
from server.identity.gate import signed_in
from server.identity.lately import proved_lately
from server.patients.acting_doors import Reader, see_record_for
from server.patients.acting_looks import note_look
from server.patients.doors import OwnRecord
from server.privacy.copies import ask_copy, drop_copy, own_copy, see_ready_copy
from server.privacy.copy_rows import Whose
from server.privacy.copy_sending import copy_in_words, line_of, sent_copy
from server.privacy.data_pages import LIMIT
from server.privacy.data_pages import PATH as OWN
from server.privacy.own_data import THING, held_about, note_copy_of, subject_for
from server.web.endpoint import house_of
from server.web.pages import language_of, render

PATH = "/my/{patient_id:uuid}/data"


def routes() -> list[Route]:
    return [
        Route(PATH, _page, methods=["GET"]),
        Route(f"{PATH}/copy", _ask, methods=["POST"]),
        Route(f"{PATH}/copy/delete", _delete, methods=["POST"]),
        Route(f"{PATH}/download", _download, methods=["POST"]),
    ]


async def _page(request: Request) -> Response:
    return await _show(request)


async def _ask(request: Request) -> Response:
    """Have a copy made of this one record."""
    house, own = house_of(request), await _proved(request)
    if own.acting is None:
        return _to_own()
    try:
        await house.limiter.hit(LIMIT, str(own.reader_id))
    except TooFast:
        return await _show(request, "too_fast", 429)
    async with house.database.write() as tx:
        await _see(request, tx)
        await ask_copy(tx, house.keyring, _whose(own), language_of(request).tag, house.clock.now())
    return RedirectResponse(f"{_path(own)}?asked", status_code=303)


async def _delete(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        own = await _see(request, tx)
        if own.acting is None:
            return _to_own()
        await drop_copy(tx, _whose(own))
    return RedirectResponse(f"{_path(own)}?deleted", status_code=303)


async def _download(request: Request) -> Response:
    """Hand out the copy, on record with both names, while the right to it holds."""
    house, own = house_of(request), await _proved(request)
    if own.acting is None:
        return _to_own()
    async with house.database.read() as tx:
        copy = await see_ready_copy(tx, _whose(own))
    try:
        answer = await sent_copy(house, copy)
    except Conflict:
        return await _show(request, "damaged", 409)
    async with house.database.write() as tx:
        await note_copy_of(tx, house, await _see(request, tx))
    return answer


async def _proved(request: Request) -> OwnRecord:
    """Pass the door of the record, and have it proved whose account this is; raises `NotFound` and `ProofNeeded`."""
    async with house_of(request).database.read() as tx:
        own = await _see(request, tx)
    await proved_lately(request, _path(own))
    return own


async def _see(request: Request, tx: Tx) -> OwnRecord:
    reader = Reader((await signed_in(request)).person_id, house_of(request).clock.now())
    return await see_record_for(tx, reader, request.path_params["patient_id"], Reach.RIGHTS)


def _whose(own: OwnRecord) -> Whose:
    return Whose(own.reader_id, patient_id=own.patient.id)


def _path(own: OwnRecord) -> str:
    return f"/my/{own.patient.id}/data"


def _to_own() -> Response:
    """Lead the patient to the page of all their data, of which this record is a part."""
    return RedirectResponse(OWN, status_code=303)


async def _show(request: Request, fault: str = "", status: int = 200) -> Response:
    house, language = house_of(request), language_of(request)
    async with house.database.read() as tx:
        own = await _see(request, tx)
        held = await held_about(tx, await subject_for(tx, own))
        copy = await own_copy(tx, _whose(own))
    if own.acting is None:
        return _to_own()
    await note_look(house, own, Reach.RIGHTS, THING)
    shown = {
        **copy_in_words(language, copy, own.practice.time_zone),
        "acting": own,
        "held": [line_of(language, one) for one in held],
        "fault": fault,
        "said": "deleted" if "deleted" in request.query_params else "",
    }
    return render(request, "my/data_for.html", shown, status)
