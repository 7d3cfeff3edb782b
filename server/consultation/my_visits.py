"""From a patient's account to a consultation of theirs, without looking for the message that holds the link."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.acting import Reach
from server.consultation.acting import link_for
from server.consultation.doors import own_link
from server.consultation.visit_appointment import enter
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader, see_record_for
from server.web.endpoint import house_of


def routes() -> list[Route]:
    one = "/my/{patient_id:uuid}/consultations/{consultation_id:uuid}"
    return [Route(one, _open), Route(one + "/questions", _open_questions)]


async def _open(request: Request) -> Response:
    return await _enter(request)


async def _open_questions(request: Request) -> Response:
    """Go on to what is asked before it: whoever comes this way sees what they answered before, too."""
    return await _enter(request, "/questions")


async def _enter(request: Request, page: str = "") -> Response:
    """Trade the login for the visit's own cookie. Nothing is used up; that somebody comes for the patient is kept on record."""
    who = await signed_in(request)
    house = house_of(request)
    patient_id: UUID = request.path_params["patient_id"]
    now = house.clock.now()
    reader, consultation_id = Reader(who.person_id, now), request.path_params["consultation_id"]
    async with house.database.read() as tx:
        record = await see_record_for(tx, reader, patient_id, Reach.BOOK)
        link_id = await own_link(tx, record.patient.id, consultation_id)
    if record.acting is not None:
        async with house.database.write() as tx:
            record = await see_record_for(tx, reader, patient_id, Reach.BOOK)
            link_id = await link_for(tx, house.secrets, record, consultation_id, now)
    return enter(request, link_id, page)
