"""What is stored of a recording, inside the caller's transaction: answers, its beginning and end, its tracks, and that it is gone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, update

from server.access.model import Practice
from server.consultation import recording as pure
from server.consultation.changes import Answer
from server.consultation.consents import RECORDING
from server.consultation.model import Consultation, Participant
from server.consultation.recorded import Gone, Recording, RecordingPeer, RecordingTrack, Standing
from server.consultation.records import Consent, Refusal
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing, MissingKey, Unreadable, place_of
from server.core.marking import _
from server.core.outbox import add_errand
from server.errors import Conflict
from server.media_control import Recorded, RecordedFile
from server.patients.acting_doors import actor_behind
from server.patients.legal_holds import held
from server.patients.wording import fingerprint
from server.web.i18n import ENGLISH, Language

THING = "recording"  # of the audit's entries
REMOVE = "remove_recording"  # the errand that unlinks the files
TAKE_IN = "take_in_recording"  # the errand that looks for files of which no engine has told
TAKE_IN_AFTER = timedelta(seconds=45)  # by when a recorder whose engine died has ended


@dataclass(frozen=True)
class Deletion:
    """Why a recording goes and who decided it; `person_id` is None for a rule, and for somebody who has no account."""

    gone: Gone
    person_id: UUID | None = None
    why: str | None = None


async def keep_answer(tx: Tx, answer: Answer, recording_id: UUID | None, now: datetime) -> None:
    """Store a yes for what is asked now, or for what is being recorded; a no takes back what the same person had agreed to.

    Where somebody has the patient's place for them, it is named by which right they said it.
    """
    place, language = await tx.get_one(Participant, answer.participant_id), answer.language or ENGLISH
    if answer.yes:
        tx.add(_consent(place, recording_id, language, now))
        return
    mine = (Consent.participant_id == place.id) & (Consent.recording_id == recording_id)
    ended = {"withdrawn_at": now, "withdrawn_representation_id": place.representation_id}
    await tx.execute(update(Consent).where(_standing(), mine).values(**ended))
    tx.add(_refusal(place, language, now))


async def begin(tx: Tx, keyring: KeyRing, consultation_id: UUID, now: pure.Recording) -> tuple[Recording, bytes]:
    """Add the recording that everybody has agreed to, and return it with its data key."""
    consultation = await tx.get_one(Consultation, consultation_id)
    practice = await tx.get_one(Practice, consultation.practice_id)
    recording_id = new_id()
    place = place_of(THING, recording_id)
    key_id, data_key = keyring.new_data_key(place)
    recording = _recording(recording_id, consultation_id, now, timedelta(days=practice.keeps_recordings_days))
    recording.key_id, recording.data_key = key_id, data_key
    tx.add(recording)
    await tx.flush()
    asked = (Consent.participant_id.in_(now.agreed)) & Consent.recording_id.is_(None)
    await tx.execute(update(Consent).where(_standing(), asked).values(recording_id=recording_id))
    await record(tx, _deed(consultation, Act.RECORDED, recording_id, await _person_of(tx, now.by, recording.began_at)), recording.began_at)
    return recording, keyring.data_key(key_id, data_key, place)


async def drop_asking(tx: Tx, consultation_id: UUID, now: datetime) -> None:
    """Nothing came of it: those who had agreed have agreed to nothing any more."""
    places = select(Participant.id).where(Participant.consultation_id == consultation_id)
    asked = Consent.participant_id.in_(places) & Consent.recording_id.is_(None)
    await tx.execute(update(Consent).where(_standing(), asked).values(withdrawn_at=now))


async def end(tx: Tx, recording_id: UUID, after: pure.Recording, now: datetime) -> None:
    """Say when it ended, and delete it where somebody took back what they had agreed to."""
    recording = await tx.get_one(Recording, recording_id)
    recording.ended_at = recording.ended_at or now
    person_id = await _person_of(tx, after.ended_by, now)
    consultation = await tx.get_one(Consultation, recording.consultation_id)
    await record(tx, _deed(consultation, Act.STOPPED, recording_id, person_id), now)
    _ask_to_take_in(tx, recording, now)
    if after.undone:
        await delete(tx, recording, Deletion(Gone.WITHDRAWN, person_id), now)


async def keep_tracks(tx: Tx, recorded: Recorded, now: datetime) -> None:
    """Store what the engine has written; of a recording that is deleted meanwhile the files go, too."""
    recording_id = UUID(hex=recorded.folder.partition("-")[0])
    recording = await tx.get_one(Recording, recording_id, with_for_update=True)
    if recording.state == Standing.DELETED:
        _ask_to_remove(tx, recording, "late", now)
        return
    known = set(await tx.scalars(select(RecordingTrack.file).where(RecordingTrack.recording_id == recording_id)))
    peers = await tx.execute(select(RecordingPeer.peer, RecordingPeer.participant_id).where(RecordingPeer.recording_id == recording_id))
    owners = dict(iter(peers))
    tracks = [_track(recording_id, recorded.folder, file, owners) for file in recorded.tracks]
    fresh = [track for track in tracks if track.file not in known]
    tx.add_all(fresh)
    if recording.ended_at is not None:
        recording.state = Standing.KEPT if known or fresh else Standing.FAILED


async def settle(tx: Tx, recording_id: UUID) -> None:
    """Nothing more will be told of a recording that has ended: it is kept if there is anything of it."""
    recording = await tx.get_one(Recording, recording_id, with_for_update=True)
    if recording.state == Standing.RECORDING and recording.ended_at is not None:
        await tx.flush()
        has_file = (RecordingTrack.recording_id == recording_id) & RecordingTrack.unseen.is_(None)
        recording.state = Standing.KEPT if await tx.scalar(select(RecordingTrack.id).where(has_file).limit(1)) else Standing.FAILED


async def fail(tx: Tx, recording_id: UUID, now: datetime) -> None:
    """The engine gave it up: what it has written of it is kept, and nothing is where there is nothing."""
    recording = await tx.get_one(Recording, recording_id, with_for_update=True)
    recording.ended_at = recording.ended_at or now
    await settle(tx, recording_id)
    _ask_to_take_in(tx, recording, now)
    consultation = await tx.get_one(Consultation, recording.consultation_id)
    await record(tx, _deed(consultation, Act.STOPPED, recording_id, None), now)


async def delete(tx: Tx, recording: Recording, deletion: Deletion, now: datetime) -> None:
    """Destroy the key now, and have the files unlinked; the row stays and says who and when. What is deleted already stays so.

    What is held stays, by itself or with its whole record: an agreement that is taken back is noted, and ends it together with the hold.
    Raises `Conflict` for any other wish.
    """
    if recording.state == Standing.DELETED:
        return
    if recording.held or await _record_held(tx, recording):
        await _put_off(tx, recording, deletion, now)
        return
    await destroy(tx, recording, deletion, now)


async def destroy(tx: Tx, recording: Recording, deletion: Deletion, now: datetime) -> None:
    """As `delete`, for whoever has seen that nothing holds it."""
    recording.state = Standing.DELETED
    recording.key_id = recording.data_key = None
    recording.ended_at = recording.ended_at or now
    recording.deleted_at, recording.deleted_by = now, deletion.person_id
    recording.gone, recording.deleted_why = deletion.gone, deletion.why
    consultation = await tx.get_one(Consultation, recording.consultation_id)
    deed = replace(_deed(consultation, Act.DELETED, recording.id, deletion.person_id), reason=deletion.why or deletion.gone.value)
    await record(tx, deed, now)
    _ask_to_remove(tx, recording, "deleted", now)


async def _record_held(tx: Tx, recording: Recording) -> bool:
    consultation = await tx.get_one(Consultation, recording.consultation_id)
    return await held(tx, consultation.patient_id)


async def _put_off(tx: Tx, recording: Recording, deletion: Deletion, now: datetime) -> None:
    if deletion.gone != Gone.WITHDRAWN:
        raise Conflict(_("This recording is held. It can be deleted once an administrator has released it."), code="held")
    if recording.withdrawn_at is None:
        recording.withdrawn_at, recording.withdrawn_by = now, deletion.person_id
        consultation = await tx.get_one(Consultation, recording.consultation_id)
        await record(tx, _deed(consultation, Act.WITHDREW, recording.id, deletion.person_id), now)


def key_of(keyring: KeyRing, recording: Recording) -> bytes | None:
    """Open the recording's own key; None where it is destroyed, or where the ring does not open it."""
    if recording.key_id is None or recording.data_key is None:
        return None
    try:
        return keyring.data_key(recording.key_id, recording.data_key, place_of(THING, recording.id))
    except (MissingKey, Unreadable):
        return None


def _ask_to_remove(tx: Tx, recording: Recording, when: str, now: datetime) -> None:
    add_errand(tx, REMOVE, recording.id, f"{REMOVE}:{recording.id}:{when}:{new_id()}", now)


def _ask_to_take_in(tx: Tx, recording: Recording, now: datetime) -> None:
    add_errand(tx, TAKE_IN, recording.id, f"{TAKE_IN}:{recording.id}:{new_id()}", now + TAKE_IN_AFTER)


def consented(recording_id: UUID) -> Select[UUID]:
    """Select who has agreed to a recording, and has not taken that back."""
    return select(Consent.participant_id).where(_standing(), Consent.recording_id == recording_id)


def agreements_of(participant_id: UUID) -> Select[UUID | None]:
    """Select the recordings to which somebody has agreed, and has not taken that back."""
    return select(Consent.recording_id).where(_standing(), Consent.participant_id == participant_id, Consent.recording_id.is_not(None))


def _standing() -> ColumnElement[bool]:
    return (Consent.purpose == RECORDING.purpose) & Consent.withdrawn_at.is_(None)


def _consent(place: Participant, recording_id: UUID | None, language: Language, now: datetime) -> Consent:
    return Consent(
        id=new_id(),
        participant_id=place.id,
        purpose=RECORDING.purpose,
        wording_version=RECORDING.version,
        wording_sha256=fingerprint(RECORDING, language),
        language=language.tag,
        given_at=now,
        withdrawn_at=None,
        recording_id=recording_id,
        representation_id=place.representation_id,
    )


def _refusal(place: Participant, language: Language, now: datetime) -> Refusal:
    return Refusal(
        id=new_id(),
        participant_id=place.id,
        wordings=f"{RECORDING.purpose} {RECORDING.version}",
        wordings_sha256=fingerprint(RECORDING, language),
        language=language.tag,
        refused_at=now,
        representation_id=place.representation_id,
    )


def _recording(recording_id: UUID, consultation_id: UUID, now: pure.Recording, keeps: timedelta) -> Recording:
    """Raises `ValueError` for what nobody asked for."""
    if now.by is None or now.asked_at is None or now.since is None:
        raise ValueError("nothing is being recorded")
    return Recording(
        id=recording_id,
        consultation_id=consultation_id,
        asked_by=now.by,
        state=Standing.RECORDING,
        asked_at=now.asked_at,
        began_at=now.since,
        ended_at=None,
        rule=f"practice:{keeps.days}",
        keep_until=now.since + keeps,
        deleted_at=None,
        deleted_by=None,
        gone=None,
        deleted_why=None,
        resumed_at=None,
        held_at=None,
        held_by=None,
        held_why=None,
        withdrawn_at=None,
        withdrawn_by=None,
    )


def _track(recording_id: UUID, folder: str, track: RecordedFile, owners: Mapping[str, UUID]) -> RecordingTrack:
    return RecordingTrack(
        id=new_id(),
        recording_id=recording_id,
        participant_id=owners.get(track.peer),
        file=f"{folder}/{track.file}",
        begun_at=track.begun,
        ended_at=track.ended,
        size=track.bytes,
        head=bytes.fromhex(track.head),
        unseen=None,
    )


async def _person_of(tx: Tx, participant_id: UUID | None, now: datetime) -> UUID | None:
    """Return whose account it is, which may be of somebody who has the patient's place: then what they do is on record as done for them."""
    place = None if participant_id is None else await tx.get(Participant, participant_id)
    if place is None or place.representation_id is None:
        return None if place is None else place.person_id
    one = (await actor_behind(tx, place.representation_id, now)).representation
    if one.person_id is not None:
        tx.act_for(one.person_id, one.patient_id, one.id)
    return one.person_id


def _deed(consultation: Consultation, act: Act, recording_id: UUID, person_id: UUID | None) -> Deed:
    return Deed(consultation.practice_id, person_id, act, THING, recording_id, consultation.patient_id)
