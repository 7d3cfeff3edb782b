"""The professional's pages: today's list and the desk of one consultation."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.founding import any_practice
from server.access.home import HOMES, home_of, part_of
from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import professional_of, teams_of, viewer_of
from server.consultation.acting import right_in_words
from server.consultation.actions import take_place
from server.consultation.doors import record_of, see_consultation
from server.consultation.settlements import proposals_for
from server.consultation.today import today_list, today_row
from server.errors import NotSignedIn
from server.patients.acting_doors import acting_now
from server.web.endpoint import house_of
from server.web.pages import language_of, render


def routes() -> list[Route]:
    return [Route("/", _start), Route("/today", _today), Route("/desk/{consultation_id:uuid}", _desk)]


async def _start(request: Request) -> Response:
    """Lead everybody to where their work begins; on a server without a practice, say what whoever runs it is to do."""
    try:
        viewer = await viewer_of(request)
    except NotSignedIn:
        async with house_of(request).database.read() as tx:
            if await any_practice(tx):
                raise
        return render(request, "staff/empty.html", {})
    async with house_of(request).database.read() as tx:
        return RedirectResponse(await home_of(tx, viewer), status_code=303)


async def _elsewhere(request: Request, viewer: Viewer) -> Response:
    """Tell whoever gives no consultations where their work is."""
    async with house_of(request).database.read() as tx:
        part = await part_of(tx, viewer)
    return render(request, "staff/elsewhere.html", {"part": part, "home": HOMES[part]}, status=403)


async def _today(request: Request) -> Response:
    viewer = await viewer_of(request)
    if viewer.professional_id is None:
        return await _elsewhere(request, viewer)
    house = house_of(request)
    async with house.database.read() as tx:
        teams = await teams_of(tx, viewer)
        listed = await today_list(tx, viewer, house.clock.now(), language_of(request).text)
        practice = await tx.get_one(Practice, viewer.practice_id)
        proposals = await proposals_for(tx, viewer, listed.now)
    boot = {
        "name": viewer.name,
        "teams": [{"id": str(team.id), "name": team.name} for team in teams],
        **listed.model_dump(mode="json"),
    }
    shown = {
        "boot": boot,
        "rows": listed.rows,
        "notices": listed.notices,
        "proposals": proposals,
        "zone": practice.time_zone,
        "now": listed.now,
    }
    return render(request, "staff/today.html", shown)


async def _desk(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    consultation_id: UUID = request.path_params["consultation_id"]
    async with house.database.write() as tx:
        place = await take_place(tx, viewer, consultation_id)
        row = await today_row(tx, viewer, consultation_id, house.clock.now(), language_of(request).text)
        booked = await record_of(tx, await see_consultation(tx, viewer, consultation_id))
        actors = await acting_now(tx, booked.id, house.clock.now())
    acting = [right_in_words(language_of(request), actor) for actor in actors]
    boot = {
        "tickets": f"/api/consultations/{consultation_id}/tickets",
        "me": str(place.id),
        "patient": False,
        "name": viewer.name,
        "person_id": str(viewer.person_id),
        "consultation": row.model_dump(mode="json"),
        "notes": f"/api/consultations/{consultation_id}/notes",
        "today": "/today",
        "patient_on_record": {"id": str(booked.id), "name": booked.name, "newest_at": row.scheduled_at.isoformat()},
        "acting": acting,
    }
    return render(request, "staff/desk.html", {"boot": boot, "row": row, "acting": acting})
