"""What somebody who leaves a practice has not closed: it is closed as it stands, under a mark that says so and nobody's signature."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.house import House
from server.core.keyring import KeyRing, MissingKey, Unreadable
from server.core.supervise import where
from server.errors import Malformed
from server.notes.chain import Broken
from server.notes.document import Poisoned
from server.notes.doors import drafts_of
from server.notes.hub import Hub
from server.notes.loading import Text, text_now
from server.notes.model import NoteState, VersionKind
from server.notes.signing import fix, moved
from server.notes.yproto import Bad

log = structlog.get_logger(__name__)
Texts = Mapping[int, Text | None]


class Leaver(NamedTuple):
    """Who leaves which practice, and who says so."""

    practice_id: UUID
    person_id: UUID
    said_by: UUID


async def texts_of_unclosed(house: House, hub: Hub, practice_id: UUID, person_id: UUID) -> dict[int, Text | None]:
    """Return what each of these notes says now, once all that it has accepted is on disk; None for one that cannot be read.

    Raises `NotStored`.
    """
    async with house.database.read() as tx:
        drafts = await drafts_of(tx, practice_id, person_id)
    texts: dict[int, Text | None] = {}
    for note, _patient_id in drafts:
        await hub.settle(note.id)
        texts[note.id] = await _text(house, note.id)
    return texts


async def close_unclosed(tx: Tx, keyring: KeyRing, leaver: Leaver, texts: Texts, now: datetime) -> list[int]:
    """Lock them over these texts, and return which; raises `Conflict` with `moved` where one says something else by now.

    One that cannot be read stays as it is: nobody could say what was closed.
    """
    closed = []
    for note, patient_id in await drafts_of(tx, leaver.practice_id, leaver.person_id, lock=True):
        if note.id not in texts:
            raise moved()
        text = texts[note.id]
        if text is None:
            continue
        await fix(tx, keyring, note, text, (VersionKind.LEFT, leaver.person_id, now))
        note.state = NoteState.LOCKED
        deed = Deed(leaver.practice_id, leaver.said_by, Act.LOCKED, "note", note.public_id, patient_id, "not closed by who left")
        await record(tx, deed, now)
        closed.append(note.id)
    return closed


async def _text(house: House, note_id: int) -> Text | None:
    try:
        return await text_now(house, note_id)
    except (Bad, Broken, Malformed, MissingKey, Poisoned, Unreadable) as error:
        log.warning("note unreadable", note=note_id, error=type(error).__name__, where=where(error))
        return None
