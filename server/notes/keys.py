"""Which keys of the ring the notes, recordings and answers need, and how they all come under the current one while the server runs."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from server.consultation.recorded import Recording
from server.consultation.recording_actions import THING
from server.core.db import Database, Tx
from server.core.keyring import FILE, KeyRing, MissingKey, Unreadable, place_of
from server.notes.model import Note
from server.patients.answer_doors import key_place
from server.patients.questionnaire import AnswerSet
from server.settings import BadSettings

ERASED = ""  # the key of a note that was erased: it has none
BATCH = 100  # rows of one transaction: others write in between


async def check_keys(database: Database, keyring: KeyRing) -> None:
    """Open one note, one recording and one set of answers under each key that is in use.

    Raises `BadSettings` with one line for a key that is missing or another one.
    """
    async with database.read() as tx:
        for key_id, (count, newest) in (await _in_use(tx)).items():
            note = await tx.get_one(Note, newest)
            _try_key(keyring, key_id, note.data_key, place_of("note", note.public_id), f"{count} notes")
        for key_id, (count, one) in (await _in_recordings(tx)).items():
            recording = await tx.get_one(Recording, one)
            _try_key(keyring, key_id, recording.data_key or b"", place_of(THING, recording.id), f"{count} recordings")
        for key_id, (count, one) in (await _in_answers(tx)).items():
            answers = await tx.get_one(AnswerSet, one)
            _try_key(keyring, key_id, answers.data_key, key_place(answers.id), f"{count} sets of answers")


def _try_key(keyring: KeyRing, key_id: str, data_key: bytes, place: bytes, needing: str) -> None:
    try:
        keyring.sealer(key_id, data_key, place)
    except MissingKey:
        raise BadSettings(f"{FILE} lacks the key {key_id}, which {needing} need: put it back from its backup") from None
    except Unreadable:
        raise BadSettings(f"{FILE} holds another key {key_id} than the one of {needing}: put it back from its backup") from None


async def keys_in_use(database: Database) -> dict[str, int]:
    """Return how many notes, recordings and sets of answers each key encrypts."""
    async with database.read() as tx:
        counts = {key_id: count for key_id, (count, _) in (await _in_use(tx)).items()}
        for found in (await _in_recordings(tx), await _in_answers(tx)):
            for key_id, (count, _) in found.items():
                counts[key_id] = counts.get(key_id, 0) + count
        return counts


async def rotate(database: Database, keyring: KeyRing) -> AsyncIterator[tuple[int, int]]:
    """Bring every data key under the current key, and yield how many of how many are done; raises `MissingKey` and `Unreadable`.

    Only data keys change: the rows and files stay, and with them the chains that cover them. Open notes go on, for they hold their key
    already.
    """
    current = keyring.current
    async with database.read() as tx:
        total = await tx.scalar(select(func.count(Note.id)).where(Note.key_id.not_in((current, ERASED)))) or 0
        total += await tx.scalar(select(func.count(Recording.id)).where(Recording.key_id != current)) or 0
        total += await tx.scalar(select(func.count(AnswerSet.id)).where(AnswerSet.key_id != current)) or 0
    done = 0
    for rewrap_some in (_rewrap_notes, _rewrap_recordings, _rewrap_answers):
        count = BATCH
        while count:
            async with database.write() as tx:
                count = await rewrap_some(tx, keyring, current)
            done += count
            if count:
                yield done, max(total, done)


async def _rewrap_notes(tx: Tx, keyring: KeyRing, current: str) -> int:
    older = list(await tx.scalars(select(Note).where(Note.key_id.not_in((current, ERASED))).order_by(Note.id).limit(BATCH)))
    for note in older:
        key_id, data_key = keyring.rewrap(note.key_id, note.data_key, place_of("note", note.public_id))
        await tx.execute(update(Note).where(Note.id == note.id).values(key_id=key_id, data_key=data_key))
    return len(older)


async def _rewrap_recordings(tx: Tx, keyring: KeyRing, current: str) -> int:
    """A recording that is deleted has no key, and is passed over."""
    older = list(await tx.scalars(select(Recording).where(Recording.key_id != current).limit(BATCH).with_for_update()))
    for recording in older:
        place = place_of(THING, recording.id)
        recording.key_id, recording.data_key = keyring.rewrap(recording.key_id or "", recording.data_key or b"", place)
    return len(older)


async def _rewrap_answers(tx: Tx, keyring: KeyRing, current: str) -> int:
    """What was sent is never changed; its data key is only sealed anew."""
    older = list(await tx.scalars(select(AnswerSet).where(AnswerSet.key_id != current).limit(BATCH).with_for_update()))
    for answers in older:
        answers.key_id, answers.data_key = keyring.rewrap(answers.key_id, answers.data_key, key_place(answers.id))
    return len(older)


async def _in_use(tx: Tx) -> dict[str, tuple[int, int]]:
    rows = await tx.execute(
        select(Note.key_id, func.count(Note.id), func.max(Note.id)).where(Note.key_id != ERASED).group_by(Note.key_id).order_by(Note.key_id)
    )
    return {key_id: (count, newest) for key_id, count, newest in rows}


async def _in_recordings(tx: Tx) -> dict[str, tuple[int, UUID]]:
    return await _counted(tx, Recording.key_id, Recording.id)


async def _in_answers(tx: Tx) -> dict[str, tuple[int, UUID]]:
    return await _counted(tx, AnswerSet.key_id, AnswerSet.id)


async def _counted(tx: Tx, key_id: InstrumentedAttribute[Any], row_id: InstrumentedAttribute[UUID]) -> dict[str, tuple[int, UUID]]:
    """Return for each key how many rows need it, and one of them; there are few keys, and may be many rows."""
    counts = (await tx.execute(select(key_id, func.count()).where(key_id.is_not(None)).group_by(key_id).order_by(key_id))).all()
    ones = [(await tx.scalars(select(row_id).where(key_id == name).limit(1))).one() for name, _ in counts]
    return {name: (count, one) for (name, count), one in zip(counts, ones, strict=True)}
