"""Whether somebody knows the password of a username, with the limits on guessing that every such form shares."""

import hashlib
from uuid import UUID

from starlette.requests import Request

from server.errors import Forbidden
from server.identity.actions import find_credential, normalise
from server.identity.model import Credential
from server.identity.passwords import LONGEST_PASSWORD, Passwords
from server.web.endpoint import house_of
from server.web.proxies import address_key


async def prove(request: Request, passwords: Passwords, username: str, password: str) -> UUID | None:
    """Return whose username and password these are, or None; raises `TooFast` and `Overloaded`."""
    await _limit(request, username)
    async with house_of(request).database.read() as tx:
        credential = await find_credential(tx, username)
    fits = await passwords.verify(credential.password_hash if credential else None, password[:LONGEST_PASSWORD])
    if credential is None or not fits:
        return None
    await _pardon(request, username)
    return credential.person_id


async def _limit(request: Request, username: str) -> None:
    """Count before any hashing, or a flood would queue up work."""
    limiter = house_of(request).limiter
    await limiter.hit("sign_in_address", address_key(request))
    await limiter.hit("sign_in_name", _name_key(username))


async def _pardon(request: Request, username: str) -> None:
    """A right password clears its name; at the address it only takes itself back, or a good login would buy guesses at other names."""
    limiter = house_of(request).limiter
    await limiter.forget("sign_in_name", _name_key(username))
    await limiter.take_back("sign_in_address", address_key(request))


def _name_key(username: str) -> str:
    """Hashed, because keys of a limiter may leave the process."""
    return hashlib.sha256(normalise(username).encode()).hexdigest()


async def prove_again(request: Request, passwords: Passwords, person_id: UUID, password: str) -> None:
    """Ask somebody who is signed in for their password once more; raises `Forbidden`, and `TooFast` and `Overloaded` as a sign-in does."""
    async with house_of(request).database.read() as tx:
        credential = await tx.get_one(Credential, person_id)
    if await prove(request, passwords, credential.username, password) is None:
        raise Forbidden("This is not your password.", code="password")
