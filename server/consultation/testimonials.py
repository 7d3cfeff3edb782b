"""What patients let others read about a professional: by their agreement, looked at first, and gone at once when they take it back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, select, update

from server.access.policy import Viewer
from server.access.restrictions import restricted_patients
from server.consultation.consents import SHOWING
from server.consultation.doors import Visit
from server.consultation.model import Consultation, Participant
from server.consultation.records import Consent, Testimonial, TestimonialState
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.errors import Conflict, Invalid, NotFound
from server.patients.doors import OwnRecord
from server.patients.legal_holds import held
from server.patients.model import Patient
from server.patients.wording import fingerprint
from server.web.i18n import Language

LONGEST, LONGEST_WHY = 600, 300
MOST_SHOWN = 20
THING = "testimonial"  # in the audit
TELL_AUTHOR = "testimonial_hidden"


class Own(NamedTuple):
    """What a patient said, with when the consultation was that it is about."""

    said: Testimonial
    met_at: datetime


async def said_by(tx: Tx, participant_id: UUID) -> Testimonial | None:
    return await tx.scalar(select(Testimonial).where(Testimonial.participant_id == participant_id))


async def say(tx: Tx, visit: Visit, words: str, *, agreed: bool, language: Language, now: datetime) -> None:  # noqa: PLR0913
    """Keep what the patient of a visit lets others read, to be looked at.

    Raises `Invalid` with the field as its code, and `Conflict` where there is something already.
    """
    if not 0 < len(words) <= LONGEST:
        raise Invalid(code="words")
    if not agreed:
        raise Invalid(code="agree")
    participant_id = visit.participant.id
    if await said_by(tx, participant_id) is not None:
        raise Conflict(code="said")
    tx.add(
        Consent(
            id=new_id(),
            participant_id=participant_id,
            purpose=SHOWING.purpose,
            wording_version=SHOWING.version,
            wording_sha256=fingerprint(SHOWING, language),
            language=language.tag,
            given_at=now,
            withdrawn_at=None,
        )
    )
    tx.add(
        Testimonial(
            id=new_id(),
            participant_id=participant_id,
            professional_id=visit.consultation.professional_id,
            words=words,
            state=TestimonialState.WAITING,
            given_at=now,
            decided_at=None,
            decided_by=None,
        )
    )


async def own_testimonials(tx: Tx, own: OwnRecord) -> list[Own]:
    """Return what the patient of a record said, the newest first."""
    return [Own(*row) for row in await tx.execute(_of(own).order_by(Testimonial.given_at.desc()))]


async def take_back(tx: Tx, own: OwnRecord, testimonial_id: UUID, now: datetime) -> None:
    """Delete it, or hide it while the record is held, and end the agreement; what is not there any more is as it should be."""
    await tx.get_one(Patient, own.patient.id, with_for_update=locked())  # whoever holds it waits
    found = (await tx.execute(_of(own).where(Testimonial.id == testimonial_id))).first()
    if found is None:
        return
    said = found[0]
    given = (Consent.participant_id == said.participant_id) & (Consent.purpose == SHOWING.purpose) & Consent.withdrawn_at.is_(None)
    await tx.execute(update(Consent).where(given).values(withdrawn_at=now))
    if await held(tx, own.patient.id):
        said.state, said.decided_at, said.decided_by = TestimonialState.TAKEN_BACK, now, own.patient.person_id
    else:
        await tx.execute(delete(Testimonial).where(Testimonial.id == testimonial_id))
    deed = Deed(own.practice.id, own.patient.person_id, Act.WITHDREW, THING, testimonial_id, own.patient.id)
    await record(tx, deed, now)


async def take_back_all(tx: Tx, patient_ids: Collection[UUID], now: datetime) -> None:
    """Delete what was said by these patients, who have no account any more in which they could take it back."""
    theirs = select(Participant.id).join(Consultation, Consultation.id == Participant.consultation_id)
    said = select(Testimonial.participant_id).where(Testimonial.participant_id.in_(theirs.where(Consultation.patient_id.in_(patient_ids))))
    given = Consent.participant_id.in_(said) & (Consent.purpose == SHOWING.purpose) & Consent.withdrawn_at.is_(None)
    await tx.execute(update(Consent).where(given).values(withdrawn_at=now))
    await tx.execute(delete(Testimonial).where(Testimonial.participant_id.in_(said)))


async def testimonials_about(tx: Tx, viewer: Viewer, now: datetime) -> Sequence[Testimonial]:
    """Return what patients said of the viewer: what waits first, then the newest; nothing of whose record is restricted."""
    mine = select(Testimonial).where(Testimonial.professional_id == viewer.professional_id, used(now))
    return list(await tx.scalars(mine.order_by(Testimonial.state != TestimonialState.WAITING, Testimonial.given_at.desc())))


async def see_about(tx: Tx, viewer: Viewer, testimonial_id: UUID, now: datetime, *, lock: bool = False) -> Testimonial:
    """Load what is about the viewer; raises `NotFound`."""
    mine = (Testimonial.id == testimonial_id) & (Testimonial.professional_id == viewer.professional_id) & used(now)
    said = await tx.scalar(select(Testimonial).where(mine).with_for_update() if lock else select(Testimonial).where(mine))
    if said is None:
        raise NotFound
    return said


async def decide(tx: Tx, viewer: Viewer, testimonial_id: UUID, why: str | None, now: datetime) -> None:
    """Show it, or with a reason not, as the professional whom it is about; they may change their mind, and the author is told.

    Raises `NotFound`, and `Invalid` for what is no reason.
    """
    said = await see_about(tx, viewer, testimonial_id, now, lock=True)
    if viewer.practice_id is None:
        raise NotFound
    said.state = TestimonialState.SHOWN if why is None else TestimonialState.REFUSED
    said.why, said.decided_at, said.decided_by = "" if why is None else reason_of(why), now, viewer.person_id
    if why is not None:
        tell_author(tx, said, now)
    await record(tx, Deed(viewer.practice_id, viewer.person_id, Act.CHANGED, THING, testimonial_id, None, said.state.value), now)


def reason_of(why: str) -> str:
    """Return why words are not shown, on one line; raises `Invalid` with `why` as its code."""
    line = " ".join(why.split())
    if not 0 < len(line) <= LONGEST_WHY:
        raise Invalid(code="why")
    return line


def tell_author(tx: Tx, said: Testimonial, now: datetime) -> None:
    """Have whoever wrote it told that it is not shown."""
    add_errand(tx, TELL_AUTHOR, said.id, f"{TELL_AUTHOR}:{said.id}:{now.isoformat()}", now)


async def shown_about(tx: Tx, professional_id: UUID, now: datetime) -> Sequence[Testimonial]:
    """Return what everybody may read of a professional, the newest first; nothing of whose record is restricted."""
    shown = (
        (Testimonial.professional_id == professional_id) & (Testimonial.state == TestimonialState.SHOWN) & Testimonial.hidden_why.is_(None)
    )
    newest = select(Testimonial).where(shown, used(now)).order_by(Testimonial.given_at.desc())
    return list(await tx.scalars(newest.limit(MOST_SHOWN)))


def used(now: datetime) -> ColumnElement[bool]:
    """Return the condition for what may be shown to somebody: not taken back, and of no restricted record."""
    whose = select(Participant.id).join(Consultation, Consultation.id == Participant.consultation_id)
    used = Testimonial.participant_id.in_(whose.where(Consultation.patient_id.not_in(restricted_patients(now))))
    return used & (Testimonial.state != TestimonialState.TAKEN_BACK)


def _of(own: OwnRecord) -> Select[Testimonial, datetime]:
    joined = select(Testimonial, Consultation.scheduled_at).join(Participant, Participant.id == Testimonial.participant_id)
    joined = joined.join(Consultation, Consultation.id == Participant.consultation_id)
    return joined.where(Consultation.patient_id == own.patient.id, Testimonial.state != TestimonialState.TAKEN_BACK)
