"""Adding, changing and deleting templates and snippets: everybody their own, an administrator the practice's."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from server.access.model import Practice
from server.access.policy import Viewer
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.errors import Conflict, Forbidden, Invalid
from server.notes.model import NoteSnippet, NoteTemplate
from server.notes.templates import MAX_BODY, MAX_SNIPPETS, MAX_TEMPLATES, Sections, packed
from server.notes.text_doors import Kept, count_of, find_snippet, see_text

MOST = {NoteTemplate: MAX_TEMPLATES, NoteSnippet: MAX_SNIPPETS}
FULL = {
    NoteTemplate: _("There are 50 templates already. Please delete one that is not needed any more."),
    NoteSnippet: _("There are 200 snippets already. Please delete one that is not needed any more."),
}
TAKEN = _("This shortcut is taken. Please choose another one.")
EMPTY = _("Please write something into at least one section.")
TOO_LONG = _("This text is too long. Please shorten it.")


class Owner(StrEnum):
    OWN = "own"
    PRACTICE = "practice"


class Writer(NamedTuple):
    """Somebody who keeps texts; `administrator` of the practice in which they work."""

    viewer: Viewer
    administrator: bool

    @property
    def owners(self) -> list[Owner]:
        """For whom they may keep texts: whoever writes no notes needs none of their own."""
        allowed = {Owner.OWN: self.viewer.professional_id is not None, Owner.PRACTICE: self.administrator}
        return [owner for owner, true in allowed.items() if true]

    def may_change(self, text: NoteTemplate | NoteSnippet) -> bool:
        """Whether they may change a text that the door let them see."""
        return owner_of(text) in self.owners


class Place(NamedTuple):
    """Where somebody adds a text: with their own, or with the practice's."""

    writer: Writer
    owner: Owner


def owner_of(text: NoteTemplate | NoteSnippet) -> Owner:
    return Owner.PRACTICE if text.person_id is None else Owner.OWN


async def add_template(tx: Tx, place: Place, name: str, sections: Sections, now: datetime) -> NoteTemplate:
    """Raises `Forbidden` for the practice's from whoever is no administrator, `Invalid`, and `Conflict` when there are too many."""
    practice_id, person_id = await _room_for(tx, place, NoteTemplate)
    body = _body(sections)
    template = NoteTemplate(id=new_id(), practice_id=practice_id, person_id=person_id, name=name, body=body, created_at=now)
    tx.add(template)
    return template


async def change_template(tx: Tx, writer: Writer, template_id: UUID, name: str, sections: Sections) -> NoteTemplate:
    """Raises `NotFound`, `Forbidden` and `Invalid`."""
    template = await see_mine(tx, writer, NoteTemplate, template_id)
    template.name, template.body = name, _body(sections)
    return template


async def add_snippet(tx: Tx, place: Place, shortcut: str, text: str, now: datetime) -> NoteSnippet:
    """Raises as `add_template` does, and `Conflict` for a shortcut that this owner has already."""
    practice_id, person_id = await _room_for(tx, place, NoteSnippet)
    await _free(tx, practice_id, person_id, shortcut, None)
    snippet = NoteSnippet(id=new_id(), practice_id=practice_id, person_id=person_id, shortcut=shortcut, text=text, created_at=now)
    tx.add(snippet)
    return snippet


async def change_snippet(tx: Tx, writer: Writer, snippet_id: UUID, shortcut: str, text: str) -> NoteSnippet:
    """Raises `NotFound`, `Forbidden`, and `Conflict` for a shortcut that another snippet has."""
    snippet = await see_mine(tx, writer, NoteSnippet, snippet_id)
    await _one_at_a_time(tx, snippet.practice_id)
    await _free(tx, snippet.practice_id, snippet.person_id, shortcut, snippet.id)
    snippet.shortcut, snippet.text = shortcut, text
    return snippet


async def delete_text(tx: Tx, writer: Writer, kind: type[Kept], text_id: UUID) -> Kept:
    """Delete it and return what it was; raises `NotFound` and `Forbidden`."""
    text = await see_mine(tx, writer, kind, text_id)
    await tx.delete(text)
    return text


async def see_mine(tx: Tx, writer: Writer, kind: type[Kept], text_id: UUID) -> Kept:
    """Load what they may change; raises `NotFound`, and `Forbidden` for what they may only use."""
    text = await see_text(tx, writer.viewer, kind, text_id)
    if not writer.may_change(text):
        raise Forbidden
    return text


async def _room_for(tx: Tx, place: Place, kind: type[Kept]) -> tuple[UUID, UUID | None]:
    """Return practice and person of a new text."""
    writer, owner = place
    practice_id = writer.viewer.practice_id
    if practice_id is None or owner not in writer.owners:
        raise Forbidden
    person_id = writer.viewer.person_id if owner is Owner.OWN else None
    await _one_at_a_time(tx, practice_id)
    if await count_of(tx, kind, practice_id, person_id) >= MOST[kind]:
        raise Conflict(FULL[kind], code="full")
    return practice_id, person_id


async def _one_at_a_time(tx: Tx, practice_id: UUID) -> None:
    """Let whoever adds to a practice wait for each other, so that the last place is not given twice."""
    await tx.get_one(Practice, practice_id, with_for_update=True)


async def _free(tx: Tx, practice_id: UUID, person_id: UUID | None, shortcut: str, but: UUID | None) -> None:
    taken = await find_snippet(tx, practice_id, person_id, shortcut)
    if taken is not None and taken.id != but:
        raise Conflict(TAKEN, code="shortcut")


def _body(sections: Sections) -> str:
    if sum(map(len, sections.values())) > MAX_BODY:
        raise Invalid(TOO_LONG, code="sections")
    body = packed(sections)
    if body == packed({}):
        raise Invalid(EMPTY, code="sections")
    return body
