"""Restricts the use of a record, and ends that again: by the administrators of its practice, on record, and told beforehand."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from server.access.acting import Standing as Acting
from server.access.actions import change_rights
from server.access.policy import Viewer
from server.access.restrictions import Restriction, find_restriction, standing
from server.booking.actions import cancel
from server.booking.doors import ahead_of
from server.booking.model import Party
from server.consultation.topics import today_topic
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.core.ids import new_id
from server.core.marking import _
from server.core.outbox import add_errand
from server.errors import Conflict, Invalid, NotFound
from server.messaging.own_texts import administered
from server.patients.acting_doors import Actor, actors_of, see_representation
from server.patients.model import Patient
from server.patients.representing import end
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import OPEN, Kind
from server.privacy.requests import see_request

TELL_LIFTED = "restriction_told"
THING = "restriction"  # in the audit
LONGEST = 500
NOTICE = timedelta(days=7)  # from the mail to the day on which the record is used again
REASONS_TO = frozenset({Kind.RESTRICTION, Kind.OBJECTION, Kind.CORRECTION})  # while it is looked into who is right
ENDABLE = frozenset({Acting.ASKED, Acting.HOLDS, Acting.SLEEPS})
ALREADY = _("This record is restricted already.")
ANNOUNCED = _("The end of this restriction was announced already.")


class Restricted(NamedTuple):
    """A restriction that stands, and the name on the record."""

    restriction: Restriction
    name: str


async def restrictions_of(tx: Tx, viewer: Viewer, now: datetime) -> list[Restricted]:
    """Return what is restricted in the practice that the viewer administers; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    here = _named().where(Restriction.practice_id == practice.id, standing(now)).order_by(Restriction.began_at, Restriction.id)
    return [Restricted(*row) for row in await tx.execute(here)]


async def see_restriction(tx: Tx, viewer: Viewer, restriction_id: UUID, *, lock: bool = False) -> Restricted:
    """Load one of the practice's, also one that is over; raises `Forbidden` and `NotFound`."""
    practice = await administered(tx, viewer)
    one = _named().where(Restriction.id == restriction_id, Restriction.practice_id == practice.id)
    row = (await tx.execute(one.with_for_update(of=Restriction) if lock else one)).one_or_none()
    if row is None:
        raise NotFound
    return Restricted(*row)


async def acting_in(tx: Tx, restricted: Restricted, now: datetime) -> list[Actor]:
    """Return who acts for the patient, or was asked to, while the record is restricted: that can be ended, and nothing else."""
    restriction = restricted.restriction
    if not restriction.stands(now):
        return []
    return [actor for actor in await actors_of(tx, restriction.patient_id, now) if actor.standing in ENDABLE]


async def end_acting(tx: Tx, viewer: Viewer, restriction_id: UUID, representation_id: UUID, now: datetime) -> None:
    """End that somebody acts for the patient of a restricted record; raises `Forbidden` and `NotFound`."""
    restriction = (await see_restriction(tx, viewer, restriction_id)).restriction
    if not restriction.stands(now):
        raise NotFound
    await end(tx, await see_representation(tx, restriction.patient_id, representation_id), viewer.person_id, now)


async def see_reason(tx: Tx, viewer: Viewer, request_id: UUID, *, lock: bool = False) -> RightsRequest:
    """Load an open request that may lead to a restriction; raises `Forbidden`, `NotFound`, and `Conflict` for one that is settled."""
    request = await see_request(tx, viewer, request_id, lock=lock)
    if request.kind not in REASONS_TO:
        raise NotFound
    if request.state not in OPEN:
        raise Conflict
    return request


async def restrict(tx: Tx, viewer: Viewer, request_id: UUID, form: Mapping[str, str], now: datetime) -> None:
    """Close the record to everybody who works here; what lies ahead is cancelled.

    Raises as `see_reason` does, `Conflict` for a record that is restricted, and `Invalid` with `reason:fault` as its code.
    """
    request = await see_reason(tx, viewer, request_id, lock=True)
    reason = _reason_in(form)
    await tx.get_one(Patient, request.patient_id, with_for_update=locked())  # of two at once, one restricts
    if await find_restriction(tx, request.patient_id, now):
        raise Conflict(ALREADY, code="already")
    for appointment in await ahead_of(tx, request.patient_id, now):
        await cancel(tx, appointment, Party.PRACTICE, now)
    restriction = Restriction(
        id=new_id(), practice_id=request.practice_id, patient_id=request.patient_id, reason=reason, began_at=now,
        lift_reason=None, announced_at=None, ends_at=None,
    )  # fmt: skip
    tx.add(restriction)
    await _changed(tx, viewer, restriction, Act.RESTRICTED, now)


async def lift(tx: Tx, viewer: Viewer, restriction_id: UUID, form: Mapping[str, str], now: datetime) -> None:
    """Announce the end: at once where the patient agreed, else after `NOTICE`, so that they can say something first.

    Raises `Forbidden`, `NotFound`, `Conflict` for one whose end was announced, and `Invalid` with `field:fault` as its code.
    """
    restriction = (await see_restriction(tx, viewer, restriction_id, lock=True)).restriction
    if restriction.ends_at is not None:
        raise Conflict(ANNOUNCED, code="announced")
    reason = _reason_in(form)
    if form.get("when") not in {"agreed", "told"}:
        raise Invalid(code="when:empty")
    restriction.lift_reason, restriction.announced_at = reason, now
    restriction.ends_at = now if form["when"] == "agreed" else now + NOTICE
    add_errand(tx, TELL_LIFTED, restriction.id, f"{TELL_LIFTED}:{restriction.id}", now)
    await _changed(tx, viewer, restriction, Act.LIFTED, now)


def _reason_in(form: Mapping[str, str]) -> str:
    reason = form.get("reason", "").strip()
    if not reason:
        raise Invalid(code="reason:empty")
    if len(reason) > LONGEST:
        raise Invalid(code="reason:long")
    return reason


def _named() -> Select[Restriction, str]:
    return select(Restriction, Patient.name).join(Patient, Patient.id == Restriction.patient_id)


async def _changed(tx: Tx, viewer: Viewer, restriction: Restriction, act: Act, now: datetime) -> None:
    """Let open pages look again, and put on record what was done; why stands in the row, for those who look after the practice."""
    await change_rights(tx, f"record:{restriction.patient_id}")
    tx.hint(today_topic(restriction.practice_id))
    deed = Deed(restriction.practice_id, viewer.person_id, act, THING, restriction.id, restriction.patient_id)
    await record(tx, deed, now)
