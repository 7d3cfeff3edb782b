"""The only ways to a recording of a call: not there and not yours look the same."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, update

from server.access.model import Professional
from server.access.policy import Kind, RecordingFacts, Viewer, may_delete_recording, may_hear
from server.consultation.consents import RECORDING
from server.consultation.model import Consultation, Participant, Role
from server.consultation.recorded import Gone, Recording, RecordingTrack
from server.consultation.recording_actions import THING, Deletion, delete
from server.consultation.records import Consent
from server.core.audit import Act, AuditEntry
from server.core.db import Tx
from server.errors import Conflict, NotFound, Restricted
from server.notes.model import Note
from server.patients.actions import has_agreed_to_sharing
from server.patients.doors import OwnRecord
from server.patients.model import Patient

OPEN_FOR = timedelta(hours=4)  # whoever said what they listen for need not say it again


class SeenRecording(NamedTuple):
    """A recording that the viewer may play, with whose consultation it was of and who may delete it."""

    recording: Recording
    consultation: Consultation
    patient: Patient
    host: str
    deletable: bool


class Track(NamedTuple):
    """One person's stretch; `name` is None where nobody knows any more whose it was."""

    track: RecordingTrack
    name: str | None


async def see_recording(tx: Tx, viewer: Viewer, recording_id: UUID, *, lock: bool = False) -> SeenRecording:
    """Load a recording that the viewer may play, or what is left of one; raises `NotFound`."""
    query = _recordings().where(Recording.id == recording_id)
    row = (await tx.execute(query.with_for_update(of=Recording) if lock else query)).one_or_none()
    if row is None:
        raise NotFound
    recording, consultation, patient, host = row
    facts = await _facts(tx, consultation, patient)
    if not may_hear(viewer, facts):
        raise Restricted if may_hear(viewer.unrestricted, facts) else NotFound
    return SeenRecording(recording, consultation, patient, host.full_name, may_delete_recording(viewer, facts))


async def recordings_about(tx: Tx, viewer: Viewer, patient_id: UUID) -> list[SeenRecording]:
    """Return what the viewer may play, and what was deleted of it, the newest first."""
    query = _recordings().where(Patient.id == patient_id).order_by(Recording.began_at.desc(), Recording.id)
    seen = []
    for recording, consultation, patient, host in (await tx.execute(query)).all():
        facts = await _facts(tx, consultation, patient)
        if may_hear(viewer, facts):
            seen.append(SeenRecording(recording, consultation, patient, host.full_name, may_delete_recording(viewer, facts)))
    return seen


async def tracks_of(tx: Tx, seen: SeenRecording) -> list[Track]:
    """Return the stretches in the order in which they began."""
    joined = select(RecordingTrack, Participant.name).outerjoin(Participant, Participant.id == RecordingTrack.participant_id)
    mine = joined.where(RecordingTrack.recording_id == seen.recording.id).order_by(RecordingTrack.begun_at, RecordingTrack.id)
    return [Track(track, name) for track, name in await tx.execute(mine)]


def recorder_of(track: RecordingTrack) -> int:
    """Return the number of the recorder that made a stretch, by its folder (0 for `f`, 1 for `f-1` …): later ones have greater ones.

    While a call changes from one room of an engine to another, two are at work.
    """
    return int(PurePath(track.file).parent.name.partition("-")[2] or 0)


async def see_track(tx: Tx, seen: SeenRecording, track_id: UUID) -> RecordingTrack:
    """Load a stretch of it that can be played; raises `NotFound`."""
    track = await tx.get(RecordingTrack, track_id)
    if track is None or track.recording_id != seen.recording.id or track.unseen or not seen.recording.playable:
        raise NotFound
    return track


async def plays_of(tx: Tx, recording_id: UUID) -> list[AuditEntry]:
    """Return who played it, when and for what, the latest first; for whoever passed the door."""
    played = (AuditEntry.thing == THING) & (AuditEntry.thing_id == recording_id) & (AuditEntry.act == Act.LISTENED)
    return list(await tx.scalars(select(AuditEntry).where(played).order_by(AuditEntry.number.desc())))


def is_open(viewer: Viewer, plays: Collection[AuditEntry], now: datetime) -> bool:
    """Whether the viewer has said lately what they listen for: nothing is played that the audit does not have."""
    return any(play.person_id == viewer.person_id and now - play.at < OPEN_FOR for play in plays)


async def own_recordings(tx: Tx, record: OwnRecord) -> list[tuple[Recording, Professional]]:
    """Return every recording of the reader's calls, the newest first."""
    query = _recordings().where(Patient.id == record.patient.id).order_by(Recording.began_at.desc(), Recording.id)
    return [(recording, host) for recording, _, _, host in await tx.execute(query)]


async def take_back(tx: Tx, record: OwnRecord, person_id: UUID, recording_id: UUID, now: datetime) -> Recording:
    """The patient agrees to a recording no longer, and it is deleted, or will be once it is not held any more.

    Raises `NotFound`, and `Conflict` while the call goes on.
    """
    query = _recordings().where(Recording.id == recording_id, Patient.id == record.patient.id)
    row = (await tx.execute(query.with_for_update(of=Recording))).one_or_none()
    if row is None:
        raise NotFound
    recording: Recording = row[0]
    if recording.running:
        raise Conflict("The call is still being recorded. Please stop it in the call.", code="recording")
    mine = select(Participant.id).where(Participant.consultation_id == recording.consultation_id, Participant.role == Role.PATIENT)
    theirs = (Consent.recording_id == recording_id) & (Consent.purpose == RECORDING.purpose) & Consent.withdrawn_at.is_(None)
    ended = {"withdrawn_at": now, "withdrawn_representation_id": record.acting.id if record.acting else None}
    await tx.execute(update(Consent).where(theirs, Consent.participant_id.in_(mine)).values(**ended))
    await delete(tx, recording, Deletion(Gone.WITHDRAWN, person_id), now)
    return recording


def _recordings() -> Select[Recording, Consultation, Patient, Professional]:
    joined = select(Recording, Consultation, Patient, Professional).join(Consultation, Consultation.id == Recording.consultation_id)
    joined = joined.join(Patient, Patient.id == Consultation.patient_id)
    return joined.join(Professional, Professional.id == Consultation.professional_id)


async def _facts(tx: Tx, consultation: Consultation, patient: Patient) -> RecordingFacts:
    wrote = select(Note.author_id).where(Note.consultation_id == consultation.id, Note.kind != Kind.JOTTINGS)
    sharing = patient.person_id is not None and await has_agreed_to_sharing(tx, patient.id)
    authors = frozenset(await tx.scalars(wrote))
    return RecordingFacts(consultation.practice_id, consultation.professional_id, consultation.team_id, patient.id, authors, sharing)
