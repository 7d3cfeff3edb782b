"""A file that is sent in the call: it lands in the record, and a message tells the call of it (docs/WIRE.md 2.3)."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.viewer import professional_of
from server.consultation.actions import take_place
from server.consultation.commands import ShareFile
from server.consultation.doors import see_consultation
from server.consultation.model import Consultation, Participant, Role, Stage
from server.consultation.rooms import Rooms
from server.consultation.visit_view import view_of
from server.core.db import Tx
from server.core.press import Press
from server.errors import Conflict, ConsiliumError, NotFound
from server.patients.doors import patient_of
from server.patients.file_actions import Draft, Sender, add_file, content_of, delete_file, sealed, take_out
from server.patients.file_answer import attachment
from server.patients.file_doors import Filed, file_of_call
from server.patients.file_kinds import refusal
from server.patients.file_store import remove
from server.patients.files import RecordFile
from server.patients.inspecting import inspect
from server.web.endpoint import answer, house_of
from server.web.uploads import read_upload


class Sent(BaseModel):
    """The document's id; its message comes over the socket."""

    id: UUID


@dataclass(frozen=True)
class _Place:
    """Whoever sends or takes out, by login or by link."""

    consultation: Consultation
    participant: Participant
    person_id: UUID | None


def routes(press: Press) -> list[Route]:
    async def send(request: Request) -> Response:
        return await _send(request, press)

    places = ("/desk/{consultation_id:uuid}/call-files", "/v/{visit_id:uuid}/call-files")
    return [
        *(Route(place, send, methods=["POST"]) for place in places),
        *(Route(place + "/{file_id:uuid}", _take_out, methods=["GET"]) for place in places),
    ]


async def _send(request: Request, press: Press) -> Response:
    """The body is read only once it is clear that its sender is in the call; the room has the last word on that."""
    house = house_of(request)
    async with house.database.write() as tx:
        place = await _in_call(tx, request)
    await house.limiter.hit("upload", str(place.participant.id))
    async with read_upload(request, house.settings.most_file_bytes) as upload:
        if not upload.name:
            raise refusal("none")
        inspected = await inspect(press, house.scanner, upload.name, upload.content)
        sender = Sender(place.participant.name, place.person_id, place.participant.id)
        draft = Draft(inspected, place.consultation.patient_id, sender, shared=True, consultation_id=place.consultation.id)
        async with sealed(house, draft) as row, house.database.write() as tx:
            await add_file(tx, house, await patient_of(tx, place.consultation.patient_id), row)
    await _tell(request, place, row, inspected.name)
    return answer(Sent(id=row.id), 201)


async def _tell(request: Request, place: _Place, row: RecordFile, name: str) -> None:
    """Tell the call; a file of which it could not be told is not kept, so that it can be sent once more.

    Under a legal hold it is kept all the same; either way the sender is told what the room said.
    """
    rooms = cast(Rooms, request.app.state.rooms)
    command = ShareFile(file_id=row.id, name=name, kind=row.kind, size=row.size)
    try:
        await rooms.run(place.consultation.id, place.participant.id, command)
    except ConsiliumError:
        with suppress(Conflict):
            await _forget(request, place, row.id)
        raise


async def _forget(request: Request, place: _Place, file_id: UUID) -> None:
    house = house_of(request)
    async with house.database.write() as tx:
        filed = await file_of_call(tx, house.keyring, place.consultation.id, file_id)
        await delete_file(tx, await patient_of(tx, place.consultation.patient_id), filed, place.person_id, house.clock.now())
    await asyncio.to_thread(remove, house.settings.documents_dir, file_id)


async def _take_out(request: Request) -> Response:
    """For whoever is or was in the call; a guest only while they are in it, and only what was sent since they came."""
    house = house_of(request)
    async with house.database.write() as tx:
        place = await _place(tx, request)
        filed = await file_of_call(tx, house.keyring, place.consultation.id, request.path_params["file_id"])
        if not _may_take(place.participant, filed):
            raise NotFound
        await take_out(tx, await patient_of(tx, place.consultation.patient_id), filed, place.person_id, house.clock.now())
    return attachment(filed, await content_of(house, filed))


def _may_take(participant: Participant, filed: Filed) -> bool:
    if participant.role == Role.PROFESSIONAL:
        return True
    since = participant.admitted_at
    if participant.role == Role.PATIENT:
        return since is not None
    return participant.stage == Stage.IN_CALL and since is not None and since <= filed.row.added_at


async def _in_call(tx: Tx, request: Request) -> _Place:
    place = await _place(tx, request)
    if place.participant.stage != Stage.IN_CALL:
        raise Conflict("You can send a file once you are in the call.", code="not_in_call")
    return place


async def _place(tx: Tx, request: Request) -> _Place:
    """Pass the door of the consultation or of the visit; raises `NotSignedIn` and `NotFound`."""
    if "visit_id" in request.path_params:
        view = await view_of(tx, request)
        if view.closed:
            raise NotFound
        return _Place(view.visit.consultation, view.visit.participant, view.visit.participant.person_id)
    viewer = await professional_of(request)
    participant = await take_place(tx, viewer, request.path_params["consultation_id"])
    return _Place(await see_consultation(tx, viewer, participant.consultation_id), participant, viewer.person_id)
