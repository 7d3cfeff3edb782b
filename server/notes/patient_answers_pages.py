"""The page of what a patient answered before one consultation, and a copy of it, for the professionals who were booked in it."""

from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import Part, part_of
from server.access.model import Practice
from server.access.viewer import load_viewer
from server.core.audit import Act
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict, Invalid, NotFound
from server.identity.gate import signed_in
from server.notes.export.file_names import Form, file_name
from server.notes.patient_answers import booked_in_record, filled_of, open_answers, told
from server.notes.records import see_record
from server.patients.answer_doors import THING, Sheet
from server.patients.answer_export import Filled, fhir_of, text_of
from server.patients.model import Patient
from server.web.endpoint import house_of
from server.web.moments import full_date, zoned_time
from server.web.pages import language_of, render

FORMS = {"fhir": Form.FHIR, "text": Form.TEXT}
SENT = _("Sent on {day}, {time}")
UNREADABLE = _("These answers cannot be read any more.")


class _Opened(NamedTuple):
    """Answers that came through their door, with whose they are."""

    patient: Patient
    sheet: Sheet
    practice: Practice
    filled: Filled | None
    part: Part


def routes() -> list[Route]:
    one = "/patients/{patient_id:uuid}/answers/{appointment_id:uuid}"
    return [Route(one, _show), Route(one + "/export", _export)]


async def _show(request: Request) -> Response:
    """Show the answers, and keep that somebody opened them: a look that cannot be kept is not given."""
    async with house_of(request).database.write() as tx:
        opened = await _open(tx, request, Act.LOOKED)
    lines, bmi = told(language_of(request), opened.sheet)
    shown = {"part": opened.part, "patient": opened.patient, "lines": None if opened.filled is None else lines, "bmi": bmi}
    context = {**shown, "sent_at": opened.sheet.row.sent_at, "zone": opened.practice.time_zone, "path": request.url.path}
    return render(request, "staff/answers.html", context)


async def _export(request: Request) -> Response:
    """Give a copy, once it is on record that it was taken out."""
    form = FORMS.get(request.query_params.get("form", ""))
    async with house_of(request).database.write() as tx:
        opened = await _open(tx, request, Act.EXPORTED)
        if form is None:
            raise Invalid(_("Choose FHIR or text."), code="form")
        if opened.filled is None:
            raise Conflict(UNREADABLE, code="unreadable")
    filled, zone, language = opened.filled, opened.practice.time_zone, language_of(request)
    words = language.text(SENT, day=full_date(language, filled.sent_at, zone), time=zoned_time(language, filled.sent_at, zone))
    content = fhir_of(filled) if form is Form.FHIR else text_of(filled, language, words)
    name = file_name(THING, filled.id, filled.sent_at.date(), form)
    return Response(content, media_type=form.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def _open(tx: Tx, request: Request, act: Act) -> _Opened:
    """Pass the doors of the record and of the answers; raises `NotSignedIn` and `NotFound`."""
    who = await signed_in(request)
    house = house_of(request)
    now = house.clock.now()
    viewer = await load_viewer(tx, who, now)
    seen = await see_record(tx, viewer, request.path_params["patient_id"])
    booked = await booked_in_record(tx, seen, request.path_params["appointment_id"])
    sheet = await open_answers(tx, house.keyring, viewer, booked, now, act)
    if sheet is None:
        raise NotFound
    practice = await tx.get_one(Practice, booked.facts.practice_id)
    return _Opened(seen.patient, sheet, practice, await filled_of(tx, sheet, seen.patient, practice), await part_of(tx, viewer))
