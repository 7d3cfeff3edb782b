"""What the professionals of a practice show of their patients' words: looked at by its administrators, and hidden with a reason.

Administrators read nothing that its writer did not want everybody to read, and nothing before the professional has decided to show it.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select

from server.access.model import Practice, Professional
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.consultation.model import Consultation, Participant
from server.consultation.records import Testimonial, TestimonialState
from server.consultation.testimonials import THING, reason_of, tell_author, used
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.paging import Paged, paged
from server.errors import Conflict, NotFound
from server.patients.model import Patient


class Shown(NamedTuple):
    """Words, and about whom they are, who decided to show them."""

    said: Testimonial
    professional: Professional

    @property
    def seen(self) -> str:
        """Return what tells whether somebody else has decided since."""
        return self.said.looked_at.isoformat() if self.said.looked_at else ""


class Author(NamedTuple):
    """Who wrote words that are not shown, where they were treated, and when it was decided."""

    practice: Practice
    person_id: UUID
    decided_at: datetime


async def shown_in(tx: Tx, viewer: Viewer, page: int, now: datetime) -> Paged[Shown]:
    """Return a page of what the practice's professionals show, what nobody has looked at first; raises `Forbidden`."""
    unseen_first = (Testimonial.looked_at.is_not(None), Testimonial.given_at.desc(), Testimonial.id)
    return (await paged(tx, _of(await in_charge_of(tx, viewer), now).order_by(*unseen_first), page)).of(lambda row: Shown(*row))


async def count_unseen(tx: Tx, practice_id: UUID, now: datetime) -> int:
    """Return how much nobody of the practice has looked at."""
    unseen = _of(practice_id, now).where(Testimonial.looked_at.is_(None)).with_only_columns(func.count(Testimonial.id))
    return await tx.scalar(unseen) or 0


async def judge(tx: Tx, viewer: Viewer, testimonial_id: UUID, seen: str, why: str | None, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Let it stand, or hide it with a reason, of which its writer is told.

    Raises `Forbidden`, `NotFound`, `Invalid` for what is no reason, and `Conflict` where a colleague was faster.
    """
    practice_id = await in_charge_of(tx, viewer)
    row = (await tx.execute(_of(practice_id, now).where(Testimonial.id == testimonial_id).with_for_update(of=Testimonial))).one_or_none()
    if row is None:
        raise NotFound
    one = Shown(*row)
    hidden_why = None if why is None else reason_of(why)
    if one.seen != seen:
        raise Conflict(code="stale")
    one.said.hidden_why, one.said.looked_at, one.said.looked_by = hidden_why, now, viewer.person_id
    if hidden_why is not None:
        tell_author(tx, one.said, now)
    words = "left by the practice" if hidden_why is None else "hidden by the practice"
    await record(tx, Deed(practice_id, viewer.person_id, Act.CHANGED, THING, testimonial_id, None, words), now)


async def author_of_hidden(tx: Tx, testimonial_id: UUID) -> Author | None:
    """Return to whom it is told that their words are not shown; None where they are, or are gone, and for whoever has no account."""
    said = await tx.get(Testimonial, testimonial_id)
    if said is None or said.public or said.state == TestimonialState.TAKEN_BACK:
        return None
    joined = select(Practice, Patient.person_id).join(Patient, Patient.practice_id == Practice.id)
    joined = joined.join(Consultation, Consultation.patient_id == Patient.id)
    joined = joined.join(Participant, Participant.consultation_id == Consultation.id)
    row = (await tx.execute(joined.where(Participant.id == said.participant_id))).one()
    practice, person_id = row
    decided_at = max(at for at in (said.decided_at, said.looked_at) if at is not None)
    return Author(practice, person_id, decided_at) if person_id is not None else None


def _of(practice_id: UUID, now: datetime) -> Select[Testimonial, Professional]:
    joined = select(Testimonial, Professional).join(Professional, Professional.id == Testimonial.professional_id)
    return joined.where(Professional.practice_id == practice_id, Testimonial.state == TestimonialState.SHOWN, used(now))
