"""Documents and photographs of a record, for the professionals who treat the patient."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import Viewer, may_read_background, may_write_record
from server.access.viewer import load_viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.keyring import KeyRing
from server.core.marking import _
from server.core.press import Press
from server.errors import Conflict, Forbidden, Invalid, NotFound, TooBig, Unsupported
from server.identity.gate import signed_in
from server.notes.records import record_facts, see_record
from server.notes.signed import last_signed, signed_since
from server.patients.file_actions import (
    HELD,
    Draft,
    Hiding,
    Sender,
    add_file,
    content_of,
    delete_file,
    hide_file,
    read_about,
    sealed,
    take_out,
)  # fmt: skip
from server.patients.file_answer import attachment
from server.patients.file_doors import THING, Filed, files_of, see_file, thumbnails_of
from server.patients.file_kinds import ACCEPT, WRONG, refusal
from server.patients.file_store import remove
from server.patients.files import RecordFile
from server.patients.inspecting import inspect
from server.patients.legal_holds import held
from server.patients.model import Patient
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.uploads import read_upload

SIGNED = _("Somebody has signed a note since. You can hide this document, with a reason.")
GONE = _("Somebody has deleted or hidden this document in the meantime. Nothing was changed.")
SENTENCES = {**WRONG, "why": _("Please write why, in up to 300 letters."), "signed": SIGNED, "gone": GONE, "held": HELD}


@dataclass(frozen=True)
class _Visit:
    """Whoever works on a record, inside a transaction; `today` is that of the practice."""

    tx: Tx
    viewer: Viewer
    patient: Patient
    practice: Practice
    may_write: bool
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.practice.time_zone)).date()


@dataclass(frozen=True)
class _Fault:
    """What went wrong, with the file or with the document `about`; the fields of the form come back."""

    code: str
    about: str = ""
    title: str = ""
    on: str = ""
    why: str = ""


def routes(press: Press) -> list[Route]:
    every = "/patients/{patient_id:uuid}/files"
    one = every + "/{file_id:uuid}"

    async def add(request: Request) -> Response:
        return await _add(request, press)

    return [
        Route(every, _show, methods=["GET"]),
        Route(every, add, methods=["POST"]),
        Route(one, _take_out, methods=["GET"]),
        Route(one + "/delete", _delete, methods=["POST"]),
        Route(one + "/hide", _hide, methods=["POST"]),
    ]


async def _show(request: Request) -> Response:
    return await _page(request, None, 200)


async def _add(request: Request, press: Press) -> Response:
    """Read the file only once it is clear that it may be added, and look through it outside of every transaction."""
    house = house_of(request)
    async with house.database.read() as tx:
        visit = await _visit(request, tx, writing=True)
    await house.limiter.hit("upload", str(visit.viewer.person_id))
    fault = _Fault("none")
    try:
        async with read_upload(request, house.settings.most_file_bytes) as upload:
            fault = _Fault("", title=upload.fields.get("title", "")[:400], on=upload.fields.get("on", "")[:20])
            if not upload.name:
                raise refusal("none")
            title, dated_on = read_about(upload.fields, visit.today)
            inspected = await inspect(press, house.scanner, upload.name, upload.content)
            sender = Sender(visit.viewer.name, person_id=visit.viewer.person_id)
            draft = Draft(inspected, visit.patient.id, sender, upload.fields.get("shared") == "yes", title, dated_on)
            async with sealed(house, draft) as row, house.database.write() as tx:
                again = await _visit(request, tx, writing=True)
                await add_file(tx, house, again.patient, row)
    except (Invalid, TooBig, Unsupported) as error:
        code = {TooBig: "big", Unsupported: "none"}.get(type(error), error.code)
        return await _page(request, _Fault(code, title=fault.title, on=fault.on), 422)
    return _back(request)


async def _take_out(request: Request) -> Response:
    house = house_of(request)
    async with house.database.write() as tx:
        visit = await _visit(request, tx)
        filed = await see_file(tx, house.keyring, visit.patient.id, request.path_params["file_id"])
        await take_out(tx, visit.patient, filed, visit.viewer.person_id, visit.now)
    return attachment(filed, await content_of(house, filed))


async def _delete(request: Request) -> Response:
    """Only whoever added it, and only while nobody has signed since."""
    house = house_of(request)
    async with house.database.write() as tx:
        visit = await _visit(request, tx, writing=True)
        filed = await see_file(tx, house.keyring, visit.patient.id, request.path_params["file_id"])
        if filed.row.person_id != visit.viewer.person_id:
            raise Forbidden
        signed = await signed_since(tx, visit.patient.id, filed.row.added_at)
        fault = "signed" if signed else "held" if await held(tx, visit.patient.id) else ""
        if not fault:
            await delete_file(tx, visit.patient, filed, visit.viewer.person_id, visit.now)
    if fault:
        return await _page(request, _Fault(fault), 409)
    await asyncio.to_thread(remove, house.settings.documents_dir, filed.row.id)
    return _back(request)


async def _hide(request: Request) -> Response:
    form = await read_form(request)
    house = house_of(request)
    file_id: UUID = request.path_params["file_id"]
    why = form.get("why", "")
    try:
        async with house.database.write() as tx:
            visit = await _visit(request, tx, writing=True)
            filed = await _still(tx, house.keyring, visit.patient.id, file_id)
            await hide_file(tx, visit.patient, filed, Hiding(visit.viewer.person_id, why), visit.now)
    except (Invalid, Conflict) as error:
        return await _page(request, _Fault(error.code, str(file_id), why=why), error.http_status)
    return _back(request)


async def _still(tx: Tx, keyring: KeyRing, patient_id: UUID, file_id: UUID) -> Filed:
    """Load a document about which somebody wrote something; one that is gone is a `Conflict`, so that it is not lost."""
    try:
        return await see_file(tx, keyring, patient_id, file_id)
    except NotFound:
        raise Conflict(code="gone") from None


async def _page(request: Request, fault: _Fault | None, status: int) -> Response:
    """Show the list, and keep that somebody looked."""
    house = house_of(request)
    async with house.database.write() as tx:
        visit = await _visit(request, tx)
        files = await files_of(tx, house.keyring, visit.patient.id)
        thumbnails = await thumbnails_of(tx, house.keyring, files)
        signed_at = await last_signed(tx, visit.patient.id)
        newest_first = [(filed, _deletable(visit, filed.row, signed_at)) for filed in files]
        part = await part_of(tx, visit.viewer)
        deed = Deed(visit.patient.practice_id, visit.viewer.person_id, Act.LOOKED, THING, visit.patient.id, visit.patient.id)
        await record(tx, deed, visit.now)
    shown = {
        "part": part,
        "patient": visit.patient,
        "files": newest_first,
        "thumbnails": thumbnails,
        "may_write": visit.may_write,
        "fault": fault,
        "said": language_of(request).text(SENTENCES[fault.code]) if fault else "",
        "most_mb": house.settings.documents_max_mb,
        "accept": ACCEPT,
        "today": visit.today.isoformat(),
        "zone": visit.practice.time_zone,
    }
    return render(request, "staff/files.html", shown, status=status)


def _deletable(visit: _Visit, row: RecordFile, signed_at: datetime | None) -> bool:
    own = visit.may_write and row.person_id == visit.viewer.person_id
    return own and (signed_at is None or signed_at < row.added_at)


async def _visit(request: Request, tx: Tx, *, writing: bool = False) -> _Visit:
    """Pass the door of the record; raises `NotSignedIn`, `NotFound`, and `Forbidden` for whoever may only read."""
    who = await signed_in(request)
    now = house_of(request).clock.now()
    viewer = await load_viewer(tx, who, now)
    patient = (await see_record(tx, viewer, request.path_params["patient_id"])).patient
    facts = await record_facts(tx, patient)
    if not may_read_background(viewer, facts):
        raise NotFound
    may_write = may_write_record(viewer, facts)
    if writing and not may_write:
        raise Forbidden
    return _Visit(tx, viewer, patient, await tx.get_one(Practice, patient.practice_id), may_write, now)


def _back(request: Request) -> Response:
    return RedirectResponse(f"/patients/{request.path_params['patient_id']}/files", status_code=303)
