"""What a professional decides about an appointment that is over: it took place, nobody came, or the patient is excused."""

from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.viewer import professional_of
from server.consultation.doors import see_consultation
from server.consultation.settled import Decision
from server.consultation.settling import decide, undo
from server.core.marking import _
from server.errors import Invalid
from server.web.endpoint import house_of
from server.web.forms import read_form

BACK = {"today": "/today", "week": "/week"}
UNDO = "undo"
BAD_CHOICE = _("Please choose one of the buttons.")


def routes() -> list[Route]:
    return [Route("/consultations/{consultation_id:uuid}/attendance", _decide, methods=["POST"])]


async def _decide(request: Request) -> Response:
    viewer, form = await professional_of(request), await read_form(request)
    house = house_of(request)
    consultation_id = cast(UUID, request.path_params["consultation_id"])
    said = form.get("do", "")
    async with house.database.write() as tx:
        if said == UNDO:
            await undo(tx, viewer, consultation_id)
        elif said in set(Decision):
            await decide(tx, viewer, consultation_id, Decision(said), house.clock.now())
        else:
            await see_consultation(tx, viewer, consultation_id)  # who may not is told nothing else
            raise Invalid(BAD_CHOICE, code="do")
    return RedirectResponse(BACK.get(form.get("back", ""), "/today"), status_code=303)
