"""What a patient does with a questionnaire, inside the caller's transaction: begin, save what is written, and send it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing
from server.core.marking import _
from server.errors import Conflict, Invalid
from server.patients.answer_doors import Sheet, Sheets, content_place, key_place, sealer_of
from server.patients.answering import LONG_TEXT, LONGEST_TEXT, Fields, answers_of, draft_of, packed_answer
from server.patients.questionnaire import AnswerSet, QuestionnaireVersion
from server.patients.questions import Question, unpacked

UNREADABLE = _("Your answers cannot be opened at the moment. Please call the practice.")
CHANGED = _("Your answers were changed elsewhere in the meantime. Please look through them once more.")


@dataclass(frozen=True)
class Sitting:
    """Who answers which questions, and before which appointment."""

    appointment_id: UUID
    patient_id: UUID
    version: QuestionnaireVersion


async def begin(tx: Tx, keyring: KeyRing, sitting: Sitting, draft: Mapping[str, Fields], now: datetime) -> Sheet:
    """Begin a draft, which stays with its version whatever is published later. Whoever calls has seen that there is none."""
    set_id = new_id()
    key_id, data_key = keyring.new_data_key(key_place(set_id))
    row = AnswerSet(
        id=set_id,
        appointment_id=sitting.appointment_id,
        patient_id=sitting.patient_id,
        version_id=sitting.version.id,
        key_id=key_id,
        data_key=data_key,
        edits=0,
        begun_at=now,
        saved_at=now,
        sent_at=None,
    )
    row.sealed = _sealed(keyring, row, draft)
    tx.add(row)
    await tx.flush()
    return Sheet(row, unpacked(sitting.version.questions), draft=draft)


async def change_sent(tx: Tx, keyring: KeyRing, sheets: Sheets, now: datetime) -> Sheet:
    """Return the draft, or begin one with what was sent: that itself is never changed. Raises `Conflict` for what cannot be opened."""
    if sheets.draft is not None:
        return _readable(sheets.draft)
    sent = sheets.sent
    if sent is None or sent.answers is None:
        raise Conflict(UNREADABLE, code="unreadable")
    version = await tx.get_one(QuestionnaireVersion, sent.row.version_id)
    sitting = Sitting(sent.row.appointment_id, sent.row.patient_id, version)
    return await begin(tx, keyring, sitting, draft_of(sent.questions, sent.answers), now)


def save(keyring: KeyRing, sheet: Sheet, question: Question, fields: Fields, now: datetime) -> Sheet:
    """Keep what was written so far to one question, be it an answer already or not; the others stay as they are.

    Raises `Invalid` for more than a draft keeps, and `Conflict` for a draft that cannot be opened.
    """
    long = next((name for name, text in fields.items() if len(text) > LONGEST_TEXT), None)
    if long is not None:
        raise Invalid(LONG_TEXT, code=long)
    before = _readable(sheet).draft or {}
    if before.get(question.id, {}) == fields:
        return sheet
    draft = {question_id: kept for question_id, kept in {**before, question.id: fields}.items() if kept}
    sheet.row.sealed = _sealed(keyring, sheet.row, draft)
    sheet.row.edits += 1
    sheet.row.saved_at = now
    return replace(sheet, draft=draft)


def send(keyring: KeyRing, sheet: Sheet, edits: int, now: datetime) -> None:
    """Send it as it was checked, when the draft counted so many `edits`; from then on it is never changed.

    Raises `Invalid` while something is missing or wrong, and `Conflict` where it was changed meanwhile.
    """
    draft = _readable(sheet).draft or {}
    if edits != sheet.row.edits:
        raise Conflict(CHANGED, code="changed")
    answers = answers_of(sheet.questions, draft)
    sheet.row.sealed = _sealed(keyring, sheet.row, {question_id: packed_answer(one) for question_id, one in answers.items()})
    sheet.row.saved_at = sheet.row.sent_at = now


async def drop_draft(tx: Tx, appointment_id: UUID) -> None:
    """Forget what was written and never sent: once it cannot be sent any more it is nobody's. Whoever calls settles the appointment."""
    await tx.execute(delete(AnswerSet).where(AnswerSet.appointment_id == appointment_id, AnswerSet.sent_at.is_(None)))


def _readable(sheet: Sheet) -> Sheet:
    if sheet.draft is None:
        raise Conflict(UNREADABLE, code="unreadable")
    return sheet


def _sealed(keyring: KeyRing, row: AnswerSet, content: Mapping[str, Any]) -> bytes:
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return sealer_of(keyring, row).seal(plain, content_place(row))
