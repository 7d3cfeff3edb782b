"""From a patient's account to a consultation of theirs, without looking for the message that holds the link."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.consultation.doors import own_link
from server.consultation.visit_appointment import enter
from server.identity.gate import signed_in
from server.patients.doors import see_own_record
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
    """Trade the login for the visit's own cookie. Nothing is used up, and nothing is written."""
    who = await signed_in(request)
    patient_id: UUID = request.path_params["patient_id"]
    async with house_of(request).database.read() as tx:
        record = await see_own_record(tx, who.person_id, patient_id)
        link_id = await own_link(tx, record.patient.id, request.path_params["consultation_id"])
    return enter(request, link_id, page)
