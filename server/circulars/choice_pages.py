"""Where patients say whether they want news: in their account, by the personal link, and by the link in a newsletter without signing in."""

from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import Reach
from server.access.model import Practice
from server.circulars.consents import Choice, choose, find_patient, reachable
from server.circulars.links import mark_of, open_token
from server.circulars.model import Via
from server.circulars.switches import Switch, chosen, desk_of, switches_of, visit_switches
from server.consultation.doors import record_of
from server.consultation.events import Channel
from server.consultation.visit_view import View, view_of
from server.core.db import Tx
from server.errors import NotFound
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader, see_record_for
from server.patients.doors import OwnRecord
from server.patients.forwards import forwarded
from server.patients.model import Patient
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

LINK, VISIT = "/news/{token}", "/v/{visit_id:uuid}/news"


class Found(NamedTuple):
    """Whose news a link is about, and what it may switch."""

    patient: Patient
    practice: Practice
    switches: list[Switch]


def routes() -> list[Route]:
    both = ["GET", "POST"]
    return [
        Route("/my/{patient_id:uuid}/news", _own, methods=["POST"]),
        Route(LINK, _by_link, methods=both),
        Route(f"{LINK}/stop", _show_link, methods=["GET"]),
        Route(f"{LINK}/stop", _one_click, methods=["POST"]),
        Route(VISIT, _by_visit, methods=both),
    ]


async def _own(request: Request) -> Response:
    """Store what whoever signed in wants of a practice that keeps a record of theirs, or of somebody whose rights they use."""
    who, house, patient_id = await signed_in(request), house_of(request), request.path_params["patient_id"]
    reader = Reader(who.person_id, house.clock.now())
    async with house.database.read() as tx:
        await see_record_for(tx, reader, patient_id, Reach.RIGHTS)
    form, language = await read_form(request), language_of(request)
    async with house.database.write() as tx:
        record = await see_record_for(tx, reader, patient_id, Reach.RIGHTS, lock=True)
        patient = record.patient
        wanted, offered = chosen(form, await switches_of(tx, desk_of(house), patient, language))
        await choose(tx, desk_of(house), patient, Choice(wanted, offered, Via.ACCOUNT, who.person_id, language), house.clock.now())
    return RedirectResponse(f"{way_back(record)}?news", status_code=303)


def way_back(record: OwnRecord) -> str:
    """Return the page about what was agreed to: of all that is one's own, or of the one for whom somebody acts."""
    return "/my/consents" if record.acting is None else f"/my/{record.patient.id}/consents"


async def _by_link(request: Request) -> Response:
    if request.method != "POST":
        return await _show_link(request)
    await _read_link(request)
    form, house, language = await read_form(request), house_of(request), language_of(request)
    async with house.database.write() as tx:
        found = await _open(tx, request, lock=True)
        wanted, offered = chosen(form, found.switches)
        await choose(tx, desk_of(house), found.patient, Choice(wanted, offered, Via.LINK, None, language), house.clock.now())
    return RedirectResponse(f"{request.url.path}?done", status_code=303)


async def _show_link(request: Request) -> Response:
    """Change nothing: mail scanners open every link."""
    found = await _read_link(request)
    action = f"/news/{request.path_params['token']}"
    shown = {"practice": found.practice, "switches": found.switches, "action": action, "done": "done" in request.query_params}
    return render(request, "visit/news_link.html", shown)


async def _one_click(request: Request) -> Response:
    """Stop news by e-mail, as a mail program asks for it (RFC 8058): its POST has no cookie, and whatever it says is not read."""
    house, language = house_of(request), language_of(request)
    async with house.database.write() as tx:
        found = await _open(tx, request, lock=True)
        choice = Choice((), (Channel.EMAIL,), Via.LINK, None, language)
        await choose(tx, desk_of(house), found.patient, choice, house.clock.now())
    return await _show_link(request)


async def _read_link(request: Request) -> Found:
    async with house_of(request).database.read() as tx:
        return await _open(tx, request)


async def _open(tx: Tx, request: Request, *, lock: bool = False) -> Found:
    """Load what a link is about; by it news are asked for only at the address that it went to. Raises `NotFound`.

    A link from before two records were merged is about the one that was kept.
    """
    house = house_of(request)
    opened, desk = open_token(house.secrets, request.path_params["token"]), desk_of(house)
    patient = await _kept(tx, opened.patient_id, lock=lock)
    if patient is None:
        raise NotFound
    addresses = (await reachable(tx, desk, patient)).values()
    own = [address for address in addresses if mark_of(house.secrets, address) == opened.mark]
    practice = await tx.get_one(Practice, patient.practice_id)
    return Found(patient, practice, await switches_of(tx, desk, patient, language_of(request), own))


async def _kept(tx: Tx, patient_id: UUID, *, lock: bool) -> Patient | None:
    """Load a record, or the one into which it was merged: with `lock` a merge is waited for first."""
    patient = await find_patient(tx, patient_id, lock=lock)
    kept_id = await forwarded(tx, patient_id)
    return patient if kept_id is None else await find_patient(tx, kept_id, lock=lock)


async def _by_visit(request: Request) -> Response:
    """Offer news after a booking, nothing ticked; a guest is offered none."""
    try:
        return await _visit_choice(request)
    except NotFound:
        return render(request, "visit/unknown.html", {}, status=404)


async def _visit_choice(request: Request) -> Response:
    house, language = house_of(request), language_of(request)
    async with house.database.read() as tx:
        view, patient = await _visitor(tx, request)
        switches = await visit_switches(tx, desk_of(house), patient, language)
    if request.method != "POST":
        shown = {"practice": view.practice, "switches": switches, "base": view.base, "done": "done" in request.query_params}
        return render(request, "visit/news.html", shown)
    form = await read_form(request)
    async with house.database.write() as tx:
        view, patient = await _visitor(tx, request, lock=True)
        wanted, offered = chosen(form, await visit_switches(tx, desk_of(house), patient, language))
        by = view.visit.acting.person_id if view.visit.acting else None
        await choose(tx, desk_of(house), patient, Choice(wanted, offered, Via.VISIT, by, language), house.clock.now())
    return RedirectResponse(f"{view.base}/news?done", status_code=303)


async def _visitor(tx: Tx, request: Request, *, lock: bool = False) -> tuple[View, Patient]:
    """Load whose visit it is; raises `NotFound` for a guest, a link that was taken back, and who may not decide for the patient."""
    view = await view_of(tx, request, lock=lock)
    if view.guest or view.closed or not view.decides:
        raise NotFound
    return view, await record_of(tx, view.visit.consultation)
