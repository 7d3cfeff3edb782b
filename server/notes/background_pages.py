"""The page on which professionals write who a patient is and what is known of their health, and answer corrections."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import RecordFacts, Viewer, may_read_background, may_write_record
from server.access.viewer import load_viewer, names_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Conflict, Forbidden, Invalid, NotFound, TooBig
from server.identity.gate import signed_in
from server.notes.records import record_facts, see_record
from server.patients.background import State
from server.patients.background_actions import FULL, STALE, Hand, Wanted, accept, add_line, end_line, refuse, write_particulars
from server.patients.background_doors import GONE, THING, background_of, see_entry, see_still, writers_of, written_on
from server.patients.model import Patient
from server.patients.particulars import WRONG as WRONG_PARTICULARS
from server.patients.particulars import read_particulars
from server.patients.telling import FIELD_OF, Fault, Source, read_kind, read_reply, read_source, read_told
from server.patients.telling import WRONG as WRONG_LINE
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PAGE = "staff/background.html"
SENTENCES = {**WRONG_PARTICULARS, **WRONG_LINE, "stale": STALE, "full": FULL, "gone": GONE}


@dataclass(frozen=True)
class _Visit:
    """Whoever works on a record, inside the one transaction of the request; `today` is that of the practice."""

    tx: Tx
    request: Request
    viewer: Viewer
    facts: RecordFacts
    patient: Patient
    practice: Practice
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.practice.time_zone)).date()

    @property
    def may_write(self) -> bool:
        return may_write_record(self.viewer, self.facts)

    def hand(self, source: Source = Source.PROFESSIONAL) -> Hand:
        return Hand(house_of(self.request).keyring, self.patient, self.viewer.person_id, source, self.now)


def routes() -> list[Route]:
    one = "/patients/{patient_id:uuid}"
    entry = one + "/background/{entry_id:uuid}"
    return [
        Route(one + "/background", _show, methods=["GET"]),
        Route(one + "/background", _add, methods=["POST"]),
        Route(one + "/particulars", _particulars, methods=["POST"]),
        Route(entry + "/end", _end, methods=["POST"]),
        Route(entry + "/accept", _accept, methods=["POST"]),
        Route(entry + "/answer", _answer, methods=["POST"]),
    ]


async def _show(request: Request) -> Response:
    return render(request, PAGE, {**await _looked(request), "fault": None, "said": ""})


async def _looked(request: Request) -> dict[str, object]:
    """Return what the page shows, and keep that somebody looked."""
    async with house_of(request).database.write() as tx:
        visit = await _visit(request, tx)
        shown = await _shown(visit)
        deed = Deed(visit.patient.practice_id, visit.viewer.person_id, Act.LOOKED, THING, visit.patient.id, visit.patient.id)
        await record(tx, deed, visit.now)
    return shown


async def _particulars(request: Request) -> Response:
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            visit = await _visit(request, tx, writing=True)
            who = read_particulars(form, visit.today)
            await write_particulars(tx, visit.hand(), who, form.get("seen", ""))
    except Invalid as error:
        return await _refused(request, Fault("particulars", error.code, form), error.http_status)
    except Conflict as error:
        async with house_of(request).database.read() as tx:
            visit = await _visit(request, tx, writing=True)
            form = await written_on(tx, house_of(request).keyring, visit.patient.id, form)
        return await _refused(request, Fault("particulars", error.code, form), error.http_status)
    return _back(request, "particulars")


async def _add(request: Request) -> Response:
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            visit = await _visit(request, tx, writing=True)
            kind, source = read_kind(form), read_source(form)
            told = read_told(form, kind, source, visit.today)
            await add_line(tx, visit.hand(source), Wanted(kind, told))
    except (Invalid, TooBig) as error:
        return await _refused(request, Fault("line", error.code, form), error.http_status)
    return _back(request, "lists")


async def _end(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        visit = await _visit(request, tx, writing=True)
        await end_line(tx, visit.hand(), await see_entry(tx, visit.patient.id, _entry_id(request), State.STANDING))
    return _back(request, "lists")


async def _accept(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        visit = await _visit(request, tx, writing=True)
        await accept(tx, visit.hand(), await see_entry(tx, visit.patient.id, _entry_id(request), State.ASKED))
    return _back(request, "asked")


async def _answer(request: Request) -> Response:
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            visit = await _visit(request, tx, writing=True)
            asked = await see_still(tx, visit.patient.id, _entry_id(request), State.ASKED)
            await refuse(tx, visit.hand(), asked, read_reply(form))
    except (Invalid, Conflict) as error:
        return await _refused(request, Fault(str(_entry_id(request)), error.code, form), error.http_status)
    return _back(request, "asked")


async def _refused(request: Request, fault: Fault, status: int) -> Response:
    shown = await _looked(request)
    return render(request, PAGE, {**shown, "fault": fault, "said": language_of(request).text(SENTENCES[fault.code])}, status=status)


async def _visit(request: Request, tx: Tx, *, writing: bool = False) -> _Visit:
    """Pass the door of the record; raises `NotSignedIn`, `NotFound`, and `Forbidden` for whoever may only read."""
    who = await signed_in(request)
    now = house_of(request).clock.now()
    viewer = await load_viewer(tx, who, now)
    patient = (await see_record(tx, viewer, request.path_params["patient_id"])).patient
    facts = await record_facts(tx, patient)
    if not may_read_background(viewer, facts):
        raise NotFound
    visit = _Visit(tx, request, viewer, facts, patient, await tx.get_one(Practice, patient.practice_id), now)
    if writing and not visit.may_write:
        raise Forbidden
    return visit


async def _shown(visit: _Visit) -> dict[str, object]:
    background = await background_of(visit.tx, house_of(visit.request).keyring, visit.patient.id)
    return {
        "part": await part_of(visit.tx, visit.viewer),
        "patient": visit.patient,
        "background": background,
        "names": await names_of(visit.tx, writers_of(background), visit.patient.practice_id),
        "may_write": visit.may_write,
        "fields": FIELD_OF,
        "today": visit.today.isoformat(),
        "zone": visit.practice.time_zone,
    }


def _entry_id(request: Request) -> UUID:
    entry_id: UUID = request.path_params["entry_id"]
    return entry_id


def _back(request: Request, section: str) -> Response:
    return RedirectResponse(f"/patients/{request.path_params['patient_id']}/background#{section}", status_code=303)
