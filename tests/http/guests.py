"""A guest of dana's consultation, for tests."""

from dataclasses import replace
from datetime import datetime

from server.consultation.consents import GUEST_WORDINGS
from server.consultation.guests import GuestPlan, invite_guest
from server.consultation.join_link import join_token
from server.consultation.model import Relation
from server.core.house import House
from tests.cast import ALICE, Meeting

GUEST_YES = {wording.purpose: "yes" for wording in GUEST_WORDINGS}
IMRAN = "Imran Iqbal"
IMRAN_MOBILE = "+44 7700 900005"


async def add_guest(house: House, meeting: Meeting, now: datetime, name: str = IMRAN, mobile: str | None = None) -> Meeting:
    """Have alice ask in an interpreter; returns the meeting as the guest has it: their place, their link."""
    plan = GuestPlan(meeting.consultation_id, name, Relation.INTERPRETER, mobile, None)
    async with house.database.write() as tx:
        link = await invite_guest(tx, house.secrets, ALICE.viewer, plan, now)
    return replace(meeting, participant_id=link.participant_id, visit_id=link.id, token=join_token(house.secrets, link.id))
