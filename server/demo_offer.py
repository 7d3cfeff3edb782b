"""What can be booked with the demo people: two services of the doctor, one of her whole team, when they work, and what they ask before."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice, Professional, Team
from server.access.policy import Viewer
from server.access.viewer import viewer_in
from server.booking.model import Needs, Pays, Service, ServiceState, WeeklyHours
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing
from server.directory.languages import packed
from server.directory.model import Profile
from server.patients.answer_doors import newest_version
from server.patients.answers import Sitting, begin, send
from server.patients.building import usual_questionnaire
from server.web.i18n import ENGLISH

ABOUT = "I have been a general practitioner for fifteen years. I listen first, explain what I find, and write it down for you."
STRETCHES = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
WORKING_DAYS = range(5)
HOUR_MIN, DAY_MIN = 60, 24 * 60
ANSWERS = {
    "height": {"ft": "5", "inch": "6"},
    "weight": {"kg": "72.5"},
    "troubles": {"text": "My right knee hurts when I climb stairs.\nIt began about two weeks ago, after a long walk."},
}


async def add_offer(tx: Tx, practice_id: UUID, now: datetime) -> UUID:
    """Offer it unless something was offered before; returns whose public page the demo shows."""
    practice = await tx.get_one(Practice, practice_id)
    doctor, *others = list(
        await tx.scalars(select(Professional).where(Professional.practice_id == practice_id).order_by(Professional.name))
    )
    if await tx.scalar(select(Service.id).where(Service.practice_id == practice_id).limit(1)) is not None:
        return doctor.id
    team = await tx.scalar(select(Team).where(Team.practice_id == practice_id, Team.name == "North"))
    services = [
        _service(practice, doctor, None, "Video consultation", 20, 0, now),
        _service(practice, doctor, None, "Long consultation", 40, 4500, now),
    ]
    if team is not None:
        services.append(_service(practice, None, team, "Diabetes review with doctor and nurse", 30, 0, now))
    asked = await usual_questionnaire(tx, await viewer_in(tx, doctor.person_id, practice_id, now), ENGLISH, now)
    for service in services:
        service.questionnaire_id = asked.id
    tx.add_all(services)
    tx.add(Profile(professional_id=doctor.id, listed=True, about=ABOUT, languages=packed(["en", "fr"]), changed_at=now))
    for professional in (doctor, *others):
        _add_hours(tx, practice, professional, now)
    return doctor.id


async def add_answers(tx: Tx, keyring: KeyRing, viewer: Viewer, consultation: Consultation, now: datetime) -> None:
    """Let the patient of a consultation have answered the usual questions."""
    asked = await usual_questionnaire(tx, viewer, ENGLISH, now)
    version = await newest_version(tx, asked.id)
    if version is None or consultation.appointment_id is None:
        return
    sitting = Sitting(consultation.appointment_id, consultation.patient_id, version)
    sheet = await begin(tx, keyring, sitting, ANSWERS, now)
    send(keyring, sheet, sheet.row.edits, now)


def _add_hours(tx: Tx, practice: Practice, professional: Professional, now: datetime) -> None:
    tx.add_all(
        WeeklyHours(
            id=new_id(),
            professional_id=professional.id,
            weekday=weekday,
            begins_min=begins_min,
            ends_min=ends_min,
            valid_from=now.date(),
            valid_to=None,
            time_zone=practice.time_zone,
        )
        for weekday in WORKING_DAYS
        for begins_min, ends_min in STRETCHES
    )


def _service(  # noqa: PLR0913, PLR0917 - a row of a table
    practice: Practice, professional: Professional | None, team: Team | None, name: str, length_min: int, price_minor: int, now: datetime
) -> Service:
    return Service(
        id=new_id(),
        practice_id=practice.id,
        professional_id=professional.id if professional else None,
        team_id=team.id if team else None,
        name=name,
        about="Please have your medicines at hand.",
        length_min=length_min,
        buffer_before_min=0,
        buffer_after_min=10,
        price_minor=price_minor,
        currency="GBP",
        pays=Pays.ONLINE if price_minor else Pays.PRACTICE,
        late_fee_percent=50 if price_minor else None,
        no_show_fee_percent=100 if price_minor else 0,
        needs=Needs.ALL if team else Needs.ONE,
        lead_id=None,
        grid_min=30,
        notice_min=HOUR_MIN,
        horizon_days=56,
        cancel_until_min=DAY_MIN,
        move_until_min=DAY_MIN,
        state=ServiceState.OFFERED,
        version=1,
        created_at=now,
    )
