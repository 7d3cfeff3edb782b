"""The page by which a professional opens a record in an emergency ("break glass")."""

from collections.abc import Sequence
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.emergency import EMERGENCY_FOR, LONGEST_REASON, SHORTEST_REASON, Emergency, break_glass, may_break_glass
from server.access.viewer import professional_of
from server.errors import Forbidden
from server.notes.records import SHORTEST_SEARCH, authors_in_emergency, find_in_emergency
from server.patients.model import Patient
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

FIELDS = ("name", "patient", "reason", "now")


def routes() -> list[Route]:
    return [
        Route("/emergency", _emergency, methods=["GET", "POST"]),
        Route("/emergency/open", _open, methods=["POST"]),
    ]


async def _emergency(request: Request) -> Response:
    """Look for the patient; nothing is kept of a search, because nothing clinical is shown by it."""
    viewer = await professional_of(request)
    if request.method != "POST":
        return _form(request, {}, None, [])
    given = await read_form(request)
    house = house_of(request)
    await house.limiter.hit("emergency", str(viewer.person_id))
    if len(given.get("name", "").replace(" ", "")) < SHORTEST_SEARCH:
        return _form(request, given, None, ["name_short"])
    async with house.database.read() as tx:
        if not await may_break_glass(tx, viewer):
            raise Forbidden
        return _form(request, given, await find_in_emergency(tx, viewer, given["name"]), [])


async def _open(request: Request) -> Response:
    viewer = await professional_of(request)
    given = await read_form(request)
    house = house_of(request)
    await house.limiter.hit("emergency", str(viewer.person_id))
    wrong = _wrong(given)
    if wrong:
        async with house.database.read() as tx:
            if not await may_break_glass(tx, viewer):
                raise Forbidden
            return _form(request, given, await find_in_emergency(tx, viewer, given.get("name", "")), wrong)
    patient_id = UUID(given["patient"])
    async with house.database.write() as tx:
        emergency = Emergency(patient_id, await authors_in_emergency(tx, viewer, patient_id), given["reason"])
        await break_glass(tx, viewer, emergency, house.clock.now())
    return RedirectResponse(f"/patients/{patient_id}", status_code=303)


def _wrong(given: dict[str, str]) -> list[str]:
    """Return a code for each field that must be put right, in the order of the page."""
    wrong = [] if _is_id(given.get("patient", "")) else ["patient_missing"]
    length = len(given.get("reason", ""))
    if length < SHORTEST_REASON:
        wrong.append("reason_short")
    if length > LONGEST_REASON:
        wrong.append("reason_long")
    return wrong if given.get("now") == "yes" else [*wrong, "now_missing"]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _form(request: Request, given: dict[str, str], found: Sequence[Patient] | None, wrong: list[str]) -> Response:
    """`found` is None before a search."""
    known = {field: given.get(field, "")[: LONGEST_REASON + 1] for field in FIELDS}
    shown = {"given": known, "found": found, "wrong": wrong, "hours": int(EMERGENCY_FOR.total_seconds()) // 3600}
    return render(request, "staff/emergency.html", shown, status=422 if wrong else 200)
