"""The page on which somebody sees all that they agreed to, takes it back, and says whether they want news."""

from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.circulars.switches import Switch, desk_of, switches_of
from server.identity.gate import signed_in
from server.patients.doors import OwnRecord, own_records, see_own_record
from server.privacy.own_consents import Yes, consents_of, take_back_visit
from server.web.endpoint import house_of
from server.web.pages import language_of, render

PATH = "/my/consents"


class Shown(NamedTuple):
    """All that the page says about one record."""

    record: OwnRecord
    switches: list[Switch]
    standing: list[Yes]
    past: list[Yes]


def routes() -> list[Route]:
    return [
        Route(PATH, _mine),
        Route("/my/{patient_id:uuid}/consents/{consultation_id:uuid}/withdraw", _take_back, methods=["POST"]),
    ]


async def _mine(request: Request) -> Response:
    who, house, language = await signed_in(request), house_of(request), language_of(request)
    shown = []
    async with house.database.read() as tx:
        for record in await own_records(tx, who.person_id):
            switches = await switches_of(tx, desk_of(house), record.patient, language)
            given = await consents_of(tx, record, who.person_id, language)
            shown.append(Shown(record, switches, [one for one in given if one.stands], [one for one in given if not one.stands]))
    said = next((word for word in ("news", "withdrawn") if word in request.query_params), "")
    return render(request, "my/consents.html", {"shown": shown, "said": said})


async def _take_back(request: Request) -> Response:
    """Say no to what was agreed to for a consultation to come."""
    who, house, language = await signed_in(request), house_of(request), language_of(request)
    async with house.database.write() as tx:
        record = await see_own_record(tx, who.person_id, request.path_params["patient_id"])
        await take_back_visit(tx, house, record, request.path_params["consultation_id"], language)
    return RedirectResponse(f"{PATH}?withdrawn", status_code=303)
