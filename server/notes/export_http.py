"""Downloads of a note and of a whole record: PDF, FHIR or text, each written down in the audit before it leaves."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.policy import Verb
from server.access.viewer import viewer_of
from server.core.audit import Act, Deed, record
from server.core.house import House
from server.core.ids import new_id
from server.core.press import Press
from server.errors import Invalid, NotFound
from server.notes.doors import SeenNote, notes_about, see_original
from server.notes.dossiers import gather
from server.notes.export.dossier import Dossier
from server.notes.export.fhir import make_fhir
from server.notes.export.file_names import Exported, Form, file_name
from server.notes.export.paper_text import make_text
from server.notes.export.pdf import make_pdf
from server.web.endpoint import house_of
from server.web.i18n import Language, read_languages

FORMS = {"pdf": Form.PDF, "fhir": Form.FHIR, "text": Form.TEXT}


def routes(press: Press) -> list[Route]:
    async def note(request: Request) -> Response:
        house, viewer = house_of(request), await viewer_of(request)
        async with house.database.read() as tx:
            seen = await see_original(tx, viewer, request.path_params["note_id"], Verb.EXPORT)
        return await _download(house, press, [seen], _form(request), Exported.NOTE)

    async def whole(request: Request) -> Response:
        """Everything about a patient that the viewer may take away; one's jottings are no part of the record."""
        house, viewer = house_of(request), await viewer_of(request)
        async with house.database.read() as tx:
            found = await notes_about(tx, viewer, request.path_params["patient_id"], Verb.EXPORT)
        if not found:
            raise NotFound
        try:
            return await _download(house, press, found, _form(request), Exported.RECORD)
        except Invalid as error:
            if error.code != "empty":
                raise
            return RedirectResponse(f"/patients/{request.path_params['patient_id']}?empty#notes", status_code=303)

    return [
        Route("/notes/{note_id:uuid}/export", note),
        Route("/patients/{patient_id:uuid}/export", whole),
    ]


def _form(request: Request) -> Form:
    form = FORMS.get(request.query_params.get("form", ""))
    if form is None:
        raise Invalid("Choose PDF, FHIR or text.", code="form")
    return form


async def _download(house: House, press: Press, found: Sequence[SeenNote], form: Form, what: Exported) -> Response:
    """Write it down first: what could not be recorded does not leave."""
    now, viewer = house.clock.now(), found[0].viewer
    try:
        dossier = await gather(house, viewer, found, now)
    except ValueError:
        raise Invalid("There is nothing in this note yet.", code="empty") from None
    thing_id = found[0].note.public_id if what is Exported.NOTE else dossier.patient.id
    async with house.database.write() as tx:
        deed = Deed(found[0].facts.practice_id, viewer.person_id, Act.EXPORTED, str(what), thing_id, dossier.patient.id)
        for seen in found:
            await record(tx, replace(deed, thing="note", thing_id=seen.note.public_id), now)
        if what is Exported.RECORD:
            await record(tx, deed, now)
    content = await _made(house, press, dossier, form, whole=what is Exported.RECORD)
    name = file_name(what, thing_id, _day(now, dossier), form)
    return Response(content, media_type=form.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def _made(house: House, press: Press, dossier: Dossier, form: Form, *, whole: bool) -> bytes:
    language = _language(house, dossier)
    if form is Form.PDF:
        return await press.make(lambda: make_pdf(dossier, language, whole=whole))
    if form is Form.FHIR:
        return await press.make(lambda: make_fhir(dossier, language, new_id(), whole=whole))
    return await asyncio.to_thread(make_text, dossier, language, whole=whole)


def _language(house: House, dossier: Dossier) -> Language:
    return read_languages(house.settings.locales_dir).choose(dossier.practice.language, "")


def _day(now: datetime, dossier: Dossier) -> date:
    return now.astimezone(ZoneInfo(dossier.practice.time_zone)).date()
