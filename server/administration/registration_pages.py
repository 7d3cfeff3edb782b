"""A professional's own page about their registration: where its review stands, and their details to correct and send again."""

from collections.abc import Mapping
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.bodies import BODIES, Details
from server.access.home import part_of
from server.access.model import Practice, Professional
from server.access.policy import Viewer
from server.access.reviewing import rejected_of, tell_details
from server.access.viewer import viewer_of
from server.administration.completing import in_language, missing_in, pieces_of
from server.administration.details_form import FIELDS, detail_faults, details_of, shown_details
from server.errors import Forbidden
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PAGE = "/account/registration"


def routes() -> list[Route]:
    return [Route(PAGE, _registration, methods=["GET", "POST"])]


async def _registration(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    if viewer.professional_id is None:
        return await _rejected(request, viewer)
    async with house.database.read() as tx:
        professional = await tx.get_one(Professional, viewer.professional_id)
    if request.method != "POST":
        return await _show(request, professional, {field: getattr(professional, field) for field in FIELDS}, {})
    form = await read_form(request)
    if faults := detail_faults(form):
        return await _show(request, professional, form, faults, 422)
    if asdict(details_of(form)) == asdict(_own(professional)):
        return RedirectResponse(PAGE, status_code=303)
    async with house.database.write() as tx:
        await tell_details(tx, viewer, details_of(form), house.clock.now())
    return RedirectResponse(f"{PAGE}?done=sent", status_code=303)


async def _rejected(request: Request, viewer: Viewer) -> Response:
    """Tell somebody who was rejected why, and whom to ask; raises `Forbidden` for everybody else, and for what they would send."""
    async with house_of(request).database.read() as tx:
        professional = await rejected_of(tx, viewer.person_id)
        if professional is None or request.method == "POST":
            raise Forbidden
        practice, part = await tx.get_one(Practice, professional.practice_id), await part_of(tx, viewer)
    return render(request, "staff/rejected.html", {"part": part, "practice": practice, "professional": professional, "bodies": BODIES})


def _own(professional: Professional) -> Details:
    return Details(*(getattr(professional, field) for field in FIELDS))


async def _show(
    request: Request, professional: Professional, form: Mapping[str, str], faults: Mapping[str, str], status: int = 200
) -> Response:
    async with house_of(request).database.read() as tx:
        pieces = await pieces_of(tx, house_of(request), professional)
    shown: dict[str, object] = {"review": professional.review, "words": professional.review_words, "faults": faults}
    shown |= {
        "done": request.query_params.get("done"),
        "pieces": in_language(pieces, language_of(request)),
        "missing": len(missing_in(pieces)),
    }
    return render(request, "staff/registration.html", {**shown, **shown_details(form)}, status)
