"""Whether somebody may hold a room socket: asked when it opens, and again whenever that may have changed."""

from datetime import datetime

from server.access.viewer import viewer_of_login
from server.consultation.doors import see_acting, see_consultation
from server.consultation.model import Consultation, JoinLink, Participant, Stage, Standing
from server.consultation.subject import RoomSubject
from server.core.db import Tx
from server.core.marking import _
from server.errors import ConsiliumError, Forbidden, NotFound, NotSignedIn
from server.identity.model import LoginSession
from server.settings import Settings

CLOSED_LINK = {
    Standing.REVOKED: _("This link was replaced or withdrawn. Please ask the practice for a new one."),
    Standing.TOO_EARLY: _("It is too early for this consultation."),
    Standing.CANCELLED: _("This appointment is cancelled."),
    Standing.EXPIRED: _("This link has expired. Please ask the practice for a new one."),
}


async def check_rights(tx: Tx, settings: Settings, subject: RoomSubject, now: datetime) -> None:
    """Raises `NotSignedIn` for a login that has ended, `NotFound` for a professional without the right, `Forbidden` for a patient."""
    if subject.viewer is not None:
        login = await _check_login(tx, settings, subject, now)
        await see_consultation(tx, await viewer_of_login(tx, login, now), subject.consultation_id)
    else:
        await _check_link(tx, subject, now)


async def objection(tx: Tx, settings: Settings, subject: RoomSubject, now: datetime) -> ConsiliumError | None:
    """Return why an open socket must be closed, or None: a right that is gone is said to be withdrawn (4403), not absent (4404)."""
    try:
        await check_rights(tx, settings, subject, now)
    except NotFound:
        return Forbidden("You may no longer see this consultation.", code="withdrawn")
    except ConsiliumError as error:
        return error
    return None


async def _check_login(tx: Tx, settings: Settings, subject: RoomSubject, now: datetime) -> LoginSession:
    session = None if subject.session_id is None else await tx.get(LoginSession, subject.session_id)
    if session is None or not session.opens(now, settings):
        raise NotSignedIn
    return session


async def _check_link(tx: Tx, subject: RoomSubject, now: datetime) -> None:
    """A patient comes by the one link that the ticket was given for; whoever does not agree, or no longer, is not let in."""
    link = None if subject.visit_id is None else await tx.get(JoinLink, subject.visit_id)
    if link is None or link.participant_id != subject.participant_id:
        raise NotFound
    consultation = await tx.get_one(Consultation, link.consultation_id)
    await _check_acting(tx, link, consultation, now)
    standing = link.standing(consultation, now)
    if standing in CLOSED_LINK:
        raise Forbidden(CLOSED_LINK[standing], code=standing.value)
    participant = await tx.get_one(Participant, link.participant_id)
    if participant.stage == Stage.DECLINED:
        raise Forbidden("You told us that you do not agree to a video consultation.", code="declined")


async def _check_acting(tx: Tx, link: JoinLink, consultation: Consultation, now: datetime) -> None:
    try:
        await see_acting(tx, link, consultation, now)
    except NotFound:
        raise Forbidden(_("You may no longer act for this patient."), code="withdrawn") from None
