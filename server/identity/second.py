"""The second factor of a person, inside the caller's transaction: set up, asked for, taken away."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, func, select

from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_code, new_token, token_hash
from server.core.keyring import KeyRing, place_of
from server.identity.second_model import HALF_FOR, HalfLogin, RecoveryCode, SecondFactor
from server.identity.totp import CODE_LENGTH, CODE_LETTERS, NEVER, new_secret, plain_code, step_of

PURPOSE = "recovery-code"
CODES = 10


class Try(NamedTuple):
    """Somebody writes down a code."""

    person_id: UUID
    code: str
    now: datetime


def key_place(person_id: UUID) -> bytes:
    return place_of("second_factor", person_id, "key")


def _place(person_id: UUID) -> bytes:
    return place_of("second_factor", person_id)


async def has_second(tx: Tx, person_id: UUID) -> bool:
    confirmed = (SecondFactor.person_id == person_id) & SecondFactor.confirmed_at.is_not(None)
    return bool(await tx.scalar(select(exists().where(confirmed))))


async def begin_second(tx: Tx, keyring: KeyRing, person_id: UUID, now: datetime) -> None:
    """Make a new secret; whoever calls has seen that there is no confirmed one. An earlier attempt is forgotten."""
    await tx.execute(delete(SecondFactor).where(SecondFactor.person_id == person_id))
    key_id, data_key = keyring.new_data_key(key_place(person_id))
    sealed = keyring.sealer(key_id, data_key, key_place(person_id)).seal(new_secret().encode(), _place(person_id))
    row = SecondFactor(
        person_id=person_id, key_id=key_id, data_key=data_key, sealed=sealed, last_step=NEVER, begun_at=now, confirmed_at=None
    )  # fmt: skip
    tx.add(row)
    await tx.flush()


def secret_of(keyring: KeyRing, factor: SecondFactor) -> str:
    """Open the secret; raises `MissingKey` and `Unreadable`."""
    sealer = keyring.sealer(factor.key_id, factor.data_key, key_place(factor.person_id))
    return sealer.open(factor.sealed, _place(factor.person_id)).decode()


async def take_code(tx: Tx, keyring: KeyRing, tried: Try) -> SecondFactor | None:
    """Return the factor that this code of the app proves; the code counts no more then. Of two who bring one code, the second waits."""
    factor = await tx.get(SecondFactor, tried.person_id, with_for_update=True, populate_existing=True)
    step = step_of(secret_of(keyring, factor), tried.code, tried.now, factor.last_step) if factor else None
    if factor is None or step is None:
        return None
    factor.last_step = step
    return factor


async def take_any(tx: Tx, keyring: KeyRing, secrets: Secrets, tried: Try) -> bool:
    """Whether this is a code of the person's app or from their paper; each counts once."""
    factor = await take_code(tx, keyring, tried)
    if factor is not None:
        return factor.confirmed_at is not None
    person_id = tried.person_id
    mac = _mac(secrets, person_id, tried.code)
    used = delete(RecoveryCode).where(RecoveryCode.person_id == person_id, RecoveryCode.code_mac == mac)
    return bool((await tx.execute(used.returning(RecoveryCode.person_id))).all())


async def new_codes(tx: Tx, secrets: Secrets, person_id: UUID) -> list[str]:
    """Return ten codes, which are stored nowhere; the ones before count no more."""
    await tx.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [new_code(CODE_LETTERS, CODE_LENGTH) for _ in range(CODES)]
    tx.add_all(RecoveryCode(person_id=person_id, code_mac=_mac(secrets, person_id, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


async def codes_left(tx: Tx, person_id: UUID) -> int:
    return await tx.scalar(select(func.count()).select_from(RecoveryCode).where(RecoveryCode.person_id == person_id)) or 0


def _mac(secrets: Secrets, person_id: UUID, code: str) -> bytes:
    """Under the server's key: a code has 49 bits, which a plain hash in a stolen database would not protect for long."""
    return secrets.mac(PURPOSE, str(person_id), plain_code(code))


async def drop_second(tx: Tx, person_id: UUID) -> None:
    for model in (SecondFactor, RecoveryCode, HalfLogin):
        await tx.execute(delete(model).where(model.person_id == person_id))


async def begin_half(tx: Tx, person_id: UUID, target: str, now: datetime, *, shared: bool) -> str:
    """Return the token of a sign-in that owes the second factor; what others left unfinished goes."""
    token = new_token()
    await tx.execute(delete(HalfLogin).where(HalfLogin.begun_at <= now - HALF_FOR))
    tx.add(HalfLogin(token_hash=token_hash(token), person_id=person_id, shared=shared, target=target[:500], tries=0, begun_at=now))
    return token


async def find_half(tx: Tx, token: str | None, now: datetime, *, lock: bool = False) -> HalfLogin | None:
    """Return the sign-in that this browser has begun, if it is still good; with `lock` other tries wait, so that none goes uncounted."""
    half = await tx.get(HalfLogin, token_hash(token), with_for_update=lock or None, populate_existing=lock) if token else None
    return half if half is not None and half.alive(now) else None
