"""Whom a circular is for: one record for each address, whatever they are called."""

from typing import NamedTuple
from uuid import UUID

import anyio
from sqlalchemy import Select, select

from server.circulars.model import Circular, Kind, NewsConsent
from server.consultation.events import Channel
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.mail_addresses import read_mail_address
from server.core.numbers import e164
from server.identity.mail_model import AccountEmail
from server.patients.model import Patient

MOST = 10_000  # of one newsletter


class _Known(NamedTuple):
    patient_id: UUID
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


async def audience_of(tx: Tx, asked: Whom, region: str) -> list[UUID]:
    """Return the records; a newsletter is for whoever agreed, a notice for whoever has an account. `region` is for numbers without one."""
    rows = [_Known(patient_id, confirmed or email, mobile) for patient_id, email, mobile, confirmed in await tx.execute(_query(asked))]
    return await anyio.to_thread.run_sync(_once_each, rows, asked.channel, region)  # reading ten thousand numbers takes a second


def _query(asked: Whom) -> Select[UUID, str | None, str | None, str | None]:
    columns = select(Patient.id, Patient.email, Patient.mobile, AccountEmail.address)
    query = columns.outerjoin(AccountEmail, AccountEmail.person_id == Patient.person_id).where(Patient.practice_id == asked.practice_id)
    if asked.professional_id is not None:
        query = query.where(Patient.id.in_(select(Consultation.patient_id).where(Consultation.professional_id == asked.professional_id)))
    if asked.kind == Kind.NOTICE:
        query = query.where(Patient.person_id.is_not(None))
    else:
        agreed = select(NewsConsent.patient_id).where(NewsConsent.channel == asked.channel, NewsConsent.withdrawn_at.is_(None))
        query = query.where(Patient.id.in_(agreed)).limit(MOST + 1)
    return query.order_by(Patient.created_at, Patient.id)


def _once_each(rows: list[_Known], channel: Channel, region: str) -> list[UUID]:
    """Leave out who has no address, and whoever shares one with somebody before."""
    found: dict[str, UUID] = {}
    for row in rows:
        number = e164(row.mobile, region) if channel == Channel.SMS and row.mobile else None
        address = number if channel == Channel.SMS else read_mail_address(row.email or "")
        if address:
            found.setdefault(address, row.patient_id)
    return list(found.values())
