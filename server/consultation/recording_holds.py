"""Recordings that must not be deleted: an administrator holds one back with a reason, and releases it again."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from server.access.model import Professional
from server.consultation.model import Consultation
from server.consultation.recorded import Gone, Recording, Standing
from server.consultation.recording_actions import THING, Deletion, delete
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict, NotFound

MOST_SHOWN = 200  # of one practice, the newest


class Wish(NamedTuple):
    """Who holds it, and why."""

    person_id: UUID
    why: str


class Listed(NamedTuple):
    """What an administrator is shown of a recording: whose consultation it was, when, and what became of it, and no patient."""

    recording: Recording
    host: str


def held_in(patient_ids: Collection[UUID]) -> Select[UUID]:
    """Select, of these patients, those of whom an administrator holds a recording, some perhaps more than once."""
    recordings = select(Consultation.patient_id).join(Recording, Recording.consultation_id == Consultation.id)
    return recordings.where(Recording.held_at.is_not(None), Consultation.patient_id.in_(patient_ids))


async def any_held(tx: Tx, patient_ids: Collection[UUID]) -> bool:
    """Whether a recording in one of these records must not be deleted."""
    return await tx.scalar(held_in(patient_ids).limit(1)) is not None


async def list_recordings(tx: Tx, practice_id: UUID) -> list[Listed]:
    """Return the recordings of a practice, the newest first, those that are held before all others."""
    joined = select(Recording, Professional).join(Consultation, Consultation.id == Recording.consultation_id)
    joined = joined.join(Professional, Professional.id == Consultation.professional_id).where(Consultation.practice_id == practice_id)
    query = joined.order_by(Recording.held_at.is_(None), Recording.began_at.desc(), Recording.id).limit(MOST_SHOWN)
    return [Listed(recording, host.full_name) for recording, host in await tx.execute(query)]


async def see_of_practice(tx: Tx, practice_id: UUID, recording_id: UUID) -> tuple[Recording, Consultation]:
    """Load one for an administrator of this practice, who goes on to change it; raises `NotFound`."""
    recording = await tx.get(Recording, recording_id, with_for_update=True)
    consultation = None if recording is None else await tx.get(Consultation, recording.consultation_id)
    if recording is None or consultation is None or consultation.practice_id != practice_id:
        raise NotFound
    return recording, consultation


async def hold(tx: Tx, practice_id: UUID, recording_id: UUID, wish: Wish, now: datetime) -> None:
    """Keep it from being deleted. Raises `NotFound`, and `Conflict` for one that is gone."""
    recording, consultation = await see_of_practice(tx, practice_id, recording_id)
    if recording.state == Standing.DELETED:
        raise Conflict(_("This recording is deleted already."), code="deleted")
    if recording.held:
        raise Conflict(_("This recording is held already."), code="held")
    recording.held_at, recording.held_by, recording.held_why = now, wish.person_id, wish.why
    await record(tx, _deed(consultation, recording_id, Act.HELD, wish), now)


async def free(tx: Tx, practice_id: UUID, recording_id: UUID, person_id: UUID, now: datetime) -> None:
    """Let it go its way again: at once, where somebody took their agreement back meanwhile. Raises `NotFound`."""
    recording, consultation = await see_of_practice(tx, practice_id, recording_id)
    if not recording.held:
        return
    wish = Wish(person_id, recording.held_why or "")
    recording.held_at = recording.held_by = recording.held_why = None
    await record(tx, _deed(consultation, recording_id, Act.FREED, wish), now)
    if recording.withdrawn_at is not None:
        await delete(tx, recording, Deletion(Gone.WITHDRAWN, recording.withdrawn_by), now)


def _deed(consultation: Consultation, recording_id: UUID, act: Act, wish: Wish) -> Deed:
    return Deed(consultation.practice_id, wish.person_id, act, THING, recording_id, consultation.patient_id, wish.why)
