"""Documents and photographs as the patient sees them: what they sent, and what a professional lets them read."""

import asyncio
from datetime import date
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import Reach
from server.access.viewer import name_of
from server.core.db import Tx
from server.core.marking import _
from server.core.press import Press
from server.errors import Forbidden, Invalid, TooBig, Unsupported
from server.identity.gate import signed_in
from server.notes.signed import last_signed, signed_since
from server.patients.acting_doors import Reader, see_record_for
from server.patients.acting_looks import note_look
from server.patients.doors import OwnRecord
from server.patients.file_actions import HELD, Draft, Sender, add_file, content_of, delete_file, read_about, sealed, take_out
from server.patients.file_answer import attachment
from server.patients.file_doors import THING, own_files, see_own_file, thumbnails_of
from server.patients.file_kinds import ACCEPT, WRONG, refusal
from server.patients.file_store import remove
from server.patients.inspecting import inspect
from server.patients.legal_holds import held
from server.web.endpoint import house_of
from server.web.pages import language_of, render
from server.web.uploads import read_upload

SIGNED = _("A note was signed since, which may rest on this document. Please ask the practice about it.")
SENTENCES = {**WRONG, "signed": SIGNED, "held": HELD}


class _Typed(NamedTuple):
    """What was written in a form that was refused."""

    title: str = ""
    on: str = ""


NOTHING = _Typed()


def routes(press: Press) -> list[Route]:
    every = "/my/{patient_id:uuid}/files"
    one = every + "/{file_id:uuid}"

    async def add(request: Request) -> Response:
        return await _add(request, press)

    return [
        Route(every, _show, methods=["GET"]),
        Route(every, add, methods=["POST"]),
        Route(one, _take_out, methods=["GET"]),
        Route(one + "/delete", _delete, methods=["POST"]),
    ]


async def _show(request: Request) -> Response:
    return await _page(request, "", 200)


async def _add(request: Request, press: Press) -> Response:
    """Read the file only once it is clear whose record it is for."""
    house = house_of(request)
    who = await signed_in(request)
    async with house.database.read() as tx:
        own = await _own(request, tx)
    await house.limiter.hit("upload", str(who.person_id))
    typed = NOTHING
    try:
        async with read_upload(request, house.settings.most_file_bytes) as upload:
            typed = _Typed(upload.fields.get("title", "")[:400], upload.fields.get("on", "")[:20])
            if not upload.name:
                raise refusal("none")
            title, dated_on = read_about(upload.fields, _today(request, own))
            inspected = await inspect(press, house.scanner, upload.name, upload.content)
            sender = Sender(
                own.patient.name if own.acting is None else await _name(request, who.person_id, own.practice.id), person_id=who.person_id
            )
            draft = Draft(inspected, own.patient.id, sender, shared=True, title=title, dated_on=dated_on)
            async with sealed(house, draft) as row, house.database.write() as tx:
                await add_file(tx, house, (await _own(request, tx)).patient, row)
    except (Invalid, TooBig, Unsupported) as error:
        return await _page(request, {TooBig: "big", Unsupported: "none"}.get(type(error), error.code), 422, typed)
    return _back(request, "sent")


async def _take_out(request: Request) -> Response:
    house = house_of(request)
    who = await signed_in(request)
    async with house.database.write() as tx:
        own = await _own(request, tx)
        filed = await see_own_file(tx, house.keyring, own, _file_id(request))
        await take_out(tx, own.patient, filed, who.person_id, house.clock.now())
    return attachment(filed, await content_of(house, filed))


async def _delete(request: Request) -> Response:
    """Only what they sent themselves, and only while nobody has signed since."""
    house = house_of(request)
    who = await signed_in(request)
    async with house.database.write() as tx:
        own = await _own(request, tx)
        filed = await see_own_file(tx, house.keyring, own, _file_id(request))
        if filed.row.person_id != who.person_id:
            raise Forbidden
        signed = await signed_since(tx, own.patient.id, filed.row.added_at)
        fault = "signed" if signed else "held" if await held(tx, own.patient.id) else ""
        if not fault:
            await delete_file(tx, own.patient, filed, who.person_id, house.clock.now())
    if fault:
        return await _page(request, fault, 409)
    await asyncio.to_thread(remove, house.settings.documents_dir, filed.row.id)
    return _back(request, "deleted")


async def _name(request: Request, person_id: UUID, practice_id: UUID) -> str:
    async with house_of(request).database.read() as tx:
        return await name_of(tx, person_id, practice_id)


async def _page(request: Request, fault: str, status: int, typed: _Typed = NOTHING) -> Response:
    """Show the list; `typed` are the fields of a form that was refused."""
    house = house_of(request)
    who = await signed_in(request)
    async with house.database.read() as tx:
        own = await _own(request, tx)
        files = await own_files(tx, house.keyring, own)
        thumbnails = await thumbnails_of(tx, house.keyring, files)
        mine = {filed.row.id for filed in files if filed.row.person_id == who.person_id}
        signed_at = await last_signed(tx, own.patient.id)
        fixed = {filed.row.id for filed in files if signed_at is not None and signed_at >= filed.row.added_at}
    await note_look(house, own, Reach.SEE, THING)
    shown = {
        "acting": own,
        "patient": own.patient,
        "practice": own.practice,
        "zone": own.practice.time_zone,
        "files": files,
        "thumbnails": thumbnails,
        "deletable": mine - fixed,
        "fault": fault,
        "typed": typed,
        "told": language_of(request).text(SENTENCES[fault]) if fault else "",
        "said": next((word for word in ("sent", "deleted") if word in request.query_params), ""),
        "most_mb": house.settings.documents_max_mb,
        "accept": ACCEPT,
    }
    return render(request, "my/files.html", shown, status=status)


async def _own(request: Request, tx: Tx) -> OwnRecord:
    """Pass the door of one's own record, or of somebody for whom one sees theirs; raises `NotSignedIn` and `NotFound`."""
    who = await signed_in(request)
    reader = Reader(who.person_id, house_of(request).clock.now())
    return await see_record_for(tx, reader, request.path_params["patient_id"], Reach.SEE)


def _today(request: Request, own: OwnRecord) -> date:
    return house_of(request).clock.now().astimezone(ZoneInfo(own.practice.time_zone)).date()


def _file_id(request: Request) -> UUID:
    file_id: UUID = request.path_params["file_id"]
    return file_id


def _back(request: Request, what: str) -> Response:
    return RedirectResponse(f"/my/{request.path_params['patient_id']}/files?{what}", status_code=303)
