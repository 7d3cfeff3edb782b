"""Opening notes: a row is made once, and every tab gets its session before its first edit."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.access.model import Professional
from server.access.policy import Kind, Verb, Viewer, may
from server.consultation.doors import see_consultation
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing, place_of
from server.errors import Conflict
from server.notes.doors import SeenNote, facts_of, find_note, find_session, notes_of, see_note
from server.notes.limits import MAX_CLIENT_ID, SCHEMA_VERSION
from server.notes.model import Note, NoteSession, NoteState, Purpose
from server.notes.subject import NoteRef

ATTEMPTS = 5


class OpenedNote(NamedTuple):
    ref: NoteRef
    session_id: int
    client_id: int
    writable: bool


async def lay_out_notes(tx: Tx, keyring: KeyRing, viewer: Viewer, consultation_id: UUID, now: datetime) -> list[SeenNote]:
    """Add the notes that the viewer writes in this consultation, where they are missing, and return all that they may see.

    The host's note is everybody's who may write in it. Whoever may not has one of their own: nobody is without a place to write.
    Raises `NotFound` for a consultation that is not there or not theirs.
    """
    consultation = await see_consultation(tx, viewer, consultation_id)
    host = await tx.get_one(Professional, consultation.professional_id)
    together = may(viewer, Verb.WRITE, await facts_of(tx, consultation, Kind.SHARED, host.person_id))
    for kind, author_id in _places(viewer, host.person_id if together else viewer.person_id):
        if await find_note(tx, consultation_id, kind, author_id) is None:
            await _add(tx, _new_note(keyring, consultation_id, kind, author_id, now))
    return await notes_of(tx, viewer, consultation_id)


def _places(viewer: Viewer, author_id: UUID) -> Iterator[tuple[Kind, UUID]]:
    yield Kind.SHARED, author_id
    yield Kind.SUMMARY, author_id
    yield Kind.JOTTINGS, viewer.person_id


async def open_note(tx: Tx, viewer: Viewer, public_id: UUID, resume: int | None, now: datetime) -> OpenedNote:
    """Open a note for one tab; `resume` is the client id that this tab had before.

    A look is kept once for each session.
    Raises `NotFound`, and `Conflict` when the tab's session or the note's schema is not one that we can go on with.
    """
    seen = await see_note(tx, viewer, public_id)
    if seen.note.schema_version != SCHEMA_VERSION:
        raise outdated()
    if resume is not None:
        session = await _resume(tx, seen.note, viewer, resume)
    else:
        session = await begin_session(tx, seen.note, viewer, now)
        await record(tx, _looked(seen), now)
    return OpenedNote(seen.ref, session.id, session.client_id, seen.writable)


def outdated() -> Conflict:
    return Conflict("This page is older than the server. Please copy what is not saved and load the page again.", code="outdated")


async def _add(tx: Tx, note: Note) -> None:
    """Of two that add the same note at the same moment one adds it, and the other finds it there."""
    try:
        async with tx.begin_nested():
            tx.add(note)
    except IntegrityError:
        if await find_note(tx, note.consultation_id, note.kind, note.author_id) is None:
            raise


def _new_note(keyring: KeyRing, consultation_id: UUID, kind: Kind, author_id: UUID, now: datetime) -> Note:
    public_id = new_id()
    key_id, data_key = keyring.new_data_key(place_of("note", public_id))
    return Note(
        public_id=public_id,
        consultation_id=consultation_id,
        kind=kind,
        author_id=author_id,
        number=0,
        purpose=Purpose.ORIGINAL,
        amends_id=None,
        begun_by=author_id,
        reason=None,
        state=NoteState.DRAFT,
        schema_version=SCHEMA_VERSION,
        key_id=key_id,
        data_key=data_key,
        created_at=now,
    )


def _looked(seen: SeenNote) -> Deed:
    facts = seen.facts
    return Deed(facts.practice_id, seen.viewer.person_id, Act.LOOKED, "note", seen.note.public_id, facts.patient_id)


async def _resume(tx: Tx, note: Note, viewer: Viewer, client_id: int) -> NoteSession:
    session = await find_session(tx, note, viewer, client_id)
    if session is None:
        raise outdated()
    return session


async def begin_session(tx: Tx, note: Note, viewer: Viewer, now: datetime) -> NoteSession:
    """Add a session under a client id that nobody in this note has or had."""
    for _ in range(ATTEMPTS):
        session = NoteSession(note_id=note.id, person_id=viewer.person_id, client_id=new_client_id(), opened_at=now)
        try:
            async with tx.begin_nested():
                tx.add(session)
        except IntegrityError:
            continue
        return session
    raise Conflict


def new_client_id() -> int:
    """Return a random number from 1 to 2^32 - 1: the ids of Yjs have 32 bits."""
    return 1 + new_id().int % (MAX_CLIENT_ID - 1)
