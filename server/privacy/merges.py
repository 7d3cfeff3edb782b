"""Merging two records of one person: who may, what stands against it, and undoing it within thirty days."""

import hashlib
import json
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update

from server.access.acting import Basis, Standing
from server.access.actions import change_rights
from server.access.model import Practice
from server.access.policy import Viewer, may_write_record
from server.consultation.model import Consultation, ConsultationState
from server.consultation.recording_holds import any_held
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.core.holdings import BLANK_NAME
from server.core.ids import new_id
from server.core.keyring import KeyRing, MissingKey, Unreadable
from server.errors import Conflict, Forbidden, NotFound
from server.notes.records import record_facts, see_record, visible_records
from server.patients.acting_doors import Actor, actors_of
from server.patients.actions import has_agreed_to_sharing, patient_topic
from server.patients.background_doors import background_of, births_of
from server.patients.doors import sharing_of
from server.patients.files import RecordFile
from server.patients.legal_holds import held
from server.patients.likeness import Double, Known, find_doubles
from server.patients.merge_rows import UNDOABLE_FOR, RecordMerge
from server.patients.model import Patient
from server.patients.representing import born_on
from server.privacy.copies import drop_all_copies
from server.privacy.erasure_rows import Erasure
from server.privacy.merge_moves import Moving, move, move_back, packed
from server.privacy.merge_wishes import end_wish, newest_wish
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import OPEN, Kind

THING = "record"  # in the audit
MOST_COMPARED = 1000
ADDRESSES = ("person_id", "mobile", "email")  # what a record takes from the other where it has none
FIELDS = ("name", *ADDRESSES)
RUNNING = (ConsultationState.WAITING, ConsultationState.ACTIVE)


class Obstacle(StrEnum):
    """Why two records cannot be merged now."""

    ACCOUNTS = "accounts"
    HELD = "held"
    RESTRICTED = "restricted"
    TEAM = "team"
    RUNNING = "running"
    UNACCEPTED = "unaccepted"


class Acts(NamedTuple):
    """Somebody who acts for the patient of a record, or will once they have taken it on, or once it was looked at again."""

    representation_id: UUID
    name: str
    basis: Basis
    accepted: bool


class Side(NamedTuple):
    """A record as it is laid beside the other one."""

    patient: Patient
    born_on: date | None
    nhs_number: str
    address: str
    consultations: int
    documents: int
    actors: tuple[Acts, ...]


async def likely_doubles(tx: Tx, keyring: KeyRing, viewer: Viewer) -> list[Double]:
    """Return likely doubles among the newest records that the viewer may open, to merge or to look at; raises `Forbidden`."""
    if viewer.professional_id is None:
        raise Forbidden
    newest = visible_records(viewer).order_by(None).order_by(Patient.created_at.desc(), Patient.id).limit(MOST_COMPARED)
    patients = list(await tx.scalars(newest))
    born = (await births_of(tx, keyring, [patient.id for patient in patients])).known
    return find_doubles(Known(one.id, one.name, one.mobile, one.email, born.get(one.id)) for one in patients)


async def see_pair(tx: Tx, viewer: Viewer, ids: tuple[UUID, UUID], *, lock: bool = False) -> tuple[Patient, Patient]:
    """Load two records that the viewer treats; raises `NotFound`, and `Forbidden` for one that they may only read."""
    if ids[0] == ids[1]:
        raise NotFound
    if lock:
        for patient_id in sorted(ids):
            await tx.get(Patient, patient_id, with_for_update=True, populate_existing=True)
    one, other = [await _treated(tx, viewer, patient_id) for patient_id in ids]
    return one, other


async def _treated(tx: Tx, viewer: Viewer, patient_id: UUID) -> Patient:
    seen = await see_record(tx, viewer, patient_id)
    if not may_write_record(viewer, await record_facts(tx, seen.patient)):
        raise Forbidden
    return seen.patient


async def side_of(tx: Tx, keyring: KeyRing, patient: Patient, now: datetime) -> Side:
    who = (await background_of(tx, keyring, patient.id)).who
    meetings = select(func.count()).select_from(Consultation).where(Consultation.patient_id == patient.id)
    files = select(func.count()).select_from(RecordFile).where(RecordFile.patient_id == patient.id, RecordFile.deleted_at.is_(None))
    return Side(
        patient,
        who.birthday if who else None,
        who.spoken_nhs_number if who else "",
        who.address if who else "",
        await tx.scalar(meetings) or 0,
        await tx.scalar(files) or 0,
        tuple(_acts(actor) for actor in await _acting(tx, patient, now)),
    )


async def _acting(tx: Tx, patient: Patient, now: datetime) -> list[Actor]:
    """Return who acts for a patient, or may yet."""
    return [actor for actor in await actors_of(tx, patient.id, now) if actor.standing not in {Standing.ENDED, Standing.RAN_OUT}]


def _acts(actor: Actor) -> Acts:
    return Acts(actor.representation.id, actor.name, Basis(actor.representation.basis), actor.accepted)


def seal_of(one: Side, other: Side) -> str:
    """Return what stands for all that a page shows of the two: it differs as soon as somebody changed one of them."""
    shown = [[str(getattr(side.patient, field)) for field in (*FIELDS, "id")] + [str(value) for value in side[1:]] for side in (one, other)]
    return hashlib.sha256(json.dumps(sorted(shown)).encode()).hexdigest()[:32]


async def obstacles_of(tx: Tx, one: Patient, other: Patient, now: datetime) -> list[Obstacle]:
    """Return everything that stands against merging the two; also somebody's own word that they are the parent, which nobody accepted."""
    ids = (one.id, other.id)
    running = select(Consultation.id).where(Consultation.patient_id.in_(ids), Consultation.state.in_(RUNNING))
    acting = [actor for patient in (one, other) for actor in await _acting(tx, patient, now)]
    found = {
        Obstacle.ACCOUNTS: await _accounts_differ(tx, one, other),
        Obstacle.HELD: await _any_held(tx, ids),
        Obstacle.RESTRICTED: await _asked_or_ordered(tx, ids),
        Obstacle.TEAM: await _decided_otherwise(tx, one, other),
        Obstacle.RUNNING: await tx.scalar(running.limit(1)),
        Obstacle.UNACCEPTED: any(not actor.accepted for actor in acting),
    }
    return [obstacle for obstacle, there in found.items() if there]


async def _asked_or_ordered(tx: Tx, ids: tuple[UUID, UUID]) -> bool:
    """Whether a restriction or an erasure is asked for, or is ordered and still to come: it would go on in the wrong record."""
    kinds = RightsRequest.kind.in_((Kind.RESTRICTION, Kind.ERASURE))
    asked = select(RightsRequest.id).where(RightsRequest.patient_id.in_(ids), kinds, RightsRequest.state.in_(OPEN))
    ordered = select(Erasure.id).where(Erasure.patient_id.in_(ids), Erasure.erased_at.is_(None))
    return any([await tx.scalar(one.limit(1)) for one in (asked, ordered)])


async def _any_held(tx: Tx, ids: tuple[UUID, UUID]) -> bool:
    """Whether one of the records, or a recording in them, must not be deleted: an undo would have to tell whose the hold is."""
    return await any_held(tx, ids) or any([await held(tx, patient_id) for patient_id in ids])


async def _accounts_differ(tx: Tx, one: Patient, other: Patient) -> bool:
    """Whether two accounts read them, and nobody has said in both that they are theirs."""
    if None in {one.person_id, other.person_id} or one.person_id == other.person_id:
        return False
    wish = await newest_wish(tx, one, other)
    return wish is None or not wish.agreed


async def _decided_otherwise(tx: Tx, one: Patient, other: Patient) -> bool:
    """Whether the team may see the one, and was told not to see the other any more."""
    agreed = [await has_agreed_to_sharing(tx, patient.id) for patient in (one, other)]
    asked = [bool(await sharing_of(tx, patient.id)) for patient in (one, other)]
    return agreed[0] != agreed[1] and all(asked)


async def merge(tx: Tx, keyring: KeyRing, viewer: Viewer, kept: Patient, other: Patient, now: datetime) -> RecordMerge:  # noqa: PLR0913, PLR0917
    """Let everything of the other record stand in the kept one; both came from `see_pair`, locked. Raises `Conflict` for an obstacle."""
    if obstacles := await obstacles_of(tx, kept, other, now):
        raise Conflict(code=obstacles[0])
    await _drop_copies(tx, kept, other)
    before = {"kept": _fields(kept), "other": _fields(other)}
    journal = await move(tx, Moving(keyring, other.id, kept.id))
    for field in ADDRESSES:
        setattr(kept, field, getattr(kept, field) or getattr(other, field))
    other.name, other.person_id, other.mobile, other.email = BLANK_NAME, None, None, None
    row = RecordMerge(
        id=new_id(), practice_id=kept.practice_id, kept_id=kept.id, other_id=other.id, merged_by=viewer.person_id, merged_at=now,
        undone_by=None, undone_at=None,
    )  # fmt: skip
    row.key_id, row.data_key = keyring.new_data_key(row.key_place)
    told = packed({**journal, "before": before, "after": {"kept": _fields(kept)}})
    row.sealed = keyring.sealer(row.key_id, row.data_key, row.key_place).seal(told, row.place)
    tx.add(row)
    await _born_anew(tx, keyring, kept, now)
    await _tell(tx, row, viewer, Act.MERGED, now)
    return row


async def merges_of(tx: Tx, viewer: Viewer, now: datetime) -> list[tuple[RecordMerge, Patient]]:
    """Return what can still be undone of the records that the viewer may open, the newest first."""
    mine = visible_records(viewer).order_by(None).with_only_columns(Patient.id)
    joined = select(RecordMerge, Patient).join(Patient, Patient.id == RecordMerge.kept_id)
    fresh = (RecordMerge.merged_at > now - UNDOABLE_FOR) & RecordMerge.undone_at.is_(None) & RecordMerge.key_id.is_not(None)
    rows = await tx.execute(joined.where(fresh, RecordMerge.kept_id.in_(mine)).order_by(RecordMerge.merged_at.desc(), RecordMerge.id))
    return [(merged, kept) for merged, kept in rows]


async def undo(tx: Tx, keyring: KeyRing, viewer: Viewer, ids: tuple[UUID, UUID], now: datetime) -> RecordMerge:
    """Put everything back as it was; `ids` are those of the kept record and of the merge.

    What was written in the kept record since stays there, but for what belongs to a consultation or an appointment of the other one.
    Raises `NotFound`, `Forbidden`, and `Conflict` where it is too late, or where an obstacle stands in the kept record.
    """
    await tx.get(Patient, ids[0], with_for_update=True, populate_existing=True)
    kept = await _treated(tx, viewer, ids[0])
    row = await tx.get(RecordMerge, ids[1], with_for_update=locked(), populate_existing=True)
    if row is None or row.kept_id != kept.id:
        raise NotFound
    if not row.undoable(now):
        raise Conflict(code="late")
    if obstacles := await obstacles_of(tx, kept, kept, now):
        raise Conflict(code=obstacles[0])
    other = await tx.get_one(Patient, row.other_id, with_for_update=True, populate_existing=True)
    journal = _journal(keyring, row)
    await _drop_copies(tx, kept)
    row.undone_by, row.undone_at = viewer.person_id, now
    row.key_id, row.data_key, row.sealed = None, None, b""
    await tx.flush()  # from now on rows may name the other record again
    await move_back(tx, Moving(keyring, kept.id, other.id), journal)
    _restore(kept, other, journal)
    await tx.flush()
    await _drop_copies(tx, kept, other)
    for patient in (kept, other):
        await _born_anew(tx, keyring, patient, now)
    await end_wish(tx, kept, other, now)
    await _tell(tx, row, viewer, Act.UNMERGED, now)
    return row


async def _drop_copies(tx: Tx, *patients: Patient) -> None:
    """Forget the copies of these records: nobody shall take one of a record as it is no more, or as it never should have been."""
    for patient in patients:
        await drop_all_copies(tx, patient.id)


async def _born_anew(tx: Tx, keyring: KeyRing, patient: Patient, now: datetime) -> None:
    """Let whoever acts wait for the birthdays of the record as it is now; a date that cannot be opened lets nobody act for longer."""
    who = (await background_of(tx, keyring, patient.id)).who
    if who is not None:
        await born_on(tx, patient, (await tx.get_one(Practice, patient.practice_id)).time_zone, who.birthday, now)


async def forget_journals(tx: Tx, now: datetime) -> None:
    """Forget how it was before, once nothing can be undone any more."""
    over = RecordMerge.merged_at <= now - UNDOABLE_FOR
    await tx.execute(update(RecordMerge).where(over, RecordMerge.key_id.is_not(None)).values(key_id=None, data_key=None, sealed=b""))


def _journal(keyring: KeyRing, row: RecordMerge) -> dict[str, dict[str, dict[str, str | None]]]:
    try:
        sealer = keyring.sealer(row.key_id or "", row.data_key or b"", row.key_place)
        found: dict[str, dict[str, dict[str, str | None]]] = json.loads(sealer.open(row.sealed, row.place))
    except (MissingKey, Unreadable):
        raise Conflict(code="late") from None
    return found


def _restore(kept: Patient, other: Patient, journal: dict[str, dict[str, dict[str, str | None]]]) -> None:
    """Give both their names and addresses back; what somebody changed in the kept record since stays."""
    before, after = journal["before"], journal["after"]["kept"]
    for field in FIELDS:
        setattr(other, field, _value(field, before["other"][field]))
        if _fields(kept)[field] == after[field]:
            setattr(kept, field, _value(field, before["kept"][field]))


def _fields(patient: Patient) -> dict[str, str | None]:
    values = {field: getattr(patient, field) for field in FIELDS}
    return {field: None if value is None else str(value) for field, value in values.items()}


def _value(field: str, text: str | None) -> str | UUID | None:
    return UUID(text) if text and field == "person_id" else text


async def _tell(tx: Tx, row: RecordMerge, viewer: Viewer, act: Act, now: datetime) -> None:
    """Have open pages look again at what they may show, and put it on record in both."""
    for patient_id in (row.kept_id, row.other_id):
        await change_rights(tx, patient_topic(patient_id))
    for patient_id in (row.kept_id, row.other_id):
        await record(tx, Deed(row.practice_id, viewer.person_id, act, THING, row.id, patient_id), now)
