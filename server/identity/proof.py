"""Whether somebody knows the password of a username, with the limits on guessing that every such form shares."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from starlette.requests import Request

from server.core.ids import token_hash
from server.errors import Forbidden
from server.identity.actions import find_credential, normalise
from server.identity.devices import is_known
from server.identity.model import Credential
from server.identity.passwords import LONGEST_PASSWORD, Passwords
from server.web.auth import DEVICE, read_cookie
from server.web.endpoint import house_of
from server.web.proxies import address_key


async def prove(request: Request, passwords: Passwords, username: str, password: str) -> UUID | None:
    """Return whose username and password these are, or None; raises `TooFast` and `Overloaded`."""
    counted = await _counted(request, username)
    for rule, key in counted:
        await house_of(request).limiter.hit(rule, key)
    async with house_of(request).database.read() as tx:
        credential = await find_credential(tx, username)
    fits = await passwords.verify(credential.password_hash if credential else None, password[:LONGEST_PASSWORD])
    if credential is None or not fits:
        return None
    await _pardon(request, counted)
    return credential.person_id


Counted = Sequence[tuple[str, str]]  # rules and keys


async def _counted(request: Request, username: str) -> Counted:
    """Return what to count a guess under, before any hashing, or a flood would queue up work.

    On a browser that the owner of the name has signed in on, guesses are counted for this browser alone: others who flood the name or
    come from the same address do not keep the owner out. Everybody else shares the limits of name and address.
    """
    house = house_of(request)
    token = read_cookie(request, house.settings, DEVICE)
    if token:
        async with house.database.read() as tx:
            if await is_known(tx, token, username):
                return [("sign_in_device", f"{name_key(username)}:{token_hash(token).hex()}")]
    return [("sign_in_address", address_key(request)), ("sign_in_name", name_key(username))]


async def _pardon(request: Request, counted: Counted) -> None:
    """A right password clears its name; at the address it only takes itself back, or a good login would buy guesses at other names."""
    limiter = house_of(request).limiter
    for rule, key in counted:
        await (limiter.take_back if rule == "sign_in_address" else limiter.forget)(rule, key)


def name_key(username: str) -> str:
    """Hashed, because keys of a limiter may leave the process."""
    return hashlib.sha256(normalise(username).encode()).hexdigest()


async def prove_again(request: Request, passwords: Passwords, person_id: UUID, password: str) -> None:
    """Ask somebody who is signed in for their password once more; raises `Forbidden`, and `TooFast` and `Overloaded` as a sign-in does."""
    async with house_of(request).database.read() as tx:
        credential = await tx.get_one(Credential, person_id)
    if await prove(request, passwords, credential.username, password) is None:
        raise Forbidden("This is not your password.", code="password")
