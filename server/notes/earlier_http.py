"""The JSON API of earlier notes, whose text is shown beside the note of today."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.policy import Kind
from server.access.viewer import load_viewer, names_of
from server.errors import Invalid
from server.identity.gate import signed_in
from server.notes.doors import see_note
from server.notes.earlier import EarlierNote, load_earlier, read_earlier, record_looks
from server.notes.model import NoteState, Purpose
from server.notes.prose import Prose
from server.notes.prose_nodes import nodes_of
from server.web.endpoint import answer, house_of


class EarlierAnswer(BaseModel):
    """`sections` holds the editor's nodes of each section with a text; it is None where the note cannot be read any more."""

    id: UUID
    kind: Kind
    purpose: Purpose
    number: int
    state: NoteState
    author: str
    held_at: datetime
    sections: dict[str, list[dict[str, Any]]] | None


class EarlierPageAnswer(BaseModel):
    """`next` is asked for as `begin` of the following page; a page may hold fewer notes than usual, because empty ones are left out."""

    notes: list[EarlierAnswer]
    next: UUID | None


def routes() -> list[Route]:
    return [Route("/api/notes/{note_id:uuid}/earlier", _earlier)]


async def _earlier(request: Request) -> Response:
    """Read first, and answer only once it is on record who was shown which notes."""
    who = await signed_in(request)
    house = house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        seen = await see_note(tx, await load_viewer(tx, who, now), request.path_params["note_id"])
        page = await load_earlier(tx, seen, _begin(request))
        names = await names_of(tx, {note.seen.note.author_id for note in page.notes}, seen.facts.practice_id)
    read = [(note, await read_earlier(house, note.seen.note)) for note in page.notes]
    worded = [(note, prose) for note, prose in read if prose is not None and not prose.empty]
    async with house.database.write() as tx:
        await record_looks(tx, [note.seen for note, _ in worded], now)
    told = [_told(note, names[note.seen.note.author_id], prose) for note, prose in read if prose is None or not prose.empty]
    return answer(EarlierPageAnswer(notes=told, next=page.next_id))


def _begin(request: Request) -> UUID | None:
    given = request.query_params.get("begin")
    try:
        return UUID(given) if given is not None else None
    except ValueError:
        raise Invalid(code="begin") from None


def _told(earlier: EarlierNote, author: str, prose: Prose | None) -> EarlierAnswer:
    note = earlier.seen.note
    return EarlierAnswer(
        id=note.public_id,
        kind=note.kind,
        purpose=note.purpose,
        number=note.number,
        state=note.state,
        author=author,
        held_at=earlier.held_at,
        sections={name: nodes_of(blocks) for name, blocks in prose.sections.items() if blocks} if prose else None,
    )
