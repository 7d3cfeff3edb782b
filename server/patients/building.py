"""What a professional does with the practice's questionnaires, inside the caller's transaction. Publishing makes a version that stays."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from secrets import token_hex
from uuid import UUID

from sqlalchemy import func, select

from server.access.policy import Viewer
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.patients.answer_doors import newest_version
from server.patients.questionnaire import Questionnaire, QuestionnaireVersion
from server.patients.questions import FULL, MAX_QUESTIONS, NOTHING_ASKED, USUAL, USUAL_NAME, Question, checked_name, packed, unpacked
from server.web.i18n import Language

MAX_QUESTIONNAIRES = 30  # of a practice; one more is refused with 'full'
MAX_VERSIONS = 500  # of a questionnaire; the same
TOO_MANY = _("There are too many questionnaires already.")
TOO_MANY_VERSIONS = _("This questionnaire was published too often. Please begin a new one.")

Questions = tuple[Question, ...]


async def see_questionnaires(tx: Tx, viewer: Viewer) -> list[tuple[Questionnaire, QuestionnaireVersion | None]]:
    """Load those of the viewer's practice by name, each with what is asked now; raises `Forbidden`."""
    query = select(Questionnaire).where(Questionnaire.practice_id == _practice_of(viewer))
    found = list(await tx.scalars(query.order_by(Questionnaire.name, Questionnaire.id)))
    return [(one, await newest_version(tx, one.id)) for one in found]


async def see_questionnaire(tx: Tx, viewer: Viewer, questionnaire_id: UUID, *, lock: bool = False) -> Questionnaire:
    """Load one of them; raises `Forbidden` and `NotFound`."""
    query = select(Questionnaire).where(Questionnaire.id == questionnaire_id, Questionnaire.practice_id == _practice_of(viewer))
    found = await tx.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


async def add_questionnaire(tx: Tx, viewer: Viewer, name: str, now: datetime, questions: Questions = ()) -> Questionnaire:
    """Begin one that nobody is asked yet; raises `Forbidden`, `Invalid`, and `Conflict` when there are too many."""
    practice_id = _practice_of(viewer)
    count = await tx.scalar(select(func.count(Questionnaire.id)).where(Questionnaire.practice_id == practice_id)) or 0
    if count >= MAX_QUESTIONNAIRES:
        raise Conflict(TOO_MANY, code="full")
    made = Questionnaire(
        id=new_id(),
        practice_id=practice_id,
        name=checked_name(name),
        draft=packed(questions),
        edits=1,
        usual=False,
        created_at=now,
    )
    tx.add(made)
    await tx.flush()
    return made


async def usual_questionnaire(tx: Tx, viewer: Viewer, language: Language, now: datetime) -> Questionnaire:
    """Return the practice's usual questions, made and published in the viewer's language where there are none yet."""
    usual = select(Questionnaire).where(Questionnaire.practice_id == _practice_of(viewer), Questionnaire.usual)
    known = await tx.scalar(usual.order_by(Questionnaire.created_at).limit(1))
    if known is not None:
        return known
    questions = tuple(replace(one, text=language.text(one.text), hint=language.text(one.hint)) for one in USUAL)
    made = await add_questionnaire(tx, viewer, language.text(USUAL_NAME), now, questions)
    made.usual = True
    await publish(tx, viewer, made, now)
    return made


def rename(questionnaire: Questionnaire, name: str) -> None:
    questionnaire.name = checked_name(name)


def put_question(questionnaire: Questionnaire, question: Question) -> None:
    """Add a question at the end, or put it in the place of the one with its id; raises `Invalid`, and `Conflict` for one too many."""
    question = question.checked()
    questions = unpacked(questionnaire.draft)
    if any(one.id == question.id for one in questions):
        questionnaire.draft = packed([question if one.id == question.id else one for one in questions])
        return
    if len(questions) >= MAX_QUESTIONS:
        raise Conflict(FULL, code="full")
    questionnaire.draft = packed([*questions, question])


def find_question(questionnaire: Questionnaire, question_id: str) -> Question:
    """Return a question of the draft; raises `NotFound`."""
    found = next((one for one in unpacked(questionnaire.draft) if one.id == question_id), None)
    if found is None:
        raise NotFound
    return found


def remove_question(questionnaire: Questionnaire, question_id: str) -> None:
    questionnaire.draft = packed([one for one in unpacked(questionnaire.draft) if one.id != question_id])


def raise_question(questionnaire: Questionnaire, question_id: str) -> None:
    """Ask it earlier by one place."""
    questionnaire.draft = packed(_swapped(unpacked(questionnaire.draft), question_id, -1))


def lower_question(questionnaire: Questionnaire, question_id: str) -> None:
    """Ask it later by one place."""
    questionnaire.draft = packed(_swapped(unpacked(questionnaire.draft), question_id, +1))


def _swapped(questions: Questions, question_id: str, by: int) -> Sequence[Question]:
    moved = list(questions)
    place = next((number for number, one in enumerate(moved) if one.id == question_id), None)
    if place is not None and 0 <= place + by < len(moved):
        moved[place], moved[place + by] = moved[place + by], moved[place]
    return moved


async def publish(tx: Tx, viewer: Viewer, questionnaire: Questionnaire, now: datetime) -> None:
    """Ask from now on what the draft says, as a new version; a draft that says the same as the newest one changes nothing.

    Whoever has begun to answer goes on with the version that they began. Raises `Invalid` for nothing, and `Conflict` for too many.
    """
    if not unpacked(questionnaire.draft):
        raise Invalid(NOTHING_ASKED, code="publish")
    newest = await newest_version(tx, questionnaire.id)
    if newest is not None and newest.questions == questionnaire.draft:
        return
    number = newest.number + 1 if newest else 1
    if number > MAX_VERSIONS:
        raise Conflict(TOO_MANY_VERSIONS, code="full")
    tx.add(
        QuestionnaireVersion(
            id=new_id(),
            questionnaire_id=questionnaire.id,
            number=number,
            questions=questionnaire.draft,
            published_by=viewer.person_id,
            published_at=now,
        )
    )
    await tx.flush()


async def discard(tx: Tx, questionnaire: Questionnaire) -> None:
    """Let the draft say again what was published last."""
    newest = await newest_version(tx, questionnaire.id)
    if newest is not None:
        questionnaire.draft = newest.questions


async def edit(tx: Tx, viewer: Viewer, questionnaire_id: UUID, edits: int, change: Callable[[Questionnaire], None]) -> Questionnaire:
    """Change the draft while it counts so many `edits`; raises `NotFound`, `Conflict` for a stale page, and what `change` raises."""
    questionnaire = await see_questionnaire(tx, viewer, questionnaire_id, lock=True)
    if questionnaire.edits != edits:
        raise Conflict(code="stale")
    change(questionnaire)
    questionnaire.edits += 1
    return questionnaire


def new_question_id() -> str:
    """Return an id that no other question of the practice has."""
    return token_hex(4)


def _practice_of(viewer: Viewer) -> UUID:
    if viewer.professional_id is None or viewer.practice_id is None:
        raise Forbidden
    return viewer.practice_id
