"""The JSON API of notes: which there are in a consultation, what they say and said, and the tickets of their sockets."""

import asyncio
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.policy import Verb
from server.access.viewer import load_viewer, names_of, viewer_of
from server.errors import Invalid
from server.identity.gate import signed_in
from server.notes.actions import lay_out_notes
from server.notes.answers import (
    HistoryAnswer,
    NotesAnswer,
    TextAnswer,
    compared_sections,
    entry_answer,
    note_answer,
    note_answers,
    plain_sections,
    writers_of,
    written_sections,
)
from server.notes.compare import compare
from server.notes.doors import SeenNote, see_note, versions_of
from server.notes.history import edits_of, timeline
from server.notes.loading import authors_of, past_of, text_now
from server.notes.subject import NoteSubject
from server.web.endpoint import Empty, answer, house_of, read_body
from server.web.pages import language_of
from server.web.tickets import TicketAnswer

LONGEST_NUMBER = 9


def routes() -> list[Route]:
    one = "/api/notes/{note_id:uuid}"
    return [
        Route("/api/consultations/{consultation_id:uuid}/notes", _lay_out, methods=["POST"]),
        Route(one, _read, methods=["GET"]),
        Route(one + "/tickets", _ticket, methods=["POST"]),
        Route(one + "/text", _text, methods=["GET"]),
        Route(one + "/compare", _compare, methods=["GET"]),
        Route(one + "/history", _history, methods=["GET"]),
    ]


async def _lay_out(request: Request) -> Response:
    who = await signed_in(request)
    await read_body(request, Empty)
    house = house_of(request)
    now = house.clock.now()
    async with house.database.write() as tx:
        viewer = await load_viewer(tx, who, now)
        seen = await lay_out_notes(tx, house.keyring, viewer, request.path_params["consultation_id"], now)
        return answer(NotesAnswer(notes=await note_answers(tx, seen)))


async def _read(request: Request) -> Response:
    seen = await seen_note(request, Verb.SEE)
    async with house_of(request).database.read() as tx:
        return answer(await note_answer(tx, seen))


async def _ticket(request: Request) -> Response:
    who = await signed_in(request)
    await read_body(request, Empty)
    house = house_of(request)
    await house.limiter.hit("ticket", str(who.person_id))
    seen = await seen_note(request, Verb.SEE)
    subject = NoteSubject(seen.note.public_id, seen.viewer, who.session_id)
    return answer(TicketAnswer(ticket=house.tickets.issue("note", subject)))


async def _text(request: Request) -> Response:
    """The text now or after a row, and with `authors=1` whose words they are; the past shows what was deleted, so it is the history's."""
    seq = row_number(request.query_params.get("seq"), "seq")
    seen = await seen_note(request, Verb.SEE if seq is None else Verb.HISTORY)
    house, note_id = house_of(request), seen.note.id
    if "authors" not in request.query_params:
        text = await (text_now(house, note_id) if seq is None else (await past_of(house, note_id)).at(seq))
        return answer(TextAnswer(seq=text.fixed.seq, people=[], sections=plain_sections(text.prose)))
    past = await past_of(house, note_id)
    text, authors = await past.at(seq), await authors_of(house, note_id)
    sections = written_sections(await past.by_first_writers(text.prose), writers_of(authors, language_of(request)))
    return answer(TextAnswer(seq=text.fixed.seq, people=list(authors.names.values()), sections=sections))


async def _compare(request: Request) -> Response:
    seen = await seen_note(request, Verb.HISTORY)
    house, note_id = house_of(request), seen.note.id
    rows = [row_number(request.query_params.get(name), name) for name in ("from", "to")]
    past = await past_of(house, note_id)
    old, new = [await past.at(row) for row in rows]
    authors = await authors_of(house, note_id)
    found = await asyncio.to_thread(compare, old.prose, new.prose)
    language = language_of(request)
    sections = compared_sections(found, writers_of(authors, language), language)
    return answer(TextAnswer(seq=new.fixed.seq, people=list(authors.names.values()), sections=sections))


async def _history(request: Request) -> Response:
    seen = await seen_note(request, Verb.HISTORY)
    async with house_of(request).database.read() as tx:
        entries = timeline(await edits_of(tx, seen.note.id), await versions_of(tx, seen.note.id))
        names = await names_of(tx, {entry.person_id for entry in entries}, seen.facts.practice_id)
    return answer(HistoryAnswer(entries=[entry_answer(entry, names[entry.person_id]) for entry in entries]))


async def seen_note(request: Request, verb: Verb) -> SeenNote:
    """Load the note of the path through its door; raises `NotSignedIn` and `NotFound`."""
    viewer = await viewer_of(request)
    note_id: UUID = request.path_params["note_id"]
    async with house_of(request).database.read() as tx:
        return await see_note(tx, viewer, note_id, verb)


def row_number(given: str | None, name: str) -> int | None:
    """Read the number of a row, where one was given; raises `Invalid` with its name as the code."""
    if given is None:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > LONGEST_NUMBER:
        raise Invalid(code=name)
    return int(given)
