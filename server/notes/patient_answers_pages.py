"""The page of what a patient answered before one consultation, for the professionals who were booked in it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.viewer import load_viewer
from server.errors import NotFound
from server.identity.gate import signed_in
from server.notes.patient_answers import booked_in_record, open_answers, told
from server.notes.records import see_record
from server.web.endpoint import house_of
from server.web.pages import language_of, render


def routes() -> list[Route]:
    return [Route("/patients/{patient_id:uuid}/answers/{appointment_id:uuid}", _show)]


async def _show(request: Request) -> Response:
    """Show the answers, and keep that somebody opened them: a look that cannot be kept is not given."""
    who = await signed_in(request)
    house = house_of(request)
    now = house.clock.now()
    async with house.database.write() as tx:
        viewer = await load_viewer(tx, who.person_id, now)
        seen = await see_record(tx, viewer, request.path_params["patient_id"])
        booked = await booked_in_record(tx, seen, request.path_params["appointment_id"])
        sheet = await open_answers(tx, house.keyring, viewer, booked, now)
        if sheet is None:
            raise NotFound
        part = await part_of(tx, viewer)
    lines, bmi = told(language_of(request), sheet)
    shown = {"part": part, "patient": seen.patient, "lines": None if sheet.unreadable else lines, "bmi": bmi}
    return render(request, "staff/answers.html", {**shown, "sent_at": sheet.row.sent_at, "zone": booked.zone})
