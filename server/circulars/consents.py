"""Who wants news by which channel: said by the patient alone, kept as rows that are only ever withdrawn."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from server.circulars.links import ADDRESS
from server.circulars.model import Came, Circular, Copy, NewsConsent, NewsStop, Via
from server.circulars.wording import NEWS
from server.consultation.events import Channel
from server.core.audit import Act, Deed, record
from server.core.crypto import Secrets
from server.core.db import Tx, locked
from server.core.ids import new_id
from server.core.mail_addresses import read_mail_address
from server.core.numbers import e164
from server.identity.mail_model import AccountEmail
from server.messaging.optouts import is_stopped
from server.patients.model import Patient
from server.patients.wording import fingerprint
from server.web.i18n import Language

THING = "news"  # in the audit
Key = tuple[UUID, Channel, bytes]  # of a `NewsStop`


@dataclass(frozen=True)
class Choice:
    """By which of the channels that were `offered` somebody wants news; `by` is their account, None by a link."""

    wanted: Collection[Channel]
    offered: Collection[Channel]
    via: Via
    by: UUID | None
    language: Language


@dataclass(frozen=True)
class Desk:
    """What an address is known by: the server's key, and the country of numbers that are written without one."""

    secrets: Secrets
    region: str


async def find_patient(tx: Tx, patient_id: UUID, *, lock: bool = False) -> Patient | None:
    """Load whose news they are, for whoever holds their link; with `lock` two who change them wait for each other."""
    return await tx.get(Patient, patient_id, with_for_update=locked(lock=lock), populate_existing=lock)


async def wanted_by(tx: Tx, patient_id: UUID) -> set[Channel]:
    """Return the channels that stand."""
    standing = select(NewsConsent.channel).where(NewsConsent.patient_id == patient_id, NewsConsent.withdrawn_at.is_(None))
    return {Channel(channel) for channel in await tx.scalars(standing)}


async def address_of(tx: Tx, desk: Desk, patient: Patient, channel: Channel) -> str | None:
    """Return where news would go: the confirmed address of the account before that of the record, a number as E.164."""
    if channel == Channel.SMS:
        return e164(patient.mobile, desk.region) if patient.mobile else None
    confirmed = await tx.scalar(select(AccountEmail.address).where(AccountEmail.person_id == patient.person_id))
    return read_mail_address(confirmed or patient.email or "")


async def reachable(tx: Tx, desk: Desk, patient: Patient) -> dict[Channel, str]:
    """Return the channels for which there is an address."""
    found = {channel: await address_of(tx, desk, patient, channel) for channel in NEWS}
    return {channel: address for channel, address in found.items() if address}


async def may_write(tx: Tx, desk: Desk, patient: Patient, channel: Channel, address: str) -> bool:
    """Whether news may go to this address at this moment: agreed to, not stopped for it, and no STOP to text messages."""
    if channel not in await wanted_by(tx, patient.id) or await is_stopped(tx, desk.secrets, address):
        return False
    return not await is_closed(tx, desk, patient, channel, address)


async def is_closed(tx: Tx, desk: Desk, patient: Patient, channel: Channel, address: str) -> bool:
    """Whether news to this address were stopped by whoever it belongs to."""
    return await tx.get(NewsStop, (patient.practice_id, channel, desk.secrets.mac(ADDRESS, address))) is not None


async def choose(tx: Tx, desk: Desk, patient: Patient, choice: Choice, now: datetime) -> None:
    """Store what somebody wants, on record; saying the same once more changes nothing.

    A stop is lifted by an account or by the link that was sent to the address. The link of a visit does not do it: whoever works in the
    practice has that, too.
    """
    standing = await wanted_by(tx, patient.id)
    await _lift(tx, desk, patient, standing, choice)
    changed = [channel for channel in NEWS if channel in choice.offered and (channel in choice.wanted) != (channel in standing)]
    addresses = {channel: await address_of(tx, desk, patient, channel) for channel in changed}
    for channel in changed:
        if channel in choice.wanted:
            _give(tx, patient, channel, choice, now)
        else:
            await _withdraw(tx, patient, channel, choice.via, now)
        if (address := addresses[channel]) is not None:
            key = (patient.practice_id, channel, desk.secrets.mac(ADDRESS, address))
            if channel not in choice.wanted:
                await _close(tx, key, now)
            elif choice.via is not Via.VISIT:
                await _reopen(tx, key)
    for channel in changed:
        act = Act.AGREED if channel in choice.wanted else Act.WITHDREW
        await record(tx, Deed(patient.practice_id, choice.by, act, THING, patient.id, patient.id, channel), now)


async def _lift(tx: Tx, desk: Desk, patient: Patient, standing: Collection[Channel], choice: Choice) -> None:
    """Let news come again that were agreed to all along, and stopped for an address by whoever shares it."""
    if choice.via is Via.VISIT:
        return
    for channel in set(choice.wanted) & set(choice.offered) & set(standing):
        if address := await address_of(tx, desk, patient, channel):
            await _reopen(tx, (patient.practice_id, channel, desk.secrets.mac(ADDRESS, address)))


async def withdraw_all(tx: Tx, patient_ids: Collection[UUID], now: datetime) -> None:
    """Let nothing stand of these patients; nobody said so, so no address is stopped."""
    standing = NewsConsent.patient_id.in_(patient_ids) & NewsConsent.withdrawn_at.is_(None)
    await tx.execute(update(NewsConsent).where(standing).values(withdrawn_at=now))


async def close_all(tx: Tx, desk: Desk, patient: Patient, now: datetime) -> None:
    """Stop news to every address of somebody, whatever they had agreed to: an objection holds also against what comes later."""
    for channel, address in (await reachable(tx, desk, patient)).items():
        await _close(tx, (patient.practice_id, channel, desk.secrets.mac(ADDRESS, address)), now)
    await tx.flush()


async def _close(tx: Tx, key: Key, now: datetime) -> None:
    """Write no news to an address any more, whoever's it is."""
    if await tx.get(NewsStop, key) is None:
        tx.add(NewsStop(practice_id=key[0], channel=key[1], address_mac=key[2], stopped_at=now))


def _give(tx: Tx, patient: Patient, channel: Channel, choice: Choice, now: datetime) -> None:
    wording = NEWS[channel]
    tx.add(
        NewsConsent(
            id=new_id(),
            patient_id=patient.id,
            channel=channel,
            wording_version=wording.version,
            wording_sha256=fingerprint(wording, choice.language),
            language=choice.language.tag,
            given_by=choice.by,
            given_via=choice.via,
            given_at=now,
            withdrawn_via=None,
            withdrawn_at=None,
        )
    )


async def _withdraw(tx: Tx, patient: Patient, channel: Channel, via: Via, now: datetime) -> None:
    """The newsletter that somebody got last is the one that they had enough of."""
    standing = (NewsConsent.patient_id == patient.id) & (NewsConsent.channel == channel) & NewsConsent.withdrawn_at.is_(None)
    await tx.execute(update(NewsConsent).where(standing).values(withdrawn_at=now, withdrawn_via=via))
    got = select(Copy.id).join(Circular, Circular.id == Copy.circular_id).where(Copy.patient_id == patient.id, Copy.came == Came.SENT)
    last = got.where(Circular.channel == channel).order_by(Copy.settled_at.desc(), Copy.id).limit(1)
    if via is Via.LINK:
        await tx.execute(update(Copy).where(Copy.id.in_(last), Copy.unsubscribed_at.is_(None)).values(unsubscribed_at=now))


async def _reopen(tx: Tx, key: Key) -> None:
    stop = await tx.get(NewsStop, key)
    if stop is not None:
        await tx.delete(stop)
