"""The pages of patients' records: the list of those whom one may open, and one record with who else may see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.emergency import end_emergency, read_notice, standing_emergency
from server.access.home import Part, part_of
from server.access.model import Practice
from server.access.permissions import colleagues, permissions_by, permit, withdraw_permission
from server.access.policy import Verb, Viewer, may_read_background, may_write_record
from server.access.viewer import load_viewer, names_of
from server.consultation.notices import notices_for
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.keyring import KeyRing
from server.errors import Forbidden, Invalid, NotFound
from server.identity.gate import signed_in
from server.notes.doors import unsigned_of
from server.notes.patient_answers import sent_in_record
from server.notes.permit_form import FIELDS, offered_days, read_wish
from server.notes.recordings import recordings_about
from server.notes.records import MOST_LISTED, SeenRecord, listed_records, looks_at, record_facts, see_erased, see_record
from server.patients.acting_doors import Reader, acting_now
from server.patients.acting_pages import words
from server.patients.actions import has_agreed_to_sharing
from server.patients.background_doors import asked_of, background_of, writers_of
from server.patients.file_doors import files_of
from server.patients.parents import waiting_among
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

LONGEST_NAME = 200
ErasedOn = Callable[[Tx, UUID], Awaitable[datetime | None]]


@dataclass(frozen=True)
class _Visit:
    """Whoever asks for a record, inside the one transaction of the request."""

    tx: Tx
    viewer: Viewer
    record: SeenRecord
    practice: Practice
    now: datetime
    keyring: KeyRing


def routes(erased_on: ErasedOn) -> list[Route]:
    """Return the routes; `erased_on` tells when a record was erased because somebody asked, which stands a storey higher."""
    one = "/patients/{patient_id:uuid}"

    async def show(request: Request) -> Response:
        try:
            return await _show(request)
        except NotFound:
            return await _show_erased(request, erased_on)

    return [
        Route("/patients", _list, methods=["GET", "POST"]),
        Route(one, show, methods=["GET"]),
        Route(one + "/permissions", _permit, methods=["POST"]),
        Route(one + "/permissions/{grant_id:uuid}/withdraw", _withdraw, methods=["POST"]),
        Route(one + "/emergency/end", _end_emergency, methods=["POST"]),
        Route(one + "/notices/{access_id:uuid}/read", _read_notice, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    """A name to look for comes by POST: it is no part of an address that logs and histories keep."""
    who = await signed_in(request)
    name = (await read_form(request)).get("name", "")[:LONGEST_NAME] if request.method == "POST" else ""
    house = house_of(request)
    async with house.database.read() as tx:
        viewer = await load_viewer(tx, who, house.clock.now())
        part = await part_of(tx, viewer)
        if part not in {Part.PROFESSIONAL, Part.ASSISTANT}:
            raise Forbidden
        patients = await listed_records(tx, viewer, name)
        listed = [patient.id for patient in patients] if part is Part.PROFESSIONAL else []
        asked, parents = await asked_of(tx, listed), await waiting_among(tx, Reader(who.person_id, house.clock.now()), listed)
    shown = {"part": part, "patients": patients, "name": name, "asked": asked, "parents": parents, "most": MOST_LISTED}
    return render(request, "staff/patients.html", shown)


async def _show(request: Request) -> Response:
    """Show the record, and keep that somebody looked: a look that cannot be kept is not given."""
    house = house_of(request)
    async with house.database.write() as tx:
        visit = await _visit(request, tx)
        shown = await _shown(visit)
        await record(tx, _looked(visit), visit.now)
    return render(
        request,
        "staff/record.html",
        {**shown, **words(request), "given": dict.fromkeys(FIELDS, ""), "error": None, "empty": "empty" in request.query_params},
    )


async def _show_erased(request: Request, erased_on: ErasedOn) -> Response:
    """Say of a record that there is nothing in it any more, and why; raises `NotFound` as its door does."""
    who = await signed_in(request)
    house = house_of(request)
    async with house.database.read() as tx:
        viewer = await load_viewer(tx, who, house.clock.now())
        patient = await see_erased(tx, viewer, request.path_params["patient_id"])
        zone = (await tx.get_one(Practice, patient.practice_id)).time_zone
        shown = {"part": await part_of(tx, viewer), "zone": zone, "erased_at": await erased_on(tx, patient.id)}
    return render(request, "staff/record_erased.html", shown)


async def _permit(request: Request) -> Response:
    form = await read_form(request)
    given = {field: form.get(field, "") for field in FIELDS}
    house = house_of(request)
    try:
        async with house.database.write() as tx:
            visit = await _visit(request, tx)
            if not visit.record.wrote:
                raise Forbidden
            await permit(tx, visit.viewer, read_wish(given, visit.record.patient.id, visit.practice.time_zone), visit.now)
    except Invalid as error:
        async with house.database.read() as tx:
            shown = await _shown(await _visit(request, tx))
        return render(
            request, "staff/record.html", {**shown, **words(request), "given": given, "error": error.code, "empty": False}, status=422
        )
    return _back(request, "permitted")


async def _withdraw(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        visit = await _visit(request, tx)
        await withdraw_permission(tx, visit.viewer, visit.record.patient.id, request.path_params["grant_id"], visit.now)
    return _back(request, "permitted")


async def _end_emergency(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        visit = await _visit(request, tx)
        await end_emergency(tx, visit.viewer, visit.record.patient.id, visit.now)
    return RedirectResponse("/patients", status_code=303)


async def _read_notice(request: Request) -> Response:
    back = (await read_form(request)).get("back")
    async with house_of(request).database.write() as tx:
        visit = await _visit(request, tx)
        await read_notice(tx, visit.viewer, visit.record.patient.id, request.path_params["access_id"], visit.now)
    return RedirectResponse("/today", status_code=303) if back == "today" else _back(request)


async def _visit(request: Request, tx: Tx) -> _Visit:
    """Pass the door of the record; raises `NotSignedIn` and `NotFound`."""
    who = await signed_in(request)
    house = house_of(request)
    now = house.clock.now()
    viewer = await load_viewer(tx, who, now)
    seen = await see_record(tx, viewer, request.path_params["patient_id"])
    return _Visit(tx, viewer, seen, await tx.get_one(Practice, seen.patient.practice_id), now, house.keyring)


def _looked(visit: _Visit) -> Deed:
    patient = visit.record.patient
    return Deed(patient.practice_id, visit.viewer.person_id, Act.LOOKED, "record", patient.id, patient.id)


async def _shown(visit: _Visit) -> dict[str, object]:
    tx, viewer, seen, now = visit.tx, visit.viewer, visit.record, visit.now
    patient = seen.patient
    permissions = await permissions_by(tx, viewer, patient.id, now)
    looks = await looks_at(tx, viewer, seen)
    zone = visit.practice.time_zone
    people = {grant.person_id for grant in permissions} | {look.person_id for look in looks if look.person_id}
    notes = [note for held in seen.held for note in held.notes]
    people |= {note.note.author_id for note in notes}
    facts = await record_facts(tx, patient)
    background = await background_of(tx, visit.keyring, patient.id)
    people |= writers_of(background)
    return {
        "part": await part_of(tx, viewer),
        "patient": patient,
        "background": background,
        "clinical": may_read_background(viewer, facts),
        "files": await files_of(tx, visit.keyring, patient.id) if may_read_background(viewer, facts) else [],
        "may_write": may_write_record(viewer, facts),
        "held": seen.held,
        "wrote": seen.wrote,
        "unsigned": await unsigned_of(tx, [note.note.id for note in notes]),
        "may_export": any(note.may(Verb.EXPORT) for note in notes),
        "acting": await acting_now(tx, patient.id, now),
        "agreed": patient.person_id is not None and await has_agreed_to_sharing(tx, patient.id),
        "me": viewer.person_id,
        "permissions": [(grant, grant.expires_at - timedelta(seconds=1)) for grant in permissions],
        "colleagues": await colleagues(tx, viewer) if seen.wrote else [],
        "looks": looks,
        "answers": await sent_in_record(tx, viewer, seen),
        "recordings": await recordings_about(tx, viewer, patient.id),
        "names": await names_of(tx, people, viewer.practice_id),
        "emergency": await standing_emergency(tx, viewer, patient.id, now),
        "notices": [notice for notice in await notices_for(tx, viewer) if notice.patient_id == patient.id],
        **offered_days(now, zone),
        "zone": zone,
        "now": now,
    }


def _back(request: Request, section: str = "") -> Response:
    place = f"/patients/{request.path_params['patient_id']}"
    return RedirectResponse(f"{place}#{section}" if section else place, status_code=303)
