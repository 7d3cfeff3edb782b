"""What a patient lets others read about their professionals, in their account, where they take it back."""

from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.consultation.testimonials import own_testimonials, take_back
from server.core.db import Tx
from server.identity.gate import signed_in
from server.patients.doors import OwnRecord, see_own_record
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

PAGE = "/my/{patient_id:uuid}/testimonials"


def routes() -> list[Route]:
    return [Route(PAGE, _list), Route(PAGE + "/withdraw", _withdraw, methods=["POST"])]


async def _list(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        own = await _own(tx, request)
        found = await own_testimonials(tx, own)
    return render(request, "my/testimonials.html", {"record": own, "found": found, "done": "withdrawn" in request.query_params})


async def _withdraw(request: Request) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        await _own(tx, request)
    form = await read_form(request)
    async with house.database.write() as tx:
        own = await _own(tx, request)
        if which := _uuid(form.get("which", "")):
            await take_back(tx, own, which, house.clock.now())
    return RedirectResponse(f"/my/{own.patient.id}/testimonials?withdrawn", status_code=303)


async def _own(tx: Tx, request: Request) -> OwnRecord:
    return await see_own_record(tx, (await signed_in(request)).person_id, cast(UUID, request.path_params["patient_id"]))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
