"""Asks somebody with two accounts, in both of them, whether two records are theirs: without that nobody merges them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.core.ids import new_id
from server.errors import NotFound
from server.patients.doors import OwnRecord
from server.patients.merge_rows import MergeWish
from server.patients.model import Patient

THING = "merge"  # in the audit


async def newest_wish(tx: Tx, one: Patient, other: Patient) -> MergeWish | None:
    """Return what was asked last about these two; whoever calls holds both from their door."""
    ids = (one.id, other.id)
    pair = MergeWish.one_id.in_(ids) & MergeWish.other_id.in_(ids)
    return await tx.scalar(select(MergeWish).where(pair).order_by(MergeWish.asked_at.desc(), MergeWish.id).limit(1))


async def wish_merge(tx: Tx, viewer: Viewer, one: Patient, other: Patient, now: datetime) -> None:
    """Ask both accounts; who is asked already is not asked twice, and who said no may be asked again."""
    known = await newest_wish(tx, one, other)
    if known is not None and known.refused_at is None:
        return
    wish = MergeWish(
        id=new_id(), practice_id=one.practice_id, one_id=one.id, other_id=other.id, asked_by=viewer.person_id, asked_at=now,
        one_agreed_at=None, other_agreed_at=None, refused_at=None,
    )  # fmt: skip
    tx.add(wish)
    for patient in (one, other):
        await record(tx, Deed(patient.practice_id, viewer.person_id, Act.ASKED, THING, wish.id, patient.id), now)


async def end_wish(tx: Tx, one: Patient, other: Patient, now: datetime) -> None:
    """Let what both accounts agreed to count no longer: the merge was undone, and another one must be asked for anew."""
    wish = await newest_wish(tx, one, other)
    if wish is not None and wish.agreed:
        wish.refused_at = now


async def wishes_for(tx: Tx, own: OwnRecord) -> list[MergeWish]:
    """Return what the reader of a record was asked and has not answered."""
    about = or_(MergeWish.one_id == own.patient.id, MergeWish.other_id == own.patient.id)
    found = await tx.scalars(select(MergeWish).where(about, MergeWish.refused_at.is_(None)).order_by(MergeWish.asked_at, MergeWish.id))
    return [wish for wish in found if wish.waits_for(own.patient.id)]


async def answer_wish(tx: Tx, own: OwnRecord, wish_id: UUID, now: datetime, *, agrees: bool) -> None:
    """Store an answer; raises `NotFound` for what was not asked, or was answered already."""
    wish = await tx.get(MergeWish, wish_id, with_for_update=locked(), populate_existing=True)
    if wish is None or own.patient.id not in {wish.one_id, wish.other_id} or not wish.waits_for(own.patient.id):
        raise NotFound
    wish.answer(own.patient.id, now, agrees=agrees)
    act = Act.AGREED if agrees else Act.WITHDREW
    await record(tx, Deed(own.practice.id, own.patient.person_id, act, THING, wish.id, own.patient.id), now)
