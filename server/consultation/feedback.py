"""What patients said after a call, for the professional whose consultation it was; nobody else reads it, and it is never published."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from server.access.policy import Viewer
from server.consultation.model import Consultation, Participant
from server.consultation.records import Feedback
from server.core.db import Tx

FEWEST = 10  # with fewer, an average says more about one patient than about the professional
MAX_SHOWN = 100


@dataclass(frozen=True)
class Said:
    """`felt` from 1 (very poor) to 5 (very good)."""

    felt: int
    comment: str | None
    given_at: datetime


@dataclass(frozen=True)
class Heard:
    """The newest answers, how many there are in all, and their average, where there are `FEWEST` at least."""

    newest: list[Said]
    answers: int
    average: float | None


async def heard_of(tx: Tx, viewer: Viewer) -> Heard:
    """Return what patients said about the viewer's own consultations."""
    own = (Consultation.professional_id == viewer.professional_id) & Feedback.felt.is_not(None)
    own &= Consultation.patient_id.not_in(viewer.restricted)
    joined = select(Feedback).join(Participant, Participant.id == Feedback.participant_id)
    mine = joined.join(Consultation, Consultation.id == Participant.consultation_id).where(own)
    counted = mine.with_only_columns(func.count(), func.avg(Feedback.felt), maintain_column_froms=True)
    answers, average = (await tx.execute(counted)).one()
    newest = await tx.scalars(mine.order_by(Feedback.given_at.desc(), Feedback.participant_id).limit(MAX_SHOWN))
    said = [Said(each.felt or 0, each.comment, each.given_at) for each in newest]
    return Heard(said, answers, float(average) if answers >= FEWEST else None)
