"""The ways to answers: for the professionals booked in the appointment, for its visit, and for the patient's own account."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, select

from server.access.policy import AnswerFacts, Viewer, may_see_answers
from server.core.db import Tx
from server.core.keyring import KeyRing, MissingKey, Sealer, Unreadable, place_of
from server.core.supervise import where
from server.errors import NotFound
from server.patients.answering import Answer, Fields, unpacked_answer
from server.patients.doors import OwnRecord
from server.patients.questionnaire import AnswerSet, Questionnaire, QuestionnaireVersion
from server.patients.questions import Question, unpacked

log = structlog.get_logger(__name__)

THING = "answers"  # of the audit's entries
MOST = 50  # sets in one list, the newest ones


class Progress(StrEnum):
    """How far a patient is with a questionnaire; `changing`: something was sent, and a change of it is not sent yet."""

    NOTHING = "nothing"
    BEGUN = "begun"
    SENT = "sent"
    CHANGING = "changing"


@dataclass(frozen=True)
class Sheet:
    """A set with the questions that it answers: what was written so far, or the answers that were sent.

    Both are None where the set cannot be opened any more.
    """

    row: AnswerSet
    questions: tuple[Question, ...]
    draft: Mapping[str, Fields] | None = None
    answers: Mapping[str, Answer] | None = None

    @property
    def unreadable(self) -> bool:
        return self.draft is None and self.answers is None


@dataclass(frozen=True)
class Sheets:
    """What there is for one appointment: a draft that nobody but the patient sees, and what was sent last."""

    draft: Sheet | None
    sent: Sheet | None


def key_place(set_id: UUID) -> bytes:
    return place_of("answer_set", set_id)


def sealer_of(keyring: KeyRing, row: AnswerSet) -> Sealer:
    """Open the set's own key; raises `MissingKey` and `Unreadable`."""
    return keyring.sealer(row.key_id, row.data_key, key_place(row.id))


def content_place(row: AnswerSet) -> bytes:
    """Bind the content to its set, and to whom and what it is about: it opens in no other row, and under no other question."""
    return place_of("answers", row.id, row.appointment_id, row.patient_id, row.version_id)


async def see_answers(tx: Tx, keyring: KeyRing, viewer: Viewer, facts: AnswerFacts, appointment_id: UUID) -> Sheet | None:
    """Load what was sent last for an appointment, of which `facts` say who gives it; raises `NotFound`."""
    if not may_see_answers(viewer, facts):
        raise NotFound
    return _newest(keyring, await tx.execute(_sheets().where(_sent_for([appointment_id])).limit(1)))


async def sheets_at(tx: Tx, keyring: KeyRing, appointment_id: UUID) -> Sheets:
    """Load what a visit opens; whoever calls passed its door, and shows what was sent to nobody but the patient."""
    rows = list(await tx.execute(_sheets().where(AnswerSet.appointment_id == appointment_id)))
    found = [_sheet(keyring, row, version) for row, version in rows]
    draft = next((one for one in found if one.row.sent_at is None), None)
    return Sheets(draft, next((one for one in found if one.row.sent_at is not None), None))


async def earlier_sheet(tx: Tx, keyring: KeyRing, record: OwnRecord, questionnaire_id: UUID, appointment_id: UUID) -> Sheet | None:
    """Load what the patient answered last to the same questionnaire before another appointment; the record is their own."""
    earlier = (AnswerSet.patient_id == record.patient.id) & AnswerSet.sent_at.is_not(None) & (AnswerSet.appointment_id != appointment_id)
    query = _sheets().where(earlier, QuestionnaireVersion.questionnaire_id == questionnaire_id)
    found = _newest(keyring, await tx.execute(query.limit(1)))
    return None if found is None or found.unreadable else found


async def own_sheets(tx: Tx, keyring: KeyRing, record: OwnRecord) -> list[Sheet]:
    """Load what the patient sent, what counts of each appointment, the newest first."""
    sent = (AnswerSet.patient_id == record.patient.id) & AnswerSet.sent_at.is_not(None)
    return _one_each(keyring, await tx.execute(_sheets().where(sent).limit(MOST)))


async def when_sent(tx: Tx, viewer: Viewer, appointments: Mapping[UUID, AnswerFacts]) -> dict[UUID, datetime]:
    """Say which of these appointments have answers that the viewer may see, and when they were sent last; nothing is opened."""
    seen = [appointment_id for appointment_id, facts in appointments.items() if may_see_answers(viewer, facts)]
    rows = await tx.execute(select(AnswerSet.appointment_id, AnswerSet.sent_at).where(_sent_for(seen)).order_by(AnswerSet.sent_at))
    return {appointment_id: sent_at for appointment_id, sent_at in rows if sent_at is not None}


async def progress_at(tx: Tx, appointment_id: UUID) -> Progress:
    """Say how far the patient is, without opening anything; whoever calls holds the appointment from a door."""
    query = select(AnswerSet.sent_at).where(AnswerSet.appointment_id == appointment_id)
    found = set(await tx.scalars(query))
    if not found:
        return Progress.NOTHING
    if None not in found:
        return Progress.SENT
    return Progress.BEGUN if found == {None} else Progress.CHANGING


async def newest_version(tx: Tx, questionnaire_id: UUID) -> QuestionnaireVersion | None:
    """Return what is asked now; None where nothing was published yet."""
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.questionnaire_id == questionnaire_id)
    return await tx.scalar(query.order_by(QuestionnaireVersion.number.desc()).limit(1))


async def published_of(tx: Tx, practice_id: UUID) -> list[Questionnaire]:
    """Return the questionnaires of a practice that can be asked, by name."""
    asked = select(QuestionnaireVersion.questionnaire_id)
    query = select(Questionnaire).where(Questionnaire.practice_id == practice_id, Questionnaire.id.in_(asked))
    return list(await tx.scalars(query.order_by(Questionnaire.name, Questionnaire.id)))


def _sent_for(appointment_ids: list[UUID]) -> ColumnElement[bool]:
    return AnswerSet.appointment_id.in_(appointment_ids) & AnswerSet.sent_at.is_not(None)


def _sheets() -> Select[AnswerSet, QuestionnaireVersion]:
    joined = select(AnswerSet, QuestionnaireVersion).join(QuestionnaireVersion, QuestionnaireVersion.id == AnswerSet.version_id)
    return joined.order_by(AnswerSet.sent_at.desc(), AnswerSet.begun_at.desc(), AnswerSet.id)


def _newest(keyring: KeyRing, rows: Iterable[tuple[AnswerSet, QuestionnaireVersion]]) -> Sheet | None:
    return next((_sheet(keyring, row, version) for row, version in rows), None)


def _one_each(keyring: KeyRing, rows: Iterable[tuple[AnswerSet, QuestionnaireVersion]]) -> list[Sheet]:
    newest: dict[UUID, Sheet] = {}
    for row, version in rows:
        if row.appointment_id not in newest:
            newest[row.appointment_id] = _sheet(keyring, row, version)
    return list(newest.values())


def _sheet(keyring: KeyRing, row: AnswerSet, version: QuestionnaireVersion) -> Sheet:
    """Open a set; one that cannot be opened any more must not hide the others."""
    questions = unpacked(version.questions)
    try:
        found = json.loads(sealer_of(keyring, row).open(row.sealed, content_place(row)))
    except (MissingKey, Unreadable) as error:
        log.warning("answers unreadable", error=type(error).__name__, where=where(error))
        return Sheet(row, questions)
    if row.sent_at is None:
        return Sheet(row, questions, draft=found)
    return Sheet(row, questions, answers={question_id: unpacked_answer(answer) for question_id, answer in found.items()})
