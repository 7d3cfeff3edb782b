"""Orders an erasure, carries it out, and does it again after a backup was put back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select

from server.access.actions import change_rights, person_topic
from server.access.policy import Viewer
from server.access.representation import Representation
from server.booking.actions import cancel
from server.booking.doors import ahead_of
from server.booking.model import Party
from server.consultation.model import Consultation
from server.consultation.recorded import Gone, Recording, Standing
from server.consultation.recording_actions import Deletion, destroy
from server.core.audit import Act, AuditEntry, Deed, record
from server.core.crypto import Secrets
from server.core.db import Database, Tx
from server.core.holdings import Subject, erase
from server.core.keyring import KeyRing
from server.core.marking import _
from server.core.outbox import Errand, add_errand
from server.errors import Conflict, Invalid, NotFound
from server.identity.holdings import ACCOUNT
from server.patients.events import ActingEnded
from server.patients.holdings import ACTING_HOLDING, RECORD
from server.privacy.account_closing import erase_account
from server.privacy.copies import drop_all_copies
from server.privacy.erasure_facts import RECORDS, Planned, holdings_named, plan_for
from server.privacy.erasure_list import Erased, account_hash, record_hash
from server.privacy.erasure_plan import fingerprint, going, waits
from server.privacy.erasure_rows import Erasure
from server.privacy.expiring import drop_files
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import OPEN, Kind, State, fault_of
from server.privacy.requests import THING, see_request, settle

TELL_ERASED = "erasure_told"
ERASE = "erase"
FILES, RECORDINGS = "patients.files", "consultation.recordings"  # the holdings that have files beside the database
LOOKS_AGAIN = timedelta(days=1)
ORDERED = "erasure: ordered"
MOVED = _("What would be erased has changed since you opened this page. Please look at it again.")
PENDING = _("A professional has not answered yet. Nothing can be erased before.")
NOTHING = _("Nothing can go now. Please refuse the request, with the reasons.")


async def see_erasure_asked(tx: Tx, viewer: Viewer, request_id: UUID, *, lock: bool = False) -> RightsRequest:
    """Load an open request for an erasure, for an administrator; raises `Forbidden`, `NotFound`, and `Conflict` for one that is settled."""
    request = await see_request(tx, viewer, request_id, lock=lock)
    if request.kind != Kind.ERASURE:
        raise NotFound
    if request.state not in OPEN:
        raise Conflict
    return request


async def order(tx: Tx, keyring: KeyRing, viewer: Viewer, request_id: UUID, form: Mapping[str, str], now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Say yes to the plan that the page showed: what lies ahead is cancelled, the person is told, and then it is erased.

    Raises as `see_erasure_asked` does, `Invalid` with `answer:fault`, and `Conflict` where the plan is another one by now, or none.
    """
    request = await see_erasure_asked(tx, viewer, request_id, lock=True)
    words = form.get("words", "").replace("\r\n", "\n")
    if fault := fault_of(words, "answer"):
        raise Invalid(code=f"answer:{fault}")
    planned = await plan_for(tx, keyring, request.patient_id, request.id, now)
    _refuse_unless_seen(planned, form.get("plan", ""))
    for appointment in await ahead_of(tx, request.patient_id, now):
        await cancel(tx, appointment, Party.PRACTICE, now)
    await settle(tx, keyring, request, State.DONE, words, now)
    tx.add(_new_erasure(request, planned, now))
    add_errand(tx, TELL_ERASED, request.id, f"{TELL_ERASED}:{request.id}", now)
    await _note(tx, request, viewer.person_id, Act.ANSWERED, now)


def _refuse_unless_seen(planned: Planned, seen: str) -> None:
    if seen != fingerprint(planned.lines):
        raise Conflict(MOVED, code="moved")
    if waits(planned.lines):
        raise Conflict(PENDING, code="pending")
    if not any(line.goes for line in planned.shown):
        raise Conflict(NOTHING, code="nothing")


def _new_erasure(request: RightsRequest, planned: Planned, now: datetime) -> Erasure:
    return Erasure(
        id=request.id, practice_id=request.practice_id, patient_id=request.patient_id, person_id=planned.subject.person_id,
        goes=" ".join(sorted(going(planned.lines))), ordered_at=now, told_at=None, erased_at=None, listed_at=None,
    )  # fmt: skip


async def erase_ordered(tx: Tx, keyring: KeyRing, erasure_id: UUID, now: datetime) -> None:
    """Do what was ordered, as far as nothing has come in between that keeps it; what is done is not done again.

    While a hold keeps everything, nothing is done, and it is looked at again a day later.
    """
    erasure = await tx.scalar(select(Erasure).where(Erasure.id == erasure_id).with_for_update())
    if erasure is None or erasure.erased_at is not None:
        return
    await tx.execute(select(RECORD.table.c.id).where(RECORD.table.c.id == erasure.patient_id).with_for_update())  # whoever holds it waits
    await tx.execute(_recordings(frozenset({erasure.patient_id})).with_for_update(of=Recording))
    planned = await plan_for(tx, keyring, erasure.patient_id, erasure.id, now)
    if planned.held:
        await _look_again(tx, erasure.id, now + LOOKS_AGAIN)
        return
    await drop_all_copies(tx, erasure.patient_id)  # what is erased would stand in them for another day
    goes = erasure.names & going(planned.lines)
    closing = erasure.person_id if erasure.person_id == planned.subject.person_id else None
    if ACTING_HOLDING in goes:
        await _part_actors(tx, erasure.patient_id)
    await _erase(tx, goes, Subject(closing, frozenset({erasure.patient_id})), now)
    erasure.goes, erasure.person_id, erasure.erased_at = " ".join(sorted(goes)), closing, now
    if closing is not None:
        await change_rights(tx, person_topic(closing))
    by = await _ordered_by(tx, erasure.id)
    await record(tx, Deed(erasure.practice_id, by, Act.ERASED, THING, erasure.id, erasure.patient_id, erasure.goes[:500]), now)


async def _ordered_by(tx: Tx, erasure_id: UUID) -> UUID | None:
    """Return who said yes to it, as the audit has it."""
    said = (AuditEntry.thing == THING) & (AuditEntry.thing_id == erasure_id) & (AuditEntry.reason == ORDERED)
    person_id: UUID | None = await tx.scalar(select(AuditEntry.person_id).where(said).limit(1))
    return person_id


async def erased_on(tx: Tx, patient_id: UUID) -> datetime | None:
    """Return when a record went because somebody asked, None where that is not why; whoever calls passed its door."""
    done = await tx.scalars(select(Erasure).where(Erasure.patient_id == patient_id, Erasure.erased_at.is_not(None)))
    return max((one.erased_at for one in done if one.erased_at and RECORDS in one.names), default=None)


async def _part_actors(tx: Tx, patient_id: UUID) -> None:
    """Close what is open for those who act for the patient: their right goes with the record."""
    for one in await tx.scalars(select(Representation).where(Representation.patient_id == patient_id, Representation.ended_at.is_(None))):
        await tx.emit(ActingEnded(one.id))
        if one.person_id is not None:
            await change_rights(tx, person_topic(one.person_id))


async def is_ahead(tx: Tx, request_id: UUID) -> bool:
    """Whether an erasure was ordered and is not done; whoever calls has seen the request."""
    erasure = await tx.get(Erasure, request_id)
    return erasure is not None and erasure.erased_at is None


async def _look_again(tx: Tx, erasure_id: UUID, at: datetime) -> None:
    """Ask for one more look on that day, however often it is asked for."""
    key = f"{ERASE}:{erasure_id}:{at.date()}"
    if await tx.scalar(select(Errand.id).where(Errand.dedupe_key == key)) is None:
        add_errand(tx, ERASE, erasure_id, key, at)


async def _erase(tx: Tx, names: frozenset[str], subject: Subject, now: datetime) -> None:
    """Let the rows of these holdings go, those of an account as `erase_account` has it, and have their files taken from the disk."""
    if subject.person_id is not None:
        await erase_account(tx, names, subject.person_id, now)
    await erase(tx, holdings_named(names), Subject(None, subject.patient_ids))
    if FILES in names:
        for patient_id in subject.patient_ids:
            await drop_files(tx, patient_id, now)
    if RECORDINGS in names:
        for recording in await tx.scalars(_recordings(subject.patient_ids).with_for_update(of=Recording)):
            await destroy(tx, recording, Deletion(Gone.WITHDRAWN), now)


def _recordings(patient_ids: frozenset[UUID]) -> Select[Recording]:
    """Select the recordings in these records that are not deleted."""
    joined = select(Recording).join(Consultation, Consultation.id == Recording.consultation_id)
    return joined.where(Consultation.patient_id.in_(patient_ids), Recording.state != Standing.DELETED).order_by(Recording.id)


async def replay(database: Database, secrets: Secrets, lines: list[Erased], now: datetime) -> int:
    """Erase again what the list names and the database has; returns how many erasures found something of theirs, done before or not."""
    records, accounts = await _known(database, secrets)
    found = [line for line in lines if line.record in records]
    closed = [line for line in lines if not line.record and line.account in accounts]
    for line in closed:
        async with database.write() as tx:
            await erase_account(tx, frozenset(line.goes), accounts[line.account], now)
    for line in found:
        subject = Subject(accounts.get(line.account), frozenset({records[line.record]}))
        async with database.write() as tx:
            await _erase(tx, frozenset(line.goes), subject, now)
    return len(found) + len(closed)


async def _known(database: Database, secrets: Secrets) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """Return every record and every account by its hash."""
    async with database.read() as tx:
        records = {record_hash(secrets, one): one for one in await tx.scalars(select(RECORD.table.c.id))}
        return records, {account_hash(secrets, one): one for one in await tx.scalars(select(ACCOUNT.table.c.id))}


async def _note(tx: Tx, request: RightsRequest, person_id: UUID, act: Act, now: datetime) -> None:
    await record(tx, Deed(request.practice_id, person_id, act, THING, request.id, request.patient_id, ORDERED), now)
