"""What a patient or guest does on the way to the call, inside the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from server.consultation.consents import all_wordings, wordings_for
from server.consultation.device_words import STEPS, with_result
from server.consultation.doors import Visit
from server.consultation.model import Participant, Role, Stage
from server.consultation.records import Consent, Feedback, Refusal
from server.consultation.topics import room_topic, today_topic
from server.core.db import Tx
from server.core.ids import new_id
from server.errors import Invalid
from server.patients.wording import fingerprint
from server.web.i18n import Language

ON_THE_WAY = (Stage.NOT_ARRIVED, Stage.WELCOME, Stage.CHECKING, Stage.LEFT)
LONGEST_NAME = 200
LONGEST_COMMENT = 2000
ANSWERS = ("5", "4", "3", "2", "1")


def start_visit(tx: Tx, visit: Visit, stage: Stage) -> None:
    """Show the professional how far they are.

    Whoever waits or talks already, perhaps on another device, stays there; whoever does not agree is led on by a new consent only.
    """
    if visit.participant.stage in ON_THE_WAY:
        visit.participant.stage = stage
    _hint(tx, visit)


def record_who(tx: Tx, visit: Visit, name: str, companion: str) -> None:
    """Store the patient's or guest's name and who is with them; raises `Invalid` with the field as its code."""
    if not name:
        raise Invalid(code="name_missing")
    if len(name) > LONGEST_NAME:
        raise Invalid(code="name_long")
    if len(companion) > LONGEST_NAME:
        raise Invalid(code="companion_long")
    visit.participant.name = name
    visit.participant.companion = companion or None
    _hint(tx, visit)


async def record_consents(tx: Tx, visit: Visit, purposes: Iterable[str], language: Language, now: datetime) -> None:
    """Store a dated yes for each sentence; raises `Invalid` with the purpose as its code where one is missing."""
    given = set(purposes)
    wordings = wordings_for(Role(visit.participant.role))
    for wording in wordings:
        if wording.purpose not in given:
            raise Invalid(code=wording.purpose)
    known = await _consented(tx, visit)
    tx.add_all(
        Consent(
            id=new_id(),
            participant_id=visit.participant.id,
            purpose=wording.purpose,
            wording_version=wording.version,
            wording_sha256=fingerprint(wording, language),
            language=language.tag,
            given_at=now,
            withdrawn_at=None,
            representation_id=visit.link.representation_id,
        )
        for wording in wordings
        if (wording.purpose, wording.version) not in known
    )
    if visit.participant.stage == Stage.DECLINED:
        visit.participant.stage = Stage.WELCOME
    start_visit(tx, visit, Stage.CHECKING)


async def has_agreed(tx: Tx, visit: Visit) -> bool:
    """Whether there is a yes to every sentence in its present version, and no 'I do not agree' after it.

    Whoever acts for the patient says it themself, with their name: the patient's own yes is not theirs, nor the other way round.
    """
    participant = visit.participant
    wanted = {(wording.purpose, wording.version) for wording in wordings_for(Role(participant.role))}
    return participant.stage != Stage.DECLINED and wanted <= await _consented(tx, visit)


async def decline(tx: Tx, visit: Visit, language: Language, now: datetime, by: UUID | None = None) -> None:
    """They do not agree: that is kept with its time, and every yes before it counts no longer.

    The professional sees it in the list and can call them, and a room that is open looks again. `by` is the representation of whoever
    says so for the patient in an account, where the link says nothing of it.
    """
    if visit.participant.stage == Stage.DECLINED:
        return
    given = (Consent.participant_id == visit.participant.id) & Consent.withdrawn_at.is_(None) & _by_them(visit)
    by = visit.link.representation_id or by
    ended = {"withdrawn_at": now, "withdrawn_representation_id": by}
    await tx.execute(update(Consent).where(given).values(**ended))
    wordings, digest = all_wordings(wordings_for(Role(visit.participant.role)), language)
    tx.add(
        Refusal(
            id=new_id(),
            participant_id=visit.participant.id,
            wordings=wordings,
            wordings_sha256=digest,
            language=language.tag,
            refused_at=now,
            representation_id=by,
        )
    )
    visit.participant.decline()
    _hint(tx, visit)


def record_check(tx: Tx, visit: Visit, step: str, result: str) -> None:
    """Add one step's result to the words for the professional; raises `Invalid` for anything that is not in `STEPS`."""
    if result not in STEPS.get(step, ()):
        raise Invalid(code="result")
    visit.participant.devices = with_result(visit.participant.devices, step, result)
    _hint(tx, visit)


async def give_feedback(tx: Tx, visit: Visit, felt: str, comment: str, now: datetime) -> None:
    """Store the answer; the last one counts. Raises `Invalid` with the field as its code."""
    if felt not in ANSWERS:
        raise Invalid(code="felt")
    if len(comment) > LONGEST_COMMENT:
        raise Invalid(code="comment")
    await tx.merge(Feedback(participant_id=visit.participant.id, felt=int(felt), comment=comment or None, given_at=now))


async def has_answered(tx: Tx, participant: Participant) -> bool:
    return await tx.get(Feedback, participant.id) is not None


def _by_them(visit: Visit) -> ColumnElement[bool]:
    """Match what was said by whoever comes by this link: the patient, or somebody who acts for them."""
    return Consent.representation_id.is_not_distinct_from(visit.link.representation_id)


async def _consented(tx: Tx, visit: Visit) -> set[tuple[str, str]]:
    standing = (Consent.participant_id == visit.participant.id) & Consent.withdrawn_at.is_(None) & _by_them(visit)
    query = select(Consent.purpose, Consent.wording_version).where(standing)
    return {(purpose, version) for purpose, version in await tx.execute(query)}


def _hint(tx: Tx, visit: Visit) -> None:
    """Today shows the patient, and so does a room that a professional has open."""
    tx.hint(room_topic(visit.consultation.id))
    tx.hint(today_topic(visit.consultation.practice_id))
