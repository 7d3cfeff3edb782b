"""A professional runs late: whoever waits or comes next is told, a few seconds after it was said, so that it can be taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from server.access.policy import Viewer
from server.consultation.actions import current_link, told_of
from server.consultation.doors import patient_of, record_of
from server.consultation.events import News
from server.consultation.model import Consultation, ConsultationState, Stage
from server.consultation.topics import room_topic
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.messaging.actions import About, queue
from server.messaging.model import Delay

TELL = "tell-delay"
CHOICES_MIN = (10, 15, 20, 30, 45)
TAKE_BACK = timedelta(seconds=10)
REACH = timedelta(hours=1)  # whom a delay of now can still concern
MOST_TOLD = 20
OPEN = (ConsultationState.SCHEDULED, ConsultationState.WAITING)
ELSEWHERE = {Stage.IN_CALL, Stage.DECLINED, Stage.REFUSED}


@dataclass(frozen=True)
class Said:
    """What was said, and how many patients it concerns."""

    delay: Delay
    patients: int


async def say_late(tx: Tx, viewer: Viewer, minutes: int, now: datetime) -> Said:
    """Take down that the viewer runs late. Raises `Invalid` for minutes that are not offered, `Conflict` where nobody need be told."""
    if viewer.professional_id is None or viewer.practice_id is None:
        raise Forbidden
    if minutes not in CHOICES_MIN:
        raise Invalid(code="minutes")
    patients = len(await concerned(tx, viewer.professional_id, now))
    if not patients:
        raise Conflict("Nobody waits for you, and nobody comes within the next hour.", code="nobody")
    delay = Delay(
        id=new_id(),
        practice_id=viewer.practice_id,
        professional_id=viewer.professional_id,
        minutes=minutes,
        said_at=now,
        taken_back_at=None,
        told_at=None,
    )
    tx.add(delay)
    await tx.flush()
    add_errand(tx, TELL, delay.id, f"{TELL}:{delay.id}", now + TAKE_BACK)
    return Said(delay, patients)


async def take_back(tx: Tx, viewer: Viewer, delay_id: UUID, now: datetime) -> None:
    """Let nobody be told. Raises `NotFound` for what another one said, and `Conflict` once it has gone out."""
    delay = await tx.get(Delay, delay_id, with_for_update=True)
    if delay is None or delay.professional_id != viewer.professional_id:
        raise NotFound
    if delay.told_at is not None or now >= delay.said_at + TAKE_BACK:
        raise Conflict("The patients have been told already.", code="told")
    delay.taken_back_at = delay.taken_back_at or now


async def concerned(tx: Tx, professional_id: UUID, now: datetime) -> list[Consultation]:
    """Return whose patients wait for a professional or are due within `REACH`, by time; not those who are in the call or not to come."""
    due = Consultation.scheduled_at.between(now - REACH, now + REACH)
    mine = (Consultation.professional_id == professional_id) & Consultation.state.in_(OPEN)
    waiting = Consultation.state == ConsultationState.WAITING
    found = select(Consultation).where(mine, or_(due, waiting)).order_by(Consultation.scheduled_at, Consultation.id).limit(MOST_TOLD)
    those = list(await tx.scalars(found))
    return [each for each in those if (await patient_of(tx, each.id)).stage not in ELSEWHERE]


async def tell(tx: Tx, delay_id: UUID, sentence: str, now: datetime) -> None:
    """Queue the messages and keep the sentence for the waiting pages of those who have yet to come; once, however often this is run."""
    delay = await tx.get_one(Delay, delay_id, with_for_update=True)
    if delay.told_at is not None or delay.taken_back_at is not None:
        return
    delay.told_at = now
    for consultation in await concerned(tx, delay.professional_id, now):
        place = await patient_of(tx, consultation.id)
        place.hold(sentence)
        tx.hint(room_topic(consultation.id))
        link = await current_link(tx, consultation.id)
        for acting, channel in await told_of(tx, await record_of(tx, consultation), now):
            about = About(consultation.id, link.id, news=News.DELAYED, delay_id=delay.id, representation_id=acting)
            await queue(tx, about, channel, now)
