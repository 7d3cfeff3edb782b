"""The page of a record's timeline, with filters."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import may_read_background
from server.access.viewer import load_viewer
from server.core.audit import Act, Deed, record
from server.identity.gate import signed_in
from server.notes.records import record_facts, see_record
from server.notes.timeline import Part, timeline_of
from server.patients.file_doors import files_of
from server.web.endpoint import house_of
from server.web.pages import render


def routes() -> list[Route]:
    return [Route("/patients/{patient_id:uuid}/timeline", _show, methods=["GET"])]


async def _show(request: Request) -> Response:
    """Show the list, and keep that somebody looked; an unknown filter shows everything."""
    who = await signed_in(request)
    house = house_of(request)
    now = house.clock.now()
    only = next((part for part in Part if part == request.query_params.get("show")), None)
    async with house.database.write() as tx:
        viewer = await load_viewer(tx, who, now)
        seen = await see_record(tx, viewer, request.path_params["patient_id"])
        patient = seen.patient
        clinical = may_read_background(viewer, await record_facts(tx, patient))
        moments = await timeline_of(tx, viewer, seen, await files_of(tx, house.keyring, patient.id) if clinical else [])
        practice = await tx.get_one(Practice, patient.practice_id)
        part = await part_of(tx, viewer)
        await record(tx, Deed(patient.practice_id, viewer.person_id, Act.LOOKED, "record", patient.id, patient.id), now)
    shown = {
        "part": part,
        "patient": patient,
        "moments": [moment for moment in moments if only in {None, moment.part}],
        "parts": [one for one in Part if any(moment.part == one for moment in moments)],
        "only": only,
        "zone": practice.time_zone,
    }
    return render(request, "staff/timeline.html", shown)
