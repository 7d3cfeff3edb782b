"""An account for somebody who comes in by an invitation, inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.core.db import Tx
from server.errors import Invalid
from server.identity.actions import add_person, find_credential, set_password


async def add_account(tx: Tx, name: str, username: str, password_hash: str, now: datetime) -> UUID:
    """Return the new person; raises `Invalid` with the code `username_taken`, also where somebody takes it at this very moment."""
    if await find_credential(tx, username) is not None:
        raise Invalid(code="username_taken")
    person = add_person(tx, name)
    await tx.flush()
    try:
        async with tx.begin_nested():
            set_password(tx, person.id, username, password_hash, now)
    except IntegrityError:
        raise Invalid(code="username_taken") from None
    return person.id
