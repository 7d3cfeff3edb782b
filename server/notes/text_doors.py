"""The only ways to load templates and snippets: one's own, and the practice's."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from server.access.policy import Viewer
from server.core.db import Tx
from server.errors import NotFound
from server.notes.model import NoteSnippet, NoteTemplate

Kept = TypeVar("Kept", NoteTemplate, NoteSnippet)


async def see_templates(tx: Tx, viewer: Viewer) -> list[NoteTemplate]:
    """Load one's own templates and the practice's, by name."""
    mine = select(NoteTemplate).where(_visible(NoteTemplate, viewer))
    return list(await tx.scalars(mine.order_by(func.lower(NoteTemplate.name), NoteTemplate.id)))


async def see_snippets(tx: Tx, viewer: Viewer) -> list[NoteSnippet]:
    """Load one's own snippets and the practice's, by shortcut."""
    mine = select(NoteSnippet).where(_visible(NoteSnippet, viewer))
    return list(await tx.scalars(mine.order_by(NoteSnippet.shortcut, NoteSnippet.id)))


async def see_text(tx: Tx, viewer: Viewer, kind: type[Kept], text_id: UUID) -> Kept:
    """Load one template or snippet, for whoever may use it; raises `NotFound`."""
    found = await tx.scalar(select(kind).where(kind.id == text_id, _visible(kind, viewer)))
    if found is None:
        raise NotFound
    return found


async def count_of(tx: Tx, kind: type[Kept], practice_id: UUID, person_id: UUID | None) -> int:
    """Count what one owner has."""
    return await tx.scalar(select(func.count()).select_from(kind).where(_of(kind, practice_id, person_id))) or 0


async def find_snippet(tx: Tx, practice_id: UUID, person_id: UUID | None, shortcut: str) -> NoteSnippet | None:
    """Find what a shortcut stands for with one owner."""
    return await tx.scalar(select(NoteSnippet).where(_of(NoteSnippet, practice_id, person_id), NoteSnippet.shortcut == shortcut))


def _visible(kind: type[Kept], viewer: Viewer) -> ColumnElement[bool]:
    return (kind.practice_id == viewer.practice_id) & or_(kind.person_id.is_(None), kind.person_id == viewer.person_id)


def _of(kind: type[Kept], practice_id: UUID, person_id: UUID | None) -> ColumnElement[bool]:
    return (kind.practice_id == practice_id) & (kind.person_id == person_id if person_id else kind.person_id.is_(None))
