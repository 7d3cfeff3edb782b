"""A practice's own texts and which reminders it sends: decided by its administrators, on record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import administers
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Forbidden, Invalid
from server.messaging.model import MessageText
from server.messaging.wording import Kind, fault_of


async def find_text(tx: Tx, practice_id: UUID, kind: Kind, language: str) -> str | None:
    """Return the practice's own text, or None where the built-in one holds."""
    found = await tx.get(MessageText, (practice_id, kind, language))
    return None if found is None else found.text


async def changed_texts(tx: Tx, practice_id: UUID) -> set[tuple[str, str]]:
    """Return kind and language of every text that the practice has written itself."""
    rows = await tx.execute(select(MessageText.kind, MessageText.language).where(MessageText.practice_id == practice_id))
    return {(kind, language) for kind, language in rows}


async def administered(tx: Tx, viewer: Viewer) -> Practice:
    """Return the practice that the viewer administers; raises `Forbidden`."""
    if viewer.practice_id is None or not await administers(tx, viewer):
        raise Forbidden
    return await tx.get_one(Practice, viewer.practice_id)


async def keep_text(tx: Tx, viewer: Viewer, place: tuple[Kind, str], text: str, now: datetime) -> None:
    """Store the practice's own text for a kind and a language; raises `Forbidden`, and `Invalid` with the code of its fault."""
    practice, (kind, language) = await administered(tx, viewer), place
    if fault := fault_of(kind, text)[0]:
        raise Invalid(code=fault)
    await tx.merge(MessageText(practice_id=practice.id, kind=kind, language=language, text=text, changed_at=now))
    await _note(tx, viewer, practice, f"writes its own text: {kind}, {language}", now)


async def drop_text(tx: Tx, viewer: Viewer, place: tuple[Kind, str], now: datetime) -> None:
    """Go back to the built-in text; raises `Forbidden`."""
    practice, (kind, language) = await administered(tx, viewer), place
    mine = (MessageText.practice_id == practice.id) & (MessageText.kind == kind) & (MessageText.language == language)
    await tx.execute(delete(MessageText).where(mine))
    await _note(tx, viewer, practice, f"goes back to the built-in text: {kind}, {language}", now)


async def decide_reminders(tx: Tx, viewer: Viewer, now: datetime, *, day_before: bool, shortly_before: bool) -> None:
    """Decide which reminders go out from now on; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    if (practice.reminds_day_before, practice.reminds_shortly_before) == (day_before, shortly_before):
        return
    practice.reminds_day_before, practice.reminds_shortly_before = day_before, shortly_before
    words = {"a day before": day_before, "shortly before": shortly_before}
    await _note(tx, viewer, practice, "reminds " + (" and ".join(word for word, on in words.items() if on) or "nobody"), now)


async def _note(tx: Tx, viewer: Viewer, practice: Practice, said: str, now: datetime) -> None:
    await record(tx, Deed(practice.id, viewer.person_id, Act.CHANGED, "practice", practice.id, None, said), now)
