"""What the patient answered before the consultation, beside its note: read by who is booked, and as text to insert into the note."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from server.access.model import Practice
from server.access.policy import AnswerFacts, Viewer, may_see_answers
from server.booking.doors import answer_facts, find_appointment
from server.booking.model import Service
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.keyring import KeyRing
from server.core.marking import _
from server.errors import NotFound
from server.notes.doors import SeenNote, see_setting
from server.notes.prose import Block, Bullets, Paragraph, Span
from server.notes.records import Held, SeenRecord
from server.patients.answer_doors import THING, Progress, Sheet, progress_at, see_answers, when_sent
from server.patients.answer_export import Filled
from server.patients.answer_words import BMI, Line, bmi_words, lines_of
from server.patients.model import Patient
from server.patients.questionnaire import QuestionnaireVersion
from server.web.i18n import Language

SOURCE = _("From the patient's answers of {day}, {time}:")


class Booked(NamedTuple):
    """An appointment with who gives it: what the door to its answers asks. `zone` is the practice's."""

    appointment_id: UUID
    facts: AnswerFacts
    zone: str


class Told(NamedTuple):
    """Answers in words; `bmi` is None where height or weight was not answered."""

    lines: list[Line]
    bmi: str | None


async def find_booked(tx: Tx, seen: SeenNote) -> Booked | None:
    """Return the appointment of a note for whoever is booked in it, and None for everybody else."""
    consultation, _name = await see_setting(tx, seen)
    appointment_id = consultation.appointment_id
    facts = (await answer_facts(tx, [appointment_id])).get(appointment_id) if appointment_id else None
    if appointment_id is None or facts is None or not may_see_answers(seen.viewer, facts):
        return None
    practice = await tx.get_one(Practice, consultation.practice_id)
    return Booked(appointment_id, facts, practice.time_zone)


async def booked_in_record(tx: Tx, seen: SeenRecord, appointment_id: UUID) -> Booked:
    """Return an appointment of a record that was seen; raises `NotFound`."""
    mine = {held.consultation.appointment_id for held in seen.held}
    facts = (await answer_facts(tx, [appointment_id])).get(appointment_id)
    if appointment_id not in mine or facts is None:
        raise NotFound
    return Booked(appointment_id, facts, (await tx.get_one(Practice, seen.patient.practice_id)).time_zone)


async def sent_in_record(tx: Tx, viewer: Viewer, seen: SeenRecord) -> list[tuple[Held, datetime]]:
    """Return the consultations of a record before which the patient answered, for whoever may see that, and when."""
    facts = await answer_facts(tx, [held.consultation.appointment_id for held in seen.held if held.consultation.appointment_id])
    sent = await when_sent(tx, viewer, facts)
    return [(held, sent[held.consultation.appointment_id]) for held in seen.held if held.consultation.appointment_id in sent]


async def are_asked_for(tx: Tx, seen: SeenNote) -> bool:
    """Tell whoever is booked whether the patient is asked something before this consultation; nothing is opened for it."""
    booked = await find_booked(tx, seen)
    appointment = await find_appointment(tx, booked.appointment_id) if booked else None
    if booked is None or appointment is None:
        return False
    if await progress_at(tx, booked.appointment_id) is not Progress.NOTHING:
        return True
    service = await tx.get(Service, appointment.service_id) if appointment.service_id else None
    return service is not None and service.questionnaire_id is not None


async def open_answers(  # noqa: PLR0913, PLR0917 - who, what, when and what for
    tx: Tx, keyring: KeyRing, viewer: Viewer, booked: Booked, now: datetime, act: Act = Act.LOOKED
) -> Sheet | None:
    """Load what was sent last, and put into the audit trail that it was opened; None where nothing was sent.

    Raises `NotFound` for whoever is not booked.
    """
    sheet = await see_answers(tx, keyring, viewer, booked.facts, booked.appointment_id)
    if sheet is not None and not sheet.unreadable:
        deed = Deed(booked.facts.practice_id, viewer.person_id, act, THING, sheet.row.id, sheet.row.patient_id)
        await record(tx, deed, now)
    return sheet


async def filled_of(tx: Tx, sheet: Sheet, patient: Patient, practice: Practice) -> Filled | None:
    """Return what a copy of answers says; None where they cannot be opened any more."""
    if sheet.answers is None or sheet.row.sent_at is None:
        return None
    version = await tx.get_one(QuestionnaireVersion, sheet.row.version_id)
    return Filled(
        id=sheet.row.id,
        patient_id=patient.id,
        patient_name=patient.name,
        practice_name=practice.name,
        questionnaire_id=version.questionnaire_id,
        version=version.number,
        sent_at=sheet.row.sent_at,
        questions=sheet.questions,
        answers=sheet.answers,
    )


def told(language: Language, sheet: Sheet) -> Told:
    answers = sheet.answers or {}
    return Told(lines_of(language, sheet.questions, answers), bmi_words(language, sheet.questions, answers))


def blocks_of(language: Language, sheet: Sheet, zone: str) -> Iterator[Block]:
    """Return the answers as they go into a note: first of all where they come from."""
    sent_at = (sheet.row.sent_at or sheet.row.saved_at).astimezone(ZoneInfo(zone))
    day = format_date(sent_at.date(), "long", locale=language.locale)
    yield _paragraph(language.text(SOURCE, day=day, time=format_time(sent_at, "HH:mm", locale=language.locale)))
    lines, bmi = told(language, sheet)
    items = [_item(line.question, line.answer) for line in lines if line.answer is not None]
    yield Bullets((*items, *([_item(language.text(BMI), bmi)] if bmi else [])))


def _item(question: str, answer: str) -> tuple[Block, ...]:
    """A long answer keeps its lines, the first of them behind the question."""
    first, *others = answer.split("\n")
    return (_paragraph(f"{question}: {first}" if question[-1:].isalnum() else f"{question} {first}"), *map(_paragraph, others))


def _paragraph(text: str) -> Paragraph:
    return Paragraph((Span(text, frozenset(), 0, 0),) if text else ())
