"""The pages that tell how calls went: a list in words, and one consultation with plots."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import administers, viewer_of
from server.consultation.call_quality import Call, recent_calls, see_call, span_of
from server.consultation.call_view import shown_people, verdict_of
from server.consultation.readings import KEPT_FOR
from server.core.db import Tx
from server.errors import Forbidden
from server.web.endpoint import house_of
from server.web.pages import language_of, render


def routes() -> list[Route]:
    return [Route("/calls", _calls), Route("/calls/{consultation_id:uuid}", _one_call)]


async def _calls(request: Request) -> Response:
    viewer = await viewer_of(request)
    language = language_of(request)
    async with house_of(request).database.read() as tx:
        decides = await _right(tx, viewer)
        calls = await recent_calls(tx, viewer, administers=decides)
        about = await _about(tx, viewer)
    rows = [(call, verdict_of(language, call), _names(call)) for call in calls]
    return render(request, "staff/calls.html", {"rows": rows, "days": KEPT_FOR.days, **about})


async def _one_call(request: Request) -> Response:
    viewer = await viewer_of(request)
    language = language_of(request)
    async with house_of(request).database.read() as tx:
        decides = await _right(tx, viewer)
        call = await see_call(tx, viewer, request.path_params["consultation_id"], administers=decides)
        about = await _about(tx, viewer)
    people = shown_people(language, call)
    span = span_of(call) if people else None
    told = verdict_of(language, call)
    shown = {"call": call, "people": people, "span": span, "verdict": told, "names": _names(call), "days": KEPT_FOR.days}
    return render(request, "staff/call.html", {**shown, **about})


async def _right(tx: Tx, viewer: Viewer) -> bool:
    """Whether the viewer administers the practice; raises `Forbidden` for whoever neither does nor gives consultations."""
    decides = await administers(tx, viewer)
    if not decides and viewer.professional_id is None:
        raise Forbidden
    return decides


async def _about(tx: Tx, viewer: Viewer) -> dict[str, object]:
    practice = await tx.get_one(Practice, viewer.practice_id)
    return {"zone": practice.time_zone, "part": await part_of(tx, viewer)}


def _names(call: Call) -> list[str]:
    return [person.name for person in call.people if person.name is not None]
