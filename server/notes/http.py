"""The JSON API of notes: which there are in a consultation, and the tickets of their sockets."""

from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.policy import Kind, Verb
from server.access.viewer import load_viewer, names_of
from server.identity.gate import signed_in
from server.notes.actions import lay_out_notes
from server.notes.doors import SeenNote, see_note
from server.notes.model import NoteState, Purpose
from server.notes.subject import NoteSubject
from server.web.endpoint import Empty, answer, house_of, read_body
from server.web.tickets import TicketAnswer


class NoteAnswer(BaseModel):
    """`may` lists what the viewer may do with it now; `writable` says whether it takes text at all."""

    id: UUID
    kind: Kind
    purpose: Purpose
    number: int
    state: NoteState
    author: str
    mine: bool
    writable: bool
    may: list[Verb]


class NotesAnswer(BaseModel):
    notes: list[NoteAnswer]


def routes() -> list[Route]:
    return [
        Route("/api/consultations/{consultation_id:uuid}/notes", _lay_out, methods=["POST"]),
        Route("/api/notes/{note_id:uuid}/tickets", _ticket, methods=["POST"]),
    ]


async def _lay_out(request: Request) -> Response:
    who = await signed_in(request)
    await read_body(request, Empty)
    house = house_of(request)
    now = house.clock.now()
    async with house.database.write() as tx:
        viewer = await load_viewer(tx, who.person_id, now)
        seen = await lay_out_notes(tx, house.keyring, viewer, request.path_params["consultation_id"], now)
        names = await names_of(tx, {one.note.author_id for one in seen})
    return answer(NotesAnswer(notes=[_told(one, names[one.note.author_id]) for one in seen]))


def _told(seen: SeenNote, author: str) -> NoteAnswer:
    note = seen.note
    return NoteAnswer(
        id=note.public_id,
        kind=note.kind,
        purpose=note.purpose,
        number=note.number,
        state=note.state,
        author=author,
        mine=note.author_id == seen.viewer.person_id,
        writable=seen.writable,
        may=[verb for verb in Verb if seen.may(verb)],
    )


async def _ticket(request: Request) -> Response:
    who = await signed_in(request)
    await read_body(request, Empty)
    house = house_of(request)
    await house.limiter.hit("ticket", str(who.person_id))
    async with house.database.read() as tx:
        viewer = await load_viewer(tx, who.person_id, house.clock.now())
        seen = await see_note(tx, viewer, request.path_params["note_id"])
    subject = NoteSubject(seen.note.public_id, viewer, who.session_id)
    return answer(TicketAnswer(ticket=house.tickets.issue("note", subject)))
