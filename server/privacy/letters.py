"""Takes in what somebody writes to a practice, and what its administrators do about it."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select

from server.access.model import Practice
from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing, MissingKey, Unreadable
from server.core.outbox import add_errand
from server.core.paging import Paged, paged
from server.errors import Conflict, Invalid, NotFound
from server.messaging.own_texts import administered
from server.privacy.letter_rows import Letter
from server.privacy.letter_words import NEXT, OPEN, Kind, State, Written, due_at, fault_of

CONFIRM = "letter_confirm"


@dataclass(frozen=True)
class Opened:
    """A letter as its practice reads it; `written` is None where it cannot be opened any more."""

    letter: Letter
    written: Written | None


async def take_in(tx: Tx, keyring: KeyRing, practice: Practice, kind: Kind, written: Written, days: int, now: datetime) -> Letter:  # noqa: PLR0913, PLR0917
    """Store a letter, and confirm it where there is an address; raises `Invalid` with `field:fault` as its code."""
    field, fault = fault_of(written)
    if fault:
        raise Invalid(code=f"{field}:{fault}")
    await tx.get_one(Practice, practice.id, with_for_update={"key_share": True})
    last = await tx.scalar(select(func.max(Letter.number)).where(Letter.practice_id == practice.id)) or 0
    letter = _new_letter(practice, kind, last + 1, now)
    letter.acknowledge_by = due_at(now, days) if kind == Kind.COMPLAINT else None
    letter.key_id, letter.data_key = keyring.new_data_key(letter.key_place)
    letter.sealed = seal(keyring, letter, "words", json.dumps(written._asdict()))
    tx.add(letter)
    await tx.flush()
    if written.reply_to:
        add_errand(tx, CONFIRM, letter.id, f"{CONFIRM}:{letter.id}", now)
    return letter


def _new_letter(practice: Practice, kind: Kind, number: int, now: datetime) -> Letter:
    return Letter(
        id=new_id(),
        practice_id=practice.id,
        number=number,
        kind=kind,
        state=State.NEW,
        received_at=now,
        acknowledged_at=None,
        answered_at=None,
        closed_at=None,
    )


async def letters_of(tx: Tx, viewer: Viewer, page: int, *, settled: bool) -> Paged[Letter]:
    """Return a page of the letters of the practice that the viewer administers, what is due first; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    state = Letter.state.not_in(OPEN) if settled else Letter.state.in_(OPEN)
    order = (Letter.received_at.desc(),) if settled else (Letter.acknowledge_by.is_(None), Letter.acknowledge_by, Letter.received_at)
    return await paged(tx, select(Letter).where(Letter.practice_id == practice.id, state).order_by(*order, Letter.id), page)


async def open_letters(tx: Tx, viewer: Viewer) -> dict[Kind, tuple[int, datetime | None]]:
    """Return by kind how many are open, and by when the first is to be acknowledged; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    by = case((Letter.acknowledged_at.is_(None), Letter.acknowledge_by))
    mine = select(Letter.kind, func.count(), func.min(by, type_=Letter.received_at.type)).group_by(Letter.kind)
    rows = await tx.execute(mine.where(Letter.practice_id == practice.id, Letter.state.in_(OPEN)))
    return {Kind(kind): (many, first) for kind, many, first in rows}


async def see_letter(tx: Tx, viewer: Viewer, letter_id: UUID, *, lock: bool = False) -> Letter:
    """Load one of them; raises `Forbidden` and `NotFound`."""
    practice = await administered(tx, viewer)
    mine = select(Letter).where(Letter.id == letter_id, Letter.practice_id == practice.id)
    letter = await tx.scalar(mine.with_for_update() if lock else mine)
    if letter is None:
        raise NotFound
    return letter


async def look_at(tx: Tx, keyring: KeyRing, viewer: Viewer, letter_id: UUID, now: datetime) -> Opened:
    """Open a letter for an administrator, on record."""
    letter = await see_letter(tx, viewer, letter_id)
    await _note(tx, viewer, letter, Act.LOOKED, None, now)
    return opened(keyring, letter)


def opened(keyring: KeyRing, letter: Letter) -> Opened:
    """Open what is sealed; a key that is gone hides this letter and no other."""
    try:
        sealer = keyring.sealer(letter.key_id, letter.data_key, letter.key_place)
        written = Written(**json.loads(sealer.open(letter.sealed, letter.place("words"))))
    except (MissingKey, Unreadable):
        return Opened(letter, None)
    return Opened(letter, written)


async def move(tx: Tx, viewer: Viewer, letter_id: UUID, state: State, now: datetime) -> Letter:
    """Say how far it is; raises `Forbidden`, `NotFound`, and `Conflict` for a step that there is not."""
    letter = await see_letter(tx, viewer, letter_id, lock=True)
    if state not in NEXT[State(letter.state)]:
        raise Conflict
    letter.state = state
    letter.acknowledged_at = letter.acknowledged_at or now
    letter.closed_at = now if state == State.CLOSED else None
    await _note(tx, viewer, letter, Act.CHANGED, str(state), now)
    return letter


def seal(keyring: KeyRing, letter: Letter, part: str, words: str) -> bytes:
    return keyring.sealer(letter.key_id, letter.data_key, letter.key_place).seal(words.encode(), letter.place(part))


async def _note(tx: Tx, viewer: Viewer, letter: Letter, act: Act, said: str | None, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    await record(tx, Deed(letter.practice_id, viewer.person_id, act, "letter", letter.id, None, said), now)
