"""The copy that somebody has of their data: asked for, made by one process at a time, kept for a day, and taken or deleted."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update

from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing
from server.errors import NotFound
from server.identity.model import Person
from server.patients.model import Patient
from server.privacy.copy_rows import CopyState, DataCopy, Whose
from server.privacy.outside_rows import AGAIN_FOR, Handover
from server.privacy.request_rows import RightsRequest

TOPIC = "copies"
KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(minutes=5)  # longer than one piece takes, which renews it
PAUSE = timedelta(minutes=1)  # after a try that failed
MOST_ATTEMPTS = 3


async def own_copy(tx: Tx, whose: Whose) -> DataCopy | None:
    """Return the copy of whoever is signed in or has proved a request, if there is one."""
    return await tx.scalar(select(DataCopy).where(_of(whose)))


async def see_ready_copy(tx: Tx, whose: Whose) -> DataCopy:
    """Load what can be taken; raises `NotFound`."""
    found = await own_copy(tx, whose)
    if found is None or found.state != CopyState.READY:
        raise NotFound
    return found


async def ask_copy(tx: Tx, keyring: KeyRing, whose: Whose, language: str, now: datetime) -> None:
    """Have a copy made; one of the same that is being made goes on, any other of the account gives way to it."""
    await tx.execute(select(Person.id).where(Person.id == whose.person_id).with_for_update(key_share=True))
    await tx.execute(select(RightsRequest.id).where(RightsRequest.id == whose.request_id).with_for_update(key_share=True))
    found = await own_copy(tx, whose)
    if found is not None and found.open:
        return
    await (drop_copy(tx, whose) if whose.person_id is None else drop_copies(tx, whose.person_id))
    row = DataCopy(
        id=new_id(), **whose._asdict(), state=CopyState.ASKED, language=language, done=0, total=0, attempts=0, lease_by=None,
        lease_until=None, asked_at=now, ready_at=None, size=None, head=None,
    )  # fmt: skip
    row.key_id, row.data_key = keyring.new_data_key(row.key_place)
    tx.add(row)
    tx.hint(TOPIC)


async def drop_copy(tx: Tx, whose: Whose) -> None:
    """Forget a copy, also one that is being made, and with it the only key to its bytes."""
    await tx.execute(delete(DataCopy).where(_of(whose)))


async def drop_copies(tx: Tx, person_id: UUID) -> None:
    """Forget whatever copy an account has."""
    await tx.execute(delete(DataCopy).where(DataCopy.person_id == person_id))


async def drop_copies_of(tx: Tx, patient_id: UUID) -> None:
    """Forget those that others have of this record: who acts for the patient, and who asked without an account."""
    about = select(RightsRequest.id).where(RightsRequest.patient_id == patient_id)
    await tx.execute(delete(DataCopy).where(or_(DataCopy.request_id.in_(about), DataCopy.patient_id == patient_id)))


async def drop_all_copies(tx: Tx, patient_id: UUID) -> None:
    """Forget every copy that this record stands in: that of its own account, and those that others have of it."""
    await drop_copies_of(tx, patient_id)
    person_id = await tx.scalar(select(Patient.person_id).where(Patient.id == patient_id))
    if person_id is not None:
        await drop_copies(tx, person_id)


async def claim_copy(tx: Tx, me: UUID, now: datetime) -> DataCopy | None:
    """Take the oldest one that nobody makes, for the length of a lease."""
    waits = DataCopy.state.in_((CopyState.ASKED, CopyState.MAKING)) & or_(DataCopy.lease_until.is_(None), DataCopy.lease_until < now)
    row = await tx.scalar(select(DataCopy).where(waits).order_by(DataCopy.asked_at).limit(1).with_for_update(skip_locked=True))
    if row is None:
        return None
    row.attempts += 1
    row.lease_by, row.lease_until = me, now + LEASE
    row.state = CopyState.MAKING if row.attempts <= MOST_ATTEMPTS else CopyState.FAILED
    return row


async def advance(tx: Tx, copy: DataCopy, done: int, total: int, now: datetime) -> bool:
    """Tell how far it is, and renew the lease; tells whether it is still wanted, and still ours to make."""
    values = {"done": done, "total": total, "lease_until": now + LEASE}
    return await _change(tx, copy, values)


async def complete(tx: Tx, copy: DataCopy, size: int, head: bytes, now: datetime) -> bool:
    """Let it be taken; tells whether it is still wanted."""
    values = {"state": CopyState.READY, "size": size, "head": head, "ready_at": now, "lease_until": None, "done": copy.total}
    return await _change(tx, copy, values)


async def give_back(tx: Tx, copy: DataCopy, now: datetime) -> None:
    """Leave it for another try in a while, after something went wrong."""
    failed = copy.attempts >= MOST_ATTEMPTS
    await _change(tx, copy, {"state": CopyState.FAILED if failed else CopyState.ASKED, "lease_until": now + PAUSE})


async def let_go(tx: Tx, copy: DataCopy, attempts: int) -> None:
    """Leave it at once for whoever comes next, as one that was tried so often."""
    if await _change(tx, copy, {"state": CopyState.ASKED, "lease_until": None, "attempts": attempts}):
        tx.hint(TOPIC)


async def being_made(tx: Tx) -> list[DataCopy]:
    """Return those that somebody makes, or made until they were killed."""
    return list(await tx.scalars(select(DataCopy).where(DataCopy.state == CopyState.MAKING)))


async def forget_old(tx: Tx, now: datetime) -> None:
    """Delete what nobody has taken within a day, and what was taken by a link that is over."""
    over = select(Handover.request_id).where(Handover.used_at <= now - AGAIN_FOR, Handover.used_at >= DataCopy.asked_at)
    too_old = (DataCopy.asked_at < now - KEPT_FOR) | DataCopy.request_id.in_(over)
    await tx.execute(delete(DataCopy).where(DataCopy.state.in_((CopyState.READY, CopyState.FAILED)), too_old))


async def known_names(tx: Tx) -> set[str]:
    """Return what the files of all copies are called."""
    return {copy_id.hex for copy_id in await tx.scalars(select(DataCopy.id))}


def remove_unknown(folder: Path, listed: list[str], known: set[str]) -> None:
    """Delete the files that no row knows, of those that were `listed` before the rows were read: nobody has a key to them. Blocking."""
    for name in set(listed) - known:
        (folder / name).unlink(missing_ok=True)


def list_files(folder: Path) -> list[str]:
    """Return what lies there. Blocking."""
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _of(whose: Whose) -> ColumnElement[bool]:
    """Select a request's copy, or the one that an account has of just this: its own data, or the record of one patient."""
    if whose.person_id is None:
        return DataCopy.request_id == whose.request_id
    return (DataCopy.person_id == whose.person_id) & DataCopy.patient_id.is_not_distinct_from(whose.patient_id)


async def _change(tx: Tx, copy: DataCopy, values: dict[str, object]) -> bool:
    mine = (DataCopy.id == copy.id) & (DataCopy.lease_by == copy.lease_by) & (DataCopy.state == CopyState.MAKING)
    changed = await tx.execute(
        update(DataCopy).where(mine).values(values).returning(DataCopy.id), execution_options={"synchronize_session": False}
    )
    return changed.one_or_none() is not None
