"""Answers to what somebody wrote to a practice: several, one after the other, and what became of each on its way."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing, MissingKey, Unreadable
from server.core.outbox import add_errand
from server.errors import Conflict, Invalid
from server.privacy.letter_rows import Letter, LetterAnswer
from server.privacy.letter_words import FAILED, LONGEST, Fate, State
from server.privacy.letters import move, opened, seal, see_letter

ANSWER = "letter_answer"


class Answered(NamedTuple):
    """An answer as its practice reads it; `words` is None where it cannot be opened any more."""

    row: LetterAnswer
    words: str | None


async def answers_to(tx: Tx, keyring: KeyRing, letter: Letter) -> list[Answered]:
    """Return them, the first one first."""
    rows = await tx.scalars(select(LetterAnswer).where(LetterAnswer.letter_id == letter.id).order_by(LetterAnswer.number))
    return [Answered(row, words_of(keyring, letter, row)) for row in rows]


def words_of(keyring: KeyRing, letter: Letter, row: LetterAnswer) -> str | None:
    try:
        return keyring.sealer(letter.key_id, letter.data_key, letter.key_place).open(row.sealed, letter.place(row.part)).decode()
    except (MissingKey, Unreadable):
        return None


async def astray(tx: Tx, letters: Collection[Letter]) -> set[UUID]:
    """Return the ids of those whose newest answer did not arrive."""
    ids = [letter.id for letter in letters]
    fates = select(LetterAnswer.letter_id, LetterAnswer.fate).where(LetterAnswer.letter_id.in_(ids)).order_by(LetterAnswer.number)
    newest = dict((await tx.execute(fates)).all())
    return {letter_id for letter_id, fate in newest.items() if fate in FAILED}


async def answer_letter(tx: Tx, keyring: KeyRing, viewer: Viewer, letter_id: UUID, words: str, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Answer it, by e-mail where there is an address; raises as `move` does, and `Invalid` with `answer:fault` as its code.

    What is answered takes no other answer until somebody takes it up again.
    """
    if not words or len(words) > LONGEST["answer"]:
        raise Invalid(code="answer:long" if words else "answer:empty")
    letter = await see_letter(tx, viewer, letter_id, lock=True)
    written = opened(keyring, letter).written
    if written is None:
        raise Conflict
    row = LetterAnswer(
        id=new_id(), letter_id=letter.id, number=len(await _numbers(tx, letter)) + 1, answered_at=now,
        fate=Fate.ON_ITS_WAY if written.reply_to else Fate.NO_ADDRESS,
    )  # fmt: skip
    row.sealed = seal(keyring, letter, row.part, words)
    tx.add(row)
    letter.answered_at = now
    await tx.flush()
    if written.reply_to:
        add_errand(tx, ANSWER, row.id, f"{ANSWER}:{row.id}", now)
    await move(tx, viewer, letter_id, State.ANSWERED, now)


async def _numbers(tx: Tx, letter: Letter) -> Sequence[int]:
    return (await tx.scalars(select(LetterAnswer.number).where(LetterAnswer.letter_id == letter.id))).all()


async def settle_answer(tx: Tx, answer_id: UUID, fate: Fate, now: datetime) -> None:
    """Take down what became of an answer. One that did not arrive opens its letter again, or nobody would look at it any more."""
    row = await tx.get(LetterAnswer, answer_id)
    if row is None:
        return
    row.fate = fate
    letter = await tx.get_one(Letter, row.letter_id, with_for_update={"key_share": True})
    if fate in FAILED and letter.state == State.ANSWERED:
        letter.state = State.IN_WORK
        await record(tx, Deed(letter.practice_id, None, Act.CHANGED, "letter", letter.id, None, "answer did not arrive"), now)
