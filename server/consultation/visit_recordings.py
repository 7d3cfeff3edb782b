"""What somebody who came by a personal link can do about the recordings that they agreed to, for as long as the link is open."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, update
from starlette.requests import Request
from starlette.responses import Response

from server.access.acting import Reach
from server.consultation.doors import Visit
from server.consultation.recorded import Gone, Recording, Standing
from server.consultation.recording_actions import Deletion, agreements_of, delete
from server.consultation.records import Consent
from server.consultation.visit_view import GoTo, go_to, view_of
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict
from server.web.endpoint import house_of


async def agreed_recordings(tx: Tx, visit: Visit) -> list[Recording]:
    """Return what this participant agreed to and the visitor may take back, and what is left of it, the oldest first."""
    mine = _agreements(visit).scalar_subquery()
    query = select(Recording).where(Recording.id.in_(mine), Recording.state != Standing.DELETED)
    return list(await tx.scalars(query.order_by(Recording.began_at, Recording.id)))


def _agreements(visit: Visit) -> Select[UUID | None]:
    """Select what the visitor may take back: of whoever acts for the patient without using their rights, only what they said themself."""
    agreed, acting = agreements_of(visit.participant.id), visit.acting
    if acting is None or Reach(acting.reach).includes(Reach.RIGHTS):
        return agreed
    return agreed.where(Consent.representation_id == acting.id)


async def withdraw(tx: Tx, visit: Visit, recording_id: UUID, now: datetime) -> Recording | None:
    """Take the agreement back, and the recording goes for everybody, as when a patient does it; returns what is left of it.

    None where there is no agreement of theirs to take back. Raises `Conflict` while it goes on.
    """
    agreed = await tx.scalar(_agreements(visit).where(Consent.recording_id == recording_id))
    if agreed is None:
        return None
    recording = await tx.get_one(Recording, recording_id, with_for_update=True)
    if recording.running:
        raise Conflict(
            _("The call is still being recorded. You can take your agreement back in the call, or once it has ended."), code="recording"
        )
    mine = (Consent.participant_id == visit.participant.id) & (Consent.recording_id == recording_id) & Consent.withdrawn_at.is_(None)
    ended = {"withdrawn_at": now, "withdrawn_representation_id": visit.link.representation_id}
    await tx.execute(update(Consent).where(mine).values(**ended))
    person_id = visit.participant.person_id if visit.acting is None else visit.acting.person_id
    await delete(tx, recording, Deletion(Gone.WITHDRAWN, person_id), now)
    return recording


async def withdraw_page(request: Request) -> Response:
    house = house_of(request)
    async with house.database.write() as tx:
        view = await view_of(tx, request, lock=True)
        if view.closed:
            raise GoTo(view.base)
        recording = await withdraw(tx, view.visit, request.path_params["recording_id"], house.clock.now())
        said = "" if recording is None else "?withheld" if recording.withheld else "?unrecorded"
    return go_to(f"{view.base}/after{said}")
