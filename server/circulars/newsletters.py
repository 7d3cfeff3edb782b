"""What whoever looks after a practice does with its newsletters: writing, planning, stopping, and counting what became of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from server.access.model import Professional, working
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.billing.papers import Seller
from server.circulars.audience import MOST
from server.circulars.model import Came, Circular, Copy, Kind, State
from server.circulars.words import Draft, fault_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.core.outbox import add_errand
from server.errors import Conflict, Invalid, NotFound

SEND, TEST = "circular", "circular_test"
THING = "newsletter"  # in the audit
MOST_SHOWN = 100
FURTHEST = timedelta(days=366)


@dataclass(frozen=True)
class Meant:
    """A newsletter as it was typed, for the patients of one professional or for all; `edits` is what the form was shown with.

    `new_id` is what a form for a new one will call it, so that the same form makes no second one.
    """

    draft: Draft
    professional_id: UUID | None
    edits: int
    new_id: UUID | None = None


async def circulars_of(tx: Tx, viewer: Viewer) -> list[Circular]:
    """Return the newest of the practice, notices among them; raises `Forbidden`."""
    mine = select(Circular).where(Circular.practice_id == await in_charge_of(tx, viewer))
    return list(await tx.scalars(mine.order_by(Circular.changed_at.desc(), Circular.id).limit(MOST_SHOWN)))


async def see_circular(tx: Tx, viewer: Viewer, circular_id: UUID, *, lock: bool = False) -> Circular:
    """Load one of them; raises `Forbidden`, `NotFound`."""
    practice_id = await in_charge_of(tx, viewer)
    circular = await tx.get(Circular, circular_id, with_for_update=lock or None, populate_existing=lock)
    if circular is None or circular.practice_id != practice_id:
        raise NotFound
    return circular


async def professionals_of(tx: Tx, practice_id: UUID) -> list[Professional]:
    """Return whose patients a newsletter can be for."""
    ours = select(Professional).where(Professional.practice_id == practice_id, working())
    return list(await tx.scalars(ours.order_by(Professional.name, Professional.id)))


async def save(tx: Tx, viewer: Viewer, circular_id: UUID | None, meant: Meant, now: datetime) -> Circular:
    """Store a draft. Raises `Forbidden`, `NotFound`, `Invalid` with `field:fault` as its code, and `Conflict` for what has changed."""
    practice_id = await in_charge_of(tx, viewer)
    ours = {one.id for one in await professionals_of(tx, practice_id)}
    if meant.professional_id is not None and meant.professional_id not in ours:
        raise Invalid(code="audience:unknown")
    if fault := fault_of(meant.draft):
        raise Invalid(code=fault)
    if circular_id is None:
        circular = new_circular(practice_id, viewer.person_id, Kind.NEWSLETTER, meant.draft, now)
        await _add(tx, circular, meant.new_id or circular.id)
    else:
        circular = await _to_edit(tx, viewer, circular_id, meant.edits)
    circular.channel, circular.subject, circular.text = meant.draft
    circular.professional_id, circular.edits = meant.professional_id, circular.edits + 1
    circular.changed_by, circular.changed_at = viewer.person_id, now
    await tx.flush()
    return circular


async def _add(tx: Tx, circular: Circular, named: UUID) -> None:
    """Store it under this name; raises `Conflict` where the form that gave it was posted before, or is at this moment."""
    circular.id = named
    if await tx.get(Circular, named) is not None:
        raise Conflict
    tx.add(circular)
    try:
        await tx.flush()
    except IntegrityError:
        raise Conflict from None


def new_circular(practice_id: UUID, person_id: UUID, kind: Kind, draft: Draft, now: datetime) -> Circular:
    return Circular(
        id=new_id(),
        practice_id=practice_id,
        professional_id=None,
        kind=kind,
        channel=draft.channel,
        subject=draft.subject,
        text=draft.text,
        state=State.DRAFT,
        edits=0,
        changed_by=person_id,
        changed_at=now,
        begins_at=None,
        next_at=None,
        rounds=0,
        settled_at=None,
    )


async def plan(tx: Tx, viewer: Viewer, circular: Circular, begins_at: datetime, many: int, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Let a newsletter go out, now or later, on record; it was for so `many` a moment ago. Raises `Invalid`."""
    seller = await tx.get(Seller, circular.practice_id)
    if seller is None or not seller.address.strip():
        raise Invalid(code="postal:missing")
    if not now <= begins_at <= now + FURTHEST:
        raise Invalid(code="at:range")
    if many == 0 or many > MOST:
        raise Invalid(code="audience:many" if many else "audience:nobody")
    await begin(tx, circular, begins_at)
    await record(tx, Deed(circular.practice_id, viewer.person_id, Act.CHANGED, THING, circular.id, None, f"sends it to {many}"), now)


async def begin(tx: Tx, circular: Circular, begins_at: datetime) -> None:
    """Queue the first round; whoever calls has looked whether it may go out."""
    circular.state, circular.begins_at, circular.edits = State.PLANNED, begins_at, circular.edits + 1
    await tx.flush()
    add_errand(tx, SEND, circular.id, f"{SEND}:{circular.id}:{circular.edits}", begins_at)


async def send_test(tx: Tx, viewer: Viewer, circular: Circular, now: datetime) -> None:
    """Send it to whoever wrote it, at the address of their account."""
    copy = copy_for(circular.id, None)
    copy.test_for, copy.tested = viewer.person_id, True
    tx.add(copy)
    await tx.flush()
    add_errand(tx, TEST, copy.id, f"{TEST}:{copy.id}", now)


async def stop(tx: Tx, viewer: Viewer, circular_id: UUID, now: datetime) -> Circular:
    """Stop at once what is being sent; what has not begun is a draft again. Raises `Conflict` for what is over."""
    circular = await see_circular(tx, viewer, circular_id, lock=True)
    if circular.kind != Kind.NEWSLETTER or circular.state not in {State.PLANNED, State.SENDING}:
        raise Conflict(_("This newsletter is not being sent, so there is nothing to stop."), code="not_sending")
    circular.state = State.DRAFT if circular.state == State.PLANNED else State.STOPPED
    if circular.state == State.DRAFT:
        await drop_copies(tx, circular.id)
    circular.settled_at = now if circular.state == State.STOPPED else None
    circular.begins_at = None if circular.state == State.DRAFT else circular.begins_at
    circular.edits += 1
    await record(tx, Deed(circular.practice_id, viewer.person_id, Act.CHANGED, THING, circular.id, None, "stops it"), now)
    return circular


async def drop_copies(tx: Tx, circular_id: UUID) -> None:
    """Forget the copies that were laid out, of what has not begun to be sent."""
    await tx.execute(delete(Copy).where(Copy.circular_id == circular_id, Copy.tested.is_(False)))


async def remove(tx: Tx, viewer: Viewer, circular_id: UUID) -> None:
    """Delete a draft; raises `Conflict` for anything else."""
    circular = await see_circular(tx, viewer, circular_id, lock=True)
    if circular.state != State.DRAFT:
        raise Conflict(_("This newsletter is planned or was sent, so it stays in the list."), code="not_draft")
    await tx.execute(delete(Copy).where(Copy.circular_id == circular.id))
    await tx.delete(circular)


async def counts_of(tx: Tx, circular_ids: Iterable[UUID]) -> dict[UUID, Counter[str]]:
    """Return for each how many copies came to what, and how many `unsubscribed` by its link; tests are not counted."""
    found: dict[UUID, Counter[str]] = {one: Counter() for one in circular_ids}
    ours = select(Copy.circular_id, Copy.came, func.count(), func.count(Copy.unsubscribed_at)).group_by(Copy.circular_id, Copy.came)
    for circular_id, came, many, gone in await tx.execute(ours.where(Copy.circular_id.in_(found), Copy.tested.is_(False))):
        found[circular_id][came] += many
        found[circular_id]["unsubscribed"] += gone
    return found


def copy_for(circular_id: UUID, patient_id: UUID | None) -> Copy:
    return Copy(
        id=new_id(),
        circular_id=circular_id,
        patient_id=patient_id,
        test_for=None,
        tested=False,
        came=Came.WAITING,
        tries=0,
        again_at=None,
        settled_at=None,
        unsubscribed_at=None,
    )


async def _to_edit(tx: Tx, viewer: Viewer, circular_id: UUID, edits: int) -> Circular:
    circular = await see_circular(tx, viewer, circular_id, lock=True)
    if circular.state != State.DRAFT or circular.edits != edits:
        raise Conflict
    return circular
