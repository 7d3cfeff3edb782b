"""Documents and photographs that a patient sends by their personal link before the call."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from server.consultation.visit_view import GoTo, View, go_to, show, view_of
from server.core.db import Tx
from server.core.press import Press
from server.errors import Invalid, TooBig, Unsupported
from server.patients.doors import patient_of
from server.patients.file_actions import Draft, Sender, add_file, sealed
from server.patients.file_doors import files_sent_by
from server.patients.file_kinds import ACCEPT, WRONG, refusal
from server.patients.inspecting import inspect
from server.web.endpoint import house_of
from server.web.pages import language_of
from server.web.uploads import read_upload

PATH = "/files"


def files_page(press: Press) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        if request.method == "POST":
            return await _add(request, press)
        return await _page(request, "", 200)

    return page


async def _add(request: Request, press: Press) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        view = await _view(request, tx)
    await house.limiter.hit("upload", str(view.visit.link.id))
    try:
        async with read_upload(request, house.settings.most_file_bytes) as upload:
            if not upload.name:
                raise refusal("none")
            inspected = await inspect(press, house.scanner, upload.name, upload.content)
            participant = view.visit.participant
            acting = view.visit.acting
            sender = Sender(participant.name, acting.person_id if acting else None, participant.id)
            draft = Draft(inspected, view.visit.consultation.patient_id, sender, shared=True)
            async with sealed(house, draft) as row, house.database.write() as tx:
                again = await _view(request, tx)
                await add_file(tx, house, await patient_of(tx, again.visit.consultation.patient_id), row)
    except (Invalid, TooBig, Unsupported) as error:
        return await _page(request, {TooBig: "big", Unsupported: "none"}.get(type(error), error.code), 422)
    return go_to(f"{view.base}{PATH}?sent")


async def _page(request: Request, fault: str, status: int) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        view = await _view(request, tx)
        files = await files_sent_by(tx, house.keyring, view.visit.participant.id)
    return show(
        request,
        view,
        "files",
        status=status,
        files=files,
        fault=fault,
        told=language_of(request).text(WRONG[fault]) if fault else "",
        said="sent" in request.query_params,
        accept=ACCEPT,
        most_mb=house.settings.documents_max_mb,
        zone=view.practice.time_zone,
    )


async def _view(request: Request, tx: Tx) -> View:
    """Let a patient through, also one who is early; a link that is over leads to the page that says so."""
    view = await view_of(tx, request)
    if view.closed or view.guest or not view.sees:
        raise GoTo(view.base)
    if view.visit.consultation.over:
        raise GoTo(f"{view.base}/after")
    return view
