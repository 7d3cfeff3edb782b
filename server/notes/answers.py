"""What the JSON API says of notes and their texts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from server.access.policy import Kind, Verb
from server.access.viewer import names_of
from server.core.db import Tx
from server.core.marking import _
from server.notes.compare import Comparison
from server.notes.compare_html import Words, comparison_html
from server.notes.doors import SeenNote, last_rows, practice_of, released_of, standing_of
from server.notes.history import Entry
from server.notes.limits import SECTIONS
from server.notes.loading import Authors
from server.notes.model import NoteState, NoteVersion, Purpose, VersionKind
from server.notes.prose import Prose
from server.notes.prose_html import Writer, Writers, html_by_writer, html_of
from server.web.i18n import Language
from server.web.pages import initials


class SignatureAnswer(BaseModel):
    """`current`: the note says now what it said then."""

    name: str
    at: datetime
    kind: VersionKind
    current: bool


class NoteAnswer(BaseModel):
    """`may` lists what the viewer may do with it; `writable` says whether it takes text at all."""

    id: UUID
    kind: Kind
    purpose: Purpose
    number: int
    amends: UUID | None
    reason: str | None
    state: NoteState
    author: str
    mine: bool
    writable: bool
    may: list[Verb]
    signatures: list[SignatureAnswer]
    released: bool


class NotesAnswer(BaseModel):
    notes: list[NoteAnswer]


class SectionAnswer(BaseModel):
    """`html` holds p, ul, li, strong and em, and where it says so, span, ins and del."""

    name: str
    html: str


class TextAnswer(BaseModel):
    """`people` are those of the spans `by-0`, `by-1` …"""

    seq: int
    people: list[str]
    sections: list[SectionAnswer]


class ContributorAnswer(BaseModel):
    name: str
    letters: int
    you: bool


class ReviewAnswer(BaseModel):
    """The text that would be signed: whoever signs sends `seq` and `head` back, so that it is this one and no other."""

    seq: int
    head: str
    sha256: str
    sections: list[SectionAnswer]
    contributors: list[ContributorAnswer]
    signatures: list[SignatureAnswer]
    writing: list[str]


class EntryAnswer(BaseModel):
    kind: str
    name: str
    from_at: datetime
    to_at: datetime
    from_seq: int
    to_seq: int
    sha256: str | None


class HistoryAnswer(BaseModel):
    entries: list[EntryAnswer]


async def note_answers(tx: Tx, found: Sequence[SeenNote]) -> list[NoteAnswer]:
    """Ask the database as often for many notes as for one."""
    note_ids = [seen.note.id for seen in found]
    names = await names_of(tx, {seen.note.begun_by for seen in found}, practice_of(note_ids))
    signed, released = await signatures(tx, note_ids), await released_of(tx, note_ids)
    return [_note_answer(seen, names[seen.note.begun_by], signed[seen.note.id], released=seen.note.id in released) for seen in found]


async def note_answer(tx: Tx, seen: SeenNote) -> NoteAnswer:
    return (await note_answers(tx, [seen]))[0]


def _note_answer(seen: SeenNote, author: str, signed: list[SignatureAnswer], *, released: bool) -> NoteAnswer:
    note = seen.note
    return NoteAnswer(
        id=note.public_id,
        kind=note.kind,
        purpose=note.purpose,
        number=note.number,
        amends=seen.amends,
        reason=note.reason,
        state=note.state,
        author=author,
        mine=note.begun_by == seen.viewer.person_id,
        writable=seen.writable,
        may=[verb for verb in Verb if seen.may(verb)],
        signatures=signed,
        released=released,
    )


async def signatures(tx: Tx, note_ids: Collection[int]) -> dict[int, list[SignatureAnswer]]:
    """Return who stands for each of these notes, in order."""
    versions, last = await standing_of(tx, note_ids), await last_rows(tx, note_ids)
    names = await names_of(tx, {version.person_id for version in versions}, practice_of(note_ids))
    found: dict[int, list[SignatureAnswer]] = {note_id: [] for note_id in note_ids}
    for version in versions:
        found[version.note_id].append(_signature(version, names[version.person_id], last.get(version.note_id)))
    return found


def _signature(version: NoteVersion, name: str, last: tuple[int, bytes] | None) -> SignatureAnswer:
    return SignatureAnswer(name=name, at=version.made_at, kind=version.kind, current=last == (version.seq, version.head_hash))


def plain_sections(prose: Prose) -> list[SectionAnswer]:
    return [SectionAnswer(name=name, html=html_of(prose.sections.get(name, ()))) for name in SECTIONS]


def written_sections(prose: Prose, writers: Writers) -> list[SectionAnswer]:
    return [SectionAnswer(name=name, html=html_by_writer(prose.sections.get(name, ()), writers)) for name in SECTIONS]


def compared_sections(found: Comparison, writers: Writers, language: Language) -> list[SectionAnswer]:
    words = Words(
        added=language.text(_("added:")),
        removed=language.text(_("removed:")),
        restyled=language.text(_("other style:")),
        end=language.text(_("end of the change")),
        writers=writers,
    )
    return [SectionAnswer(name=name, html=comparison_html(found.sections.get(name, ()), words)) for name in SECTIONS]


def writers_of(authors: Authors, language: Language) -> Writers:
    """Return everybody who wrote; letters of nobody here are those that the note began with."""
    places = {person_id: place for place, person_id in enumerate(authors.names)}
    people = [Writer(name, initials(name)) for name in authors.names.values()]
    others = Writer(language.text(_("from the locked note")), "*")
    return Writers({client_id: places[person_id] for client_id, person_id in authors.by_client.items()}, people, others)


def entry_answer(entry: Entry, name: str) -> EntryAnswer:
    return EntryAnswer(
        kind=entry.kind,
        name=name,
        from_at=entry.from_at,
        to_at=entry.to_at,
        from_seq=entry.from_seq,
        to_seq=entry.to_seq,
        sha256=entry.sha256.hex() if entry.sha256 else None,
    )
