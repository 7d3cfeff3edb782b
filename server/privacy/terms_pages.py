"""Between signing in and going on: new terms, with a link to read them. Nobody is locked out of their work or their record by them."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.viewer import viewer_in, viewer_of
from server.access.workplaces import workplace_in, workplaces_of
from server.core.db import Tx
from server.identity.actions import last_at_work
from server.identity.targets import safe_next
from server.privacy.terms import accept, unaccepted
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

PATH = "/terms"


def routes() -> list[Route]:
    return [Route(PATH, _terms, methods=["GET", "POST"])]


async def ask_terms(tx: Tx, person_id: UUID, target: str, now: datetime) -> str:
    """Return where a sign-in leads: by the terms to the target, or straight there."""
    here = workplace_in(await last_at_work(tx, person_id), await workplaces_of(tx, person_id))
    asked = await unaccepted(tx, await viewer_in(tx, person_id, here, now), now)
    return f"{PATH}?{urlencode({'next': target})}" if asked else target


async def _terms(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    if request.method == "POST":
        form = await read_form(request)
        shown = {UUID(part) for part in form.get("versions", "").split(",") if _is_id(part)}
        async with house.database.write() as tx:
            await accept(tx, viewer, shown, house.clock.now())
        return RedirectResponse(safe_next(form.get("next", "")), status_code=303)
    target = safe_next(request.query_params.get("next", ""))
    async with house.database.read() as tx:
        asked = await unaccepted(tx, viewer, house.clock.now())
        named = [(version, await tx.get_one(Practice, version.practice_id)) for version in asked]
    if not asked:
        return RedirectResponse(target, status_code=303)
    return render(request, "privacy/terms.html", {"asked": named, "next": target, "owner": None})


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
