"""The page of an author's permissions: who may see what they wrote, for one patient or for all, with a way to end each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Grant, Practice
from server.access.permissions import colleagues, own_permissions, permit, withdraw_own
from server.access.policy import Viewer
from server.access.viewer import load_viewer, names_of, professional_of
from server.core.db import Tx
from server.errors import Forbidden, Invalid
from server.identity.gate import signed_in
from server.notes.permit_form import FIELDS, offered_days, read_wish
from server.notes.records import names_in_records
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

PLACE = "/account/permissions"
PAGE = "staff/permissions.html"


@dataclass(frozen=True)
class _Author:
    """Whoever asks, inside the one transaction of the request."""

    tx: Tx
    viewer: Viewer
    practice: Practice
    now: datetime


def routes() -> list[Route]:
    return [
        Route(PLACE, _list, methods=["GET"]),
        Route(PLACE, _permit, methods=["POST"]),
        Route(PLACE + "/{grant_id:uuid}/withdraw", _withdraw, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        shown = await _shown(await _author(request, tx))
    done = request.query_params.get("done")
    return render(request, PAGE, {**shown, "given": dict.fromkeys(FIELDS, ""), "error": None, "done": done})


async def _permit(request: Request) -> Response:
    await professional_of(request)
    form = await read_form(request)
    given = {field: form.get(field, "") for field in FIELDS}
    house = house_of(request)
    try:
        async with house.database.write() as tx:
            author = await _author(request, tx)
            await permit(tx, author.viewer, read_wish(given, None, author.practice.time_zone), author.now)
    except Invalid as error:
        async with house.database.read() as tx:
            shown = await _shown(await _author(request, tx))
        return render(request, PAGE, {**shown, "given": given, "error": error.code, "done": None}, status=422)
    return RedirectResponse(f"{PLACE}?done=permitted", status_code=303)


async def _withdraw(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        author = await _author(request, tx)
        await withdraw_own(tx, author.viewer, request.path_params["grant_id"], author.now)
    return RedirectResponse(f"{PLACE}?done=withdrawn", status_code=303)


async def _author(request: Request, tx: Tx) -> _Author:
    """Let in whoever gives consultations; raises `NotSignedIn` and `Forbidden`."""
    who = await signed_in(request)
    now = house_of(request).clock.now()
    viewer = await load_viewer(tx, who, now)
    if viewer.professional_id is None:
        raise Forbidden
    return _Author(tx, viewer, await tx.get_one(Practice, viewer.practice_id), now)


async def _shown(author: _Author) -> dict[str, object]:
    tx, viewer = author.tx, author.viewer
    grants = await own_permissions(tx, viewer, author.now)
    patient_ids = {grant.patient_id for grant in grants if grant.patient_id}
    names = await names_of(tx, {grant.person_id for grant in grants}, viewer.practice_id)
    return {
        "part": await part_of(tx, viewer),
        "people": _by_person(grants, names),
        "patients": await names_in_records(tx, viewer, patient_ids),
        "colleagues": await colleagues(tx, viewer),
        "zone": author.practice.time_zone,
        **offered_days(author.now, author.practice.time_zone),
    }


def _by_person(grants: list[Grant], names: dict[UUID, str]) -> list[tuple[str, list[tuple[Grant, datetime]]]]:
    """Return each person's name with their permissions and the last moment of each, by name; what is for all patients stands first."""
    ordered = sorted(grants, key=lambda grant: (names[grant.person_id], grant.person_id, grant.patient_id is not None))
    return [
        (names[person_id], [(grant, grant.expires_at - timedelta(seconds=1)) for grant in theirs])
        for person_id, theirs in groupby(ordered, key=lambda grant: grant.person_id)
    ]
