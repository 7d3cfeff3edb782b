"""The browsers that an account is known from: a flood of guesses by others does not keep their owner out (OWASP's device cookies)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select

from server.core.db import Tx
from server.core.ids import new_token, token_hash
from server.identity.actions import normalise
from server.identity.mail_model import KNOWN_FOR, KnownDevice
from server.identity.model import Credential


async def is_known(tx: Tx, token: str, username: str) -> bool:
    """Whether the owner of this username has signed in on this browser before."""
    owner = select(KnownDevice.person_id).join(Credential, Credential.person_id == KnownDevice.person_id)
    found = owner.where(KnownDevice.token_hash == token_hash(token), Credential.username == normalise(username))
    return await tx.scalar(found) is not None


async def remember(tx: Tx, token: str | None, person_id: UUID, now: datetime) -> tuple[str, bool]:
    """Let this browser be known; returns the token for its cookie, and whether it is new to somebody who was known elsewhere.

    A token that nobody has signed in with is replaced: it may have been planted.
    """
    await tx.execute(delete(KnownDevice).where(KnownDevice.seen_at <= now - KNOWN_FOR))
    others = await tx.scalar(select(func.count()).select_from(KnownDevice).where(KnownDevice.person_id == person_id)) or 0
    planted = (
        token is None or await tx.scalar(select(KnownDevice.person_id).where(KnownDevice.token_hash == token_hash(token)).limit(1)) is None
    )
    kept = new_token() if token is None or planted else token
    device = await tx.get(KnownDevice, (person_id, token_hash(kept)))
    if device is not None:
        device.seen_at = now
        return kept, False
    tx.add(KnownDevice(person_id=person_id, token_hash=token_hash(kept), seen_at=now))
    return kept, others > 0


async def forget_devices(tx: Tx, person_id: UUID) -> None:
    await tx.execute(delete(KnownDevice).where(KnownDevice.person_id == person_id))
