"""What a new practice still has to set up before patients can be seen, read from its data: a line goes once it is so."""

from enum import StrEnum

from sqlalchemy import exists, select

from server.access.model import Practice, Professional
from server.access.reviewing import presented
from server.booking.model import Service, ServiceState, WeeklyHours
from server.core.db import Tx
from server.privacy.policy_rows import PolicyVersion
from server.settings import Settings


class Step(StrEnum):
    """In the order in which it is best done."""

    PHONE = "phone"
    PROFESSIONAL = "professional"
    HOURS = "hours"
    SERVICE = "service"
    POLICY = "policy"
    MAIL = "mail"
    BACKUP = "backup"


OF_SERVER = frozenset({Step.MAIL, Step.BACKUP})


async def still_to_do(tx: Tx, practice: Practice, settings: Settings) -> list[Step]:
    """Return the steps that are open; none once patients can book.

    What whoever runs the server has left open stands beside the practice's own steps only: it keeps no practice a new one for ever.
    """
    working = (Professional.practice_id == practice.id) & presented()
    kept = select(WeeklyHours.id).join(Professional, Professional.id == WeeklyHours.professional_id).where(working)
    offered = (Service.practice_id == practice.id) & (Service.state == ServiceState.OFFERED)
    own = (PolicyVersion.practice_id == practice.id) & PolicyVersion.professional_id.is_(None)
    asked = {
        Step.PROFESSIONAL: exists().where(working),
        Step.HOURS: kept.exists(),
        Step.SERVICE: exists().where(offered),
        Step.POLICY: exists().where(own),
    }
    row = (await tx.execute(select(*asked.values()))).one()
    done = {
        **dict(zip(asked, row, strict=True)),
        Step.PHONE: bool(practice.phone),
        Step.MAIL: bool(settings.smtp_host),
        Step.BACKUP: settings.backup_mark is not None,
    }
    left = [step for step in Step if not done[step]]
    return left if set(left) - OF_SERVER else []
