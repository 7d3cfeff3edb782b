"""Whom a circular is for: one record for each address, whatever they are called."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import anyio
from sqlalchemy import Select, func, or_, select

from server.circulars.model import Circular, Kind, NewsConsent
from server.consultation.events import Channel
from server.consultation.model import Consultation
from server.core.db import Database
from server.core.mail_addresses import read_mail_address
from server.core.numbers import e164
from server.identity.mail_model import AccountEmail
from server.patients.model import Patient

MOST = 10_000  # of one newsletter
PIECE = 1000  # records that are read at a time


class _Known(NamedTuple):
    patient_id: UUID
    created_at: datetime
    email: str | None
    mobile: str | None


class Whom(NamedTuple):
    """A kind of circular by one channel, for a practice or for the patients of one professional."""

    practice_id: UUID
    professional_id: UUID | None
    kind: Kind
    channel: Channel


def whom(circular: Circular) -> Whom:
    return Whom(circular.practice_id, circular.professional_id, Kind(circular.kind), Channel(circular.channel))


async def audience_of(database: Database, asked: Whom, region: str) -> list[UUID]:
    """Return the records; a newsletter is for whoever agreed, a notice for whoever has an account. `region` is for numbers without one.

    They are read a piece at a time, each in a transaction of its own. Of a newsletter no more than one beyond `MOST` are returned.
    """
    found: dict[str, UUID] = {}
    after: _Known | None = None
    while asked.kind == Kind.NOTICE or len(found) <= MOST:
        async with database.read() as tx:
            rows = [_Known(*row) for row in await tx.execute(_query(asked, after).limit(PIECE))]
        if not rows:
            break
        await anyio.to_thread.run_sync(_add_each_once, found, rows, asked.channel, region)  # reading a thousand numbers takes a while
        after = rows[-1]
    return list(found.values()) if asked.kind == Kind.NOTICE else list(found.values())[: MOST + 1]


def _query(asked: Whom, after: _Known | None) -> Select[UUID, datetime, str | None, str | None]:
    columns = select(Patient.id, Patient.created_at, func.coalesce(AccountEmail.address, Patient.email), Patient.mobile)
    query = columns.outerjoin(AccountEmail, AccountEmail.person_id == Patient.person_id).where(Patient.practice_id == asked.practice_id)
    if asked.professional_id is not None:
        query = query.where(Patient.id.in_(select(Consultation.patient_id).where(Consultation.professional_id == asked.professional_id)))
    if asked.kind == Kind.NOTICE:
        query = query.where(Patient.person_id.is_not(None))
    else:
        agreed = select(NewsConsent.patient_id).where(NewsConsent.channel == asked.channel, NewsConsent.withdrawn_at.is_(None))
        query = query.where(Patient.id.in_(agreed))
    if after is not None:
        later = (Patient.created_at == after.created_at) & (Patient.id > after.patient_id)
        query = query.where(or_(Patient.created_at > after.created_at, later))
    return query.order_by(Patient.created_at, Patient.id)


def _add_each_once(found: dict[str, UUID], rows: list[_Known], channel: Channel, region: str) -> None:
    """Leave out who has no address, and whoever shares one with somebody before."""
    for row in rows:
        number = e164(row.mobile, region) if channel == Channel.SMS and row.mobile else None
        address = number if channel == Channel.SMS else read_mail_address(row.email or "")
        if address:
            found.setdefault(address, row.patient_id)
